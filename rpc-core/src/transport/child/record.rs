//! What is known of a child: how it has ended, and what it has said of that.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::banner::Quoted;
use super::super::time_left;
use super::tail::Tail;

/// What is known of a child, for the thread that keeps it and those that use its connection.
pub(super) struct Record {
    known: Mutex<Known>,
    changed: Condvar,
}

pub(super) struct Known {
    pub(super) phase: Phase,
    pub(super) stderr: Tail,
    /// Nobody waits for it to end by itself.
    pub(super) unwanted: bool,
}

pub(super) enum Phase {
    Starts,
    NotStarted(io::Error),
    Runs,
    /// Or why its exit status is unknown: somebody else has waited for it.
    Ended(io::Result<ExitStatus>),
}

impl Record {
    pub(super) fn new() -> Record {
        let known = Known { phase: Phase::Starts, stderr: Tail::default(), unwanted: false };
        Record { known: Mutex::new(known), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Returns how long the child may take to end by itself.
    pub(super) fn patience(&self, usual: Duration) -> Duration {
        if self.lock().unwanted { Duration::ZERO } else { usual }
    }

    /// Blocks for at most `limit` until `is_so`.
    fn wait(&self, limit: Option<Duration>, is_so: impl Fn(&Phase) -> bool) -> MutexGuard<'_, Known> {
        let until = limit.map(|limit| Instant::now() + limit);
        let mut known = self.lock();
        while !is_so(&known.phase) {
            known = match time_left(until) {
                Err(_) => return known,
                Ok(None) => self.changed.wait(known).unwrap_or_else(PoisonError::into_inner),
                Ok(Some(left)) => self.changed.wait_timeout(known, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        known
    }

    /// Returns whether the child runs or has run; `None` if that is not known within the limit.
    ///
    /// # Errors
    /// Why it could not be started.
    pub(super) fn has_started(&self, limit: Option<Duration>) -> io::Result<Option<()>> {
        let mut known = self.wait(limit, |phase| !matches!(phase, Phase::Starts));
        match &mut known.phase {
            Phase::Starts => Ok(None),
            // it is asked for once
            Phase::NotStarted(error) => Err(std::mem::replace(error, io::ErrorKind::NotFound.into())),
            Phase::Runs | Phase::Ended(_) => Ok(Some(())),
        }
    }

    /// Describes how the child has ended, for which it has until `limit`, and what it has said.
    pub(super) fn describe(&self, limit: Duration) -> String {
        let mut known = self.wait(Some(limit), |phase| matches!(phase, Phase::NotStarted(_) | Phase::Ended(_)));
        let Known { phase, stderr, .. } = &mut *known;
        let mut text = match phase {
            Phase::Starts | Phase::Runs => "it has not ended yet".to_owned(),
            Phase::NotStarted(error) => format!("it could not be started: {error}"),
            Phase::Ended(Err(error)) => format!("it has ended with an unknown status ({error})"),
            Phase::Ended(Ok(status)) => match status.signal() {
                Some(_) => format!("it was killed by {status}"),
                None => format!("it has ended with {status}{}", in_plain_words(*status)),
            },
        };
        let part = if stderr.is_cut { "the end of " } else { "" };
        text.push_str(&match stderr.bytes() {
            [] => "; it wrote nothing to its standard error".to_owned(),
            bytes => format!("; {part}its standard error: {}", Quoted(bytes)),
        });
        text
    }
}

/// Returns what people need to know of some statuses.
fn in_plain_words(status: ExitStatus) -> &'static str {
    match status.code() {
        Some(255) => " (from ssh this means that ssh itself failed: no connection, no login, or the connection broke)",
        Some(127) => " (from a shell this means that the command was not found)",
        Some(126) => " (from a shell this means that the command cannot be executed)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_described() {
        let described = |raw: i32, stderr: &[u8]| {
            let record = Record::new();
            record.change(|known| {
                known.stderr.extend(stderr);
                known.phase = Phase::Ended(Ok(ExitStatus::from_raw(raw)));
            });
            record.describe(Duration::ZERO)
        };
        let quiet = "; it wrote nothing to its standard error";
        assert_eq!(described(0, b""), format!("it has ended with exit status: 0{quiet}"));
        assert!(described(127 << 8, b"").contains("127 (from a shell this means that the command was not found)"));
        assert!(described(255 << 8, b"").contains("255 (from ssh this means that ssh itself failed"));
        assert_eq!(described(9, b""), format!("it was killed by signal: 9 (SIGKILL){quiet}"));
        assert!(described(0, b"a\r\n").ends_with("; its standard error: \"a\""));
        assert!(described(0, &[b'x'; 40_000]).contains("; the end of its standard error: \"xxx"));
    }
}
