use std::io;

use thiserror::Error;

use super::{Batch, Blocks};
use rollcall_core::types::{CapturePoint, Frame};

/// Whether a source will give more frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum More {
    /// The batch holds at least one frame; ask again.
    Yes,
    /// The batch is empty and every later one would be.
    End,
}

/// Who takes frames as they come.
pub trait Visitor {
    /// Takes the next frames, all of them. `first` is the ordinal of the first in the run, from 1; `new_points` appear
    /// with them for the first time.
    fn visit<'a>(&mut self, new_points: &[CapturePoint], first: u64, frames: impl Iterator<Item = Frame<'a>>);
}

/// How many frames are noted in one go where nobody else waits for them: so few that their records and headers are
/// still in the first-level cache when the next pass comes to them.
const FRAMES_AT_ONCE: usize = 64;

/// Anything that gives frames, in the order in which they are to be handled.
pub trait FrameSource: Send {
    /// Replaces the contents of `batch` with the next frames: with about `frames_max` of them where the source
    /// can leave the others in the buffer, in which case the next call needs the same batch.
    ///
    /// Few frames at a time let each stay in the first-level cache from one pass over it to the next; who hands
    /// batches on to others takes as many as there are ([`usize::MAX`]). Files never wait; standard input returns
    /// with what one read gave, so that a slow pipe is followed.
    ///
    /// # Errors
    /// Returns a [`SourceError`] when the source as a whole cannot go on. A damaged capture file is no error
    /// here: its [`Diagnostic`](super::Diagnostic) is in the facts of the file.
    fn next_batch(&mut self, batch: &mut Batch, frames_max: usize) -> Result<More, SourceError>;

    /// Returns the frames in blocks that several threads can read at once, where the source has such and nothing of it has
    /// been read; then all of it is read so.
    fn blocks(&mut self) -> Option<Blocks<'_>> {
        None
    }

    /// Hands the next frames to a visitor; each call needs the same batch, whose buffer they lie in.
    ///
    /// # Errors
    /// As [`FrameSource::next_batch`].
    fn visit_next(&mut self, batch: &mut Batch, visitor: &mut impl Visitor) -> Result<More, SourceError>
    where
        Self: Sized,
    {
        self.visit_batch(batch, visitor)
    }

    /// Does the same with frames that are noted in the batch first, which every source can.
    ///
    /// # Errors
    /// As [`FrameSource::next_batch`].
    fn visit_batch(&mut self, batch: &mut Batch, visitor: &mut impl Visitor) -> Result<More, SourceError>
    where
        Self: Sized,
    {
        let more = self.next_batch(batch, FRAMES_AT_ONCE)?;
        if more == More::Yes {
            visitor.visit(batch.new_points(), batch.first_frame(), batch.frames());
        }
        Ok(more)
    }
}

/// Why a source cannot be opened or cannot go on.
#[derive(Debug, Error)]
pub enum SourceError {
    /// The file is not there or may not be read.
    #[error("open capture `{name}`")]
    Open {
        /// The file as the user named it.
        name: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The directory cannot be listed.
    #[error("list captures in `{name}`")]
    List {
        /// The directory as the user named it.
        name: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The directory has no capture in it.
    #[error(
        "find a capture in `{name}`: the directory holds no capture (name a capture file, or `-` for standard input)"
    )]
    NoCapture {
        /// The directory as the user named it.
        name: String,
    },
    /// The batch is not the one in which frames were left.
    #[error(
        "go on reading in another batch than the one that holds the rest of the block (this is a defect: please report it)"
    )]
    OtherBatch,
    /// Standard input was named twice.
    #[error("read standard input twice (name `-` once)")]
    StandardInputTwice,
}
