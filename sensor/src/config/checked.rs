use core::time::Duration;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rollcall_core::audit::{AuditSettings, Kind};
use rollcall_core::decode::DecodeSettings;
use rollcall_core::presence::{AckRule, AddressEvent, BadChecksum, PresenceSettings, ProxyMobility, TtlRule};
use rollcall_core::recorded::{Place as TextPlace, Problem, Severity, Snapshot};
use rollcall_core::rules::{Mode, Rate, Select};
use rollcall_core::streams::{PowerOn, StreamSettings, Weights};
use rollcall_core::types::{CapturePointId, Limits};
use rollcall_core::workflow::WorkflowSettings;

use super::audit_rules::{self, AuditRules};
use super::capture_points::{self, Captured, PointRule, not_a_word};
use super::live::Live;
use super::settings::{Holds, SETTINGS, Setting};
use super::workflow::Workflows;
use super::{decoding, recorded_files, streams, times_to_live, workflow};
use crate::sources::files::{InventoryFile, read_text};
use crate::text::report::Excerpts;
use crate::text::yaml::{self, Node};
use crate::text::{Faults, Fields, Marked};

/// The checked configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Capture points, numbered as they stand here.
    pub capture_points: Vec<PointRule>,
    /// Names of layer-2 domains; the first has the number 1, as 0 is `default`.
    pub domains: Vec<Box<str>>,
    /// Where recorded state comes from.
    pub recorded: Recorded,
    /// What is read of frames.
    pub decode: DecodeSettings,
    /// How evidence becomes belief.
    pub presence: PresenceSettings,
    /// The address events of which each is told, not only counted.
    pub told: Vec<AddressEvent>,
    /// Who lives longer or shorter than `presence.ttl`.
    pub ttl_rules: Vec<TtlRule>,
    /// Bounds.
    pub limits: Limits,
    /// How often history is written, and how long it is kept.
    pub history: HistorySettings,
    /// How belief is held against records.
    pub audit: AuditSettings,
    /// Who is told.
    pub streams: StreamSettings,
    /// What only a run on live interfaces needs.
    pub live: Live,
    /// What is done about differences.
    pub workflow: Workflows,
}

/// How often history is written, and how long it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistorySettings {
    /// How often stays that last are written.
    pub interval: Duration,
    /// How long they are kept.
    pub keep: Duration,
}

/// Where recorded state comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Inventory files.
    pub files: Vec<InventoryFile>,
    /// First octets of guests' MAC addresses, as the text has them; `None` leaves the defaults.
    pub guest_prefixes: Option<Vec<Node>>,
}

/// What a text gave: a configuration, which is only good where no problem is an error.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The configuration, with defaults in the place of what could not be read.
    pub config: Config,
    /// Everything that was wrong, in the order of the text.
    pub problems: Vec<Problem>,
    /// The text, for showing the lines that are wrong.
    pub excerpts: Excerpts,
    /// Whether the file could not be read at all.
    pub unreadable: bool,
}

impl Parsed {
    /// Tells whether any problem is an error.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|p| p.severity == Severity::Error)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::from_text("", "defaults", Path::new("")).config
    }
}

impl Config {
    /// Reads a configuration file.
    pub fn load(path: &Path) -> Parsed {
        let name = path.display().to_string();
        match read_text(path) {
            Ok(text) => Self::from_text(&text, &name, path.parent().unwrap_or_else(|| Path::new(""))),
            Err(error) => {
                let mut parsed = Self::from_text("", &name, Path::new(""));
                parsed.unreadable = true;
                parsed.problems.push(Problem {
                    severity: Severity::Error,
                    code: "RC0007",
                    place: TextPlace { source: name.into(), line: 0, column: 0 },
                    message: format!("cannot be read: {error}"),
                    also: None,
                    help: Some("check the path and who may read the file".to_owned()),
                });
                parsed
            }
        }
    }

    /// Reads the text of a configuration that problems shall call `name`; paths in it are relative to `dir`.
    pub fn from_text(text: &str, name: &str, dir: &Path) -> Parsed {
        let mut faults = Faults::default();
        let config = read(text, dir, &mut faults);
        let source: Arc<str> = name.into();
        let mut problems: Vec<Problem> =
            faults.list.into_iter().map(|fault| fault.in_text(&source)).collect();
        problems.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        let mut excerpts = Excerpts::default();
        excerpts.add(name, text);
        Parsed { config, problems, excerpts, unreadable: false }
    }

