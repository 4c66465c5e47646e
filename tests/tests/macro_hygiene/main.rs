//! Generated code means what it says wherever it stands: among types, modules and values that are called like what it
//! uses, without the prelude, behind another name of the crate, inside functions and other macros. That these files
//! compile is most of the test; each service is called once, so that wrong code does not pass for right.

mod surroundings;
mod writing;

use std::thread;

use rpc_core::transport::{MemoryStream, memory_pair};
use rpc_core::{Dispatch, serve_connection};

/// Runs `call` against a client's end of a connection whose other end `server` serves.
fn connected<T>(server: impl Dispatch + Send + 'static, call: impl FnOnce(MemoryStream) -> T) -> T {
    let (near, far) = memory_pair();
    let serving = thread::spawn(move || serve_connection(far, server));
    let outcome = call(near);
    serving.join().expect("serving does not panic").expect("the connection ends in order");
    outcome
}
