//! The two halves that the outside drives.
