//! Layers to evidence.
