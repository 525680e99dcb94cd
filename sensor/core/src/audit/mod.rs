//! Observed against recorded.