    /// Returns what the configuration, whose text problems call `name`, says and the inventory contradicts.
    pub fn held_against(&self, snapshot: &Snapshot, name: &str) -> Vec<Problem> {
        let mut faults = Faults::default();
        capture_points::held_against(&self.capture_points, snapshot, &mut faults);
        let source: Arc<str> = name.into();
        let faults = faults.list.into_iter();
        faults.map(|fault| fault.in_text(&source)).collect()
    }

    /// Returns the configured capture point that an interface of a capture file is; `None` where none is.
    /// Of several the first counts.
    pub fn point_for(&self, captured: &Captured<'_>) -> Option<CapturePointId> {
        capture_points::find(&self.capture_points, captured)
    }
}

/// The values of the settings that a text sets, by path.
pub(super) struct Raw<'a> {
    values: BTreeMap<&'static str, Marked>,
    faults: &'a mut Faults,
}

fn read(text: &str, dir: &Path, faults: &mut Faults) -> Config {
    let mut domains = Vec::new();
    let mut points = Vec::new();
    let mut recorded = Recorded::default();
    let mut decode = DecodeSettings::default();
    let mut rules = AuditRules::default();
    let mut social = StreamSettings::default();
    let mut values = BTreeMap::new();
    let mut ttl_rules = Vec::new();
    let (mut rule_place, mut protect) = Default::default();
    if let Some(top) = yaml::read(text, faults)
        && let Some(mut top) = Fields::open(
            top,
            "the configuration",
            &[
                "capture-points",
                "recorded",
                "decode",
                "presence",
                "history",
                "audit",
                "streams",
                "workflow",
                "tick",
                "capture",
                "run",
                "http",
                "log",
                "output",
            ],
            faults,
        )
    {
        let nodes = top.nodes("capture-points");
        points = capture_points::read(nodes, &mut domains, top.faults());
        if let Some(node) = top.node("recorded") {
            recorded = read_recorded(node, dir, top.faults());
        }
        if let Some(node) = top.node("decode") {
            decode = decoding::read(node, top.faults());
        }
        if let Some(tick) = top.text("tick") {
            values.insert("tick", tick);
        }
        for name in ["capture", "run", "http", "log", "output"] {
            if let Some(node) = top.node(name) {
                section(node, name, &[], &mut values, top.faults());
            }
        }
        if let Some(node) = top.node("presence") {
            ttl_rules = read_presence(node, &points, &mut values, top.faults());
        }
        if let Some(node) = top.node("history") {
            section(node, "history", &[], &mut values, top.faults());
        }
        if let Some(node) = top.node("audit") {
            rules = audit_rules::read(node, &mut values, top.faults());
        }
        if let Some(node) = top.node("streams") {
            read_streams(node, &mut social, &mut values, top.faults());
        }
        if let Some(node) = top.node("workflow") {
            (rule_place, protect) = workflow::read(node, dir, &mut values, top.faults());
        }
    }
    let mut raw = Raw { values, faults };
    let settings = raw.workflow(protect);
    let presence = raw.presence();
    let live = raw.live(dir);
    let is_told =
        |event: &AddressEvent| raw.word(&format!("presence.address-events.{}", event.as_str())) == "on";
    let told = AddressEvent::ALL.into_iter().filter(is_told).collect();
    let defaults = Limits::default();
    Config {
        capture_points: points,
        domains,
        recorded,
        decode,
        told,
        ttl_rules,
        limits: Limits {
            stations_max: raw.count("presence.max-stations"),
            discrepancies_max: raw.count("audit.max-discrepancies"),
            router_at: u16::try_from(raw.count("presence.router-at")).unwrap_or(defaults.router_at),
            flood_at: raw.count("presence.flood-at"),
            ..defaults
        },
        history: HistorySettings {
            interval: raw.duration("history.interval"),
            keep: raw.duration("history.keep"),
        },
        audit: raw.audit(&presence, rules),
        streams: raw.streams(social),
        workflow: Workflows { rules: rule_place, settings },
        presence,
        live,
    }
}

