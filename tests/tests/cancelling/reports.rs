//! What an observer of the client is told of calls that a token cancels: each once.

use std::io::{self, Read};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rpc_core::{CallReport, ClientConfig, ConnectionInfo, Ended, ErrorKind, Observer, ServerConfig, Status, StreamEnd};
use rpc_tests::{TransportKind, watchdog};

use crate::service::{Clerk, Desk, DeskServer, next, with_token};

/// One call: its endpoint, status, error and the end of its streams.
type Call = (String, Option<Status>, Option<ErrorKind>, Option<StreamEnd>);

#[derive(Default)]
struct Recorder {
    calls: Mutex<Vec<Call>>,
    closed: Mutex<Vec<Result<Ended, ErrorKind>>>,
}

impl Observer for Recorder {
    fn call_ended(&self, call: &CallReport<'_>) {
        self.calls.lock().unwrap().push((call.endpoint.to_owned(), call.status, call.error, call.stream));
    }

    fn connection_closed(&self, _connection: &ConnectionInfo<'_>, end: Result<Ended, ErrorKind>) {
        self.closed.lock().unwrap().push(end);
    }
}

#[test]
fn each_is_reported_once_as_cancelled() {
    watchdog(|| {
        let recorder = Arc::new(Recorder::default());
        let config = ClientConfig::default().observer(Arc::clone(&recorder) as Arc<dyn Observer>);
        // however busy the machine is
        let config = config.close_timeout(Some(Duration::from_secs(1000)));
        let (clerk, reports) = Clerk::new();
        let server = DeskServer::new(clerk);
        let (client, _connections) =
            TransportKind::Memory.serve_with(server, config, ServerConfig::default(), |near| near);
        let cancelled = Some(ErrorKind::Cancelled);

        let (desk, token) = with_token(&client);
        thread::scope(|scope| {
            let call = scope.spawn(|| desk.wait());
            assert_eq!(reports.recv().unwrap(), "waits");
            token.cancel();
            call.join().unwrap().unwrap_err();
        });
        assert_eq!(recorder.calls.lock().unwrap()[..], [("wait".to_owned(), None, cancelled, None)]);
        assert_eq!(recorder.closed.lock().unwrap()[..], [Err(ErrorKind::Cancelled)]);

        let (desk, token) = with_token(&client);
        let mut stream = desk.flow().unwrap();
        stream.read_exact(&mut [0; 10]).unwrap();
        token.cancel();
        stream.read(&mut [0]).unwrap_err();
        drop(stream);
        let flow = ("flow".to_owned(), Some(Status::Ok), cancelled, Some(StreamEnd::Cancelled));
        assert_eq!(recorder.calls.lock().unwrap()[1..], [flow]);
        assert_eq!(recorder.closed.lock().unwrap().len(), 1, "the connection goes on");

        let (desk, token) = with_token(&client);
        thread::scope(|scope| {
            let call = scope.spawn(|| desk.count(io::repeat(1)));
            while reports.recv().unwrap() != "counts" {}
            token.cancel();
            call.join().unwrap().unwrap_err();
        });
        let count = ("count".to_owned(), None, cancelled, Some(StreamEnd::Broke));
        assert_eq!(recorder.calls.lock().unwrap()[2..], [count]);
        assert_eq!(recorder.closed.lock().unwrap()[1..], [Err(ErrorKind::Cancelled)]);

        // it did not begin, and has no connection
        desk.echo("never").unwrap_err();
        assert_eq!(recorder.calls.lock().unwrap()[3..], [("echo".to_owned(), None, cancelled, None)]);
        next(&client);
    });
}
