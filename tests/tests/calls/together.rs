//! A stream behind values, in the request, in the reply, and in both.

use std::io::{self, Cursor, Read};
use std::thread;
use std::time::Duration;

use rpc_core::{CallOptions, Error, Misuse, Result, Status, rpc_service};
use rpc_tests::{Peer, watchdog, watchdog_with_limit, wire};
use serde_json::json;

use crate::fixture::{Keyed, Record, Refusal, Served, checksum, pattern};

/// Around nothing, the buffers' sizes, a stream's largest frame, and the largest frame there is.
const SIZES: [usize; 7] = [0, 1, 8_191, 262_143, 262_144, 262_145, 4_194_305];

#[rpc_service]
trait Together {
    fn text(&self, text: &str) -> Result<String>;
    fn store(&self, name: &str, content: impl Read) -> Result<(String, u64, u64)>;
    fn place(&self, record: &Record, tags: &[String], note: Option<String>, content: impl Read) -> Result<Placed>;
    fn refuse(&self, missing: u64, content: impl Read) -> Result<u64, Refusal>;
    fn first(&self, name: &str, content: impl Read) -> Result<u8>;
    fn open(&self, length: usize) -> Result<(Record, impl Read)>;
    fn repeat(&self, text: &str, times: usize) -> Result<(usize, impl Read)>;
    fn long(&self, letters: usize) -> Result<(String, impl Read)>;
    fn refuse_to_open(&self, missing: u64) -> Result<(u64, impl Read), Refusal>;
    fn broken(&self, length: usize) -> Result<(usize, impl Read)>;
    fn unsendable(&self) -> Result<(Keyed, impl Read)>;
    fn shift(&self, by: u8, content: impl Read) -> Result<impl Read>;
    fn convert(&self, name: &str, by: u8, content: impl Read) -> Result<(String, impl Read)>;
}

/// What came: the record, its tags and note in one text, length and checksum of the content.
type Placed = (Record, String, u64, u64);

#[derive(Debug, Clone)]
struct Handler;

impl Together for Handler {
    fn text(&self, text: &str) -> Result<String> {
        Ok(text.to_owned())
    }

    fn store(&self, name: &str, content: impl Read) -> Result<(String, u64, u64)> {
        let (length, sum) = summed(content)?;
        Ok((name.to_owned(), length, sum))
    }

    fn place(&self, record: &Record, tags: &[String], note: Option<String>, content: impl Read) -> Result<Placed> {
        let (length, sum) = summed(content)?;
        Ok((record.clone(), format!("{tags:?} {note:?}"), length, sum))
    }

    fn refuse(&self, missing: u64, _content: impl Read) -> Result<u64, Refusal> {
        if missing > 0 { Err(Refusal::Poor { missing }) } else { Ok(7) }
    }

    fn first(&self, _name: &str, mut content: impl Read) -> Result<u8> {
        let mut first = [0];
        content.read_exact(&mut first)?;
        Ok(first[0])
    }

    fn open(&self, length: usize) -> Result<(Record, impl Read)> {
        Ok((record(length), Cursor::new(pattern(length))))
    }

    fn repeat(&self, text: &str, times: usize) -> Result<(usize, impl Read)> {
        // borrowed from the argument, for as long as the reply takes
        let one = text.as_bytes();
        Ok((one.len() * times, io::empty().chain(one).chain(one).take((one.len() * times) as u64)))
    }

    fn long(&self, letters: usize) -> Result<(String, impl Read)> {
        Ok(("x".repeat(letters), &b"behind"[..]))
    }

    fn refuse_to_open(&self, missing: u64) -> Result<(u64, impl Read), Refusal> {
        if missing > 0 { Err(Refusal::Poor { missing }) } else { Ok((7, io::empty())) }
    }

    fn broken(&self, length: usize) -> Result<(usize, impl Read)> {
        Ok((length, Cursor::new(pattern(length)).chain(Failing)))
    }

    fn unsendable(&self) -> Result<(Keyed, impl Read)> {
        Ok((Keyed::from([(vec![1], 1)]), io::repeat(7)))
    }

    fn shift(&self, by: u8, content: impl Read) -> Result<impl Read> {
        Ok(Shifted { content, by })
    }

    fn convert(&self, name: &str, by: u8, content: impl Read) -> Result<(String, impl Read)> {
        Ok((name.to_uppercase(), Shifted { content, by }))
    }
}

fn summed(mut content: impl Read) -> Result<(u64, u64)> {
    let mut bytes = Vec::new();
    content.read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64, checksum(&bytes)))
}

fn record(length: usize) -> Record {
    Record { name: "\u{1f980}".into(), tags: None, size: length as u64 }
}

fn read(mut stream: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Adds to each byte, as it is read.
struct Shifted<R> {
    content: R,
    by: u8,
}

impl<R: Read> Read for Shifted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(buf)?;
        for byte in &mut buf[..count] {
            *byte = byte.wrapping_add(self.by);
        }
        Ok(count)
    }
}

/// Fails at once.
struct Failing;

impl Read for Failing {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is on fire"))
    }
}

