//! What `#[rpc_service]` writes, by hand. The macro does nothing that you could not: a client is a `Client` with a method
//! for each endpoint, a server is a `match` on the endpoint's name.
//!
//! ```text
//! cargo run --example without_macros
//! ```

use std::io::{BufReader, Cursor, Read};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rpc_core::{Call, Client, Contract, DataType, Dispatch, Method, OctetReader, Result, Served, Server};
use serde::{Deserialize, Serialize};

/// With the attribute, the file would end behind this trait.
trait Shelf {
    /// One value to the server, one back.
    fn size(&self, name: &str) -> Result<usize>;
    /// Several values: an object keyed by the parameters' names.
    fn rename(&self, from: &str, to: &str) -> Result<bool>;
    /// Raw bytes from the server.
    fn fetch(&self, name: &str) -> Result<impl Read>;
    /// Raw bytes to the server.
    fn digest(&self, content: impl Read) -> Result<u64>;
}

/// The parameters of `rename`, as they travel.
#[derive(Serialize, Deserialize)]
struct Rename {
    from: String,
    to: String,
}

/// The client: it says by endpoint name what goes out and what is wanted back.
struct ShelfClient(Client);

impl Shelf for ShelfClient {
    fn size(&self, name: &str) -> Result<usize> {
        self.0.call("size").with(name).json()
    }

    fn rename(&self, from: &str, to: &str) -> Result<bool> {
        self.0.call("rename").with(&Rename { from: from.to_owned(), to: to.to_owned() }).json()
    }

    // the trait says `impl Read`; naming the type tells callers that the stream may outlive the client
    #[allow(refining_impl_trait, reason = "a caller of the client may know more than a caller of the trait")]
    fn fetch(&self, name: &str) -> Result<OctetReader<'static>> {
        self.0.call("fetch").with(name).octets()
    }

    fn digest(&self, content: impl Read) -> Result<u64> {
        self.0.call("digest").with_octets(content).json()
    }
}

/// The server: each arm decodes the arguments, runs the handler and sends what it returns. [`Served`] can be had by
/// answering only, so no arm can forget to.
struct ShelfServer<S>(S);

/// What the service offers, as data: for "did you mean", and for whoever combines services.
const CONTRACT: Contract = Contract::new("Shelf").methods(&[
    Method::new("size").parameters(&["name"]),
    Method::new("rename").parameters(&["from", "to"]),
    Method::new("fetch").reply(DataType::Octets).parameters(&["name"]),
    Method::new("digest").request(DataType::Octets).parameters(&["content"]),
]);

impl<S: Shelf> Dispatch for ShelfServer<S> {
    fn contract(&self) -> &'static Contract {
        &CONTRACT
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        match call.endpoint() {
            "size" => call.takes_json().returns_json(|name: String| self.0.size(&name)),
            "rename" => call.takes_json().returns_json(|Rename { from, to }| self.0.rename(&from, &to)),
            // a handler's reader may borrow from the arguments, which these closures take away with them: collect it, or
            // let the macro write this arm
            "fetch" => call.takes_json().returns_octets(|name: String| {
                let mut bytes = Vec::new();
                self.0.fetch(&name)?.read_to_end(&mut bytes)?;
                Ok::<_, rpc_core::Error>(Cursor::new(bytes))
            }),
            "digest" => call.takes_octets().returns_json(|content| self.0.digest(content)),
            _ => call.unknown_endpoint(&CONTRACT),
        }
    }
}

/// The handler is what it would be with the macro.
struct OneBook(Mutex<(String, &'static str)>);

impl Shelf for Arc<OneBook> {
    fn size(&self, name: &str) -> Result<usize> {
        Ok(self.text_of(name)?.len())
    }

    fn rename(&self, from: &str, to: &str) -> Result<bool> {
        let mut book = self.0.lock().expect("no handler panics");
        let found = book.0 == from;
        if found {
            to.clone_into(&mut book.0);
        }
        Ok(found)
    }

    fn fetch(&self, name: &str) -> Result<impl Read> {
        Ok(self.text_of(name)?.as_bytes())
    }

    fn digest(&self, content: impl Read) -> Result<u64> {
        BufReader::new(content).bytes().try_fold(0, |sum, byte| Ok(sum + u64::from(byte?)))
    }
}

impl OneBook {
    fn text_of(&self, name: &str) -> Result<&'static str> {
        let book = self.0.lock().expect("no handler panics");
        if book.0 == name { Ok(book.1) } else { Err(rpc_core::Error::new(format!("there is no {name}"))) }
    }
}

fn main() -> Result<()> {
    let book = Arc::new(OneBook(Mutex::new(("draft".to_owned(), "once upon a time"))));
    // `spawn_each` makes a `Dispatch` for each connection, so ours needs no `Clone`
    let running = Server::bind("tcp://127.0.0.1:0")?.spawn_each(move |_peer| ShelfServer(Arc::clone(&book)))?;
    let shelf = ShelfClient(Client::connect(running.address())?);

    assert_eq!(shelf.size("draft")?, 16);
    assert!(shelf.rename("draft", "fairy tale")?);
    let mut text = String::new();
    shelf.fetch("fairy tale")?.read_to_string(&mut text)?;
    println!("{text}");
    assert_eq!(text, "once upon a time");
    assert_eq!(shelf.digest(&b"\x01\x02\x03"[..])?, 6);

    let unknown = shelf.0.call("Size").with("draft").json::<usize>().expect_err("there is no such endpoint");
    println!("{unknown}");
    assert_eq!(unknown.to_string(), "unknown endpoint Size, did you mean size?");

    shelf.0.close()?;
    running.shutdown(Duration::from_secs(5));
    Ok(())
}
