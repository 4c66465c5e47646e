//! Streams of values stand where streams of bytes may, with the same bounds.

use std::borrow::Cow;
use std::fmt::Debug;
use std::io::{self, Cursor, Read};
use std::{iter, result, thread};

use rpc_core::transport::memory_pair;
use rpc_core::{Result, ValueReader, rpc_service, serve_connection};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row(u64);

/// An error without `Clone` or `Send` items around it.
#[derive(Debug, Serialize, Deserialize)]
pub struct RowError(String);

impl std::fmt::Display for RowError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<rpc_core::Error> for RowError {
    fn from(error: rpc_core::Error) -> Self {
        Self(error.to_string())
    }
}

#[rpc_service]
pub trait Depot: Send + Sync {
    fn rows(&self, below: u64) -> Result<impl Iterator<Item = Result<Row>>>;
    fn own_error(&self) -> Result<impl iter::Iterator<Item = result::Result<Row, RowError>> + Send>;
    fn units(&self) -> Result<impl Iterator<Item = Result<()>>>;
    fn lasting(&self) -> Result<impl Iterator<Item = Result<Cow<'static, str>>> + 'static>;
    fn borrowing<'a>(&'a self, name: &'a str) -> Result<impl Iterator<Item = Result<Row>> + 'a>;
    fn scan(&self, query: &str) -> Result<(String, impl Iterator<Item = Result<Row>>)>;
    fn sum(&self, rows: impl Iterator<Item = Result<Row>>) -> Result<u64>;
    fn import(
        &self,
        first: u64,
        second: &str,
        rows: impl Iterator<Item = result::Result<Row, RowError>> + Send,
    ) -> Result<u64>;
    fn ticks(&self, ticks: impl Iterator<Item = Result<()>>) -> Result<usize>;
    fn enrich(&self, rows: impl Iterator<Item = Result<Row>>) -> Result<impl Iterator<Item = Result<(Row, u64)>>>;
    fn enrich_apart<'a>(
        &'a self,
        rows: impl Iterator<Item = Result<Row>> + Send + 'a,
    ) -> Result<impl Iterator<Item = Result<Row>> + Send + 'a>;
    fn index(&self, content: impl Read) -> Result<impl Iterator<Item = Result<u8>> + Debug>;
    fn pack<'a>(&'a self, end: &str, rows: impl Iterator<Item = Result<Row>> + 'a) -> Result<(u64, impl Read + 'a)>;
}

#[rpc_service]
pub trait Cursors {
    fn rest(&mut self) -> Result<impl Iterator<Item = Result<Row>>>;
    fn replace(&mut self, rows: impl Iterator<Item = Result<Row>>) -> Result<impl Iterator<Item = Result<Row>>>;
}

struct Rows;

impl Depot for Rows {
    fn rows(&self, below: u64) -> Result<impl Iterator<Item = Result<Row>>> {
        Ok((0..below).map(|number| Ok(Row(number))))
    }

    fn own_error(&self) -> Result<impl Iterator<Item = result::Result<Row, RowError>> + Send> {
        Ok([Ok(Row(1)), Err(RowError("no more".to_owned()))].into_iter())
    }

    fn units(&self) -> Result<impl Iterator<Item = Result<()>>> {
        let boxed: Box<dyn Iterator<Item = Result<()>>> = Box::new([Ok(()), Ok(())].into_iter());
        Ok(boxed)
    }

    fn lasting(&self) -> Result<impl Iterator<Item = Result<Cow<'static, str>>> + 'static> {
        Ok(iter::once(Ok(Cow::Borrowed("text"))))
    }

    fn borrowing<'a>(&'a self, name: &'a str) -> Result<impl Iterator<Item = Result<Row>> + 'a> {
        Ok(name.bytes().map(|byte| Ok(Row(byte.into()))))
    }

    fn scan(&self, query: &str) -> Result<(String, impl Iterator<Item = Result<Row>>)> {
        Ok((query.to_owned(), iter::once(Ok(Row(7)))))
    }

    fn sum(&self, rows: impl Iterator<Item = Result<Row>>) -> Result<u64> {
        rows.map(|row| row.map(|Row(number)| number)).sum()
    }

