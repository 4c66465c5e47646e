//! What TCP and Unix sockets have in common on Unix: they read and write through a shared reference, within limits that the system
//! keeps.

use std::io::{self, IoSlice, IoSliceMut, Read};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::timeout::SocketLimit;
use super::{Control, KernelPipe, Parts, Peer, ReadHalf, WriteHalf};

/// What can be done to a socket beside reading and writing.
pub(super) trait Socket: Immediate + Send + Sync + 'static {
    fn limit_reads(&self, limit: Option<Duration>) -> io::Result<()>;
    fn limit_writes(&self, limit: Option<Duration>) -> io::Result<()>;
    fn end(&self, directions: Shutdown) -> io::Result<()>;

    /// Sets how many bytes have to be there before a waiting read is woken. `false`, and nothing changed, where that is not to be
    /// had, or not now.
    fn wait_for(&self, bytes: usize) -> io::Result<bool> {
        _ = bytes;
        Ok(false)
    }
}

/// What a socket can do without blocking, waiting for either direction, and what the kernel moves; std offers it on no
/// platform.
pub(super) trait Immediate {
    /// Makes a peer that has gone an error of each write, and never the signal SIGPIPE, where [`send`](Immediate::send) alone cannot.
    fn silence(&self) -> io::Result<()>;

    /// Sends as [`Write::write_vectored`] does, but never with the signal SIGPIPE.
    fn send(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize>;
    /// The same with more behind it, for which the system may wait.
    fn send_more(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize>;
    fn fill_pipe(&self, pipe: &mut KernelPipe, len: usize) -> io::Result<usize>;
    fn drain_pipe(&self, pipe: &mut KernelPipe) -> io::Result<usize>;

    fn receive_now(&self, buf: &mut [u8]) -> io::Result<usize>;
    fn send_now(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize>;
    fn wait_for_either(&self, until: Option<Instant>) -> io::Result<()>;
}

/// Takes a socket apart. Each socket that is written to comes by here, whoever made it.
pub(super) fn parts<S: Socket>(socket: S, peer: Peer) -> io::Result<Parts>
where
    for<'s> &'s S: Read,
{
    socket.silence()?;
    let socket = Arc::new(socket);
    Ok(Parts {
        reader: Box::new(Half::new(&socket)),
        writer: Box::new(Half::new(&socket)),
        control: Some(Arc::new(Both(socket))),
        peer,
    })
}

/// Bytes for which a reader waits together where the peer has announced them. Over TCP on one machine waking up costs more than
/// copying what has come: with this, a file that the kernel moves arrives a quarter faster, one from memory a few per cent. Twice as
/// many gain no more.
const LOW_WATER: usize = 128 * 1024;

/// One direction, and the limit that the system keeps for it at present.
struct Half<S> {
    socket: Arc<S>,
    limit: SocketLimit,
    /// Whether a read waits for [`LOW_WATER`] bytes, not for one.
    waits_for_much: bool,
}

impl<S: Socket> Half<S> {
    fn new(socket: &Arc<S>) -> Half<S> {
        Half { socket: Arc::clone(socket), limit: SocketLimit::default(), waits_for_much: false }
    }

    /// Lets the next read wait for much where so many bytes are announced, for one byte else.
    ///
    /// The system hands out what is there, and where that is less than the mark it waits for as much as the mark **again**. So twice as
    /// much has to be on the way.
    fn expect(&mut self, announced: usize) -> io::Result<()> {
        match (self.waits_for_much, announced >= 2 * LOW_WATER) {
            // an economy: a system that does not know such a mark, or how to ask about the window, tells each byte
            (false, true) => self.waits_for_much = self.socket.wait_for(LOW_WATER).unwrap_or(false),
            (true, false) => {
                self.socket.wait_for(1)?;
                self.waits_for_much = false;
            }
            _ => {}
        }
        Ok(())
    }
}

impl<S: Socket> ReadHalf for Half<S>
where
    for<'s> &'s S: Read,
{
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        self.expect(1)?;
        let mut socket = &*self.socket;
        self.limit.run(until, |limit| socket.limit_reads(limit), || socket.read(buf))
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.expect(1)?;
        self.socket.receive_now(buf)
    }

    fn read_announced(&mut self, bufs: &mut [IoSliceMut<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.expect(bufs[0].len())?;
        let mut socket = &*self.socket;
        self.limit.run(until, |limit| socket.limit_reads(limit), || socket.read_vectored(bufs))
    }

    fn read_to_pipe(&mut self, pipe: &mut KernelPipe, len: usize, until: Option<Instant>) -> io::Result<usize> {
        self.expect(len)?;
        let socket = &*self.socket;
        self.limit.run(until, |limit| socket.limit_reads(limit), || socket.fill_pipe(pipe, len))
    }
}

impl<S: Socket> WriteHalf for Half<S> {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        let socket = &*self.socket;
        // std's way to write several slices at once kills a program that does not ignore SIGPIPE
        self.limit.run(until, |limit| socket.limit_writes(limit), || socket.send(bufs))
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.socket.send_now(bufs)
    }

    fn takes_pipes(&self) -> bool {
        true
    }

    fn write_more(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        let socket = &*self.socket;
        self.limit.run(until, |limit| socket.limit_writes(limit), || socket.send_more(bufs))
    }

    fn write_from_pipe(&mut self, pipe: &mut KernelPipe, until: Option<Instant>) -> io::Result<usize> {
        let socket = &*self.socket;
        self.limit.run(until, |limit| socket.limit_writes(limit), || socket.drain_pipe(pipe))
    }

    fn finish(&mut self, _until: Option<Instant>) -> io::Result<()> {
        self.socket.end(Shutdown::Write)
    }
}

/// Both directions.
struct Both<S>(Arc<S>);

impl<S: Socket> Control for Both<S> {
    fn abort(&self) {
        // it fails only where the peer has ended the connection already
        _ = self.0.end(Shutdown::Both);
    }

    fn wait(&self, until: Option<Instant>) -> io::Result<()> {
        self.0.wait_for_either(until)
    }

    fn can_wait(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::{AsFd, BorrowedFd};
    use std::os::unix::net::UnixStream;

    /// A socket of a system without a low-water mark.
    struct Unmarked(UnixStream);

    impl AsFd for Unmarked {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }

    impl Read for &Unmarked {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            (&self.0).read(buf)
        }
    }

    impl Socket for Unmarked {
        fn limit_reads(&self, _limit: Option<Duration>) -> io::Result<()> {
            Ok(())
        }

        fn limit_writes(&self, _limit: Option<Duration>) -> io::Result<()> {
            Ok(())
        }

        fn end(&self, _directions: Shutdown) -> io::Result<()> {
            Ok(())
        }

        fn wait_for(&self, _bytes: usize) -> io::Result<bool> {
            Err(io::ErrorKind::InvalidInput.into())
        }
    }

    #[test]
    fn a_system_without_a_mark_is_read_from_all_the_same() {
        let (near, far) = UnixStream::pair().unwrap();
        (&far).write_all(b"abc").unwrap();
        let mut half = Half::new(&Arc::new(Unmarked(near)));
        let mut piece = vec![0; 1 << 20];
        assert_eq!(half.read_announced(&mut [IoSliceMut::new(&mut piece)], None).unwrap(), 3);
    }
}
