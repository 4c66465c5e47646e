//! A `Dispatch` around another: what it sees of a call, how it refuses one of any shape, and what
//! it leaves for the handlers behind it.

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use rpc_core::{
    Call, CallContext, CallOptions, Client, Contracts, Dispatch, Error, OctetReader, Result, Served, Server,
    ServerHandle, Status, rpc_service,
};
use rpc_tests::watchdog;

#[rpc_service]
trait Depot {
    fn user(&self) -> Result<String>;
    fn logins(&self) -> Result<usize>;
    fn store(&self, name: &str, content: impl Read) -> Result<u64>;
    fn fetch(&self, length: u64) -> Result<impl Read>;
    fn open(&self, length: u64) -> Result<(u64, impl Read)>;
    fn filter(&self, content: impl Read) -> Result<impl Read>;
}

#[rpc_service]
trait Login {
    fn enter(&mut self, name: &str) -> Result<()>;
}

/// Who calls, as the check has found out.
#[derive(Clone)]
struct User(String);

/// Who has logged in on the connection.
#[derive(Clone)]
struct LoggedIn(Arc<AtomicUsize>);

#[derive(Clone)]
struct Handler;

impl Depot for Handler {
    fn user(&self) -> Result<String> {
        let context = CallContext::current().expect("a call is being answered");
        let user: User = context.extensions().get().ok_or_else(|| Error::new("nobody has checked"))?;
        Ok(user.0)
    }

    fn logins(&self) -> Result<usize> {
        let context = CallContext::current().expect("a call is being answered");
        let logged_in: Option<LoggedIn> = context.connection_extensions().get();
        Ok(logged_in.map_or(0, |logged_in| logged_in.0.load(Ordering::SeqCst)))
    }

    fn store(&self, _name: &str, mut content: impl Read) -> Result<u64> {
        Ok(std::io::copy(&mut content, &mut std::io::sink())?)
    }

    fn fetch(&self, length: u64) -> Result<impl Read> {
        Ok(std::io::repeat(7).take(length))
    }

    fn open(&self, length: u64) -> Result<(u64, impl Read)> {
        Ok((length, std::io::repeat(7).take(length)))
    }

    fn filter(&self, content: impl Read) -> Result<impl Read> {
        Ok(content)
    }
}

impl Login for Handler {
    fn enter(&mut self, _name: &str) -> Result<()> {
        let context = CallContext::current().expect("a call is being answered");
        let extensions = context.connection_extensions();
        let logged_in = extensions.get().unwrap_or_else(|| LoggedIn(Arc::default()));
        logged_in.0.fetch_add(1, Ordering::SeqCst);
        extensions.insert(logged_in);
        Ok(())
    }
}

/// What the check saw of a call.
#[derive(Debug, PartialEq)]
struct Seen {
    endpoint: String,
    service: Option<&'static str>,
    method: Option<&'static str>,
    has_deadline: bool,
    has_context: bool,
}

/// Lets only callers in that name themselves, and tells the test about each call.
#[derive(Clone)]
struct Check<D> {
    inner: D,
    seen: mpsc::Sender<(Seen, Option<Duration>)>,
}

impl<D: Dispatch> Dispatch for Check<D> {
    fn contracts(&self) -> Contracts {
        self.inner.contracts()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        assert!(call.peer().to_string().starts_with("tcp://127.0.0.1:"), "{}", call.peer());
        let context = CallContext::current().filter(|context| context.endpoint() == call.endpoint());
        let seen = Seen {
            endpoint: call.endpoint().to_owned(),
            service: call.service().map(|contract| contract.name()),
            method: call.method().map(|method| method.name()),
            has_deadline: call.deadline().is_some_and(|deadline| deadline > Instant::now()),
            has_context: context.is_some(),
        };
        let Some(user) = call.metadata().get("user") else {
            self.seen.send((seen, None)).unwrap();
            return call.refuse(Status::RequestError, "say who you are");
        };
        call.extensions().insert(User(user.to_owned()));
        let begun = Instant::now();
        let served = self.inner.dispatch(call);
        self.seen.send((seen, Some(begun.elapsed()))).unwrap();
        served
    }
}

