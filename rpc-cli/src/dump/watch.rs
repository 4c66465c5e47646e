//! What is made of a direction of a connection: lines, and a recording.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::decoder::{Decoder, Detail};
use super::excerpt;
use super::line::{Way, describe, line};
use super::printer::Printer;
use super::recording::{Recording, Side};
use super::relay::{End, Observer};

/// A connection whose lines are printed.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    pub(crate) number: u64,
    pub(crate) began: Instant,
    pub(crate) printer: Printer,
}

impl Lines {
    pub(crate) fn print(&self, way: Way, text: &str) {
        self.printer.print(line(self.number, way, self.began.elapsed(), text));
    }
}

/// Bytes that have come from each side.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    client: AtomicU64,
    server: AtomicU64,
}

impl Counts {
    fn add(&self, side: Side, count: usize) {
        let counter = match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        };
        counter.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_all(&self, other: &Counts) {
        self.client.fetch_add(other.client.load(Ordering::Relaxed), Ordering::Relaxed);
        self.server.fetch_add(other.server.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    pub(crate) fn describe(&self) -> String {
        let [client, server] = [&self.client, &self.server].map(|counter| counter.load(Ordering::Relaxed));
        format!("{client} bytes from the client, {server} from the server")
    }
}

/// Watches one direction.
pub(crate) struct Watch {
    pub(crate) side: Side,
    pub(crate) lines: Lines,
    pub(crate) decoder: Decoder,
    pub(crate) counts: Arc<Counts>,
    pub(crate) recording: Option<Arc<Recording>>,
}

impl Watch {
    pub(crate) fn new(
        side: Side,
        lines: &Lines,
        detail: Detail,
        counts: &Arc<Counts>,
        recording: &Option<Arc<Recording>>,
    ) -> Watch {
        let (lines, counts, recording) = (lines.clone(), Arc::clone(counts), recording.clone());
        Watch { side, lines, decoder: Decoder::new(detail), counts, recording }
    }

    fn way(&self) -> Way {
        match self.side {
            Side::Client => Way::FromClient,
            Side::Server => Way::FromServer,
        }
    }
}

impl Observer for Watch {
    fn bytes(&mut self, bytes: &[u8]) {
        self.counts.add(self.side, bytes.len());
        if let Some(recording) = &self.recording {
            recording.add(self.side, bytes);
        }
        let (lines, way) = (&self.lines, self.way());
        self.decoder.push(bytes, |event| lines.print(way, &describe(&event)));
    }

    fn ended(&mut self, end: End<'_>) {
        let (lines, way) = (&self.lines, self.way());
        self.decoder.finish(|event| lines.print(way, &describe(&event)));
        let text = match end {
            End::Clean => "end".to_owned(),
            End::OfChild(error) => format!("end: {}", excerpt::text(error.to_string().as_bytes())),
            End::Broken(error) => format!("broken: {}", excerpt::text(error.to_string().as_bytes())),
            End::Cut => "cut".to_owned(),
        };
        lines.print(way, &text);
        if let Some(recording) = &self.recording {
            recording.ended(self.side, &text);
        }
    }

    fn lost(&mut self, error: &io::Error) {
        let error = excerpt::text(error.to_string().as_bytes());
        self.lines.print(self.way(), &format!("the other side takes no more: {error}"));
    }
}
