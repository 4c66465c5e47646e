//! Time limits of zero: nothing is tried, and the error says why. "Sending took longer than 0ns"
//! told nobody that the limit was the mistake.

use std::io::{self, Read};
use std::time::Duration;

use rpc_core::{CallOptions, Client, ClientConfig, Error, Operation, Result, Server, ServerHandle, Session};
use rpc_tests::{OriginalServer, Reference, watchdog};

const ZERO: Option<Duration> = Some(Duration::ZERO);

fn server() -> ServerHandle {
    Server::bind("tcp://127.0.0.1:0").unwrap().spawn(OriginalServer::new(Reference)).unwrap()
}

fn echo(client: &Client) -> Result<u8> {
    client.call("Echo").with(&7).json()
}

fn assert_not_sent(error: &Error) {
    assert_eq!(error.to_string(), "sending: the time limit is zero, so nothing was sent");
    assert!(error.never_ran() && error.connection_usable());
}

#[test]
fn of_a_call() {
    watchdog(|| {
        let server = server();
        let config = ClientConfig::default().max_connections(1);
        for config in [config.clone(), config.shared_connections(1)] {
            let client = Client::connect_with(server.address(), config.clone()).unwrap();
            let hurried = client.with_options(CallOptions::default().timeout(ZERO));
            assert_not_sent(&echo(&hurried).unwrap_err());
            assert_not_sent(&hurried.pipeline::<_, u8>("Echo", [1, 2]).map(drop).unwrap_err());
            assert_eq!(echo(&client).unwrap(), 7);

            let stream = client.call("SendPattern").with(&1_000_000).octets().unwrap();
            assert_not_sent(&echo(&hurried).unwrap_err());
            drop(stream);

            let impatient = Client::connect_with(server.address(), config.reply_timeout(ZERO)).unwrap();
            assert_not_sent(&echo(&impatient).unwrap_err());
            let upload = impatient.call("Receive").with_octets(io::repeat(7));
            assert_not_sent(&upload.json::<u64>().unwrap_err());
        }
        let mut session = Session::connect(server.address()).unwrap();
        session.set_options(CallOptions::default().timeout(ZERO));
        assert_not_sent(&session.call("Echo").with(&7).json::<u8>().unwrap_err());
        session.set_options(CallOptions::default().timeout(None));
        assert_eq!(session.call("Echo").with(&7).json::<u8>().unwrap(), 7);
    });
}

#[test]
fn of_a_connection() {
    watchdog(|| {
        let server = server();
        let error = Client::connect_with(server.address(), ClientConfig::default().connect_timeout(ZERO)).unwrap_err();
        assert!(matches!(error, Error::Deadline { operation: Operation::Connecting, .. }), "{error:?}");
        assert_eq!(error.to_string(), "connecting: the time limit is zero, so nothing was sent");
        assert!(error.never_ran());
    });
}

#[test]
fn of_what_has_begun() {
    watchdog(|| {
        let server = server();
        let config = ClientConfig::default().stall_timeout(ZERO).close_timeout(ZERO);
        let client = Client::connect_with(server.address(), config).unwrap();
        let mut stream = client.call("SendPattern").with(&10_000_000).octets().unwrap();
        let error = Error::from(stream.read_to_end(&mut Vec::new()).unwrap_err());
        assert_eq!(error.to_string(), "reading the stream: the time limit is zero");
        assert!(!error.never_ran());
        drop(stream);

        assert_eq!(echo(&client).unwrap(), 7);
        assert_eq!(client.close().unwrap_err().to_string(), "closing: the time limit is zero");
    });
}
