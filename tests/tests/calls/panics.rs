//! Handlers that panic.

use std::io::{self, Read};

use rpc_core::{Error, Misuse, Result, Status, rpc_service};
use rpc_tests::watchdog;

use crate::fixture::Served;

#[rpc_service]
trait Shared {
    fn panic(&self) -> Result<()>;
    fn panic_unread(&self, content: impl Read) -> Result<()>;
    fn panic_while_it_streams(&self, after: usize) -> Result<impl Read>;
    fn count(&self) -> Result<u32>;
}

#[rpc_service]
trait Own {
    fn panic(&mut self) -> Result<()>;
    fn no(&mut self) -> Result<()>;
    fn count(&mut self) -> Result<u32>;
}

#[derive(Clone, Default)]
struct Handler {
    count: u32,
}

/// Zeros, then a panic.
struct Panicking(usize);

impl Read for Panicking {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        assert!(self.0 > 0, "on purpose");
        let count = buf.len().min(self.0);
        buf[..count].fill(0);
        self.0 -= count;
        Ok(count)
    }
}

impl Shared for Handler {
    fn panic(&self) -> Result<()> {
        panic!("on purpose")
    }

    fn panic_unread(&self, _content: impl Read) -> Result<()> {
        panic!("on purpose")
    }

    fn panic_while_it_streams(&self, after: usize) -> Result<impl Read> {
        Ok(Panicking(after))
    }

    fn count(&self) -> Result<u32> {
        Ok(self.count)
    }
}

impl Own for Handler {
    fn panic(&mut self) -> Result<()> {
        panic!("on purpose")
    }

    fn no(&mut self) -> Result<()> {
        Err(Error::new("no"))
    }

    fn count(&mut self) -> Result<u32> {
        self.count += 1;
        Ok(self.count)
    }
}

#[test]
fn of_a_shared_handler_fails_only_its_call() {
    watchdog(|| {
        let served = Served::new(SharedServer::new(Handler::default()));
        let client = SharedClient::new(served.client());
        for _ in 0..3 {
            let error = client.panic().unwrap_err();
            assert_eq!(error.remote().unwrap().status, Status::ServerError);
            assert!(error.connection_usable() && !error.never_ran());
            client.count().unwrap();
        }
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn before_an_upload_is_read_is_answered() {
    watchdog(|| {
        let served = Served::new(SharedServer::new(Handler::default()));
        let client = SharedClient::new(served.client());
        for length in [1, 1_000_000, 100_000_000] {
            let error = client.panic_unread(io::repeat(1).take(length)).unwrap_err();
            assert_eq!(error.remote().unwrap_or_else(|| panic!("{error:?}")).status, Status::ServerError);
            client.count().unwrap();
        }
    });
}

#[test]
fn in_the_middle_of_a_stream_is_an_error() {
    watchdog(|| {
        let served = Served::new(SharedServer::new(Handler::default()));
        let client = SharedClient::new(served.client());
        for after in [0, 1, 1_000_000] {
            let mut stream = client.panic_while_it_streams(after).unwrap();
            let mut bytes = Vec::new();
            let error = Error::from(stream.read_to_end(&mut bytes).unwrap_err());
            assert_eq!(error.remote().expect("the server's message").message, "the handler panicked");
            assert_eq!(bytes.len(), after);
            client.count().unwrap();
        }
    });
}

#[test]
fn of_a_session_ends_it() {
    watchdog(|| {
        let served = Served::new(OwnServer::new(Handler::default()));
        let mut session = OwnClient::connect(served.running.address()).unwrap();
        let mut other = OwnClient::connect(served.running.address()).unwrap();
        assert_eq!(session.count().unwrap(), 1);
        session.no().unwrap_err();
        assert_eq!(session.count().unwrap(), 2, "a refusal does not end the session");
        assert_eq!(other.count().unwrap(), 1);

        let error = session.panic().unwrap_err();
        assert_eq!(error.remote().unwrap().status, Status::ServerError);
        let error = session.count().unwrap_err();
        assert!(error.never_ran() && !error.connection_usable(), "{error:?}");
        let error = session.count().unwrap_err();
        assert!(matches!(error, Error::Misuse(Misuse::Closed)), "{error:?}");

        assert_eq!(other.count().unwrap(), 2, "other sessions are unaffected");
        let mut fresh = OwnClient::connect(served.running.address()).unwrap();
        assert_eq!(fresh.count().unwrap(), 1);
    });
}
