//! A shell as the reader of an example has it: `rpc` is in its PATH, and a server runs.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Child, ChildStderr, Command, Stdio};

use rpc_tests::programs;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tempfile::TempDir;

/// Tells this program to be the server of a child process.
pub const SERVES: &str = "RPC_DOCUMENTED_SERVES";

/// Where the sockets of examples are.
const SOCKETS: &str = "unix:///tmp/";

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
    fn run(&self, line: &str) -> String {
        self.finish(self.begin(line))
    }

    fn begin(&self, line: &str) -> Running {
        let line = self.servers.iter().fold(line.to_owned(), |line, (documented, real)| line.replace(documented, real));
        // no other test has these sockets
        let line = line.replace(SOCKETS, &self.sockets());
        let (near, far) = terminal();
        let mut child = Command::new("sh")
            .args(["-c", &line])
            .current_dir(self.folder.path())
            .env("PATH", format!("{}/bin:{}", self.folder.path().display(), env::var("PATH").unwrap()))
            .env("HOME", self.folder.path())
            .envs([("COLUMNS", "100"), ("NO_COLOR", "1"), ("TERM", "dumb"), (SERVES, "1")])
            .env("RPC_DOCUMENTED_SERVER", env::current_exe().unwrap())
            .stdin(Stdio::null())
            .stdout(far)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        Running { child, near, errors, shown: String::new() }
    }

    fn finish(&self, running: Running) -> String {
        let Running { mut child, mut near, mut errors, mut shown } = running;
        let (mut printed, mut piece) = (Vec::new(), [0; 4096]);
        // the end of the other side is an error on Linux
        while let Ok(count @ 1..) = near.read(&mut piece) {
            printed.extend(&piece[..count]);
        }
        child.wait().unwrap();
        errors.read_to_string(&mut shown).unwrap();
        shown += &String::from_utf8(printed).unwrap().replace("\r\n", "\n");
        let shown = shown.replace(&self.sockets(), SOCKETS);
        self.servers.iter().fold(shown, |shown, (documented, real)| shown.replace(real, documented))
    }

    fn sockets(&self) -> String {
        format!("unix://{}/", self.folder.path().display())
    }

    /// Runs the lines that follow a `$` in a text. Returns the text with what they print. A line
    /// that ends with `&` runs beside the next ones, which begin when it listens, up to a `wait`.
    pub fn transcript(&self, text: &str) -> String {
        let (mut transcript, mut beside) = (String::new(), Vec::new());
        for line in text.lines().filter_map(|line| line.trim_start().strip_prefix("$ ")) {
            transcript += &format!("$ {line}\n");
            match line.strip_suffix(" &") {
                Some(line) => {
                    let mut running = self.begin(line);
                    running.errors.read_line(&mut running.shown).unwrap();
                    assert!(running.shown.contains("listening at"), "{line}: {}", running.shown);
                    beside.push(running);
                }
                None if line == "wait" => beside.drain(..).for_each(|running| transcript += &self.finish(running)),
                None => transcript += &self.run(line),
            }
        }
        assert!(beside.is_empty(), "no `wait` follows in {text}");
        transcript
    }
}

/// A line that has begun.
struct Running {
    child: Child,
    near: File,
    errors: BufReader<ChildStderr>,
    /// What has been read of its standard error.
    shown: String,
}

/// Numbers that differ from run to run, such as times and how many calls there were, as `#`.
pub fn without_times(text: &str) -> String {
    let mut shown = String::new();
    let mut counts = false;
    for (i, part) in text.split_inclusive([' ', '/', '\n']).enumerate() {
        let number = part.trim_end_matches([' ', '/', '\n', ',']);
        counts = number == "calls" || (counts && (number.is_empty() || number.parse::<u64>().is_ok()));
        let is_time = number.parse::<f64>().is_ok() && i > 0 && (number.contains('.') || counts);
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
