//! How the options of calls add up, and the limits that they set.

use std::io::{self, Read};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::{
    CallContext, CallOptions, CancelToken, Client, ClientConfig, Error, OctetReader, Operation, Result, ServerConfig,
    Session, rpc_service,
};
use rpc_tests::{TransportKind, watchdog};

#[rpc_service]
trait Desk {
    /// The metadata of the call as text, and whether it has a deadline.
    fn what(&self) -> Result<(String, bool)>;
    /// Bytes, and then nothing until the caller is gone.
    fn slow(&self) -> Result<impl Read>;
}

#[derive(Clone)]
struct Clerk;

impl Desk for Clerk {
    fn what(&self) -> Result<(String, bool)> {
        let context = CallContext::current().expect("it is called by a server");
        let pairs = context.metadata().iter().map(|(name, value)| format!("{name}={value}"));
        Ok((pairs.collect::<Vec<_>>().join(" "), context.deadline().is_some()))
    }

    fn slow(&self) -> Result<impl Read> {
        Ok(b"some".chain(Silent))
    }
}

struct Silent;

impl Read for Silent {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        let context = CallContext::current().expect("it is read by a server");
        while !context.caller_is_gone() {
            thread::yield_now();
        }
        Ok(0)
    }
}

/// The client sends no deadline of its own.
fn unlimited() -> ClientConfig {
    ClientConfig::default().reply_timeout(None)
}

fn client() -> Client {
    TransportKind::Memory.serve_with(DeskServer::new(Clerk), unlimited(), ServerConfig::default(), |near| near).0
}

fn what(client: &Client) -> (String, bool) {
    client.call("what").json().unwrap()
}

#[test]
fn what_is_set_replaces_and_the_rest_stays() {
    watchdog(|| {
        let client = client();
        let long = Some(Duration::from_secs(60));
        let first = CallOptions::default().timeout(long).metadata("user", "ann").metadata("job", "1");
        let first = client.with_options(first);
        assert_eq!(what(&first), ("user=ann job=1".to_owned(), true));
        let second = first.with_options(CallOptions::default().metadata("job", "2").metadata("part", "a"));
        assert_eq!(what(&second), ("user=ann job=2 part=a".to_owned(), true), "the limit stays");
        let of_call = CallOptions::default().timeout(None).metadata("user", "eve");
        let called: (String, bool) = second.call("what").options(of_call).json().unwrap();
        assert_eq!(called, ("user=eve job=2 part=a".to_owned(), false), "no limit is a setting");
        assert_eq!(what(&second), ("user=ann job=2 part=a".to_owned(), true), "only that call had them");
        assert_eq!(what(&client), (String::new(), false), "each client keeps its own");
    });
}

#[test]
fn those_of_a_session_add_up_too() {
    watchdog(|| {
        let (near, far) = TransportKind::Memory.pair().unwrap();
        thread::spawn(move || rpc_core::serve_connection(far, DeskServer::new(Clerk)));
        let mut session = Session::from_transport_with(near, unlimited()).unwrap();
        session.set_options(CallOptions::default().timeout(Some(Duration::from_secs(60))));
        session.set_options(CallOptions::default().metadata("user", "ann"));
        let called: (String, bool) = session.call("what").json().unwrap();
        assert_eq!(called, ("user=ann".to_owned(), true));
    });
}

#[test]
fn a_token_and_a_trace_context_stay() {
    watchdog(|| {
        let token = CancelToken::new();
        let options = CallOptions::default().cancel(&token).trace_context(|_| Some("00-1-2-01".to_owned()));
        let client = client().with_options(options).with_options(CallOptions::default().metadata("user", "ann"));
        assert_eq!(what(&client).0, "user=ann traceparent=00-1-2-01");
        token.cancel();
        let other = CallOptions::default().cancel(&CancelToken::new());
        assert!(client.call("what").json::<(String, bool)>().unwrap_err().is_cancelled());
        let called: (String, bool) = client.call("what").options(other).json().unwrap();
        assert_eq!(called.0, "user=ann traceparent=00-1-2-01", "another token replaces it");
    });
}

const SHORT: Duration = Duration::from_millis(100);

/// Reads a stream that stalls, whose error names the limit of the call.
fn stalls(client: &Client, read: impl FnOnce(OctetReader<'static>) -> io::Result<u64>) {
    let stream = client.call("slow").octets().unwrap();
    let error = read(stream).unwrap_err().downcast::<Error>().unwrap();
    assert!(error.is_timeout() && !error.is_cancelled());
    let names = matches!(error, Error::Deadline { operation: Operation::ReadingStream, limit, .. } if limit == SHORT);
    assert!(names, "{error:?}");
}

fn to_memory(mut stream: OctetReader<'static>) -> io::Result<u64> {
    stream.read_to_end(&mut Vec::new()).map(|count| count as u64)
}

fn to_a_file(stream: OctetReader<'static>) -> io::Result<u64> {
    stream.copy_to(&mut tempfile::tempfile().unwrap())
}

#[test]
fn a_call_may_have_its_own_stall_limit() {
    watchdog(|| {
        for transport in TransportKind::ALL {
            let serve =
                |config| transport.serve_with(DeskServer::new(Clerk), config, ServerConfig::default(), |near| near).0;
            let shorter = CallOptions::default().stall_timeout(Some(SHORT));
            // with a token it waits in another way
            for options in [shorter.clone(), shorter.cancel(&CancelToken::new())] {
                let client = serve(ClientConfig::default()).with_options(options);
                stalls(&client, to_memory);
                stalls(&client, to_a_file);
            }
        }
    });
}

/// A call that was limited leaves a connection whose next call is not.
#[test]
fn a_stall_limit_ends_with_its_call() {
    watchdog(|| {
        // the second so that a cancel is answered in time, however busy the machine is
        let config = ClientConfig::default().stall_timeout(Some(SHORT)).close_timeout(Some(Duration::from_secs(1000)));
        let (near, far) = TransportKind::Memory.pair().unwrap();
        thread::spawn(move || rpc_core::serve_connection(far, DeskServer::new(Clerk)));
        let client = Client::from_transport_with(near, config).unwrap();
        let longer = client.with_options(CallOptions::default().stall_timeout(None));
        let (read, reads) = mpsc::channel();
        let token = CancelToken::new();
        let patient = longer.with_options(CallOptions::default().cancel(&token));
        thread::scope(|scope| {
            let reader = scope.spawn(move || {
                let mut stream = patient.call("slow").octets().unwrap();
                stream.read_exact(&mut [0; 4]).unwrap();
                read.send(()).unwrap();
                Error::from(stream.read(&mut [0]).unwrap_err())
            });
            reads.recv().unwrap();
            // longer than the client's limit; that it passes is what is tested
            assert_eq!(reads.recv_timeout(SHORT * 3).unwrap_err(), mpsc::RecvTimeoutError::Timeout);
            token.cancel();
            assert!(reader.join().unwrap().is_cancelled());
        });
        stalls(&client, to_memory);
    });
}
