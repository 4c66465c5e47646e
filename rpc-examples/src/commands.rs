//! The commands, from arguments to an exit code.

use std::error::Error;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rpc_core::{Address, Server};
use rpc_examples::mirror::{CopyError, CopyOptions, MirrorClient, MirrorServer, Progress, Shelf, connect, demo, pull};

use crate::args::{Args, Command};

/// Not everything could be copied.
const INCOMPLETE: u8 = 3;

pub(crate) fn run(args: Args) -> ExitCode {
    let outcome = match args.command {
        Some(Command::Serve { address, dir }) => serve(&address, &dir),
        Some(Command::Pull { address, dir, no_sync }) => pull_into(&address, &dir, !no_sync),
        Some(Command::Demo { dir, size }) => show(dir, size),
        None => show(None, 1 << 30),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("mirror: {error}");
        ExitCode::FAILURE
    })
}

fn serve(address: &Address, dir: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let shelf = Shelf::open(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let server = Server::bind(address).map_err(|error| format!("{address}: {error}"))?;
    // Whoever waits for this line has stopped reading if it cannot be written.
    _ = writeln!(stdout(), "listening on {}", server.address());
    server.serve(MirrorServer::new(shelf))?;
    Ok(ExitCode::SUCCESS)
}

fn pull_into(address: &Address, dir: &Path, sync: bool) -> Result<ExitCode, Box<dyn Error>> {
    let remote = connect(address).map_err(|error| format!("{address}: {error}"))?;
    let report = pull(&remote, dir, &CopyOptions::default().sync(sync), &mut Progress::new());
    let report = report.map_err(|error| match error {
        CopyError::Call(error) => format!("{address}: {error}"),
        here => here.to_string(),
    })?;
    _ = writeln!(stdout(), "{report}");
    if let Err(error) = MirrorClient::close(remote) {
        eprintln!("mirror: all came, but the server did not take leave: {error}");
    }
    Ok(if report.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) })
}

fn show(dir: Option<PathBuf>, size: u64) -> Result<ExitCode, Box<dyn Error>> {
    let dir = dir.unwrap_or_else(this_project);
    demo::run(&dir, size, &mut stdout())?;
    Ok(ExitCode::SUCCESS)
}

/// Where the program was built, if that still is there; else the current directory.
fn this_project() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned);
    built.filter(|path| path.is_dir()).unwrap_or_else(|| ".".into())
}
