use std::collections::BTreeMap;

use prometheus::core::{Collector, Desc};
use prometheus::proto::{Bucket, Histogram, Metric, MetricFamily, MetricType};
use prometheus::{Gauge, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder};
use rollcall_core::audit::Kind;
use rollcall_core::engine::{ClockCounters, PointCounters, Spine};
use rollcall_core::presence::{AddressEvent, TableCounters};
use rollcall_core::streams::PostState;
use rollcall_core::types::{CapturePoint, Timestamp};

use crate::report::{LATENCY_BOUNDS, Tally};

/// The label of capture points that nobody configured.
const UNCONFIGURED: &str = "unconfigured";

/// What the metrics that every run has are made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    pub(super) spine: &'a Spine,
    pub(super) points: &'a [CapturePoint],
    pub(super) counters: &'a [PointCounters],
    /// How many of the capture points have names that the user gave; they come first.
    pub(super) configured: usize,
    pub(super) table: TableCounters,
    pub(super) clock: ClockCounters,
    pub(super) tracked: usize,
    pub(super) unread_claims: u64,
    pub(super) repeated_claims: u64,
    /// The time of the latest frame or tick.
    pub(super) now: Option<Timestamp>,
    pub(super) tally: &'a Tally,
}

impl Known<'_> {
    /// Returns what a capture point is called in a label.
    pub(super) fn label(&self, index: usize) -> &str {
        match self.points.get(index) {
            Some(point) if index < self.configured => &point.name,
            _ => UNCONFIGURED,
        }
    }
}

/// Every metric of one exposition.
pub(super) struct Set {
    pub(super) registry: Registry,
}

impl Set {
    /// Gathers the metrics that every run has.
    pub(super) fn of(known: &Known<'_>) -> Result<Self, prometheus::Error> {
        let set = Self { registry: Registry::new() };
        set.build_information()?;
        set.capture(known)?;
        set.presence(known)?;
        set.audit(known)?;
        set.streams(known)?;
        set.recorded(known)?;
        Ok(set)
    }

