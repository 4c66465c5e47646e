//! A handler's error arrives as its value or, if that is impossible, as its text.

use std::fmt;
use std::io::{self, Read};
use std::thread;

use rpc_core::{Client, Error, Result, Status, rpc_service};
use rpc_tests::{ScriptedPeer, TransportKind, watchdog, wire};
use serde::{Deserialize, Serialize};

/// An error with data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Trouble {
    Full {
        missing: u64,
        disks: Vec<String>,
    },
    Locked(String, Option<u32>),
    Gone,
    /// The library's errors become this variant.
    Other {
        text: String,
        never_ran: bool,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Full { missing, disks } => write!(f, "{missing} bytes missing on {}", disks.join(" and ")),
            Trouble::Locked(by, _) => write!(f, "locked by {by}"),
            Trouble::Gone => f.write_str("gone"),
            Trouble::Other { text, .. } => f.write_str(text),
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Other { text: error.to_string(), never_ran: error.never_ran() }
    }
}

/// An error that serde serializes as `null`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nothing;

impl fmt::Display for Nothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing to say")
    }
}

impl From<Error> for Nothing {
    fn from(error: Error) -> Nothing {
        panic!("expected the error's own value, got {error:?}")
    }
}

#[rpc_service]
trait Troubled {
    fn fail(&self, trouble: &Trouble) -> Result<u8, Trouble>;
    fn fail_to_stream(&self, trouble: &Trouble) -> Result<impl Read, Trouble>;
    fn fail_to_receive(&self, content: impl Read) -> Result<u8, Trouble>;
    fn nothing(&self) -> Result<u8, Nothing>;
    fn stream(&self, trouble: &Trouble) -> Result<impl Read>;
    fn detailed(&self, trouble: &Trouble) -> Result<u8>;
}

#[derive(Clone)]
struct Handler;

impl Troubled for Handler {
    fn fail(&self, trouble: &Trouble) -> Result<u8, Trouble> {
        Err(trouble.clone())
    }

    fn fail_to_stream(&self, trouble: &Trouble) -> Result<impl Read, Trouble> {
        Err::<io::Empty, _>(trouble.clone())
    }

    fn fail_to_receive(&self, mut content: impl Read) -> Result<u8, Trouble> {
        let mut json = String::new();
        content.read_to_string(&mut json).map_err(Error::from)?;
        Err(serde_json::from_str(&json).unwrap())
    }

    fn nothing(&self) -> Result<u8, Nothing> {
        Err(Nothing)
    }

    fn stream(&self, trouble: &Trouble) -> Result<impl Read> {
        Ok(io::repeat(7).take(5).chain(Failing(trouble.clone())))
    }

    fn detailed(&self, trouble: &Trouble) -> Result<u8> {
        Err(Error::with_details(trouble.to_string(), trouble))
    }
}

/// Fails at its first read.
struct Failing(Trouble);

impl Read for Failing {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        Err(Error::with_details(self.0.to_string(), &self.0).into())
    }
}

fn troubles() -> [Trouble; 4] {
    [
        Trouble::Full { missing: u64::MAX, disks: vec!["\"a\"".into(), "ä\n".into()] },
        Trouble::Locked("ann".into(), None),
        Trouble::Locked(String::new(), Some(7)),
        Trouble::Gone,
    ]
}

/// Returns an error whose JSON takes this many bytes.
fn of_size(bytes: usize) -> Trouble {
    let frame = serde_json::to_string(&Trouble::Locked(String::new(), None)).unwrap().len();
    let trouble = Trouble::Locked("x".repeat(bytes - frame), None);
    assert_eq!(serde_json::to_string(&trouble).unwrap().len(), bytes);
    trouble
}

#[test]
fn an_enum_with_data_arrives_as_itself_from_each_shape_of_call() {
    watchdog(|| {
        for transport in TransportKind::ALL {
            let (client, connections) = transport.serve(TroubledServer::new(Handler));
            let client = TroubledClient::new(client);
            for trouble in troubles() {
                assert_eq!(client.fail(&trouble), Err(trouble.clone()));
                assert_eq!(client.fail_to_stream(&trouble).err(), Some(trouble.clone()));
                let json = serde_json::to_vec(&trouble).unwrap();
                assert_eq!(client.fail_to_receive(&json[..]), Err(trouble));
            }
            assert_eq!(connections.count(), 1);
        }
    });
}

#[test]
fn an_enum_with_data_arrives_as_itself_from_a_stream() {
    watchdog(|| {
        for transport in TransportKind::ALL {
            let (client, connections) = transport.serve(TroubledServer::new(Handler));
            let client = TroubledClient::new(client);
            for trouble in troubles() {
                let mut bytes = Vec::new();
                let error = client.stream(&trouble).unwrap().read_to_end(&mut bytes).unwrap_err();
                assert_eq!((bytes.len(), error.to_string()), (5, trouble.to_string()));
                assert_eq!(Error::from(error).details(), Some(trouble));
            }
            assert_eq!(connections.count(), 1);
        }
    });
}

