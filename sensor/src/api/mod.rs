//! Answers over HTTP on a listening socket.
//!
//! Serves whatever pages a [`Site`] has; knows nothing of what is on them. Only GET and HEAD are answered, no body of a
//! request is read, and slow clients hold nothing but their own connection.
//!
//! # Bounds
//! [`CONNECTIONS_MAX`] connections at a time; one more is closed at once. The head of a request has
//! [`HEAD_OCTETS_MAX`] octets and [`HEAD_TIME_MAX`] to come; a connection lives for [`CONNECTION_TIME_MAX`].

mod server;

pub use server::{
    CONNECTION_TIME_MAX, CONNECTIONS_MAX, HEAD_OCTETS_MAX, HEAD_TIME_MAX, Page, Site, bind, serve,
};
