//! A handler whose stream reports when it is read and dropped, and yields bytes only when allowed.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, mpsc};

use rpc_core::{Call, Contract, Contracts, Dispatch, Error, Served};

/// Bytes of the largest frame of a stream.
pub(crate) const FRAME: usize = 512 * 1024;

#[derive(Clone)]
pub(crate) struct Spring {
    reports: mpsc::Sender<&'static str>,
    gate: Option<Arc<Mutex<mpsc::Receiver<()>>>>,
}

const CONTRACT: Contract = Contract::new("Spring");

/// Returns a handler whose streams flow freely, and the receiver of their reports.
pub(crate) fn spring() -> (Spring, mpsc::Receiver<&'static str>) {
    let (reports, received) = mpsc::channel();
    (Spring { reports, gate: None }, received)
}

/// Returns a handler whose streams yield ten bytes for each message to the gate, and end when the
/// gate is dropped.
pub(crate) fn gated() -> (Spring, mpsc::Receiver<&'static str>, mpsc::Sender<()>) {
    let (spring, reports) = spring();
    let (go, gate) = mpsc::channel();
    (Spring { gate: Some(Arc::new(Mutex::new(gate))), ..spring }, reports, go)
}

impl Dispatch for Spring {
    fn contracts(&self) -> Contracts {
        (&CONTRACT).into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        let (what, count) = call.endpoint().split_once(' ').unwrap_or((call.endpoint(), ""));
        let left = count.parse().unwrap_or(usize::MAX);
        let water = || Water { left, reports: self.reports.clone(), gate: self.gate.clone() };
        match what {
            "echo" => call.takes_json().returns_json(|text: String| Ok::<_, Error>(text)),
            "flow" => call.takes_json().returns_octets(|()| Ok::<_, Error>(water())),
            "label" => call.takes_json().returns_json_and_octets(|()| Ok::<_, Error>(("a label".to_owned(), water()))),
            "take" => {
                call.takes_octets().returns_json(|mut content| Ok::<_, Error>(io::copy(&mut content, &mut io::sink())?))
            }
            _ => call.unknown_endpoint(),
        }
    }
}

/// Reports when it is dropped, and before it waits at its gate.
pub(crate) struct Water {
    left: usize,
    reports: mpsc::Sender<&'static str>,
    gate: Option<Arc<Mutex<mpsc::Receiver<()>>>>,
}

impl Read for Water {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut count = buf.len().min(self.left);
        if let Some(gate) = &self.gate {
            _ = self.reports.send("waits");
            if gate.lock().unwrap().recv().is_err() {
                return Ok(0);
            }
            count = 10;
        }
        buf[..count].fill(7);
        self.left -= count;
        Ok(count)
    }
}

impl Drop for Water {
    fn drop(&mut self) {
        // the test may have ended
        _ = self.reports.send("dropped");
    }
}
