//! What happens to each guest: a random sequence of acts, ordinary ones and ones that go wrong.
//!
//! An act moves guests and changes records; what is a discrepancy by that is not for it to say ([`super::truth`] does).
//! Between what must raise something and what must not there is always a margin: an absence lasts far less than the time to
//! live or far more, records lag far less than their grace or far more. At the edge itself the sensor may say either.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::dice::Dice;
use super::guest::{Begin, Borrowing, Guest, Net, Record, Run, State};
use super::settings::Settings;
use super::site::{OVERLAYS, Site, VLANS};

/// Nothing new begins this long before the end, so that the last act is seen through.
const CURTAIN: Duration = Duration::from_secs(40);

/// Draws all guests of a data centre with their lives.
pub(super) fn guests(
    count: usize,
    end: Duration,
    site: &Site,
    settings: &Settings,
    dice: &mut Dice,
) -> Vec<Guest> {
    let mut guests: Vec<Guest> =
        (0..count).map(|number| Script::play(number, end, site, settings, dice)).collect();
    borrow_addresses(&mut guests, end, dice);
    guests
}

/// The life of one guest in the making.
struct Script<'a> {
    dice: &'a mut Dice,
    site: &'a Site,
    settings: Settings,
    end: Duration,
    now: Duration,
    /// Where it runs, since when, and how that began.
    here: Option<(usize, Duration, Begin)>,
    guest: Guest,
}

impl<'a> Script<'a> {
    fn play(number: usize, end: Duration, site: &'a Site, settings: &Settings, dice: &'a mut Dice) -> Guest {
        let net =
            if dice.percent(30) { Net::Overlay(dice.pick(&OVERLAYS)) } else { Net::Vlan(dice.pick(&VLANS)) };
        let mut guest = Guest::new(number, net, true);
        // A clone is told from a move only where both talk often enough.
        let is_busy = dice.percent(20);
        let (low, high) = if is_busy {
            (Duration::from_millis(1_200), Duration::from_millis(2_400))
        } else {
            (settings.ttl / 50, settings.ttl / 18)
        };
        guest.period = dice.span(low, high);
        let mut script =
            Self { dice, site, settings: *settings, end, now: Duration::ZERO, here: None, guest };
        match script.dice.below(100) {
            0..8 => script.stranger(number),
            8..15 => script.kept_off(),
            15..20 => script.never_started(),
            20..26 => script.begins_astray(),
            26..38 => script.steady(),
            _ => script.eventful(is_busy),
        }
        script.halt_at(end);
        script.guest
    }

    fn wait(&mut self, low: u64, high: u64) {
        let span = self.dice.secs(low, high);
        self.pass(span);
    }

    fn pass(&mut self, span: Duration) {
        self.now = (self.now + span).min(self.end);
    }

    /// Passes a part of the time to live from `low` to `high` hundredths.
    fn pass_of_ttl(&mut self, low: u32, high: u32) {
        let ttl = self.settings.ttl;
        let span = self.dice.span(ttl * low / 100, ttl * high / 100);
        self.pass(span);
    }

    fn is_over(&self) -> bool {
        self.now + CURTAIN >= self.end
    }

    fn boot(&mut self, host: usize) {
        self.begin(host, Begin::Boot);
    }

    fn begin(&mut self, host: usize, begin: Begin) {
        if self.here.is_none() && self.now < self.end {
            self.here = Some((host, self.now, begin));
        }
    }

    fn halt(&mut self) {
        self.halt_at(self.now);
    }

    fn halt_at(&mut self, until: Duration) {
        if let Some((host, from, begin)) = self.here.take()
            && from < until
        {
            self.guest.runs.push(Run { host, from, until, begin });
        }
    }

    /// Goes to another host without more than a blink, announced there or not.
    fn migrate(&mut self, to: usize) {
        self.halt();
        let blink = self.dice.span(Duration::from_millis(20), Duration::from_millis(300));
        self.pass(blink);
        let begin = if self.dice.percent(75) { Begin::Migrated } else { Begin::Quiet };
        self.begin(to, begin);
    }

    fn record(&mut self, record: Option<Record>) {
        if self.now < self.end {
            self.guest.records.push((self.now, record));
        }
    }

    fn new_record(&self, state: State, host: usize) -> Record {
        Record { state, host, name: self.guest.id.clone(), ip: self.guest.station.ip }
    }

    fn last_record(&self) -> Option<Record> {
        self.guest.records.last().and_then(|(_, record)| record.clone())
    }

    /// Changes what is recorded, if anything is.
    fn amend(&mut self, change: impl FnOnce(&mut Record)) {
        if let Some(mut record) = self.last_record() {
            change(&mut record);
            self.record(Some(record));
        }
    }

    fn amend_state(&mut self, state: State) {
        self.amend(|record| record.state = state);
    }

    fn amend_host(&mut self, host: usize) {
        self.amend(|record| record.host = host);
    }

