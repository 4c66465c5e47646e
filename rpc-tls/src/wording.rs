//! What went wrong, in words that say who has to act.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};

/// The end of a connection that describes a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

impl Side {
    fn own(self) -> &'static str {
        match self {
            Side::Client => "client",
            Side::Server => "server",
        }
    }

    pub(crate) fn other(self) -> &'static str {
        match self {
            Side::Client => "server",
            Side::Server => "client",
        }
    }

    /// Returns the error of a connection that the other side has ended during the handshake.
    pub(crate) fn hung_up(self) -> io::Error {
        let text = format!("the {} has closed the connection during the TLS handshake", self.other());
        io::Error::new(io::ErrorKind::ConnectionAborted, text)
    }

    /// Returns the error of a handshake that took too long.
    pub(crate) fn too_slow(self) -> io::Error {
        let text = format!("the {} has not finished the TLS handshake in time", self.other());
        io::Error::new(io::ErrorKind::TimedOut, text)
    }

    /// Returns what a failure of rustls means.
    pub(crate) fn explain(self, error: &Error) -> io::Error {
        let (own, other) = (self.own(), self.other());
        let (kind, text) = match error {
            Error::InvalidCertificate(problem) => (io::ErrorKind::PermissionDenied, self.certificate(problem)),
            Error::NoCertificatesPresented => (
                io::ErrorKind::PermissionDenied,
                format!("the {other} shows no certificate, which this {own} requires: the {other} needs one"),
            ),
            Error::AlertReceived(alert) => self.alert(*alert),
            Error::InvalidMessage(_) => {
                let advice = match self {
                    Side::Client => "use its tcp:// address, or switch on its TLS",
                    Side::Server => "it has to use the tls:// address",
                };
                (io::ErrorKind::InvalidData, format!("the {other} does not speak TLS: {advice} ({error})"))
            }
            error => (io::ErrorKind::InvalidData, format!("TLS with the {other} failed: {error}")),
        };
        io::Error::new(kind, text)
    }

    /// Says why the other side's certificate is not accepted.
    fn certificate(self, problem: &CertificateError) -> String {
        use CertificateError as Problem;
        let (own, other) = (self.own(), self.other());
        let advice = match problem {
            Problem::Expired | Problem::ExpiredContext { .. } => format!("the {other} needs a new one"),
            Problem::NotValidYet | Problem::NotValidYetContext { .. } => {
                format!("the clock of the {own} or of the {other} is wrong, or the certificate has come too early")
            }
            // the latter if the authority that is trusted has the same name, and another key
            Problem::UnknownIssuer | Problem::BadSignature => format!(
                "this {own} does not trust its authority: give the {own} the authority's root, or the {other} another \
                 certificate"
            ),
            Problem::NotValidForName | Problem::NotValidForNameContext { .. } => {
                format!("connect by a name that it is for, or give the {other} a certificate for this one")
            }
            // webpki's error has no variant of its own here
            Problem::Other(error) if format!("{error:?}").contains("CaUsedAsEndEntity") => format!(
                "it is the certificate of an authority: issue one for the {other} with it, with basicConstraints=CA:FALSE"
            ),
            Problem::Revoked => format!("the {other} needs a new one"),
            Problem::InvalidPurpose | Problem::InvalidPurposeContext { .. } => {
                format!("the {other} needs one for the purpose of a {other}")
            }
            _ => format!("the {other} needs another one"),
        };
        format!("the {other}'s certificate is not accepted: {problem}; {advice}")
    }

    /// Says what the other side's alert means. Those that concern certificates come only while it
    /// shakes hands.
    fn alert(self, alert: AlertDescription) -> (io::ErrorKind, String) {
        use AlertDescription as Alert;
        let (own, other) = (self.own(), self.other());
        let text = match alert {
            Alert::CertificateRequired => {
                format!("the {other} requires a certificate of this {own}: give the {own} an identity")
            }
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::DecryptError
            | Alert::AccessDenied => {
                format!(
                    "the {other} does not accept this {own}'s certificate ({alert:?}): the {own} needs another one, or \
                     the {other} has to trust its authority"
                )
            }
            Alert::ProtocolVersion => {
                let text = format!("the {other} does not speak this {own}'s versions of TLS ({alert:?})");
                return (io::ErrorKind::InvalidData, text);
            }
            alert => {
                return (io::ErrorKind::InvalidData, format!("the {other} has ended TLS with the alert {alert:?}"));
            }
        };
        // these may have another cause, and come when something has been read
        let may_be_late = matches!(alert, Alert::DecryptError | Alert::AccessDenied);
        (if may_be_late { io::ErrorKind::PermissionDenied } else { io::ErrorKind::ConnectionRefused }, text)
    }
}