#[test]
fn a_caller_without_the_type_gets_the_text() {
    watchdog(|| {
        let (client, _) = TransportKind::Memory.serve(TroubledServer::new(Handler));
        for trouble in troubles() {
            let error = client.call("fail").with(&trouble).json::<u8>().unwrap_err();
            let remote = error.remote().unwrap();
            assert_eq!((remote.status, &remote.message), (Status::Error, &trouble.to_string()));
            assert_eq!(error.details::<u8>(), None);
            assert_eq!(error.details(), Some(trouble));
        }
    });
}

#[test]
fn the_librarys_error_carries_a_value_too() {
    watchdog(|| {
        let (client, _) = TransportKind::Memory.serve(TroubledServer::new(Handler));
        let client = TroubledClient::new(client);
        for trouble in troubles() {
            assert_eq!(client.detailed(&trouble).unwrap_err().details(), Some(trouble));
        }
    });
}

#[test]
fn one_that_is_too_large_arrives_as_its_text() {
    watchdog(|| {
        let (client, connections) = TransportKind::Memory.serve(TroubledServer::new(Handler));
        let client = TroubledClient::new(client);
        let largest = of_size(2048);
        assert_eq!(client.fail(&largest), Err(largest.clone()));
        assert_eq!(client.detailed(&largest).unwrap_err().details(), Some(largest));

        for bytes in [2049, 100_000] {
            let large = of_size(bytes);
            let Err(Trouble::Other { text, never_ran: false }) = client.fail(&large) else { panic!("{bytes}") };
            let kept = text.strip_suffix('…').unwrap_or(&text);
            assert!(large.to_string().starts_with(kept) && kept.len() > 2000, "{bytes}: {}", kept.len());

            let error = client.detailed(&large).unwrap_err();
            assert_eq!(error.details::<Trouble>(), None);
            assert_eq!(error.to_string(), text);

            let error = Error::from(client.stream(&large).unwrap().read_to_end(&mut Vec::new()).unwrap_err());
            assert_eq!(error.details::<Trouble>(), None);
            assert!(error.to_string().starts_with("locked by xxx"));
        }
        assert_eq!(connections.count(), 1);
    });
}

/// With the largest value and a long text, the text is cut.
#[test]
fn the_value_takes_precedence_over_the_text() {
    watchdog(|| {
        let (client, _) = TransportKind::Memory.serve(TroubledServer::new(Handler));
        let client = TroubledClient::new(client);
        let trouble = Trouble::Full { missing: 1, disks: vec!["\u{1}".repeat(330); 1] };
        assert_eq!(client.fail(&trouble), Err(trouble.clone()), "{} bytes", trouble.to_string().len());
    });
}

#[test]
fn null_is_a_value() {
    watchdog(|| {
        let (client, _) = TransportKind::Memory.serve(TroubledServer::new(Handler));
        assert_eq!(TroubledClient::new(client.clone()).nothing(), Err(Nothing));
        let error = client.call("nothing").with(&()).json::<u8>().unwrap_err();
        assert_eq!(error.remote().unwrap().details.as_deref(), Some("null"));
        assert_eq!(error.details(), Some(()));
    });
}

/// Makes a call that the server answers with this header.
fn answered(json: &str) -> Trouble {
    let (mut peer, transport) = ScriptedPeer::new();
    let reply = wire::header(json);
    thread::scope(|scope| {
        scope.spawn(move || {
            peer.await_requests(1);
            peer.send(&reply);
            peer.await_end();
        });
        let client = TroubledClient::new(Client::from_transport(transport).unwrap());
        client.fail(&Trouble::Gone).unwrap_err()
    })
}

fn text(text: &str) -> Trouble {
    Trouble::Other { text: text.into(), never_ran: false }
}

#[test]
fn an_original_peer_sends_only_the_text() {
    watchdog(|| {
        assert_eq!(answered(r#"{"Error":4,"ErrorMessage":"gone"}"#), text("gone"));
        assert_eq!(answered(r#"{"Error":2}"#), text(""));
    });
}

#[test]
fn a_value_of_another_type_arrives_as_its_text() {
    watchdog(|| {
        for details in ["null", "7", r#""Lost""#, r#"{"Full":{"missing":-1,"disks":[]}}"#, "[[[]]]"] {
            let header = format!(r#"{{"Error":4,"ErrorMessage":"no","ErrorDetails":{details},"Revision":1}}"#);
            assert_eq!(answered(&header), text("no"), "{details}");
        }
        let fits = r#"{"Error":4,"ErrorMessage":"no","ErrorDetails": {"Locked": ["ann", null]},"Revision":1}"#;
        assert_eq!(answered(fits), Trouble::Locked("ann".into(), None));
    });
}

#[test]
fn failures_of_the_connection_become_the_error_type() {
    watchdog(|| {
        let (peer, transport) = ScriptedPeer::new();
        drop(peer);
        let client = TroubledClient::new(Client::from_transport(transport).unwrap());
        assert!(matches!(client.fail(&Trouble::Gone), Err(Trouble::Other { never_ran: true, .. })));
    });
}
