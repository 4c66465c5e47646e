//! What `ClientConfig::on_connect` does on each new connection before it is used.

mod service;

use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use rpc_core::{CallOptions, CancelToken, Client, ClientConfig, Error, Misuse, Result, ServerConfig, Session};
use rpc_tests::{Connections, TransportKind, watchdog};

use service::{Login, LoginClient, Vault, VaultClient, services};

/// Logs in as `name`, and counts that.
fn login(name: &'static str) -> (ClientConfig, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let config = ClientConfig::default().on_connect(move |session| {
        counted.fetch_add(1, Ordering::SeqCst);
        LoginClient::new(session).login(name, "open sesame")
    });
    (config, count)
}

fn serve(transport: TransportKind, config: ClientConfig) -> (Client, Connections) {
    transport.serve_with(services(), config, ServerConfig::default(), |near| near)
}

#[test]
fn each_connection_logs_in_once() {
    watchdog(|| {
        for &transport in TransportKind::ALL {
            let (config, logins) = login("ann");
            let (client, connections) = serve(transport, config);
            let vault = VaultClient::new(client);
            for _ in 0..3 {
                assert_eq!(vault.owner().unwrap(), "ann");
            }
            assert_eq!((connections.count(), logins.load(Ordering::SeqCst)), (1, 1), "{transport:?}");
            // the stream keeps its connection, so the next call opens another
            let stream = vault.content().unwrap();
            assert_eq!(vault.owner().unwrap(), "ann");
            assert_eq!((connections.count(), logins.load(Ordering::SeqCst)), (2, 2), "{transport:?}");
            drop(stream);
        }
    });
}

#[test]
fn shared_connections_log_in_too() {
    watchdog(|| {
        let (config, logins) = login("ann");
        let (client, connections) = serve(TransportKind::Tcp, config.shared_connections(2));
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| assert_eq!(VaultClient::new(client.clone()).owner().unwrap(), "ann"));
            }
        });
        assert_eq!(logins.load(Ordering::SeqCst), connections.count());
    });
}

#[test]
fn a_connection_that_is_given_logs_in() {
    watchdog(|| {
        let (config, _) = login("ann");
        let (near, far) = TransportKind::Memory.pair().unwrap();
        thread::spawn(move || rpc_core::serve_connection(far, services()));
        let client = Client::from_transport_with(near, config.clone()).unwrap();
        assert_eq!(VaultClient::new(client).owner().unwrap(), "ann");

        let (near, far) = TransportKind::Memory.pair().unwrap();
        thread::spawn(move || rpc_core::serve_connection(far, services()));
        let mut session = Session::from_transport_with(near, config).unwrap();
        assert_eq!(session.call("owner").json::<String>().unwrap(), "ann");
        // clients of two session traits take turns on it
        LoginClient::new(&mut session).login("eve", "open sesame").unwrap();
        assert_eq!(session.call("owner").json::<String>().unwrap(), "eve");
    });
}

#[test]
fn a_refused_login_is_the_error_of_the_call() {
    watchdog(|| {
        let config = ClientConfig::default().on_connect(|session| LoginClient::new(session).login("ann", "wrong"));
        let (client, connections) = serve(TransportKind::Tcp, config.clone());
        for attempt in 1..3 {
            let error = VaultClient::new(client.clone()).owner().unwrap_err();
            assert_eq!(error.to_string(), "the password is wrong");
            assert!(error.never_ran() && !error.connection_usable(), "{error:?}");
            assert_eq!(connections.count(), attempt, "the connection is not kept");
        }

        let server = rpc_core::Server::bind("tcp://127.0.0.1:0").unwrap().spawn(services()).unwrap();
        let error = Client::connect_with(server.address(), config).unwrap_err();
        assert_eq!(error.to_string(), "the password is wrong", "it is noticed at once");
    });
}

/// The session breaks, and the hook does not say so.
#[test]
fn a_connection_that_ended_in_the_hook_is_not_used() {
    watchdog(|| {
        let config = ClientConfig::default().on_connect(|session| {
            let soon = CallOptions::default().timeout(Some(Duration::from_millis(20)));
            assert!(session.call("wait").options(soon).json::<()>().unwrap_err().is_timeout());
            Ok(())
        });
        let (client, _connections) = serve(TransportKind::Memory, config);
        let error = VaultClient::new(client).owner().unwrap_err();
        assert!(error.never_ran() && error.to_string().contains("has ended in `on_connect`"), "{error}");
    });
}

/// What it sets on its session ends with it.
#[test]
fn options_of_the_hook_are_not_those_of_calls() {
    watchdog(|| {
        let config = ClientConfig::default().on_connect(|session| {
            session.set_options(CallOptions::default().metadata("user", "hook"));
            assert_eq!(session.call("user").json::<Option<String>>()?, Some("hook".to_owned()));
            Ok(())
        });
        let (client, _connections) = serve(TransportKind::Memory, config);
        assert_eq!(client.call("user").json::<Option<String>>().unwrap(), None);
    });
}

