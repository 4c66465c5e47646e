//! How long an operation on a transport may take.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::time::{Duration, Instant};

use super::{CancelToken, KernelPipe, ReadHalf, WriteHalf, time_left};

/// The limit for the next operations. They may block forever if it has no time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TimeLimit {
    /// None of them may block, and all of them together end at this instant, because a peer may
    /// always have something for them to read.
    Now(Option<Instant>),
    /// All of them together may take until this instant.
    Until(Option<Instant>),
    /// All of them together may take this long, counted from the first. Without any, the clock is
    /// not read.
    FromFirst(Option<Duration>),
    /// Each may take this long since the last that made progress.
    Stall(Option<Duration>),
    /// Both: as `Stall`, and all of them together end at this instant.
    StallUntil(Option<Duration>, Instant),
}

impl TimeLimit {
    /// Allows all operations together this long from now.
    pub(crate) fn total(limit: Option<Duration>) -> TimeLimit {
        TimeLimit::Until(limit.and_then(|limit| Instant::now().checked_add(limit)))
    }

    /// Returns the instant at which an operation that begins now has to give up.
    pub(crate) fn deadline(self) -> Option<Instant> {
        match self {
            TimeLimit::Now(until) | TimeLimit::Until(until) => until,
            TimeLimit::Stall(limit) | TimeLimit::FromFirst(limit) => TimeLimit::total(limit).deadline(),
            TimeLimit::StallUntil(limit, until) => {
                Some(TimeLimit::Stall(limit).deadline().map_or(until, |stall| stall.min(until)))
            }
        }
    }
}

/// The largest write, in bytes, that is first tried without blocking and without reading the clock:
/// most likely it need not wait.
const SMALL: usize = 4 * 1024;

/// A half of a transport with its present time limit: a plain [`Read`] or [`Write`]. Only the frame
/// reader reads vectored, and only payload.
pub(crate) struct Timed<T: ?Sized> {
    pub(crate) time_limit: TimeLimit,
    pub(crate) half: Box<T>,
    /// Whether operations can be tried without blocking; `None` before the first attempt.
    tries: Option<bool>,
    /// Ends a read that waits, with [`WouldBlock`](io::ErrorKind::WouldBlock), if the half can wait
    /// for it.
    pub(crate) token: Option<CancelToken>,
}

impl<T: ?Sized> Timed<T> {
    pub(crate) fn new(half: Box<T>) -> Timed<T> {
        Timed { time_limit: TimeLimit::Until(None), half, tries: None, token: None }
    }

    /// Returns the instant at which an operation that begins now has to give up.
    pub(crate) fn begin(&mut self) -> Option<Instant> {
        if let TimeLimit::FromFirst(limit) = self.time_limit {
            self.time_limit = TimeLimit::total(limit);
        }
        self.time_limit.deadline()
    }

    fn may_block(&self) -> bool {
        !matches!(self.time_limit, TimeLimit::Now(_))
    }
}

impl Timed<dyn WriteHalf> {
    /// Returns whether writing without blocking has worked before.
    pub(crate) fn can_try(&self) -> bool {
        self.tries == Some(true)
    }

    /// Returns whether no small write has been tried without blocking yet.
    pub(crate) fn is_untried(&self) -> bool {
        self.tries.is_none()
    }
}

impl Timed<dyn ReadHalf> {
    /// With a token, waits for bytes, so that the token can end the wait. Returns `false` if there
    /// are too few when the time is over: what has come can be tried.
    fn await_bytes(&mut self, announced: usize, until: Option<Instant>) -> io::Result<bool> {
        let Some(token) = &self.token else { return Ok(true) };
        match self.half.await_bytes(announced, until, token) {
            Ok(()) if token.is_cancelled() => Err(io::ErrorKind::WouldBlock.into()),
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Reads what has come, because the time is over.
    fn read_late(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.half.try_read(buf).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
            _ => error,
        })
    }

    /// Moves what the peer has announced into a pipe: see [`ReadHalf::read_to_pipe`].
    pub(crate) fn read_to_pipe(&mut self, pipe: &mut KernelPipe, len: usize) -> io::Result<usize> {
        let until = self.begin();
        if !self.await_bytes(len, until)? {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.half.read_to_pipe(pipe, len, until)
    }
}

impl Read for Timed<dyn ReadHalf> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let until = self.begin();
        // a transport need not read the clock while there is something to read, and a peer can see
        // to it that there always is
        time_left(until)?;
        if !self.may_block() {
            return self.half.try_read(buf);
        }
        if self.await_bytes(1, until)? { self.half.read(buf, until) } else { self.read_late(buf) }
    }

    /// Reads what the peer has announced: see [`ReadHalf::read_announced`].
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        if !self.may_block() {
            return self.read(&mut bufs[0]);
        }
        let until = self.begin();
        time_left(until)?;
        if self.await_bytes(bufs[0].len(), until)? {
            self.half.read_announced(bufs, until)
        } else {
            self.read_late(&mut bufs[0])
        }
    }
}

