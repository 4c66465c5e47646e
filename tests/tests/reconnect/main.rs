//! Connections that end under a client: what is replaced, what is tried again, and what is not.

mod back_off;
mod idle;
mod retry;
mod script;
mod stress;
