//! A client of our server, written by hand for this one call: it encodes the argument, writes both
//! frames at once, and reads the reply's frames through a buffer. It has no limits and no timeouts,
//! and only reports whether there was an error.

use std::fs::File;
use std::io::{BufReader, Read, Write};

use serde::Deserialize;

use super::Client;
use super::socket;
use crate::plan::{Order, Outcome, Plan, Receipt};

const FRAME_HEADER: usize = 6;

pub(crate) fn connect(plan: &Plan, address: &str) -> Outcome<Box<dyn Client>> {
    let request = &plan.recorded.request;
    let header_end = FRAME_HEADER + payload_len(request)?;
    let header = request.get(..header_end).ok_or("the recorded request is truncated")?.to_vec();
    let mut hand = Hand {
        replies: BufReader::new(socket::connect(plan, address)?),
        order: Order::sample(),
        header,
        out: Vec::new(),
        payload: Vec::new(),
    };
    hand.encode()?;
    if hand.out != *request {
        return Err("the hand-written request differs from the recorded one".into());
    }
    Ok(Box::new(hand))
}

/// Returns the payload length of the frame that begins here.
fn payload_len(frame: &[u8]) -> Outcome<usize> {
    let length = frame.get(2..FRAME_HEADER).ok_or("a frame is truncated")?;
    Ok(usize::try_from(u32::from_le_bytes(length.try_into()?))?)
}

struct Hand {
    replies: BufReader<File>,
    order: Order,
    /// The recorded frame of the header.
    header: Vec<u8>,
    out: Vec<u8>,
    payload: Vec<u8>,
}

#[derive(Deserialize)]
struct ReplyHeader {
    #[serde(rename = "Error")]
    status: u32,
}

impl Hand {
    fn encode(&mut self) -> Outcome<()> {
        self.out.clear();
        self.out.extend_from_slice(&self.header);
        let frame = self.out.len();
        self.out.extend_from_slice(&[2, 1, 0, 0, 0, 0]);
        serde_json::to_writer(&mut self.out, &self.order)?;
        let length = u32::try_from(self.out.len() - frame - FRAME_HEADER)?;
        self.out[frame + 2..frame + FRAME_HEADER].copy_from_slice(&length.to_le_bytes());
        Ok(())
    }

    /// Reads a frame, which must be the only one of its message.
    fn frame(&mut self, kind: u8) -> Outcome<&[u8]> {
        let mut header = [0; FRAME_HEADER];
        self.replies.read_exact(&mut header)?;
        if header[..2] != [kind, 1] {
            return Err("unexpected frame".into());
        }
        self.payload.resize(payload_len(&header)?, 0);
        self.replies.read_exact(&mut self.payload)?;
        Ok(&self.payload)
    }
}

impl Client for Hand {
    fn run(&mut self, times: u64) -> Outcome<()> {
        for _ in 0..times {
            self.encode()?;
            self.replies.get_mut().write_all(&self.out)?;
            let header: ReplyHeader = serde_json::from_slice(self.frame(1)?)?;
            if header.status != 1 {
                return Err("the call failed".into());
            }
            let receipt: Receipt = serde_json::from_slice(self.frame(2)?)?;
            receipt.check()?;
        }
        Ok(())
    }
}