    fn any_host(&mut self) -> usize {
        self.dice.below(self.site.hosts.len())
    }

    fn other_host(&mut self, than: usize) -> usize {
        self.site.other_host(than, self.dice)
    }

    /// Nobody recorded it: it comes and goes, and may be recorded at last.
    fn stranger(&mut self, number: usize) {
        if self.dice.percent(40) {
            let period = self.guest.period;
            self.guest = Guest { period, ..Guest::new(number, self.guest.net, false) };
        }
        self.record(None);
        self.wait(20, 400);
        while !self.is_over() {
            let host = self.any_host();
            self.boot(host);
            self.wait(60, 500);
            if self.guest.in_prefix && self.dice.percent(30) && !self.is_over() {
                let record = self.new_record(State::Running, host);
                self.record(Some(record));
                self.wait(100, 200);
                return self.acts(false);
            }
            self.halt();
            self.pass_of_ttl(150, 250);
            if self.dice.percent(40) {
                break;
            }
        }
    }

    /// Recorded as off, it stays so or is switched on behind everybody's back.
    fn kept_off(&mut self) {
        let host = self.any_host();
        let record = self.new_record(State::Off, host);
        self.record(Some(record));
        if self.dice.percent(40) {
            return;
        }
        self.wait(30, 500);
        while !self.is_over() {
            self.boot(host);
            self.wait(30, 400);
            if self.dice.percent(30) && !self.is_over() {
                self.amend_state(State::Running);
                self.wait(90, 200);
                return self.acts(false);
            }
            self.halt();
            self.pass_of_ttl(150, 250);
        }
    }

    /// Recorded as running and not there when the capture begins; it may come late.
    fn never_started(&mut self) {
        let host = self.any_host();
        let record = self.new_record(State::Running, host);
        self.record(Some(record));
        self.pass_of_ttl(150, 300);
        if self.dice.percent(60) && !self.is_over() {
            self.boot(host);
            self.wait(90, 200);
            self.acts(false);
        }
    }

    /// At another host than recorded from its first frame on.
    fn begins_astray(&mut self) {
        let host = self.any_host();
        let record = self.new_record(State::Running, host);
        self.record(Some(record));
        self.wait(5, 100);
        let other = self.other_host(host);
        self.boot(other);
        self.wait(60, 300);
        if self.is_over() {
            return;
        }
        if self.dice.percent(50) {
            self.migrate(host);
        } else {
            self.amend_host(other);
        }
        self.wait(120, 200);
        self.acts(false);
    }

    /// Nothing ever happens to it, but that its record has a twin.
    fn steady(&mut self) {
        self.settle_in();
        self.guest.has_twin = self.dice.percent(40);
    }

    fn eventful(&mut self, is_busy: bool) {
        self.settle_in();
        self.wait(20, 300);
        self.acts(is_busy);
    }

    /// It runs and is recorded so from the beginning.
    fn settle_in(&mut self) {
        let host = self.any_host();
        let record = self.new_record(State::Running, host);
        self.record(Some(record));
        let late = self.dice.span(Duration::ZERO, self.guest.period);
        self.pass(late);
        self.begin(host, Begin::Quiet);
    }

    /// Acts of a guest that runs where it is recorded, to the end. Each ends in that state again.
    fn acts(&mut self, is_busy: bool) {
        while !self.is_over() {
            let Some((host, ..)) = self.here else { return };
            match self.dice.below(if is_busy { 22 } else { 17 }) {
                0 | 1 => self.crash(host),
                2 => self.power_cycle(host),
                3 => self.restart_elsewhere(host),
                4 | 5 => self.stray(host),
                6 | 7 => self.move_in_order(host),
                8 => self.migrate_by_state(host),
                9 => self.switch_off_in_order(host),
                10 => self.zombie(),
                11 => self.be_forgotten(host),
                12 => self.wrong_record(host),
                13 => self.rename(),
                14 => self.readdress(),
                15 => self.wait(100, 400),
                16 => self.decommission(host),
                _ => self.clone_away(host),
            }
            self.wait(90, 260);
        }
    }

    /// Falls silent; comes back, or is recorded as off before it does.
    fn crash(&mut self, host: usize) {
        self.halt();
        self.pass_of_ttl(160, 260);
        if self.is_over() {
            return;
        }
        if self.dice.percent(40) {
            self.amend_state(State::Off);
            self.wait(60, 200);
            self.amend_state(State::Running);
            self.wait(10, 40);
        }
        self.boot(host);
    }

    /// Off and on again sooner than anybody would miss it.
    fn power_cycle(&mut self, host: usize) {
        self.halt();
        self.pass_of_ttl(5, 55);
        self.boot(host);
    }

    /// Its host lets it down; it is started on another, and the records follow.
    fn restart_elsewhere(&mut self, host: usize) {
        let other = self.other_host(host);
        self.halt();
        self.pass_of_ttl(5, 50);
        self.boot(other);
        self.wait(2, 40);
        self.amend_host(other);
    }

