//! The demo: ten minutes of a data centre of 243 guests in which six things are wrong.
//!
//! Twelve hosts stand behind the ports `eth1` to `eth6` of two top-of-rack switches; a pair of routers and
//! everything else is behind the uplink `eth49` of each. Every one of these fourteen ports has an ingress
//! mirror, so a frame from one rack to the other is captured at its guest's port and again at the other
//! rack's uplink. What is wrong is told in [`story`]; everything else is ordinary life, some of which looks
//! suspicious and is not.

mod inventory;
mod place;
mod story;
mod traffic;

use super::{Capture, Format};
use place::Place;

/// Makes the capture.
pub(super) fn capture() -> Capture {
    let mut place = Place::new();
    traffic::ordinary_life(&mut place);
    story::what_is_wrong(&mut place);
    Capture {
        file: "demo/datacentre.pcapng.gz",
        shows: "Ten minutes of 243 guests on 12 hosts: an unknown, a misplaced, a cloned, a zombie and a silent guest, \
                and a mobile node in a foreign subnet.",
        format: Format::PcapngGzip,
        recording: place.recording,
    }
}

/// Makes what lies beside the capture: its inventory and its configuration.
pub(super) fn companions() -> Vec<(&'static str, String)> {
    let place = Place::new();
    vec![("demo/inventory.yaml", inventory::inventory(&place)), ("demo/config.yaml", inventory::config())]
}
