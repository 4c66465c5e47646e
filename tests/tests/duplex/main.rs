//! Octets both ways: the two sides never deadlock, whichever is slow, stops or fails.

mod ends;
mod filters;
mod flow;
