//! Where a server listens and a client connects.

use std::fmt;
use std::io;
use std::net::SocketAddrV6;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where a server listens and a client connects. Parses from text and prints as it.
/// [`ToAddress`](crate::ToAddress) lists what else is accepted as one.
///
/// | text | place |
/// |---|---|
/// | `tcp://host:port` | [`Tcp`](Address::Tcp) |
/// | `tls://host:port` | [`Tls`](Address::Tls) |
/// | `unix:///path` | [`Unix`](Address::Unix) |
/// | `exec:COMMAND ARGS` | [`Exec`](Address::Exec) |
/// | several of the first three, with commas between them | [`AnyOf`](Address::AnyOf) |
///
/// ```
/// use rpc_core::Address;
///
/// let address: Address = "tcp://localhost:7411".parse()?;
/// assert_eq!(address.to_string(), "tcp://localhost:7411");
/// assert!("localhost:7411".parse::<Address>().is_err());
/// # Ok::<(), rpc_core::AddressError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// `host:port`, where host is a name, an IPv4 address or a bracketed IPv6 address. Port 0 binds
    /// to any free port.
    Tcp(String),
    /// `host:port`, over TCP and TLS.
    Tls(String),
    /// The absolute path of a Unix socket.
    Unix(PathBuf),
    /// A command and its arguments, split at blanks, without quotes and without a shell: a client's
    /// peer is a child process that speaks the protocol on its standard input and output.
    Exec(String),
    /// Servers of the same service: a client connects to any of them. As text or from an array they
    /// are all reached with TLS, or none by TCP without it.
    AnyOf(Vec<Address>),
    /// A place that only its own listener and its own connector know, as they describe it. No text
    /// parses as this, and connecting to it or binding it fails: see
    /// [`Client::with_connector`](crate::Client::with_connector) and
    /// [`Server::new`](crate::Server::new).
    Other(String),
}

/// What is not an [`Address`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressError {
    expected: &'static str,
    found: String,
}

impl AddressError {
    pub(super) fn new(expected: &'static str, found: impl Into<String>) -> AddressError {
        AddressError { expected, found: found.into() }
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {:?}", self.expected, self.found)
    }
}

impl std::error::Error for AddressError {}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        if let Some(command) = text.strip_prefix("exec:") {
            return match command.trim() {
                "" => Err(AddressError::new("a command, as in exec:ssh host mirror serve-stdio /data", text)),
                command => Ok(Address::Exec(command.to_owned())),
            };
        }
        Address::any_of(split(text).map(one))
    }
}

/// What the text of a place with a server begins with.
const SCHEMES: [&str; 3] = ["tcp://", "tls://", "unix://"];

/// Splits a list of places. A comma is a part of a place, such as the path of a socket, unless
/// another place begins after it, perhaps after blanks.
fn split(mut text: &str) -> impl Iterator<Item = &str> {
    let mut done = false;
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let begins =
            |(at, _): &(usize, &str)| SCHEMES.iter().any(|scheme| text[at + 1..].trim_start().starts_with(scheme));
        let (first, rest) = match text.match_indices(',').find(begins) {
            Some((at, _)) => (&text[..at], text[at + 1..].trim_start()),
            None => (text, ""),
        };
        done = rest.is_empty();
        text = rest;
        Some(first)
    })
}

/// Parses a single place.
fn one(text: &str) -> Result<Address, AddressError> {
    let read = match text.split_once("://") {
        Some(("tcp", place)) => host_and_port(place).map(|()| Address::Tcp(place.to_owned())),
        Some(("tls", place)) => host_and_port(place).map(|()| Address::Tls(place.to_owned())),
        Some(("unix", path)) if Path::new(path).is_absolute() => Ok(Address::Unix(path.into())),
        Some(("unix", _)) => Err("an absolute path, as in unix:///run/vault.sock"),
        _ => Err("an address like tcp://host:port, tls://host:port, unix:///path or exec:COMMAND"),
    };
    read.map_err(|expected| AddressError::new(expected, text))
}

/// Checks what follows `tcp://`, and returns what was expected instead.
fn host_and_port(place: &str) -> Result<(), &'static str> {
    let (host, port) = place.rsplit_once(':').ok_or("a port after the host, as in tcp://host:port")?;
    if port.parse::<u16>().is_err() {
        return Err("a port from 0 to 65535, as in tcp://host:port");
    }
    if !is_host(host) {
        return Err("a name, an IPv4 address or an IPv6 address in brackets, as in tcp://host:port");
    }
    Ok(())
}

/// A host as it is written before a port: in brackets if it is an IPv6 address.
pub(super) fn is_host(host: &str) -> bool {
    let never_in_a_name = |c: char| c.is_whitespace() || c.is_control() || "[]:/@".contains(c);
    is_ipv6(host) || !(host.is_empty() || host.contains(never_in_a_name))
}

/// An IPv6 address in brackets, perhaps with a scope: `[fe80::1%2]`.
fn is_ipv6(host: &str) -> bool {
    format!("{host}:0").parse::<SocketAddrV6>().is_ok()
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(place) => write!(f, "tcp://{place}"),
            Address::Tls(place) => write!(f, "tls://{place}"),
            Address::Unix(path) => write!(f, "unix://{}", path.display()),
            Address::Exec(command) => write!(f, "exec:{command}"),
            Address::AnyOf(places) => places.iter().enumerate().try_for_each(|(number, place)| match number {
                0 => write!(f, "{place}"),
                _ => write!(f, ",{place}"),
            }),
            Address::Other(place) => f.write_str(place),
        }
    }
}

