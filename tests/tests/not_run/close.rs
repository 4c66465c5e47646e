//! Sessions, and the Close handshake.

use std::thread;

use rpc_core::{Error, Misuse, Session};
use rpc_tests::{ScriptedPeer, watchdog};

use crate::script::{Scripted, answers_then, assert_refused, refusal, refuses};

#[test]
fn a_refused_session_has_ended() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        let server = thread::spawn(move || refuses()(&mut peer));
        let mut session = Session::from_transport(transport).unwrap();
        assert_refused(session.call("x").with(&()).json::<u8>());
        assert!(matches!(session.call("x").with(&()).json::<u8>(), Err(Error::Misuse(Misuse::Closed))));
        assert!(matches!(session.close(), Err(Error::Misuse(Misuse::Closed))));
        server.join().unwrap();
    });
}

/// Our server acknowledges `Close` even then.
#[test]
fn a_server_may_refuse_the_connection_in_reply_to_close() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        let server = thread::spawn(move || refuses()(&mut peer));
        assert_refused(Session::from_transport(transport).unwrap().close());
        server.join().unwrap();

        let servers = Scripted::new(vec![answers_then(1, refusal())]);
        assert_eq!(servers.call().unwrap(), 2);
        assert_refused(servers.client.close());
    });
}
