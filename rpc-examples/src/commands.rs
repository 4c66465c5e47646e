//! The commands, from arguments to an exit code.

use std::error::Error;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rpc_core::{Address, ClientConfig, Server, ServerConfig, serve_stdio_with};
use rpc_examples::mirror::{
    CopyError, CopyOptions, Item, MirrorClient, MirrorError, MirrorServer, Progress, Reason, Report, Shelf,
    connect_with, demo, list, pull, push,
};

use crate::args::{Args, Command, How};

/// The exit code if some entries could not be read or copied.
const INCOMPLETE: u8 = 3;

pub(crate) fn run(args: Args) -> ExitCode {
    let outcome = match args.command {
        Some(Command::Serve { address, dir, writable, quota, describe, tls }) => {
            tls.config().and_then(|config| serve(&address, &dir, writable, quota, config.describe(describe)))
        }
        Some(Command::ServeStdio { dir, writable, quota, describe }) => {
            serve_client(&dir, writable, quota, ServerConfig::default().describe(describe))
        }
        Some(Command::List { address, tls }) => tls.config(&address).and_then(|config| print_list(&address, config)),
        Some(Command::Pull { address, dir, no_sync, jobs, how }) => {
            let options = options(&how).sync(!no_sync).jobs(jobs.into());
            copy(&address, how.tls.config(&address), |remote, watch| pull(remote, &dir, &options, watch))
        }
        Some(Command::Push { dir, address, how }) => {
            copy(&address, how.tls.config(&address), |remote, watch| push(&dir, remote, &options(&how), watch))
        }
        Some(Command::Demo { dir, size }) => show(dir, size),
        None => show(None, 1 << 30),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("mirror: {error}");
        ExitCode::FAILURE
    })
}

fn options(how: &How) -> CopyOptions {
    CopyOptions::default().delete(how.delete).dry_run(how.dry_run)
}

fn open(dir: &Path, writable: bool, quota: Option<u64>) -> Result<Shelf, String> {
    let opened = Shelf::open(dir).and_then(|shelf| if writable { shelf.writable(quota) } else { Ok(shelf) });
    opened.map_err(|error| format!("{}: {error}", dir.display()))
}

fn serve_client(
    dir: &Path,
    writable: bool,
    quota: Option<u64>,
    config: ServerConfig,
) -> Result<ExitCode, Box<dyn Error>> {
    serve_stdio_with(MirrorServer::new(open(dir, writable, quota)?), config)?;
    Ok(ExitCode::SUCCESS)
}

fn serve(
    address: &Address,
    dir: &Path,
    writable: bool,
    quota: Option<u64>,
    config: ServerConfig,
) -> Result<ExitCode, Box<dyn Error>> {
    let shelf = open(dir, writable, quota)?;
    let server = Server::bind_with(address, config).map_err(|error| at(address, &error.into()))?;
    // If this fails, nobody reads it any more.
    _ = writeln!(stdout(), "listening on {}", server.address());
    server.serve(MirrorServer::new(shelf))?;
    Ok(ExitCode::SUCCESS)
}

fn print_list(address: &Address, config: ClientConfig) -> Result<ExitCode, Box<dyn Error>> {
    let remote = connect_with(address, config).map_err(|error| at(address, &error.into()))?;
    let mut is_complete = true;
    for entry in list(&remote) {
        let entry = entry.map_err(|error| told(address, error))?;
        is_complete &= !matches!(entry.item, Item::Skipped(Reason::Unreadable(_)));
        // If this fails, nobody reads the rest, and the server need not send it.
        if writeln!(stdout(), "{entry}").is_err() {
            break;
        }
    }
    Ok(exit_code(is_complete))
}

fn copy(
    address: &Address,
    config: Result<ClientConfig, Box<dyn Error>>,
    run: impl FnOnce(&MirrorClient, &mut Progress) -> Result<Report, CopyError>,
) -> Result<ExitCode, Box<dyn Error>> {
    let remote = connect_with(address, config?).map_err(|error| at(address, &error.into()))?;
    let report = run(&remote, &mut Progress::new());
    let report = report.map_err(|error| told(address, error))?;
    _ = writeln!(stdout(), "{report}");
    if let Err(error) = MirrorClient::close(remote) {
        eprintln!("mirror: everything was copied, but closing the connection failed: {error}");
    }
    Ok(exit_code(report.is_complete()))
}

fn exit_code(is_complete: bool) -> ExitCode {
    if is_complete { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) }
}

/// Names the address if the error is of the server.
fn told(address: &Address, error: CopyError) -> String {
    match error {
        CopyError::Call(error) => at(address, &error),
        here => here.to_string(),
    }
}

/// Names the address in an error. Those of connecting, binding and a child name it themselves.
fn at(address: &Address, error: &MirrorError) -> String {
    let (address, error) = (address.to_string(), error.to_string());
    if error.contains(&address) { error } else { format!("{address}: {error}") }
}

fn show(dir: Option<PathBuf>, size: u64) -> Result<ExitCode, Box<dyn Error>> {
    let dir = dir.unwrap_or_else(this_project);
    demo::run(&dir, size, &mut stdout())?;
    Ok(ExitCode::SUCCESS)
}

/// The directory the program was built from if it still exists, otherwise the current directory.
fn this_project() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned);
    built.filter(|path| path.is_dir()).unwrap_or_else(|| ".".into())
}
