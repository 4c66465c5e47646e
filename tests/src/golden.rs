//! The recorded sessions of the original program. They are read in place, and never copied.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The environment variable with their folder.
const VARIABLE: &str = "RPC_GOLDEN_SESSIONS";

/// The environment variable that makes their absence a failure.
const REQUIRED: &str = "RPC_GOLDEN_REQUIRED";

/// One recorded connection.
#[derive(Debug, Clone)]
pub struct Golden {
    /// The folder's name.
    pub name: String,
    /// All bytes from the client.
    pub client: Vec<u8>,
    /// All bytes from the server.
    pub server: Vec<u8>,
}

/// Returns all recorded sessions, sorted by name. If the variable is not set, prints that they are
/// skipped and returns none.
///
/// # Panics
/// If they cannot be read, or if they are required and missing.
pub fn golden_sessions() -> Vec<Golden> {
    let Some(folder) = env::var_os(VARIABLE).map(PathBuf::from) else {
        assert!(env::var_os(REQUIRED).is_none(), "{REQUIRED} is set and {VARIABLE} is not");
        // written directly, because the test harness hides what a passing test prints
        _ = writeln!(io::stderr(), "SKIPPED: {VARIABLE} does not name the folder of the recorded sessions");
        return Vec::new();
    };
    let mut sessions: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{VARIABLE}: {}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.is_dir())
        .map(|path| golden_session(&path))
        .collect();
    assert!(!sessions.is_empty(), "{VARIABLE}: {} contains no session", folder.display());
    sessions.sort_by(|a, b| a.name.cmp(&b.name));
    sessions
}

/// Reads the recording of one connection.
///
/// # Panics
/// If it cannot be read.
pub fn golden_session(folder: &Path) -> Golden {
    let file = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let name = folder.file_name().expect("a folder has a name").to_string_lossy().into_owned();
    Golden { name, client: file("client.bin"), server: file("server.bin") }
}
