//! Several callers at once: each gets its own replies, nobody waits for ever, and the limits on connections hold.

mod busy;
mod clients;
mod limit;
mod service;
