//! Early verdicts: a handler that has seen enough of an upload answers at once, and the client stops sending.

mod fallback;
mod service;
mod stopped_client;
mod stopping_server;
mod uploads;
