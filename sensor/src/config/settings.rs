//! Every single-valued setting: what it means, its default, its range.

use core::time::Duration;

use rollcall_core::types::{format_duration, parse_duration};

/// What a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A duration within these bounds.
    Duration(Duration, Duration),
    /// A whole number within these bounds.
    Count(u32, u32),
    /// One of these words.
    Word(&'static [&'static str]),
    /// Any text; this is what it is.
    Text(&'static str),
}

/// A setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The sections and the key, joined by dots.
    pub path: &'static str,
    /// The default, as it would be written.
    pub default: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// What it means, what it costs: one sentence or two.
    pub doc: &'static str,
}

const SECOND: u64 = 1;
const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

const fn seconds(
    path: &'static str,
    default: &'static str,
    min: u64,
    max: u64,
    doc: &'static str,
) -> Setting {
    Setting { path, default, holds: Holds::Duration(Duration::from_secs(min), Duration::from_secs(max)), doc }
}

const fn count(path: &'static str, default: &'static str, min: u32, max: u32, doc: &'static str) -> Setting {
    Setting { path, default, holds: Holds::Count(min, max), doc }
}

const fn word(
    path: &'static str,
    words: &'static [&'static str],
    default: &'static str,
    doc: &'static str,
) -> Setting {
    Setting { path, default, holds: Holds::Word(words), doc }
}

const fn text(path: &'static str, default: &'static str, what: &'static str, doc: &'static str) -> Setting {
    Setting { path, default, holds: Holds::Text(what), doc }
}

const ON_OFF: &[&str] = &["on", "off"];
const TRUE_FALSE: &[&str] = &["true", "false"];

