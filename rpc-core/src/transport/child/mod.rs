//! A child process that speaks the protocol on its standard input and output.
//!
//! Both are one end of a pair of Unix sockets, so the connection can do what any socket can.

mod halves;
mod handle;
mod keeper;
mod record;
mod tail;

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::banner::{self, Missing, Quoted};
use super::{CancelToken, Parts, Peer, PeerAddress, socket};

use halves::OfChild;
use handle::Handle;

/// Starts a child and, if it `has_banner`, waits for the server's, within a limit or until `token`
/// is cancelled.
pub(crate) fn connect(
    command: Command,
    has_banner: bool,
    limit: Option<Duration>,
    token: Option<&CancelToken>,
) -> io::Result<Parts> {
    let until = limit.and_then(|limit| Instant::now().checked_add(limit));
    let name = name(&command);
    let (near, far) = UnixStream::pair()?;
    let near = Arc::new(OwnedFd::from(near));
    let handle = Handle::start(command, name.clone(), far, Arc::downgrade(&near))?;
    let mut parts = socket::shared_parts(near, Peer::new(PeerAddress::Other(name)))?;
    let greeted = handle.await_start(until, token).and_then(|()| match has_banner {
        true => greet(&mut parts, &handle, until, token),
        false => Ok(()),
    });
    if greeted.is_err() {
        handle.give_up();
    }
    greeted?;
    let handle = Arc::new(handle);
    Ok(Parts {
        reader: Box::new(OfChild(parts.reader, Arc::clone(&handle))),
        writer: Box::new(OfChild(parts.writer, handle)),
        ..parts
    })
}

/// Returns how a command is written as an address: without quotes, as the address has none.
pub(crate) fn name(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    format!("exec:{}", words.join(" "))
}

/// Waits for the server's banner, and answers it. A shell that reads before its server starts reads
/// nothing of ours.
fn greet(parts: &mut Parts, handle: &Handle, until: Option<Instant>, token: Option<&CancelToken>) -> io::Result<()> {
    banner::find(&mut *parts.reader, banner::OF_SERVER, banner::NOISE, until, token)
        .map_err(|missing| no_banner(missing, handle))?;
    banner::send(&mut *parts.writer, banner::OF_CLIENT, until).map_err(|error| handle.explain(&error, true))
}

fn no_banner(Missing { error, seen }: Missing, handle: &Handle) -> io::Error {
    let kind = error.kind();
    let what = match kind {
        io::ErrorKind::UnexpectedEof => "its output ended before a server's banner came".to_owned(),
        io::ErrorKind::InvalidData => "a server's banner did not come within 8 KiB of output".to_owned(),
        io::ErrorKind::TimedOut => "no server's banner came in time".to_owned(),
        _ => format!("a server's banner cannot be read: {error}"),
    };
    let seen = match &seen[..] {
        [] => "it printed nothing".to_owned(),
        seen => format!("it printed {}", Quoted(seen)),
    };
    let ends = !matches!(kind, io::ErrorKind::TimedOut | io::ErrorKind::InvalidData);
    let hint = match ends {
        true => "",
        false => "; for a server that speaks the bare protocol, set `ClientConfig::stdio_banner(false)`",
    };
    io::Error::new(kind, format!("{what}; {seen}; {}{hint}", handle.fate(ends)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::IoSlice;

    fn cat() -> Parts {
        connect(Command::new("cat"), false, None, None).unwrap()
    }

    #[test]
    fn it_can_do_what_a_socket_can() {
        let mut parts = cat();
        let control = parts.control.clone().unwrap();
        assert!(control.can_wait() && control.can_wait_cancellable() && parts.reader.can_await(&CancelToken::new()));
        assert_eq!(parts.reader.try_read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let soon = Some(Instant::now() + Duration::from_millis(1));
        assert_eq!(parts.reader.read(&mut [0], soon).unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(parts.writer.try_write(&[IoSlice::new(b"abc")]).unwrap(), 3);
        assert_eq!(parts.reader.read(&mut [0; 9], None).unwrap(), 3);
        let error = {
            parts.writer.finish(None).unwrap();
            parts.reader.read(&mut [0], None).unwrap_err()
        };
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(error.to_string().contains("exec:cat: it has ended with exit status: 0"), "{error}");
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn the_kernel_moves_bytes_to_it_and_from_it() {
        use super::super::KernelPipe;
        use std::io::{Read, Seek, Write};

        let mut parts = cat();
        let [mut from, mut into] = [(), ()].map(|()| tempfile::tempfile().unwrap());
        from.write_all(&[7; 1000]).unwrap();
        from.rewind().unwrap();
        let mut pipe = KernelPipe::new().unwrap();
        assert!(parts.writer.takes_pipes());
        pipe.fill(&from, 1000).unwrap();
        assert_eq!(parts.writer.write_from_pipe(&mut pipe, None).unwrap(), 1000);
        assert_eq!(parts.reader.read_to_pipe(&mut pipe, 1000, None).unwrap(), 1000);
        pipe.drain(&into).unwrap();
        into.rewind().unwrap();
        let mut bytes = Vec::new();
        into.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, [7; 1000]);
    }

    /// As an address is written that starts it.
    #[test]
    fn a_command_is_named_by_its_words() {
        let mut command = Command::new("ssh");
        command.args(["-T", "host", "serve"]).env("SECRET", "x");
        assert_eq!(name(&command), "exec:ssh -T host serve");
    }
}
