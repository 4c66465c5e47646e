//! Lines for people on standard error.

use std::io::{Write, stderr};

/// Prints a line on standard error. If that cannot be written, there is nobody to tell.
pub(crate) fn say(line: &str) {
    _ = writeln!(stderr(), "{line}");
}
