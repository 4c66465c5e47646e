//! A shell as the reader of an example has it: `rpc` is in its PATH, and a server runs.

use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};

use rpc_tests::programs;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tempfile::TempDir;

/// Tells this program to be the server of a child process.
pub const SERVES: &str = "RPC_DOCUMENTED_SERVES";

/// Programs that examples run and this machine need not have.
const STAND_INS: [(&str, &str); 3] = [
    ("zfs", "echo the bytes of a snapshot"),
    // as if the server were elsewhere
    ("ssh", "shift $(($# - 2)); exec \"$@\""),
    ("depot", "exec \"$RPC_DOCUMENTED_SERVER\" --exact a_child_serves --nocapture"),
];

/// A folder, and the address of a server for each that the examples name.
pub struct Shell {
    folder: TempDir,
    servers: Vec<(&'static str, String)>,
}

impl Shell {
    /// Returns `None` if a program is missing that the examples need.
    pub fn new(servers: Vec<(&'static str, String)>) -> Option<Shell> {
        let jq = programs::find("jq")?;
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        for place in [&bin, &folder.path().join(".config/fish/completions"), &folder.path().join(".zfunc")] {
            fs::create_dir_all(place).unwrap();
        }
        fs::create_dir_all(folder.path().join(".local/share/bash-completion/completions")).unwrap();
        symlink(env!("CARGO_BIN_EXE_rpc"), bin.join("rpc")).unwrap();
        // without the colours that it has for a terminal
        let jq = format!("exec {} -M \"$@\"", jq.display());
        for (name, script) in STAND_INS.into_iter().chain([("jq", jq.as_str())]) {
            let path = bin.join(name);
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Some(Shell { folder, servers })
    }

    /// Runs a line. Returns what standard error has, and then what a terminal of 100 columns shows
    /// of standard output.
    pub fn run(&self, line: &str) -> String {
        let line = self.servers.iter().fold(line.to_owned(), |line, (documented, real)| line.replace(documented, real));
        let (mut near, far) = terminal();
        let errors = File::create(self.folder.path().join(".errors")).unwrap();
        let mut child = Command::new("sh")
            .args(["-c", &line])
            .current_dir(self.folder.path())
            .env("PATH", format!("{}/bin:{}", self.folder.path().display(), env::var("PATH").unwrap()))
            .env("HOME", self.folder.path())
            .envs([("COLUMNS", "100"), ("NO_COLOR", "1"), ("TERM", "dumb"), (SERVES, "1")])
            .env("RPC_DOCUMENTED_SERVER", env::current_exe().unwrap())
            .stdin(Stdio::null())
            .stdout(far)
            .stderr(errors)
            .spawn()
            .unwrap();
        let (mut shown, mut piece) = (Vec::new(), [0; 4096]);
        // the end of the other side is an error on Linux
        while let Ok(count @ 1..) = near.read(&mut piece) {
            shown.extend(&piece[..count]);
        }
        child.wait().unwrap();
        let errors = fs::read_to_string(self.folder.path().join(".errors")).unwrap();
        let shown = errors + &String::from_utf8(shown).unwrap().replace("\r\n", "\n");
        self.servers.iter().fold(shown, |shown, (documented, real)| shown.replace(real, documented))
    }

    /// Runs the lines that follow a `$` in a text. Returns it with what they print.
    pub fn transcript(&self, text: &str) -> String {
        let mut transcript = String::new();
        for line in text.lines().filter_map(|line| line.trim_start().strip_prefix("$ ")) {
            transcript += &format!("$ {line}\n{}", self.run(line));
        }
        transcript
    }
}

/// Numbers that differ from run to run, such as times, as `#`.
pub fn without_times(text: &str) -> String {
    let mut shown = String::new();
    for (i, part) in text.split_inclusive([' ', '/', '\n']).enumerate() {
        let number = part.trim_end_matches([' ', '/', '\n', ',']);
        let is_time = number.contains('.') && number.parse::<f64>().is_ok() && i > 0;
        shown += &if is_time { part.replace(number, "#") } else { part.to_owned() };
    }
    shown
}

/// Both ends of a terminal.
fn terminal() -> (File, File) {
    let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&near).unwrap();
    unlockpt(&near).unwrap();
    let name = ptsname(&near, Vec::new()).unwrap().into_string().unwrap();
    (near.into(), File::options().read(true).write(true).open(name).unwrap())
}
