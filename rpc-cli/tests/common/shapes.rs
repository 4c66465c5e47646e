//! A service with every shape: each kind of request with each kind of reply, and what goes wrong.

use std::io::{self, Read};
use std::iter;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use rpc_core::{CallContext, Error, Result, rpc_service, values};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is stored or found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub name: String,
    pub size: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    pub number: u64,
}

/// Every shape.
#[rpc_service]
pub trait Shapes {
    /// Takes and returns nothing.
    fn nothing(&self) -> Result<()>;
    /// Returns the same value.
    fn echo(&self, value: Value) -> Result<Value>;
    /// Takes one text.
    fn greet(&self, name: &str) -> Result<String>;
    /// Takes one object.
    fn keep(&self, entry: Entry) -> Result<Entry>;
    /// Takes several values, one of which may be absent.
    #[rpc(alias = "add")]
    fn put(&self, #[rpc(alias = "key")] name: &str, size: Option<u64>) -> Result<Entry>;
    /// Returns as many bytes of [`BYTE`].
    fn fetch(&self, count: u64) -> Result<impl Read>;
    /// Returns the numbers below `to`.
    fn count(&self, to: u64) -> Result<impl Iterator<Item = Result<Number>>>;
    /// Returns a value, and as many bytes.
    fn open(&self, name: &str, size: u64) -> Result<(Entry, impl Read)>;
    /// Returns a value, and as many numbers.
    fn scan(&self, name: &str, size: u64) -> Result<(Entry, impl Iterator<Item = Result<Number>>)>;

    /// Takes octets, and returns how many.
    fn measure(&self, content: impl Read) -> Result<u64>;
    /// Takes values and octets, and returns how many octets.
    fn store(&self, name: &str, size: Option<u64>, content: impl Read) -> Result<Entry>;
    /// Returns the octets it takes.
    fn copy(&self, content: impl Read) -> Result<impl Read>;
    /// Returns each octet as a number.
    fn octets(&self, content: impl Read) -> Result<impl Iterator<Item = Result<Number>>>;
    /// Returns a value and the octets it takes.
    fn pack(&self, name: &str, content: impl Read) -> Result<(Entry, impl Read)>;
    /// Returns a value and each octet as a number.
    fn index(&self, name: &str, content: impl Read) -> Result<(Entry, impl Iterator<Item = Result<Number>>)>;

    /// Takes numbers, and returns their sum.
    fn sum(&self, numbers: impl Iterator<Item = Result<Number>>) -> Result<u64>;
    /// Takes values and numbers, and returns the sum.
    fn import(&self, name: &str, numbers: impl Iterator<Item = Result<Number>>) -> Result<Entry>;
    /// Returns the numbers as text, each with a line break.
    fn print(&self, numbers: impl Iterator<Item = Result<Number>>) -> Result<impl Read>;
    /// Returns twice each number.
    fn double(&self, numbers: impl Iterator<Item = Result<Number>>) -> Result<impl Iterator<Item = Result<Number>>>;
    /// Returns a value and the numbers as text.
    fn render(&self, name: &str, numbers: impl Iterator<Item = Result<Number>>) -> Result<(Entry, impl Read)>;
    /// Returns a value and twice each number.
    fn scale(
        &self,
        name: &str,
        numbers: impl Iterator<Item = Result<Number>>,
    ) -> Result<(Entry, impl Iterator<Item = Result<Number>>)>;

    /// Fails with this text.
    fn fail(&self, text: &str) -> Result<()>;
    /// Panics.
    fn panic(&self) -> Result<()>;
    /// Returns as many bytes, and fails.
    fn broken(&self, count: u64) -> Result<impl Read>;
    /// Returns as many numbers, and fails.
    fn broken_count(&self, count: u64) -> Result<impl Iterator<Item = Result<Number>>>;
    /// Takes nothing of the stream, and fails.
    fn refuse(&self, content: impl Read) -> Result<()>;
    /// Waits until the caller is gone.
    fn hang(&self) -> Result<()>;
    /// Returns bytes without end.
    fn endless(&self) -> Result<impl Read>;
    /// Returns numbers without end.
    fn endless_count(&self) -> Result<impl Iterator<Item = Result<Number>>>;
    /// Returns a number whenever [`Handler::feed`] has one, up to its end.
    fn trickle(&self) -> Result<impl Iterator<Item = Result<Number>>>;
    /// Returns a value of the caller's metadata.
    fn metadata(&self, name: &str) -> Result<Option<String>>;
    /// Returns a text of this length.
    fn long(&self, letters: usize) -> Result<String>;
    /// Logs in on this connection.
    fn login(&self, name: &str, secret: &str) -> Result<()>;
    /// Returns who has logged in on this connection.
    fn who(&self) -> Result<String>;
    /// Writes a line to standard error, and exits.
    fn exit(&self, text: &str, status: i32) -> Result<()>;
}

/// What [`Shapes::fetch`] consists of.
pub const BYTE: u8 = 0x5a;

/// Does what the trait says.
#[derive(Clone)]
pub struct Handler {
    begun: Sender<&'static str>,
    stopped: Sender<&'static str>,
    fed: Arc<Mutex<Receiver<u64>>>,
}

/// What a test sees and does.
pub struct Controls {
    /// Gets the names of `measure`, `sum` and `hang` when they have begun, and `number` for each
    /// that `sum` gets.
    pub begun: Receiver<&'static str>,
    /// Gets the name of each method without end when it has stopped.
    pub stopped: Receiver<&'static str>,
    /// Numbers for [`Shapes::trickle`], which ends when it is dropped.
    pub feed: Option<Sender<u64>>,
}

impl Handler {
    pub fn new() -> (Handler, Controls) {
        let ((begun, begins), (stopped, stops), (feed, fed)) = (channel(), channel(), channel());
        let controls = Controls { begun: begins, stopped: stops, feed: Some(feed) };
        (Handler { begun, stopped, fed: Arc::new(Mutex::new(fed)) }, controls)
    }

