//! What a storm costs: 100,000 members have the same trouble within ten seconds, and are well again.
//!
//! Used by `cargo xtask bench storm`. Everything is made in memory, so that nothing but the streams is measured. The members
//! are guests of one host in a rack of a datacentre; with `--hosts N` of N hosts in turn. A tick passes each second, and
//! every event is taken. Prints for each step nanoseconds for a member, then octets on the heap for a member and for a
//! like, then how many posts there are, sums among them, and the title that the administrators read.

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rollcall_core::recorded::rows::{GuestRow, HostRow, NodeRow, Text};
use rollcall_core::recorded::{Position, Snapshot, SnapshotBuilder};
use rollcall_core::streams::{
    Input, MemberId, MemberKind, Post, Report, Severity, Speaker, StreamSettings, Streams,
};
use rollcall_core::types::{StreamLimits, Timestamp};
use rollcall_tests::counting::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MEMBERS: u32 = 100_000;
const SECONDS: u32 = 10;

fn main() -> Result<()> {
    let mut hosts = 1;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--hosts" => hosts = words.next().context("say how many hosts")?.parse()?,
            _ => bail!("usage: storm [--hosts N]"),
        }
    }
    ensure!(hosts > 0, "there is at least one host");
    let snapshot = inventory(hosts);
    let empty = ALLOCATOR.live_octets();
    let mut streams = Streams::new(StreamSettings::default(), StreamLimits::default(), 0);
    let started = Instant::now();
    streams.submit(Timestamp::MIN, Input::Recorded(snapshot));
    let load = started.elapsed();
    let members: Vec<MemberId> = (0..MEMBERS)
        .map(|guest| {
            streams.members().find(MemberKind::Guest, &name(guest)).context("every guest is a member")
        })
        .collect::<Result<_>>()?;
    let listed = (members.capacity() * size_of::<MemberId>()) as u64;
    let known = ALLOCATOR.live_octets() - listed;
    let storm = drive(&mut streams, 0, |index| {
        let member = members.get(index as usize).copied()?;
        Some(Input::Report(Box::new(trouble(member))))
    });
    let told = ALLOCATOR.live_octets() - listed;
    ensure!(streams.posts().iter().map(|post| u64::from(post.reports)).max() == Some(u64::from(MEMBERS)));
    let top = streams.members().top();
    let line = streams.posts().of_stream(top).next().map(|post| streams.title(post)).unwrap_or_default();
    let (posts, sums) = (streams.posts().len(), streams.posts().iter().filter(|post| is_sum(post)).count());
    let calm = drive(&mut streams, SECONDS, |index| {
        let member = members.get(index as usize).copied()?;
        Some(Input::End { member, matter: 1, why: "it is well".into() })
    });
    ensure!(streams.posts().iter().all(|post| !post.is_open()), "all of it resolves");
    let each = |time: Duration| time.as_nanos() / u128::from(MEMBERS);
    println!("{} {} {}", each(load), each(storm), each(calm));
    println!("{} {}", (known - empty) / u64::from(MEMBERS), (told - known) / u64::from(MEMBERS));
    println!("{posts} {sums}");
    println!("{line}");
    Ok(())
}

fn is_sum(post: &Post) -> bool {
    post.theme.is_aggregated()
}

/// Gives one input for each member within ten seconds, with a tick each second; returns what it took.
fn drive(streams: &mut Streams, from: u32, input: impl Fn(u32) -> Option<Input>) -> Duration {
    let mut took = Duration::ZERO;
    for second in 0..SECONDS {
        let now = Timestamp::from_secs_nanos(1_000_000 + i64::from(from + second), 0);
        let share = MEMBERS / SECONDS;
        let inputs: Vec<Input> = (second * share..(second + 1) * share).filter_map(&input).collect();
        let started = Instant::now();
        for input in inputs {
            streams.submit(now, input);
            while streams.poll().is_some() {}
        }
        streams.tick(now);
        while streams.poll().is_some() {}
        took += started.elapsed();
    }
    took
}

fn trouble(member: MemberId) -> Report {
    Report {
        member,
        matter: 1,
        what: "storage-unreachable".into(),
        title: "Storage unreachable".into(),
        body: "nfs-1 does not answer".into(),
        severity: Severity::Critical,
        category: "storage".into(),
        hashtags: vec!["storage".into()],
        links: Vec::new(),
        speaker: Speaker::Itself,
        stream: None,
    }
}

fn name(guest: u32) -> String {
    format!("guest-{guest:06}")
}

fn inventory(hosts: u32) -> Arc<Snapshot> {
    let text = |value: String| Text::new(value, Position::default());
    let mut builder = SnapshotBuilder::new();
    for (id, kind, parent) in [("dc-1", "datacentre", None), ("rack-1", "rack", Some("dc-1"))] {
        builder.node(NodeRow {
            id: Some(text(id.to_owned())),
            kind: Some(text(kind.to_owned())),
            parent: parent.map(|parent| text(parent.to_owned())),
            ..NodeRow::default()
        });
    }
    for host in 0..hosts {
        builder.host(HostRow {
            id: Some(text(format!("hv-{host:04}"))),
            parent: Some(text("rack-1".to_owned())),
            ..HostRow::default()
        });
    }
    for guest in 0..MEMBERS {
        let [_, b, c, d] = guest.to_be_bytes();
        builder.guest(GuestRow {
            id: Some(text(name(guest))),
            macs: vec![text(format!("52:54:00:{b:02x}:{c:02x}:{d:02x}"))],
            host: Some(text(format!("hv-{:04}", guest % hosts))),
            state: Some(text("running".to_owned())),
            ..GuestRow::default()
        });
    }
    Arc::new(builder.finish().snapshot)
}