impl Address {
    /// Returns the address of any of these places, or the only one. Lists within the list become a
    /// part of it.
    ///
    /// # Errors
    /// The first of these places, or if there is none, or if some are reached with TLS and some by
    /// TCP alone: whoever keeps a client from the first would make it call in plain text.
    pub(super) fn any_of<I>(places: I) -> Result<Address, AddressError>
    where
        I: IntoIterator<Item = Result<Address, AddressError>>,
    {
        let mut all = Vec::new();
        for place in places {
            match place? {
                Address::AnyOf(more) => all.extend(more),
                place => all.push(place),
            }
        }
        let has = |is: fn(&Address) -> bool| all.iter().any(is);
        if has(|place| matches!(place, Address::Tls(_))) && has(|place| matches!(place, Address::Tcp(_))) {
            let found = Address::AnyOf(all).to_string();
            return Err(AddressError::new("all places with tls:// or all with tcp://", found));
        }
        match all.len() {
            0 => Err(AddressError::new("at least one address", "none")),
            1 => Ok(all.remove(0)),
            _ => Ok(Address::AnyOf(all)),
        }
    }

    /// Adds the address to the system's error, which does not name it.
    pub(crate) fn name_in(&self, error: io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{self}: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_it_parses() {
        let mut texts = vec![
            "tcp://127.0.0.1:0",
            "tcp://[::1]:80",
            "tls://example.org:65535",
            "exec:ssh -T host serve, please",
            "tls://a:1,tls://b:2",
        ];
        if cfg!(unix) {
            // elsewhere this path is not absolute
            texts.extend(["unix:///run/vault.sock", "unix:///run/a,b,tcp:/c,tcp://b:1,unix:///d"]);
        }
        for text in texts {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn another_place_prints_as_it_was_given() {
        assert_eq!(Address::Other("the modem".to_owned()).to_string(), "the modem");
    }

    #[test]
    fn several_places_are_one_address() {
        let [a, b] = ["a:1", "b:2"].map(|place| Address::Tcp(place.to_owned()));
        assert_eq!("tcp://a:1,tcp://b:2".parse(), Ok(Address::AnyOf(vec![a.clone(), b.clone()])));
        let nested = [Ok(a.clone()), Ok(Address::AnyOf(vec![b.clone(), a.clone()]))];
        assert_eq!(Address::any_of(nested), Ok(Address::AnyOf(vec![a.clone(), b.clone(), a.clone()])));
        assert_eq!("tcp://a:1,  tcp://b:2".parse(), Address::any_of([Ok(a.clone()), Ok(b.clone())]));
        assert_eq!(Address::any_of([Ok(a.clone())]), Ok(a));
        let error = Address::any_of([]).unwrap_err().to_string();
        assert_eq!(error, "expected at least one address, found \"none\"");
    }

    /// Otherwise an attacker who blocks one of them would read what is called.
    #[test]
    fn no_list_leads_from_tls_to_plain_text() {
        let error = "tls://a:1,tcp://b:2".parse::<Address>().unwrap_err().to_string();
        assert_eq!(error, "expected all places with tls:// or all with tcp://, found \"tls://a:1,tcp://b:2\"");
        assert!("tls://a:1,unix:///b".parse::<Address>().is_ok());
    }

    const EXPECTED: &str = "an address like tcp://host:port, tls://host:port, unix:///path or exec:COMMAND";

    #[test]
    fn says_what_it_expects() {
        for (text, expected) in [
            ("", EXPECTED),
            ("udp://h:1", EXPECTED),
            ("memory", EXPECTED),
            ("unix:/run/x", EXPECTED),
            ("tcp://a:1,", "a port from 0 to 65535, as in tcp://host:port"),
            ("tls://a", "a port after the host, as in tcp://host:port"),
            ("exec: ", "a command, as in exec:ssh host mirror serve-stdio /data"),
            ("tcp://", "a port after the host, as in tcp://host:port"),
            ("tcp://host", "a port after the host, as in tcp://host:port"),
            ("tcp://h:65536", "a port from 0 to 65535, as in tcp://host:port"),
            ("tcp://h:", "a port from 0 to 65535, as in tcp://host:port"),
            ("tcp://:1", "a name, an IPv4 address or an IPv6 address in brackets, as in tcp://host:port"),
            ("tcp://::1:80", "a name, an IPv4 address or an IPv6 address in brackets, as in tcp://host:port"),
            ("tcp://[h]:1", "a name, an IPv4 address or an IPv6 address in brackets, as in tcp://host:port"),
            ("tcp://a/b:1", "a name, an IPv4 address or an IPv6 address in brackets, as in tcp://host:port"),
            ("tcp:// :1", "a name, an IPv4 address or an IPv6 address in brackets, as in tcp://host:port"),
            ("unix://relative", "an absolute path, as in unix:///run/vault.sock"),
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert_eq!(error, format!("expected {expected}, found {text:?}"));
        }
    }
}
