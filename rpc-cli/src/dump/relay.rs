//! The relay: passes bytes on in both directions, at once and unchanged, and lets others look.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{Control, Parts, ReadHalf, WriteHalf};

/// Bytes that are read at once at most. Nothing else is buffered, so a peer that does not read
/// makes the other one wait.
const PIECE: usize = 256 * 1024;

/// How long a peer that sends what nobody takes any more has to read the answer.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How long a read may take when what it finds is thrown away.
const TICK: Duration = Duration::from_millis(100);

/// Who is told what passes through, in each direction by its own thread.
pub(crate) trait Observer: Send {
    /// Bytes have come, and are passed on after this.
    fn bytes(&mut self, bytes: &[u8]);

    /// The direction has ended.
    fn ended(&mut self, end: End<'_>);

    /// What has come could not be passed on, and neither will what comes later.
    fn lost(&mut self, error: &io::Error);
}

/// How a direction ends.
#[derive(Debug)]
pub(crate) enum End<'e> {
    /// The peer has sent all.
    Clean,
    /// The peer is a child that has closed its output; the error says what has become of it.
    OfChild(&'e io::Error),
    /// The connection broke.
    Broken(&'e io::Error),
    /// The connection was cut, because its other direction broke or the relay ends.
    Cut,
}

/// Breaks both ends of a connection.
pub(crate) struct Cutter {
    controls: Vec<Arc<dyn Control>>,
    has_cut: AtomicBool,
}

impl Cutter {
    pub(crate) fn new(client: &Parts, server: &Parts) -> Cutter {
        let controls = [client, server].into_iter().filter_map(|parts| parts.control.clone()).collect();
        Cutter { controls, has_cut: AtomicBool::new(false) }
    }

    /// Makes both directions end at their next read, and both peers see a reset when that has
    /// happened.
    pub(crate) fn cut(&self) {
        self.has_cut.store(true, Ordering::SeqCst);
        self.controls.iter().for_each(|control| control.reset());
    }

    /// Ends writes as well, which wait for a peer that does not read.
    pub(crate) fn cut_at_once(&self) {
        self.has_cut.store(true, Ordering::SeqCst);
        self.controls.iter().for_each(|control| control.cut());
    }
}

/// Both ends of a connection that is passed on.
pub(crate) struct Relayed<'c> {
    pub(crate) client: Parts,
    pub(crate) server: Parts,
    /// The end of a child is told as an error that says how it ended.
    pub(crate) server_is_child: bool,
    pub(crate) cutter: &'c Cutter,
}

impl Relayed<'_> {
    /// Passes bytes on until both directions have ended.
    pub(crate) fn run(self, from_client: impl Observer, from_server: impl Observer) {
        let (up_has_ended, down_has_ended) = (&AtomicBool::new(false), &AtomicBool::new(false));
        let up = Direction {
            reader: self.client.reader,
            writer: self.server.writer,
            observer: from_client,
            cutter: self.cutter,
            has_ended: up_has_ended,
            other_has_ended: down_has_ended,
            from_child: false,
        };
        let down = Direction {
            reader: self.server.reader,
            writer: self.client.writer,
            observer: from_server,
            cutter: self.cutter,
            has_ended: down_has_ended,
            other_has_ended: up_has_ended,
            from_child: self.server_is_child,
        };
        thread::scope(|scope| {
            scope.spawn(|| up.run());
            down.run();
        });
    }
}

struct Direction<'c, O> {
    reader: Box<dyn ReadHalf>,
    writer: Box<dyn WriteHalf>,
    observer: O,
    cutter: &'c Cutter,
    has_ended: &'c AtomicBool,
    other_has_ended: &'c AtomicBool,
    from_child: bool,
}

impl<O: Observer> Direction<'_, O> {
    fn run(mut self) {
        let mut buffer = vec![0; PIECE];
        if let Err(error) = self.pass_on(&mut buffer) {
            if !self.cutter.has_cut.load(Ordering::SeqCst) {
                self.observer.lost(&error);
            }
            self.throw_away(&mut buffer);
        }
        self.has_ended.store(true, Ordering::SeqCst);
    }

    /// Passes on until the end. Fails if it cannot write.
    fn pass_on(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        while let Some(count) = self.read(buffer, None) {
            write_all(&mut *self.writer, &buffer[..count])?;
        }
        Ok(())
    }

    /// Reads on for a peer whose bytes nobody takes, so that it can read the answer to what it has
    /// sent.
    fn throw_away(&mut self, buffer: &mut [u8]) {
        let mut until = None;
        loop {
            if self.other_has_ended.load(Ordering::SeqCst) {
                let until = *until.get_or_insert_with(|| Instant::now() + LAST_WORDS);
                if Instant::now() > until {
                    return self.cutter.cut();
                }
            }
            if self.read(buffer, Some(Instant::now() + TICK)).is_none() {
                return;
            }
        }
    }

    /// Reads and tells the observer. Returns `None` after the end, which has been passed on, and
    /// nothing after `until`.
    fn read(&mut self, buffer: &mut [u8], until: Option<Instant>) -> Option<usize> {
        loop {
            let read = self.reader.read(buffer, until);
            match read {
                Ok(0) if self.cutter.has_cut.load(Ordering::SeqCst) => self.observer.ended(End::Cut),
                Ok(0) => self.end(End::Clean),
                Ok(count) => {
                    self.observer.bytes(&buffer[..count]);
                    return Some(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if has_passed(until, &error) => return Some(0),
                Err(error) => self.failed(&error),
            }
            return None;
        }
    }

    /// Passes the end of this direction on.
    fn end(&mut self, end: End<'_>) {
        self.observer.ended(end);
        // it fails only if the peer has gone, which the other direction notices
        _ = self.writer.finish(None);
    }

    /// Breaks the other direction as well, because an end would look as if all had been sent.
    fn failed(&mut self, error: &io::Error) {
        match error.kind() {
            _ if self.cutter.has_cut.load(Ordering::SeqCst) => self.observer.ended(End::Cut),
            io::ErrorKind::UnexpectedEof if self.from_child => self.end(End::OfChild(error)),
            _ => {
                self.observer.ended(End::Broken(error));
                self.cutter.cut();
            }
        }
    }
}

fn has_passed(until: Option<Instant>, error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut && until.is_some_and(|until| until <= Instant::now())
}

fn write_all(writer: &mut dyn WriteHalf, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = writer.write(&[IoSlice::new(bytes)], None)?;
        bytes = &bytes[count..];
    }
    Ok(())
}
