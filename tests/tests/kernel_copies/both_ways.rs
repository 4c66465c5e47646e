//! Octets both ways with an empty request: its end is still sent while the reply is copied to a
//! file.

use std::io::{self, IoSlice, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use rpc_core::transport::{Parts, WriteHalf};
use rpc_core::{Client, Transport};
use rpc_tests::{watchdog, wire};

use super::{bytes, content, file};

/// Returns from its first write after the server has begun to reply.
struct Late {
    half: Box<dyn WriteHalf>,
    replied: Option<mpsc::Receiver<()>>,
}

impl WriteHalf for Late {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.half.write(bufs, until)
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = self.half.try_write(bufs)?;
        if let Some(replied) = self.replied.take() {
            replied.recv().unwrap();
        }
        Ok(written)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.half.finish(until)
    }
}

/// Reads a frame of less than 256 bytes; returns its type.
fn next_frame(far: &mut UnixStream) -> u8 {
    let mut header = [0; 6];
    far.read_exact(&mut header).unwrap();
    far.read_exact(&mut vec![0; header[2].into()]).unwrap();
    header[0]
}

/// The reply arrived before the client had sent the end of its empty request. Then the kernel moved
/// the reply, nothing sent the request's end, and a handler that waited for it hit the stall limit.
#[test]
fn an_empty_request_ends_while_its_reply_is_copied() {
    watchdog(|| {
        let (near, mut far) = UnixStream::pair().unwrap();
        let (begun, replied) = mpsc::channel();
        let entry = bytes(1 << 20);
        let frame = wire::more(&entry);
        let server = thread::spawn(move || {
            assert_eq!(next_frame(&mut far), wire::HEADER);
            // more than is copied before the kernel begins to move bytes, and less than a socket
            // holds
            let (first, rest) = frame.split_at(150_000);
            far.write_all(&[&wire::ok(4), first].concat()).unwrap();
            begun.send(()).unwrap();
            assert_eq!(next_frame(&mut far), wire::DATA);
            far.write_all(&[rest, &wire::data("")].concat()).unwrap();
            far.read_to_end(&mut Vec::new()).unwrap();
        });
        let parts = near.into_parts().unwrap();
        let parts = Parts { writer: Box::new(Late { half: parts.writer, replied: Some(replied) }), ..parts };
        let client = Client::from_transport(parts).unwrap();
        let into = file(b"");
        let count = client.call("x").with_octets(io::empty()).octets().unwrap().copy_to(&mut &into).unwrap();
        assert_eq!(count, 1 << 20);
        assert!(content(&into) == bytes(1 << 20));
        drop(client);
        server.join().unwrap();
    });
}
