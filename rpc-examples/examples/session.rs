//! A session: methods that take `&mut self`. Each connection has its own handler, which remembers
//! its caller, and the borrow checker ensures one call at a time.
//!
//! ```text
//! cargo run --example session
//! ```

use std::io::{Cursor, Read};
use std::time::Duration;

use rpc_core::{Error, Misuse, Result, Server, rpc_service};

/// All methods take `&mut self`, so this is a session. With `&self` all connections would share one
/// handler.
#[rpc_service]
trait Notebook {
    fn write(&mut self, line: &str) -> Result<usize>;
    fn read(&mut self) -> Result<impl Read>;
    fn tear(&mut self) -> Result<()>;
}

/// The state of one session: plain fields, no lock. `spawn` clones it for each connection.
#[derive(Clone, Default)]
struct Pages {
    lines: Vec<String>,
}

impl Notebook for Pages {
    fn write(&mut self, line: &str) -> Result<usize> {
        self.lines.push(line.to_owned());
        Ok(self.lines.len())
    }

    fn read(&mut self) -> Result<impl Read> {
        Ok(Cursor::new(self.lines.join("\n")))
    }

    fn tear(&mut self) -> Result<()> {
        // its state may be half changed now, so a panic of a session's handler ends the session
        panic!("torn");
    }
}

fn main() -> Result<()> {
    let running = Server::bind("tcp://127.0.0.1:0")?.spawn(NotebookServer::new(Pages::default()))?;

    // Two clients, two connections, two notebooks.
    let mut alice = NotebookClient::connect(running.address())?;
    let mut bob = NotebookClient::connect(running.address())?;
    assert_eq!(alice.write("buy milk")?, 1);
    assert_eq!(alice.write("call bob")?, 2);
    assert_eq!(bob.write("nothing to do")?, 1);

    let mut page = String::new();
    let mut stream = alice.read()?;
    // A stream borrows the session. While it is open, this line does not compile (E0499):
    //     alice.write("too early")?;
    stream.read_to_string(&mut page)?;
    drop(stream);
    alice.write("and now it does")?;
    println!("alice: {page:?}");
    assert_eq!(page, "buy milk\ncall bob");

    // The panic is answered, then the session ends because its handler is gone. Other sessions are
    // not affected.
    let refused = bob.tear().expect_err("a panic is no success");
    println!("bob: {refused}");
    let gone = bob.write("still there?").expect_err("the session has ended");
    println!("bob: {gone} (never ran: {})", gone.never_ran());
    assert!(gone.never_ran());
    // unlike a shared client, a session does not reconnect: it would get another handler
    assert!(matches!(bob.write("and now?"), Err(Error::Misuse(Misuse::Closed))));
    assert_eq!(alice.write("here I am")?, 4);

    NotebookClient::close(alice)?;
    running.shutdown(Duration::from_secs(5));
    Ok(())
}
