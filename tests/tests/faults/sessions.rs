//! What the sessions do, and their outcome when nothing goes wrong.

use std::io::Read;

use rpc_core::{Client, Error, Result};
use rpc_tests::pattern;
use serde_json::{Value, json};

use crate::service::{Source, failing, numbers, summed};

/// The outcome of a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Value(Value),
    /// This many bytes of the pattern, then the end of the stream.
    Stream(u64),
    Both(Value, u64),
    /// The other side refused, and the connection stays usable.
    Refused(String),
    /// The caller's own source failed, and the connection stays usable.
    SourceFailed(String),
    Dropped,
    Closed,
}

/// One call.
pub(crate) struct Step {
    /// The witness's name for it.
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Client) -> Result<Outcome>,
    pub(crate) expected: Outcome,
}

/// Consecutive calls on one connection.
pub(crate) struct Session {
    pub(crate) name: &'static str,
    pub(crate) steps: Vec<Step>,
}

/// Some sessions make a call first, so that the client knows the server's revision. All end with
/// another call and a close.
pub(crate) fn sessions() -> Vec<Session> {
    let refused = |text: &str| Outcome::Refused(text.to_owned());
    let number = |number: u64| Outcome::Value(json!(number));
    vec![
        session("a JSON call", Step { name: "double 4", run: |c| double(c, 4), expected: number(8) }),
        session("much JSON", Step { name: "letters", run: letters, expected: Outcome::Value(json!(text())) }),
        session("a handler's error", Step { name: "refuse", run: refuse, expected: refused("no") }),
        session("an unknown endpoint", Step { name: "none", run: unknown, expected: refused("unknown endpoint none") }),
        session("a stream down", Step { name: "stream", run: stream, expected: Outcome::Stream(STREAM) }),
        session("an empty stream down", Step { name: "stream", run: empty, expected: Outcome::Stream(0) }),
        session("an upload", Step { name: "count", run: upload, expected: number(STREAM) }),
        session("JSON and octets up", Step { name: "store", run: store, expected: number(2 * STREAM) }),
        session(
            "JSON and octets down",
            Step { name: "open", run: open, expected: Outcome::Both(json!(STREAM), STREAM) },
        ),
        session("octets both ways", Step { name: "echo", run: echo, expected: Outcome::Stream(STREAM) }),
        session(
            "a server's source that fails",
            Step { name: "broken", run: broken, expected: refused("the server's source broke") },
        ),
        session(
            "a client's source that fails",
            Step {
                name: "count",
                run: broken_upload,
                expected: Outcome::SourceFailed("the client's source broke".into()),
            },
        ),
        session("an early refusal", Step { name: "full", run: full, expected: refused("disk full") }),
        session("an early OK", Step { name: "first", run: first, expected: Outcome::Value(json!([0, 7, 14, 21])) }),
        session("a dropped stream", Step { name: "stream", run: dropped, expected: Outcome::Dropped }),
        session(
            "a stream dropped after JSON",
            Step { name: "open", run: dropped_after_json, expected: Outcome::Dropped },
        ),
        session("values down", Step { name: "values", run: values_down, expected: number(SUM) }),
        session("values up", Step { name: "sum", run: values_up, expected: number(SUM) }),
        session("values both ways", Step { name: "twice", run: values_both, expected: number(2 * SUM) }),
        session(
            "a server's iterator that fails",
            Step { name: "failing", run: failing_down, expected: refused("the server's iterator broke") },
        ),
        session(
            "a client's iterator that fails",
            Step {
                name: "sum",
                run: failing_up,
                expected: Outcome::SourceFailed("the client's iterator broke".into()),
            },
        ),
        session("dropped values", Step { name: "values", run: dropped_values, expected: Outcome::Dropped }),
        session("dropped values both ways", Step { name: "twice", run: dropped_both, expected: Outcome::Dropped }),
        at_once("JSON and octets up at once", Step { name: "store", run: store, expected: number(2 * STREAM) }),
        at_once("an early refusal at once", Step { name: "full", run: full, expected: refused("disk full") }),
    ]
}

/// The length of a stream that is read to its end: more than the transport holds.
const STREAM: u64 = 30_000;

/// The number of items that are read to their end: more than the transport holds.
const ITEMS: u64 = 5_000;

/// Their sum.
const SUM: u64 = ITEMS * (ITEMS - 1) / 2;

/// The length of a stream that is stopped or dropped.
const LONG: u64 = 200_000;

fn at_once(name: &'static str, step: Step) -> Session {
    let after = Step { name: "double 2", run: |c| double(c, 2), expected: Outcome::Value(json!(4)) };
    let close = Step { name: "close", run: close, expected: Outcome::Closed };
    Session { name, steps: vec![step, after, close] }
}

fn session(name: &'static str, step: Step) -> Session {
    let mut session = at_once(name, step);
    let before = Step { name: "double 1", run: |c| double(c, 1), expected: Outcome::Value(json!(2)) };
    session.steps.insert(0, before);
    session
}

fn double(client: &Client, number: u64) -> Result<Outcome> {
    client.call("double").with(&number).json().map(Outcome::Value)
}

