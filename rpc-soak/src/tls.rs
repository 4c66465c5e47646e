//! The certificates of both sides, as files that processes share.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rpc_tests::certificates::Authority;
use rpc_tls::{Identity, Roots, TlsAcceptor, TlsConnector};

/// A folder with the certificates of an authority, a server and a client.
#[derive(Debug, Clone)]
pub(crate) struct Certificates(PathBuf);

impl Certificates {
    /// Issues them.
    pub(crate) fn issue(folder: &Path) -> io::Result<Certificates> {
        let authority = Authority::new();
        fs::write(folder.join("ca.pem"), authority.certificate())?;
        for (name, host) in [("server", "127.0.0.1"), ("client", "client.test")] {
            let issued = authority.issue(&[host]);
            fs::write(folder.join(format!("{name}.pem")), issued.certificate)?;
            fs::write(folder.join(format!("{name}.key")), issued.key)?;
        }
        Ok(Certificates::of(folder))
    }

    /// Returns those that are in a folder.
    pub(crate) fn of(folder: &Path) -> Certificates {
        Certificates(folder.to_owned())
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    pub(crate) fn connector(&self) -> io::Result<TlsConnector> {
        Ok(TlsConnector::mutual(self.roots()?, self.identity("client")?))
    }

    pub(crate) fn acceptor(&self) -> io::Result<TlsAcceptor> {
        Ok(TlsAcceptor::mutual(self.identity("server")?, self.roots()?))
    }

    fn roots(&self) -> io::Result<Roots> {
        Roots::from_pem_file(self.0.join("ca.pem"))
    }

    fn identity(&self, name: &str) -> io::Result<Identity> {
        Identity::from_pem_files(self.0.join(format!("{name}.pem")), self.0.join(format!("{name}.key")))
    }
}
