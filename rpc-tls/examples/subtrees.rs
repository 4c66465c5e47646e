//! A directory for each client certificate: how a service decides by certificate who may do what.
//!
//! ```text
//! cargo run -p rpc-tls --example subtrees
//! ```
//!
//! The server serves `root/NAME` to the client whose certificate has the DNS name `NAME`, and nobody
//! else. Each connection gets a service of its own, which knows nothing of other directories.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rpc_core::{ClientConfig, Error, Peer, Refused, Result, Server, ServerConfig, rpc_service};
use rpc_tls::{Identity, Roots, TlsAcceptor, TlsConnector};

#[rpc_service]
trait Vault {
    fn list(&self) -> Result<Vec<String>>;
    fn fetch(&self, name: &str) -> Result<impl Read>;
    fn store(&self, name: &str, content: impl Read) -> Result<u64>;
}

/// The directory of one client.
struct Subtree(PathBuf);

impl Subtree {
    /// Returns the directory of this peer, or says why it has none.
    fn of(peer: &Peer, root: &Path) -> Result<Subtree, Refused> {
        // without a certificate nobody knows who it is
        let certificate = peer.certificate().ok_or_else(|| Refused::new("show a certificate"))?;
        let name = certificate.dns_names().next().unwrap_or_default();
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        match root.join(name) {
            // the directory has to be there, so a certificate alone opens nothing
            path if is_plain && !name.is_empty() && path.is_dir() => Ok(Subtree(path)),
            _ => Err(Refused::new(format!("{peer} has no directory here"))),
        }
    }

    fn file(&self, name: &str) -> Result<PathBuf> {
        let is_plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_plain.then(|| self.0.join(name)).ok_or_else(|| Error::new("a name has letters, digits and hyphens"))
    }
}

impl Vault for Subtree {
    fn list(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(&self.0)?;
        Ok(entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect::<io::Result<_>>()?)
    }

    fn fetch(&self, name: &str) -> Result<impl Read> {
        Ok(File::open(self.file(name)?)?)
    }

    fn store(&self, name: &str, mut content: impl Read) -> Result<u64> {
        Ok(io::copy(&mut content, &mut File::create(self.file(name)?)?)?)
    }
}

/// Issues certificates, as `openssl` or a company's own authority does.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Result<Authority, rcgen::Error> {
        let mut params = CertificateParams::new(vec![])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Ok(Authority(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?))
    }

    fn issue(&self, name: &str) -> Result<Identity, Box<dyn std::error::Error>> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, &self.0)?;
        Ok(Identity::from_pem(certificate.pem(), key.serialize_pem())?)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = tempfile::tempdir()?;
    for name in ["ann", "bob"] {
        fs::create_dir(root.path().join(name))?;
    }
    let authority = Authority::new()?;
    let trusted = Roots::from_pem(authority.0.pem())?;

    let acceptor = TlsAcceptor::mutual(authority.issue("127.0.0.1")?, trusted.clone());
    let (config, shelves) = (ServerConfig::default().tls(acceptor), root.path().to_owned());
    let server = Server::bind_with("tls://127.0.0.1:0", config)?
        .spawn_with(move |peer| Subtree::of(peer, &shelves).map(VaultServer::new))?;

    let connect = |name: &str| -> Result<VaultClient, Box<dyn std::error::Error>> {
        let connector = TlsConnector::mutual(trusted.clone(), authority.issue(name)?);
        Ok(VaultClient::connect_with(server.address(), ClientConfig::default().tls(connector))?)
    };
    let (ann, bob, eve) = (connect("ann")?, connect("bob")?, connect("eve")?);
    ann.store("diary", &b"nobody else reads this"[..])?;
    assert_eq!(ann.list()?, ["diary"]);

    assert!(bob.list()?.is_empty());
    let error = bob.fetch("diary").expect_err("it is in another directory");
    println!("bob asks for the diary of ann: {error}");

    let error = eve.list().expect_err("she has a certificate, and no directory");
    println!("eve: {error}");
    assert!(error.never_ran());

    let mut diary = String::new();
    ann.fetch("diary")?.read_to_string(&mut diary)?;
    println!("ann reads: {diary}");
    drop((ann, bob, eve));
    server.shutdown(Duration::from_secs(5));
    Ok(())
}