fn text() -> String {
    "letters ".repeat(3000)
}

fn letters(client: &Client) -> Result<Outcome> {
    client.call("letters").with(&text()).json().map(Outcome::Value)
}

/// Turns a refusal that leaves the connection usable into an outcome, which may be the expected
/// one.
fn or_refused(outcome: Result<Outcome>) -> Result<Outcome> {
    match outcome {
        Err(Error::Remote(refusal)) if refusal.fate.connection_usable => Ok(Outcome::Refused(refusal.message)),
        Err(Error::Source { error, fate }) if fate.connection_usable => Ok(Outcome::SourceFailed(error.to_string())),
        other => other,
    }
}

fn refuse(client: &Client) -> Result<Outcome> {
    or_refused(client.call("refuse").with("no").json().map(Outcome::Value))
}

fn unknown(client: &Client) -> Result<Outcome> {
    or_refused(client.call("none").with(&()).json().map(Outcome::Value))
}

/// Reads a stream to its end. The bytes before a failure must be right.
fn read(mut stream: impl Read) -> Result<u64> {
    let mut bytes = Vec::new();
    let outcome = stream.read_to_end(&mut bytes);
    let count = bytes.len() as u64;
    assert!(bytes == pattern(count), "wrong bytes among the {count} received");
    outcome?;
    Ok(count)
}

fn stream(client: &Client) -> Result<Outcome> {
    read(client.call("stream").with(&STREAM).octets()?).map(Outcome::Stream)
}

fn empty(client: &Client) -> Result<Outcome> {
    read(client.call("stream").with(&0).octets()?).map(Outcome::Stream)
}

fn broken(client: &Client) -> Result<Outcome> {
    or_refused(client.call("broken").with(&STREAM).octets().and_then(read).map(Outcome::Stream))
}

fn dropped(client: &Client) -> Result<Outcome> {
    let mut stream = client.call("stream").with(&LONG).octets()?;
    stream.read_exact(&mut [0; 10])?;
    Ok(Outcome::Dropped)
}

fn dropped_after_json(client: &Client) -> Result<Outcome> {
    let (count, _stream): (u64, _) = client.call("open").with(&LONG).json_and_octets()?;
    assert_eq!(count, LONG);
    Ok(Outcome::Dropped)
}

fn upload(client: &Client) -> Result<Outcome> {
    client.call("count").with_octets(Source::of(STREAM)).json().map(Outcome::Value)
}

fn broken_upload(client: &Client) -> Result<Outcome> {
    let source = Source::failing(STREAM, "the client's source broke");
    or_refused(client.call("count").with_octets(source).json().map(Outcome::Value))
}

fn full(client: &Client) -> Result<Outcome> {
    or_refused(client.call("full").with_octets(Source::of(LONG)).json().map(Outcome::Value))
}

fn first(client: &Client) -> Result<Outcome> {
    client.call("first").with_octets(Source::of(LONG)).json().map(Outcome::Value)
}

fn echo(client: &Client) -> Result<Outcome> {
    read(client.call("echo").with_octets(Source::of(STREAM)).octets()?).map(Outcome::Stream)
}

fn store(client: &Client) -> Result<Outcome> {
    let call = client.call("store").with(&2).with_octets(Source::of(STREAM));
    call.json().map(Outcome::Value)
}

fn open(client: &Client) -> Result<Outcome> {
    let (value, stream) = client.call("open").with(&STREAM).json_and_octets()?;
    Ok(Outcome::Both(value, read(stream)?))
}

fn values_down(client: &Client) -> Result<Outcome> {
    let numbers = client.call("values").with(&ITEMS).values()?;
    Ok(Outcome::Value(json!(summed(numbers)?)))
}

fn values_up(client: &Client) -> Result<Outcome> {
    client.call("sum").with_values(numbers(ITEMS)).json().map(Outcome::Value)
}

fn values_both(client: &Client) -> Result<Outcome> {
    let doubled = client.call("twice").with_values(numbers(ITEMS)).values::<u64>()?;
    let halves = doubled.map(|number| number.map(|number| number / 2));
    Ok(Outcome::Value(json!(2 * summed(halves)?)))
}

fn failing_down(client: &Client) -> Result<Outcome> {
    let read = client.call("failing").with(&ITEMS).values().and_then(summed);
    or_refused(read.map(|sum| Outcome::Value(json!(sum))))
}

fn failing_up(client: &Client) -> Result<Outcome> {
    let items = failing(ITEMS, "the client's iterator broke");
    or_refused(client.call("sum").with_values(items).json().map(Outcome::Value))
}

fn dropped_values(client: &Client) -> Result<Outcome> {
    let numbers = client.call("values").with(&LONG).values::<u64>()?;
    summed(numbers.take(10)).map(|_| Outcome::Dropped)
}

fn dropped_both(client: &Client) -> Result<Outcome> {
    let doubled = client.call("twice").with_values(numbers(LONG)).values::<u64>()?;
    summed(doubled.take(10).map(|number| number.map(|number| number / 2))).map(|_| Outcome::Dropped)
}

fn close(client: &Client) -> Result<Outcome> {
    client.clone().close().map(|()| Outcome::Closed)
}
