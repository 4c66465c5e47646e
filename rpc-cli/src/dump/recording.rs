//! A connection on disk, in the format of the recorded sessions that the tests replay: `client.bin`
//! and `server.bin` have all bytes of each side, `session.json` the turns in which they came.
//!
//! Everything goes to disk as it comes. A recording has the secrets that the peers told each other,
//! so only its owner may read it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;

/// Who has sent something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    Client,
    Server,
}

impl Side {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Side::Client => "client",
            Side::Server => "server",
        }
    }
}

/// The recording of one connection.
#[derive(Debug)]
pub(crate) struct Recording {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    client: File,
    server: File,
    session: File,
    /// Who has sent last, and how many bytes in a row.
    turn: Option<(Side, u64)>,
    /// The number of turns before that.
    turns: u64,
    outcome: Vec<String>,
    /// Nothing more is recorded after this.
    failed: Option<io::Error>,
}

/// Makes the folder for recordings, which does not exist or is empty.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    match private_folder(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {
            if folder.read_dir()?.next().is_some() {
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, "expected an empty folder"));
            }
            Ok(())
        }
        outcome => outcome,
    }
}

impl Recording {
    /// Begins the recording of a connection: a folder within `folder`.
    pub(crate) fn begin(folder: &Path, connection: u64) -> io::Result<Recording> {
        let folder = folder.join(format!("{connection:04}"));
        private_folder(&folder)?;
        let file = |name: &str| private_file(&folder.join(name));
        let (client, server, mut session) = (file("client.bin")?, file("server.bin")?, file("session.json")?);
        session.write_all(b"{\n \"turns\": [")?;
        let (turn, turns, outcome, failed) = Default::default();
        Ok(Recording { state: Mutex::new(State { client, server, session, turn, turns, outcome, failed }), folder })
    }

    /// Records what a side has sent. After a failure it does nothing.
    pub(crate) fn add(&self, side: Side, bytes: &[u8]) {
        self.change(|state| state.add(side, bytes));
    }

    /// Notes how a side has ended.
    pub(crate) fn ended(&self, side: Side, how: &str) {
        self.change(|state| {
            state.outcome.push(format!("{}: {how}", side.name()));
            Ok(())
        });
    }

    /// Ends the recording. Fails if it is not complete, and says where it is.
    pub(crate) fn finish(&self) -> io::Result<()> {
        self.change(State::finish);
        match self.lock().failed.take() {
            Some(error) => Err(io::Error::new(error.kind(), format!("{}: {error}", self.folder.display()))),
            None => Ok(()),
        }
    }

    fn change(&self, change: impl FnOnce(&mut State) -> io::Result<()>) {
        let mut state = self.lock();
        if state.failed.is_none() {
            state.failed = change(&mut state).err();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, side: Side, bytes: &[u8]) -> io::Result<()> {
        let file = match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        file.write_all(bytes)?;
        match &mut self.turn {
            Some((last, count)) if *last == side => *count += bytes.len() as u64,
            _ => {
                self.end_turn()?;
                self.turn = Some((side, bytes.len() as u64));
            }
        }
        Ok(())
    }

    fn end_turn(&mut self) -> io::Result<()> {
        let Some((side, count)) = self.turn.take() else { return Ok(()) };
        let comma = if self.turns > 0 { "," } else { "" };
        self.turns += 1;
        write!(self.session, "{comma}\n  [\"{}\", {count}]", side.name())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.end_turn()?;
        let outcome = serde_json::Value::from(self.outcome.join("\n"));
        writeln!(self.session, "\n ],\n \"outcome\": {outcome}\n}}")
    }
}

/// Makes a folder that only its owner may enter.
fn private_folder(path: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "it has no modes"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes a file that only its owner may read.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
