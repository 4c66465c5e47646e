//! Several services on one server: whose call it is, whose session, whose panic, and what a caller
//! of none of them hears.

use std::io::Read;
use std::thread;

use rpc_core::transport::memory_pair;
use rpc_core::{
    Call, Client, Contract, Contracts, Dispatch, Ended, Error, Method, Misuse, Peer, Result, Served, Server, Service,
    rpc_service, serve_connection,
};
use rpc_tests::watchdog;

#[rpc_service]
trait Depot {
    fn size(&self) -> Result<u64>;
    fn fetch(&self, name: &str) -> Result<impl Read>;
    fn explode(&self) -> Result<()>;
}

#[rpc_service(prefix = "login.")]
trait Login {
    fn enter(&mut self, name: &str) -> Result<()>;
    fn who(&mut self) -> Result<String>;
    fn explode(&mut self) -> Result<()>;
}

struct Shelf;

impl Depot for Shelf {
    fn size(&self) -> Result<u64> {
        Ok(42)
    }

    fn fetch(&self, name: &str) -> Result<impl Read> {
        Ok(std::io::Cursor::new(name.repeat(1000)))
    }

    fn explode(&self) -> Result<()> {
        panic!("on purpose")
    }
}

#[derive(Clone, Default)]
struct Desk(String);

impl Login for Desk {
    fn enter(&mut self, name: &str) -> Result<()> {
        name.clone_into(&mut self.0);
        Ok(())
    }

    fn who(&mut self) -> Result<String> {
        Ok(self.0.clone())
    }

    fn explode(&mut self) -> Result<()> {
        panic!("on purpose")
    }
}

/// Written by hand, so the compiler does not know its contract.
#[derive(Clone)]
struct ByHand(&'static Contract);

impl Dispatch for ByHand {
    fn contracts(&self) -> Contracts {
        self.0.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        call.takes_json().returns_json(|()| Ok::<_, Error>("by hand".to_owned()))
    }
}

impl Service for ByHand {}

static EXTRA: Contract = Contract::new("Extra").methods(&[Method::new("extra")]);
static CLASHING: Contract = Contract::new("Clashing").methods(&[Method::new("extra"), Method::new("size")]);

fn all() -> (DepotServer<Shelf>, LoginServer<Desk>, ByHand) {
    (DepotServer::new(Shelf), LoginServer::new(Desk::default()), ByHand(&EXTRA))
}

#[test]
fn each_call_goes_to_its_service() {
    watchdog(|| {
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(all()).unwrap();
        let client = Client::connect(server.address()).unwrap();
        let depot = DepotClient::new(client.clone());
        assert_eq!(depot.size().unwrap(), 42);
        let mut bytes = Vec::new();
        depot.fetch("abc").unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len(), 3000);
        assert_eq!(client.call("extra").json::<String>().unwrap(), "by hand");
        let mut login = LoginClient::connect(server.address()).unwrap();
        login.enter("ann").unwrap();
        assert_eq!(login.who().unwrap(), "ann");
    });
}

#[test]
fn each_connection_has_its_own_session() {
    watchdog(|| {
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(all()).unwrap();
        let mut ann = LoginClient::connect(server.address()).unwrap();
        let mut bob = LoginClient::connect(server.address()).unwrap();
        ann.enter("ann").unwrap();
        bob.enter("bob").unwrap();
        assert_eq!((ann.who().unwrap(), bob.who().unwrap()), ("ann".to_owned(), "bob".to_owned()));
    });
}

#[test]
fn a_panic_is_judged_by_the_service_that_met_it() {
    watchdog(|| {
        let (near, far) = memory_pair();
        let server = thread::spawn(move || serve_connection(far, all()));
        let client = Client::from_transport(near).unwrap();
        let shared = client.call("explode").json::<()>().unwrap_err();
        assert!(shared.connection_usable(), "{shared}");
        assert_eq!(client.call("size").json::<u64>().unwrap(), 42);
        let session = client.call("login.explode").json::<()>().unwrap_err();
        assert_eq!(session.to_string(), "the handler panicked");
        drop(client);
        assert_eq!(server.join().unwrap().unwrap(), Ended::GivenUp, "the session is over");
    });
}

#[test]
fn a_suggestion_may_come_from_any_service() {
    watchdog(|| {
        let (near, far) = memory_pair();
        thread::spawn(move || serve_connection(far, all()));
        let client = Client::from_transport(near).unwrap();
        let message = |endpoint| client.call(endpoint).json::<()>().unwrap_err().to_string();
        let all = "there are: size, fetch, explode, login.enter, login.who, login.explode, extra";
        assert_eq!(message("login.woh"), format!("unknown endpoint login.woh, did you mean login.who? {all}"));
        assert_eq!(message("extr"), format!("unknown endpoint extr, did you mean extra? {all}"));
        assert_eq!(message("nothing_like_it"), format!("unknown endpoint nothing_like_it, {all}"));
    });
}

#[test]
fn what_a_tuple_offers_is_the_list_of_what_its_members_offer() {
    let names: Vec<_> = (all(), ByHand(&CLASHING)).contracts().iter().map(Contract::name).collect();
    assert_eq!(names, ["Depot", "Login", "Extra", "Clashing"]);
}

#[test]
fn an_endpoint_that_two_services_have_is_found_when_the_server_starts() {
    watchdog(|| {
        let expected = "the services Depot and Clashing both have the endpoint size";
        let is_refused = |error: Error| {
            assert!(matches!(error, Error::Misuse(Misuse::SharedEndpoint { .. })), "{error:?}");
            assert!(error.to_string().starts_with(expected), "{error}");
        };
        let clashing = || (DepotServer::new(Shelf), (LoginServer::new(Desk::default()), ByHand(&CLASHING)));
        let server = || Server::bind("tcp://127.0.0.1:0").unwrap();
        is_refused(server().spawn(clashing()).unwrap_err());
        is_refused(server().serve(clashing()).unwrap_err());
        is_refused(serve_connection(memory_pair().0, clashing()).unwrap_err());
    });
}

#[test]
fn services_of_a_factory_that_have_the_same_endpoint_are_refused_by_name() {
    watchdog(|| {
        let clashing = |_: &Peer| (DepotServer::new(Shelf), ByHand(&CLASHING));
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn_with(clashing).unwrap();
        let error = DepotClient::connect(server.address()).unwrap().size().unwrap_err();
        assert!(error.never_ran(), "{error:?}");
        assert!(
            error.to_string().starts_with("the services Depot and Clashing both have the endpoint size"),
            "{error}"
        );
    });
}
