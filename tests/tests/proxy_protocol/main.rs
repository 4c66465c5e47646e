//! Servers behind a balancer that says who its clients are: who the peer is, what other headers
//! cost, and that nothing which follows a header is lost.

mod bad_headers;
mod header;
mod limits;
mod peers;
mod properties;
mod service;
