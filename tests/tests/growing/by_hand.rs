//! Calls and servers that are written by hand.

use rpc_core::{Call, Contract, Contracts, Dispatch, Error, Served};
use rpc_tests::{TransportKind, watchdog};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::depot::{assert_refused, assert_returns, of_new_server, of_old_server};

#[test]
fn with_sends_the_first_value_and_with_named_all() {
    watchdog(|| {
        let client = of_new_server();
        assert_returns(client.call("copy").with_named(&json!({"from": "a", "to": "b"})).json(), "copy a b None");
        assert_returns(
            client.call("put").with_named(&json!({"dry_run": true, "name": "a"})).json(),
            "put a Some(true)",
        );
        assert_returns(client.call("status").with_named(&json!({})).json(), "status None");
        assert_refused(client.call("copy").with("a").json(), "copy: the parameter `to` is missing");
        assert_returns(client.call("status").json(), "status None");
        let old = of_old_server();
        assert_returns(old.call("status").with_named(&json!({"later": null})).json(), "status");
        let refusal = "status: unknown parameter `later`, the method takes no values";
        assert_refused(old.call("status").with_named(&json!({"later": 1})).json(), refusal);
        let digest = |values| old.call("digest").with_named(&values).with_octets(&b"some"[..]).json();
        assert_returns(digest(json!({"later": null})), "digest some");
        assert_returns(digest(json!({})), "digest some");
        let refusal = "digest: unknown parameter `later`, the method takes no values";
        assert_refused(digest(json!({"later": 1})), refusal);
    });
}

/// The parameters of a method, as a server by hand reads them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Put {
    name: String,
    dry_run: Option<bool>,
}

#[derive(Clone)]
struct ByHand;

impl Dispatch for ByHand {
    fn contracts(&self) -> Contracts {
        const { &Contract::new("ByHand") }.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        call.takes_json().returns_json(|Put { name, dry_run }| Ok::<_, Error>(format!("put {name} {dry_run:?}")))
    }
}

#[test]
fn a_server_by_hand_leaves_the_form_to_its_type() {
    watchdog(|| {
        let client = TransportKind::Memory.serve(ByHand).0;
        let put = Put { name: "a".to_owned(), dry_run: None };
        assert_returns(client.call("put").with_named(&put).json(), "put a None");
        assert_returns(client.call("put").with(&put).json(), "put a None");
        let error = client.call("put").with_named(&json!({"name": "a", "later": 1})).json::<String>().unwrap_err();
        assert!(error.to_string().contains("unknown field `later`"), "{error}");
    });
}
