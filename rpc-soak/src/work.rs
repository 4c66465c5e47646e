//! One call of each kind, and whether its outcome is right.

use std::io::{self, Read};
use std::thread;
use std::time::Duration;

use rpc_core::{CallOptions, CancelToken, Client, Error, values};

use crate::content::{Content, Inverted, Seen, compare};
use crate::random::Random;
use crate::service::{ENOUGH, Item, MIXED_UP, Soak, SoakClient, items};

/// The kinds of work, and how often each is chosen.
pub(crate) const KINDS: [(Kind, u64); 12] = [
    (Kind::Echo, 30),
    (Kind::Crowd, 2),
    (Kind::Record, 20),
    (Kind::Upload, 10),
    (Kind::Download, 10),
    (Kind::Items, 6),
    (Kind::Count, 6),
    (Kind::Invert, 4),
    (Kind::Refuse, 4),
    (Kind::Drop, 4),
    (Kind::Cancel, 6),
    (Kind::Deadline, 4),
];

/// A kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Echo,
    /// Several threads at once.
    Crowd,
    Record,
    Upload,
    Download,
    Items,
    Count,
    Invert,
    /// The handler stops an upload.
    Refuse,
    /// The caller drops a stream.
    Drop,
    /// Another thread cancels a stream.
    Cancel,
    /// A stream that may take less time than it needs.
    Deadline,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Echo => "echo",
            Kind::Crowd => "crowd",
            Kind::Record => "record",
            Kind::Upload => "upload",
            Kind::Download => "download",
            Kind::Items => "items",
            Kind::Count => "count",
            Kind::Invert => "invert",
            Kind::Refuse => "refuse",
            Kind::Drop => "drop",
            Kind::Cancel => "cancel",
            Kind::Deadline => "deadline",
        }
    }

    /// Whether it gives the handler a number that must be noted at most once.
    pub(crate) fn is_noted(self) -> bool {
        matches!(self, Kind::Record | Kind::Upload)
    }

    pub(crate) fn choose(random: &mut Random) -> Kind {
        let mut at = random.below(KINDS.iter().map(|(_, often)| often).sum());
        for (kind, often) in KINDS {
            match at.checked_sub(often) {
                Some(rest) => at = rest,
                None => return kind,
            }
        }
        Kind::Echo
    }
}

/// How a call that was not right ended.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library says so.
    Failed(Error),
    /// It says nothing, and the result is wrong.
    Wrong(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let text = error.to_string();
        if text.starts_with(MIXED_UP) { Failure::Wrong(text) } else { Failure::Failed(error) }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::from(Error::from(error))
    }
}

type Outcome = Result<(), Failure>;

/// The longest stream, in bytes; most are far shorter.
const LONGEST: u64 = 4 << 20;

/// The items of the longest stream.
const MOST_ITEMS: u64 = 20_000;

/// Does one piece of work. `id` is a number that nobody else has.
pub(crate) fn work(kind: Kind, client: &Client, id: u64, random: &mut Random) -> Outcome {
    let soak = SoakClient::new(client.clone());
    let seed = random.next();
    match kind {
        Kind::Echo => echo(&soak, seed),
        Kind::Crowd => crowd(&soak, seed),
        Kind::Record => Ok(soak.record(id)?),
        Kind::Upload => upload(&soak, id, seed, len(random)),
        Kind::Download => download(&soak, seed, len(random)),
        Kind::Items => receive_items(&soak, seed, random.below(MOST_ITEMS)),
        Kind::Count => send_items(&soak, seed, random.below(MOST_ITEMS)),
        Kind::Invert => invert(&soak, seed, len(random)),
        Kind::Refuse => refuse(&soak, seed),
        Kind::Drop => drop_midway(&soak, seed, random),
        Kind::Cancel => cancel(client, seed, random),
        Kind::Deadline => {
            let limit = Duration::from_micros(random.below(20_000));
            let soak = SoakClient::new(client.with_options(CallOptions::default().timeout(Some(limit))));
            either(&soak, seed, LONGEST, random)
        }
    }
}

