//! Values in both directions.

use std::path::Path;

use rpc_core::{
    Call, ClientConfig, Contract, Contracts, DataType, Dispatch, Error, Misuse, Served as Answered, ServerConfig,
    Status,
};
use rpc_tests::watchdog;
use serde_json::json;

use crate::fixture::{Handler, Keyed, Record, Served, Shapes, ShapesClient, ShapesServer, shapes};

#[test]
fn every_shape_of_parameters_and_results() {
    watchdog(|| {
        let (served, client) = shapes();
        client.nothing().unwrap();
        for text in ["", "plain", "\u{0} \"\\ <&> \u{1f980} \u{2028}", "{\"Endpoint\":\"x\"}"] {
            assert_eq!(client.text(text).unwrap(), text);
        }
        assert_eq!(client.numbers(&[i64::MIN, 0, i64::MAX]).unwrap(), [i64::MAX, 0, i64::MIN]);
        assert_eq!(client.numbers(&[]).unwrap(), [0_i64; 0]);
        assert_eq!(client.place(Path::new("/some/where")).unwrap(), Path::new("/some/where/inside"));
        let record = Record { name: "n".into(), tags: Some(vec!["a".into(), String::new()]), size: u64::MAX };
        assert_eq!(client.record(&record).unwrap(), record);
        assert_eq!(client.owned(record.clone()).unwrap(), Some(record.clone()));
        assert_eq!(client.owned(Record { size: 0, tags: None, ..record }).unwrap(), None);
        assert_eq!(client.join("a", "b".into(), Some('-')).unwrap(), "a-b");
        assert_eq!(client.join("a", "b".into(), None).unwrap(), "ab");
        assert_eq!(client.r#type(1).unwrap(), 2);
        assert_eq!(served.connections(), 1, "one connection for all");
        ShapesClient::close(client).unwrap();
    });
}

#[test]
fn a_missing_parameter_is_null_if_its_type_allows_it() {
    watchdog(|| {
        let (served, _client) = shapes();
        let client = served.client();
        let join = |arguments| client.call("join").with_named(&arguments).json::<String>();
        assert_eq!(join(json!({"left": "a", "right": "b"})).unwrap(), "ab");
        assert_eq!(join(json!({"left": "a", "right": "b", "separator": null, "more": null})).unwrap(), "ab");
        for (arguments, complaint) in [
            (json!({"left": "a"}), "join: the parameter `right` is missing"),
            (json!({"left": "a", "right": 5}), "join: the parameter `right` does not fit String, found 5:"),
            (json!(["a", "b"]), "join: the request does not fit an object of parameters, found [\"a\",\"b\"]:"),
            (json!(null), "join: the request does not fit an object of parameters, found null:"),
        ] {
            let error = join(arguments).unwrap_err();
            let remote = error.remote().unwrap_or_else(|| panic!("{error}"));
            assert_eq!(remote.status, Status::RequestError);
            assert!(remote.message.starts_with(complaint), "{}", remote.message);
        }
    });
}

#[test]
fn a_body_of_several_frames() {
    watchdog(|| {
        let (_served, client) = shapes();
        // a frame holds 4 MiB at most
        for megabytes in [3, 4, 5, 7] {
            let text = "0123456789abcdef".repeat(megabytes << 16);
            assert!(client.text(&text).unwrap() == text, "{megabytes} MiB came back different");
        }
    });
}

/// A byte of JSON can take many bytes of memory, so the default was halved from 16 MiB.
#[test]
fn json_of_8_mib_is_the_most_by_default() {
    watchdog(|| {
        let most = 8 << 20;
        let text = "x".repeat(most - 2);
        let (_served, client) = shapes();
        assert!(client.text(&text).unwrap() == text);
        let error = client.text(&(text.clone() + "x")).map(drop).unwrap_err();
        assert!(matches!(error, Error::Limit { limit, .. } if limit == most as u64), "{error:?}");

        let served = Served::new(ShapesServer::new(Handler));
        let client = ShapesClient::new(served.client_with(ClientConfig::default().max_json_len(most + 1)));
        assert!(client.text(&text).unwrap() == text);
        let error = client.text(&(text + "x")).map(drop).unwrap_err();
        assert_eq!(error.remote().unwrap().status, Status::RequestError);
    });
}

#[test]
fn a_request_over_the_clients_limit_is_not_sent() {
    watchdog(|| {
        let served = Served::new(ShapesServer::new(Handler));
        let client = ShapesClient::new(served.client_with(ClientConfig::default().max_json_len(100)));
        let error = client.text(&"x".repeat(99)).unwrap_err();
        assert!(matches!(error, Error::Limit { limit: 100, size: Some(101), .. }), "{error:?}");
        assert!(error.never_ran() && error.connection_usable());
        assert_eq!(client.text(&"x".repeat(98)).unwrap().len(), 98);
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_request_over_the_servers_limit_is_refused() {
    watchdog(|| {
        let served = Served::with(ShapesServer::new(Handler), ServerConfig::default().max_json_len(100));
        let client = ShapesClient::new(served.client());
        for length in [99, 10_000, 8_000_000] {
            let error = client.text(&"x".repeat(length)).unwrap_err();
            assert_eq!(error.remote().unwrap().status, Status::RequestError);
            assert!(error.to_string().contains("100"), "{error}");
        }
        assert_eq!(client.text(&"x".repeat(98)).unwrap().len(), 98);
    });
}

#[test]
fn a_reply_over_either_limit_fails_only_its_call() {
    watchdog(|| {
        let ten = serde_json::to_string(&"x".repeat(10)).unwrap().len();
        let reply_of = |served: &Served, config| {
            let client = served.client_with(config);
            let error = client.call("join").with_named(&json!({"left": "xxxxxx", "right": "xxxxx"})).json::<String>();
            let after = client.call("text").with("short").json::<String>().unwrap();
            assert_eq!((after.as_str(), served.connections()), ("short", 1));
            error.unwrap_err()
        };

        let served = Served::new(Contented(Duplicate));
        let error = reply_of(&served, ClientConfig::default().max_json_len(ten * 4));
        assert!(matches!(error, Error::Limit { .. }), "{error:?}");
        assert!(error.connection_usable() && !error.never_ran());

        let served = Served::with(Contented(Duplicate), ServerConfig::default().max_json_len(ten * 4));
        let error = reply_of(&served, ClientConfig::default());
        assert_eq!(error.remote().unwrap().status, Status::ServerError);
        assert!(error.connection_usable() && !error.never_ran());
    });
}

/// Replies with far more than it received.
#[derive(Clone)]
struct Duplicate;

#[derive(Clone)]
struct Contented<T>(T);

impl Dispatch for Contented<Duplicate> {
    fn contracts(&self) -> Contracts {
        const { &Contract::new("Duplicate") }.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Answered<'c> {
        match call.endpoint() {
            "join" => call.takes_json().returns_json(|_: serde_json::Value| Ok::<_, Error>("x".repeat(1000))),
            "nothing" => call.takes_json().returns_json(|(): ()| Ok::<_, Error>(vec![1, 2, 3])),
            _ => call.takes_json().returns_json(|text: String| Ok::<_, Error>(text)),
        }
    }
}

#[test]
fn a_unit_result_accepts_any_value() {
    watchdog(|| {
        let served = Served::new(Contented(Duplicate));
        ShapesClient::new(served.client()).nothing().unwrap();
    });
}

#[test]
fn what_cannot_be_encoded_fails_only_its_call() {
    watchdog(|| {
        let (served, client) = shapes();
        let error = client.keyed(Keyed::from([(vec![1], 1)])).unwrap_err();
        assert!(matches!(error, Error::Misuse(Misuse::Encode { .. })), "{error:?}");
        assert!(error.never_ran() && error.connection_usable());

        let error = client.unsendable().unwrap_err();
        assert_eq!(error.remote().unwrap().status, Status::ServerError);
        assert!(error.to_string().contains("key must be a string"), "{error}");
        assert!(error.connection_usable());

        client.nothing().unwrap();
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_reply_of_another_type_fails_only_its_call() {
    watchdog(|| {
        let served = Served::new(ShapesServer::new(Handler));
        let client = served.client();
        let error = client.call("text").with("five").json::<u32>().unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
        let said = error.to_string();
        assert!(
            said.starts_with(r#"protocol error: the reply of text does not fit u32, found "five": invalid type"#),
            "{said}"
        );
        assert!(error.connection_usable() && !error.never_ran());
        assert_eq!(client.call("text").with("five").json::<String>().unwrap(), "five");
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_contract_lists_the_methods() {
    let server = ShapesServer::new(Handler);
    let contract = server.contracts().iter().next().unwrap();
    assert_eq!((contract.name(), contract.is_session()), ("Shapes", false));
    let method = |name| contract.endpoints().iter().find(|method| method.name() == name).unwrap();
    let of = |name| (method(name).request_type(), method(name).reply_type(), method(name).parameter_names());
    let (json, octets) = (DataType::MarshaledJson, DataType::Octets);
    assert_eq!(of("nothing"), (json, json, &[][..]));
    assert_eq!(of("join"), (json, json, &["left", "right", "separator"][..]));
    assert_eq!(of("type"), (json, json, &["fn"][..]));
    assert_eq!(of("pattern"), (json, octets, &["length"][..]));
    assert_eq!(of("Stamp.Check"), (octets, json, &["content"][..]));
    assert_eq!(contract.endpoints().len(), 18);
}
