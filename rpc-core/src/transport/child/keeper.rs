//! One thread for each child: it starts the child, reads its standard error, and waits for its end.
//!
//! Nothing else waits for the child or sends it signals, so none can reach a process that has the
//! number of one that has ended. The thread ends with the child, whatever a grandchild keeps open.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::net::Shutdown;
use rustix::process::{Pid, Signal, kill_process};

use super::super::poll;
use super::record::{Phase, Record};

/// How long a child may take to end by itself when its connection has been closed.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a child may take to end after SIGTERM. Then it is killed.
const AFTER_TERM: Duration = Duration::from_secs(1);

/// How often the thread looks whether the child has ended, if nothing else says so: a grandchild
/// keeps everything open that the child had.
const LOOK: Duration = Duration::from_secs(1);

/// How often it looks if the child is about to end.
const SOON: Duration = Duration::from_millis(20);

/// How long it looks that often after a sign that the child is about to end.
const SIGN: Duration = Duration::from_secs(1);

/// How long bytes that the child has left may wait to be read, if a grandchild keeps the connection
/// open. Then the connection is ended.
const LEFT_UNREAD: Duration = Duration::from_secs(5);

pub(super) struct Keeper {
    child: Child,
    /// `None` after its end.
    stderr: Option<ChildStderr>,
    /// Bytes come if somebody asks for the child, and the end if nobody needs it any more.
    orders: UnixStream,
    record: Arc<Record>,
    /// When nobody needed it any more.
    released: Option<Instant>,
    terminated: Option<Instant>,
    killed: bool,
    /// Until when the child is expected to end.
    expected: Instant,
    pause: Duration,
}

/// Starts a child with `far` as its standard input and output, and stays until it has ended.
pub(super) fn keep(
    mut command: Command,
    far: UnixStream,
    near: &Weak<OwnedFd>,
    orders: UnixStream,
    record: &Arc<Record>,
) {
    let started = start(&mut command, far);
    // it holds the child's end of the connection
    drop(command);
    let child = match started {
        Ok(child) => child,
        Err(error) => return record.change(|known| known.phase = Phase::NotStarted(error)),
    };
    let mut keeper = Keeper::new(child, orders, Arc::clone(record));
    record.change(|known| known.phase = Phase::Runs);
    let ended = keeper.stay();
    keeper.read_rest();
    record.change(|known| known.phase = Phase::Ended(ended));
    drop(keeper);
    end_connection(near);
}

fn start(command: &mut Command, far: UnixStream) -> io::Result<Child> {
    let input = OwnedFd::from(far.try_clone()?);
    command.stdin(input).stdout(OwnedFd::from(far)).stderr(Stdio::piped()).spawn()
}

impl Keeper {
    fn new(mut child: Child, orders: UnixStream, record: Arc<Record>) -> Keeper {
        // a read must not block: it would wait for a grandchild
        let never_blocks = |stderr: &ChildStderr| rustix::io::ioctl_fionbio(stderr, true).is_ok();
        let stderr = child.stderr.take().filter(never_blocks);
        let expected = Instant::now() + SIGN;
        let (released, terminated, killed, pause) = (None, None, false, Duration::from_millis(1));
        Keeper { child, stderr, orders, record, released, terminated, killed, expected, pause }
    }

    /// Returns the exit status of the child when it has ended.
    fn stay(&mut self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            self.end_it();
            self.wait();
        }
    }

    /// Sends the signal that is due. The child has not been waited for.
    fn end_it(&mut self) {
        let now = Instant::now();
        let Some(released) = self.released else { return };
        match self.terminated {
            None if now >= released + self.record.patience(PATIENCE) => {
                // it has ended already if this fails
                _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
                self.terminated = Some(now);
            }
            Some(terminated) if !self.killed && now >= terminated + AFTER_TERM => {
                _ = self.child.kill();
                self.killed = true;
            }
            _ => {}
        }
    }

    /// Waits for something to happen, and reads what has come.
    fn wait(&mut self) {
        let now = Instant::now();
        let soon = self.released.is_some() || now < self.expected;
        let pause = if soon { self.pause } else { LOOK };
        self.pause = (self.pause * 2).min(SOON);
        let orders = self.released.is_none().then(|| PollFd::new(&self.orders, PollFlags::IN));
        let stderr = self.stderr.as_ref().map(|stderr| PollFd::new(stderr, PollFlags::IN));
        let mut watched: Vec<_> = orders.into_iter().chain(stderr).collect();
        // it fails when the time is over, and the next look shows what there is
        _ = poll::wait(&mut watched, Some(now + pause));
        drop(watched);
        self.read_orders();
        self.read_stderr();
    }

    fn read_orders(&mut self) {
        let mut orders = [0; 16];
        match (&self.orders).read(&mut orders) {
            _ if self.released.is_some() => {}
            Ok(0) => {
                self.released = Some(Instant::now());
                self.expect_the_end();
            }
            Ok(_) => self.expect_the_end(),
            Err(_) => {}
        }
    }

    fn expect_the_end(&mut self) {
        self.expected = Instant::now() + SIGN;
        self.pause = Duration::from_millis(1);
    }

    /// Reads a piece of the child's standard error. Returns how many bytes there were.
    fn read_stderr(&mut self) -> usize {
        let Some(stderr) = &mut self.stderr else { return 0 };
        let mut piece = [0; 8 * 1024];
        match stderr.read(&mut piece) {
            Ok(count) if count > 0 => {
                self.record.change(|known| known.stderr.extend(&piece[..count]));
                count
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => 0,
            _ => {
                self.stderr = None;
                self.expect_the_end();
                0
            }
        }
    }

    /// Reads what the child has left: at most what a pipe holds, because a grandchild may go on.
    fn read_rest(&mut self) {
        const MOST: usize = 1024 * 1024;
        let mut read = 0;
        while read < MOST
            && let count @ 1.. = self.read_stderr()
        {
            read += count;
        }
    }
}

/// Ends the connection of a child that has ended, if a grandchild keeps it open: nobody answers
/// there any more. What the child has left can still be read.
fn end_connection(near: &Weak<OwnedFd>) {
    let ended = Instant::now();
    while let Some(near) = near.upgrade() {
        let mut watched = [PollFd::new(&near, PollFlags::empty())];
        let is_open = poll::wait(&mut watched, Some(Instant::now() + SOON)).is_err();
        // some systems throw away what has not been read
        let unread = rustix::io::ioctl_fionread(&near).is_ok_and(|count| count > 0);
        if is_open && unread && ended.elapsed() < LEFT_UNREAD {
            continue;
        }
        if is_open {
            _ = rustix::net::shutdown(&near, Shutdown::Both);
        }
        return;
    }
}
