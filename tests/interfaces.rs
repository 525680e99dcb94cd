//! Attaches the XDP program to real interfaces, each test in a network namespace of its own.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::sched::{CloneFlags, unshare};
use rollcall::capture::xdp::{Others, XdpError, XdpMode, XdpProgram, XdpSettings};
use rollcall_tests::skip;

/// Runs a test in a thread that is alone in a new network namespace, which ends with it; says loudly where that is not
/// allowed.
fn in_namespace(test: fn() -> Result<()>) -> Result<()> {
    let thread = thread::spawn(move || {
        if let Err(error) = unshare(CloneFlags::CLONE_NEWNET) {
            skip(&format!("the XDP program was attached to no interface: make a network namespace: {error}"));
            return Ok(());
        }
        test()
    });
    thread.join().map_err(|_| anyhow::anyhow!("the test panicked"))?
}

/// Makes a pair of interfaces, `tap` and `peer`. The kernel sends from both when they come up.
fn pair() -> Result<()> {
    ip(&["link", "add", "tap", "type", "veth", "peer", "name", "peer"])?;
    ip(&["link", "set", "tap", "up"])
}

fn ip(arguments: &[&str]) -> Result<()> {
    let status = Command::new("ip").args(arguments).status().context("start `ip`")?;
    ensure!(status.success(), "`ip {}` ended with {status}", arguments.join(" "));
    Ok(())
}

fn load() -> Result<XdpProgram> {
    Ok(XdpProgram::load(&XdpSettings::default(), 1)?)
}

#[test]
fn frames_of_an_interface_are_counted_while_attached_and_no_longer() -> Result<()> {
    in_namespace(|| {
        pair()?;
        let mut program = load()?;
        let attached = program.attach("tap", Others::Refuse)?;
        assert_eq!((attached.mode, attached.refusal.as_deref()), (XdpMode::Native, None));
        ip(&["link", "set", "peer", "up"])?;
        let until = Instant::now() + Duration::from_secs(20);
        while program.counters()?.frames() == 0 {
            ensure!(Instant::now() < until, "no frame came in");
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(program.sweep(None, |_| {})?.rows, 1, "only the peer sends");
        assert!(program.next_punt(|record, _| record.orig_len).is_some());
        // Off again: another one may take its place.
        drop(attached);
        let mut other = load()?;
        other.attach("tap", Others::Refuse)?;
        Ok(())
    })
}

#[test]
fn an_interface_without_driver_support_gets_the_generic_mode() -> Result<()> {
    in_namespace(|| {
        let attached = load()?.attach("lo", Others::Refuse)?;
        assert_eq!(attached.mode, XdpMode::Generic);
        assert!(attached.refusal.is_some());
        Ok(())
    })
}

#[test]
fn another_program_is_named_and_left_where_it_is() -> Result<()> {
    in_namespace(|| {
        pair()?;
        let (mut first, mut second) = (load()?, load()?);
        let attached = first.attach("tap", Others::Refuse)?;
        for others in [Others::Refuse, Others::Replace] {
            let refused = second.attach("tap", others);
            let Err(XdpError::Occupied { interface, other }) = refused else {
                panic!("it must be refused, and is {refused:?}");
            };
            assert_eq!(interface, "tap");
            assert!(other.starts_with("`rollcall`, number "), "{other}");
        }
        drop(attached);
        second.attach("tap", Others::Refuse)?;
        let absent = second.attach("no-such-port", Others::Refuse);
        assert!(matches!(absent, Err(XdpError::NoInterface { .. })), "{absent:?}");
        Ok(())
    })
}
