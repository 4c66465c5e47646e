//! Programs that some tests need and not every machine has.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The environment variable that makes the absence of a program a failure.
const REQUIRED: &str = "RPC_REQUIRE_PROGRAMS";

/// Returns where a program is: in a folder of `PATH`, or in `/usr/sbin`, which is often not one. If
/// it is in none, prints that the test is skipped and returns `None`.
///
/// # Panics
/// If it is not there and programs are required.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([Path::new("/usr/sbin").to_owned()]);
    let found = folders.map(|folder| folder.join(program)).find(|place| place.is_file());
    if found.is_none() {
        assert!(env::var_os(REQUIRED).is_none(), "{REQUIRED} is set and {program} is not installed");
        // written directly, because the test harness hides what a passing test prints
        _ = writeln!(io::stderr(), "skipped: {program} is not installed");
    }
    found
}
