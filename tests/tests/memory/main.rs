//! How little memory a connection, a stream and a crowd of connections need, and how much a request of JSON.

mod idle;
mod json;
#[cfg(target_os = "linux")]
mod many_connections;
mod service;
mod streams;

#[global_allocator]
static ALLOCATOR: rpc_tests::heap::Counted = rpc_tests::heap::Counted;
