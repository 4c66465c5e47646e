//! How much memory a connection, a stream, thousands of connections and a JSON request need.

mod idle;
mod json;
#[cfg(target_os = "linux")]
mod many_connections;
mod service;
mod streams;
mod values;

#[global_allocator]
static ALLOCATOR: rpc_tests::heap::Counted = rpc_tests::heap::Counted;