    fn endless(&self, method: &'static str) -> Endless {
        Endless { method, stopped: self.stopped.clone() }
    }
}

/// Says when it is dropped.
struct Endless {
    method: &'static str,
    stopped: Sender<&'static str>,
}

impl Drop for Endless {
    fn drop(&mut self) {
        _ = self.stopped.send(self.method);
    }
}

impl Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        buf.fill(BYTE);
        Ok(buf.len())
    }
}

impl Iterator for Endless {
    type Item = Result<Number>;

    fn next(&mut self) -> Option<Result<Number>> {
        Some(Ok(Number { number: 7 }))
    }
}

struct Failing;

impl Read for Failing {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is broken"))
    }
}

fn entry(name: &str, size: u64) -> Entry {
    Entry { name: name.to_owned(), size: Some(size) }
}

fn sum(numbers: impl Iterator<Item = Result<Number>>) -> Result<u64> {
    numbers.map(|number| Ok(number?.number)).sum()
}

fn octets(content: impl Read) -> impl Iterator<Item = Result<Number>> {
    io::BufReader::new(content).bytes().map(|byte| Ok(Number { number: byte?.into() }))
}

fn doubled(numbers: impl Iterator<Item = Result<Number>>) -> impl Iterator<Item = Result<Number>> {
    numbers.map(|number| number.map(|Number { number }| Number { number: 2 * number }))
}

/// The numbers as text.
struct Printed<I> {
    numbers: I,
    line: io::Cursor<Vec<u8>>,
}

impl<I: Iterator<Item = Result<Number>>> Read for Printed<I> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.line.read(buf)?;
        if count > 0 {
            return Ok(count);
        }
        match self.numbers.next() {
            None => Ok(0),
            Some(number) => {
                self.line = io::Cursor::new(format!("{}\n", number?.number).into_bytes());
                self.line.read(buf)
            }
        }
    }
}

fn printed(numbers: impl Iterator<Item = Result<Number>>) -> impl Read {
    Printed { numbers, line: io::Cursor::default() }
}

impl Shapes for Handler {
    fn nothing(&self) -> Result<()> {
        Ok(())
    }

    fn echo(&self, value: Value) -> Result<Value> {
        Ok(value)
    }

    fn greet(&self, name: &str) -> Result<String> {
        Ok(format!("hello, {name}"))
    }

    fn keep(&self, entry: Entry) -> Result<Entry> {
        Ok(entry)
    }

    fn put(&self, name: &str, size: Option<u64>) -> Result<Entry> {
        Ok(Entry { name: name.to_owned(), size })
    }

    fn fetch(&self, count: u64) -> Result<impl Read> {
        Ok(io::repeat(BYTE).take(count))
    }

    fn count(&self, to: u64) -> Result<impl Iterator<Item = Result<Number>>> {
        Ok(values((0..to).map(|number| Number { number })))
    }

    fn open(&self, name: &str, size: u64) -> Result<(Entry, impl Read)> {
        Ok((entry(name, size), io::repeat(BYTE).take(size)))
    }

    fn scan(&self, name: &str, size: u64) -> Result<(Entry, impl Iterator<Item = Result<Number>>)> {
        Ok((entry(name, size), self.count(size)?))
    }

