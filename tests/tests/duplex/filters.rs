//! Services that pipe octets through a filter, over each transport.

use std::io::{self, IoSlice, Read};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use rpc_core::transport::{Parts, WriteHalf, memory_pair, memory_pair_with_capacity};
use rpc_core::{
    Call, Client, Contract, Contracts, Dispatch, Error, OctetReader, Result, Served, Transport, serve_connection,
};
use rpc_tests::Records;
#[cfg(feature = "tls")]
use rpc_tests::certificates::shake_hands;

/// Filters, by the name of the endpoint.
pub(crate) struct Filters;

impl Dispatch for Filters {
    fn contracts(&self) -> Contracts {
        const { &Contract::new("Filters") }.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        match call.endpoint() {
            // lazy: reads only while it is read
            "invert" => call.takes_octets().returns_octets(|content| Ok::<_, Error>(Invert(content))),
            // reads everything first
            "swallow" => call.takes_octets().returns_octets(|mut content| {
                let mut bytes = Vec::new();
                content.read_to_end(&mut bytes)?;
                Ok::<_, Error>(io::Cursor::new(bytes))
            }),
            // yields more than it gets
            "triple" => {
                call.takes_octets().returns_octets(|content| Ok::<_, Error>(Triple { content, left: Vec::new() }))
            }
            // yields one byte for many
            "tenth" => call.takes_octets().returns_octets(|content| Ok::<_, Error>(Tenth(content))),
            // reads on a separate thread
            "threaded" => call.takes_octets().returns_octets(|mut content| {
                let (mut writer, reader) = pipe();
                thread::spawn(move || io::copy(&mut content, &mut writer));
                Ok::<_, Error>(reader)
            }),
            // reads nothing
            "ignore" => call.takes_octets().returns_octets(|_content| Ok::<_, Error>(&b"ignored"[..])),
            "refuse" => {
                call.takes_octets().returns_octets(|_content| Err::<io::Empty, _>(Error::new("no filter today")))
            }
            // stops after some bytes of input
            "stop" => call.takes_octets().returns_octets(|content| Ok::<_, Error>(content.take(300_000))),
            "fail" => {
                call.takes_octets().returns_octets(|content| Ok::<_, Error>(content.take(300_000).chain(Failing)))
            }
            "panic" => {
                call.takes_octets().returns_octets(|content| Ok::<_, Error>(content.take(300_000).chain(Panicking)))
            }
            _ => call.takes_json().returns_json(|value: u32| Ok::<_, Error>(value)),
        }
    }
}

struct Invert<R>(R);

impl<R: Read> Read for Invert<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buf)?;
        buf[..count].iter_mut().for_each(|byte| *byte = !*byte);
        Ok(count)
    }
}

struct Triple<R> {
    content: R,
    left: Vec<u8>,
}

impl<R: Read> Read for Triple<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.left.is_empty() {
            let mut piece = [0; 10_000];
            let count = self.content.read(&mut piece)?;
            self.left = piece[..count].iter().flat_map(|&byte| [byte; 3]).collect();
        }
        let count = buf.len().min(self.left.len());
        buf[..count].copy_from_slice(&self.left[..count]);
        self.left.drain(..count);
        Ok(count)
    }
}

struct Tenth<R>(R);

impl<R: Read> Read for Tenth<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut piece = Vec::new();
        self.0.by_ref().take(10 * buf.len().min(1000) as u64).read_to_end(&mut piece)?;
        let count = piece.len().div_ceil(10);
        buf[..count].iter_mut().zip(piece.chunks(10)).for_each(|(byte, ten)| *byte = ten[0]);
        Ok(count)
    }
}

pub(crate) struct Failing;

impl Read for Failing {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the filter is clogged"))
    }
}

struct Panicking;

impl Read for Panicking {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        panic!("as the test wants")
    }
}

/// A pipe inside the process.
fn pipe() -> (impl io::Write + Send + 'static, impl Read + Send + 'static) {
    let (ours, theirs) = memory_pair();
    (ours, theirs)
}

/// Calls the filters over each transport. Those in memory have small buffers, so each side soon
/// waits.
pub(crate) fn over_each_transport(calls: impl Fn(&str, &Client)) {
    over("memory", memory_pair(), &calls);
    over("a memory of 8 KiB", memory_pair_with_capacity(8 * 1024), &calls);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let theirs = listener.accept().unwrap().0;
    over("TCP", (ours, theirs), &calls);
    #[cfg(unix)]
    over("a Unix socket", std::os::unix::net::UnixStream::pair().unwrap(), &calls);
    let (ours, theirs) = memory_pair_with_capacity(8 * 1024);
    over("records", (Records(ours), Records(theirs)), &calls);
    let (ours, theirs) = memory_pair_with_capacity(8 * 1024);
    let blind = Parts { control: None, ..Records(ours).into_parts().unwrap() };
    over("records that cannot wait for both directions", (blind, Records(theirs)), &calls);
    let (ours, theirs) = memory_pair();
    over("a wrapped writer", (BluntWriter(ours), theirs), &calls);
    #[cfg(unix)]
    {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        over("a pair of halves", ((ours.try_clone().unwrap(), ours), theirs), &calls);
    }
    #[cfg(feature = "tls")]
    {
        let (ours, theirs) = memory_pair_with_capacity(8 * 1024);
        over("TLS", shake_hands(ours, theirs).unwrap(), &calls);
        let (ours, theirs) = memory_pair_with_capacity(8 * 1024);
        let (ours, theirs) = shake_hands(ours, theirs).unwrap();
        over("TLS that cannot wait for both directions", (Parts { control: None, ..ours }, theirs), &calls);
    }
}

/// A transport that claims to wait for both directions, but whose writer cannot.
struct BluntWriter<T>(T);

impl<T: Transport> Transport for BluntWriter<T> {
    fn into_parts(self) -> io::Result<Parts> {
        let parts = self.0.into_parts()?;
        Ok(Parts { writer: Box::new(Blunt(parts.writer)), ..parts })
    }
}

struct Blunt(Box<dyn WriteHalf>);

impl WriteHalf for Blunt {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.0.write(bufs, until)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.0.finish(until)
    }
}

fn over(name: &str, (ours, theirs): (impl Transport, impl Transport), calls: impl Fn(&str, &Client)) {
    thread::scope(|scope| {
        scope.spawn(move || serve_connection(theirs, Filters));
        let client = Client::from_transport(ours).unwrap();
        calls(name, &client);
        in_step(name, &client);
    });
}

/// Checks that the connection serves the next call.
pub(crate) fn in_step(name: &str, client: &Client) {
    assert_eq!(client.call("echo").with(&7).json::<u32>().expect(name), 7, "over {name}");
}

pub(crate) fn filter<R: Read>(client: &Client, endpoint: &str, content: R) -> Result<OctetReader<'static, R>> {
    // so that both sides know that the other speaks revision 1
    assert_eq!(client.call("echo").with(&1).json::<u32>()?, 1);
    open(client, endpoint, content)
}

fn open<R: Read>(client: &Client, endpoint: &str, content: R) -> Result<OctetReader<'static, R>> {
    client.call(endpoint).with_octets(content).octets()
}
