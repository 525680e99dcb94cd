//! What the decoder read, as JSON lines to hold against independent truth.
