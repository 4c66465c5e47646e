//! Stopping a server: what is under way ends well or is told, it takes no longer than it may, and nothing is left behind.

mod finishing;
mod listen_queue;
mod load;
mod restart;
mod service;
mod time_bound;
#[cfg(unix)]
mod unix;