impl Write for Timed<dyn WriteHalf> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if let [one] = bufs
            && one.len() <= SMALL
            && self.tries != Some(false)
        {
            let outcome = self.half.try_write(bufs);
            match outcome.as_ref().map_err(io::Error::kind) {
                Err(io::ErrorKind::WouldBlock) => {}
                Err(io::ErrorKind::Unsupported) => self.tries = Some(false),
                _ => {
                    self.tries = Some(true);
                    return outcome;
                }
            }
        }
        let until = self.begin();
        self.half.write(bufs, until)
    }

    /// Sends what a write that was tried without blocking has left in the transport.
    fn flush(&mut self) -> io::Result<()> {
        if self.half.try_flush()? {
            return Ok(());
        }
        let until = self.begin();
        self.half.flush(until)
    }
}

/// The time limit that a socket has at present, and when it has to change.
///
/// Changing a socket's limit costs a system call, so a limit that is near enough stays: it may be
/// up to a millisecond longer than the time left, and as little as an eighth of it, because an
/// operation that wakes early is repeated.
#[derive(Debug, Default)]
pub(super) struct SocketLimit(Option<Duration>);

impl SocketLimit {
    const SLACK: Duration = Duration::from_millis(1);

    /// Runs `operate` until it is done or `until` has passed; `set` changes the socket's limit.
    pub(super) fn run<T>(
        &mut self,
        until: Option<Instant>,
        set: impl Fn(Option<Duration>) -> io::Result<()>,
        mut operate: impl FnMut() -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            if let Some(left) = time_left(until)?
                && self.0.is_none_or(|limit| limit > left + Self::SLACK || limit * 8 < left)
            {
                let limit = left.max(Self::SLACK);
                set(Some(limit))?;
                self.0 = Some(limit);
            }
            match operate() {
                Err(error) if is_wake_up(&error) => {}
                outcome => return outcome,
            }
        }
    }
}

/// Returns whether an operation gave up at its own time limit. On Unix the system has an error of
/// the same kind, with a code: the peer has acknowledged nothing for minutes, and the connection
/// has failed.
pub(crate) fn limit_has_passed(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut && !(cfg!(unix) && error.raw_os_error().is_some())
}

/// Returns whether a socket's time limit has passed, which platforms report differently, or a
/// signal came.
fn is_wake_up(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) || limit_has_passed(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn a_limit_that_is_near_enough_is_not_set_again() {
        let set = RefCell::new(Vec::new());
        let mut limit = SocketLimit::default();
        let now = Instant::now();
        let mut run = |seconds| {
            let until = now + Duration::from_secs(seconds);
            limit
                .run(
                    Some(until),
                    |limit| {
                        set.borrow_mut().push(limit);
                        Ok(())
                    },
                    || Ok(()),
                )
                .unwrap();
        };
        run(100);
        run(101);
        run(600);
        assert_eq!(set.borrow().len(), 1);
        run(1000);
        assert_eq!(set.borrow().len(), 2);
        run(50);
        assert_eq!(set.borrow().len(), 3);
    }

    /// A read was repeated, and found the end of the stream in place of the failure.
    #[cfg(unix)]
    #[test]
    fn a_connection_that_the_system_gives_up_is_no_time_limit() {
        let given_up = || io::Error::from(rustix::io::Errno::TIMEDOUT);
        assert!(given_up().kind() == io::ErrorKind::TimedOut && !limit_has_passed(&given_up()));
        let until = Instant::now() + Duration::from_secs(100);
        let outcome = SocketLimit::default().run(Some(until), |_| Ok(()), || Err::<(), _>(given_up()));
        assert_eq!(outcome.unwrap_err().raw_os_error(), given_up().raw_os_error());
    }

    #[test]
    fn waking_early_goes_on_until_the_time_has_come() {
        let mut calls = 0;
        let outcome = SocketLimit::default().run(
            Some(Instant::now() + Duration::from_millis(5)),
            |_| Ok(()),
            || -> io::Result<()> {
                calls += 1;
                Err(io::ErrorKind::WouldBlock.into())
            },
        );
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(calls > 0);
    }
}
