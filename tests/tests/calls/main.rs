//! Ordinary calls through the macro, over TCP: every shape of a method, and what happens if
//! something does not fit.

mod ends;
mod errors;
mod failed_streams;
mod fixture;
mod json;
mod numbers;
mod panics;
mod panics_of_values;
mod panics_outside;
mod streams;
mod unread;
mod value_and_stream;
