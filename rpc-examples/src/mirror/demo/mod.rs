//! Runs the mirror on real input, and checks it with code that shares nothing with it.
//!
//! A copy of a tree and one large generated file are served over loopback, pulled and compared byte
//! for byte. Then three files are changed, and a second pull must fetch only the two whose content
//! differs. The copy is pushed to a second directory, which is compared as well; a quota refuses
//! the large file; and a pushing process is killed in the middle of it, after which a second push
//! must send only the rest.

mod cable;
mod change;
mod compare;
mod input;
mod place;
mod pushes;

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rpc_core::{Address, Server};

use super::connect::connect;
use super::display::size;
use super::options::CopyOptions;
use super::progress::Progress;
use super::pull::pull;
use super::report::{CopyError, Report};
use super::service::{MirrorClient, MirrorServer};
use super::shelf::Shelf;

pub use cable::{Cable, Passage};
use place::Place;

/// How long the server may take to stop.
const GRACE: Duration = Duration::from_secs(5);

/// The minimum size of the generated file, which is interrupted in its middle.
const FEWEST_BYTES: u64 = 1 << 20;

/// Why the demo failed.
#[derive(Debug)]
pub enum DemoError {
    /// The disk has too little free space.
    Space {
        /// The directory that needs the space.
        place: PathBuf,
        /// The space needed, in bytes.
        needed: u64,
        /// The space available, in bytes.
        free: u64,
    },
    /// A file operation of the demo itself failed.
    Files {
        /// The operation.
        operation: &'static str,
        /// Its file or directory.
        path: PathBuf,
        /// The failure.
        error: io::Error,
    },
    /// The server or the connection failed.
    Rpc(rpc_core::Error),
    /// A pull or a push gave up.
    Copy(CopyError),
    /// The mirror broke a promise.
    Broken(String),
}

/// Runs the demo on a copy of `source` and a generated file of `generated` bytes, and writes what
/// it does to `out`.
///
/// # Errors
/// [`DemoError::Broken`] if the mirror breaks a promise, another error if that could not be
/// checked. All files are removed in any case.
pub fn run(source: &Path, generated: u64, out: &mut dyn Write) -> Result<(), DemoError> {
    let place = Place::create()?;
    let (from, to) = (place.path().join("source"), place.path().join("copy"));
    let begun = Instant::now();
    let generated = generated.max(FEWEST_BYTES);
    let input = input::measure(source)?;
    place.check_room(3 * (input.bytes + generated + 4096 * (input.files + 8)) + (16 << 20))?;
    input::copy_tree(source, &from)?;
    input::generate(&from, generated)?;
    input::fill_up(&from)?;
    let input = input::measure(&from)?;
    say(
        out,
        format_args!(
            "input    {} files of {} and one generated file, {}",
            input.files - 1,
            source.display(),
            size(input.bytes)
        ),
    );
    say(out, format_args!("         written in {:.2} s", begun.elapsed().as_secs_f64()));

    let shelf = Shelf::open(&from).map_err(during("opening", &from))?;
    let server = Server::bind("tcp://127.0.0.1:0")?.spawn(MirrorServer::new(shelf))?;
    say(out, format_args!("serving  {}", server.address()));
    let outcome = both_pulls(server.address(), &from, &to, input.files, out);
    server.shutdown(GRACE);
    outcome?;
    pushes::run(&to, &place.path().join("second copy"), out)?;
    place.remove()
}

fn both_pulls(address: &Address, from: &Path, to: &Path, files: u64, out: &mut dyn Write) -> Result<(), DemoError> {
    let remote = connect(address)?;
    let first = pull_once(&remote, to)?;
    say(out, format_args!("pull 1   {first}"));
    expect("files fetched by the first pull", first.copied, files)?;
    check(from, to, out)?;

    let changes = change::three_files(from)?;
    for line in &changes.told {
        say(out, format_args!("changed  {line}"));
    }
    let second = pull_once(&remote, to)?;
    say(out, format_args!("pull 2   {second}"));
    expect("files fetched by the second pull", second.copied, changes.files)?;
    expect("bytes fetched by the second pull", second.bytes, changes.bytes)?;
    expect("files whose time and mode the second pull changed", second.refreshed, changes.refreshed)?;
    check(from, to, out)?;
    MirrorClient::close(remote)?;
    Ok(())
}

fn pull_once(remote: &MirrorClient, to: &Path) -> Result<Report, DemoError> {
    let report = pull(remote, to, &CopyOptions::default(), &mut Progress::new())?;
    expect("entries that could not be copied", report.failed, 0)?;
    Ok(report)
}

fn check(from: &Path, to: &Path, out: &mut dyn Write) -> Result<(), DemoError> {
    let begun = Instant::now();
    let entries = compare::trees(from, to)?;
    let seconds = begun.elapsed().as_secs_f64();
    say(out, format_args!("compared {entries} entries: every byte, time and mode is the same ({seconds:.2} s)"));
    Ok(())
}

fn expect(what: &str, found: u64, expected: u64) -> Result<(), DemoError> {
    match found == expected {
        true => Ok(()),
        false => Err(DemoError::Broken(format!("{what}: {found}, expected {expected}"))),
    }
}

/// Ignores errors: the demo goes on if nobody reads its output.
fn say(out: &mut dyn Write, line: fmt::Arguments<'_>) {
    _ = writeln!(out, "{line}");
}

fn during<'a>(operation: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> DemoError + 'a {
    move |error| DemoError::Files { operation, path: path.to_owned(), error }
}

impl From<rpc_core::Error> for DemoError {
    fn from(error: rpc_core::Error) -> DemoError {
        DemoError::Rpc(error)
    }
}

impl From<CopyError> for DemoError {
    fn from(error: CopyError) -> DemoError {
        DemoError::Copy(error)
    }
}

impl fmt::Display for DemoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DemoError::Space { place, needed, free } => {
                let (place, needed, free) = (place.display(), size(*needed), size(*free));
                write!(f, "the demo needs {needed} in {place}, but {free} are free: set TMPDIR or a smaller --size")
            }
            DemoError::Files { operation, path, error } => write!(f, "{operation} {}: {error}", path.display()),
            DemoError::Rpc(error) => write!(f, "{error}"),
            DemoError::Copy(error) => write!(f, "{error}"),
            DemoError::Broken(promise) => write!(f, "PROMISE BROKEN: {promise}"),
        }
    }
}

impl std::error::Error for DemoError {}
