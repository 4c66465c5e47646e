//! Where a connection comes from, for the limit on connections from one place.

use std::fmt;
use std::net::IpAddr;

use crate::transport::{Peer, PeerAddress};

/// Where a connection comes from: what one person or machine has one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Ip(IpAddr),
    User(u32),
}

impl Origin {
    /// Returns where a peer's connection comes from; `None` if its transport does not tell.
    pub(super) fn of(peer: &Peer) -> Option<Origin> {
        match peer.address() {
            PeerAddress::Tcp(address) => Some(Origin::Ip(address.ip().to_canonical())),
            _ => peer.credentials().map(|credentials| Origin::User(credentials.uid)),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Ip(address) => address.fmt(f),
            Origin::User(uid) => write!(f, "user {uid}"),
        }
    }
}
