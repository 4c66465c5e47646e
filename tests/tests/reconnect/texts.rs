//! What a session says whose connection ended between two calls. It waited "for the next request",
//! which only a server does.

use std::io::Write;

use rpc_core::transport::memory_pair;
use rpc_core::{Error, Operation, Session};
use rpc_tests::{watchdog, wire};

#[test]
fn an_idle_session_that_has_ended_says_who_has_ended_it() {
    watchdog(|| {
        for (last, expected) in [
            (Vec::new(), "between two calls: the server has closed the connection"),
            (wire::reset(), "between two calls: the server has reset the connection"),
            (wire::data("1"), "protocol error: expected nothing between calls, found 7 bytes"),
        ] {
            let (near, mut far) = memory_pair();
            let mut session = Session::from_transport(near).unwrap();
            far.write_all(&last).unwrap();
            drop(far);
            let error = session.call("x").with(&()).json::<u8>().unwrap_err();
            assert_eq!(error.to_string(), expected);
            assert!(error.never_ran() && !error.connection_usable());
            if let Error::Transport { operation, .. } = error {
                assert_eq!(operation, Operation::Idling);
            }
        }
    });
}