#[test]
fn a_login_that_waits_ends_with_its_call() {
    watchdog(|| {
        let config = ClientConfig::default().on_connect(|session| session.call("wait").json());
        let (client, _connections) =
            TransportKind::Tcp.serve_with(services(), config, ServerConfig::default(), |near| near);
        let limited = client.with_options(CallOptions::default().timeout(Some(Duration::from_millis(50))));
        let error = VaultClient::new(limited).owner().unwrap_err();
        assert!(error.is_timeout() && error.never_ran(), "{error:?}");

        let token = CancelToken::new();
        let cancelled = VaultClient::new(client.with_options(CallOptions::default().cancel(&token)));
        thread::scope(|scope| {
            let call = scope.spawn(|| cancelled.owner());
            token.cancel();
            let error = call.join().unwrap().unwrap_err();
            assert!(error.is_cancelled() && error.never_ran(), "{error:?}");
        });
    });
}

/// Each call of the hook would otherwise get all of the time again.
#[test]
fn a_login_of_many_calls_ends_with_its_call() {
    watchdog(|| {
        let config = ClientConfig::default().on_connect(|session| {
            loop {
                session.call("user").json::<Option<String>>()?;
            }
        });
        let (client, _connections) = serve(TransportKind::Memory, config);
        let limit = Duration::from_millis(100);
        let limited = client.with_options(CallOptions::default().timeout(Some(limit)));
        let error = VaultClient::new(limited).owner().unwrap_err();
        assert!(matches!(error, Error::Deadline { limit: found, .. } if found == limit), "{error:?}");
        assert!(error.never_ran());
    });
}

/// The session has ended, and the hook does not say why.
#[test]
fn a_hook_that_ignores_a_cancel_has_a_call_that_was_cancelled() {
    watchdog(|| {
        let (begun, beginnings) = mpsc::channel();
        let config = ClientConfig::default().on_connect(move |session| {
            begun.send(()).unwrap();
            assert!(session.call("wait").json::<()>().unwrap_err().is_cancelled());
            Ok(())
        });
        let (client, _connections) = serve(TransportKind::Tcp, config);
        let token = CancelToken::new();
        let vault = VaultClient::new(client.with_options(CallOptions::default().cancel(&token)));
        thread::scope(|scope| {
            let call = scope.spawn(|| vault.owner());
            beginnings.recv().unwrap();
            token.cancel();
            let error = call.join().unwrap().unwrap_err();
            assert!(error.is_cancelled() && error.never_ran(), "{error:?}");
        });
    });
}

/// It would open connections until the stack is full, or wait for itself.
#[test]
fn a_hook_cannot_call_its_own_client() {
    watchdog(|| {
        for shared in [0, 1] {
            let own = Arc::new(OnceLock::<Client>::new());
            let seen = Arc::clone(&own);
            let config = ClientConfig::default().shared_connections(shared);
            let config = config.on_connect(move |_| seen.get().expect("it is set").call("owner").json::<()>());
            let (client, _connections) = serve(TransportKind::Memory, config);
            own.set(client.clone()).unwrap();
            let error = VaultClient::new(client).owner().unwrap_err();
            assert!(matches!(error, Error::Misuse(Misuse::InOnConnect)), "{shared} shared: {error:?}");
        }
    });
}

/// A thread of the library's runs it then.
#[test]
fn a_hook_that_panics_on_a_shared_connection_is_an_error() {
    watchdog(|| {
        let config = ClientConfig::default().shared_connections(1).on_connect(|_| panic!("on purpose"));
        let (client, _connections) = serve(TransportKind::Memory, config);
        let error = VaultClient::new(client).owner().unwrap_err();
        assert!(error.never_ran() && error.to_string().ends_with("or `on_connect` has panicked"), "{error}");
    });
}

/// It is the caller's own code, on the caller's own thread.
#[test]
fn a_hook_that_panics_costs_its_call() {
    watchdog(|| {
        let first = AtomicUsize::new(0);
        let config = ClientConfig::default().on_connect(move |_| {
            assert!(first.fetch_add(1, Ordering::SeqCst) > 0, "on purpose");
            Ok(())
        });
        let (client, _connections) = serve(TransportKind::Memory, config.max_connections(1));
        let vault = VaultClient::new(client);
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| vault.owner())).is_err());
        let error = vault.owner().unwrap_err();
        assert_eq!(error.to_string(), "log in first", "its place is free again");
    });
}

/// The stream of the hook has to end with it.
#[test]
fn a_hook_may_read_streams() {
    watchdog(|| {
        let config = ClientConfig::default().on_connect(|session| {
            LoginClient::new(&mut *session).login("ann", "open sesame")?;
            let mut content = String::new();
            session.call("content").octets()?.read_to_string(&mut content)?;
            let dropped = session.call("content").octets()?;
            drop(dropped);
            if content == "the content" { Ok(()) } else { Err(Error::new(content)) }
        });
        for &transport in TransportKind::ALL {
            let (client, connections) = serve(transport, config.clone());
            assert_eq!(VaultClient::new(client).owner().unwrap(), "ann");
            assert_eq!(connections.count(), 1);
        }
    });
}

/// An upload whose connection logs in first is sent once.
#[test]
fn an_upload_is_not_touched_by_a_login_that_fails() {
    watchdog(|| {
        struct Untouched;
        impl Read for Untouched {
            fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
                panic!("nothing is sent")
            }
        }
        let config = ClientConfig::default().on_connect(|_| Err(Error::new("no key")));
        let (client, _connections) = serve(TransportKind::Memory, config);
        let error: Result<u64> = VaultClient::new(client).store(Untouched);
        assert_eq!(error.unwrap_err().to_string(), "no key");
    });
}
