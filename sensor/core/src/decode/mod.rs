//! Bytes to layers: zero-copy views of one frame.
