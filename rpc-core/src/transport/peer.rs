//! Who is at the other end of a connection: where it is, and what the system or a certificate
//! vouches for.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::Certificate;
use super::ssh::SshConnection;

/// The other end of a connection.
///
/// Prints as its address, followed by its credentials, its certificate and its proxy if there are
/// any: `tcp://10.0.0.1:5000`, `unix: (uid 1000, pid 42)`, `stdio, ssh from 10.0.0.1:5000 (uid
/// 1000)`, `tcp://10.0.0.1:5000 (ann.example) through tcp://10.0.0.9:80`.
///
/// ```
/// use rpc_core::{Credentials, Peer, PeerAddress};
///
/// let peer = Peer::new(PeerAddress::Unix(None)).with_credentials(Credentials::new(1000, 100, Some(42)));
/// assert_eq!(peer.to_string(), "unix: (uid 1000, pid 42)");
///
/// // whoever has no known user is nobody in particular
/// let is_ann = |peer: &Peer| peer.credentials().is_some_and(|credentials| credentials.uid == 1000);
/// assert!(is_ann(&peer));
/// assert!(!is_ann(&Peer::new(PeerAddress::Unix(None))));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    address: PeerAddress,
    credentials: Option<Credentials>,
    ssh: Option<SshConnection>,
    proxy: Option<Box<Peer>>,
    certificate: Option<Certificate>,
}

/// Where the other end of a connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerAddress {
    /// The address of a TCP socket.
    Tcp(SocketAddr),
    /// A Unix socket, with the path if it is bound to one. Clients are usually not.
    Unix(Option<PathBuf>),
    /// The other end of a [`memory_pair`](super::memory_pair).
    Memory,
    /// The description that a transport of another kind gives.
    Other(String),
}

/// Which process is at the other end of a Unix socket, as the system saw it when the connection was
/// made: of a client when it connected, of a server when it began to listen.
///
/// The process may have passed its socket to another one since, and its `pid` may belong to a new
/// process when the first has ended; decide by the `uid`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// The effective user. A user who does not exist in this process's user namespace appears as
    /// the system's overflow user, usually 65534.
    pub uid: u32,
    /// The effective group.
    pub gid: u32,
    /// The process; `None` if it is not visible from here, because it is outside this container.
    pub pid: Option<u32>,
}

impl Peer {
    /// Returns a peer at this address, of which nothing else is known.
    pub fn new(address: PeerAddress) -> Peer {
        Peer { address, credentials: None, ssh: None, proxy: None, certificate: None }
    }

    /// Adds what the system says about the peer's process. Claims of the peer itself do not belong
    /// here, because handlers decide by it what a caller may do.
    #[must_use]
    pub fn with_credentials(self, credentials: Credentials) -> Peer {
        Peer { credentials: Some(credentials), ..self }
    }

    /// Adds the ssh connection that this process was started for.
    #[must_use]
    pub fn with_ssh(self, ssh: SshConnection) -> Peer {
        Peer { ssh: Some(ssh), ..self }
    }

    /// Adds the proxy through which the peer is connected, and which has said who the peer is.
    #[must_use]
    pub fn with_proxy(self, proxy: Peer) -> Peer {
        Peer { proxy: Some(Box::new(proxy)), ..self }
    }

    /// Adds what the peer's certificate says, which must have been verified, because handlers
    /// decide by it what a caller may do.
    #[must_use]
    pub fn with_certificate(self, certificate: Certificate) -> Peer {
        Peer { certificate: Some(certificate), ..self }
    }

    /// Returns where the peer is.
    pub fn address(&self) -> &PeerAddress {
        &self.address
    }

    /// Returns the address of a peer that is connected by TCP.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        match self.address {
            PeerAddress::Tcp(address) => Some(address),
            _ => None,
        }
    }

    /// Returns who the peer's process is. Known for Unix sockets on Linux and Android, for
    /// `serve_stdio`, whose client has the rights of this process's user, and for transports of
    /// your own that say it.
    ///
    /// **`None` means that nobody knows, and permits nothing**: other platforms and transports do
    /// not tell, and the system may have refused to. A service that serves certain users must
    /// refuse a caller without credentials. A peer behind a [proxy](Peer::proxy) has none; those of
    /// the proxy's process are the proxy's own.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// Returns the ssh connection that a program with `serve_stdio` was started for, as the
    /// variable `SSH_CONNECTION` says; `None` if it is not set, or does not look like that.
    ///
    /// **It is only as trustworthy as whoever starts the program.** `sshd` sets it, whatever its
    /// client asks for; a user of this machine who starts the program can set it to anything.
    pub fn ssh(&self) -> Option<&SshConnection> {
        self.ssh.as_ref()
    }

    /// Returns the proxy, such as a balancer, through which the peer is connected, as the system
    /// sees it: see [`ServerConfig::proxy_protocol`](crate::ServerConfig::proxy_protocol). `None`
    /// if the peer itself is connected.
    pub fn proxy(&self) -> Option<&Peer> {
        self.proxy.as_deref()
    }

    /// Returns what the peer's certificate says, if it has shown one and it was verified. A server
    /// knows it if it requires certificates of its clients (mutual TLS); a client knows its
    /// server's.
    ///
    /// **`None` means that nobody knows, and permits nothing.** That a certificate was verified
    /// says who the caller is, and not what it may do: a handler or a factory decides that.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }
}

