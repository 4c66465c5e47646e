//! Servers that refuse a whole connection (PROTOCOL.md: refusing a connection): whatever the call
//! is, its caller gets the reason and hears that nothing ran; and whatever the first request is,
//! our server answers it and closes.

mod calls;
mod close;
mod duplex;
mod peers;
mod ping;
mod pipelines;
mod rules;
mod script;
mod server;
mod shared;
mod uploads;
