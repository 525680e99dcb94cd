//! Which interfaces a live run opens, and as which capture points.

use rollcall_core::recorded::nearest;
use rollcall_core::types::{CapturePoint, CapturePointId, LinkType};

use crate::capture::live::{Fanout, FanoutMode, Flow, LiveError, LiveSettings, LiveSource, interfaces, open};
use crate::config::{Capture, Captured, Config};
use crate::runtime::live::LivePoint;

/// Opens the interfaces that the command line names, else those of the configuration; returns the capture points, those of
/// the configuration first.
///
/// # Errors
/// An interface that does not exist or cannot be opened. One that is down is waited for.
pub(super) fn points(config: &Config, named: &[String]) -> anyhow::Result<Vec<LivePoint>> {
    let rules = &config.capture_points;
    let mut points: Vec<LivePoint> =
        rules.iter().map(|rule| LivePoint { point: rule.point.clone(), sockets: Vec::new() }).collect();
    let mut wanted: Vec<(usize, String)> = Vec::new();
    if named.is_empty() {
        let wires = rules.iter().enumerate().filter_map(|(at, rule)| Some((at, rule.wire.as_ref()?)));
        wanted.extend(wires.map(|(at, wire)| (at, wire.interface.to_string())));
    }
    for name in named {
        let captured =
            Captured { file: "", interface: Some(name), description: None, linktype: LinkType::ETHERNET };
        let own =
            rules.iter().position(|rule| rule.wire.as_ref().is_some_and(|wire| *wire.interface == **name));
        let known = own.or_else(|| config.point_for(&captured).map(CapturePointId::index));
        let at = known.unwrap_or_else(|| {
            points.push(LivePoint { point: CapturePoint::unknown(name.as_str()), sockets: Vec::new() });
            points.len() - 1
        });
        wanted.push((at, name.clone()));
    }
    for (at, name) in wanted {
        let Some(point) = points.get_mut(at) else { continue };
        let wire = rules.get(at).and_then(|rule| rule.wire.as_ref());
        let settings = LiveSettings {
            interface: name.into(),
            capture_point: CapturePointId(u16::try_from(at)?),
            snaplen: config.live.capture.snaplen,
            ring_octets: config.live.capture.ring_octets,
            promiscuous: config.live.capture.promiscuous,
            flow: flow(config.live.capture.frames),
            filter: wire.and_then(|wire| wire.filter.clone()),
            fanout: fanout(&config.live.capture, at),
        };
        for _ in 0..config.live.capture.sockets {
            let source = open_first(&settings)?;
            point.sockets.push((settings.clone(), source));
        }
    }
    Ok(points)
}

/// Opens an interface for the first time. One that is down comes up some day; anything else is a mistake that somebody who is
/// starting the program would like to know.
fn open_first(settings: &LiveSettings) -> anyhow::Result<Option<Box<dyn LiveSource>>> {
    match open(settings) {
        Ok(source) => Ok(Some(source)),
        Err(error @ LiveError::Down { .. }) => {
            tracing::warn!("{error}; it is waited for");
            Ok(None)
        }
        Err(LiveError::NoSuchInterface { interface }) => {
            let known = interfaces().unwrap_or_default();
            let near = nearest(&interface, known.iter().map(|one| &*one.name));
            let help = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
            anyhow::bail!(
                "open capture on `{interface}`: no such interface ({help}`rollcall interfaces` lists them)"
            )
        }
        Err(error) => Err(error.into()),
    }
}

fn flow(word: &str) -> Flow {
    match word {
        "outgoing" => Flow::Outgoing,
        "both" => Flow::Both,
        _ => Flow::Incoming,
    }
}

/// Returns the group in which the sockets of a capture point share frames: another for each process and point.
fn fanout(capture: &Capture, at: usize) -> Option<Fanout> {
    let mode = if capture.fanout == "cpu" { FanoutMode::Cpu } else { FanoutMode::Hash };
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let group = u16::from_be_bytes([high, low]).wrapping_add(u16::try_from(at).unwrap_or(0));
    (capture.sockets > 1).then_some(Fanout { group, mode })
}
