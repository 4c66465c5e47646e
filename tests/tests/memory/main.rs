//! How little memory a stream needs.

mod service;
mod streams;

#[global_allocator]
static ALLOCATOR: rpc_tests::heap::Counted = rpc_tests::heap::Counted;
