//! Uploads that the handler does not read to the end, or not at all: the reply still comes, and
//! soon.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use rpc_core::{Error, Result, rpc_service};
use rpc_tests::watchdog;

use crate::fixture::Served;

#[rpc_service]
trait Picky {
    fn ignore(&self, content: impl Read) -> Result<String>;
    fn first(&self, content: impl Read) -> Result<u8>;
    fn long(&self, content: impl Read) -> Result<String>;
    fn refuse(&self, content: impl Read) -> Result<()>;
    fn text(&self, text: &str) -> Result<String>;
}

#[derive(Clone)]
struct Handler;

impl Picky for Handler {
    fn ignore(&self, _content: impl Read) -> Result<String> {
        Ok("not interested".into())
    }

    fn first(&self, mut content: impl Read) -> Result<u8> {
        let mut first = [0];
        content.read_exact(&mut first)?;
        Ok(first[0])
    }

    fn long(&self, _content: impl Read) -> Result<String> {
        Ok("x".repeat(3_000_000))
    }

    fn refuse(&self, _content: impl Read) -> Result<()> {
        Err(Error::new("not today"))
    }

    fn text(&self, text: &str) -> Result<String> {
        Ok(text.into())
    }
}

/// Runs a call with uploads of many sizes, some of which are sent before the reply comes, some not.
fn upload<T>(check: impl Fn(&PickyClient, io::Take<io::Repeat>) -> T + Send + 'static) {
    watchdog(move || {
        let served = Served::new(PickyServer::new(Handler));
        let client = PickyClient::new(served.client());
        for length in [0, 1, 10_000, 1_000_000, 15_000_000, 200_000_000] {
            let begin = Instant::now();
            check(&client, io::repeat(7).take(length));
            assert_eq!(client.text("next").unwrap(), "next");
            let took = begin.elapsed();
            assert!(took < Duration::from_secs(4), "{length} unread bytes took {took:?}");
        }
    });
}

#[test]
fn a_handler_that_reads_nothing() {
    upload(|client, content| assert_eq!(client.ignore(content).unwrap(), "not interested"));
}

#[test]
fn a_handler_that_reads_the_beginning() {
    upload(|client, content| match content.limit() {
        0 => assert!(client.first(content).unwrap_err().remote().is_some()),
        _ => assert_eq!(client.first(content).unwrap(), 7),
    });
}

#[test]
fn a_reply_that_fills_the_buffers() {
    upload(|client, content| assert_eq!(client.long(content).unwrap().len(), 3_000_000));
}

#[test]
fn a_handler_that_refuses() {
    upload(|client, content| {
        let error = client.refuse(content).unwrap_err();
        assert_eq!(error.remote().unwrap_or_else(|| panic!("{error:?}")).message, "not today");
    });
}

#[test]
fn an_unknown_endpoint() {
    watchdog(|| {
        let served = Served::new(PickyServer::new(Handler));
        let client = served.client();
        for length in [1, 1_000_000, 200_000_000] {
            let error = client.call("ignor").with_octets(io::repeat(7).take(length)).json::<String>().unwrap_err();
            let expected = "unknown endpoint ignor, did you mean ignore? there are: ignore, first, long, refuse, text";
            assert_eq!(error.to_string(), expected);
        }
    });
}
