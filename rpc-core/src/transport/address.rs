//! Where a server listens and a client connects.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where a server listens and a client connects: `tcp://host:port` or `unix:///path`. Parses from
/// such text and prints as it.
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
}

/// A text that is not an [`Address`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressError {
    found: String,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected an address like tcp://host:port or unix:///path, found {:?}", self.found)
    }
}

impl std::error::Error for AddressError {}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        match text.split_once("://") {
            Some(("tcp", place)) if is_host_and_port(place) => Ok(Address::Tcp(place.to_owned())),
            Some(("unix", path)) if Path::new(path).is_absolute() => Ok(Address::Unix(path.into())),
            _ => Err(AddressError { found: text.to_owned() }),
        }
    }
}

fn is_host_and_port(place: &str) -> bool {
    place.rsplit_once(':').is_some_and(|(host, port)| {
        let bare_ipv6 = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
        !host.is_empty() && !bare_ipv6 && port.parse::<u16>().is_ok()
    })
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(place) => write!(f, "tcp://{place}"),
            Address::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

impl Address {
    /// Adds the address to the system's error, which does not name it.
    pub(crate) fn name_in(&self, error: io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{self}: {error}"))
    }
}

/// What can be converted to an [`Address`]: an address, a reference to one, or text.
pub trait ToAddress {
    /// Returns the address.
    ///
    /// # Errors
    /// If the text is not an address.
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
    fn says_what_it_expects() {
        for text in
            ["", "tcp://", "tcp://host", "tcp://:1", "tcp://::1:80", "tcp://h:65536", "unix://relative", "udp://h:1"]
        {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains("tcp://host:port") && error.contains(&format!("{text:?}")), "{error}");
        }
    }
}
