//! Stopping a server: running calls finish or get an error, it takes no longer than allowed, and
//! nothing is left running.

mod cleaning_up;
mod finishing;
mod listen_queue;
mod load;
mod restart;
mod service;
mod time_bound;
#[cfg(unix)]
mod unix;
mod waiting;