/// Most streams are short, and some have many frames.
fn len(random: &mut Random) -> u64 {
    let most = if random.below(16) == 0 { LONGEST } else { 64 * 1024 };
    random.below(most)
}

fn echo(soak: &SoakClient, number: u64) -> Outcome {
    let found = soak.echo(number)?;
    same(found, number, "number")
}

fn crowd(soak: &SoakClient, seed: u64) -> Outcome {
    thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|caller| scope.spawn(move || (0..10).try_for_each(|call| echo(soak, seed ^ caller ^ (call << 8)))))
            .collect();
        // all have to end before the first failure is returned
        let ends: Vec<Outcome> = callers.into_iter().map(|caller| caller.join().expect("it does not panic")).collect();
        ends.into_iter().collect()
    })
}

fn upload(soak: &SoakClient, id: u64, seed: u64, len: u64) -> Outcome {
    let found = soak.upload(id, seed, len, Content::new(seed, len))?;
    same(found, len, "length")
}

fn download(soak: &SoakClient, seed: u64, len: u64) -> Outcome {
    seen(compare(soak.download(seed, len)?, seed, len)?)
}

fn receive_items(soak: &SoakClient, seed: u64, count: u64) -> Outcome {
    let mut expected = items(seed, count);
    for found in soak.items(seed, count)? {
        let found: Item = found?;
        if expected.next().as_ref() != Some(&found) {
            return Err(Failure::Wrong(format!("another item {}", found.number)));
        }
    }
    same(expected.count(), 0, "number of missing items")
}

fn send_items(soak: &SoakClient, seed: u64, count: u64) -> Outcome {
    let found = soak.count(seed, values(items(seed, count)))?;
    same(found, count, "number of items")
}

fn invert(soak: &SoakClient, seed: u64, len: u64) -> Outcome {
    let inverted = soak.invert(Content::new(seed, len))?;
    seen(compare(Inverted(inverted), seed, len)?)
}

fn refuse(soak: &SoakClient, seed: u64) -> Outcome {
    match soak.refuse(Content::new(seed, LONGEST)) {
        Ok(()) => Err(Failure::Wrong("a refused upload succeeded".to_owned())),
        Err(error) if error.remote().is_some_and(|remote| remote.message == ENOUGH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn drop_midway(soak: &SoakClient, seed: u64, random: &mut Random) -> Outcome {
    if random.below(2) == 0 {
        let taken = random.below(100_000);
        let some = soak.download(seed, LONGEST)?.take(taken);
        seen(compare(some, seed, taken)?)
    } else {
        let taken = usize::try_from(random.below(1000)).unwrap_or_default();
        let mut expected = items(seed, MOST_ITEMS);
        for found in soak.items(seed, MOST_ITEMS)?.take(taken) {
            let found: Item = found?;
            if expected.next().as_ref() != Some(&found) {
                return Err(Failure::Wrong(format!("another item {}", found.number)));
            }
        }
        Ok(())
    }
}

fn cancel(client: &Client, seed: u64, random: &mut Random) -> Outcome {
    let token = CancelToken::new();
    let soak = SoakClient::new(client.with_options(CallOptions::default().cancel(&token)));
    let pause = Duration::from_micros(random.below(10_000));
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(pause);
            token.cancel();
        });
        either(&soak, seed, LONGEST, random)
    })
}

/// Sends or receives a stream.
fn either(soak: &SoakClient, seed: u64, len: u64, random: &mut Random) -> Outcome {
    match random.below(3) {
        0 => download(soak, seed, len),
        1 => invert(soak, seed, len),
        _ => send_items(soak, seed, MOST_ITEMS),
    }
}

fn same<T: PartialEq + std::fmt::Display>(found: T, expected: T, what: &str) -> Outcome {
    if found == expected { Ok(()) } else { Err(Failure::Wrong(format!("the {what} is {found} instead of {expected}"))) }
}

fn seen(seen: Seen) -> Outcome {
    match seen {
        Seen::All => Ok(()),
        Seen::Wrong(how) => Err(Failure::Wrong(how)),
    }
}
