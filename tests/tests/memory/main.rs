//! How little memory a connection and a stream need.

mod idle;
mod service;
mod streams;

#[global_allocator]
static ALLOCATOR: rpc_tests::heap::Counted = rpc_tests::heap::Counted;
