//! Octets both ways: the returned stream owns the one that is sent, so both may have the same
//! bounds, and a client names its type.

use std::fmt::Debug;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::thread;

use rpc_core::transport::memory_pair;
use rpc_core::{OctetReader, Result, Server, rpc_service, serve_connection};

#[rpc_service]
pub trait Filter: Send + Sync {
    fn plain(&self, content: impl Read) -> Result<impl Read>;
    fn named<'a>(&'a self, content: impl Read + 'a) -> Result<impl Read>;
    fn named_twice<'a>(&'a self, content: impl Read + 'a) -> Result<impl Read + 'a>;
    fn named_apart<'a>(&self, content: impl Read + 'a) -> Result<impl Read + 'a>;
    fn longer<'a, 'b: 'a>(&'a self, content: impl Read + 'b) -> Result<impl Read + 'a>;
    fn to_threads(&self, content: impl Read + Send) -> Result<impl Read>;
    fn of_threads(&self, content: impl Read + Send + Sync) -> Result<impl Read + Send>;
    fn boxed<'a>(&'a self, content: impl Read + Send + 'a) -> Result<impl Read + Send + 'a>;
    fn kept(&self, content: impl Read + 'static) -> Result<impl Read>;
    fn owned(&self, name: &str, content: impl Read + Send + 'static) -> Result<impl Read + Send + 'static>;
    fn printed(&self, content: impl Read) -> Result<impl Read + Debug>;
    fn lines(&self, content: impl Read) -> Result<impl BufRead + Read>;
    fn value(&self, text: &str, content: impl Read) -> Result<impl Read>;
    fn values<'a>(&'a self, text: &'a str, end: String, content: impl Read + 'a) -> Result<impl Read + 'a>;
    fn with_value(&self, content: impl Read) -> Result<(u64, impl Read)>;
    fn everything(&self, text: &str, times: usize, content: impl Read) -> Result<(String, impl Read)>;
}

struct Pass;

impl Filter for Pass {
    fn plain(&self, content: impl Read) -> Result<impl Read> {
        Ok(content)
    }

    fn named<'a>(&'a self, content: impl Read + 'a) -> Result<impl Read> {
        let boxed: Box<dyn Read + 'a> = Box::new(content);
        Ok(boxed)
    }

    fn named_twice<'a>(&'a self, content: impl Read + 'a) -> Result<impl Read + 'a> {
        let boxed: Box<dyn Read + 'a> = Box::new(content);
        Ok(boxed)
    }

    fn named_apart<'a>(&self, content: impl Read + 'a) -> Result<impl Read + 'a> {
        Ok(content)
    }

    fn longer<'a, 'b: 'a>(&'a self, content: impl Read + 'b) -> Result<impl Read + 'a> {
        Ok(content)
    }

    fn to_threads(&self, content: impl Read + Send) -> Result<impl Read> {
        Ok(content)
    }

    fn of_threads(&self, content: impl Read + Send + Sync) -> Result<impl Read + Send> {
        Ok(content)
    }

    fn boxed<'a>(&'a self, content: impl Read + Send + 'a) -> Result<impl Read + Send + 'a> {
        let boxed: Box<dyn Read + Send + 'a> = Box::new(content);
        Ok(boxed)
    }

    fn kept(&self, content: impl Read + 'static) -> Result<impl Read> {
        let boxed: Box<dyn Read> = Box::new(content);
        Ok(boxed)
    }

    fn owned(&self, _: &str, content: impl Read + Send + 'static) -> Result<impl Read + Send + 'static> {
        Ok(content)
    }

    fn printed(&self, mut content: impl Read) -> Result<impl Read + Debug> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        Ok(Cursor::new(bytes))
    }

    fn lines(&self, content: impl Read) -> Result<impl BufRead + Read> {
        Ok(BufReader::new(content))
    }

    fn value(&self, text: &str, content: impl Read) -> Result<impl Read> {
        Ok(text.as_bytes().chain(content))
    }

    fn values<'a>(&'a self, text: &'a str, end: String, content: impl Read + 'a) -> Result<impl Read + 'a> {
        Ok(text.as_bytes().chain(content).chain(Cursor::new(end)))
    }

    fn with_value(&self, content: impl Read) -> Result<(u64, impl Read)> {
        Ok((7, content))
    }

    fn everything(&self, text: &str, times: usize, content: impl Read) -> Result<(String, impl Read)> {
        Ok((text.repeat(times), content))
    }
}

