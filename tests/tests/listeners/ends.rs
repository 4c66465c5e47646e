//! What a listener's errors, panics and its end do to the server.

use std::io;
use std::sync::mpsc;
use std::thread;

use rpc_core::transport::Listener;
use rpc_core::{Address, Error, Operation, Result, Server};
use rpc_tests::watchdog;

use crate::desk::{Desk, Door, Visitor, desk};
use crate::service::{Work, service};

/// Runs a server while a test uses its desk. Returns how it ended.
fn serve(test: impl FnOnce(Door)) -> Result<()> {
    let (desk, door) = desk();
    let (on_end, end) = mpsc::channel();
    thread::spawn(move || on_end.send(Server::new(desk).unwrap().serve(service())));
    test(door.clone());
    let ended = end.recv().unwrap();
    assert!(door.is_closed());
    ended
}

fn failed_to_accept(error: &Error) -> bool {
    matches!(error, Error::Transport { operation: Operation::Accepting, .. })
}

#[test]
fn errors_of_one_connection_and_shortages_are_survived() {
    watchdog(|| {
        let ended = serve(|door| {
            use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, NotConnected, OutOfMemory};
            for kind in [ConnectionAborted, ConnectionReset, Interrupted, NotConnected, OutOfMemory] {
                door.fail(kind);
                assert_eq!(door.client().echo(1).unwrap(), 1, "{kind}");
            }
            #[cfg(unix)]
            for errno in [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM] {
                door.fail(io::Error::from_raw_os_error(errno));
                assert_eq!(door.client().echo(1).unwrap(), 1, "{errno}");
            }
            door.fail(io::ErrorKind::PermissionDenied);
        });
        let error = ended.unwrap_err();
        assert!(failed_to_accept(&error), "{error:?}");
    });
}

#[test]
fn a_panic_ends_accepting_with_an_error() {
    watchdog(|| {
        let error = serve(|door| door.panic()).unwrap_err();
        assert!(failed_to_accept(&error) && error.to_string().contains("the listener panicked"), "{error:?}");
    });
}

#[test]
fn after_the_end_of_a_listener_its_connections_are_still_served() {
    watchdog(|| {
        let ended = serve(|door| {
            let open = door.client();
            assert_eq!(open.echo(1).unwrap(), 1);
            door.end();
            while !door.is_closed() {
                thread::yield_now();
            }
            assert_eq!(open.echo(2).unwrap(), 2);
            assert!(door.client().echo(3).unwrap_err().never_ran());
        });
        ended.unwrap();
    });
}

/// Panics when it is closed.
struct Clumsy(Desk);

impl Listener for Clumsy {
    type Transport = Visitor;

    fn accept(&self) -> io::Result<Option<Visitor>> {
        self.0.accept()
    }

    fn address(&self) -> Address {
        self.0.address()
    }

    fn wake(&self) {
        self.0.wake();
    }
}

impl Drop for Clumsy {
    fn drop(&mut self) {
        panic!("as the test wants");
    }
}

#[test]
fn a_panic_in_closing_a_listener_harms_nothing() {
    watchdog(|| {
        let (desk, door) = desk();
        let open = door.client();
        let served = thread::spawn(move || Server::new(Clumsy(desk)).unwrap().serve(service()));
        assert_eq!(open.echo(1).unwrap(), 1);
        door.end();
        while !door.is_closed() {
            thread::yield_now();
        }
        assert_eq!(open.echo(2).unwrap(), 2);
        drop(open);
        served.join().unwrap().unwrap();
    });
}