    /// Writes them as text.
    pub(super) fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    pub(super) fn counter(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntCounterVec, prometheus::Error> {
        let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
        self.registry.register(Box::new(counter.clone()))?;
        Ok(counter)
    }

    pub(super) fn gauge(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntGaugeVec, prometheus::Error> {
        let gauge = IntGaugeVec::new(Opts::new(name, help), labels)?;
        self.registry.register(Box::new(gauge.clone()))?;
        Ok(gauge)
    }

    fn build_information(&self) -> Result<(), prometheus::Error> {
        let info = self.gauge("rollcall_build_info", "Version of the program; always 1.", &["version"])?;
        info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        Ok(())
    }

    fn capture(&self, known: &Known<'_>) -> Result<(), prometheus::Error> {
        let frames = self.counter(
            "rollcall_capture_frames_total",
            "Frames captured at each capture point.",
            &["capture_point"],
        )?;
        let bytes = self.counter(
            "rollcall_capture_bytes_total",
            "Bytes of these frames on the wire.",
            &["capture_point"],
        )?;
        let cut = self.counter(
            "rollcall_capture_cut_frames_total",
            "Frames shorter in the capture than on the wire.",
            &["capture_point"],
        )?;
        let decoded = self.counter(
            "rollcall_decode_frames_total",
            "Frames by how far decoding came and why it stopped there.",
            &["capture_point", "reason"],
        )?;
        let inside = self.counter(
            "rollcall_decode_inside_total",
            "Frames and packets inside tunnels, by how far decoding came and why it stopped there.",
            &["capture_point", "reason"],
        )?;
        let classes = self.counter(
            "rollcall_decode_class_frames_total",
            "Frames by what they carry.",
            &["capture_point", "class"],
        )?;
        let bad_source = self.counter(
            "rollcall_decode_bad_source_frames_total",
            "Frames whose source address no station may have.",
            &["capture_point"],
        )?;
        for (index, counters) in known.counters.iter().enumerate() {
            let name = known.label(index);
            frames.with_label_values(&[name]).inc_by(counters.frames);
            bytes.with_label_values(&[name]).inc_by(counters.octets);
            cut.with_label_values(&[name]).inc_by(counters.cut);
            bad_source.with_label_values(&[name]).inc_by(counters.bad_source);
            decoded.with_label_values(&[name, "complete"]).inc_by(counters.outcomes.complete());
            for (reason, count) in counters.outcomes.by_reason() {
                decoded.with_label_values(&[name, reason.as_str()]).inc_by(count);
            }
            inside.with_label_values(&[name, "complete"]).inc_by(counters.inner.complete());
            for (reason, count) in counters.inner.by_reason() {
                inside.with_label_values(&[name, reason.as_str()]).inc_by(count);
            }
            for (class, count) in PointCounters::CLASSES.iter().zip(counters.classes) {
                classes.with_label_values(&[name, class.as_str()]).inc_by(count);
            }
        }
        let clock = self.counter(
            "rollcall_clock_odd_frames_total",
            "Frames with an odd stamp: older than the latest within the reorder window or beyond it, or alone an hour ahead.",
            &["cause"],
        )?;
        clock.with_label_values(&["reordered"]).inc_by(known.clock.late);
        clock.with_label_values(&["leapt_ahead"]).inc_by(known.clock.leapt_ahead);
        clock.with_label_values(&["stepped_back"]).inc_by(known.clock.stepped_back);
        let now = Gauge::new("rollcall_clock_seconds", "Time of the latest frame since the epoch.")?;
        self.registry.register(Box::new(now.clone()))?;
        now.set(seconds(known.now.unwrap_or(Timestamp::EPOCH)));
        Ok(())
    }

    fn presence(&self, known: &Known<'_>) -> Result<(), prometheus::Error> {
        let ledger = known.spine.ledger();
        let present = self.gauge("rollcall_presence_stations", "Stations present, by kind.", &["kind"])?;
        present.with_label_values(&["mac"]).set(signed(ledger.present_count()));
        present.with_label_values(&["home-address"]).set(signed(ledger.away_count()));
        let rows = self.gauge("rollcall_presence_table_rows", "Rows in the shards' tables.", &[])?;
        rows.with_label_values::<&str>(&[]).set(signed(known.tracked));
        let events =
            self.counter("rollcall_presence_events_total", "Presence events, by kind.", &["event"])?;
        for (event, count) in &known.tally.presence {
            events.with_label_values(&[*event]).inc_by(*count);
        }
        let news = self.counter(
            "rollcall_presence_address_events_total",
            "New stations, and what happened to addresses, by kind.",
            &["event"],
        )?;
        for event in AddressEvent::ALL {
            let count = known.tally.address_events.get(&event).copied().unwrap_or(0);
            news.with_label_values(&[event.as_str()]).inc_by(count);
        }
        let history = self.counter(
            "rollcall_history_records_total",
            "Records of history written to the store, and stays and claims pruned there.",
            &["action"],
        )?;
        history.with_label_values(&["written"]).inc_by(known.tally.history_written);
        history.with_label_values(&["pruned"]).inc_by(known.tally.history_pruned);
        let bound = self.counter(
            "rollcall_presence_bound_reached_total",
            "What a bound made the program do: evict, refuse or forget a station, address or mobile node; \
             station_refused counts frames, as a station that found no room may come back with its next.",
            &["action"],
        )?;
        let bindings = ledger.bindings().counters();
        let actions = [
            ("station_evicted", known.table.evicted),
            ("station_refused", known.table.refused),
            ("station_forgotten", ledger.forgotten()),
            ("address_forgotten", ledger.addresses().aged()),
            ("address_refused", ledger.addresses().refused()),
            ("location_unlisted", ledger.unlisted()),
            ("mobile_node_refused", bindings.nodes_refused + ledger.registrations().counters().nodes_refused),
            ("body_mismatch_untold", ledger.mismatches_untold()),
            ("named_port_refused", ledger.attachments().refused()),
            ("session_forgotten", ledger.sessions().counters().forgotten),
            ("mobile_node_forgotten", bindings.nodes_forgotten),
            ("binding_evicted", bindings.bindings_evicted),
            ("claim_unread", known.unread_claims),
            ("claim_repeated", known.repeated_claims),
        ];
        for (action, count) in actions {
            bound.with_label_values(&[action]).inc_by(count);
        }
        let copies = self.counter(
            "rollcall_presence_mirror_copies_total",
            "Frames of stations seen at several places that repeat a frame seen elsewhere.",
            &[],
        )?;
        copies.with_label_values::<&str>(&[]).inc_by(known.table.mirror_copies);
        let updates = self.counter(
            "rollcall_mobility_binding_updates_total",
            "Binding Updates, by what became of them.",
            &["outcome"],
        )?;
        let outcomes = [
            ("accepted", bindings.updates),
            ("ambiguous", bindings.ambiguous),
            ("bad_checksum", bindings.bad_checksum),
            ("outdated_gateway", bindings.outdated_gateway),
            ("refused", bindings.refused),
            ("stale", bindings.stale),
        ];
        for (outcome, count) in outcomes {
            updates.with_label_values(&[outcome]).inc_by(count);
        }
        Ok(())
    }

    fn audit(&self, known: &Known<'_>) -> Result<(), prometheus::Error> {
        let opened = self.counter(
            "rollcall_audit_discrepancies_opened_total",
            "Discrepancies opened, by kind and severity.",
            &["kind", "severity"],
        )?;
        let open = self.gauge(
            "rollcall_audit_discrepancies_open",
            "Discrepancies open, by kind and severity.",
            &["kind", "severity"],
        )?;
        let mut standing: BTreeMap<Kind, usize> = BTreeMap::new();
        for discrepancy in known.spine.audit().discrepancies().filter(|one| one.is_open()) {
            *standing.entry(discrepancy.key.kind).or_default() += 1;
        }
        for kind in Kind::ALL {
            let labels = [kind.as_str(), kind.severity().as_str()];
            opened.with_label_values(&labels).inc_by(known.tally.opened.get(&kind).copied().unwrap_or(0));
            open.with_label_values(&labels).set(signed(standing.get(&kind).copied().unwrap_or(0)));
        }
        self.registry.register(Box::new(LatencyMetric::new(known.tally)?))?;
        let bound = self.counter(
            "rollcall_audit_bound_reached_total",
            "What a bound made the audit do: forget a resolved discrepancy, or refuse a new one.",
            &["action"],
        )?;
        let counters = known.spine.audit().counters();
        bound.with_label_values(&["forgotten"]).inc_by(counters.forgotten);
        bound.with_label_values(&["refused"]).inc_by(counters.refused);
        Ok(())
    }

    fn streams(&self, known: &Known<'_>) -> Result<(), prometheus::Error> {
        let streams = known.spine.streams();
        let posts = self.gauge("rollcall_streams_posts", "Posts in all streams, by state.", &["state"])?;
        let mut standing: BTreeMap<&str, usize> = BTreeMap::new();
        for post in streams.posts().iter() {
            *standing.entry(post.state.as_str()).or_default() += 1;
        }
        for state in PostState::ALL.map(PostState::as_str) {
            posts.with_label_values(&[state]).set(signed(standing.get(state).copied().unwrap_or(0)));
        }
        let held = self.gauge("rollcall_streams_held", "Members, and likes of all posts.", &["what"])?;
        held.with_label_values(&["members"]).set(signed(streams.members().len()));
        held.with_label_values(&["likes"]).set(signed(streams.posts().likes()));
        let events = self.counter(
            "rollcall_streams_events_total",
            "What happened in streams: posts, likes, what was carried up, and so on.",
            &["event"],
        )?;
        for (event, count) in &known.tally.streams {
            events.with_label_values(&[event]).inc_by(*count);
        }
        let bound = self.counter(
            "rollcall_streams_bound_reached_total",
            "What a bound made the streams do: forget what is over, or refuse something new.",
            &["action"],
        )?;
        let counters = streams.counters();
        for (action, count) in [
            ("comment-dropped", counters.posts.comments_dropped),
            ("like-refused", counters.posts.likes_refused),
            ("member-forgotten", counters.members.forgotten),
            ("member-refused", counters.members.refused),
            ("post-forgotten", counters.posts.forgotten),
            ("post-refused", counters.posts.refused),
            ("tag-count-dropped", counters.tag_counts_dropped),
        ] {
            bound.with_label_values(&[action]).inc_by(count);
        }
        Ok(())
    }

    fn recorded(&self, known: &Known<'_>) -> Result<(), prometheus::Error> {
        let rows = self.gauge("rollcall_recorded_rows", "Rows of the recorded state, by kind.", &["kind"])?;
        let snapshot = known.spine.audit().snapshot();
        let counts = [
            ("guest", snapshot.guests().len()),
            ("host", snapshot.hosts().len()),
            ("switch", snapshot.switches().len()),
            ("subnet", snapshot.subnets().len()),
            ("known_station", snapshot.known_stations().len()),
            ("scheduled_work", snapshot.scheduled_work().len()),
        ];
        for (kind, count) in counts {
            rows.with_label_values(&[kind]).set(signed(count));
        }
        Ok(())
    }
}

pub(super) fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Returns seconds since the epoch, with fractions.
pub(super) fn seconds(at: Timestamp) -> f64 {
    at.since(Timestamp::EPOCH).as_secs_f64()
}

/// How long discrepancies took to open: counts that are there already, which the library's own histogram cannot take.
struct LatencyMetric {
    desc: Desc,
    family: MetricFamily,
}

impl LatencyMetric {
    const NAME: &str = "rollcall_audit_detection_seconds";
    const HELP: &str = "Time from the evidence of a discrepancy to its opening, graces included.";

    fn new(tally: &Tally) -> Result<Self, prometheus::Error> {
        let desc = Desc::new(Self::NAME.to_owned(), Self::HELP.to_owned(), Vec::new(), Default::default())?;
        let mut sum = 0;
        let bounds = LATENCY_BOUNDS.iter().map(|bound| bound.as_secs_f64());
        let buckets = bounds.zip(&tally.latencies.counts).map(|(bound, count)| {
            sum += count;
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(bound);
            bucket.set_cumulative_count(sum);
            bucket
        });
        let mut histogram = Histogram::default();
        histogram.set_bucket(buckets.collect());
        histogram.set_sample_count(tally.latencies.count);
        histogram.set_sample_sum(tally.latencies.total.as_secs_f64());
        let mut metric = Metric::from_label(Vec::new());
        metric.set_histogram(histogram);
        let mut family = MetricFamily::default();
        family.set_name(Self::NAME.to_owned());
        family.set_help(Self::HELP.to_owned());
        family.set_field_type(MetricType::HISTOGRAM);
        family.set_metric(vec![metric]);
        Ok(Self { desc, family })
    }
}

impl Collector for LatencyMetric {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        vec![self.family.clone()]
    }
}
