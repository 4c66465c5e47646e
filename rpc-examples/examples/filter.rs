//! Octets in both directions: a call as a pipe through a filter. The reply arrives while the
//! request is still being sent, in constant memory, without a thread and without a deadlock.
//!
//! ```text
//! cargo run --example filter
//! ```

use std::io::{self, Read};

use rpc_core::{Result, Server, rpc_service};

#[rpc_service]
trait Filters {
    /// The returned reader reads from `text` on demand.
    fn shout<'a>(&'a self, text: impl Read + 'a) -> Result<impl Read>;
}

struct Loud;

impl Filters for Loud {
    fn shout<'a>(&'a self, text: impl Read + 'a) -> Result<impl Read> {
        Ok(Shout(text))
    }
}

struct Shout<R>(R);

impl<R: Read> Read for Shout<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buf)?;
        buf[..count].make_ascii_uppercase();
        Ok(count)
    }
}

fn main() -> Result<()> {
    let running = Server::bind("tcp://127.0.0.1:0")?.spawn(FiltersServer::new(Loud))?;
    let filters = FiltersClient::connect(running.address())?;

    let mut loud = String::new();
    filters.shout(&b"can you hear me?"[..])?.read_to_string(&mut loud)?;
    println!("{loud}");
    assert_eq!(loud, "CAN YOU HEAR ME?");

    // A gibibyte through the filter. Reading the reply sends the request.
    let gibibyte = io::repeat(b'a').take(1 << 30);
    let mut count = 0;
    let mut reply = filters.shout(gibibyte)?;
    let mut piece = vec![0; 256 * 1024];
    loop {
        match reply.read(&mut piece)? {
            0 => break,
            read => {
                assert!(piece[..read].iter().all(|&byte| byte == b'A'));
                count += read as u64;
            }
        }
    }
    println!("{} MiB through the filter", count >> 20);
    assert_eq!(count, 1 << 30);
    drop(reply);
    FiltersClient::close(filters)
}
