//! Handlers that read exactly as many bytes of an upload as the number in the endpoint's name says.

use std::io::{self, Read};

use rpc_core::{Call, Contract, Contracts, Dispatch, Error, OctetReader, Result, Served};

/// The size of the largest frame of a stream.
pub(crate) const FRAME: usize = 512 * 1024;

/// Around zero, the size of the reader's buffer, and the borders of frames.
pub(crate) const COUNTS: [usize; 14] = [
    0,
    1,
    8_191,
    8_192,
    8_193,
    FRAME - 1,
    FRAME,
    FRAME + 1,
    2 * FRAME - 1,
    2 * FRAME,
    2 * FRAME + 1,
    5 * FRAME,
    4_194_304,
    4_194_305,
];

#[derive(Clone)]
pub(crate) struct Gate;

const CONTRACT: Contract = Contract::new("Gate");

impl Dispatch for Gate {
    fn contracts(&self) -> Contracts {
        (&CONTRACT).into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        let (what, count) = call.endpoint().split_once(' ').unwrap_or((call.endpoint(), "0"));
        let count: usize = count.parse().unwrap();
        match what {
            "echo" => call.takes_json().returns_json(|text: String| Ok::<_, Error>(text)),
            "fail" => call.takes_octets().returns_json(|content| {
                read_exactly(content, count)?;
                Err::<(), _>(Error::with_details(format!("full at {count}"), &count))
            }),
            "satisfied" => call.takes_octets().returns_json(|content| {
                read_exactly(content, count)?;
                Ok::<_, Error>(format!("enough at {count}"))
            }),
            "copy" => call.takes_octets().returns_octets(Ok::<_, Error>),
            "store" => call.takes_json_and_octets().returns_json(|(name, content): (String, _)| {
                read_exactly(content, count)?;
                Err::<(), _>(Error::new(format!("no room for {name} at {count}")))
            }),
            _ => call.unknown_endpoint(),
        }
    }
}

/// Reads `count` bytes of the [`Upload`], and none more.
fn read_exactly(mut content: OctetReader<'static>, count: usize) -> Result<()> {
    let mut bytes = vec![0; count];
    content.read_exact(&mut bytes)?;
    let mut expected = vec![0; count];
    Upload::endless().read_exact(&mut expected)?;
    assert!(bytes == expected, "the bytes received are those sent");
    Ok(())
}

/// Bytes whose period divides no frame size.
pub(crate) struct Upload {
    next: u8,
    left: usize,
}

impl Upload {
    pub(crate) fn of(length: usize) -> Upload {
        Upload { next: 0, left: length }
    }

    pub(crate) fn endless() -> Upload {
        Upload::of(usize::MAX)
    }
}

impl Read for Upload {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = buf.len().min(self.left);
        self.left -= count;
        for byte in &mut buf[..count] {
            *byte = self.next;
            self.next = (self.next + 1) % 251;
        }
        Ok(count)
    }
}
