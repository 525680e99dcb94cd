//! The rules of workflows: files and folders, or those that are shipped, to a checked set; and their tests.
//!
//! Texts are read by `text`, judged by `rules` of the core; what is wrong comes back as problems with their lines. A test
//! of a rule is a text as well ([`testing`]): what becomes of a discrepancy, and the effects that must follow. Does not
//! perform anything.

mod load;
mod nodes;
mod shipped;
pub mod testing;

pub use load::{Loaded, Place, load};
pub use shipped::SHIPPED;
