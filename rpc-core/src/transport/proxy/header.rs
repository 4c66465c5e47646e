//! What the PROXY protocol's header says, in version 2: pure.
//!
//! The format is that of section 2.2 of HAProxy's `proxy-protocol.txt`. All numbers are big-endian:
//!
//! | bytes | hold |
//! |---|---|
//! | 12 | a signature |
//! | 1 | the version, 2, and the command: 0 `LOCAL`, 1 `PROXY` |
//! | 1 | the address family (0 unspecified, 1 IPv4, 2 IPv6, 3 Unix) and the kind of socket (0 unspecified, 1 stream, 2 datagram) |
//! | 2 | how many bytes follow |
//! | these | the client's address and the one that it connected to: 12 bytes for IPv4, 36 for IPv6, 216 for Unix; then extensions, which are skipped |

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::transport::PeerAddress;

/// The bytes up to the number of those that follow.
pub(super) const OPENING_LEN: usize = 16;

/// The most bytes that may follow. Addresses take 216, so this leaves room for extensions such as
/// the names in a client's certificate.
const MAX_REST_LEN: u16 = 4 * 1024;

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// What the header of version 1 begins with. The rest of it is text as well.
const VERSION_1: &[u8] = b"PROXY ";

/// The length of the path of a Unix socket, which is padded with zeros.
const PATH_LEN: usize = 108;

/// The first part of a header: on whose behalf the connection was made.
#[derive(Debug)]
pub(super) struct Opening {
    client: Client,
    /// How many bytes follow.
    pub(super) rest_len: u16,
}

/// Where the client is: what the addresses in the rest of the header are.
#[derive(Debug, Clone, Copy)]
enum Client {
    /// There is none: the proxy has connected for itself, for example to check the server.
    Proxy,
    /// The proxy does not say, or in a way that no byte stream has.
    Unnamed,
    Ipv4,
    Ipv6,
    Unix,
}

/// What is not a header.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeaderError {
    Missing(Vec<u8>),
    Version1,
    VersionOrCommand(u8),
    Family(u8),
    TooLong(u16),
    TooShort { expected: usize, found: usize },
}

/// Fails if no header begins with these bytes, however it goes on.
pub(super) fn check_beginning(bytes: &[u8]) -> Result<(), HeaderError> {
    let begins = |whole: &[u8]| bytes.iter().zip(whole).all(|(found, expected)| found == expected);
    match () {
        () if begins(SIGNATURE) => Ok(()),
        () if !begins(VERSION_1) => Err(HeaderError::Missing(bytes.to_owned())),
        () if bytes.len() < VERSION_1.len() => Ok(()),
        () => Err(HeaderError::Version1),
    }
}

impl Opening {
    pub(super) fn decode(bytes: &[u8; OPENING_LEN]) -> Result<Opening, HeaderError> {
        check_beginning(bytes)?;
        let [.., version_and_command, family_and_socket, high, low] = *bytes;
        let client = match version_and_command {
            0x20 => Client::Proxy,
            0x21 => Client::decode(family_and_socket)?,
            other => return Err(HeaderError::VersionOrCommand(other)),
        };
        let rest_len = u16::from_be_bytes([high, low]);
        if rest_len > MAX_REST_LEN {
            return Err(HeaderError::TooLong(rest_len));
        }
        Ok(Opening { client, rest_len })
    }

    /// Returns where the client is, given the rest of the header; `None` if the proxy has connected
    /// for itself.
    pub(super) fn client(&self, rest: &[u8]) -> Result<Option<PeerAddress>, HeaderError> {
        let too_short = |expected| HeaderError::TooShort { expected, found: rest.len() };
        Ok(Some(match self.client {
            Client::Proxy => return Ok(None),
            Client::Unnamed => PeerAddress::Other("a client that the proxy does not name".to_owned()),
            Client::Ipv4 => {
                let addresses: &[u8; 12] = rest.first_chunk().ok_or_else(|| too_short(12))?;
                let [a, b, c, d, _, _, _, _, high, low, ..] = *addresses;
                tcp(Ipv4Addr::new(a, b, c, d), [high, low])
            }
            Client::Ipv6 => {
                let addresses: &[u8; 36] = rest.first_chunk().ok_or_else(|| too_short(36))?;
                let (ip, ports) = (addresses.first_chunk::<16>(), [addresses[32], addresses[33]]);
                tcp(Ipv6Addr::from(*ip.expect("there are 36 bytes")), ports)
            }
            Client::Unix => {
                let addresses: &[u8; 2 * PATH_LEN] = rest.first_chunk().ok_or_else(|| too_short(2 * PATH_LEN))?;
                // the name of a socket without a file begins with a zero
                let path = addresses[..PATH_LEN].split(|&byte| byte == 0).next().unwrap_or_default();
                PeerAddress::Unix((!path.is_empty()).then(|| String::from_utf8_lossy(path).into_owned().into()))
            }
        }))
    }
}

impl Client {
    fn decode(family_and_socket: u8) -> Result<Client, HeaderError> {
        match family_and_socket {
            0x11 => Ok(Client::Ipv4),
            0x21 => Ok(Client::Ipv6),
            0x31 => Ok(Client::Unix),
            // known and not of use here: section 2.2 has the addresses ignored
            other if other >> 4 <= 3 && other & 0xf <= 2 => Ok(Client::Unnamed),
            other => Err(HeaderError::Family(other)),
        }
    }
}

fn tcp(ip: impl Into<std::net::IpAddr>, port: [u8; 2]) -> PeerAddress {
    PeerAddress::Tcp(SocketAddr::new(ip.into(), u16::from_be_bytes(port)))
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeaderError::Missing(found) => write!(
                f,
                "expected the header of version 2 of the PROXY protocol, found \"{}\": \
                 the balancer has to send it (HAProxy: send-proxy-v2), and clients have to connect to the balancer",
                found.escape_ascii()
            ),
            HeaderError::Version1 => f.write_str(
                "expected the header of version 2 of the PROXY protocol, found version 1: \
                 the balancer has to send version 2 (HAProxy: send-proxy-v2)",
            ),
            HeaderError::VersionOrCommand(found) => {
                write!(f, "expected version 2 and command 0 or 1 in the PROXY header, 0x20 or 0x21, found {found:#04x}")
            }
            HeaderError::Family(found) => {
                write!(f, "expected a known address family and kind of socket in the PROXY header, found {found:#04x}")
            }
            HeaderError::TooLong(found) => {
                write!(f, "expected at most {MAX_REST_LEN} bytes after the PROXY header's length, found {found}: ")?;
                f.write_str("the balancer has to send fewer extensions")
            }
            HeaderError::TooShort { expected, found } => {
                write!(f, "expected {expected} bytes of addresses in the PROXY header, found {found}")
            }
        }
    }
}

impl std::error::Error for HeaderError {}
