//! A handler whose stream tells when it is read and dropped, and gives only what it may.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, mpsc};

use rpc_core::{Call, Contract, Dispatch, Error, Served};

/// Bytes of the largest frame of a stream.
pub(crate) const FRAME: usize = 512 * 1024;

#[derive(Clone)]
pub(crate) struct Spring {
    told: mpsc::Sender<&'static str>,
    gate: Option<Arc<Mutex<mpsc::Receiver<()>>>>,
}

const CONTRACT: Contract = Contract::new("Spring");

/// A handler whose streams flow freely, and where they tell what happens to them.
pub(crate) fn spring() -> (Spring, mpsc::Receiver<&'static str>) {
    let (told, tellings) = mpsc::channel();
    (Spring { told, gate: None }, tellings)
}

/// A handler whose streams give ten bytes each time that they may, and end when nobody is left who could say so.
pub(crate) fn gated() -> (Spring, mpsc::Receiver<&'static str>, mpsc::Sender<()>) {
    let (spring, told) = spring();
    let (go, gate) = mpsc::channel();
    (Spring { gate: Some(Arc::new(Mutex::new(gate))), ..spring }, told, go)
}

impl Dispatch for Spring {
    fn contract(&self) -> &'static Contract {
        &CONTRACT
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        let (what, count) = call.endpoint().split_once(' ').unwrap_or((call.endpoint(), ""));
        let left = count.parse().unwrap_or(usize::MAX);
        let water = || Water { left, told: self.told.clone(), gate: self.gate.clone() };
        match what {
            "echo" => call.takes_json().returns_json(|text: String| Ok::<_, Error>(text)),
            "flow" => call.takes_json().returns_octets(|()| Ok::<_, Error>(water())),
            "label" => call.takes_json().returns_json_and_octets(|()| Ok::<_, Error>(("a label".to_owned(), water()))),
            "take" => {
                call.takes_octets().returns_json(|mut content| Ok::<_, Error>(io::copy(&mut content, &mut io::sink())?))
            }
            _ => call.unknown_endpoint(&CONTRACT),
        }
    }
}

/// Tells when it is dropped, and before it waits at its gate.
pub(crate) struct Water {
    left: usize,
    told: mpsc::Sender<&'static str>,
    gate: Option<Arc<Mutex<mpsc::Receiver<()>>>>,
}

impl Read for Water {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut count = buf.len().min(self.left);
        if let Some(gate) = &self.gate {
            _ = self.told.send("waits");
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
        // a test that is over listens no more
        _ = self.told.send("dropped");
    }
}
