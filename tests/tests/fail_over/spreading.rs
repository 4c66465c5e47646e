//! How connections spread over the places: by fewest in use, again when they are old, and away from
//! places that fail or vanish.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use rpc_core::{CallOptions, Client};
use rpc_tests::{watchdog, wire};

use crate::servers::{Script, Servers, Visitor, call};

/// Answers each call with the beginning of a stream.
fn streams() -> Script {
    Box::new(|visitor: &mut Visitor| {
        for call in 1.. {
            if !visitor.await_requests(call) {
                return;
            }
            visitor.send(&[wire::ok(4), wire::data("abc")].concat());
        }
    })
}

fn of_streams(places: usize, connections: usize) -> Servers {
    Servers::new(places, (0..connections).map(|_| streams()).collect())
}

fn per_place(servers: &Servers) -> HashMap<SocketAddr, usize> {
    let mut counts = HashMap::new();
    servers.visits().into_iter().for_each(|place| *counts.entry(place).or_default() += 1);
    counts
}

#[test]
fn connections_go_where_fewest_are_in_use() {
    watchdog(|| {
        let servers = of_streams(3, 9);
        let client = servers.connect(|config| config);
        let streams: Vec<_> = (0..9).map(|_| client.call("x").octets().unwrap()).collect();
        let counts = per_place(&servers);
        assert!(counts.len() == 3 && counts.values().all(|&count| count == 3), "{counts:?}");
        drop(streams);
    });
}

#[test]
fn connections_that_are_opened_at_the_same_time_spread_as_well() {
    watchdog(|| {
        let servers = of_streams(2, 8);
        let client = servers.connect(|config| config);
        let (all, open) = (Barrier::new(8), Barrier::new(8));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    all.wait();
                    let _stream = client.call("x").octets().unwrap();
                    open.wait();
                });
            }
        });
        assert!(per_place(&servers).values().all(|&count| count == 4), "{:?}", per_place(&servers));
    });
}

/// The thread has used the connections to one place last, but all of its calls are there.
#[test]
fn idle_connections_are_taken_where_fewest_are_in_use() {
    watchdog(|| {
        let servers = of_streams(2, 6);
        let client = servers.connect(|config| config);
        let mut streams: Vec<_> = (0..4).map(|_| Some(client.call("x").octets().unwrap())).collect();
        let visits = servers.visits();
        let (there, elsewhere): (Vec<usize>, Vec<usize>) = (0..4).partition(|&at| visits[at] == visits[0]);
        assert_eq!((there.len(), elsewhere.len()), (2, 2));
        // one is in use at each place, and then two at one of them
        streams[elsewhere[1]] = None;
        streams[there[1]] = None;
        let _third = client.call("x").octets().unwrap();
        let _fourth = client.call("x").octets().unwrap();
        assert_eq!(servers.visits().len(), 4, "no connection was opened");
        // so the fifth and sixth go to a place each
        let more = [(), ()].map(|()| client.call("x").octets().unwrap());
        let visits = servers.visits();
        assert_ne!(visits[4], visits[5]);
        drop(more);
    });
}

/// By the system's resolver: on most machines it has an address of each family, and one of them has
/// no server.
#[test]
fn a_name_of_several_addresses_is_reached_wherever_its_server_is() {
    watchdog(|| {
        let servers = Servers::new(1, Vec::new());
        for _ in 0..10 {
            let client = Client::connect(("localhost", servers.places()[0].port())).unwrap();
            call(&client).unwrap();
        }
    });
}

#[test]
fn ties_are_broken_at_random() {
    watchdog(|| {
        let servers = Servers::new(2, Vec::new());
        while per_place(&servers).len() < 2 {
            servers.connect(|config| config);
        }
    });
}

/// A deployment: the connections have all gone to the first server, and a second one comes.
#[test]
fn old_connections_are_replaced_between_calls_so_that_they_spread_again() {
    watchdog(|| {
        let servers = of_streams(1, usize::from(u8::MAX));
        let client = servers.connect(|config| config.max_connection_age(Some(Duration::ZERO)));
        let first: Vec<_> = (0..4).map(|_| client.call("x").octets().unwrap()).collect();
        let second = servers.start();
        drop(first);
        let streams: Vec<_> = (0..4).map(|_| client.call("x").octets().unwrap()).collect();
        assert_eq!(per_place(&servers)[&second], 2);
        drop(streams);
    });
}

#[test]
fn an_old_connection_ends_its_stream_first() {
    watchdog(|| {
        let servers = Servers::new(1, Vec::new());
        let client = servers.connect(|config| config.max_connection_age(Some(Duration::ZERO)));
        for number in 1..=3 {
            call(&client).unwrap();
            // the first connection was opened before its call
            assert_eq!(servers.visits().len(), number + 1);
        }
    });
}

/// Also if there is always another call.
#[test]
fn shared_connections_grow_old_too() {
    watchdog(|| {
        let servers = Servers::new(1, Vec::new());
        let age = Some(Duration::ZERO);
        let client = servers.connect(|config| config.max_connection_age(age).shared_connections(1));
        thread::scope(|scope| (0..8).for_each(|_| _ = scope.spawn(|| call(&client).unwrap())));
        // the first connection was opened before the first call
        assert_eq!(servers.visits().len(), 9);
    });
}

#[test]
fn young_connections_stay() {
    watchdog(|| {
        let servers = Servers::new(2, Vec::new());
        let client = servers.connect(|config| config.max_connection_age(Some(Duration::from_secs(3600))));
        (0..5).for_each(|_| _ = call(&client).unwrap());
        assert_eq!(servers.visits().len(), 1);
    });
}

#[test]
fn a_place_that_vanishes_gets_no_new_connections() {
    watchdog(|| {
        let servers = Servers::new(2, Vec::new());
        let client = servers.connect(|config| config.max_idle_connections(0));
        call(&client).unwrap();
        let gone = servers.places()[0];
        servers.remove(gone);
        let before = servers.visits().len();
        (0..20).for_each(|_| _ = call(&client).unwrap());
        assert!(!servers.visits()[before..].contains(&gone));
        servers.add(gone);
        while !servers.visits()[before..].contains(&gone) {
            call(&client).unwrap();
        }
    });
}

/// Idle connections to a server that hangs are not taken while there is another server.
#[test]
fn idle_connections_to_a_place_that_fails_wait() {
    watchdog(|| {
        let hanging = Arc::new(Mutex::new(None));
        // the first server that is asked again hangs from then on
        let script = || -> Script {
            let hanging = Arc::clone(&hanging);
            Box::new(move |visitor| {
                for call in 1.. {
                    visitor.await_requests(call);
                    if call > 1 && *hanging.lock().unwrap().get_or_insert(visitor.place()) == visitor.place() {
                        return visitor.await_end();
                    }
                    visitor.send(&[wire::ok(4), wire::data("abc")].concat());
                }
            })
        };
        let servers = Servers::new(2, (0..5).map(|_| script()).collect());
        let client = servers.connect(|config| config);
        let four: Vec<_> = (0..4).map(|_| client.call("x").octets().unwrap()).collect();
        drop(four);
        let soon = CallOptions::default().timeout(Some(Duration::from_millis(500)));
        assert!(call(&client.with_options(soon)).unwrap_err().is_timeout());
        // at the other place two are idle, so a third is opened
        let three: Vec<_> = (0..3).map(|_| client.call("x").octets().unwrap()).collect();
        let visits = servers.visits();
        assert!(visits.len() == 5 && Some(visits[4]) != *hanging.lock().unwrap(), "{visits:?}");
        drop(three);
    });
}
