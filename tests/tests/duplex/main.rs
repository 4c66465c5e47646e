//! Octets both ways: neither side ever waits for the other's wait, whoever is slow, stops or fails.

mod ends;
mod filters;
mod flow;
