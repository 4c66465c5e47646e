//! JSON in several frames, which only other implementations send; here a scripted peer, on either
//! side.

use std::thread;

use rpc_core::Client;
use rpc_tests::{Fault, Plan, ScriptedPeer, serve_bytes, watchdog, wire};
use serde_json::{Value, json};

use crate::service::{Service, Witness};
use crate::{client_config, faulty, server_config};

/// JSON split into frames, one of them empty, with white space after the value.
fn in_frames(header: &str, pieces: [&str; 3]) -> Vec<u8> {
    let [first, second, third] = pieces;
    [wire::header(header), wire::more(first), wire::more(""), wire::more(second), wire::data(third)].concat()
}

/// Runs with each fault at each operation until the operations run out; returns how many were hit.
fn at_each_operation(run: impl Fn(Plan)) -> usize {
    let mut points = 0;
    for fault in Fault::ALL {
        for operation in 0.. {
            let plan = Plan::at(operation, fault);
            run(plan.clone());
            if !plan.has_struck() {
                break;
            }
            points += 1;
        }
    }
    points
}

#[test]
fn a_reply_in_several_frames_is_right_or_an_error() {
    watchdog(|| {
        let points = at_each_operation(|plan| {
            let (mut peer, transport) = ScriptedPeer::new();
            let serving = thread::spawn(move || {
                if peer.await_requests(1) {
                    peer.send(&in_frames(r#"{"DataType":3,"Error":1}"#, ["[1,", " 2", "] \n"]));
                }
                peer.await_end();
            });
            let client = Client::from_transport_with(faulty(transport, &plan), client_config()).unwrap();
            match client.call("any").with(&()).json::<Value>() {
                Ok(value) => assert_eq!(value, json!([1, 2])),
                Err(error) => assert!(plan.has_struck() && !error.connection_usable(), "{error:?}"),
            }
            drop(client);
            serving.join().unwrap();
        });
        println!("{points} points of a client that reads several frames of JSON");
    });
}

#[test]
fn a_request_in_several_frames_runs_unchanged_or_not_at_all() {
    watchdog(|| {
        let first = in_frames(r#"{"Endpoint":"double","DataType":3,"Accept":3}"#, ["1", "23", "4 "]);
        let client = [first, wire::close_request(), wire::reset()].concat();
        let serve = |witness: &Witness, plan: Plan| {
            let service = Service(witness.clone());
            serve_bytes(&client, service, server_config(), |transport| faulty(transport, &plan)).1
        };
        let whole = serve(&Witness::default(), Plan::none());
        assert_eq!(wire::messages(&whole)[1].payload, b"2468");
        let points = at_each_operation(|plan| {
            let witness = Witness::default();
            let sent = serve(&witness, plan);
            let reset = wire::reset();
            let kept = sent.strip_suffix(&reset[..]).unwrap_or(&sent);
            let at_border = wire::frames(kept).last().map_or(0, |frame| frame.end) == kept.len();
            assert!(whole.starts_with(kept) && (kept.len() == sent.len() || at_border), "{sent:?}");
            assert_eq!(witness.all(), witness.times("double 1234"), "another request ran");
            assert!(witness.all() == 1 || kept.is_empty(), "a reply to a call that did not run");
        });
        println!("{points} points of a server that reads several frames of JSON");
    });
}
