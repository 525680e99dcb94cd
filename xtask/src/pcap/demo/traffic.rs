//! Ordinary life: every guest that is recorded as running talks at least once a minute.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::place::{End, Guest, HOSTS, Place, ROLES, Role, host_station, management_gateway, port_name};
use super::story;
use crate::pcap::headers::Segment;
use crate::pcap::station::{Echo, Station};

/// How long the capture is.
pub(super) const END: Duration = Duration::from_secs(600);
/// When the second router takes over the gateways.
const TAKE_OVER: Duration = Duration::from_secs(350);
/// When QEMU announces a guest after a migration.
const ANNOUNCEMENTS_MS: [u64; 5] = [0, 50, 200, 450, 800];

/// Guests that boot during the capture: they look for their address before they use it.
const BOOTING: &[(&str, u64)] = &[("web-12", 21), ("app-27", 33), ("infra-48", 48)];
/// A guest that is told to announce itself where it is.
const ANNOUNCING: (&str, u64) = ("app-30", 130);
/// A guest that arrives by a live migration which the record already shows.
const ARRIVING: (&str, u64) = ("infra-09", 90);

/// Captures everything that is as it should be.
pub(super) fn ordinary_life(place: &mut Place) {
    routers(place);
    hosts(place);
    let guests = place.guests.clone();
    for guest in &guests {
        if guest.is_recorded_running() && !story::NAMED.contains(&guest.id.as_str()) {
            let begin = begin(place, guest);
            talk(place, guest, guest.host, begin, END);
        }
    }
    let announcing = place.guest(ANNOUNCING.0);
    announce(place, &announcing.station, announcing.host, Duration::from_secs(ANNOUNCING.1));
}

/// Captures what a guest that comes up does first, and returns when it goes on to talk.
fn begin(place: &mut Place, guest: &Guest) -> Duration {
    let from = End::Host(guest.host);
    let station = &guest.station;
    if let Some((_, second)) = BOOTING.iter().find(|(id, _)| *id == guest.id) {
        let at = Duration::from_secs(*second);
        for (offset, frame) in [
            (0, station.report_listening()),
            (40, station.detect_duplicate()),
            (200, station.arp_probe()),
            (1200, station.arp_probe()),
            (2200, station.arp_probe()),
            (4200, station.gratuitous_arp()),
            (4300, station.solicit_routers()),
            (6200, station.gratuitous_arp()),
        ] {
            place.send(at + Duration::from_millis(offset), from, End::Everybody, frame);
        }
        return at + Duration::from_secs(8);
    }
    if guest.id == ARRIVING.0 {
        let at = Duration::from_secs(ARRIVING.1);
        announce(place, station, guest.host, at);
        return at + Duration::from_secs(1);
    }
    place.moment(Duration::ZERO, Duration::from_secs(30))
}

/// Captures the announcements that a hypervisor sends in a guest's name.
pub(super) fn announce(place: &mut Place, station: &Station, host: usize, at: Duration) {
    for offset in ANNOUNCEMENTS_MS {
        place.send(at + Duration::from_millis(offset), End::Host(host), End::Everybody, station.rarp());
    }
}

/// Captures a guest that talks from a host, every 36 to 60 seconds, from one time to just before another.
pub(super) fn talk(place: &mut Place, guest: &Guest, host: usize, from: Duration, to: Duration) {
    let mut at = from;
    let mut turn = place.random.below(8);
    while at < to {
        once(place, guest, host, at, turn);
        turn += 1;
        at = place.moment(at + Duration::from_secs(36), at + Duration::from_secs(60));
    }
}

/// Captures one thing that guests do.
pub(super) fn once(place: &mut Place, guest: &Guest, host: usize, at: Duration, turn: u64) {
    match turn % 8 {
        0 => ask_for_the_gateway(place, guest, host, at),
        1 | 5 => ping_a_peer(place, guest, host, at),
        2 | 6 => send_to_a_peer(place, guest, host, at),
        3 => ask_the_time(place, guest, host, at),
        4 => meet_a_neighbour(place, guest, host, at),
        _ => call_the_group(place, guest, host, at),
    }
}

fn ask_for_the_gateway(place: &mut Place, guest: &Guest, host: usize, at: Duration) {
    let gateway = guest.role.gateway();
    place.send(at, End::Host(host), End::Everybody, guest.station.arp_request(gateway.ip));
    let reply = gateway.arp_reply(&guest.station);
    place.send(at + Duration::from_micros(210), End::Core, End::Host(host), reply);
}

fn ping_a_peer(place: &mut Place, guest: &Guest, host: usize, at: Duration) {
    let (peer, far) = peer_of(place, guest);
    let near = End::Host(host);
    let request = guest.station.ping(&peer, Echo::Request, 1);
    place.send(at, near, far, request);
    let reply = peer.ping(&guest.station, Echo::Reply, 1);
    place.send(at + Duration::from_micros(160), far, near, reply);
}

fn send_to_a_peer(place: &mut Place, guest: &Guest, host: usize, at: Duration) {
    const SERVICE: u16 = 7400;
    let (peer, far) = peer_of(place, guest);
    let near = End::Host(host);
    let seconds = u32::try_from(at.as_secs()).expect("ten minutes are short");
    let (sequence, payload) = (1 + seconds * 40, [b'r'; 40]);
    let data = Segment { sequence, acknowledgement: 1, flags: 0x18, payload: &payload };
    let acknowledgement = Segment { sequence: 1, acknowledgement: sequence + 40, flags: 0x10, payload: &[] };
    place.send(at, near, far, guest.station.tcp(&peer, 50_000, SERVICE, &data));
    let frame = peer.tcp(&guest.station, SERVICE, 50_000, &acknowledgement);
    place.send(at + Duration::from_micros(140), far, near, frame);
}

