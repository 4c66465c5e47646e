//! Trailers: a stream whose source fails ends at that very byte with the reason, and the connection goes on.

mod details;
mod frames;
mod from_client;
mod from_server;
mod hostile_client;
mod hostile_server;
mod json;
mod service;
