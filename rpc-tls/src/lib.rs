//! TLS for [`rpc_core`]: clients connect to `tls://host:port`, and servers listen there.
//!
//! Both sides have an [`Identity`] (a certificate and its private key) or [`Roots`] (whose
//! certificates they accept), or both. The server always has an identity and the client roots;
//! with mutual TLS each has both, and a handler knows its caller by
//! [`Peer::certificate`](rpc_core::Peer::certificate). All else is as over TCP: pools, sessions,
//! streams both ways, early answers, cancelling, deadlines.
//!
//! ```
//! use rpc_core::{CallContext, ClientConfig, Error, Result, Server, ServerConfig, rpc_service};
//! use rpc_tls::{Identity, Roots, TlsAcceptor, TlsConnector};
//!
//! #[rpc_service]
//! trait Greeter {
//!     fn greet(&self) -> Result<String>;
//! }
//!
//! #[derive(Clone)]
//! struct Polite;
//!
//! impl Greeter for Polite {
//!     fn greet(&self) -> Result<String> {
//!         let context = CallContext::current().ok_or_else(|| Error::new("nobody calls"))?;
//!         let name = context.peer().certificate().and_then(|certificate| certificate.dns_names().next());
//!         Ok(format!("hello, {}", name.unwrap_or("stranger")))
//!     }
//! }
//!
//! // an authority, and what it has issued; a program reads files, see `Identity::from_pem_files`
//! # use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
//! # let mut params = CertificateParams::new(vec![])?;
//! # params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
//! # let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
//! # let issue = |name: &str| -> std::result::Result<_, Box<dyn std::error::Error>> {
//! #     let key = KeyPair::generate()?;
//! #     let certificate = CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, &authority)?;
//! #     Ok((certificate.pem(), key.serialize_pem()))
//! # };
//! # let (ca, (server_cert, server_key), (ann_cert, ann_key)) = (authority.pem(), issue("localhost")?, issue("ann")?);
//! let acceptor = TlsAcceptor::mutual(Identity::from_pem(server_cert, server_key)?, Roots::from_pem(&ca)?);
//! let config = ServerConfig::default().tls(acceptor);
//! let server = Server::bind_with("tls://localhost:0", config)?.spawn(GreeterServer::new(Polite))?;
//!
//! let connector = TlsConnector::mutual(Roots::from_pem(&ca)?, Identity::from_pem(ann_cert, ann_key)?);
//! let address = server.address().to_string().replace("127.0.0.1", "localhost");
//! # let address = address.replace("[::1]", "localhost");
//! let greeter = GreeterClient::connect_with(&*address, ClientConfig::default().tls(connector))?;
//! assert_eq!(greeter.greet()?, "hello, ann");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it does, and what it does not
//!
//! - By [rustls] and ring, TLS 1.3 (RFC 8446). With the feature `tls12`, `allow_tls12` accepts 1.2.
//! - Certificates of servers are verified by their authority, time and host, those of clients by
//!   their authority and time. Nothing asks whether one has been revoked: give out certificates
//!   that are valid for days, or see [`TlsAcceptor::from_rustls`].
//! - Each connection is verified anew: sessions are not resumed.
//! - A message that is cut is an error, whether or not the peer has announced the end of TLS before,
//!   because the protocol above says where messages end.
//! - A write of many bytes is packed into up to four records (64 KiB), which leave together. Time
//!   limits of less than 5 s are for each record of at most 16 KiB: a peer that takes less within
//!   the limit has stalled.
//! - The feature `system-roots` adds `Roots::of_the_system`.
//!
//! The guide `docs/tls.md` in the repository shows how to make certificates and how to replace them
//! while a server runs.

mod acceptor;
mod certificate;
mod connector;
mod handshake;
mod identity;
mod incoming;
mod pem;
mod provider;
mod reader;
mod roots;
mod session;
mod unverified;
mod wording;
mod writer;

pub use acceptor::TlsAcceptor;
pub use connector::TlsConnector;
pub use identity::Identity;
pub use roots::Roots;
pub use rustls;
