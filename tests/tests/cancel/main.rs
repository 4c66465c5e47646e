//! Cancels: a stream that is dropped before its end stops its server, and the connection serves the
//! next call.

mod budget;
mod dropped;
mod from_client;
mod late;
mod server;
mod service;
