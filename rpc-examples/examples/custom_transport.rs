//! Two ways to write a transport.
//!
//! 1. Any `(Read, Write)` pair is a transport: here the pipes of a child process.
//! 2. Implementing [`ReadHalf`] and [`WriteHalf`] gives control over more, such as time limits:
//!    here a layer that scrambles and counts the bytes of any other transport.
//!
//! ```text
//! cargo run --example custom_transport
//! ```

use std::io::{self, IoSlice};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use rpc_core::transport::{Parts, ReadHalf, WriteHalf, memory_pair};
use rpc_core::{Ended, Result, Transport, rpc_service, serve_connection};

#[rpc_service]
trait Reverser {
    fn reverse(&self, text: &str) -> Result<String>;
}

struct Letters;

impl Reverser for Letters {
    fn reverse(&self, text: &str) -> Result<String> {
        Ok(text.chars().rev().collect())
    }
}

fn main() -> Result<()> {
    if std::env::args().nth(1).as_deref() == Some("serve-standard-input") {
        return child();
    }
    over_a_childs_pipes()?;
    over_a_layer_of_our_own()
}

/// The child serves one connection: requests on its standard input, replies on its standard output.
fn child() -> Result<()> {
    serve_connection((io::stdin(), io::stdout()), ReverserServer::new(Letters)).map(drop)
}

/// The first way. Pipes do not support time limits, so two helper threads move their bytes.
fn over_a_childs_pipes() -> Result<()> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("serve-standard-input")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let pipes = (child.stdout.take().expect("it is piped"), child.stdin.take().expect("it is piped"));
    let reverser = ReverserClient::from_transport(pipes)?;

    let answer = reverser.reverse("pipes")?;
    println!("process {} says {answer}", child.id());
    assert_eq!(answer, "sepip");

    // after the Close handshake the child's `serve_connection` returns, and the child exits
    ReverserClient::close(reverser)?;
    assert!(child.wait()?.success());
    Ok(())
}

/// The second way: both ends have the same layer.
fn over_a_layer_of_our_own() -> Result<()> {
    let counted = Arc::new(AtomicU64::new(0));
    let (near, far) = memory_pair();
    let near = Scrambled { inner: near, counted: Arc::clone(&counted) };
    let far = Scrambled { inner: far, counted: Arc::default() };

    let server = thread::spawn(move || serve_connection(far, ReverserServer::new(Letters)));
    let reverser = ReverserClient::from_transport(near)?;
    assert_eq!(reverser.reverse("layers")?, "sreyal");
    ReverserClient::close(reverser)?;

    let bytes = counted.load(Ordering::Relaxed);
    println!("{bytes} bytes passed through the layer in both directions");
    assert!(bytes > 0);
    assert_eq!(server.join().expect("the server does not panic")?, Ended::Closed);
    Ok(())
}

/// A layer over another transport. (Scrambling is not secure; a real layer would encrypt.)
struct Scrambled<T> {
    inner: T,
    counted: Arc<AtomicU64>,
}

/// One direction of the layer.
struct Half<H: ?Sized> {
    inner: Box<H>,
    counted: Arc<AtomicU64>,
}

impl<T: Transport> Transport for Scrambled<T> {
    /// Returns the inner `control` and `peer`: aborting the inner stream also ends this one.
    fn into_parts(self) -> io::Result<Parts> {
        let Parts { reader, writer, control, peer } = self.inner.into_parts()?;
        let reader = Box::new(Half { inner: reader, counted: Arc::clone(&self.counted) });
        let writer = Box::new(Half { inner: writer, counted: self.counted });
        Ok(Parts { reader, writer, control, peer })
    }
}

impl<H: ?Sized> Half<H> {
    fn scramble(bytes: &mut [u8]) {
        bytes.iter_mut().for_each(|byte| *byte ^= 0x5a);
    }

    fn count(&self, bytes: usize) {
        self.counted.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl ReadHalf for Half<dyn ReadHalf> {
    /// `until` is the library's time limit. Passing it on is enough to respect it.
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        let count = self.inner.read(buf, until)?;
        Self::scramble(&mut buf[..count]);
        self.count(count);
        Ok(count)
    }

    /// Optional. Lets a client notice before a call that the server has closed, and during an
    /// upload that the server refuses it.
    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.try_read(buf)?;
        Self::scramble(&mut buf[..count]);
        self.count(count);
        Ok(count)
    }
}

impl WriteHalf for Half<dyn WriteHalf> {
    /// May write less than everything, like [`io::Write::write_vectored`], so a buffer of bounded
    /// size is enough.
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        let mut piece: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).take(64 * 1024).collect();
        Self::scramble(&mut piece);
        let count = self.inner.write(&[IoSlice::new(&piece)], until)?;
        self.count(count);
        Ok(count)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.inner.finish(until)
    }
}
