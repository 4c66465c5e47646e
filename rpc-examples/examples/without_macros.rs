//! What `#[rpc_service]` generates, written by hand. The macro does nothing that you could not: a
//! client is a `Client` with a method for each endpoint, a server is a `match` on the endpoint's
//! name.
//!
//! ```text
//! cargo run --example without_macros
//! ```

use std::io::{BufReader, Read};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rpc_core::reply::OctetsReply;
use rpc_core::{Call, Client, Contract, Contracts, DataType, Dispatch, Method, OctetReader, Result, Served, Server};
use serde::{Deserialize, Serialize};

/// With the attribute, the client and the server below would not be needed.
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

/// The parameters of `rename` as they are sent. The server refuses any other.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    from: String,
    to: String,
}

/// The client: each method names its endpoint, what it sends, and the kind of reply it expects.
struct ShelfClient(Client);

impl Shelf for ShelfClient {
    fn size(&self, name: &str) -> Result<usize> {
        self.0.call("size").with(name).json()
    }

    fn rename(&self, from: &str, to: &str) -> Result<bool> {
        self.0.call("rename").with_named(&Rename { from: from.to_owned(), to: to.to_owned() }).json()
    }

    // the trait returns `impl Read`; naming the type shows callers that the stream may outlive the
    // client
    #[allow(refining_impl_trait, reason = "callers of the client may rely on the concrete type")]
    fn fetch(&self, name: &str) -> Result<OctetReader<'static>> {
        self.0.call("fetch").with(name).octets()
    }

    fn digest(&self, content: impl Read) -> Result<u64> {
        self.0.call("digest").with_octets(content).json()
    }
}

/// The server: each arm decodes the arguments, runs the handler and sends the result. Only
/// answering returns [`Served`], so no arm can forget it.
struct ShelfServer<S>(S);

/// A description of the service as data, for the answer to an unknown endpoint and for code that
/// combines services.
const CONTRACT: Contract = Contract::new("Shelf").methods(&[
    Method::new("size").parameters(&["name"]),
    Method::new("rename").parameters(&["from", "to"]),
    Method::new("fetch").reply(DataType::Octets).parameters(&["name"]),
    Method::new("digest").request(DataType::Octets).parameters(&["content"]),
]);

impl<S: Shelf> Dispatch for ShelfServer<S> {
    fn contracts(&self) -> Contracts {
        (&CONTRACT).into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        match call.endpoint() {
            "size" => call.takes_json().returns_json(|name: String| self.0.size(&name)),
            "rename" => call.takes_json().returns_json(|Rename { from, to }| self.0.rename(&from, &to)),
            // the handler's reader may borrow from the arguments, so it is sent before they go
            "fetch" => {
                call.takes_json().replies(OctetsReply::serde(), |name: String, reply| reply.send(self.0.fetch(&name)))
            }
            "digest" => call.takes_octets().returns_json(|content| self.0.digest(content)),
            _ => call.unknown_endpoint(),
        }
    }
}

/// The handler is the same as with the macro.
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
    // `spawn_with` creates a `Dispatch` for each connection, so ours need not be `Clone`
    let running = Server::bind("tcp://127.0.0.1:0")?.spawn_with(move |_peer| ShelfServer(Arc::clone(&book)))?;
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
    assert_eq!(unknown.to_string(), "unknown endpoint Size, did you mean size? there are: size, rename, fetch, digest");

    shelf.0.close()?;
    running.shutdown(Duration::from_secs(5));
    Ok(())
}