/// The gateway gives the time (RFC 5905): a client's question and a server's answer.
fn ask_the_time(place: &mut Place, guest: &Guest, host: usize, at: Duration) {
    let gateway = guest.role.gateway();
    let (mut question, mut answer) = ([0; 48], [0; 48]);
    question[..4].copy_from_slice(&[0x23, 0, 6, 0xec]);
    answer[..4].copy_from_slice(&[0x24, 2, 6, 0xec]);
    let asked = guest.station.udp(&gateway, 50_123, 123, &question);
    place.send(at, End::Host(host), End::Core, asked);
    let answered = gateway.udp(&guest.station, 123, 50_123, &answer);
    place.send(at + Duration::from_micros(330), End::Core, End::Host(host), answered);
}

fn meet_a_neighbour(place: &mut Place, guest: &Guest, host: usize, at: Duration) {
    let (peer, far) = peer_of(place, guest);
    let near = End::Host(host);
    let after = |micros| at + Duration::from_micros(micros);
    place.send(at, near, End::Everybody, guest.station.solicit(peer.ip6));
    place.send(after(130), far, near, peer.advertise(&guest.station));
    place.send(after(260), near, far, guest.station.ping6(&peer, Echo::Request, 1));
    place.send(after(390), far, near, peer.ping6(&guest.station, Echo::Reply, 1));
}

/// A question by multicast DNS (RFC 6762): which services are there?
fn call_the_group(place: &mut Place, guest: &Guest, host: usize, at: Duration) {
    const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
    let mut question = vec![0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in ["_workstation", "_tcp", "local"] {
        question.push(u8::try_from(label.len()).expect("a label is short"));
        question.extend(label.as_bytes());
    }
    question.extend([0, 0, 12, 0, 1]);
    let frame = guest.station.multicast(GROUP, 5353, &question);
    place.send(at, End::Host(host), End::Everybody, frame);
}

/// Returns a guest of the same VLAN that is always there, and where it is.
fn peer_of(place: &mut Place, guest: &Guest) -> (Station, End) {
    let steady = |peer: &&Guest| {
        peer.role.vid == guest.role.vid
            && peer.is_recorded_running()
            && peer.id != guest.id
            && peer.home_address.is_none()
            && peer.id != ARRIVING.0
            && !BOOTING.iter().any(|(id, _)| *id == peer.id)
            && !story::NAMED.contains(&peer.id.as_str())
    };
    let steady: Vec<&Guest> = place.guests.iter().filter(steady).collect();
    let peer = *place.random.pick(&steady);
    (peer.station.clone(), End::Host(peer.host))
}

/// Captures the two routers: they keep the virtual gateways, advertise themselves and forward.
fn routers(place: &mut Place) {
    for role in ROLES {
        for second in (0..600).step_by(10) {
            let at = Duration::from_secs(second) + Duration::from_millis(role.vid.into());
            let master = role.router(if at < TAKE_OVER { 1 } else { 2 });
            let gateway = role.gateway();
            let advertisement = master.vrrp(role.group(), gateway.mac, gateway.ip);
            place.send(at, End::Core, End::Everybody, advertisement);
            if second % 120 == 0 {
                let advertisement = master.advertise_router(role.ip6(0));
                place.send(at + Duration::from_millis(7), End::Core, End::Everybody, advertisement);
            }
        }
        let taken_over = role.gateway().gratuitous_arp();
        place.send(TAKE_OVER + Duration::from_millis(3), End::Core, End::Everybody, taken_over);
    }
    visitors(place, ROLES[0]);
}

/// Captures visitors of the web guests: many far addresses behind a router's own MAC.
fn visitors(place: &mut Place, web: Role) {
    for visit in 0..200_u64 {
        let at = Duration::from_millis(visit * 2_950 + 400);
        let router = web.router(if at < TAKE_OVER { 1 } else { 2 });
        let far = u8::try_from(1 + place.random.below(250)).expect("below 251");
        let visitor = Ipv4Addr::new(203, 0, 113, far);
        let (station, end) = peer_of(place, &place.guest("web-01"));
        let frame = router.forward(visitor, &station, b"GET / HTTP/3");
        place.send(at, End::Core, end, frame);
    }
}

/// Captures the hosts themselves: neighbour discovery of the link, and their management network.
fn hosts(place: &mut Place) {
    for host in 0..HOSTS {
        let station = host_station(host);
        let name = format!("hv-{:02}", host + 1);
        let port = port_name(host).replace(':', "-");
        let first = place.moment(Duration::ZERO, Duration::from_secs(30));
        for round in 0..20_u32 {
            let at = first + Duration::from_secs(30) * round;
            if at >= END {
                break;
            }
            // LLDP ends at the switch: it is captured there and nowhere else.
            place.send(at, End::Host(host), End::Core, station.lldp(&port, &name));
            if round % 2 == 0 {
                let gateway = management_gateway();
                let asked = station.arp_request(gateway.ip);
                place.send(at + Duration::from_secs(1), End::Host(host), End::Everybody, asked);
                let answered = gateway.arp_reply(&station);
                let later = at + Duration::from_micros(1_000_190);
                place.send(later, End::Core, End::Host(host), answered);
            }
        }
    }
}
