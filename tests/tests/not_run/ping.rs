//! JSON and octets together: the client asks first what the server speaks, and that `Ping` is the
//! request that is refused.

use rpc_core::{Error, Misuse};
use rpc_tests::{watchdog, wire};
use serde_json::Value;

use crate::script::{Script, Scripted, answers, answers_then, assert_refused, refusal};

/// Refuses the connection in reply to a `Ping`, and checks that nothing comes behind that.
fn refuses_the_ping() -> Script {
    Box::new(|peer| {
        peer.await_requests(1);
        peer.send(&refusal());
        peer.await_end();
        let messages = wire::messages(&peer.received);
        assert_eq!(messages.len(), 1);
        assert!(messages[0].payload.starts_with(br#"{"Endpoint":"Ping""#));
    })
}

#[test]
fn a_refused_ping_is_the_calls_refusal() {
    watchdog(|| {
        let servers = Scripted::new(vec![refuses_the_ping(), refuses_the_ping(), refuses_the_ping(), answers(1)]);
        let client = &servers.client;
        assert_refused(client.call("store").with("name").with_octets(&b"bytes"[..]).json::<Value>());
        assert_refused(client.call("open").with("name").json_and_octets::<Value>());
        assert_refused(client.call("both").with("name").with_octets(&b"bytes"[..]).json_and_octets::<Value>());
        assert_eq!(servers.opened(), 3);
        assert_eq!(servers.call().unwrap(), 2);
        servers.finish();
    });
}

/// It refuses a `Ping` because it does not know one.
#[test]
fn an_original_server_is_still_told_from_one_that_refuses() {
    watchdog(|| {
        let servers = Scripted::new(vec![answers_then(0, wire::refusal(2, "full"))]);
        let error = servers.client.call("store").with("name").with_octets(&b"x"[..]).json::<Value>().unwrap_err();
        assert!(matches!(error, Error::Misuse(Misuse::NeedsRevision1)), "{error:?}");
    });
}
