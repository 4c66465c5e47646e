//! Code written against the trait does not know where the handler is. Here one generic function
//! runs with the handler itself, with an `Arc` of it, and with clients over memory, TCP and a Unix
//! socket.
//!
//! ```text
//! cargo run --example local_calls
//! ```

use std::io::{Cursor, Read};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::memory_pair;
use rpc_core::{Result, Server, rpc_service, serve_connection};

#[rpc_service]
trait Dictionary {
    fn lookup(&self, word: &str) -> Result<Option<String>>;
    fn all(&self) -> Result<impl Read>;
    fn known(&self, text: impl Read) -> Result<usize>;
}

struct Tiny;

const WORDS: [(&str, &str); 3] = [("rust", "iron oxide"), ("crate", "a box"), ("trait", "a feature")];

impl Dictionary for Tiny {
    fn lookup(&self, word: &str) -> Result<Option<String>> {
        Ok(WORDS.iter().find(|(known, _)| *known == word).map(|(_, meaning)| (*meaning).to_owned()))
    }

    fn all(&self) -> Result<impl Read> {
        Ok(Cursor::new(WORDS.map(|(word, _)| word).join(" ")))
    }

    fn known(&self, mut text: impl Read) -> Result<usize> {
        let mut all = String::new();
        text.read_to_string(&mut all)?;
        Ok(all.split_whitespace().filter(|word| WORDS.iter().any(|(known, _)| known == word)).count())
    }
}

/// The application. It would work with a mock as well.
fn application(place: &str, dictionary: &impl Dictionary) -> Result<()> {
    let begin = Instant::now();
    assert_eq!(dictionary.lookup("rust")?.as_deref(), Some("iron oxide"));
    assert_eq!(dictionary.lookup("nail")?, None);
    let mut all = String::new();
    dictionary.all()?.read_to_string(&mut all)?;
    assert_eq!(all, "rust crate trait");
    assert_eq!(dictionary.known(&b"a trait is no crate"[..])?, 2);
    println!("{place:<12} {:>8.1?}", begin.elapsed());
    Ok(())
}

fn main() -> Result<()> {
    // No server at all, just local calls: nothing is encoded, nothing is copied.
    application("handler", &Tiny)?;
    application("Arc", &Arc::new(Tiny))?;

    // A connection inside the process: everything is encoded, so this is a good way to test a
    // service.
    let (near, far) = memory_pair();
    let server = thread::spawn(move || serve_connection(far, DictionaryServer::new(Tiny)));
    let client = DictionaryClient::from_transport(near)?;
    // this client has only the given connection, and an upload closes it, because after it an
    // original peer could be out of step; so the upload is the last call of `application`
    application("memory", &client)?;
    drop(client);
    server.join().expect("the server does not panic")?;

    over("TCP", "tcp://127.0.0.1:0")?;
    if cfg!(unix) {
        let socket = std::env::temp_dir().join(format!("rpc-local-calls-{}.sock", std::process::id()));
        over("Unix socket", &format!("unix://{}", socket.display()))?;
        assert!(!socket.exists(), "the server removes its socket");
    }
    Ok(())
}

fn over(place: &str, address: &str) -> Result<()> {
    let running = Server::bind(address)?.spawn(DictionaryServer::new(Tiny))?;
    application(place, &DictionaryClient::connect(running.address())?)?;
    running.shutdown(Duration::from_secs(5));
    Ok(())
}
