//! Tells changes of discrepancies as they happen, without holding up those who find them.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};

use anyhow::Context as _;
use crossbeam_channel::{Receiver, Sender, bounded};
use rollcall_core::audit::AuditEvent;

use super::outside::Shared;
use crate::config::Target;
use crate::process::drop_all;
use crate::report::DiscrepancyEventRecord;

/// How many events wait for a reader that is slow; more are lost and counted.
const EVENTS_WAITING_MAX: usize = 16_384;

/// Where events are told, on a thread of its own.
pub(super) struct EventWriter {
    writing: Option<(Sender<AuditEvent>, JoinHandle<()>)>,
    shared: Arc<Shared>,
}

/// Opens the file that events are told in, while it may still be opened.
pub(super) fn open(target: &Target) -> anyhow::Result<Option<File>> {
    Ok(match target {
        Target::Nowhere => None,
        // Not by way of the locked standard output, which the main thread holds.
        Target::StandardOutput => {
            let copy =
                io::stdout().as_fd().try_clone_to_owned().context("write events to standard output")?;
            Some(File::from(copy))
        }
        Target::File(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            Some(file.with_context(|| format!("write events to `{}`", path.display()))?)
        }
    })
}

impl EventWriter {
    /// Starts the thread, which must not be before the process has become another user: that concerns all threads at once.
    pub(super) fn start(file: Option<File>, shared: Arc<Shared>) -> Self {
        let writing = file.map(|file| {
            let (sender, events) = bounded(EVENTS_WAITING_MAX);
            (sender, thread::spawn(move || write(file, &events)))
        });
        Self { writing, shared }
    }

    pub(super) fn tell(&self, event: &AuditEvent) {
        if let Some((sender, _)) = &self.writing
            && sender.try_send(event.clone()).is_err()
        {
            self.shared.events_lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until everything is written.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        if let Some((sender, thread)) = self.writing {
            drop(sender);
            thread.join().map_err(|_| anyhow::anyhow!("write events: the thread panicked"))?;
        }
        Ok(())
    }
}

fn write(file: File, events: &Receiver<AuditEvent>) {
    if let Err(error) = drop_all() {
        tracing::error!(thread = "events", %error, "capabilities cannot be given up");
    }
    let mut file = BufWriter::new(file);
    let mut told = Ok(());
    while let Ok(event) = events.recv() {
        told = told.and_then(|()| {
            serde_json::to_writer(&mut file, &DiscrepancyEventRecord::new(&event))?;
            writeln!(file)?;
            // Who looks on sees each at once; of many that come together the last is enough.
            if events.is_empty() { file.flush() } else { Ok(()) }
        });
        if let Err(error) = &told {
            // Events that come from now on find no room and are counted as lost.
            tracing::error!(%error, "events cannot be written any more");
            return;
        }
    }
}
