//! How little memory a connection, a stream and a crowd of connections need.

#[cfg(target_os = "linux")]
mod crowd;
mod idle;
mod service;
mod streams;

#[global_allocator]
static ALLOCATOR: rpc_tests::heap::Counted = rpc_tests::heap::Counted;
