//! The sentences of what is wrong with the records, the capture points and the sources themselves.

use super::AuditSettings;
use super::discrepancy::Subject;
use super::flapping::Flap;
use super::sentences::{Contradiction, Stale, Staleness, Statement, clock, span};
use crate::presence::Pressure;
use crate::types::{Blindness, Timestamp};

pub(super) fn contradiction(subject: &Subject, facts: &Contradiction) -> Statement {
    let mut recorded = Vec::new();
    let mut steps = Vec::new();
    for conflict in &facts.claims {
        let [one, other] = &conflict.claims;
        recorded.push(format!(
            "{} {} by {}, {} by {}",
            conflict.what, one.value, one.source, other.value, other.source
        ));
        steps.push(format!("{} says of {subject}: {} {}.", one.source, conflict.what, one.value));
        steps.push(format!("{} says: {} {}.", other.source, conflict.what, other.value));
    }
    if let Some(conflict) = facts.claims.first() {
        let [one, _] = &conflict.claims;
        steps.push(format!(
            "Until they agree {} counts: its precedence is higher, or it is named first.",
            one.source
        ));
    }
    for (mac, others) in &facts.twins {
        recorded.push(format!("{mac} also of {}", others.join(", ")));
        steps.push(format!("{mac} is recorded of {subject} and of {}.", others.join(", ")));
        steps
            .push("All of them should communicate; a twin that is off would be no contradiction.".to_owned());
    }
    let recorded = recorded.join("; ");
    Statement {
        explanation: format!("The records of guest {subject} contradict each other: {recorded}."),
        observed: "not needed".to_owned(),
        recorded,
        steps,
    }
}

pub(super) fn flood(subject: &Subject, since: Timestamp, pressure: Pressure) -> Statement {
    let Pressure { evictions, refusals } = pressure;
    let observed =
        format!("{evictions} evictions and {refusals} refusals in the window before {}", clock(since));
    Statement {
        recorded: "a table with room".to_owned(),
        explanation: format!(
            "Capture point {subject} is flooded with new addresses since {}: {observed}; recorded stations keep their rows.",
            clock(since)
        ),
        steps: vec![
            format!("Newcomers at {subject} found the table of stations full."),
            format!("Unrecorded ones went for them or were not taken in: {observed}."),
            "More than the limit of such within the window is a flood, which is one discrepancy of the capture point."
                .to_owned(),
            "Recorded stations are never evicted for others.".to_owned(),
        ],
        observed,
    }
}

pub(super) fn blind(
    subject: &Subject,
    since: Timestamp,
    cause: Option<Blindness>,
    settings: &AuditSettings,
) -> Statement {
    let at = clock(since);
    let (observed, step) = match cause {
        Some(Blindness::LinkDown) => (format!("its interface has no link since {at}"), None),
        Some(Blindness::InterfaceLost) => (format!("its interface is gone since {at}"), None),
        Some(Blindness::Drops) => (format!("it loses more frames than the limit since {at}"), None),
        None => {
            let step = format!("It has given none for longer than {}.", span(settings.blind_after));
            (format!("it gave no frame since {at}"), Some(step))
        }
    };
    let rule = "Blindness is not absence: until it sees again, no guest that it covers is called silent.";
    let steps = [Some(format!("Of {subject} is known: {observed}.")), step, Some(rule.to_owned())];
    Statement {
        recorded: "it sees".to_owned(),
        explanation: format!(
            "Capture point {subject} is blind: {observed}. Nobody's silence is judged by it."
        ),
        steps: steps.into_iter().flatten().collect(),
        observed,
    }
}

pub(super) fn stale(subject: &Subject, stale: &Stale, settings: &AuditSettings) -> Statement {
    match stale.why {
        Staleness::Old { heard_at } => Statement {
            recorded: format!("last heard at {}", clock(heard_at)),
            observed: "not heard again in time".to_owned(),
            explanation: format!(
                "Source {subject} was last heard at {} and is stale since {}: what rests on its records is held back.",
                clock(heard_at),
                clock(stale.since)
            ),
            steps: vec![
                format!("{subject} was last heard at {}.", clock(heard_at)),
                format!("The time after which it is stale was over at {}.", clock(stale.since)),
                "Its records are kept. What would differ from them only, or be missing in them, is not told."
                    .to_owned(),
            ],
        },
        Staleness::Shrank { before, after } => Statement {
            recorded: format!("{before} guests"),
            observed: format!("{after} guests"),
            explanation: format!(
                "Source {subject} came with {after} guests in the place of {before} at {} and is not believed: the records before that stay in force.",
                clock(stale.since)
            ),
            steps: vec![
                format!(
                    "{subject} had {before} guests, and {after} when it was heard at {}.",
                    clock(stale.since)
                ),
                format!("More than {} % of them are missing at once.", settings.max_shrink_percent),
                "An empty answer of a broken inventory must not turn every guest into a stranger.".to_owned(),
                "It is over when a source comes that is believed, or an operator accepts this one."
                    .to_owned(),
            ],
        },
    }
}

pub(super) fn flapping(subject: &Subject, flap: &Flap) -> Statement {
    let Flap { since, last, count, .. } = *flap;
    let observed = format!("opened {count} times since {}, last at {}", clock(since), clock(last));
    Statement {
        recorded: "it stands or it does not".to_owned(),
        explanation: format!("The discrepancy {subject} comes and goes: {observed}."),
        steps: vec![
            format!("{subject} {observed}."),
            "That is more often than the flap limit allows within an hour.".to_owned(),
            "It is told as this one discrepancy until it has not opened for an hour.".to_owned(),
        ],
        observed,
    }
}