    /// Moves, and nobody records it for long.
    fn stray(&mut self, host: usize) {
        let other = self.other_host(host);
        self.migrate(other);
        self.wait(110, 300);
        if self.is_over() {
            return;
        }
        if self.dice.percent(50) {
            self.migrate(host);
        } else {
            self.amend_host(other);
        }
        self.wait(60, 90);
    }

    /// Moves, and the records follow soon.
    fn move_in_order(&mut self, host: usize) {
        let other = self.other_host(host);
        self.migrate(other);
        self.wait(1, 40);
        self.amend_host(other);
    }

    /// Moves while it is recorded as migrating.
    fn migrate_by_state(&mut self, host: usize) {
        let other = self.other_host(host);
        self.amend_state(State::Migrating);
        self.wait(1, 30);
        self.migrate(other);
        self.wait(1, 200);
        self.amend(|record| (record.state, record.host) = (State::Running, other));
    }

    /// Switched off and on as it should be.
    fn switch_off_in_order(&mut self, host: usize) {
        if self.dice.percent(50) {
            self.amend_state(State::Off);
            self.wait(0, 80);
            self.halt();
        } else {
            self.halt();
            self.pass_of_ttl(10, 50);
            self.amend_state(State::Off);
        }
        self.pass_of_ttl(130, 300);
        if self.is_over() {
            return;
        }
        self.amend_state(State::Running);
        self.pass_of_ttl(10, 55);
        self.boot(host);
    }

    /// Recorded as off, and runs on.
    fn zombie(&mut self) {
        self.amend_state(State::Off);
        self.wait(160, 400);
        if self.is_over() {
            return;
        }
        if self.dice.percent(50) {
            self.halt();
            self.pass_of_ttl(150, 250);
            self.amend_state(State::Running);
            self.pass_of_ttl(10, 50);
            if let Some(record) = self.last_record() {
                self.boot(record.host);
            }
        } else {
            self.amend_state(State::Running);
        }
    }

    /// Its record is lost and found.
    fn be_forgotten(&mut self, host: usize) {
        self.record(None);
        self.wait(30, 300);
        let record = self.new_record(State::Running, host);
        self.record(Some(record));
    }

    /// Switched off, and its record taken away; later it is set up anew.
    fn decommission(&mut self, host: usize) {
        self.halt();
        self.pass_of_ttl(10, 50);
        self.record(None);
        self.pass_of_ttl(120, 200);
        if !self.is_over() {
            let record = self.new_record(State::Running, host);
            self.record(Some(record));
            self.pass_of_ttl(10, 55);
            self.boot(host);
        }
    }

    /// The record names another host for a while.
    fn wrong_record(&mut self, host: usize) {
        let other = self.other_host(host);
        self.amend_host(other);
        self.wait(110, 300);
        self.amend_host(host);
    }

    fn rename(&mut self) {
        let suffix = self.dice.bits() % 1000;
        self.amend(|record| record.name = format!("renamed-{suffix:03}"));
    }

    /// Gets another address, in the records as well.
    fn readdress(&mut self) {
        let [a, b, c, d] = self.guest.station.ip.octets();
        let ip = Ipv4Addr::new(a, b | 0x80, c, d);
        self.amend(|record| record.ip = ip);
    }

    /// A copy of it runs elsewhere for a while; the original may die first.
    fn clone_away(&mut self, host: usize) {
        let other = self.other_host(host);
        let from = self.now;
        let begin = if self.dice.percent(50) { Begin::Boot } else { Begin::Quiet };
        self.wait(60, 240);
        if self.dice.percent(70) {
            self.guest.runs.push(Run { host: other, from, until: self.now, begin });
            return;
        }
        self.halt();
        self.here = Some((other, from, begin));
        self.wait(120, 240);
        if !self.is_over() {
            self.amend_host(other);
        }
    }
}

/// Some guests use an address of another for a while, by mistake.
fn borrow_addresses(guests: &mut [Guest], end: Duration, dice: &mut Dice) {
    let count = guests.len() / 12;
    for _ in 0..count {
        let lender = dice.below(guests.len());
        let from = dice.span(Duration::from_secs(60), end);
        let until = (from + dice.secs(100, 300)).min(end);
        if from + CURTAIN * 2 > until || !matches!(guests[lender].net, Net::Vlan(_)) {
            continue;
        }
        let same_net = |other: &usize| *other != lender && guests[*other].net == guests[lender].net;
        let others: Vec<usize> = (0..guests.len()).filter(same_net).collect();
        if others.is_empty() || !guests[lender].borrowings.is_empty() {
            continue;
        }
        let borrower = dice.pick(&others);
        let ip = guests[lender].station.ip;
        if guests[borrower].borrowings.is_empty() {
            guests[borrower].borrowings.push(Borrowing { ip, from, until });
        }
    }
}
