//! Either side stops or fails: the other gets the error, and the connection stays usable.

use std::io::{self, Read};

use rpc_core::{Error, Status};
use rpc_tests::{pattern, watchdog};

use crate::filters::{Failing, filter, in_step, over_each_transport};

#[test]
fn a_handler_that_reads_nothing() {
    watchdog(|| {
        over_each_transport(|name, client| {
            let mut back = String::new();
            filter(client, "ignore", io::repeat(7)).unwrap().read_to_string(&mut back).unwrap();
            assert_eq!(back, "ignored", "the end of the reply ends an endless request, over {name}");
        });
    });
}

#[test]
fn a_handler_that_refuses() {
    watchdog(|| {
        over_each_transport(|name, client| {
            let error = filter(client, "refuse", io::repeat(7)).unwrap_err();
            assert_eq!(error.remote().expect(name).message, "no filter today");
            assert!(error.connection_usable(), "over {name}");
        });
    });
}

#[test]
fn a_filter_that_stops_early() {
    watchdog(|| {
        over_each_transport(|name, client| {
            let count = filter(client, "stop", io::repeat(7)).unwrap().copy_to(&mut io::sink()).unwrap();
            assert_eq!(count, 300_000, "over {name}");
        });
    });
}

#[test]
fn a_filter_that_fails_or_panics() {
    watchdog(|| {
        over_each_transport(|name, client| {
            for (endpoint, status, text) in [
                ("fail", Status::Error, "the filter is clogged"),
                ("panic", Status::ServerError, "the handler panicked"),
            ] {
                let mut back = Vec::new();
                let error = filter(client, endpoint, io::repeat(7)).unwrap().read_to_end(&mut back).unwrap_err();
                let error = Error::from(error);
                let remote = error.remote().expect(name);
                assert_eq!((remote.status, &*remote.message, back.len()), (status, text, 300_000), "over {name}");
                assert!(error.connection_usable(), "over {name}");
                in_step(name, client);
            }
        });
    });
}

#[test]
fn a_source_that_fails() {
    watchdog(|| {
        over_each_transport(|name, client| {
            for length in [0, 1, 262_144, 1_000_000] {
                for endpoint in ["invert", "swallow", "triple", "threaded"] {
                    let bytes = pattern(length);
                    let source = bytes.chain(Failing);
                    let outcome =
                        filter(client, endpoint, source).and_then(|stream| Ok(stream.copy_to(&mut io::sink())?));
                    match outcome {
                        Err(Error::Source { error, fate }) => {
                            assert_eq!(error.to_string(), "the filter is clogged");
                            assert!(fate.connection_usable, "{endpoint} of {length} over {name}");
                        }
                        other => panic!("{endpoint} of {length} over {name}: {other:?}"),
                    }
                    in_step(name, client);
                }
            }
        });
    });
}

#[test]
fn a_consumer_that_stops_early() {
    watchdog(|| {
        over_each_transport(|name, client| {
            for taken in [0, 1, 8192, 1_000_000] {
                // the rest is discarded, which must fit the budget, so the filter must not add to
                // it
                for endpoint in ["invert", "tenth", "threaded"] {
                    let mut stream = filter(client, endpoint, io::repeat(7)).unwrap();
                    stream.read_exact(&mut vec![0; taken]).unwrap();
                    drop(stream);
                    in_step(name, client);
                }
            }
        });
    });
}

trait Chain {
    fn chain<R: Read>(self, next: R) -> impl Read;
}

impl Chain for Vec<u8> {
    fn chain<R: Read>(self, next: R) -> impl Read {
        Read::chain(io::Cursor::new(self), next)
    }
}
