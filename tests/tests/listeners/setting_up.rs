//! Connections that take a while to set up, as with a handshake, or cannot be.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::memory_pair;
use rpc_core::{Server, ServerConfig, Transport};
use rpc_tests::{ScriptedPeer, watchdog, wire};

use crate::desk::{Door, desk};
use crate::service::{Handler, Work, WorkServer, service};

/// What a slow machine may take in addition to the time that is tested.
const SLACK: Duration = Duration::from_secs(4);

/// A connection that is set up when the test says so, or fails to be.
struct Slow {
    peer: ScriptedPeer,
    began: mpsc::Receiver<()>,
    go: mpsc::Sender<io::Result<()>>,
}

fn slow(door: &Door) -> Slow {
    let (peer, transport) = ScriptedPeer::new();
    let ((on_begin, began), (go, gone)) = (mpsc::channel(), mpsc::channel::<io::Result<()>>());
    let set_up = move || {
        on_begin.send(()).unwrap();
        gone.recv().unwrap()?;
        transport.into_parts()
    };
    door.enter_by(set_up).unwrap();
    Slow { peer, began, go }
}

impl Slow {
    fn ends_reset(mut self) {
        self.go.send(Ok(())).unwrap();
        self.peer.await_end();
        assert_eq!(self.peer.received, wire::reset());
    }
}

#[test]
fn a_slow_handshake_holds_up_nobody_else() {
    watchdog(|| {
        let (desk, door) = desk();
        let server = Server::new(desk).unwrap().spawn(service()).unwrap();
        let mut slow = slow(&door);
        slow.began.recv().unwrap();
        assert_eq!(door.client().echo(1).unwrap(), 1);
        slow.go.send(Ok(())).unwrap();
        slow.peer.send(&wire::request("echo", 3, "7"));
        slow.peer.await_bytes(6);
        assert_eq!(slow.peer.received[0], wire::HEADER);
        drop(slow);
        server.shutdown(Duration::ZERO);
    });
}

#[test]
fn a_slow_handshake_does_not_hold_up_a_stop_and_is_reset_when_it_is_over() {
    watchdog(|| {
        for grace in [Duration::ZERO, Duration::from_secs(60)] {
            let (desk, door) = desk();
            let server = Server::new(desk).unwrap().spawn(service()).unwrap();
            let slow = slow(&door);
            slow.began.recv().unwrap();
            let begin = Instant::now();
            assert_eq!(server.shutdown(grace).cut, 0);
            assert!(begin.elapsed() < SLACK, "{:?}", begin.elapsed());
            slow.ends_reset();
        }
    });
}

/// A program that ends after the shutdown would otherwise cut connections that were accepted a
/// moment before, and their clients could not know that nothing ran.
#[test]
fn a_stop_waits_for_a_handshake_that_is_nearly_over() {
    watchdog(|| {
        let reset_in_time = || {
            let (desk, door) = desk();
            let server = Server::new(desk).unwrap().spawn(service()).unwrap();
            let (near, far) = memory_pair();
            let (mut near, desk_is_gone) = (near.into_parts().unwrap(), door.clone());
            let (on_begin, began) = mpsc::channel();
            let set_up = move || {
                on_begin.send(()).unwrap();
                while !desk_is_gone.is_closed() {
                    thread::yield_now();
                }
                // the last bytes are on their way
                let (_nobody, never) = mpsc::channel::<()>();
                _ = never.recv_timeout(Duration::from_millis(5));
                far.into_parts()
            };
            door.enter_by(set_up).unwrap();
            began.recv().unwrap();
            server.shutdown(Duration::ZERO);
            near.reader.try_read(&mut [0]).is_ok()
        };
        // on a busy machine some may be late
        assert!((0..20).any(|_| reset_in_time()));
    });
}

#[test]
fn neither_does_one_that_was_still_queued() {
    watchdog(|| {
        let (desk, door) = desk();
        let (handler, waiting) = Handler::new();
        let config = ServerConfig::default().max_connections(1);
        let server = Server::new_with(desk, config).unwrap().spawn(WorkServer::new(handler)).unwrap();
        let busy = door.client();
        thread::scope(|scope| {
            let call = scope.spawn(|| busy.wait());
            let _end = waiting.recv().unwrap();
            let (mut prompt, slow) = (door.peer(), slow(&door));
            let begin = Instant::now();
            assert_eq!(server.shutdown(Duration::ZERO).cut, 1);
            assert!(begin.elapsed() < SLACK, "{:?}", begin.elapsed());
            call.join().unwrap().unwrap_err();
            prompt.await_reset();
            assert_eq!(prompt.received, wire::reset());
            slow.ends_reset();
        });
    });
}

/// The threads of a server that serves one connection at a time: 32 are for others.
const MOST_THREADS: usize = 33;

/// Otherwise clients that never end their handshake would take any number of threads.
#[test]
fn a_connection_counts_while_it_is_being_set_up() {
    watchdog(|| {
        let (desk, door) = desk();
        let config = ServerConfig::default().max_connections(1);
        let server = Server::new_with(desk, config).unwrap().spawn(service()).unwrap();
        let all: Vec<_> = (0..MOST_THREADS).map(|_| slow(&door)).collect();
        all.iter().for_each(|slow| slow.began.recv().unwrap());
        let client = door.client();
        thread::scope(|scope| {
            let call = scope.spawn(|| client.echo(1));
            for _ in 0..1000 {
                assert_eq!(door.accepted(), MOST_THREADS, "the server is at its limit");
                thread::yield_now();
            }
            all[0].go.send(Err(io::ErrorKind::InvalidData.into())).unwrap();
            assert_eq!(call.join().unwrap().unwrap(), 1);
        });
        server.shutdown(Duration::ZERO);
    });
}

#[test]
fn one_that_cannot_be_set_up_costs_only_itself() {
    watchdog(|| {
        let (desk, door) = desk();
        let config = ServerConfig::default().max_connections(1);
        let server = Server::new_with(desk, config).unwrap().spawn(service()).unwrap();
        for round in 0..20 {
            let (mut peer, transport) = ScriptedPeer::new();
            door.enter_by(move || {
                let _dropped = transport;
                assert!(round % 2 == 0, "as the test wants");
                Err(io::ErrorKind::InvalidData.into())
            })
            .unwrap();
            peer.await_end();
            assert!(peer.received.is_empty());
        }
        assert_eq!(door.client().echo(1).unwrap(), 1);
        server.shutdown(Duration::ZERO);
    });
}
