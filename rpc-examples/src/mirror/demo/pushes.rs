//! The second half of the demo: a push, one that a quota refuses, and one whose process is killed
//! and that is resumed.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, fs, thread};

use rpc_core::{Address, Server, ServerHandle};

use super::super::connect::connect;
use super::super::display::size;
use super::super::error::MirrorError;
use super::super::notice::{Notice, Problem, Watch};
use super::super::options::CopyOptions;
use super::super::push::push;
use super::super::report::Report;
use super::super::service::{MirrorClient, MirrorServer};
use super::super::shelf::Shelf;
use super::cable::{Cable, Passage};
use super::input::{GENERATED, measure};
use super::{DemoError, GRACE, check, during, expect, say};

/// Pushes the directory `from` several times to a server over `to`.
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
    say(out, format_args!("         after reading {} of {}", size(refused.bytes), size(large)));
    expect("uploads refused by the quota", refusals.0.len() as u64, 1)?;
    expect("files that were not sent because of the quota", refused.failed, 1)?;

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
        return Err(DemoError::Broken("the push after the killed one started over".to_owned()));
    }
    check(from, to, out)
}

/// How long a process may take to connect.
const STARTING: Duration = Duration::from_secs(30);

/// Events of a push in another process.
enum Heard {
    Begun,
    Over,
    /// The process has ended.
    Ended,
}

/// Pushes in another process, kills it after `after` bytes have passed, and returns its exit
/// status.
fn killed_push(from: &Path, address: &Address, after: u64) -> Result<ExitStatus, DemoError> {
    let program = env::current_exe().map_err(during("looking for", Path::new("this program")))?;
    let (tell, heard) = mpsc::channel();
    let (killed, before_cut) = mpsc::channel::<()>();
    let teller = tell.clone();
    let cable = Cable::lay_and_tell(address, after, move |passage| {
        // sending fails if the demo has given up; receiving fails once the process is dead
        _ = match passage {
            Passage::Begun => teller.send(Heard::Begun).is_ok(),
            Passage::Over => teller.send(Heard::Over).is_ok() && before_cut.recv().is_ok(),
        };
    })?;
    let mut process = Command::new(&program)
        .arg("push")
        .arg(from)
        .arg(cable.address().to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(during("starting", &program))?;
    let output = process.stdout.take();
    thread::spawn(move || {
        // only the end of the output matters
        _ = output.map(|mut output| io::copy(&mut output, &mut io::sink()));
        _ = tell.send(Heard::Ended);
    });
    let passed = await_passage(&heard);
    // fails if the process has already ended
    _ = process.kill();
    let status = process.wait().map_err(during("killing", &program))?;
    drop(killed);
    passed.map_err(|problem| DemoError::Broken(format!("{problem}: {status}")))?;
    cable.wait();
    Ok(status)
}

/// Blocks until everything that may pass has passed. A connected client ends by itself if nothing
/// moves any more.
fn await_passage(heard: &mpsc::Receiver<Heard>) -> Result<(), &'static str> {
    match heard.recv_timeout(STARTING) {
        Ok(Heard::Begun | Heard::Over) => {}
        Ok(Heard::Ended) => return Err("a push ended before it connected"),
        Err(_) => return Err("a push did not connect within 30 s"),
    }
    match heard.recv() {
        Ok(Heard::Begun | Heard::Over) => Ok(()),
        Ok(Heard::Ended) | Err(_) => Err("a push ended before it could be killed"),
    }
}

fn once(from: &Path, remote: &MirrorClient, watch: &mut dyn Watch) -> Result<Report, DemoError> {
    let report = push(from, remote, &CopyOptions::default(), watch)?;
    expect("entries that could not be copied", report.failed, 0)?;
    Ok(report)
}

/// Runs `run` with a server over a directory, and always stops the server.
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

/// The refusals of the quota, as a user reads them.
#[derive(Default)]
struct Refusals(Vec<String>);

impl Watch for Refusals {
    fn notice(&mut self, notice: &Notice) {
        if let Notice::Failed { path, problem: Problem::Remote(error @ MirrorError::QuotaExceeded { .. }) } = notice {
            self.0.push(format!("{path}: {error}"));
        }
    }
}
