//! What holds for calls on shared connections, for pipelines and for sessions.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rpc_core::{CallOptions, CallReport, Client, ClientConfig, Observer, Result, Session, rpc_service};
use rpc_tests::{watchdog, wire};

use crate::servers::{Nobody, Servers, answers, answers_then_resets, call, hangs, refuses, sends};

#[test]
fn a_call_on_a_shared_connection_that_never_ran_goes_elsewhere() {
    watchdog(|| {
        let full = || refuses("full");
        for script in [sends(wire::reset()), full()] {
            let servers = Servers::new(2, vec![script, answers(1, 2)]);
            let client = servers.connect(|config| config.shared_connections(1));
            assert_eq!(call(&client).unwrap(), 2);
            let visits = servers.visits();
            assert_ne!(visits[0], visits[1], "the other server was asked");
        }
    });
}

#[test]
fn a_call_on_a_shared_connection_is_repeated_only_if_it_is_marked() {
    watchdog(|| {
        for marked in [false, true] {
            let servers = Servers::new(2, vec![sends(Vec::new()), answers(1, 2)]);
            let client = servers.connect(|config| config.shared_connections(1));
            let client = client.with_options(CallOptions::default().idempotent(marked));
            let outcome = call(&client);
            match marked {
                true => assert_eq!(outcome.unwrap(), 2),
                false => assert!(!outcome.unwrap_err().never_ran()),
            }
        }
    });
}

#[test]
fn a_call_on_a_shared_connection_that_hangs_is_left() {
    watchdog(|| {
        let servers = Servers::new(2, vec![hangs()]);
        let client = servers.connect(|config| config.shared_connections(1));
        let soon = CallOptions::default().timeout(Some(Duration::from_millis(500)));
        assert!(call(&client.with_options(soon)).unwrap_err().is_timeout());
        assert_eq!(call(&client).unwrap(), 0);
        let visits = servers.visits();
        assert_ne!(visits[0], visits[1], "the next call goes elsewhere");
    });
}

#[test]
fn calls_of_a_pipeline_are_never_repeated() {
    watchdog(|| {
        let servers = Servers::new(2, vec![sends(Vec::new())]);
        let client = servers.connect(|config| config);
        let client = client.with_options(CallOptions::default().idempotent(true));
        let outcomes: Vec<Result<u8>> = client.pipeline("x", [1, 2]).unwrap().collect();
        assert!(outcomes.iter().all(|outcome| outcome.as_ref().is_err_and(|error| !error.never_ran())));
        assert_eq!(servers.visits().len(), 1);
    });
}

#[test]
fn a_session_connects_to_any_place_and_stays_there() {
    watchdog(|| {
        let nobody = Nobody::new();
        let servers = Servers::new(1, vec![answers(1, 1)]);
        servers.add(nobody.place());
        let mut session = Session::connect_with("tcp://servers:7", servers.config()).unwrap();
        session.set_options(CallOptions::default().idempotent(true));
        assert_eq!(session.call("x").with(&()).json::<u8>().unwrap(), 1);
        session.call("x").with(&()).json::<u8>().unwrap_err();
        assert_eq!(servers.visits().len(), 1);
    });
}

/// A login on a server that is full or goes down hears that instead of the call.
#[test]
fn a_connection_that_is_lost_in_on_connect_is_replaced() {
    watchdog(|| {
        for first in [refuses("full"), sends(wire::reset()), sends(Vec::new())] {
            let servers = Servers::new(2, vec![first, answers(2, 2)]);
            let log_in = |session: &mut Session| session.call("log in").with(&()).json::<u8>().map(drop);
            let client = servers.connect(|config| config.on_connect(log_in));
            assert_eq!(call(&client).unwrap(), 2);
            let visits = servers.visits();
            assert!(visits.len() == 2 && visits[0] != visits[1], "{visits:?}");
        }
        let servers = Servers::new(2, vec![sends(wire::no(4, "the password is wrong"))]);
        let config = servers.config().on_connect(|session| session.call("log in").with(&()).json::<u8>().map(drop));
        let error = Client::connect_with("tcp://servers:7", config).unwrap_err();
        assert_eq!((error.to_string().as_str(), servers.visits().len()), ("the password is wrong", 1));
    });
}

