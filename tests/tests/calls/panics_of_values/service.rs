//! Values, errors and readers that panic, and a service that uses them.

use std::fmt;
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use rpc_core::{Error, Result, rpc_service};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that panics when it is written or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fuse {
    Sound,
    BlowsWhenWritten,
    BlowsWhenRead,
}

impl Serialize for Fuse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(*self != Fuse::BlowsWhenWritten, "on purpose");
        (*self == Fuse::Sound).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Fuse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fuse, D::Error> {
        let sound = bool::deserialize(deserializer)?;
        assert!(sound, "on purpose");
        Ok(Fuse::Sound)
    }
}

/// An error whose text panics.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Unspeakable {
    Said,
    Heard { status: Option<u32> },
}

impl fmt::Display for Unspeakable {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("on purpose")
    }
}

impl From<Error> for Unspeakable {
    fn from(error: Error) -> Unspeakable {
        Unspeakable::Heard { status: error.remote().map(|remote| remote.status.to_wire()) }
    }
}

#[rpc_service]
pub(super) trait Fuses {
    fn take(&self, fuse: Fuse) -> Result<()>;
    fn take_two(&self, name: &str, fuse: Fuse) -> Result<()>;
    fn take_before(&self, fuse: Fuse, content: impl Read) -> Result<u64>;
    fn give(&self, sound: bool) -> Result<Fuse>;
    fn give_unreadable(&self) -> Result<Fuse>;
    fn give_before(&self) -> Result<(Fuse, impl Read)>;
    fn say(&self) -> Result<(), Unspeakable>;
    fn read_then_panic(&self, content: impl Read) -> Result<u64>;
    fn read_all(&self, content: impl Read) -> Result<u64>;
    fn stream(&self, after: usize) -> Result<impl Read>;
    fn labelled(&self, after: usize) -> Result<(String, impl Read)>;
    fn echo(&self, content: impl Read) -> Result<impl Read>;
    fn last_drop(&self) -> Result<impl Read>;
    fn count(&self) -> Result<usize>;
}

#[rpc_service]
pub(super) trait Own {
    fn take(&mut self, fuse: Fuse) -> Result<()>;
    fn stream(&mut self, after: usize) -> Result<impl Read>;
    fn count(&mut self) -> Result<u32>;
}

/// Counts the handlers that ran, and reports whether each could read its stream to the end.
#[derive(Clone)]
pub(super) struct Handler {
    ran: Arc<AtomicUsize>,
    reads: mpsc::Sender<bool>,
}

/// What a test sees of its handler.
pub(super) struct Seen {
    pub(super) ran: Arc<AtomicUsize>,
    pub(super) reads: mpsc::Receiver<bool>,
}

impl Handler {
    pub(super) fn new() -> (Handler, Seen) {
        let ((reads, received), ran) = (mpsc::channel(), Arc::default());
        (Handler { ran: Arc::clone(&ran), reads }, Seen { ran, reads: received })
    }

    fn runs(&self) {
        self.ran.fetch_add(1, Ordering::SeqCst);
    }
}

/// Passes a number of bytes on, then panics.
pub(super) struct Exploding<R>(R, usize);

impl<R: Read> Read for Exploding<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        assert!(self.1 > 0, "on purpose");
        let most = buf.len().min(self.1);
        let count = self.0.read(&mut buf[..most])?;
        self.1 -= count;
        Ok(count)
    }
}

pub(super) fn zeros(after: usize) -> Exploding<io::Repeat> {
    Exploding(io::repeat(0), after)
}

/// A reader whose drop panics.
struct LastDrop(&'static [u8]);

impl Read for LastDrop {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Drop for LastDrop {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

/// After so many bytes the reader that `echo` returns panics.
pub(super) const ECHOED: usize = 300_000;

impl Fuses for Handler {
    fn take(&self, _fuse: Fuse) -> Result<()> {
        self.runs();
        Ok(())
    }

    fn take_two(&self, _name: &str, _fuse: Fuse) -> Result<()> {
        self.runs();
        Ok(())
    }

    fn take_before(&self, _fuse: Fuse, content: impl Read) -> Result<u64> {
        self.read_all(content)
    }

    fn give(&self, sound: bool) -> Result<Fuse> {
        self.runs();
        Ok(if sound { Fuse::Sound } else { Fuse::BlowsWhenWritten })
    }

    fn give_unreadable(&self) -> Result<Fuse> {
        self.runs();
        Ok(Fuse::BlowsWhenRead)
    }

    fn give_before(&self) -> Result<(Fuse, impl Read)> {
        self.runs();
        Ok((Fuse::BlowsWhenWritten, io::empty()))
    }

    fn say(&self) -> Result<(), Unspeakable> {
        self.runs();
        Err(Unspeakable::Said)
    }

    fn read_then_panic(&self, mut content: impl Read) -> Result<u64> {
        self.runs();
        io::copy(&mut content, &mut io::sink())?;
        panic!("on purpose")
    }

    fn read_all(&self, mut content: impl Read) -> Result<u64> {
        self.runs();
        let read = io::copy(&mut content, &mut io::sink());
        _ = self.reads.send(read.is_ok());
        Ok(read?)
    }

    fn stream(&self, after: usize) -> Result<impl Read> {
        self.runs();
        Ok(zeros(after))
    }

    fn labelled(&self, after: usize) -> Result<(String, impl Read)> {
        self.runs();
        Ok(("zeros".to_owned(), zeros(after)))
    }

    fn echo(&self, content: impl Read) -> Result<impl Read> {
        self.runs();
        Ok(Exploding(content, ECHOED))
    }

    fn last_drop(&self) -> Result<impl Read> {
        self.runs();
        Ok(LastDrop(b"all of it"))
    }

    fn count(&self) -> Result<usize> {
        Ok(self.ran.load(Ordering::SeqCst))
    }
}

impl Own for Handler {
    fn take(&mut self, _fuse: Fuse) -> Result<()> {
        Ok(())
    }

    fn stream(&mut self, after: usize) -> Result<impl Read> {
        Ok(zeros(after))
    }

    fn count(&mut self) -> Result<u32> {
        Ok(1)
    }
}
