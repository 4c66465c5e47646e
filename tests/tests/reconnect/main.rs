//! Connections that end while a client has them: what is replaced, what is retried, and what is
//! not.

mod back_off;
mod idle;
mod retry;
mod script;
mod stress;
mod texts;
