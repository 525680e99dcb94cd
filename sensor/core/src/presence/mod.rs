//! Evidence to belief.