impl Credentials {
    /// Returns credentials for a transport of your own, or for a test.
    pub fn new(uid: u32, gid: u32, pid: Option<u32>) -> Credentials {
        Credentials { uid, gid, pid }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address)?;
        if let Some(ssh) = &self.ssh {
            write!(f, ", ssh from {}", ssh.client)?;
        }
        match &self.credentials {
            Some(Credentials { uid, pid: Some(pid), .. }) => write!(f, " (uid {uid}, pid {pid})")?,
            Some(Credentials { uid, pid: None, .. }) => write!(f, " (uid {uid})")?,
            None => {}
        }
        if let Some(certificate) = &self.certificate {
            write!(f, " ({certificate})")?;
        }
        self.proxy.as_ref().map_or(Ok(()), |proxy| write!(f, " through {proxy}"))
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PeerAddress::Tcp(address) => write!(f, "tcp://{address}"),
            PeerAddress::Unix(Some(path)) => write!(f, "unix://{}", path.display()),
            PeerAddress::Unix(None) => f.write_str("unix:"),
            PeerAddress::Memory => f.write_str("memory"),
            PeerAddress::Other(description) => f.write_str(description),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_its_address_and_then_its_credentials() {
        let known = Credentials::new(1000, 100, Some(42));
        let printed = |address, credentials: Option<Credentials>| {
            let peer = Peer::new(address);
            credentials.into_iter().fold(peer, Peer::with_credentials).to_string()
        };
        let path = || PeerAddress::Unix(Some("/run/vault.sock".into()));
        assert_eq!(printed(PeerAddress::Tcp(([1, 2, 3, 4], 5).into()), None), "tcp://1.2.3.4:5");
        assert_eq!(printed(path(), None), "unix:///run/vault.sock");
        assert_eq!(printed(path(), Some(known.clone())), "unix:///run/vault.sock (uid 1000, pid 42)");
        assert_eq!(printed(PeerAddress::Unix(None), Some(known)), "unix: (uid 1000, pid 42)");
        assert_eq!(printed(PeerAddress::Unix(None), Some(Credentials::new(0, 0, None))), "unix: (uid 0)");
        assert_eq!(printed(PeerAddress::Unix(None), None), "unix:");
        assert_eq!(printed(PeerAddress::Memory, None), "memory");
        let ssh = SshConnection::new(([10, 0, 0, 1], 5000).into(), ([10, 0, 0, 2], 22).into());
        let peer = Peer::new(PeerAddress::Other("stdio".to_owned())).with_ssh(ssh);
        let peer = peer.with_credentials(Credentials::new(1000, 100, None));
        assert_eq!(peer.to_string(), "stdio, ssh from 10.0.0.1:5000 (uid 1000)");
        let proved = Certificate::new(vec!["ann.example".to_owned()], vec![], [0; 32]);
        assert_eq!(Peer::new(PeerAddress::Memory).with_certificate(proved).to_string(), "memory (ann.example)");
        assert_eq!(printed(PeerAddress::Other("a modem".to_owned()), None), "a modem");
    }

    #[test]
    fn prints_its_proxy_last() {
        let proxy = Peer::new(PeerAddress::Unix(None)).with_credentials(Credentials::new(7, 7, Some(42)));
        let peer = Peer::new(PeerAddress::Tcp(([1, 2, 3, 4], 5).into())).with_proxy(proxy);
        assert_eq!(peer.to_string(), "tcp://1.2.3.4:5 through unix: (uid 7, pid 42)");
    }

    #[test]
    fn only_a_tcp_socket_has_a_tcp_address() {
        let address = SocketAddr::from(([127, 0, 0, 1], 80));
        assert_eq!(Peer::new(PeerAddress::Tcp(address)).tcp_address(), Some(address));
        assert_eq!(Peer::new(PeerAddress::Other("tcp://127.0.0.1:80".to_owned())).tcp_address(), None);
    }
}
