//! The second half of the demo: a push, one that a quota refuses, and one that is cut and goes on.

use std::fs;
use std::io::Write;
use std::path::Path;

use rpc_core::{Server, ServerHandle};

use super::super::connect::connect;
use super::super::error::MirrorError;
use super::super::notice::{Notice, Problem, Watch};
use super::super::options::CopyOptions;
use super::super::push::push;
use super::super::report::{CopyError, Report, size};
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

    let cut = with_server(to, None, |server| {
        let cable = Cable::lay(server.address(), large / 2)?;
        let outcome = push(from, &connect(cable.address())?, &CopyOptions::default(), &mut ());
        cable.wait();
        Ok(outcome)
    })?;
    match cut {
        Err(CopyError::Call(error)) => say(out, format_args!("cut      in the middle of {GENERATED}: {error}")),
        Err(error) => return Err(error.into()),
        Ok(_) => return Err(DemoError::Broken("a push did not notice that its connection was cut".to_owned())),
    }
    if generated.exists() {
        return Err(DemoError::Broken("a part of a file has the file's name".to_owned()));
    }

    let second = with_server(to, None, |server| once(from, &connect(server.address())?, &mut ()))?;
    say(out, format_args!("push 2   {second}"));
    expect("bytes of the file that was cut", second.bytes + second.resumed, large)?;
    if second.resumed == 0 {
        return Err(DemoError::Broken("the push that was cut began anew".to_owned()));
    }
    check(from, to, out)
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