#[rpc_service]
trait Vault {
    #[rpc(idempotent)]
    fn count(&self) -> Result<u8>;
    fn add(&self) -> Result<u8>;
}

#[test]
fn a_method_is_marked_by_its_attribute_and_options_decide() {
    watchdog(|| {
        let two = || vec![answers(1, 1), sends(Vec::new()), answers(1, 2)];
        let marked = |idempotent| CallOptions::default().idempotent(idempotent);
        let vault = |servers: &Servers| VaultClient::new(servers.client());
        assert_eq!(vault(&Servers::new(2, two())).count().unwrap(), 2);
        assert!(!vault(&Servers::new(2, two())).add().unwrap_err().never_ran());
        let vault_with = |options| VaultClient::with_options(&vault(&Servers::new(2, two())), options);
        assert!(!vault_with(marked(false)).count().unwrap_err().never_ran());
        assert_eq!(vault_with(marked(true)).add().unwrap(), 2);
    });
}

/// A single server that restarts.
#[test]
fn a_marked_call_is_repeated_with_a_single_place_too() {
    watchdog(|| {
        let servers = Servers::new(1, vec![answers(1, 1), sends(Vec::new()), answers(1, 2)]);
        let client = servers.client();
        assert_eq!(call(&client.with_options(CallOptions::default().idempotent(true))).unwrap(), 2);
    });
}

/// The call may have run on the first connection, whatever happens on the second.
#[test]
fn the_error_of_a_repeated_call_counts_all_its_attempts() {
    watchdog(|| {
        for second in [sends(wire::reset()), refuses("full")] {
            let servers = Servers::new(1, vec![answers(1, 1), sends(Vec::new()), second]);
            let client = servers.client().with_options(CallOptions::default().idempotent(true));
            let error = call(&client).unwrap_err();
            assert!(!error.never_ran(), "{error:?}");
            assert_eq!(servers.visits().len(), 3);
        }
    });
}

#[derive(Default)]
struct Repeated(Mutex<Vec<u32>>);

impl Observer for Repeated {
    fn call_ended(&self, call: &CallReport<'_>) {
        self.0.lock().unwrap().push(call.repeated);
    }
}

#[test]
fn an_observer_hears_how_often_a_call_was_repeated() {
    watchdog(|| {
        for shared in [0, 1] {
            let full = || refuses("full");
            let servers = Servers::new(3, vec![answers_then_resets(1), full(), full(), answers(1, 2)]);
            let observer = Arc::new(Repeated::default());
            let told = Arc::<Repeated>::clone(&observer);
            let client = servers.connect(|config| config.shared_connections(shared).observer(told));
            assert_eq!((call(&client).unwrap(), call(&client).unwrap()), (1, 2));
            drop(client);
            let times = observer.0.lock().unwrap().clone();
            assert_eq!(times.len(), 2, "{times:?}");
            // the idle connection may have ended before the call, which is no attempt
            assert!(times[0] == 0 && (2..=3).contains(&times[1]), "{times:?}");
        }
    });
}

/// The place once got the whole time again.
#[test]
fn looking_up_a_name_takes_of_the_call_s_time() {
    watchdog(|| {
        let servers = Servers::new(1, vec![answers(1, 1), answers(1, 2)]);
        let limit = Duration::from_millis(50);
        let slow = servers.clone();
        let config = ClientConfig::default().max_idle_connections(0).resolver(move |_, _| {
            thread::sleep(limit);
            Ok(slow.places())
        });
        let client = Client::connect_with("tcp://servers:7", config).unwrap();
        call(&client).unwrap();
        let late = client.with_options(CallOptions::default().timeout(Some(limit)));
        let error = call(&late).unwrap_err();
        assert!(error.is_timeout() && error.never_ran(), "{error:?}");
        assert_eq!(call(&client).unwrap(), 2);
        assert_eq!(servers.visits().len(), 2, "no place is tried when the time is over");
    });
}
