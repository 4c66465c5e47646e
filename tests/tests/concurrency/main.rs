//! Several callers at once: each gets its own replies, none waits forever, and the limits on
//! connections hold.

mod busy;
mod clients;
mod limit;
mod service;
