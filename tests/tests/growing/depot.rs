//! A service before and after it has grown, and clients of both.

use std::io::Read;

use rpc_core::{Client, ClientConfig, Dispatch, Error, Result, ServerConfig, Status};
use rpc_tests::TransportKind;

/// The service as it was.
pub(crate) mod old {
    use std::io::Read;

    use rpc_core::{Result, rpc_service};

    #[rpc_service]
    pub(crate) trait Depot {
        fn status(&self) -> Result<String>;
        fn put(&self, name: &str) -> Result<String>;
        fn copy(&self, from: &str, to: &str) -> Result<String>;
        fn digest(&self, content: impl Read) -> Result<String>;
        fn store(&self, name: &str, content: impl Read) -> Result<String>;
        fn erase(&self, name: &str) -> Result<String>;
        fn find(&self, prefix: &str) -> Result<String>;
        fn link(&self, from: &str, target: &str) -> Result<String>;
    }
}

/// The service with a parameter more for each method, or with another name.
pub(crate) mod new {
    use std::io::Read;

    use rpc_core::{Result, rpc_service};

    #[rpc_service]
    pub(crate) trait Depot {
        fn status(&self, verbose: Option<bool>) -> Result<String>;
        fn put(&self, name: &str, dry_run: Option<bool>) -> Result<String>;
        fn copy(&self, from: &str, to: &str, limit: Option<u32>) -> Result<String>;
        fn digest(&self, kind: Option<String>, content: impl Read) -> Result<String>;
        fn store(&self, name: &str, mode: Option<u32>, content: impl Read) -> Result<String>;
        #[rpc(alias = "erase")]
        fn remove(&self, name: &str) -> Result<String>;
        fn find(&self, start: &str) -> Result<String>;
        fn link(&self, from: &str, #[rpc(alias = "target")] to: &str) -> Result<String>;
    }
}

/// The handler of both, which returns what it got.
#[derive(Clone)]
pub(crate) struct Shown;

fn read(mut content: impl Read) -> Result<String> {
    let mut text = String::new();
    content.read_to_string(&mut text)?;
    Ok(text)
}

impl old::Depot for Shown {
    fn status(&self) -> Result<String> {
        Ok("status".to_owned())
    }

    fn put(&self, name: &str) -> Result<String> {
        Ok(format!("put {name}"))
    }

    fn copy(&self, from: &str, to: &str) -> Result<String> {
        Ok(format!("copy {from} {to}"))
    }

    fn digest(&self, content: impl Read) -> Result<String> {
        Ok(format!("digest {}", read(content)?))
    }

    fn store(&self, name: &str, content: impl Read) -> Result<String> {
        Ok(format!("store {name} {}", read(content)?))
    }

    fn erase(&self, name: &str) -> Result<String> {
        Ok(format!("erase {name}"))
    }

    fn find(&self, prefix: &str) -> Result<String> {
        Ok(format!("find {prefix}"))
    }

    fn link(&self, from: &str, target: &str) -> Result<String> {
        Ok(format!("link {from} {target}"))
    }
}

impl new::Depot for Shown {
    fn status(&self, verbose: Option<bool>) -> Result<String> {
        Ok(format!("status {verbose:?}"))
    }

    fn put(&self, name: &str, dry_run: Option<bool>) -> Result<String> {
        Ok(format!("put {name} {dry_run:?}"))
    }

    fn copy(&self, from: &str, to: &str, limit: Option<u32>) -> Result<String> {
        Ok(format!("copy {from} {to} {limit:?}"))
    }

    fn digest(&self, kind: Option<String>, content: impl Read) -> Result<String> {
        Ok(format!("digest {kind:?} {}", read(content)?))
    }

    fn store(&self, name: &str, mode: Option<u32>, content: impl Read) -> Result<String> {
        Ok(format!("store {name} {mode:?} {}", read(content)?))
    }

    fn remove(&self, name: &str) -> Result<String> {
        Ok(format!("remove {name}"))
    }

    fn find(&self, start: &str) -> Result<String> {
        Ok(format!("find {start}"))
    }

    fn link(&self, from: &str, to: &str) -> Result<String> {
        Ok(format!("link {from} {to}"))
    }
}

/// Runs `calls` with a client of a service, whose calls have connections of their own, and then
/// with one whose small calls share a connection.
fn with_clients<D>(service: &D, calls: impl Fn(Client))
where
    D: Dispatch + Clone + Send + Sync + 'static,
{
    for shared in [0, 1] {
        let config = ClientConfig::default().shared_connections(shared);
        let (client, connections) =
            TransportKind::Memory.serve_with(service.clone(), config, ServerConfig::default(), |near| near);
        calls(client);
        assert!(connections.count() <= 1 + shared, "whatever was refused, the connection stays in use");
    }
}

/// Runs `calls` with an old client of a new server.
pub(crate) fn old_client(calls: impl Fn(&old::DepotClient)) {
    with_clients(&new::DepotServer::new(Shown), |client| calls(&old::DepotClient::new(client)));
}

/// Runs `calls` with a new client of an old server.
pub(crate) fn new_client(calls: impl Fn(&new::DepotClient)) {
    with_clients(&old::DepotServer::new(Shown), |client| calls(&new::DepotClient::new(client)));
}

/// Returns a client of an old server, for calls by hand.
pub(crate) fn of_old_server() -> Client {
    TransportKind::Memory.serve(old::DepotServer::new(Shown)).0
}

/// Returns a client of a new server, for calls by hand.
pub(crate) fn of_new_server() -> Client {
    TransportKind::Memory.serve(new::DepotServer::new(Shown)).0
}

pub(crate) fn assert_returns(returned: Result<String>, expected: &str) {
    assert_eq!(returned.unwrap_or_else(|error| panic!("{error}")), expected);
}

/// Asserts that a call was refused before it ran, with this text.
pub(crate) fn assert_refused(returned: Result<String>, expected: &str) {
    match returned {
        Err(Error::Remote(refusal)) => {
            assert_eq!((refusal.status, refusal.message.as_str()), (Status::RequestError, expected));
        }
        other => panic!("{other:?}"),
    }
}