fn together() -> (Served, TogetherClient) {
    let served = Served::new(TogetherServer::new(Handler));
    let client = TogetherClient::new(served.client());
    (served, client)
}

#[test]
fn a_stream_behind_one_value_arrives_whole() {
    watchdog_with_limit(Duration::from_secs(120), || {
        let (served, client) = together();
        for size in SIZES {
            let bytes = pattern(size);
            let name = format!("{size} \u{0} \"\\");
            let stored = client.store(&name, &bytes[..]).unwrap();
            assert_eq!(stored, (name, size as u64, checksum(&bytes)));
        }
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_stream_behind_several_values_arrives_whole() {
    watchdog_with_limit(Duration::from_secs(120), || {
        let (served, client) = together();
        for size in SIZES {
            let (bytes, record, tags) = (pattern(size), record(size), ["a".to_owned(), "b".to_owned()]);
            for (note, told) in [(None, r#"["a", "b"] None"#), (Some("n".to_owned()), r#"["a", "b"] Some("n")"#)] {
                let placed = client.place(&record, &tags, note, &bytes[..]).unwrap();
                assert_eq!(placed, (record.clone(), told.to_owned(), size as u64, checksum(&bytes)));
            }
        }
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_value_and_a_stream_come_back_whole() {
    watchdog_with_limit(Duration::from_secs(120), || {
        let (served, client) = together();
        for size in SIZES {
            let (opened, content) = client.open(size).unwrap();
            assert_eq!(opened, record(size));
            let bytes = read(content);
            assert!(bytes == pattern(size), "{size}: {} bytes came", bytes.len());
        }
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn streams_behind_values_in_both_directions() {
    watchdog_with_limit(Duration::from_secs(120), || {
        let (served, client) = together();
        for size in SIZES {
            let bytes = pattern(size);
            let shifted: Vec<u8> = bytes.iter().map(|byte| byte.wrapping_add(3)).collect();
            assert!(read(client.shift(3, &bytes[..]).unwrap()) == shifted, "{size}");
            let (name, content) = client.convert("name", 3, &bytes[..]).unwrap();
            assert_eq!(name, "NAME");
            assert!(read(content) == shifted, "{size}");
        }
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_value_larger_than_any_buffer_goes_before_a_stream() {
    watchdog(|| {
        let (_served, client) = together();
        for letters in [0, 8_191, 300_000, 5_000_000] {
            let (text, content) = client.long(letters).unwrap();
            assert_eq!((text.len(), read(content)), (letters, b"behind".to_vec()));
            let (name, length, _) = client.store(&"y".repeat(letters), &b"behind"[..]).unwrap();
            assert_eq!((name.len(), length), (letters, 6));
        }
    });
}

#[test]
fn a_stream_out_may_borrow_from_the_arguments() {
    watchdog(|| {
        let (_served, client) = together();
        let content = {
            let text = "gone soon ".repeat(50_000);
            let (length, content) = client.repeat(&text, 2).unwrap();
            assert_eq!(length, 1_000_000);
            content
        };
        drop(client);
        assert!(read(content) == "gone soon ".repeat(100_000).as_bytes());
    });
}

#[test]
fn a_value_whose_stream_nobody_reads() {
    watchdog(|| {
        let (served, client) = together();
        for size in SIZES {
            let (opened, content) = client.open(size).unwrap();
            drop(content);
            assert_eq!(opened.size, size as u64);
            assert_eq!(client.text("next").unwrap(), "next", "behind an unread stream of {size}");
        }
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_handlers_no_arrives_as_its_value() {
    watchdog(|| {
        let (served, client) = together();
        assert_eq!(client.refuse_to_open(2).err(), Some(Refusal::Poor { missing: 2 }));
        assert_eq!(client.refuse_to_open(0).unwrap().0, 7);
        for size in SIZES {
            assert_eq!(client.refuse(3, &pattern(size)[..]), Err(Refusal::Poor { missing: 3 }), "at {size}");
        }
        // the end of the call is the end of the upload
        assert_eq!(client.refuse(3, io::repeat(7)), Err(Refusal::Poor { missing: 3 }));
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_handler_that_reads_nothing_of_the_stream_or_little() {
    watchdog(|| {
        let (served, client) = together();
        for size in SIZES {
            assert_eq!(client.refuse(0, &pattern(size)[..]), Ok(7), "at {size}");
            assert_eq!(client.text("next").unwrap(), "next");
        }
        assert_eq!(client.refuse(0, io::repeat(7)), Ok(7));
        assert_eq!(client.first("name", io::repeat(9)).unwrap(), 9);
        assert_eq!(client.text("next").unwrap(), "next");
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_source_that_fails_is_no_end() {
    watchdog(|| {
        let (served, client) = together();
        for length in [0, 1, 300_000] {
            let error = client.store("name", Cursor::new(pattern(length)).chain(Failing)).unwrap_err();
            assert!(matches!(&error, Error::Source { .. }) && error.connection_usable(), "{error:?}");

            let (told, mut content) = client.broken(length).unwrap();
            let mut bytes = Vec::new();
            let error = Error::from(content.read_to_end(&mut bytes).unwrap_err());
            assert_eq!(error.remote().expect("the source's own words").message, "the disk is on fire");
            assert_eq!(told, length);
            assert!(bytes == pattern(length), "what came before is delivered: {} of {length}", bytes.len());
        }
        assert_eq!(client.text("next").unwrap(), "next");
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_value_that_is_no_json() {
    watchdog(|| {
        let (served, client) = together();
        let error = client.unsendable().map(drop).unwrap_err();
        assert_eq!(error.remote().unwrap_or_else(|| panic!("{error:?}")).status, Status::ServerError);
        assert_eq!(client.text("next").unwrap(), "next");
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_wrong_kind_of_body_is_refused_before_the_handler_runs() {
    watchdog(|| {
        let (served, _client) = together();
        let client = served.client();
        let content = || &b"content"[..];
        let refusals = [
            client.call("store").with("name").json::<u32>().map(drop),
            client.call("store").with_octets(content()).json::<u32>().map(drop),
            client.call("store").with_json_and_octets("name", content()).octets().map(drop),
            client.call("store").with_json_and_octets(&5, content()).json::<u32>().map(drop),
            client.call("text").with_json_and_octets("five", content()).json::<String>().map(drop),
            client.call("open").with(&5).octets().map(drop),
            client.call("open").with(&5).json::<Record>().map(drop),
            client.call("open").with_json_and_octets(&5, content()).json_and_octets::<Record>().map(drop),
        ];
        for (index, refused) in refusals.into_iter().enumerate() {
            let error = refused.unwrap_err();
            assert_eq!(error.remote().unwrap_or_else(|| panic!("{index}: {error}")).status, Status::RequestError);
        }
        assert_eq!(client.call("text").with("five").json::<String>().unwrap(), "five");
    });
}

#[test]
fn a_value_that_is_absent_is_null_if_its_type_has_that() {
    watchdog(|| {
        let (served, _client) = together();
        let client = served.client();
        let record = json!({"name": "n", "tags": null, "size": 1});
        let place = |values| {
            client.call("place").with_json_and_octets(&values, &b"content"[..]).json::<Placed>().map(|it| it.1)
        };
        assert_eq!(place(json!({"record": record, "tags": [], "more": [1]})).unwrap(), "[] None");
        for (values, complaint) in [
            (json!({"record": record}), "`tags` is missing"),
            (json!({"record": 5, "tags": []}), "parameter `record`"),
            (json!(["a", "b"]), "an object of parameters"),
        ] {
            let error = place(values).unwrap_err();
            let remote = error.remote().unwrap_or_else(|| panic!("{error}"));
            assert_eq!(remote.status, Status::RequestError);
            assert!(remote.message.contains(complaint), "{}", remote.message);
        }
    });
}

#[test]
fn options_of_a_client_hold_for_its_calls_alone() {
    watchdog(|| {
        let (_served, client) = together();
        let hurried = TogetherClient::with_options(&client, CallOptions::default().timeout(Some(Duration::ZERO)));
        let error = hurried.store("name", Unread).unwrap_err();
        assert!(matches!(error, Error::Deadline { .. }) && error.never_ran(), "{error:?}");
        assert_eq!(client.store("name", &b"content"[..]).unwrap().1, 7);
    });
}

/// What must not be touched.
struct Unread;

impl Read for Unread {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        panic!("nobody asked for this")
    }
}

/// An original server would take what it does not know for the next call.
#[test]
fn towards_revision_0_nothing_is_sent_but_a_question() {
    watchdog(|| {
        let (mut peer, near) = Peer::new();
        let client = TogetherClient::from_transport(near).unwrap();
        let original = thread::spawn(move || {
            peer.await_requests(1);
            peer.send(&wire::refusal(2, "endpoint does not exist"));
            peer.await_requests(2);
            peer.send(&wire::ok_json("\"still there\""));
            peer.await_requests(3);
            peer.send(&wire::close_reply());
            peer.await_end();
            peer.received
        });
        let refused = [
            client.store("name", Unread).map(drop),
            client.place(&record(1), &[], None, Unread).map(drop),
            client.open(1).map(drop),
            client.shift(3, Unread).map(drop),
            client.convert("name", 3, Unread).map(drop),
        ];
        for refused in refused {
            let error = refused.unwrap_err();
            assert!(matches!(error, Error::Misuse(Misuse::NeedsRevision1)), "{error:?}");
            assert!(error.never_ran() && error.connection_usable());
        }
        assert_eq!(client.text("call").unwrap(), "still there");
        TogetherClient::close(client).unwrap();
        let sent: Vec<String> = wire::messages(&original.join().unwrap())
            .into_iter()
            .filter(|message| message.kind != wire::RESET)
            .map(|message| String::from_utf8(message.payload).unwrap())
            .collect();
        assert!(sent[0].contains(r#""Endpoint":"Ping""#) && sent[1].contains(r#""Endpoint":"text""#), "{sent:?}");
        assert!(sent[2] == "\"call\"" && sent[3].contains(r#""Endpoint":"Close""#) && sent.len() == 4, "{sent:?}");
    });
}