/// Every setting, in the order in which they are printed. Settings of one section stand together.
pub const SETTINGS: &[Setting] = &[
    Setting {
        path: "tick",
        default: "1s",
        holds: Holds::Duration(Duration::from_millis(100), Duration::from_secs(MINUTE)),
        doc: "The step at which time is acted on: expiry, graces and windows end on its multiples.",
    },
    seconds(
        "presence.ttl",
        "300s",
        SECOND,
        7 * DAY,
        "How long a station stays present without being seen. 300 s is what a switch uses for its table.",
    ),
    seconds(
        "presence.relay-ttl",
        "300s",
        SECOND,
        7 * DAY,
        "How long the port is believed that a relay of DHCP names for its client.",
    ),
    seconds(
        "presence.session-ttl",
        "1d",
        MINUTE,
        365 * DAY,
        "How long a session of RADIUS accounting lives while neither a record nor two interim reports say how often it is \
         reported; else it lives twice that interval.",
    ),
    count(
        "presence.max-stations",
        "1048576",
        1_024,
        16_777_216,
        "Stations that one worker tracks at a time. At the limit unrecorded ones that were silent for a minute go \
         first, oldest first. About 96 octets of memory each.",
    ),
    count(
        "presence.flood-at",
        "256",
        1,
        16_777_216,
        "As many newcomers of one capture point that find the table full within `flood-window` are a flood of addresses: \
         one event, not one for each.",
    ),
    seconds(
        "presence.flood-window",
        "60s",
        SECOND,
        HOUR,
        "The time over which they are counted; a flood is over when it has seen fewer for as long.",
    ),
    seconds(
        "presence.duplicate-window",
        "10s",
        SECOND,
        HOUR,
        "Two places that speak in turn, each at least twice, within this time are a duplicate.",
    ),
    seconds(
        "presence.move-settle",
        "10s",
        0,
        HOUR,
        "How long the old place must have been silent before a station has moved.",
    ),
    seconds(
        "presence.announced-move-settle",
        "2s",
        0,
        HOUR,
        "The same where the station announced itself at the new place (RARP, gratuitous ARP, unsolicited neighbor \
         advertisement). At most `move-settle`.",
    ),
    count(
        "presence.router-at",
        "16",
        1,
        31,
        "A station that is the source of packets from more addresses than this is a router; the addresses of its \
         packets are then not taken for its own.",
    ),
    seconds(
        "presence.reorder-window",
        "1s",
        0,
        MINUTE,
        "How far behind the latest frame another may lie and still count at its own time.",
    ),
    word(
        "presence.require-ack",
        TRUE_FALSE,
        "false",
        "Whether a mobile node's binding counts only from its acknowledgement on. A refusal takes a binding back \
         either way.",
    ),
    word(
        "presence.proxy-mobility",
        &["strict", "legacy"],
        "strict",
        "How Binding Updates of proxies older than RFC 5213 are read: `strict` counts ambiguous ones and does \
         nothing, `legacy` reads them with the option numbers of that time.",
    ),
    word(
        "presence.accept-bad-checksum",
        TRUE_FALSE,
        "false",
        "Whether mobility messages with a wrong checksum are acted on. They are counted either way.",
    ),
    seconds(
        "presence.flip-flop-window",
        "1d",
        SECOND,
        365 * DAY,
        "An IP address that is back within this time at a station that held it before is flip-flopping.",
    ),
    seconds(
        "presence.reused-after",
        "180d",
        SECOND,
        3_650 * DAY,
        "An IP address that its station claims again after this time is re-used.",
    ),
    word("presence.address-events.new-station", ON_OFF, "off", "A MAC address that was not known."),
    word(
        "presence.address-events.new-address",
        ON_OFF,
        "off",
        "A station claims an IP address that it had not claimed.",
    ),
    word(
        "presence.address-events.changed",
        ON_OFF,
        "on",
        "Another station claims an IP address than the one that held it.",
    ),
    word(
        "presence.address-events.flip-flop",
        ON_OFF,
        "on",
        "An IP address is back at a station that held it lately.",
    ),
    word(
        "presence.address-events.reused",
        ON_OFF,
        "on",
        "A station claims an IP address again after a long absence.",
    ),
    word(
        "presence.address-events.bogon",
        ON_OFF,
        "on",
        "An IP address outside the subnets recorded for its VLAN and site.",
    ),
    word(
        "presence.address-events.body-mismatch",
        ON_OFF,
        "on",
        "An ARP message that names another sender than its frame.",
    ),
    seconds(
        "history.interval",
        "15m",
        MINUTE,
        DAY,
        "How often stays that last are written to the store, besides when they end.",
    ),
    seconds(
        "history.keep",
        "90d",
        HOUR,
        3_650 * DAY,
        "How long stays and claims of addresses are kept in the store; older ones are pruned when a run ends, and counted.",
    ),
    seconds(
        "audit.record-lag",
        "60s",
        0,
        DAY,
        "How long the records may lag behind a guest that appeared, moved or changed before that is a difference.",
    ),
    seconds(
        "audit.silence-grace",
        "60s",
        0,
        DAY,
        "How long a guest that should communicate and said goodbye may be silent.",
    ),
    seconds(
        "audit.zombie-grace",
        "120s",
        0,
        DAY,
        "How long after its state changed a guest recorded as off may still be heard: switches and their tables \
         take a while.",
    ),
    seconds(
        "audit.start-up-grace",
        "300s",
        0,
        7 * DAY,
        "How long a capture point must have seen its hosts before it vouches for a guest's silence, and how long a \
         guest that was recorded as started just now may take to be heard. Where it is not set it is `presence.ttl`.",
    ),
    seconds(
        "audit.conflict-window",
        "60s",
        SECOND,
        DAY,
        "Two stations that claim one IP address in turn within this time are in conflict; it ends when one claim \
         stood alone for as long.",
    ),
    seconds(
        "audit.blind-after",
        "60s",
        1,
        DAY,
        "A capture point that gave no frame for this long is blind: nobody's silence is judged by it.",
    ),
    seconds(
        "audit.confirm-after",
        "30s",
        0,
        DAY,
        "How long a difference must stand to be confirmed without further evidence.",
    ),
    seconds(
        "audit.update-interval",
        "60s",
        0,
        DAY,
        "How long at least between two tellings that further evidence came for one difference.",
    ),
    count(
        "audit.flap-limit",
        "6",
        1,
        1_000,
        "A difference that opens more often than this within an hour is told as one of the kind `flapping`, until it \
         has not opened for an hour.",
    ),
    seconds(
        "audit.reopen-grace",
        "10m",
        0,
        7 * DAY,
        "How long a difference that an operator resolved may persist before it opens again.",
    ),
    count(
        "audit.max-shrink",
        "50",
        1,
        100,
        "In percent: an inventory in which more of a source's guests are missing than that is not believed, and the \
         one before stays in force. Of fewer than ten guests any number may go; 100 believes everything.",
    ),
    seconds(
        "audit.learned-expiry",
        "30d",
        HOUR,
        3_650 * DAY,
        "How long after it was last seen a station that was learned is forgotten, so that it is unknown when it comes \
         back.",
    ),
    count(
        "audit.max-discrepancies",
        "100000",
        1_000,
        10_000_000,
        "Discrepancies that are kept, open and resolved. Strangers fill at most half. About 300 octets each.",
    ),
    word(
        "audit.kinds.unknown-guest",
        ON_OFF,
        "on",
        "A station with a guest's MAC address that no inventory has.",
    ),
    word(
        "audit.kinds.unknown-station",
        ON_OFF,
        "on",
        "Any other station that no inventory has. Turn it off where the mirror sees user networks.",
    ),
    word("audit.kinds.misplaced-guest", ON_OFF, "on", "A guest at a place that is not its recorded host's."),
    word("audit.kinds.duplicate-guest", ON_OFF, "on", "One MAC address at two places at once."),
    word("audit.kinds.zombie-guest", ON_OFF, "on", "A guest that talks and is recorded as off."),
    word("audit.kinds.silent-guest", ON_OFF, "on", "A guest that is recorded as running and not seen."),
    word("audit.kinds.address-conflict", ON_OFF, "on", "Two stations that claim one IP address."),
    word(
        "audit.kinds.record-conflict",
        ON_OFF,
        "on",
        "Sources that contradict each other about a guest, or guests with one MAC address that all should communicate.",
    ),
    word(
        "audit.kinds.mac-flood",
        ON_OFF,
        "on",
        "More new addresses than a capture point's table has room for.",
    ),
    word(
        "audit.kinds.blind-capture-point",
        ON_OFF,
        "on",
        "A capture point that covers hosts and gives no frame any more.",
    ),
    word(
        "audit.kinds.stale-source",
        ON_OFF,
        "on",
        "A source of records that was not heard in time, or lost too many guests at once to be believed.",
    ),
    word(
        "audit.kinds.flapping",
        ON_OFF,
        "on",
        "A difference that comes and goes. Turned off, each opening is told.",
    ),
    seconds(
        "streams.match-window",
        "1h",
        SECOND,
        30 * DAY,
        "How long after its last report an open post takes a further report of the same trouble as a like.",
    ),
    seconds(
        "streams.escalate-after",
        "1h",
        0,
        30 * DAY,
        "How long an open post may stand in a stream unacknowledged before it is carried up whatever it weighs, at each \
         level anew. 0s: never.",
    ),
    seconds(
        "streams.tag-window",
        "1d",
        MINUTE,
        30 * DAY,
        "How long hashtags are counted; trends compare with as long before.",
    ),
    seconds(
        "streams.heartbeat",
        "1d",
        0,
        30 * DAY,
        "How long a member may give no sign of life before the administrators are told. 0s: never.",
    ),
    word(
        "streams.power-on",
        &["never", "ask"],
        "never",
        "Whether a host asks before that to power on a guest that gives no sign of life. A workflow decides.",
    ),
    seconds(
        "streams.power-on-grace",
        "10m",
        SECOND,
        DAY,
        "How long a guest that was to be powered on may take to give a sign of life.",
    ),
    count("streams.weights.critical", "4", 0, 1_000, "The severity of what is reported, gravest first."),
    count("streams.weights.major", "2", 0, 1_000, "Likewise."),
    count("streams.weights.minor", "1", 0, 1_000, "Likewise."),
    count("streams.weights.info", "0", 0, 1_000, "Likewise."),
    count("streams.weights.guest", "1", 0, 1_000, "The standing of who likes: guests and stations."),
    count("streams.weights.device", "2", 0, 1_000, "Switches and other devices."),
    count("streams.weights.host", "4", 0, 1_000, "Hosts."),
    count("streams.weights.server", "8", 0, 1_000, "Management servers, people and the sensor itself."),
    word(
        "workflow.harm",
        &["dry-run", "approve", "enforce"],
        "dry-run",
        "The laxest mode of effects that may do harm: power, migration, maintenance, scripts, writing into an inventory. \
         Rules can be stricter and not laxer.",
    ),
    count(
        "workflow.max-harm-per-hour",
        "20",
        1,
        1_000,
        "Effects that may do harm within an hour, over all rules; what is beyond is refused and counted.",
    ),
    count(
        "workflow.storm-at",
        "10",
        1,
        10_000,
        "More discrepancies of one kind than this that open within `storm-window` are a storm, as of a broken inventory: \
         what may do harm then waits for an operator's yes.",
    ),
    seconds("workflow.storm-window", "10m", SECOND, DAY, "The time over which they are counted."),
    seconds(
        "workflow.storm-settle",
        "10s",
        0,
        HOUR,
        "How long after a discrepancy opened an effect that may do harm is held back, so that a storm can be known as one.",
    ),
    count(
        "workflow.max-runs",
        "100000",
        1,
        1_000_000,
        "Runs under way at a time; a further one does not begin and is counted. A waiting run takes about half a kilobyte.",
    ),
    word(
        "capture.backend",
        &["auto", "pcap", "xdp"],
        "auto",
        "By what interfaces are captured from. `auto` takes XDP where the kernel has it and this machine has no address on \
         the interface, else libpcap; the log says which and why.",
    ),
    word(
        "capture.on-capture",
        &["drop", "pass"],
        "drop",
        "What becomes of a frame that XDP has counted: it is dropped, so that this machine's own IP stack never sees it, or \
         passed.",
    ),
    count(
        "capture.snap-length",
        "2048",
        128,
        262_144,
        "Octets of a frame that are kept. Control messages behind it are not read.",
    ),
    count(
        "capture.ring-size",
        "16",
        1,
        1_024,
        "Mebibytes of the kernel's ring for each socket. What comes while it is full is lost and counted.",
    ),
    count(
        "capture.sockets",
        "1",
        1,
        64,
        "Sockets that share the frames of one interface, each read by a thread of its own.",
    ),
    word(
        "capture.fanout",
        &["hash", "cpu"],
        "hash",
        "How several sockets share them: by flow, or by the processor that took the frame from the card.",
    ),
    word(
        "capture.promiscuous",
        TRUE_FALSE,
        "true",
        "Whether frames to other stations are asked for. A mirror port has no others.",
    ),
    word(
        "capture.frames",
        &["incoming", "outgoing", "both"],
        "incoming",
        "Which frames of an interface count, seen from this machine.",
    ),
    count(
        "capture.blind-drop-ratio",
        "5",
        1,
        100,
        "A capture point that loses more frames in a hundred than this, over a minute, is blind.",
    ),
    count("run.workers", "1", 1, 256, "Threads that share the frames; what is found does not depend on it."),
    word(
        "run.pin-workers",
        TRUE_FALSE,
        "true",
        "Whether each worker is bound to a processor of its own, where there are more processors than workers.",
    ),
    text(
        "run.user",
        "nobody",
        "user name",
        "As whom the program runs once everything is open, if it is started as root.",
    ),
    text(
        "http.listen",
        "127.0.0.1:9477",
        "address and port",
        "Where metrics and health are answered; off for nowhere.",
    ),
    word(
        "http.insecure",
        TRUE_FALSE,
        "false",
        "Whether that may be an address that other machines reach. Nothing there is encrypted.",
    ),
    word("log.format", &["text", "json"], "text", "How log lines are written."),
    word("log.level", &["error", "warn", "info", "debug"], "info", "The least severity that is logged."),
    text(
        "output.events",
        "stdout",
        "place for events",
        "Where changes of discrepancies are told, one JSON object a line: stdout, none or the path of a file, to \
         which is appended.",
    ),
    text(
        "output.report",
        "none",
        "place for the report",
        "Where everything that is known is written when the run ends, as JSON lines: stdout, none or the path of a \
         file.",
    ),
];

