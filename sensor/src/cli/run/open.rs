//! Which interfaces a live run opens, and as which capture points.

use rollcall_core::recorded::nearest;
use rollcall_core::types::{CapturePoint, CapturePointId, Direction, LinkType};

use crate::capture::live::{
    Backend, Fanout, FanoutMode, Flow, LiveError, LiveSettings, LiveSource, against_xdp, interfaces, open,
};
use crate::config::{Capture, Captured, Config, PointRule};
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
        let mut settings = settings(config, &name, u16::try_from(at)?, rules.get(at));
        let by_xdp = may_need_xdp(&settings);
        if !by_xdp {
            settings.fanout = fanout(&config.live.capture, at);
        }
        // The program in the kernel needs no second one beside it.
        let sockets = if by_xdp { 1 } else { config.live.capture.sockets };
        for _ in 0..sockets {
            let source = open_first(&settings)?;
            point.sockets.push((settings.clone(), source));
        }
    }
    Ok(points)
}

fn settings(config: &Config, interface: &str, at: u16, rule: Option<&PointRule>) -> LiveSettings {
    let capture = &config.live.capture;
    LiveSettings {
        interface: interface.into(),
        capture_point: CapturePointId(at),
        backend: backend(capture.backend),
        snaplen: capture.snaplen,
        ring_octets: capture.ring_octets,
        promiscuous: capture.promiscuous,
        flow: flow(capture.frames),
        filter: rule.and_then(|rule| rule.wire.as_ref()?.filter.clone()),
        fanout: None,
        #[cfg(feature = "xdp")]
        xdp: super::xdp::settings(config, rule.map_or(Direction::Both, |rule| rule.point.direction)),
    }
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

/// Returns how an interface of which nothing is configured would be captured from.
pub(crate) fn settings_for(interface: &str) -> LiveSettings {
    settings(&Config::default(), interface, 0, None)
}

/// Tells whether a socket may be opened by XDP.
pub(super) fn may_need_xdp(settings: &LiveSettings) -> bool {
    settings.backend != Backend::Pcap && against_xdp(settings).is_none()
}

fn backend(word: &str) -> Backend {
    match word {
        "pcap" => Backend::Pcap,
        "xdp" => Backend::Xdp,
        _ => Backend::Auto,
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
