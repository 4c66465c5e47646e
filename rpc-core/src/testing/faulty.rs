//! A transport that misbehaves once: at one of its operations, which are counted.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use crate::Transport;
use crate::transport::{Control, KernelPipe, Parts, ReadHalf, WriteHalf};

/// What goes wrong at an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It moves at most one byte.
    Short,
    /// It fails, and moves nothing.
    Fail,
    /// It moves nothing, as if its time limit had passed.
    Stall,
    /// The connection ends here, for both sides. What was written before can be read.
    Cut,
}

impl Fault {
    /// All faults.
    pub const ALL: [Fault; 4] = [Fault::Short, Fault::Fail, Fault::Stall, Fault::Cut];
}

/// When a [`Faulty`] transport misbehaves, and how many operations it has run. Clones share this.
#[derive(Debug, Clone, Default)]
pub struct Plan(Arc<PlanState>);

#[derive(Debug, Default)]
struct PlanState {
    point: Option<(usize, Fault)>,
    operations: AtomicUsize,
    struck: AtomicBool,
    cut: AtomicBool,
}

impl Plan {
    /// Returns a plan without a fault.
    pub fn none() -> Plan {
        Plan::default()
    }

    /// Returns a plan with this fault at the operation with this number, counted from 0.
    pub fn at(operation: usize, fault: Fault) -> Plan {
        Plan(Arc::new(PlanState { point: Some((operation, fault)), ..PlanState::default() }))
    }

    /// Returns the number of operations so far: reads, looks, writes and ends of writing.
    pub fn operations(&self) -> usize {
        self.0.operations.load(Ordering::SeqCst)
    }

    /// Returns whether the fault has occurred.
    pub fn has_struck(&self) -> bool {
        self.0.struck.load(Ordering::SeqCst)
    }

    fn next(&self) -> Option<Fault> {
        let number = self.0.operations.fetch_add(1, Ordering::SeqCst);
        match self.0.point {
            Some((operation, fault)) if operation == number => {
                self.0.struck.store(true, Ordering::SeqCst);
                self.0.cut.fetch_or(fault == Fault::Cut, Ordering::SeqCst);
                Some(fault)
            }
            _ => self.0.cut.load(Ordering::SeqCst).then_some(Fault::Cut),
        }
    }
}

/// A transport that follows a [`Plan`].
#[derive(Debug)]
pub struct Faulty<T>(pub T, pub Plan);

impl<T: Transport> Transport for Faulty<T> {
    fn into_parts(self) -> io::Result<Parts> {
        let parts = self.0.into_parts()?;
        let (control, plan) = (parts.control.clone(), self.1);
        let half = FaultyHalf { half: parts.reader, plan: plan.clone(), control: control.clone(), stalled: false };
        let writer = FaultyHalf { half: parts.writer, plan, control, stalled: false };
        Ok(Parts { reader: Box::new(half), writer: Box::new(writer), ..parts })
    }
}

struct FaultyHalf<H: ?Sized> {
    plan: Plan,
    control: Option<Arc<dyn Control>>,
    half: Box<H>,
    /// A write without blocking has stalled: the blocking one that follows stalls as well.
    stalled: bool,
}

impl<H: ?Sized> FaultyHalf<H> {
    fn cut(&self) {
        if let Some(control) = &self.control {
            control.abort();
        }
    }
}

fn failure() -> io::Error {
    io::Error::other("an injected fault")
}

impl ReadHalf for FaultyHalf<dyn ReadHalf> {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        match self.plan.next() {
            None => self.half.read(buf, until),
            Some(Fault::Short) => self.half.read(&mut buf[..1], until),
            Some(Fault::Fail) => Err(failure()),
            Some(Fault::Stall) => Err(io::ErrorKind::TimedOut.into()),
            Some(Fault::Cut) => {
                self.cut();
                Ok(0)
            }
        }
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.plan.next() {
            None => self.half.try_read(buf),
            Some(Fault::Short) => self.half.try_read(&mut buf[..1]),
            Some(Fault::Fail) => Err(failure()),
            Some(Fault::Stall) => Err(io::ErrorKind::WouldBlock.into()),
            Some(Fault::Cut) => {
                self.cut();
                Ok(0)
            }
        }
    }

    fn read_to_pipe(&mut self, pipe: &mut KernelPipe, len: usize, until: Option<Instant>) -> io::Result<usize> {
        let fault = self.plan.next();
        if fault == Some(Fault::Cut) {
            self.cut();
        }
        moved(fault, || self.half.read_to_pipe(pipe, len, until))
    }
}

/// Runs an operation in which the kernel moves bytes.
fn moved(fault: Option<Fault>, operate: impl FnOnce() -> io::Result<usize>) -> io::Result<usize> {
    match fault {
        // the kernel decides how much it moves
        None | Some(Fault::Short) => operate(),
        Some(Fault::Fail) => Err(failure()),
        Some(Fault::Stall) => Err(io::ErrorKind::TimedOut.into()),
        Some(Fault::Cut) => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

/// Returns the first byte of several slices.
fn one_byte<'b>(bufs: &'b [IoSlice<'_>]) -> IoSlice<'b> {
    let first = bufs.iter().find(|buf| !buf.is_empty()).expect("there is something to write");
    IoSlice::new(&first[..1])
}

impl WriteHalf for FaultyHalf<dyn WriteHalf> {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        if std::mem::take(&mut self.stalled) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match self.plan.next() {
            None => self.half.write(bufs, until),
            Some(Fault::Short) => self.half.write(&[one_byte(bufs)], until),
            Some(Fault::Fail) => Err(failure()),
            Some(Fault::Stall) => Err(io::ErrorKind::TimedOut.into()),
            Some(Fault::Cut) => {
                self.cut();
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stalled = false;
        match self.plan.next() {
            None => self.half.try_write(bufs),
            Some(Fault::Short) => self.half.try_write(&[one_byte(bufs)]),
            Some(Fault::Fail) => Err(failure()),
            Some(Fault::Stall) => {
                self.stalled = true;
                Err(io::ErrorKind::WouldBlock.into())
            }
            Some(Fault::Cut) => {
                self.cut();
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
    }

    // what the transport has taken is past the point where faults happen
    fn try_flush(&mut self) -> io::Result<bool> {
        self.half.try_flush()
    }

    fn flush(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.half.flush(until)
    }

    fn takes_pipes(&self) -> bool {
        self.half.takes_pipes()
    }

    fn write_from_pipe(&mut self, pipe: &mut KernelPipe, until: Option<Instant>) -> io::Result<usize> {
        let fault = self.plan.next();
        if fault == Some(Fault::Cut) {
            self.cut();
        }
        moved(fault, || self.half.write_from_pipe(pipe, until))
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        match self.plan.next() {
            None | Some(Fault::Short) => self.half.finish(until),
            Some(Fault::Fail) => Err(failure()),
            Some(Fault::Stall) => Err(io::ErrorKind::TimedOut.into()),
            Some(Fault::Cut) => {
                self.cut();
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
    }
}