    fn import(
        &self,
        first: u64,
        second: &str,
        rows: impl Iterator<Item = result::Result<Row, RowError>> + Send,
    ) -> Result<u64> {
        Ok(first + second.len() as u64 + rows.filter_map(|row| row.ok()).count() as u64)
    }

    fn ticks(&self, ticks: impl Iterator<Item = Result<()>>) -> Result<usize> {
        Ok(ticks.count())
    }

    fn enrich(&self, rows: impl Iterator<Item = Result<Row>>) -> Result<impl Iterator<Item = Result<(Row, u64)>>> {
        Ok(rows.map(|row| row.map(|row| (row.clone(), row.0 * 2))))
    }

    fn enrich_apart<'a>(
        &'a self,
        rows: impl Iterator<Item = Result<Row>> + Send + 'a,
    ) -> Result<impl Iterator<Item = Result<Row>> + Send + 'a> {
        Ok(rows)
    }

    fn index(&self, content: impl Read) -> Result<impl Iterator<Item = Result<u8>> + Debug> {
        Ok(content.bytes().collect::<io::Result<Vec<_>>>()?.into_iter().map(Ok as fn(u8) -> Result<u8>))
    }

    fn pack<'a>(&'a self, end: &str, rows: impl Iterator<Item = Result<Row>> + 'a) -> Result<(u64, impl Read + 'a)> {
        let bytes: Vec<u8> = rows.map(|row| row.map(|Row(number)| number as u8)).collect::<Result<_>>()?;
        Ok((bytes.len() as u64, Cursor::new([bytes, end.as_bytes().to_vec()].concat())))
    }
}

/// What the handler names in the trait, the client names exactly.
struct Holder {
    rows: ValueReader<'static, Row, rpc_core::Error>,
}

fn numbers(numbers: &[u64]) -> impl Iterator<Item = Result<Row>> {
    numbers.iter().map(|number| Ok(Row(*number)))
}

fn main() {
    let (near, far) = memory_pair();
    let server = thread::spawn(move || serve_connection(far, DepotServer::new(Rows)));
    let client = DepotClient::from_transport(near).unwrap();
    let mut holder = Holder { rows: client.rows(3).unwrap() };
    assert_eq!(holder.rows.by_ref().collect::<Result<Vec<_>>>().unwrap(), [Row(0), Row(1), Row(2)]);
    drop(holder);
    let rows: Vec<_> = client.own_error().unwrap().collect();
    assert!(matches!(rows.as_slice(), [Ok(Row(1)), Err(RowError(text))] if text == "no more"));
    assert_eq!(client.units().unwrap().count(), 2);
    assert_eq!(client.lasting().unwrap().next().unwrap().unwrap(), "text");
    assert_eq!(client.borrowing("ab").unwrap().count(), 2);
    let (query, rows) = client.scan("query").unwrap();
    assert_eq!((query.as_str(), rows.count()), ("query", 1));
    assert_eq!(client.sum(numbers(&[1, 2, 3])).unwrap(), 6);
    assert_eq!(client.import(1, "ab", iter::once(Ok(Row(1)))).unwrap(), 4);
    assert_eq!(client.ticks(&mut [Ok(()), Ok(())].into_iter()).unwrap(), 2);
    let twice: Vec<_> = client.enrich(numbers(&[4, 5])).unwrap().collect::<Result<_>>().unwrap();
    assert_eq!(twice, [(Row(4), 8), (Row(5), 10)]);
    assert_eq!(client.enrich_apart(numbers(&[4, 5])).unwrap().count(), 2);
    assert_eq!(client.index(&b"ab"[..]).unwrap().collect::<Result<Vec<_>>>().unwrap(), b"ab");
    let (length, mut content) = client.pack(".", numbers(&[65, 66])).unwrap();
    let mut text = String::new();
    content.read_to_string(&mut text).unwrap();
    assert_eq!((length, text.as_str()), (2, "AB."));
    drop(content);
    DepotClient::close(client).unwrap();
    server.join().unwrap().unwrap();
    fn is_depot<T: Depot>() {}
    is_depot::<DepotClient>();
    is_depot::<Box<std::sync::Arc<Rows>>>();
}
