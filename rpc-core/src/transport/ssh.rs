//! The ssh connection that a process was started for.

#[cfg(unix)]
use std::net::IpAddr;
use std::net::SocketAddr;

/// The two ends of the TCP connection over which `sshd` has let somebody in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SshConnection {
    /// Where the ssh client is.
    pub client: SocketAddr,
    /// Where it has reached `sshd`.
    pub server: SocketAddr,
}

impl SshConnection {
    /// Returns a connection between these, for a test.
    pub fn new(client: SocketAddr, server: SocketAddr) -> SshConnection {
        SshConnection { client, server }
    }

    /// Reads `SSH_CONNECTION`: addresses and ports of the client and the server, with blanks
    /// between them.
    #[cfg(unix)]
    pub(super) fn parse(text: &str) -> Option<SshConnection> {
        let words: Vec<_> = text.split(' ').collect();
        let [client, client_port, server, server_port] = words[..] else { return None };
        // the scope of a local IPv6 address is a name of this machine
        let ip = |text: &str| text.split('%').next().unwrap_or_default().parse::<IpAddr>().ok();
        let client = SocketAddr::new(ip(client)?, client_port.parse().ok()?);
        Some(SshConnection { client, server: SocketAddr::new(ip(server)?, server_port.parse().ok()?) })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn is_read_from_its_variable() {
        for (text, client) in [
            ("192.0.2.1 50000 192.0.2.2 22", Some("192.0.2.1:50000")),
            ("2001:db8::1 50000 2001:db8::2 22", Some("[2001:db8::1]:50000")),
            ("fe80::1%eth0 50000 fe80::2%eth0 22", Some("[fe80::1]:50000")),
            ("", None),
            ("192.0.2.1 50000 192.0.2.2", None),
            ("192.0.2.1 50000 192.0.2.2 22 1", None),
            ("UNKNOWN 65535 UNKNOWN 65535", None),
            ("192.0.2.1 65536 192.0.2.2 22", None),
        ] {
            let found = SshConnection::parse(text).map(|ssh| ssh.client.to_string());
            assert_eq!(found.as_deref(), client, "{text:?}");
        }
    }
}
