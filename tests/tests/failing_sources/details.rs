//! What a Trailer carries besides the text: a value, from either side, also through a peer that
//! forwards the stream.

use std::io;

use rpc_core::{Error, Status};
use rpc_tests::{TransportKind, watchdog};

use crate::service::{Broken, echo, receive, taps};

fn full() -> io::Error {
    Error::with_details("no room", &("disk", 7)).into()
}

#[test]
fn the_details_of_the_clients_error_arrive() {
    watchdog(|| {
        let (handler, reports) = taps();
        let (client, connections) = TransportKind::Memory.serve(handler);
        echo(&client);
        let error = client.call("take").with_octets(Broken::after(3).with(full)).json::<String>().unwrap_err();
        assert!(matches!(&error, Error::Source { error, .. } if error.to_string() == "no room"), "{error:?}");
        let (got, outcome) = reports.recv().unwrap();
        let refusal = outcome.unwrap_err();
        assert_eq!((got, refusal.to_string().as_str()), (3, "no room"));
        assert_eq!(refusal.details(), Some(("disk".to_owned(), 7)));
        assert_eq!(connections.count(), 1);
    });
}

/// A stream from one server is sent to another: the first one's status and message reach the
/// second.
#[test]
fn a_failing_stream_can_be_forwarded() {
    watchdog(|| {
        let (first, _) = TransportKind::Memory.serve(taps().0);
        let (handler, reports) = taps();
        let (second, connections) = TransportKind::Memory.serve(handler);
        echo(&second);
        let content = first.call("panic 300000").with(&()).octets().unwrap();
        let error = second.call("take").with_octets(content).json::<String>().unwrap_err();
        assert!(error.connection_usable(), "{error:?}");
        let (got, outcome) = reports.recv().unwrap();
        let refusal = outcome.unwrap_err();
        let remote = refusal.remote().unwrap();
        let expected = (300_000, Status::ServerError, "the handler panicked");
        assert_eq!((got, remote.status, remote.message.as_str()), expected);
        echo(&first);
        assert_eq!(connections.count(), 1);
    });
}

#[test]
fn a_text_that_does_not_fit_is_cut() {
    watchdog(|| {
        let (handler, reports) = taps();
        let (client, connections) = TransportKind::Memory.serve(handler);
        echo(&client);
        let long = || io::Error::other("\"ä\"".repeat(2000));
        client.call("take").with_octets(Broken::after(3).with(long)).json::<String>().unwrap_err();
        let text = reports.recv().unwrap().1.unwrap_err().to_string();
        assert!(long().to_string().starts_with(text.strip_suffix('…').unwrap()), "{text}");
        assert!(text.len() > 2000, "{} bytes are left", text.len());
        assert_eq!(connections.count(), 1);
    });
}

#[test]
fn an_empty_text_is_still_an_error() {
    watchdog(|| {
        let (handler, reports) = taps();
        let (client, _) = TransportKind::Memory.serve(handler);
        echo(&client);
        let content = Broken::after(3).with(|| io::Error::other(""));
        client.call("take").with_octets(content).json::<String>().unwrap_err();
        assert_eq!(reports.recv().unwrap().1.unwrap_err().to_string(), "");
        let (got, outcome) = receive(client.call("give 0").with(&()).octets().unwrap());
        assert!(got == 0 && outcome.is_err());
    });
}
