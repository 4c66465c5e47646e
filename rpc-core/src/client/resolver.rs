//! Where names lead to.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use crate::transport::Address;

/// What looks up names, if it is not the system.
#[derive(Clone, Default)]
pub(super) struct Resolver(Option<Arc<LookUp>>);

type LookUp = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;

impl Resolver {
    pub(super) fn by(look_up: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static) -> Resolver {
        Resolver(Some(Arc::new(look_up)))
    }

    /// Returns all addresses of a name.
    pub(super) fn look_up(&self, name: &Name<'_>) -> io::Result<Vec<SocketAddr>> {
        let found = match &self.0 {
            Some(look_up) => look_up(name.host, name.port)?,
            None => (name.host, name.port).to_socket_addrs()?.collect(),
        };
        if found.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        }
        Ok(found)
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "set" } else { "the system" })
    }
}

/// A host's name and a port.
pub(super) struct Name<'a> {
    host: &'a str,
    port: u16,
}

impl Name<'_> {
    /// Returns the name in an address; `None` if it has an IP address, or neither.
    pub(super) fn of(address: &Address) -> Option<Name<'_>> {
        let (Address::Tcp(place) | Address::Tls(place)) = address else { return None };
        if place.parse::<SocketAddr>().is_ok() {
            return None;
        }
        let (host, port) = place.rsplit_once(':')?;
        Some(Name { host, port: port.parse().ok()? })
    }
}
