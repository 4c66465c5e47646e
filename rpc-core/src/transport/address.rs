//! Where a server listens and a client connects.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where a server listens and a client connects: `tcp://host:port` or `unix:///path`. Parses from
/// such text and prints as it. [`ToAddress`] lists what else is accepted as one.
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
    /// The absolute path of a Unix socket.
    Unix(PathBuf),
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

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {:?}", self.expected, self.found)
    }
}

impl std::error::Error for AddressError {}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        let read = match text.split_once("://") {
            Some(("tcp", place)) => host_and_port(place).map(|()| Address::Tcp(place.to_owned())),
            Some(("unix", path)) if Path::new(path).is_absolute() => Ok(Address::Unix(path.into())),
            Some(("unix", _)) => Err("an absolute path, as in unix:///run/vault.sock"),
            _ => Err("an address like tcp://host:port or unix:///path"),
        };
        read.map_err(|expected| AddressError { expected, found: text.to_owned() })
    }
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
fn is_host(host: &str) -> bool {
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
            Address::Unix(path) => write!(f, "unix://{}", path.display()),
            Address::Other(place) => f.write_str(place),
        }
    }
}

impl Address {
    /// Adds the address to the system's error, which does not name it.
    pub(crate) fn name_in(&self, error: io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{self}: {error}"))
    }
}

/// What can be converted to an [`Address`]: an address, text, a [`SocketAddr`], a host or an IP
/// address with a port, or a reference to one of these.
///
/// ```
/// use rpc_core::ToAddress;
///
/// assert_eq!(("localhost", 7411).to_address()?, "tcp://localhost:7411".to_address()?);
/// assert_eq!(("::1", 7411).to_address()?.to_string(), "tcp://[::1]:7411");
/// # Ok::<(), rpc_core::AddressError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an address",
    label = "not an address",
    note = "an address is text, `\"tcp://127.0.0.1:7411\"` or `\"unix:///run/vault.sock\"`, a host and a port, `(\"localhost\", 7411)`, \
            a `SocketAddr`, or an `rpc_core::Address`"
)]
pub trait ToAddress {
    /// Returns the address.
    ///
    /// # Errors
    /// If the text is not an address, or the host not one.
    fn to_address(&self) -> Result<Address, AddressError>;
}

impl ToAddress for Address {
    fn to_address(&self) -> Result<Address, AddressError> {
        Ok(self.clone())
    }
}

impl ToAddress for str {
    fn to_address(&self) -> Result<Address, AddressError> {
        self.parse()
    }
}

impl ToAddress for String {
    fn to_address(&self) -> Result<Address, AddressError> {
        self.parse()
    }
}

impl ToAddress for SocketAddr {
    fn to_address(&self) -> Result<Address, AddressError> {
        Ok(Address::Tcp(self.to_string()))
    }
}

/// A host and a port, over TCP. The host is a name, an IPv4 address, or an IPv6 address with or
/// without brackets.
impl ToAddress for (&str, u16) {
    fn to_address(&self) -> Result<Address, AddressError> {
        let (host, port) = *self;
        let bracketed = format!("[{host}]");
        match [host, &bracketed].into_iter().find(|host| is_host(host)) {
            Some(host) => Ok(Address::Tcp(format!("{host}:{port}"))),
            None => {
                let expected = "a host: a name, an IPv4 address or an IPv6 address";
                Err(AddressError { expected, found: host.to_owned() })
            }
        }
    }
}

impl ToAddress for (String, u16) {
    fn to_address(&self) -> Result<Address, AddressError> {
        (self.0.as_str(), self.1).to_address()
    }
}

impl ToAddress for (&String, u16) {
    fn to_address(&self) -> Result<Address, AddressError> {
        (self.0.as_str(), self.1).to_address()
    }
}

impl ToAddress for (IpAddr, u16) {
    fn to_address(&self) -> Result<Address, AddressError> {
        SocketAddr::from(*self).to_address()
    }
}

impl ToAddress for (Ipv4Addr, u16) {
    fn to_address(&self) -> Result<Address, AddressError> {
        SocketAddr::from(*self).to_address()
    }
}

impl ToAddress for (Ipv6Addr, u16) {
    fn to_address(&self) -> Result<Address, AddressError> {
        SocketAddr::from(*self).to_address()
    }
}

impl<T: ToAddress + ?Sized> ToAddress for &T {
    fn to_address(&self) -> Result<Address, AddressError> {
        (**self).to_address()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_it_parses() {
        let mut texts = vec!["tcp://127.0.0.1:0", "tcp://[::1]:80", "tcp://example.org:65535"];
        if cfg!(unix) {
            // elsewhere this path is not absolute
            texts.push("unix:///run/vault.sock");
        }
        for text in texts {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_socket_address_is_one() {
        let scoped = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 9, 0, 3);
        for (address, printed) in [
            (SocketAddr::from(([10, 0, 0, 1], 80)), "tcp://10.0.0.1:80"),
            (SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 80)), "tcp://[::1]:80"),
            (SocketAddr::V6(scoped), "tcp://[::1%3]:9"),
        ] {
            let found = address.to_address().unwrap();
            assert_eq!(found.to_string(), printed);
            assert_eq!(printed.parse::<Address>().unwrap(), found);
        }
    }

    #[test]
    fn a_host_and_a_port_are_one() {
        for (host, printed) in [
            ("localhost", "tcp://localhost:80"),
            ("my_host.example.org", "tcp://my_host.example.org:80"),
            ("127.0.0.1", "tcp://127.0.0.1:80"),
            ("::1", "tcp://[::1]:80"),
            ("[::1]", "tcp://[::1]:80"),
            ("fe80::1%2", "tcp://[fe80::1%2]:80"),
        ] {
            let found = (host.to_owned(), 80).to_address().unwrap();
            assert_eq!((found.to_string().as_str(), &found), (printed, &printed.parse().unwrap()));
        }
        for host in ["", "host:1", "tcp://host", "[host]", "a b", "[]", "::1]", "user@host", "host\n", ":::"] {
            let error = (host, 80).to_address().unwrap_err().to_string();
            assert_eq!(error, format!("expected a host: a name, an IPv4 address or an IPv6 address, found {host:?}"));
        }
    }

    #[test]
    fn another_place_prints_as_it_was_given() {
        assert_eq!(Address::Other("the modem".to_owned()).to_string(), "the modem");
    }

    #[test]
    fn says_what_it_expects() {
        for (text, expected) in [
            ("", "an address like tcp://host:port or unix:///path"),
            ("udp://h:1", "an address like tcp://host:port or unix:///path"),
            ("memory", "an address like tcp://host:port or unix:///path"),
            ("unix:/run/x", "an address like tcp://host:port or unix:///path"),
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
