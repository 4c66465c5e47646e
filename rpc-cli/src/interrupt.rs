//! What Ctrl-C does.

use std::io;

use rpc_core::CancelToken;

/// Returns a token that SIGINT and SIGTERM cancel. The second signal ends the process.
#[cfg(unix)]
pub(crate) fn token() -> io::Result<CancelToken> {
    use signal_hook::consts::{SIGINT, SIGTERM};

    let (token, signals) = (CancelToken::new(), signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?);
    let cancelled = token.clone();
    std::thread::spawn(move || {
        let mut signals = signals;
        let mut signals = signals.forever();
        if signals.next().is_some() {
            cancelled.cancel();
        }
        if let Some(signal) = signals.next() {
            std::process::exit(128 + signal);
        }
    });
    Ok(token)
}

/// Returns a token that nothing cancels: elsewhere Ctrl-C ends the process.
#[cfg(not(unix))]
pub(crate) fn token() -> io::Result<CancelToken> {
    Ok(CancelToken::new())
}
