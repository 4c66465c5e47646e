//! Trailers: a stream whose source fails ends at that byte with the reason, and the connection
//! stays usable.

mod client_source;
mod details;
mod frames;
mod hostile_client;
mod hostile_server;
mod json;
mod server_source;
mod service;
