//! `Client::describe`: what a server tells of itself, and to whom.

use std::io::Read;
use std::thread;

use rpc_core::{
    Call, Client, ClientConfig, Contracts, Dispatch, Error, Refused, Result, Served, Server, ServerConfig,
    ServerHandle, Service, Status, rpc_service,
};
use rpc_tests::{ScriptedPeer, serve_bytes, watchdog, wire};
use serde::Deserialize;
use serde_json::{Value, json};

/// Keeps things.
///
/// Under names.
#[rpc_service]
#[doc = include_str!("describe.md")]
trait Depot {
    /// Stores one.
    #[rpc(alias = "put", idempotent)]
    fn store(&self, name: &str, #[rpc(alias = "limit", alias = "max")] most: u64, content: impl Read) -> Result<()>;
    fn sum(&self, numbers: impl Iterator<Item = Result<u32>>) -> Result<(u32, impl Iterator<Item = Result<String>>)>;
    #[cfg(any())]
    fn nowhere(&self) -> Result<()>;
    fn fetch(&self) -> Result<impl Read>;
}

#[rpc_service]
trait Login {
    fn login(&mut self) -> Result<()>;
}

#[derive(Clone)]
struct Handler;

impl Depot for Handler {
    fn store(&self, _name: &str, _most: u64, _content: impl Read) -> Result<()> {
        Ok(())
    }

    fn sum(&self, numbers: impl Iterator<Item = Result<u32>>) -> Result<(u32, impl Iterator<Item = Result<String>>)> {
        drop(numbers);
        Ok((0, std::iter::empty()))
    }

    fn fetch(&self) -> Result<impl Read> {
        Ok(std::io::empty())
    }
}

impl Login for Handler {
    fn login(&mut self) -> Result<()> {
        Ok(())
    }
}

fn both() -> (DepotServer<Handler>, LoginServer<Handler>) {
    (DepotServer::new(Handler), LoginServer::new(Handler))
}

fn open() -> ServerConfig {
    ServerConfig::default().describe(true)
}

fn spawn(config: ServerConfig) -> ServerHandle {
    Server::bind_with("tcp://127.0.0.1:0", config).unwrap().spawn(both()).unwrap()
}

fn described(server: &ServerHandle) -> Result<Value> {
    Client::connect(server.address()).unwrap().describe()
}

/// Removes what only the feature `schema` knows.
fn without_types(mut description: Value) -> Value {
    fn clear(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("error");
                for (name, value) in fields {
                    match name.as_str() {
                        "type" | "item" | "value" => *value = json!("any"),
                        _ => clear(value),
                    }
                }
            }
            Value::Array(elements) => elements.iter_mut().for_each(clear),
            _ => {}
        }
    }
    clear(&mut description["services"]);
    description
}

#[test]
fn all_services_are_shown_as_the_macro_knows_them() {
    watchdog(|| {
        let description = without_types(described(&spawn(open())).unwrap());
        assert_eq!(description["revision"], 1);
        let expected = json!([
            {
                "name": "Depot",
                "doc": "Keeps things.\n\nUnder names.\nFrom a file.\n",
                "methods": [
                    {
                        "name": "store",
                        "aliases": ["put"],
                        "doc": "Stores one.",
                        "idempotent": true,
                        "takes": {
                            "parameters": [
                                {"name": "name", "type": "any"},
                                {"name": "most", "aliases": ["limit", "max"], "type": "any"},
                            ],
                            "stream": {"name": "content", "carries": "octets"},
                        },
                        "returns": {"value": "any"},
                    },
                    {
                        "name": "sum",
                        "takes": {
                            "parameters": [],
                            "stream": {"name": "numbers", "carries": "values", "item": "any"},
                        },
                        "returns": {"value": "any", "stream": {"carries": "values", "item": "any"}},
                    },
                    {
                        "name": "fetch",
                        "takes": {"parameters": []},
                        "returns": {"stream": {"carries": "octets"}},
                    },
                ],
            },
            {
                "name": "Login",
                "session": true,
                "methods": [{"name": "login", "takes": {"parameters": []}, "returns": {"value": "any"}}],
            },
        ]);
        assert_eq!(description["services"], expected);
    });
}

#[test]
fn a_server_says_nothing_unless_it_is_told_to() {
    watchdog(|| {
        let server = spawn(ServerConfig::default());
        let client = Client::connect_with(server.address(), ClientConfig::default().max_connections(1)).unwrap();
        let error = client.describe::<Value>().unwrap_err();
        assert!(matches!(&error, Error::Remote(no) if no.status == Status::RequestError), "{error:?}");
        assert_eq!(
            error.to_string(),
            "this server does not describe itself; whoever runs it can allow that, by `ServerConfig::describe(true)`"
        );
        assert!(error.connection_usable());
        assert_eq!(client.ping().unwrap(), 1);
    });
}

