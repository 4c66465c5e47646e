//! The service that is called: one method for each way of passing something.

use std::io::{self, Read};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rpc_core::{Error, Result, rpc_service};
use serde::{Deserialize, Serialize};

use crate::content::{Content, Inverted, Seen, compare};
use crate::journal::Journal;
use crate::random::Random;
use crate::usage::Usage;

/// One value of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) number: u64,
    pub(crate) text: String,
}

/// Returns the items of a seed.
pub(crate) fn items(seed: u64, count: u64) -> impl Iterator<Item = Item> {
    let mut random = Random::new(seed);
    (0..count).map(move |number| Item { number, text: format!("{:x}", random.next()) })
}

/// Why a handler reads no more of an upload.
pub(crate) const ENOUGH: &str = "that is enough";

/// What the text of an error begins with that is a mistake of the library.
pub(crate) const MIXED_UP: &str = "mixed up: ";

#[rpc_service]
pub(crate) trait Soak {
    /// Returns the number.
    fn echo(&self, number: u64) -> Result<u64>;
    /// Notes the number. It must run at most once.
    fn record(&self, id: u64) -> Result<()>;
    /// Notes the number, and compares the content with that of the seed.
    fn upload(&self, id: u64, seed: u64, len: u64, content: impl Read) -> Result<u64>;
    /// Returns the content of the seed.
    fn download(&self, seed: u64, len: u64) -> Result<impl Read>;
    /// Returns the items of the seed.
    fn items(&self, seed: u64, count: u64) -> Result<impl Iterator<Item = Result<Item>>>;
    /// Compares the items with those of the seed, and returns how many there are.
    fn count(&self, seed: u64, items: impl Iterator<Item = Result<Item>>) -> Result<u64>;
    /// Turns each bit.
    fn invert(&self, content: impl Read) -> Result<impl Read>;
    /// Reads a little, and refuses the rest.
    fn refuse(&self, content: impl Read) -> Result<()>;
    /// Returns what the server's process holds when that no longer changes.
    fn usage(&self) -> Result<Usage>;
}

/// Serves all of it.
#[derive(Debug, Clone)]
pub(crate) struct Handler(pub(crate) Arc<Journal>);

impl Soak for Handler {
    fn echo(&self, number: u64) -> Result<u64> {
        Ok(number)
    }

    fn record(&self, id: u64) -> Result<()> {
        self.0.note(id, 0)?;
        // servers often die between what a call does and its reply
        thread::sleep(Duration::from_millis(id % 8));
        Ok(())
    }

    fn upload(&self, id: u64, seed: u64, len: u64, content: impl Read) -> Result<u64> {
        self.0.note(id, 0)?;
        match compare(content, seed, len)? {
            Seen::All => Ok(len),
            Seen::Wrong(how) => Err(Error::new(format!("{MIXED_UP}{how}"))),
        }
    }

    fn download(&self, seed: u64, len: u64) -> Result<impl Read> {
        Ok(Content::new(seed, len))
    }

    fn items(&self, seed: u64, count: u64) -> Result<impl Iterator<Item = Result<Item>>> {
        Ok(rpc_core::values(items(seed, count)))
    }

    fn count(&self, seed: u64, items: impl Iterator<Item = Result<Item>>) -> Result<u64> {
        let mut count = 0;
        for (found, expected) in items.zip(self::items(seed, u64::MAX)) {
            if found? != expected {
                return Err(Error::new(format!("{MIXED_UP}another item {count}")));
            }
            count += 1;
        }
        Ok(count)
    }

    fn invert(&self, content: impl Read) -> Result<impl Read> {
        Ok(Inverted(content))
    }

    fn refuse(&self, content: impl Read) -> Result<()> {
        io::copy(&mut content.take(10_000), &mut io::sink())?;
        Err(Error::new(ENOUGH))
    }

    fn usage(&self) -> Result<Usage> {
        Ok(Usage::settled()?)
    }
}