type Calls = mpsc::Receiver<(Seen, Option<Duration>)>;

fn serve() -> (ServerHandle, Calls) {
    let (seen, calls) = mpsc::channel();
    let inner = (DepotServer::new(Handler), LoginServer::new(Handler));
    (Server::bind("tcp://127.0.0.1:0").unwrap().spawn(Check { inner, seen }).unwrap(), calls)
}

fn ann() -> CallOptions {
    CallOptions::default().metadata("user", "ann")
}

#[test]
fn it_sees_the_call_and_its_service() {
    watchdog(|| {
        let (server, calls) = serve();
        let client = Client::connect(server.address()).unwrap();
        let depot = DepotClient::new(client.with_options(ann()));
        assert_eq!(depot.user().unwrap(), "ann");
        let expected = Seen {
            endpoint: "user".to_owned(),
            service: Some("Depot"),
            method: Some("user"),
            has_deadline: true,
            has_context: true,
        };
        assert_eq!(calls.recv().unwrap().0, expected);
        client.call("nowhere").json::<()>().unwrap_err();
        let unknown = Seen { endpoint: "nowhere".to_owned(), service: None, method: None, ..expected };
        assert_eq!(calls.recv().unwrap().0, unknown);
    });
}

#[test]
fn it_refuses_a_call_of_any_shape_and_the_connection_goes_on() {
    watchdog(|| {
        let (server, calls) = serve();
        let client = Client::connect(server.address()).unwrap();
        let depot = DepotClient::new(client.clone());
        let content = || std::io::repeat(1).take(50 << 20);
        let refused = [
            depot.user().unwrap_err(),
            depot.store("x", content()).unwrap_err(),
            depot.fetch(1 << 30).unwrap_err(),
            depot.open(1 << 30).unwrap_err(),
            depot.filter(content()).unwrap_err(),
        ];
        for error in refused {
            assert_eq!(error.to_string(), "say who you are");
            assert!(error.connection_usable(), "{error:?}");
        }
        assert_eq!(calls.iter().take(5).filter(|(_, passed_on)| passed_on.is_none()).count(), 5);
        assert_eq!(DepotClient::new(client.with_options(ann())).user().unwrap(), "ann");
    });
}

#[test]
fn passing_a_call_on_returns_after_its_stream_was_written() {
    watchdog(|| {
        let (server, calls) = serve();
        let client = Client::connect(server.address()).unwrap();
        let depot = DepotClient::new(client.with_options(ann()));
        let mut stream: OctetReader<'_> = depot.fetch(100 << 20).unwrap();
        let mut start = [0; 1000];
        stream.read_exact(&mut start).unwrap();
        // most of it does not fit on the way, so the server is still writing
        assert!(calls.try_recv().is_err());
        std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
        assert!(calls.recv().unwrap().1.is_some());
    });
}

#[test]
fn what_a_check_leaves_for_a_call_is_gone_after_it() {
    watchdog(|| {
        let (server, _calls) = serve();
        let client = Client::connect(server.address()).unwrap();
        let user = |name: &str| {
            let options = CallOptions::default().metadata("user", name);
            DepotClient::new(client.with_options(options)).user().unwrap()
        };
        assert_eq!((user("ann"), user("bob")), ("ann".to_owned(), "bob".to_owned()));
        // without the check around it, nothing is left
        let bare = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(DepotServer::new(Handler)).unwrap();
        let error = DepotClient::connect(bare.address()).unwrap().user().unwrap_err();
        assert_eq!(error.to_string(), "nobody has checked");
    });
}

#[test]
fn a_login_on_one_service_reaches_the_others_on_its_connection_only() {
    watchdog(|| {
        let (server, _calls) = serve();
        let session = || {
            let mut session = rpc_core::Session::connect(server.address()).unwrap();
            session.set_options(ann());
            session
        };
        let (mut one, mut other) = (session(), session());
        one.call("enter").with("ann").json::<()>().unwrap();
        one.call("enter").with("ann").json::<()>().unwrap();
        assert_eq!(one.call("logins").json::<usize>().unwrap(), 2);
        assert_eq!(other.call("logins").json::<usize>().unwrap(), 0);
    });
}