#[test]
fn a_typed_description_ignores_what_it_does_not_know() {
    #[derive(Deserialize)]
    struct Description {
        services: Vec<Named>,
    }
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    watchdog(|| {
        let server = spawn(open());
        let client = Client::connect(server.address()).unwrap();
        let description: Description = client.describe().unwrap();
        assert_eq!(
            description.services.iter().map(|service| &service.name[..]).collect::<Vec<_>>(),
            ["Depot", "Login"]
        );
        let error = client.describe::<u32>().unwrap_err();
        assert!(error.to_string().contains("the reply of Describe"), "{error}");
        assert!(error.connection_usable());
    });
}

#[test]
fn an_original_server_refuses() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        let server = thread::spawn(move || {
            assert!(peer.await_requests(1));
            peer.send(&wire::refusal(2, "not implemented"));
            assert!(peer.await_requests(2));
            peer.send(&wire::ok_json("7"));
        });
        let client = Client::from_transport(transport).unwrap();
        let error = client.describe::<Value>().unwrap_err();
        assert!(matches!(&error, Error::Remote(no) if no.message == "not implemented"), "{error:?}");
        assert_eq!(client.call("Seven").json::<u32>().unwrap(), 7);
        server.join().unwrap();
    });
}

/// Refuses each call.
#[derive(Clone)]
struct Guarded<D>(D);

impl<D: Dispatch> Dispatch for Guarded<D> {
    fn contracts(&self) -> Contracts {
        self.0.contracts()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        call.refuse(Status::Error, "nobody may call this")
    }
}

impl<D: Dispatch> Service for Guarded<D> {}

#[test]
fn whoever_may_connect_may_ask_whatever_layers_say() {
    watchdog(|| {
        let service = Guarded(DepotServer::new(Handler));
        let server = Server::bind_with("tcp://127.0.0.1:0", open()).unwrap().spawn(service).unwrap();
        let client = Client::connect(server.address()).unwrap();
        assert!(client.call("fetch").octets().is_err());
        assert_eq!(client.describe::<Value>().unwrap()["services"][0]["name"], "Depot");
    });
}

#[test]
fn who_may_not_connect_may_not_ask() {
    watchdog(|| {
        let refuse = |_: &_| Err::<DepotServer<Handler>, _>(Refused::new("members only"));
        let server = Server::bind_with("tcp://127.0.0.1:0", open()).unwrap().spawn_with(refuse).unwrap();
        let error = described(&server).unwrap_err();
        assert!(error.never_ran() && error.to_string() == "members only", "{error:?}");
    });
}

#[test]
fn the_limits_of_json_hold_for_a_description() {
    watchdog(|| {
        let server = spawn(open().max_json_len(100));
        let error = described(&server).unwrap_err();
        assert!(matches!(&error, Error::Remote(no) if no.status == Status::ServerError), "{error:?}");
        assert!(error.to_string().contains("the server allows 100"), "{error}");

        let server = spawn(open());
        let config = ClientConfig::default().max_json_len(100).max_connections(1);
        let client = Client::connect_with(server.address(), config).unwrap();
        let error = client.describe::<Value>().unwrap_err();
        assert!(matches!(error, Error::Limit { limit: 100, .. }), "{error:?}");
        assert_eq!(client.ping().unwrap(), 1, "the connection is in step");
    });
}

/// Returns the header of the server's reply to a control request.
fn answer(config: ServerConfig, endpoint: &str, accept: u32) -> Value {
    let client = [wire::opening(endpoint, 2, accept), wire::close_request()].concat();
    let (ended, sent) = serve_bytes(&client, both(), config, |transport| transport);
    assert_eq!(ended.unwrap(), rpc_core::Ended::Closed);
    serde_json::from_slice(&wire::frames(&sent)[0].payload).unwrap()
}

#[test]
fn only_json_is_accepted() {
    watchdog(|| {
        for accept in [0, 2, 4, 5, 77] {
            let header = answer(open(), "Describe", accept);
            assert_eq!(header["Error"], 2, "{header}");
            let message = header["ErrorMessage"].as_str().unwrap();
            assert!(message.starts_with("Describe returns JSON (Accept 3), found "), "{message}");
        }
        assert_eq!(answer(open(), "Describe", 1)["Error"], 1, "nothing is fine, and nothing comes");
    });
}

#[test]
fn an_unknown_control_endpoint_hears_what_there_is() {
    watchdog(|| {
        let header = answer(open(), "Reboot", 2);
        assert_eq!(header["ErrorMessage"], "unknown control endpoint Reboot, there are: Close, Ping, Describe");
    });
}
