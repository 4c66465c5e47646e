//! A peer that follows a script, over memory.

use std::io::{self, Read, Write};
use std::thread;

use crate::transport::{MemoryStream, memory_pair};
use crate::{Dispatch, Ended, Result, ServerConfig, Transport, serve_connection_with};

use super::wire;

/// The other end of a connection, played by hand.
#[derive(Debug)]
pub struct ScriptedPeer {
    stream: MemoryStream,
    /// All bytes that have been received.
    pub received: Vec<u8>,
}

impl ScriptedPeer {
    /// Returns a peer and the transport that is connected to it.
    pub fn new() -> (ScriptedPeer, MemoryStream) {
        let (ours, theirs) = memory_pair();
        (ScriptedPeer { stream: ours, received: Vec::new() }, theirs)
    }

    /// Sends bytes. If the other side is gone, they are lost.
    pub fn send(&mut self, bytes: &[u8]) {
        _ = self.stream.write_all(bytes);
    }

    /// Reads until this many whole requests have arrived. Returns `false` if the other side ends
    /// first.
    pub fn await_requests(&mut self, count: usize) -> bool {
        while wire::request_ends(&self.received).len() < count {
            if !self.receive() {
                return false;
            }
        }
        true
    }

    /// Reads until `enough` returns `true` for the frames that have arrived. Returns `false` if the
    /// other side ends first.
    pub fn await_frames(&mut self, enough: impl Fn(&[wire::Frame]) -> bool) -> bool {
        while !enough(&wire::frames(&self.received)) {
            if !self.receive() {
                return false;
            }
        }
        true
    }

    /// Returns the types of the whole frames that have arrived, in order.
    pub fn kinds(&self) -> Vec<u8> {
        wire::frames(&self.received).iter().map(|frame| frame.kind).collect()
    }

    /// Reads until this many bytes have arrived, or the other side ends.
    pub fn await_bytes(&mut self, count: usize) {
        while self.received.len() < count && self.receive() {}
    }

    /// Reads until the other side ends.
    pub fn await_end(&mut self) {
        while self.receive() {}
    }

    /// Reads until a Reset frame has arrived, or the other side ends.
    pub fn await_reset(&mut self) {
        while !wire::frames(&self.received).iter().any(|frame| frame.kind == wire::RESET) && self.receive() {}
    }

    fn receive(&mut self) -> bool {
        let mut piece = [0; 64 * 1024];
        let count = self.stream.read(&mut piece).expect("memory does not fail");
        self.received.extend_from_slice(&piece[..count]);
        count > 0
    }
}

/// Serves a connection whose client sends these bytes and then ends its direction. Returns how the
/// connection ended, and what the server sent. `wrap` may wrap the transport.
///
/// # Panics
/// If the server panics.
pub fn serve_bytes<D, T>(
    client: &[u8],
    service: D,
    config: ServerConfig,
    wrap: impl FnOnce(MemoryStream) -> T,
) -> (Result<Ended>, Vec<u8>)
where
    D: Dispatch,
    T: Transport,
{
    let (ours, theirs) = memory_pair();
    let transport = wrap(theirs);
    let parts = ours.into_parts().expect("memory is always ready");
    let (mut reader, mut writer) = (parts.reader, parts.writer);
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut rest = client;
            while !rest.is_empty() {
                match writer.write(&[io::IoSlice::new(rest)], None) {
                    Ok(written) => rest = &rest[written..],
                    Err(_server_is_gone) => return,
                }
            }
        });
        let sent = scope.spawn(move || {
            let mut sent = Vec::new();
            let mut piece = vec![0; 64 * 1024];
            loop {
                match reader.read(&mut piece, None).expect("memory does not fail") {
                    0 => return sent,
                    count => sent.extend_from_slice(&piece[..count]),
                }
            }
        });
        let ended = serve_connection_with(transport, service, config);
        (ended, sent.join().expect("the reader does not panic"))
    })
}
