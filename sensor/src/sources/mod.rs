//! Where recorded state comes from.
