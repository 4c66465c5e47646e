//! Many callers, each with its own calls and streams.

use std::io::Read;
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::thread;

use rpc_core::transport::memory_pair;
use rpc_core::{CallContext, Client, ClientConfig, Result, Server, rpc_service, serve_connection};
use rpc_tests::watchdog;

use crate::service::{Echo, EchoClient, EchoServer, Handler, Noise, serve, sum};

/// Makes one thread's calls; each must get its own reply.
fn work(client: &impl Echo, thread: u64, rounds: u64) {
    for round in 0..rounds {
        let number = thread << 32 | round;
        assert_eq!(client.echo(number).unwrap(), number);
        let length = (number % 7) * 50_000 + round;
        let content = client.bytes(number, length).unwrap();
        assert_eq!(sum(content).unwrap(), sum(Noise(number).take(length)).unwrap(), "{thread} {round}");
        // one in three streams is dropped, which must not affect the others
        if round % 3 == 0 {
            let mut dropped = client.bytes(number, 1 << 20).unwrap();
            dropped.read_exact(&mut [0; 10]).unwrap();
        }
        assert_eq!(client.sum(Noise(number).take(length)).unwrap(), sum(Noise(number).take(length)).unwrap());
    }
}

#[test]
fn sixteen_threads_share_a_client() {
    watchdog(|| {
        let running = serve();
        let client = EchoClient::connect(running.address()).unwrap();
        let start = Barrier::new(16);
        thread::scope(|scope| {
            for thread in 0..16 {
                let (client, start) = (&client, &start);
                scope.spawn(move || {
                    start.wait();
                    work(client, thread, 8);
                });
            }
        });
        EchoClient::close(client).unwrap();
    });
}

#[rpc_service]
trait Party {
    /// Returns the address of the caller.
    fn who(&self) -> Result<String>;
    /// Reports whether another call is running too.
    fn meet(&self) -> Result<String>;
}

#[derive(Clone)]
struct Host(Arc<Barrier>);

impl Party for Host {
    fn who(&self) -> Result<String> {
        Ok(CallContext::current().unwrap().peer().to_string())
    }

    fn meet(&self) -> Result<String> {
        self.0.wait();
        self.who()
    }
}

#[test]
fn a_thread_gets_the_connection_that_it_used_last() {
    watchdog(|| {
        let host = PartyServer::new(Host(Arc::new(Barrier::new(2))));
        let running = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(host).unwrap();
        let client = PartyClient::connect(running.address()).unwrap();
        let turns = Barrier::new(2);
        thread::scope(|scope| {
            for number in 0..2 {
                let (client, turns) = (&client, &turns);
                scope.spawn(move || {
                    let own = client.meet().unwrap();
                    for turn in 0..6 {
                        turns.wait();
                        if turn % 2 == number {
                            assert_eq!(client.who().unwrap(), own);
                        }
                    }
                });
            }
        });
    });
}

#[test]
fn threads_share_fewer_connections_than_they_are() {
    watchdog(|| {
        let running = serve();
        let config = ClientConfig::default().max_connections(3);
        let client = EchoClient::new(Client::connect_with(running.address(), config).unwrap());
        thread::scope(|scope| {
            for thread in 0..8 {
                let client = client.clone();
                scope.spawn(move || work(&client, thread, 4));
            }
        });
    });
}

#[test]
fn several_clients_at_once() {
    watchdog(|| {
        let running = serve();
        let start = Barrier::new(8);
        thread::scope(|scope| {
            for thread in 0..8 {
                let (running, start) = (&running, &start);
                scope.spawn(move || {
                    let client = EchoClient::connect(running.address()).unwrap();
                    start.wait();
                    work(&client, thread, 8);
                });
            }
        });
    });
}

/// With one connection for all, callers take turns.
#[test]
fn threads_share_a_single_transport() {
    watchdog(|| {
        let (near, far) = memory_pair();
        let server = thread::spawn(move || serve_connection(far, EchoServer::new(Handler)));
        let client = EchoClient::from_transport(near).unwrap();
        thread::scope(|scope| {
            for thread in 0..8_u64 {
                let client = &client;
                scope.spawn(move || {
                    for round in 0..50 {
                        let number = thread << 32 | round;
                        assert_eq!(client.echo(number).unwrap(), number);
                        let content = client.bytes(number, 100 * round).unwrap();
                        assert_eq!(sum(content).unwrap(), sum(Noise(number).take(100 * round)).unwrap());
                    }
                });
            }
        });
        EchoClient::close(client).unwrap();
        server.join().unwrap().unwrap();
    });
}

#[rpc_service]
trait Meeting {
    /// Returns after all others have arrived.
    fn meet(&self) -> Result<usize>;
}

/// The number of arrived and expected callers.
struct Room(Mutex<usize>, Condvar, usize);

impl Meeting for Room {
    fn meet(&self) -> Result<usize> {
        let Room(come, changed, expected) = self;
        let mut come = come.lock().unwrap();
        *come += 1;
        changed.notify_all();
        let come = changed.wait_while(come, |come| *come < *expected).unwrap();
        Ok(*come)
    }
}

/// Calls of one client run concurrently: none of these returns before all have begun.
#[test]
fn calls_do_not_wait_for_one_another() {
    watchdog(|| {
        let room = Arc::new(Room(Mutex::default(), Condvar::new(), 12));
        let running = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(MeetingServer::new(room)).unwrap();
        let client = MeetingClient::connect(running.address()).unwrap();
        thread::scope(|scope| {
            let calls: Vec<_> = (0..12).map(|_| scope.spawn(|| client.meet().unwrap())).collect();
            for call in calls {
                assert_eq!(call.join().unwrap(), 12);
            }
        });
    });
}