/// Takes the settings of one section; returns the fields that `others` names.
pub(super) fn section<'a>(
    node: Node,
    name: &'static str,
    others: &[&str],
    values: &mut BTreeMap<&'static str, Marked>,
    faults: &'a mut Faults,
) -> Option<Fields<'a>> {
    let settings: Vec<&'static Setting> = SETTINGS.iter().filter(|s| s.section() == name).collect();
    let keys: Vec<&str> = settings.iter().map(|s| s.key()).chain(others.iter().copied()).collect();
    let mut fields = Fields::open(node, &format!("`{name}`"), &keys, faults)?;
    for setting in settings {
        if let Some(text) = fields.text(setting.key()) {
            values.insert(setting.path, text);
        }
    }
    Some(fields)
}

fn read_presence(
    node: Node,
    points: &[PointRule],
    values: &mut BTreeMap<&'static str, Marked>,
    faults: &mut Faults,
) -> Vec<TtlRule> {
    let Some(mut fields) = section(node, "presence", &["ttls", "address-events"], values, faults) else {
        return Vec::new();
    };
    let rules = fields.nodes("ttls");
    let rules = times_to_live::read(rules, points, fields.faults());
    if let Some(events) = fields.node("address-events") {
        section(events, "presence.address-events", &[], values, fields.faults());
    }
    rules
}

fn read_recorded(node: Node, dir: &Path, faults: &mut Faults) -> Recorded {
    let Some(mut fields) = Fields::open(node, "`recorded`", &["files", "guest-prefixes"], faults) else {
        return Recorded::default();
    };
    let files = fields.nodes("files");
    let prefixes = fields.nodes("guest-prefixes");
    Recorded {
        files: recorded_files::read(files, dir, fields.faults()),
        guest_prefixes: (!prefixes.is_empty()).then_some(prefixes),
    }
}

/// Reads what the section has beside settings with one value.
fn read_streams(
    node: Node,
    settings: &mut StreamSettings,
    values: &mut BTreeMap<&'static str, Marked>,
    faults: &mut Faults,
) {
    let Some(mut fields) = section(node, "streams", &streams::OTHERS, values, faults) else { return };
    if let Some(weights) = fields.node("weights") {
        section(weights, "streams.weights", &[], values, fields.faults());
    }
    if let Some(node) = fields.node("promote-at") {
        settings.promote_at = streams::promote_at(node, fields.faults());
    }
    let nodes = fields.nodes("routes");
    settings.routes = streams::routes(nodes, fields.faults());
    let nodes = fields.nodes("groups");
    settings.groups = streams::groups(nodes, fields.faults());
}

