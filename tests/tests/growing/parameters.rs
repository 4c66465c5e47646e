//! An optional parameter more, of methods without a stream.

use rpc_core::Result;
use rpc_tests::watchdog;
use serde::Serialize;

use super::depot::{assert_refused, assert_returns, new, new_client, of_new_server, of_old_server, old, old_client};
use new::Depot as _;
use old::Depot as _;

#[test]
fn none_to_one_with_an_old_client() {
    watchdog(|| old_client(|depot| assert_returns(depot.status(), "status None")));
}

#[test]
fn none_to_one_with_an_old_server() {
    watchdog(|| {
        new_client(|depot| {
            assert_returns(depot.status(None), "status");
            assert_refused(depot.status(Some(true)), "status: the method takes no values, found true");
            assert_returns(depot.status(None), "status");
        });
    });
}

#[test]
fn one_to_two_with_an_old_client() {
    watchdog(|| old_client(|depot| assert_returns(depot.put("a"), "put a None")));
}

/// The old server stored, whatever `dry_run` was.
#[test]
fn one_to_two_with_an_old_server() {
    watchdog(|| {
        new_client(|depot| {
            assert_returns(depot.put("a", None), "put a");
            assert_refused(depot.put("a", Some(true)), "put: unknown parameter `dry_run`, there are: name");
            assert_refused(depot.put("a", Some(false)), "put: unknown parameter `dry_run`, there are: name");
            assert_returns(depot.put("a", None), "put a");
        });
    });
}

#[test]
fn two_to_three_with_an_old_client() {
    watchdog(|| old_client(|depot| assert_returns(depot.copy("a", "b"), "copy a b None")));
}

#[test]
fn two_to_three_with_an_old_server() {
    watchdog(|| {
        new_client(|depot| {
            assert_returns(depot.copy("a", "b", None), "copy a b");
            let refusal = "copy: unknown parameter `limit`, there are: from, to";
            assert_refused(depot.copy("a", "b", Some(1)), refusal);
            assert_returns(depot.copy("a", "b", None), "copy a b");
        });
    });
}

#[derive(Serialize)]
struct Put {
    name: &'static str,
    dry_run: Option<bool>,
}

#[test]
fn one_to_two_in_an_old_pipeline() {
    watchdog(|| {
        let client = of_new_server();
        let replies = client.pipeline("put", ["a", "b"]).unwrap().collect::<Result<Vec<String>>>();
        assert_eq!(replies.unwrap(), ["put a None", "put b None"]);
    });
}

#[test]
fn one_to_two_in_a_new_pipeline() {
    watchdog(|| {
        let puts = || [None, Some(true), None].map(|dry_run| Put { name: "a", dry_run });
        let mut replies = of_old_server().pipeline("put", puts()).unwrap().named();
        assert_returns(replies.next().unwrap(), "put a");
        assert_refused(replies.next().unwrap(), "put: unknown parameter `dry_run`, there are: name");
        assert_returns(replies.next().unwrap(), "put a");
        assert!(replies.next().is_none());

        let replies = of_new_server().pipeline("put", puts()).unwrap().named().collect::<Result<Vec<String>>>();
        assert_eq!(replies.unwrap(), ["put a None", "put a Some(true)", "put a None"]);
    });
}
