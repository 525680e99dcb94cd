//! What happened beside the wire while a capture was made: a file with one JSON object a line, in the order of time.
//!
//! Turns the lines into inputs with their times, for a replay to take in when packet time comes to them. Every line is read
//! before the replay begins, so that whatever is wrong with any of them is told at once. Does not know what the
//! inputs do. Bounded by the length of a text; what the inventories hold is in memory as a whole.

mod read;
mod tables;
#[cfg(test)]
mod tests;

pub use read::{OPERATOR_WORDS, Operator, Timed, Timeline, What, load};