    fn measure(&self, mut content: impl Read) -> Result<u64> {
        _ = self.begun.send("measure");
        Ok(rpc_core::copy(&mut content, &mut io::sink())?)
    }

    fn store(&self, name: &str, _size: Option<u64>, content: impl Read) -> Result<Entry> {
        Ok(entry(name, self.measure(content)?))
    }

    fn copy(&self, content: impl Read) -> Result<impl Read> {
        Ok(content)
    }

    fn octets(&self, content: impl Read) -> Result<impl Iterator<Item = Result<Number>>> {
        Ok(octets(content))
    }

    fn pack(&self, name: &str, content: impl Read) -> Result<(Entry, impl Read)> {
        Ok((entry(name, 0), content))
    }

    fn index(&self, name: &str, content: impl Read) -> Result<(Entry, impl Iterator<Item = Result<Number>>)> {
        Ok((entry(name, 0), octets(content)))
    }

    fn sum(&self, numbers: impl Iterator<Item = Result<Number>>) -> Result<u64> {
        _ = self.begun.send("sum");
        let tell = |number: &Result<Number>| number.iter().for_each(|_| _ = self.begun.send("number"));
        sum(numbers.inspect(tell))
    }

    fn import(&self, name: &str, numbers: impl Iterator<Item = Result<Number>>) -> Result<Entry> {
        Ok(entry(name, sum(numbers)?))
    }

    fn print(&self, numbers: impl Iterator<Item = Result<Number>>) -> Result<impl Read> {
        Ok(printed(numbers))
    }

    fn double(&self, numbers: impl Iterator<Item = Result<Number>>) -> Result<impl Iterator<Item = Result<Number>>> {
        Ok(doubled(numbers))
    }

    fn render(&self, name: &str, numbers: impl Iterator<Item = Result<Number>>) -> Result<(Entry, impl Read)> {
        Ok((entry(name, 0), printed(numbers)))
    }

    fn scale(
        &self,
        name: &str,
        numbers: impl Iterator<Item = Result<Number>>,
    ) -> Result<(Entry, impl Iterator<Item = Result<Number>>)> {
        Ok((entry(name, 0), doubled(numbers)))
    }

    fn fail(&self, text: &str) -> Result<()> {
        Err(Error::new(text))
    }

    fn panic(&self) -> Result<()> {
        panic!("as asked")
    }

    fn broken(&self, count: u64) -> Result<impl Read> {
        Ok(io::repeat(BYTE).take(count).chain(Failing))
    }

    fn broken_count(&self, count: u64) -> Result<impl Iterator<Item = Result<Number>>> {
        let failed = iter::once_with(|| Err(Error::new("the disk is broken")));
        Ok(self.count(count)?.chain(failed))
    }

    fn refuse(&self, _content: impl Read) -> Result<()> {
        Err(Error::new("the depot is full"))
    }

    fn hang(&self) -> Result<()> {
        let context = CallContext::current().ok_or_else(|| Error::new("it is not served"))?;
        let _says_so = self.endless("hang");
        _ = self.begun.send("hang");
        while !context.caller_is_gone() {
            thread::yield_now();
        }
        Ok(())
    }

    fn endless(&self) -> Result<impl Read> {
        Ok(self.endless("endless"))
    }

    fn endless_count(&self) -> Result<impl Iterator<Item = Result<Number>>> {
        Ok(self.endless("endless_count"))
    }

    fn trickle(&self) -> Result<impl Iterator<Item = Result<Number>>> {
        let fed = Arc::clone(&self.fed);
        Ok(iter::from_fn(move || fed.lock().unwrap().recv().ok().map(|number| Ok(Number { number }))))
    }

    fn metadata(&self, name: &str) -> Result<Option<String>> {
        let context = CallContext::current().ok_or_else(|| Error::new("it is not served"))?;
        Ok(context.metadata().get(name).map(str::to_owned))
    }

    fn long(&self, letters: usize) -> Result<String> {
        Ok("x".repeat(letters))
    }

    fn login(&self, name: &str, secret: &str) -> Result<()> {
        if secret != "sesame" {
            return Err(Error::new("the name or the secret is wrong"));
        }
        let context = CallContext::current().ok_or_else(|| Error::new("it is not served"))?;
        context.connection_extensions().insert(User(name.to_owned()));
        Ok(())
    }

    fn who(&self) -> Result<String> {
        let user = CallContext::current().and_then(|context| context.connection_extensions().get::<User>());
        user.map(|User(name)| name).ok_or_else(|| Error::new("log in first"))
    }

    fn exit(&self, text: &str, status: i32) -> Result<()> {
        eprintln!("{text}");
        std::process::exit(status)
    }
}

/// Who has logged in.
#[derive(Clone)]
struct User(String);
