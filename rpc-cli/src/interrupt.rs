//! What ends the calls of this process early: signals, and its own time limit.

use std::io;
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::Duration;

use rpc_core::CancelToken;

use crate::notice::say;

/// How long a cancelled call may take to end. A file or a pipe that takes nothing may block it
/// forever.
const GRACE: Duration = Duration::from_secs(2);

static TOKEN: OnceLock<CancelToken> = OnceLock::new();

/// The exit code that the end has, once there is a reason for it; else 0.
static EXIT_CODE: AtomicU8 = AtomicU8::new(0);

/// Returns the token of this process, which SIGINT and SIGTERM cancel. A second signal, or 2
/// seconds, end the process. Elsewhere than on Unix, Ctrl-C ends it at once.
pub(crate) fn token() -> io::Result<CancelToken> {
    if let Some(token) = TOKEN.get() {
        return Ok(token.clone());
    }
    listen()?;
    Ok(TOKEN.get_or_init(CancelToken::new).clone())
}

/// Returns the exit code of a process whose calls were cancelled: 128 and the number of the signal,
/// or that of [`cancel_after`].
pub(crate) fn exit_code() -> Option<u8> {
    Some(EXIT_CODE.load(Ordering::SeqCst)).filter(|code| *code != 0)
}

/// Cancels all calls after this time, with this exit code.
pub(crate) fn cancel_after(limit: Duration, code: u8) {
    thread::spawn(move || {
        thread::sleep(limit);
        cancel(code);
        thread::sleep(GRACE);
        end(code, "took too long");
    });
}

/// Only the first reason counts.
fn cancel(code: u8) {
    _ = EXIT_CODE.compare_exchange(0, code, Ordering::SeqCst, Ordering::SeqCst);
    TOKEN.get_or_init(CancelToken::new).cancel();
}

fn end(code: u8, reason: &str) {
    say(&format!("rpc: {reason}"));
    process::exit(code.into());
}

#[cfg(unix)]
fn listen() -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};

    let signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    thread::Builder::new().spawn(move || {
        let mut signals = signals;
        for (count, signal) in signals.forever().enumerate() {
            let code = u8::try_from(128 + signal).unwrap_or(u8::MAX);
            if count > 0 {
                process::exit(code.into());
            }
            cancel(code);
            thread::spawn(move || {
                thread::sleep(GRACE);
                end(code, "interrupted");
            });
        }
    })?;
    Ok(())
}

#[cfg(not(unix))]
fn listen() -> io::Result<()> {
    Ok(())
}

/// Calls `act` at the first SIGINT or SIGTERM. The second ends the process.
#[cfg(unix)]
pub(crate) fn on_signal(act: impl FnOnce() + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    thread::spawn(move || {
        let mut signals = signals.forever();
        if signals.next().is_some() {
            act();
        }
        if let Some(signal) = signals.next() {
            process::exit(128 + signal);
        }
    });
    Ok(())
}

/// Does nothing: elsewhere Ctrl-C ends the process.
#[cfg(not(unix))]
pub(crate) fn on_signal(_act: impl FnOnce() + Send + 'static) -> io::Result<()> {
    Ok(())
}