impl Setting {
    /// Returns the setting with a path.
    ///
    /// # Panics
    /// Where the table has no such setting: the callers name their settings as constants, and a test reads all.
    pub fn at(path: &str) -> &'static Self {
        SETTINGS
            .iter()
            .find(|setting| setting.path == path)
            .expect("the table has every setting that is read")
    }

    /// Returns the key without its sections.
    pub fn key(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    /// Returns the sections joined by dots; empty at the top.
    pub fn section(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(section, _)| section)
    }

    /// Returns the range in words.
    pub fn range(&self) -> String {
        match self.holds {
            Holds::Duration(min, max) => format!("{} to {}", format_duration(min), format_duration(max)),
            Holds::Count(min, max) => format!("{min} to {max}"),
            Holds::Word(words) => words.join(" or "),
            Holds::Text(what) => format!("any {what}"),
        }
    }
}

impl Holds {
    /// Returns the words for what a value of this kind is.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Duration(..) => "duration",
            Self::Text(what) => what,
            Self::Count(..) => "whole number",
            Self::Word(_) => "word for this setting",
        }
    }

    /// Reads a duration; `None` where the text is none or out of range.
    pub fn duration(self, text: &str) -> Option<Duration> {
        match self {
            Self::Duration(min, max) => parse_duration(text).ok().filter(|value| (min..=max).contains(value)),
            Self::Count(..) | Self::Word(_) | Self::Text(_) => None,
        }
    }

    /// Reads a number; `None` where the text is none or out of range.
    pub fn count(self, text: &str) -> Option<u32> {
        match self {
            Self::Count(min, max) => {
                let value = text.replace('_', "").parse().ok()?;
                (min..=max).contains(&value).then_some(value)
            }
            Self::Duration(..) | Self::Word(_) | Self::Text(_) => None,
        }
    }

    /// Reads a word; `None` where it is not one of them.
    pub fn word(self, text: &str) -> Option<&'static str> {
        match self {
            Self::Word(words) => words.iter().copied().find(|word| *word == text),
            Self::Duration(..) | Self::Count(..) | Self::Text(_) => None,
        }
    }

    /// Reads a text; `None` where it is empty.
    pub fn text(self, text: &str) -> Option<String> {
        match self {
            Self::Text(_) => (!text.is_empty()).then(|| text.to_owned()),
            Self::Duration(..) | Self::Count(..) | Self::Word(_) => None,
        }
    }

    /// Tells whether a text is a value of this kind, within the range or not.
    pub fn has_kind_of(self, text: &str) -> bool {
        match self {
            Self::Duration(..) => parse_duration(text).is_ok(),
            Self::Count(..) => text.replace('_', "").parse::<i64>().is_ok(),
            Self::Word(_) | Self::Text(_) => false,
        }
    }
}
