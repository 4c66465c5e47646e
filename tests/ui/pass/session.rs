//! `&mut self`: one handler for one connection. Streams are consecutive, and each ends before the
//! next call.

use std::io::Read;
use std::thread;

use rpc_core::transport::memory_pair;
use rpc_core::{Result, rpc_service, serve_connection};

#[rpc_service]
pub trait Cursor {
    fn seek(&mut self, position: usize) -> Result<()>;
    fn rest(&mut self) -> Result<impl Read>;
    fn append(&mut self, content: impl Read) -> Result<usize>;
    fn named<'a>(&'a mut self) -> Result<impl Read + 'a>;
    fn insert(&mut self, position: usize, content: impl Read) -> Result<usize>;
    fn position(&mut self) -> Result<(usize, impl Read)>;
}

#[derive(Clone)]
struct Tape {
    content: Vec<u8>,
    position: usize,
}

impl Tape {
    fn new() -> Self {
        Tape { content: b"some text".to_vec(), position: 0 }
    }
}

impl Cursor for Tape {
    fn seek(&mut self, position: usize) -> Result<()> {
        self.position = position;
        Ok(())
    }

    fn rest(&mut self) -> Result<impl Read> {
        Ok(&self.content[self.position..])
    }

    fn append(&mut self, mut content: impl Read) -> Result<usize> {
        Ok(content.read_to_end(&mut self.content)?)
    }

    fn named<'a>(&'a mut self) -> Result<impl Read + 'a> {
        Ok(&self.content[..])
    }

    fn insert(&mut self, position: usize, mut content: impl Read) -> Result<usize> {
        let mut inserted = Vec::new();
        content.read_to_end(&mut inserted)?;
        self.content.splice(position..position, inserted);
        Ok(self.content.len())
    }

    fn position(&mut self) -> Result<(usize, impl Read)> {
        Ok((self.position, &self.content[self.position..]))
    }
}

fn check(cursor: &mut impl Cursor) {
    let mut text = String::new();
    cursor.seek(5).unwrap();
    cursor.rest().unwrap().read_to_string(&mut text).unwrap();
    cursor.named().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "textsome text");
    assert_eq!(cursor.append(&b"more"[..]).unwrap(), 4);
    assert_eq!(cursor.insert(5, &b"inserted "[..]).unwrap(), 22);
    let (position, mut rest) = cursor.position().unwrap();
    let mut text = String::new();
    rest.read_to_string(&mut text).unwrap();
    assert_eq!((position, text.as_str()), (5, "inserted textmore"));
}

fn main() {
    check(&mut Tape::new());
    check(&mut &mut Tape::new());
    check(&mut Box::new(Tape::new()));
    let (near, far) = memory_pair();
    let server = thread::spawn(|| serve_connection(far, CursorServer::new(Tape::new()).clone()));
    let mut cursor = CursorClient::from_transport(near).unwrap();
    check(&mut cursor);
    drop(cursor);
    server.join().unwrap().unwrap();
}
