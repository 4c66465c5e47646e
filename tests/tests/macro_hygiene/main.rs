//! Generated code works wherever it is: among types, modules and values with the names that it
//! uses, without the prelude, with the crate under another name, inside functions and other macros.
//! That these files compile is most of the test; each service is also called once, so that wrong
//! code does not pass.

mod surroundings;
mod writing;

use std::thread;

use rpc_core::transport::{MemoryStream, memory_pair};
use rpc_core::{Dispatch, serve_connection};

/// Runs `call` with the client's end of a connection to `server`.
fn connected<T>(server: impl Dispatch + Send + 'static, call: impl FnOnce(MemoryStream) -> T) -> T {
    let (near, far) = memory_pair();
    let serving = thread::spawn(move || serve_connection(far, server));
    let outcome = call(near);
    serving.join().expect("the server does not panic").expect("the connection ends in order");
    outcome
}
