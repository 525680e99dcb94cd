//! The configuration file: raw text to checked settings.
