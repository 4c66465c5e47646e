//! Streams that fail or panic after exactly as many bytes as the number in the endpoint's name
//! says.

use std::io::{self, Read};
use std::sync::mpsc;

use rpc_core::{Call, Client, Contract, Contracts, Dispatch, Error, Served};

/// The size of a stream's first frame if its source has as many bytes. The next frames are larger.
pub(crate) const FIRST_FRAME: usize = 16 * 1024;

/// The size of the largest frame of a stream.
pub(crate) const FRAME: usize = 512 * 1024;

/// Around zero and the borders of frames.
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

/// The message of a source that fails.
pub(crate) const FIRE: &str = "the disk is on fire";

#[derive(Clone)]
pub(crate) struct Taps {
    /// How many bytes `take` received, and what followed.
    reports: mpsc::Sender<Told>,
}

/// How many bytes arrived, and how their stream ended.
pub(crate) type Told = (usize, Result<(), Error>);

const CONTRACT: Contract = Contract::new("Taps");

/// Returns a handler, and the receiver of what its `take` got.
pub(crate) fn taps() -> (Taps, mpsc::Receiver<Told>) {
    let (reports, received) = mpsc::channel();
    (Taps { reports }, received)
}

impl Taps {
    fn take(&self, content: impl Read) -> Result<String, Error> {
        let (count, outcome) = receive(content);
        self.reports.send((count, outcome.map_err(Error::from))).unwrap();
        Ok("whatever came".into())
    }
}

impl Dispatch for Taps {
    fn contracts(&self) -> Contracts {
        (&CONTRACT).into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        let (what, count) = call.endpoint().split_once(' ').unwrap_or((call.endpoint(), "0"));
        let count: usize = count.parse().unwrap();
        match what {
            "echo" => call.takes_json().returns_json(|text: String| Ok::<_, Error>(text)),
            "give" => call.takes_json().returns_octets(|()| Ok::<_, Error>(Broken::after(count))),
            "open" => call.takes_json().returns_json_and_octets(|()| Ok::<_, Error>((count, Broken::after(count)))),
            "panic" => {
                call.takes_json().returns_octets(|()| Ok::<_, Error>(Broken { panics: true, ..Broken::after(count) }))
            }
            "take" => call.takes_octets().returns_json(|content| self.take(content)),
            "store" => call.takes_json_and_octets().returns_json(|((), content)| self.take(content)),
            _ => call.unknown_endpoint(),
        }
    }
}

/// Returns the text.
pub(crate) fn echo(client: &Client) {
    assert_eq!(client.call("echo").with("next").json::<String>().unwrap(), "next");
}

/// Bytes whose period divides no frame size, then a failure.
pub(crate) struct Broken {
    next: u8,
    left: usize,
    panics: bool,
    error: fn() -> io::Error,
}

impl Broken {
    pub(crate) fn after(count: usize) -> Broken {
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

/// Reads to the end and checks the bytes; returns how many there were, and how the stream ended.
pub(crate) fn receive(mut content: impl Read) -> (usize, io::Result<()>) {
    let mut bytes = Vec::new();
    let outcome = content.read_to_end(&mut bytes);
    let mut expected = vec![0; bytes.len()];
    Broken::after(bytes.len()).read_exact(&mut expected).unwrap();
    assert!(bytes == expected, "the bytes received are those sent");
    (bytes.len(), outcome.map(drop))
}
