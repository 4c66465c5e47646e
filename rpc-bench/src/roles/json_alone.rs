//! The JSON of a stream of items alone, without a socket or another process: one thread writes each
//! item into a buffer and reads it back, or only reads lines that are there.

use std::any::Any;

use super::Client;
use super::items::{Item, Tally};
use crate::plan::{Outcome, Plan};

/// The server has nothing to do, and no address.
pub(crate) fn serve() -> (String, Box<dyn Any>) {
    (String::new(), Box::new(()))
}

pub(crate) fn connect(plan: &Plan) -> Outcome<Box<dyn Client>> {
    Ok(Box::new(JsonAlone { count: plan.work.items()?, buffer: Vec::new() }))
}

struct JsonAlone {
    count: u32,
    buffer: Vec<u8>,
}

impl Client for JsonAlone {
    fn run(&mut self, times: u64) -> Outcome<()> {
        for _ in 0..times {
            let mut tally = Tally::default();
            for item in Item::all(self.count) {
                self.buffer.clear();
                serde_json::to_writer(&mut self.buffer, &item)?;
                tally.add(&serde_json::from_slice(&self.buffer)?);
            }
            tally.check(self.count)?;
        }
        Ok(())
    }
}

pub(crate) fn connect_reader(plan: &Plan) -> Outcome<Box<dyn Client>> {
    let count = plan.work.items()?;
    let lines: Result<Vec<String>, _> = Item::all(count).map(|item| serde_json::to_string(&item)).collect();
    Ok(Box::new(JsonRead { count, lines: lines?.join("\n") }))
}

struct JsonRead {
    count: u32,
    lines: String,
}

impl Client for JsonRead {
    fn run(&mut self, times: u64) -> Outcome<()> {
        for _ in 0..times {
            let mut tally = Tally::default();
            for line in self.lines.lines() {
                tally.add(&serde_json::from_str(line)?);
            }
            tally.check(self.count)?;
        }
        Ok(())
    }
}
