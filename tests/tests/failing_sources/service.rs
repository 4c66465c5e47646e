//! Streams that fail, or panic, behind exactly so many bytes, by the number in the endpoint's name.

use std::io::{self, Read};
use std::sync::mpsc;

use rpc_core::{Call, Client, Contract, Dispatch, Error, Served};

/// Bytes of the first frame of a stream whose source has as many. The next ones are larger.
pub(crate) const FIRST_FRAME: usize = 16 * 1024;

/// Bytes of the largest frame of a stream.
pub(crate) const FRAME: usize = 512 * 1024;

/// Around nothing and the borders of frames.
pub(crate) const COUNTS: [usize; 10] = [
    0,
    1,
    FIRST_FRAME,
    5 * FIRST_FRAME + 1,
    FRAME - 1,
    FRAME,
    FRAME + 1,
    3 * FRAME - 1,
    3 * FRAME,
    4 * 1024 * 1024 + 1,
];

/// What a source says that fails.
pub(crate) const FIRE: &str = "the disk is on fire";

#[derive(Clone)]
pub(crate) struct Taps {
    /// How many bytes `take` got, and what came then.
    told: mpsc::Sender<Told>,
}

/// How many bytes came, and how their stream ended.
pub(crate) type Told = (usize, Result<(), Error>);

const CONTRACT: Contract = Contract::new("Taps");

/// A handler, and where its `take` tells what it got.
pub(crate) fn taps() -> (Taps, mpsc::Receiver<Told>) {
    let (told, tellings) = mpsc::channel();
    (Taps { told }, tellings)
}

impl Taps {
    fn take(&self, content: impl Read) -> Result<String, Error> {
        let (count, outcome) = receive(content);
        self.told.send((count, outcome.map_err(Error::from))).unwrap();
        Ok("whatever came".into())
    }
}

impl Dispatch for Taps {
    fn contract(&self) -> &'static Contract {
        &CONTRACT
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        let (what, count) = call.endpoint().split_once(' ').unwrap_or((call.endpoint(), "0"));
        let count: usize = count.parse().unwrap();
        match what {
            "echo" => call.takes_json().returns_json(|text: String| Ok::<_, Error>(text)),
            "give" => call.takes_json().returns_octets(|()| Ok::<_, Error>(Broken::behind(count))),
            "open" => call.takes_json().returns_json_and_octets(|()| Ok::<_, Error>((count, Broken::behind(count)))),
            "panic" => {
                call.takes_json().returns_octets(|()| Ok::<_, Error>(Broken { panics: true, ..Broken::behind(count) }))
            }
            "take" => call.takes_octets().returns_json(|content| self.take(content)),
            "store" => call.takes_json_and_octets().returns_json(|((), content)| self.take(content)),
            _ => call.unknown_endpoint(&CONTRACT),
        }
    }
}

/// The text comes back.
pub(crate) fn echo(client: &Client) {
    assert_eq!(client.call("echo").with("next").json::<String>().unwrap(), "next");
}

/// Bytes whose period divides no frame's size, and then a failure.
pub(crate) struct Broken {
    next: u8,
    left: usize,
    panics: bool,
    error: fn() -> io::Error,
}

impl Broken {
    pub(crate) fn behind(count: usize) -> Broken {
        Broken { next: 0, left: count, panics: false, error: || io::Error::other(FIRE) }
    }

    pub(crate) fn with(self, error: fn() -> io::Error) -> Broken {
        Broken { error, ..self }
    }
}

impl Read for Broken {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            assert!(!self.panics, "this source panics");
            return Err((self.error)());
        }
        let count = buf.len().min(self.left);
        self.left -= count;
        for byte in &mut buf[..count] {
            *byte = self.next;
            self.next = (self.next + 1) % 251;
        }
        Ok(count)
    }
}

/// Reads all that comes, and checks it; says how much that is, and how it ended.
pub(crate) fn receive(mut content: impl Read) -> (usize, io::Result<()>) {
    let mut bytes = Vec::new();
    let outcome = content.read_to_end(&mut bytes);
    let mut expected = vec![0; bytes.len()];
    Broken::behind(bytes.len()).read_exact(&mut expected).unwrap();
    assert!(bytes == expected, "what comes is what was sent");
    (bytes.len(), outcome.map(drop))
}
