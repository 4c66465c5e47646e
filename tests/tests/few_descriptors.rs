//! A process without free descriptors: a token needs some to end a wait for a socket, and its call
//! does without. In a file of its own, because the whole process has none.
#![cfg(unix)]

use std::fs::File;
use std::io::Read;
use std::sync::mpsc;
use std::thread;

use rpc_core::{CallContext, CallOptions, CancelToken, Client, Result, rpc_service};
use rpc_tests::{TransportKind, watchdog};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[rpc_service]
trait Desk {
    fn echo(&self, text: &str) -> Result<String>;
    fn wait(&self) -> Result<()>;
    fn flow(&self) -> Result<impl Read>;
}

struct Clerk(mpsc::Sender<()>);

impl Desk for Clerk {
    fn echo(&self, text: &str) -> Result<String> {
        Ok(text.to_owned())
    }

    fn wait(&self) -> Result<()> {
        self.0.send(()).unwrap();
        let context = CallContext::current().unwrap();
        while !context.caller_is_gone() {
            thread::yield_now();
        }
        Ok(())
    }

    fn flow(&self) -> Result<impl Read> {
        Ok(std::io::repeat(7))
    }
}

#[test]
fn calls_are_cancelled_all_the_same() {
    watchdog(|| {
        let limit = Rlimit { current: Some(128), ..getrlimit(Resource::Nofile) };
        setrlimit(Resource::Nofile, limit).unwrap();
        let (waits, waiting) = mpsc::channel();
        let client = |transport: TransportKind| {
            let (near, far) = transport.pair().unwrap();
            let server = DeskServer::new(Clerk(waits.clone()));
            thread::spawn(move || rpc_core::serve_connection(far, server));
            Client::from_transport(near).unwrap()
        };
        let (one, other) = (client(TransportKind::Tcp), client(TransportKind::Unix));
        let rest = || -> Vec<File> { std::iter::from_fn(|| File::open("/dev/null").ok()).collect() };
        let taken = rest();
        assert!(taken.len() > 50);

        let token = CancelToken::new();
        let options = CallOptions::default().cancel(&token);
        let desk = DeskClient::new(one.with_options(options.clone()));
        assert_eq!(desk.echo("a").unwrap(), "a");
        thread::scope(|scope| {
            let call = scope.spawn(|| desk.wait());
            waiting.recv().unwrap();
            token.cancel();
            let error = call.join().unwrap().unwrap_err();
            assert!(error.is_cancelled() && !error.never_ran(), "{error:?}");
        });

        // those of the connection that has ended
        let few = rest();
        let token = CancelToken::new();
        let mut stream = DeskClient::new(other.with_options(CallOptions::default().cancel(&token))).flow().unwrap();
        stream.read_exact(&mut [0; 100_000]).unwrap();
        token.cancel();
        let error = stream.read(&mut [0]).unwrap_err().downcast::<rpc_core::Error>().unwrap();
        assert!(error.is_cancelled() && !error.connection_usable(), "{error:?}");
        drop((taken, few));
    });
}
