//! Calls that a token cancels: wherever they wait, they end, and the error says what may have run.
//! Where nothing ended the wait, these tests would hang.

mod connections;
mod reports;
mod service;
mod shared;
#[cfg(unix)]
mod sources;
mod streams;
mod stress;
mod waits;
