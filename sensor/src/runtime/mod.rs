//! Threads, channels and packet-time ticks around the engine.
