//! Metric names, registry and exposition.
