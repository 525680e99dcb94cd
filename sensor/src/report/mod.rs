//! What a replay found, for people and for machines.
