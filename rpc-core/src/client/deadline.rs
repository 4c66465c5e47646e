//! When a call must be over, and what ends it before.

use std::time::{Duration, Instant};

use crate::error::{Error, Fate, Operation, Result};
use crate::transport::{CancelToken, Registered, TimeLimit};

/// When a call must be over. A call that is cancelled is over at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline<'t> {
    /// When the call began.
    pub(super) begun: Instant,
    pub(super) at: Option<Instant>,
    /// The time for the whole call.
    pub(super) limit: Option<Duration>,
    scope: Scope,
    /// What cancels the call.
    pub(super) token: Option<&'t CancelToken>,
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

impl<'t> Deadline<'t> {
    /// Returns the deadline of a call that begins now.
    pub(super) fn new(limit: Option<Duration>, scope: Scope) -> Deadline<'t> {
        let begun = Instant::now();
        let at = limit.and_then(|limit| begun.checked_add(limit));
        Deadline { begun, at, limit, scope, token: None }
    }

    pub(super) fn none() -> Deadline<'t> {
        Deadline::new(None, Scope::Reply)
    }

    /// Returns the same deadline of a call that this token cancels.
    pub(super) fn or_cancelled_by<'u>(self, token: Option<&'u CancelToken>) -> Deadline<'u> {
        let Deadline { begun, at, limit, scope, .. } = self;
        Deadline { begun, at, limit, scope, token }
    }

    /// Returns the deadline of a call that belongs to another one, which has this deadline and
    /// limit.
    pub(super) fn not_after(self, at: Instant, limit: Option<Duration>) -> Deadline<'t> {
        Deadline { at: Some(at), limit, scope: Scope::WholeCall, ..self }
    }

    pub(super) fn is_cancelled(self) -> bool {
        self.token.is_some_and(CancelToken::is_cancelled)
    }

    /// Has this thread unparked if the call is cancelled, until the guard is dropped.
    pub(super) fn unpark_this_thread(self) -> Option<Registered> {
        self.token.map(CancelToken::unpark_this_thread)
    }

    /// Returns the deadline of the reply after a stream has been sent.
    pub(super) fn after_stream(self) -> Deadline<'t> {
        if self.scope == Scope::WholeCall { self } else { Deadline { at: after(self.limit), ..self } }
    }

    /// Returns when a source must have something to send, if it covers the sending of streams or
    /// the call can be cancelled.
    pub(super) fn of_source(self) -> Option<(Option<Instant>, Option<&'t CancelToken>)> {
        let until = self.at.filter(|_| self.scope == Scope::WholeCall);
        (until.is_some() || self.token.is_some()).then_some((until, self.token))
    }

    /// Returns whether the call is over even if it still sends a stream.
    pub(super) fn ends_streams(self) -> bool {
        self.is_cancelled() || (self.scope == Scope::WholeCall && self.passed_by(Instant::now()))
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
    pub(super) fn at_most(self, limit: Duration) -> Deadline<'t> {
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

    /// Returns whether a call is over at `now`.
    pub(super) fn is_over(self, now: Instant) -> bool {
        self.is_cancelled() || self.passed_by(now)
    }

    /// Fails if the call is over, as one without any time is at the beginning: it is not sent.
    pub(super) fn check(self, now: Instant) -> Result<()> {
        if self.is_over(now) { Err(self.error(Operation::Sending, Fate::UNTOUCHED)) } else { Ok(()) }
    }

    /// Returns the error of a call that is over.
    pub(super) fn error(self, operation: Operation, fate: Fate) -> Error {
        if self.is_cancelled() {
            return Error::Cancelled { operation, fate };
        }
        Error::Deadline { operation, limit: self.limit.unwrap_or_default(), fate }
    }
}

fn after(limit: Option<Duration>) -> Option<Instant> {
    limit.and_then(|limit| Instant::now().checked_add(limit))
}
