//! What an observer is told of connections and calls: once each, and exactly what was on the wire.

mod client_bytes;
mod client_calls;
mod client_connections;
mod client_panics;
mod client_pipeline;
mod client_shared;
mod client_streams;
mod client_waits;
mod depot;
mod recorder;
mod scripted;
mod server_calls;
mod server_connections;