impl Raw<'_> {
    fn presence(&mut self) -> PresenceSettings {
        let move_settle = self.duration("presence.move-settle");
        let announced = self.values.get("presence.announced-move-settle").cloned();
        let announced_move_settle = self.duration("presence.announced-move-settle");
        if let Some(text) = announced
            && announced_move_settle > move_settle
        {
            self.faults.error(
                "RC0106",
                text.at,
                "`announced-move-settle` is longer than `move-settle`".to_owned(),
                "an announcement shortens the wait: lower the one or raise the other",
            );
        }
        PresenceSettings {
            ttl: self.duration("presence.ttl"),
            relay_ttl: self.duration("presence.relay-ttl"),
            session_ttl: self.duration("presence.session-ttl"),
            tick: self.duration("tick"),
            duplicate_window: self.duration("presence.duplicate-window"),
            move_settle,
            announced_move_settle: announced_move_settle.min(move_settle),
            conflict_window: self.duration("audit.conflict-window"),
            flip_flop_window: self.duration("presence.flip-flop-window"),
            reused_after: self.duration("presence.reused-after"),
            reorder_window: self.duration("presence.reorder-window"),
            flood_window: self.duration("presence.flood-window"),
            ack_rule: match self.word("presence.require-ack") {
                "true" => AckRule::Required,
                _ => AckRule::NotRequired,
            },
            proxy_mobility: match self.word("presence.proxy-mobility") {
                "legacy" => ProxyMobility::Legacy,
                _ => ProxyMobility::Strict,
            },
            bad_checksum: match self.word("presence.accept-bad-checksum") {
                "true" => BadChecksum::Accept,
                _ => BadChecksum::Ignore,
            },
        }
    }

    fn audit(&mut self, presence: &PresenceSettings, rules: AuditRules) -> AuditSettings {
        let has_start_up = self.values.contains_key("audit.start-up-grace");
        let start_up_grace = self.duration("audit.start-up-grace");
        let mut is_off = |kind: &Kind| self.word(&format!("audit.kinds.{}", kind.as_str())) == "off";
        AuditSettings {
            off: Kind::ALL.into_iter().filter(|kind| is_off(kind)).collect(),
            record_lag: self.duration("audit.record-lag"),
            silence_grace: self.duration("audit.silence-grace"),
            zombie_grace: self.duration("audit.zombie-grace"),
            start_up_grace: if has_start_up { start_up_grace } else { presence.ttl },
            blind_after: self.duration("audit.blind-after"),
            confirm_after: self.duration("audit.confirm-after"),
            update_interval: self.duration("audit.update-interval"),
            flap_limit: self.count("audit.flap-limit"),
            reopen_grace: self.duration("audit.reopen-grace"),
            max_shrink_percent: self.count("audit.max-shrink"),
            learned_expiry: self.duration("audit.learned-expiry"),
            graces: rules.graces,
            exclude: rules.exclude,
            mute: rules.mute,
            ignored_stations: rules.ignored_stations,
            ignored_addresses: rules.ignored_addresses,
        }
    }

    fn streams(&mut self, settings: StreamSettings) -> StreamSettings {
        let mut weight =
            |word: &str| u16::try_from(self.count(&format!("streams.weights.{word}"))).unwrap_or(u16::MAX);
        let weights = Weights {
            severity: ["info", "minor", "major", "critical"].map(&mut weight),
            guest: weight("guest"),
            device: weight("device"),
            host: weight("host"),
            server: weight("server"),
        };
        StreamSettings {
            match_window: self.duration("streams.match-window"),
            escalate_after: self.duration("streams.escalate-after"),
            tag_window: self.duration("streams.tag-window"),
            heartbeat: self.duration("streams.heartbeat"),
            power_on: match self.word("streams.power-on") {
                "ask" => PowerOn::Ask,
                _ => PowerOn::Never,
            },
            power_on_grace: self.duration("streams.power-on-grace"),
            weights,
            ..settings
        }
    }

    fn workflow(&mut self, protect: Select) -> WorkflowSettings {
        let hour = Duration::from_secs(3_600);
        WorkflowSettings {
            harm: Mode::from_word(self.word("workflow.harm")).unwrap_or_default(),
            protect,
            actions: Rate { count: self.count("workflow.max-harm-per-hour"), per: hour },
            storm_at: self.count("workflow.storm-at"),
            storm_window: self.duration("workflow.storm-window"),
            storm_settle: self.duration("workflow.storm-settle"),
            runs_max: self.count("workflow.max-runs"),
            ..WorkflowSettings::default()
        }
    }

    fn duration(&mut self, path: &str) -> Duration {
        self.value(path, Holds::duration)
    }

    pub(super) fn count(&mut self, path: &str) -> u32 {
        self.value(path, Holds::count)
    }

    pub(super) fn word(&mut self, path: &str) -> &'static str {
        self.value(path, Holds::word)
    }

    pub(super) fn text(&mut self, path: &str) -> String {
        self.value(path, Holds::text)
    }

    /// Reports what is wrong with a setting, if a text sets it; a default is never wrong.
    pub(super) fn fault(&mut self, path: &str, code: &'static str, message: String, help: &str) {
        if let Some(text) = self.values.get(path) {
            self.faults.error(code, text.at, message, help);
        }
    }

    /// Reads a setting; the default where it is not set or, after a report, not readable.
    fn value<T>(&mut self, path: &str, read: impl Fn(Holds, &str) -> Option<T>) -> T {
        let setting = Setting::at(path);
        let default = || read(setting.holds, setting.default).expect("a test reads every default");
        let Some(text) = self.values.get(setting.path) else {
            return default();
        };
        read(setting.holds, &text.value).unwrap_or_else(|| {
            report(setting, text, self.faults);
            default()
        })
    }
}

fn report(setting: &Setting, text: &Marked, faults: &mut Faults) {
    let key = setting.key();
    match setting.holds {
        Holds::Word(words) => not_a_word(text, key, words, faults),
        holds if holds.has_kind_of(&text.value) => faults.error(
            "RC0102",
            text.at,
            format!("`{}` is out of range for `{key}`", text.value),
            format!("write {}; the default is {}", setting.range(), setting.default),
        ),
        holds => faults.error(
            "RC0101",
            text.at,
            format!("`{}` is no {}", text.value, holds.what()),
            match holds {
                Holds::Duration(..) => "write it as 300s, 5m or 1h30m".to_owned(),
                Holds::Count(..) | Holds::Word(_) | Holds::Text(_) => format!("write {}", setting.range()),
            },
        ),
    }
}
