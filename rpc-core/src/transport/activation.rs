//! Listening sockets that whoever started this process has passed to it, as systemd does.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::net::TcpListener;
use std::ops::Range;
use std::os::fd::{AsFd, RawFd};
use std::os::unix::net::UnixListener;
use std::process;
use std::sync::{Mutex, PoisonError};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{AddressFamily, SocketType, getsockname, sockopt};

use super::inherited::Inherited;
use super::{IntoListener, SocketListener};

/// The number of the first descriptor that is passed.
const FIRST: RawFd = 3;

/// Whether the descriptors have been taken. A number must not be owned twice.
static TAKEN: Mutex<bool> = Mutex::new(false);

/// Returns the listening sockets that this process was started with: those of a systemd socket
/// unit, or of any other program that sets `LISTEN_PID` and `LISTEN_FDS`. Returns none if it was
/// started in another way, or if they have been taken already.
///
/// A server that is started like this needs no permission to bind, misses no connection while it
/// restarts, and need not run before it is called. If there are several sockets, their
/// [names](SocketListener::name) say which is which. The path of a Unix socket stays when its
/// server ends.
///
/// Call this when the program begins: a number that the environment names wrongly, and that the
/// program itself uses for a listening socket by then, cannot be told apart. Child processes do not
/// inherit the sockets, once they have been taken.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rpc_core::Server;
/// use rpc_core::transport::activated_listeners;
///
/// let server = match activated_listeners()?.pop() {
///     Some(listener) => Server::new(listener)?,
///     None => Server::bind("tcp://127.0.0.1:0")?,
/// };
/// # drop(server);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If `LISTEN_FDS` is not a number, or one of the descriptors is not a listening stream socket of
/// TCP or a Unix socket; the error names it. None is taken then. Also if a socket cannot be set up.
pub fn activated_listeners() -> io::Result<Vec<SocketListener>> {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    if *taken {
        return Ok(Vec::new());
    }
    let numbers = numbers(env::var_os("LISTEN_PID").as_deref(), env::var_os("LISTEN_FDS").as_deref(), process::id())?;
    let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':').map(|name| Some(name).filter(|name| !name.is_empty()));
    // all are looked at before any is taken, so that a mistake takes none
    let passed: Vec<_> =
        numbers.map(|number| Passed::look_at(number, names.next().flatten())).collect::<io::Result<_>>()?;
    *taken = true;
    passed.into_iter().map(Passed::take).collect()
}

/// Returns the numbers of the descriptors that these values of `LISTEN_PID` and `LISTEN_FDS`
/// announce to the process with this id.
fn numbers(process: Option<&OsStr>, count: Option<&OsStr>, own_id: u32) -> io::Result<Range<RawFd>> {
    let is_own = process.and_then(OsStr::to_str).and_then(|id| id.parse().ok()) == Some(own_id);
    let (true, Some(count)) = (is_own, count) else { return Ok(FIRST..FIRST) };
    let end =
        count.to_str().and_then(|count| count.parse::<u32>().ok()).and_then(|count| FIRST.checked_add_unsigned(count));
    let unexpected = || invalid(format_args!("LISTEN_FDS: expected a number of descriptors, found {count:?}"));
    Ok(FIRST..end.ok_or_else(unexpected)?)
}

fn invalid(text: impl fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text.to_string())
}

/// A listening socket that is not taken yet.
struct Passed<'n> {
    number: RawFd,
    name: Option<&'n str>,
    socket: Inherited,
    family: Family,
}

enum Family {
    Tcp,
    Unix,
}

impl<'n> Passed<'n> {
    fn look_at(number: RawFd, name: Option<&'n str>) -> io::Result<Passed<'n>> {
        let socket = Inherited::new(number);
        match listening_family(&socket) {
            Ok(family) => Ok(Passed { number, name, socket, family }),
            Err(error) => Err(named(number, name, error)),
        }
    }

    fn take(self) -> io::Result<SocketListener> {
        let Passed { number, name, socket, family } = self;
        let socket = socket.own();
        let listener = fcntl_setfd(&socket, FdFlags::CLOEXEC).map_err(io::Error::from).and_then(|()| match family {
            Family::Tcp => TcpListener::from(socket).into_listener(),
            Family::Unix => UnixListener::from(socket).into_listener(),
        });
        Ok(listener.map_err(|error| named(number, name, error))?.with_name(name.map(str::to_owned)))
    }
}

/// Says which descriptor an error is about.
fn named(number: RawFd, name: Option<&str>, error: io::Error) -> io::Error {
    let name = name.map(|name| format!(" ({name:?})")).unwrap_or_default();
    io::Error::new(error.kind(), format!("descriptor {number}{name} of LISTEN_FDS: {error}"))
}

fn listening_family(socket: impl AsFd) -> io::Result<Family> {
    if sockopt::socket_type(&socket)? != SocketType::STREAM {
        return Err(invalid("expected a stream socket, found a socket of another type"));
    }
    // Darwin does not say whether a socket listens; accepting fails there if it does not
    #[cfg(not(target_vendor = "apple"))]
    if !sockopt::socket_acceptconn(&socket)? {
        return Err(invalid("expected a listening socket, found one that does not listen"));
    }
    match getsockname(&socket)?.address_family() {
        AddressFamily::INET | AddressFamily::INET6 => Ok(Family::Tcp),
        AddressFamily::UNIX => Ok(Family::Unix),
        other => Err(invalid(format_args!("expected a socket of TCP or a Unix socket, found {other:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    fn found(process: &str, count: &str) -> io::Result<Range<RawFd>> {
        numbers(Some(process.as_ref()), Some(count.as_ref()), 42)
    }

    #[test]
    fn descriptors_are_counted_from_3() {
        assert_eq!(found("42", "0").unwrap(), 3..3);
        assert_eq!(found("42", "2").unwrap(), 3..5);
    }

    #[test]
    fn those_of_another_process_are_none_of_ours() {
        for process in ["41", "", "0", "-42", " 42", "42x", "4294967338", "18446744073709551658", "\u{664}\u{662}"] {
            assert_eq!(found(process, "2").unwrap(), 3..3, "{process:?}");
            assert_eq!(found(process, "nonsense").unwrap(), 3..3, "{process:?}");
        }
        let no_text = OsStr::from_bytes(b"42\xff");
        assert_eq!(numbers(Some(no_text), Some("2".as_ref()), 42).unwrap(), 3..3);
        assert_eq!(numbers(None, Some("2".as_ref()), 42).unwrap(), 3..3);
        assert_eq!(numbers(Some("42".as_ref()), None, 42).unwrap(), 3..3);
    }

    #[test]
    fn a_count_that_is_none_is_an_error() {
        for count in ["", "x", "-1", "1.5", " 1", "2147483645", "2147483648", "4294967296", "99999999999999999999"] {
            let error = found("42", count).unwrap_err().to_string();
            assert_eq!(error, format!("LISTEN_FDS: expected a number of descriptors, found {count:?}"));
        }
        let no_text = OsStr::from_bytes(b"1\xff");
        assert!(numbers(Some("42".as_ref()), Some(no_text), 42).is_err());
        // the last number that a descriptor could have
        assert_eq!(found("42", "2147483644").unwrap(), 3..i32::MAX);
    }
}
