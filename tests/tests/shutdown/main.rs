//! Stopping a server: what is under way ends well or is told, it takes no longer than it may, and nothing is left behind.

mod bound;
mod finishing;
mod load;
mod queued;
mod restart;
mod service;
#[cfg(unix)]
mod unix;
