//! When a call must be over.

use std::time::{Duration, Instant};

use crate::error::{Error, Fate, Operation, Result};
use crate::transport::TimeLimit;

/// When a call must be over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    /// When the call began.
    pub(super) begun: Instant,
    pub(super) at: Option<Instant>,
    /// The time for the whole call.
    pub(super) limit: Option<Duration>,
    scope: Scope,
}

/// What a deadline covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The reply only, counted from the end of the request's stream if it has one: it is the
    /// client's limit.
    Reply,
    /// The sending of a stream as well: the caller set it for this call.
    WholeCall,
}

impl Deadline {
    /// Returns the deadline of a call that begins now.
    pub(super) fn new(limit: Option<Duration>, scope: Scope) -> Deadline {
        let begun = Instant::now();
        Deadline { begun, at: limit.and_then(|limit| begun.checked_add(limit)), limit, scope }
    }

    pub(super) fn none() -> Deadline {
        Deadline::new(None, Scope::Reply)
    }

    /// Returns the deadline of the reply after a stream has been sent.
    pub(super) fn after_stream(self) -> Deadline {
        if self.scope == Scope::WholeCall { self } else { Deadline { at: after(self.limit), ..self } }
    }

    /// Returns whether it has passed and covers the sending of streams.
    pub(super) fn ends_streams(self) -> bool {
        self.scope == Scope::WholeCall && self.passed_by(Instant::now())
    }

    /// Returns the time limit for sending a stream: progress renews the stall limit, and a deadline
    /// that covers the whole call ends it.
    pub(super) fn stream_limit(self, stall: Option<Duration>) -> TimeLimit {
        match self.at {
            Some(at) if self.scope == Scope::WholeCall => TimeLimit::StallUntil(stall, at),
            _ => TimeLimit::Stall(stall),
        }
    }

    /// Returns the milliseconds left at `now`, rounded up, at least 1; 0 if the server is told no
    /// limit. `stream` says whether the request has a stream.
    pub(super) fn left_ms(self, now: Instant, stream: bool) -> u64 {
        match self.at {
            Some(at) if !stream || self.scope == Scope::WholeCall => {
                let left = at.saturating_duration_since(now).as_nanos().div_ceil(1_000_000).max(1);
                u64::try_from(left).unwrap_or(u64::MAX)
            }
            _ => 0,
        }
    }

    /// Returns the same deadline, but at most `limit` from now.
    pub(super) fn at_most(self, limit: Duration) -> Deadline {
        let soon = after(Some(limit));
        Deadline { at: self.at.map_or(soon, |at| soon.map(|soon| soon.min(at))), ..self }
    }

    /// Returns the time left; `None` is no limit.
    pub(super) fn left(self) -> Option<Duration> {
        self.at.map(|at| at.saturating_duration_since(Instant::now()))
    }

    pub(super) fn passed_by(self, now: Instant) -> bool {
        self.at.is_some_and(|at| now >= at)
    }

    /// Fails if it has passed: such a call is not sent.
    pub(super) fn check(self, now: Instant) -> Result<()> {
        if self.passed_by(now) { Err(self.error(Operation::Sending, Fate::UNTOUCHED)) } else { Ok(()) }
    }

    /// Returns the error of a call that exceeds it.
    pub(super) fn error(self, operation: Operation, fate: Fate) -> Error {
        Error::Deadline { operation, limit: self.limit.unwrap_or_default(), fate }
    }
}

fn after(limit: Option<Duration>) -> Option<Instant> {
    limit.and_then(|limit| Instant::now().checked_add(limit))
}
