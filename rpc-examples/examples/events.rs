//! Streams of values: events as they happen, an import that fails in the middle, a filter.
//!
//! ```text
//! cargo run --example events
//! ```

use std::sync::{Condvar, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use rpc_core::{CallContext, Error, Result, Server, rpc_service, values};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Event {
    number: usize,
    text: String,
}

#[rpc_service]
trait Journal {
    /// Returns the events from `first` on, and those to come, as they come. It never ends by
    /// itself.
    fn follow(&self, first: usize) -> Result<impl Iterator<Item = Result<Event>>>;
    /// Appends all texts or none.
    fn append(&self, texts: impl Iterator<Item = Result<String>>) -> Result<usize>;
    /// Returns the texts in capitals, each as soon as it has come.
    fn shout(&self, texts: impl Iterator<Item = Result<String>>) -> Result<impl Iterator<Item = Result<String>>>;
}

#[derive(Default)]
struct Log {
    texts: Mutex<Vec<String>>,
    grown: Condvar,
}

/// How often a handler that has nothing to send looks whether its caller is still there.
const LOOK: Duration = Duration::from_millis(100);

impl Log {
    /// Waits for an event; `None` if nobody wants it any more.
    fn wait_for(&self, number: usize) -> Option<Event> {
        let context = CallContext::current();
        let mut texts = self.texts.lock().expect("no handler panics");
        loop {
            if let Some(text) = texts.get(number) {
                return Some(Event { number, text: text.clone() });
            }
            if context.as_ref().is_some_and(CallContext::caller_is_gone) {
                return None;
            }
            texts = self.grown.wait_timeout(texts, LOOK).expect("no handler panics").0;
        }
    }
}

impl Journal for Log {
    fn follow(&self, first: usize) -> Result<impl Iterator<Item = Result<Event>>> {
        Ok(values((first..).map_while(|number| self.wait_for(number))))
    }

    fn append(&self, texts: impl Iterator<Item = Result<String>>) -> Result<usize> {
        // an error of the caller's, or a broken connection, is an item like any other
        let mut all = texts.collect::<Result<Vec<_>>>()?;
        let mut texts = self.texts.lock().expect("no handler panics");
        texts.append(&mut all);
        self.grown.notify_all();
        Ok(texts.len())
    }

    fn shout(&self, texts: impl Iterator<Item = Result<String>>) -> Result<impl Iterator<Item = Result<String>>> {
        Ok(texts.map(|text| Ok(text?.to_uppercase())))
    }
}

fn main() -> Result<()> {
    let server = Server::bind("tcp://127.0.0.1:0")?.spawn(JournalServer::new(Log::default()))?;
    let journal = JournalClient::connect(server.address())?;

    // a thread follows the journal, and each event arrives while the next does not exist yet
    let (arrive, arrived) = mpsc::channel();
    let follower = journal.clone();
    let following = thread::spawn(move || -> Result<()> {
        for event in follower.follow(0)?.take(2) {
            arrive.send(event?).map_err(|_| Error::new("nobody waits"))?;
        }
        // what is not read is cancelled here
        Ok(())
    });
    for (number, text) in ["started", "ready"].into_iter().enumerate() {
        journal.append(values([text.to_owned()]))?;
        let event = arrived.recv().map_err(|_| Error::new("the follower has failed"))?;
        println!("event {}: {}", event.number, event.text);
        assert_eq!(event, Event { number, text: text.to_owned() });
    }
    following.join().expect("the follower does not panic")?;

    // a source that fails after a million items: the handler sees that, and keeps none
    let broken = values((0..1_000_000).map(|number| number.to_string())).chain([Err(Error::new("the disk is gone"))]);
    let error = journal.append(broken).expect_err("it breaks");
    println!("import: {error}; the connection goes on: {}", error.connection_usable());
    assert_eq!(journal.append(values(["stopped".to_owned()]))?, 3);

    // both ways at once, in constant memory
    let texts = values((0..100_000).map(|number| format!("item {number}")));
    let last = journal.shout(texts)?.last().expect("there are some")?;
    println!("the last of a hundred thousand: {last}");
    assert_eq!(last, "ITEM 99999");

    JournalClient::close(journal)?;
    server.shutdown(Duration::from_secs(5));
    Ok(())
}
