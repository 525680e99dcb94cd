use core::time::Duration;

use prometheus::core::Collector;
use prometheus::{Gauge, GaugeVec, Opts};
use rollcall_core::types::Blindness;

use super::definition::{Known, Set, seconds, signed};
use crate::capture::live::Arrivals;
use crate::report::Tally;
use crate::runtime::live::LiveView;

/// What a live run has besides what its engine knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings {
    /// How long ago the inventories were loaded that are in force; `None` where there are none.
    pub recorded_age: Option<Duration>,
    /// How often inventories were loaded and put in force.
    pub loads_taken: u64,
    /// How often they were refused.
    pub loads_refused: u64,
    /// Events that found no room on their way to where they are told.
    pub events_lost: u64,
    /// Memory of this process, in octets.
    pub resident_octets: u64,
    /// When the process began, in seconds since the epoch.
    pub started_at: f64,
}

/// Returns what Prometheus scrapes of a live run, in its text format.
///
/// # Errors
/// What the registry or the encoder gives; both mean a metric is defined wrongly here.
pub fn live_metrics(
    view: &LiveView<'_>,
    tally: &Tally,
    around: &Surroundings,
) -> Result<String, prometheus::Error> {
    let known = Known {
        spine: view.spine,
        points: view.points,
        counters: &view.shards.points,
        // Their names come from the configuration and the command line, never from the wire.
        configured: view.points.len(),
        table: view.shards.table,
        clock: view.shards.clock,
        tracked: view.shards.tracked,
        unread_claims: view.shards.unread_claims,
        repeated_claims: view.shards.repeated_claims,
        now: view.now,
        tally,
    };
    let set = Set::of(&known)?;
    set.taps(&known, view)?;
    set.surroundings(view, around)?;
    set.text()
}

impl Set {
    fn float(&self, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec, prometheus::Error> {
        let gauge = GaugeVec::new(Opts::new(name, help), labels)?;
        self.registry.register(Box::new(gauge.clone()))?;
        Ok(gauge)
    }

    fn taps(&self, known: &Known<'_>, view: &LiveView<'_>) -> Result<(), prometheus::Error> {
        let received = self.counter(
            "rollcall_capture_received_frames_total",
            "Frames that came to the sockets of each capture point, those dropped among them.",
            &["capture_point"],
        )?;
        let drops = self.counter(
            "rollcall_capture_dropped_frames_total",
            "Frames lost on the way to us: in a full ring of the kernel, or in the interface and its driver.",
            &["capture_point", "cause"],
        )?;
        let kept = self.counter(
            "rollcall_capture_kept_back_frames_total",
            "Frames that XDP was to hand over and did not; presence knows of them a second later, if their stations have rows.",
            &["capture_point", "cause"],
        )?;
        let opens = self.counter(
            "rollcall_capture_opens_total",
            "How often an interface was opened; more often than it has sockets means that it was gone.",
            &["capture_point"],
        )?;
        let last = self.float(
            "rollcall_capture_last_frame_timestamp_seconds",
            "Time of the last frame of each capture point since the epoch; 0 before the first.",
            &["capture_point"],
        )?;
        for tap in &view.taps {
            let label = [known.label(tap.capture_point.index())];
            let name = label[0];
            received.with_label_values(&label).inc_by(tap.arrivals.received);
            drops.with_label_values(&[name, "ring"]).inc_by(tap.arrivals.ring_drops);
            drops.with_label_values(&[name, "interface"]).inc_by(tap.arrivals.interface_drops);
            let Arrivals { overruns, limited, refused, .. } = tap.arrivals;
            for (cause, count) in [("ring_full", overruns), ("rate", limited), ("map_full", refused)] {
                kept.with_label_values(&[name, cause]).inc_by(count);
            }
            opens.with_label_values(&label).inc_by(tap.opens);
            let gauge = last.with_label_values(&label);
            gauge.set(gauge.get().max(tap.last_frame_at.map_or(0.0, seconds)));
        }
        let blind = self.gauge(
            "rollcall_capture_blind",
            "Whether each live capture point cannot see, by cause: 1 or 0.",
            &["capture_point", "cause"],
        )?;
        let live = |index| view.taps.iter().any(|tap| tap.capture_point.index() == index);
        for (index, blindness) in view.blindness.iter().enumerate().filter(|(index, _)| live(*index)) {
            for cause in Blindness::ALL {
                let is_so = i64::from(*blindness == Some(cause));
                blind.with_label_values(&[known.label(index), cause.as_str()]).set(is_so);
            }
        }
        Ok(())
    }

    fn surroundings(&self, view: &LiveView<'_>, around: &Surroundings) -> Result<(), prometheus::Error> {
        let depth = self.gauge("rollcall_queue_depth", "What waits between the threads.", &["queue"])?;
        depth.with_label_values(&["batches"]).set(signed(view.queues.batches));
        depth.with_label_values(&["steps"]).set(signed(view.queues.steps));
        let age = self.float(
            "rollcall_recorded_age_seconds",
            "How long ago the records in force were loaded, by source.",
            &["source"],
        )?;
        if let Some(recorded) = around.recorded_age {
            age.with_label_values(&["files"]).set(recorded.as_secs_f64());
        }
        let loads = self.counter(
            "rollcall_recorded_loads_total",
            "How often records were loaded, by whether they were put in force.",
            &["outcome"],
        )?;
        loads.with_label_values(&["taken"]).inc_by(around.loads_taken);
        loads.with_label_values(&["refused"]).inc_by(around.loads_refused);
        let lost = self.counter(
            "rollcall_output_lost_events_total",
            "Events that found no room on their way to where they are told.",
            &[],
        )?;
        lost.with_label_values::<&str>(&[]).inc_by(around.events_lost);
        let started = Gauge::new("process_start_time_seconds", "When the process began, since the epoch.")?;
        started.set(around.started_at);
        self.register(started)?;
        let memory = Gauge::new("process_resident_memory_bytes", "Memory of the process.")?;
        #[expect(clippy::cast_precision_loss, reason = "nobody has so much memory that it would show")]
        memory.set(around.resident_octets as f64);
        self.register(memory)
    }

    fn register(&self, metric: impl Collector + 'static) -> Result<(), prometheus::Error> {
        self.registry.register(Box::new(metric))
    }
}
