//! What a caller may give as an address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::address::{Address, AddressError, is_host};

/// What can be converted to an [`Address`]: an address, text, a [`SocketAddr`], a host or an IP
/// address with a port, a reference to one of these, or an array, a slice or a vector of them,
/// which becomes an [`Address::AnyOf`].
///
/// ```
/// use rpc_core::ToAddress;
///
/// assert_eq!(("localhost", 7411).to_address()?, "tcp://localhost:7411".to_address()?);
/// assert_eq!(("::1", 7411).to_address()?.to_string(), "tcp://[::1]:7411");
/// assert_eq!(["tcp://a:1", "tcp://b:1"].to_address()?.to_string(), "tcp://a:1,tcp://b:1");
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
            None => Err(AddressError::new("a host: a name, an IPv4 address or an IPv6 address", host)),
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

impl<T: ToAddress> ToAddress for [T] {
    fn to_address(&self) -> Result<Address, AddressError> {
        Address::any_of(self.iter().map(T::to_address))
    }
}

impl<T: ToAddress, const N: usize> ToAddress for [T; N] {
    fn to_address(&self) -> Result<Address, AddressError> {
        self[..].to_address()
    }
}

impl<T: ToAddress> ToAddress for Vec<T> {
    fn to_address(&self) -> Result<Address, AddressError> {
        self[..].to_address()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddrV6;

    use super::*;

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
}
