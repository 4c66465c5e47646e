//! The second half of the demo: a push, one that a quota refuses, and one whose process is killed, and that goes on.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::{env, fs};

use rpc_core::{Address, Server, ServerHandle};

use super::super::connect::connect;
use super::super::error::MirrorError;
use super::super::notice::{Notice, Problem, Watch};
use super::super::options::CopyOptions;
use super::super::push::push;
use super::super::report::{Report, size};
use super::super::service::{MirrorClient, MirrorServer};
use super::super::shelf::Shelf;
use super::cable::Cable;
use super::input::{GENERATED, measure};
use super::{DemoError, GRACE, check, during, expect, say};

/// Pushes the directory `from` to a server over `to`, again and again.
pub(super) fn run(from: &Path, to: &Path, out: &mut dyn Write) -> Result<(), DemoError> {
    fs::create_dir(to).map_err(during("making", to))?;
    let generated = to.join(GENERATED);
    let large = fs::metadata(from.join(GENERATED)).map_err(during("looking at", from))?.len();
    let whole = measure(from)?;

    let first = with_server(to, None, |server| once(from, &connect(server.address())?, &mut ()))?;
    say(out, format_args!("push 1   {first}"));
    expect("files sent by the first push", first.copied, whole.files)?;
    check(from, to, out)?;

    fs::remove_file(&generated).map_err(during("removing", &generated))?;
    let mut refusals = Refusals::default();
    let refused = with_server(to, Some(whole.bytes - large / 2), |server| {
        Ok(push(from, &connect(server.address())?, &CopyOptions::default(), &mut refusals)?)
    })?;
    for line in &refusals.0 {
        say(out, format_args!("refused  {line}"));
    }
    say(out, format_args!("         {} of {} had been read for it by then", size(refused.bytes), size(large)));
    expect("uploads refused by the quota", refusals.0.len() as u64, 1)?;
    expect("files that were not sent for the quota", refused.failed, 1)?;

    let status = with_server(to, None, |server| killed_push(from, server.address(), large / 2))?;
    say(out, format_args!("killed   a push in the middle of {GENERATED}: {status}"));
    if status.code().is_some() {
        return Err(DemoError::Broken("a push ended before it could be killed".to_owned()));
    }
    if generated.exists() {
        return Err(DemoError::Broken("a part of a file has the file's name".to_owned()));
    }

    let second = with_server(to, None, |server| once(from, &connect(server.address())?, &mut ()))?;
    say(out, format_args!("push 2   {second}"));
    expect("bytes of the file that was interrupted", second.bytes + second.resumed, large)?;
    if second.resumed == 0 {
        return Err(DemoError::Broken("the push behind the one that was killed began anew".to_owned()));
    }
    check(from, to, out)
}

/// Pushes in a process of its own, which is killed when so many bytes have passed; how it ended.
fn killed_push(from: &Path, address: &Address, after: u64) -> Result<ExitStatus, DemoError> {
    let program = env::current_exe().map_err(during("looking for", Path::new("this program")))?;
    let (started, process) = mpsc::channel::<Child>();
    let (ended, end) = mpsc::channel();
    let cable = Cable::lay_and_then(address, after, move || {
        let status = process.recv().map_err(io::Error::other).and_then(|mut process| {
            process.kill()?;
            process.wait()
        });
        // the demo waits for it
        _ = ended.send(status);
    })?;
    let process = Command::new(&program)
        .arg("push")
        .arg(from)
        .arg(cable.address().to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(during("starting", &program))?;
    started.send(process).map_err(|_| DemoError::Broken("a connection that nobody made was cut".to_owned()))?;
    cable.wait();
    end.recv().map_err(io::Error::other).and_then(|status| status).map_err(during("killing", &program))
}

fn once(from: &Path, remote: &MirrorClient, watch: &mut dyn Watch) -> Result<Report, DemoError> {
    let report = push(from, remote, &CopyOptions::default(), watch)?;
    expect("entries that could not be copied", report.failed, 0)?;
    Ok(report)
}

/// Runs something against a server over a directory, which is stopped in any case.
fn with_server<T>(
    directory: &Path,
    quota: Option<u64>,
    run: impl FnOnce(&ServerHandle) -> Result<T, DemoError>,
) -> Result<T, DemoError> {
    let shelf = Shelf::open(directory).and_then(|shelf| shelf.writable(quota)).map_err(during("opening", directory))?;
    let server = Server::bind("tcp://127.0.0.1:0")?.spawn(MirrorServer::new(shelf))?;
    let outcome = run(&server);
    server.shutdown(GRACE);
    outcome
}

/// What the quota has refused, as a user reads it.
#[derive(Default)]
struct Refusals(Vec<String>);

impl Watch for Refusals {
    fn notice(&mut self, notice: &Notice) {
        if let Notice::Failed { path, problem: Problem::Remote(error @ MirrorError::QuotaExceeded { .. }) } = notice {
            self.0.push(format!("{path}: {error}"));
        }
    }
}