fn text(mut stream: impl Read) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn check(filter: &impl Filter) {
    let sent = &b"bytes"[..];
    assert_eq!(text(filter.plain(sent).unwrap()), "bytes");
    assert_eq!(text(filter.named(sent).unwrap()), "bytes");
    assert_eq!(text(filter.named_twice(sent).unwrap()), "bytes");
    assert_eq!(text(filter.named_apart(sent).unwrap()), "bytes");
    assert_eq!(text(filter.longer(sent).unwrap()), "bytes");
    assert_eq!(text(filter.to_threads(sent).unwrap()), "bytes");
    assert_eq!(text(filter.of_threads(sent).unwrap()), "bytes");
    assert_eq!(text(filter.boxed(sent).unwrap()), "bytes");
    assert_eq!(text(filter.kept(sent).unwrap()), "bytes");
    assert_eq!(text(owned(filter)), "bytes");
    assert!(!format!("{:?}", filter.printed(sent).unwrap()).is_empty());
    assert_eq!(filter.lines(sent).unwrap().lines().next().unwrap().unwrap(), "bytes");
    assert_eq!(text(filter.value("more ", sent).unwrap()), "more bytes");
    assert_eq!(text(filter.values("more ", " still".to_owned(), sent).unwrap()), "more bytes still");
    let (value, stream) = filter.with_value(sent).unwrap();
    assert_eq!((value, text(stream).as_str()), (7, "bytes"));
    let (value, stream) = filter.everything("ab", 2, sent).unwrap();
    assert_eq!((value.as_str(), text(stream).as_str()), ("abab", "bytes"));
}

/// A stream that borrows nothing outlives the arguments, and the service if that is a client.
fn owned(filter: &impl Filter) -> Box<dyn Read + Send> {
    let name = String::from("gone soon");
    Box::new(filter.owned(&name, &b"bytes"[..]).unwrap())
}

/// A client's stream has a named type, and is `Send` if the caller's reader is, whether the trait
/// says so or not.
fn named(client: &FilterClient) {
    let stream: OctetReader<'static, _> = client.plain(&b"bytes"[..]).unwrap();
    let copied = thread::scope(|scope| {
        let copying = scope.spawn(move || {
            let mut copied = Vec::new();
            stream.copy_to(&mut copied).map(|_| copied)
        });
        copying.join().unwrap().unwrap()
    });
    assert_eq!(copied, b"bytes");
    // a caller may lend its reader
    let mut lent = Cursor::new("bytes");
    assert_eq!(text(client.plain(&mut lent).unwrap()), "bytes");
    assert_eq!(lent.position(), 5);
}

#[rpc_service]
pub trait Editor {
    fn plain(&mut self, content: impl Read) -> Result<impl Read>;
    fn named<'a>(&'a mut self, content: impl Read + 'a) -> Result<impl Read + 'a>;
    fn of_threads(&mut self, content: impl Read + Send) -> Result<impl Read + Send>;
    fn kept(&mut self, content: impl Read + 'static) -> Result<impl Read>;
    fn everything(&mut self, text: &str, times: usize, content: impl Read) -> Result<(usize, impl Read)>;
}

#[derive(Clone, Default)]
struct Calls(usize);

impl Editor for Calls {
    fn plain(&mut self, content: impl Read) -> Result<impl Read> {
        self.0 += 1;
        Ok(content)
    }

    fn named<'a>(&'a mut self, content: impl Read + 'a) -> Result<impl Read + 'a> {
        self.0 += 1;
        Ok(content)
    }

    fn of_threads(&mut self, content: impl Read + Send) -> Result<impl Read + Send> {
        self.0 += 1;
        Ok(content)
    }

    fn kept(&mut self, content: impl Read + 'static) -> Result<impl Read> {
        self.0 += 1;
        let boxed: Box<dyn Read> = Box::new(content);
        Ok(boxed)
    }

    fn everything(&mut self, text: &str, times: usize, content: impl Read) -> Result<(usize, impl Read)> {
        self.0 += 1;
        Ok((self.0, Cursor::new(text.repeat(times)).chain(content)))
    }
}

fn check_session(editor: &mut impl Editor) {
    let sent = &b"bytes"[..];
    assert_eq!(text(editor.plain(sent).unwrap()), "bytes");
    assert_eq!(text(editor.named(sent).unwrap()), "bytes");
    assert_eq!(text(editor.of_threads(sent).unwrap()), "bytes");
    assert_eq!(text(editor.kept(sent).unwrap()), "bytes");
    let (calls, stream) = editor.everything("ab", 2, sent).unwrap();
    assert_eq!((calls, text(stream).as_str()), (5, "ababbytes"));
}

fn main() {
    check(&Pass);
    check(&Box::new(&Pass));
    let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(FilterServer::new(Pass)).unwrap();
    let client = FilterClient::connect(server.address()).unwrap();
    check(&client);
    named(&client);

    check_session(&mut Calls::default());
    check_session(&mut Box::new(Calls::default()));
    let (near, far) = memory_pair();
    let serving = thread::spawn(|| serve_connection(far, EditorServer::new(Calls::default())));
    let mut client = EditorClient::from_transport(near).unwrap();
    check_session(&mut client);
    EditorClient::close(client).unwrap();
    serving.join().unwrap().unwrap();
}
