//! Methods and parameters with another name than before.

use rpc_core::Result;
use rpc_tests::watchdog;
use serde_json::json;

use super::depot::{assert_refused, assert_returns, new, new_client, of_new_server, old, old_client};
use new::Depot as _;
use old::Depot as _;

#[test]
fn a_method_with_an_old_client() {
    watchdog(|| {
        old_client(|depot| assert_returns(depot.erase("a"), "remove a"));
        let replies = of_new_server().pipeline("erase", ["a", "b"]).unwrap().collect::<Result<Vec<String>>>();
        assert_eq!(replies.unwrap(), ["remove a", "remove b"]);
    });
}

#[test]
fn a_method_with_an_old_server() {
    watchdog(|| {
        new_client(|depot| {
            let error = depot.remove("a").unwrap_err();
            assert!(error.to_string().starts_with("unknown endpoint remove"), "{error}");
        });
    });
}

/// One value travels without its name.
#[test]
fn the_only_parameter() {
    watchdog(|| {
        old_client(|depot| assert_returns(depot.find("a"), "find a"));
        new_client(|depot| assert_returns(depot.find("a"), "find a"));
    });
}

#[test]
fn a_parameter_with_an_old_client() {
    watchdog(|| {
        old_client(|depot| assert_returns(depot.link("a", "b"), "link a b"));
        let links = [json!({"from": "a", "target": "b"}), json!({"to": "b", "from": "a"})];
        let replies = of_new_server().pipeline("link", links).unwrap().named().collect::<Result<Vec<String>>>();
        assert_eq!(replies.unwrap(), ["link a b", "link a b"]);
    });
}

#[test]
fn a_parameter_with_an_old_server() {
    watchdog(|| {
        let refusal = "link: unknown parameter `to`, there are: from, target";
        new_client(|depot| assert_refused(depot.link("a", "b"), refusal));
    });
}

#[test]
fn a_value_under_both_names_is_there_twice() {
    watchdog(|| {
        let client = of_new_server();
        for both in [r#"{"from":"a","to":"b","target":"b"}"#, r#"{"from":"a","target":null,"to":"b"}"#] {
            let both = serde_json::value::RawValue::from_string(both.to_owned()).unwrap();
            let refusal = "link: the parameter `to` is there twice, `target` is another name of it";
            assert_refused(client.call("link").with_named(&both).json(), refusal);
        }
    });
}
