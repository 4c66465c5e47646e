//! Early replies (PROTOCOL.md: early verdict): a handler that has read enough of an upload answers
//! at once, and the client stops sending.

mod client_cannot_look;
mod client_stops;
mod server_answers;
mod server_reads_nothing;
mod service;
mod uploads;
