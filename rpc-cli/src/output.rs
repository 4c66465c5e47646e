//! Standard output.

use std::io::{ErrorKind, Write, stdout};

use crate::failure::{Code, Failure};

/// Prints `text`, without a line break of its own.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::new(Code::ClosedOutput, ""),
        _ => Failure::new(Code::Here, format!("standard output: {error}")),
    })
}
