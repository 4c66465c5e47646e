//! What both models share: frames without their bytes, the two lanes between them, and what really
//! happened.

use crate::message::{DataType, ReplyHeader, RequestHeader, Status};

use super::client::Client;
use super::server::Server;

/// Calls one after the other on the connection.
pub(super) const CALLS: u8 = 2;

/// Frames of a JSON message.
const JSON_FRAMES: usize = 2;

/// What one search covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Bounds {
    /// The revisions that the two sides speak.
    pub(super) client: u32,
    pub(super) server: u32,
    /// Frames that a lane holds while nobody reads.
    pub(super) capacity: usize,
    /// Frames that a source of octets gives at most, before its end.
    pub(super) frames: u8,
}

impl Bounds {
    /// The revision that one side learns from the other's headers, and acts by.
    pub(super) fn agreed(&self) -> u32 {
        self.client.min(self.server)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Request { body: DataType, accept: DataType },
    Ping,
    Close,
    Ok(DataType),
    Refused(Status),
    Data { last: bool },
    Trailer,
    Reset,
}

/// A frame, and the number of the call that it was sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Frame {
    pub(super) call: u8,
    pub(super) kind: Kind,
}

impl Kind {
    pub(super) fn request_header(self, revision: u32) -> RequestHeader<'static> {
        let (endpoint, body, accept) = match self {
            Kind::Request { body: DataType::Control, accept } => ("Describe", DataType::Control, accept),
            Kind::Request { body, accept } => ("call", body, accept),
            Kind::Ping => ("Ping", DataType::Control, DataType::Control),
            _ => ("Close", DataType::Control, DataType::Control),
        };
        RequestHeader { revision, ..RequestHeader::new(endpoint, body, accept) }
    }

    /// The header of a reply, if this is one.
    pub(super) fn reply_header(self, revision: u32) -> Option<ReplyHeader<'static>> {
        let header = match self {
            Kind::Ok(body) => ReplyHeader::ok(body),
            Kind::Refused(status) => ReplyHeader::refusal(status, "no"),
            _ => return None,
        };
        Some(ReplyHeader { revision, ..header })
    }
}

/// A few frames in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Few([Option<Frame>; 4]);

impl Few {
    pub(super) fn front(&self) -> Option<Frame> {
        self.0[0]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().flatten().count()
    }

    pub(super) fn push(&mut self, call: u8, kind: Kind) {
        let end = self.len();
        self.0[end] = Some(Frame { call, kind });
    }

    pub(super) fn push_json(&mut self, call: u8) {
        for left in (0..JSON_FRAMES).rev() {
            self.push(call, Kind::Data { last: left == 0 });
        }
    }

    pub(super) fn pop(&mut self) -> Option<Frame> {
        let first = self.0[0].take();
        self.0.rotate_left(1);
        first
    }
}

/// One direction of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Lane {
    pub(super) frames: Few,
    /// Its writer is gone, or has ended it.
    pub(super) finished: bool,
    /// Its reader is gone.
    pub(super) deaf: bool,
    reset: bool,
}

/// What a read finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Frame(Frame),
    End,
}

impl Lane {
    /// What a read finds now; `None` where it would block.
    pub(super) fn look(&self) -> Option<Found> {
        match self.frames.front() {
            Some(frame) => Some(Found::Frame(frame)),
            None => self.finished.then_some(Found::End),
        }
    }

    pub(super) fn is(&self, kind: Kind) -> bool {
        self.frames.front().is_some_and(|frame| frame.kind == kind)
    }

    /// Puts a frame on the way to a peer of this revision; what must not be there is a fault.
    pub(super) fn send(&mut self, frame: Frame, revision: u32) -> Result<(), &'static str> {
        if self.reset || self.finished {
            return Err("something is sent behind the end of a direction");
        }
        if frame.kind == Kind::Trailer && revision == 0 {
            return Err("a Trailer is sent towards revision 0");
        }
        self.reset = frame.kind == Kind::Reset;
        self.frames.push(frame.call, frame.kind);
        Ok(())
    }
}

/// Where a reader stands in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Ended,
    Json { then_octets: bool },
    Octets,
}

impl Part {
    pub(super) fn first(body: Option<DataType>) -> Part {
        match body {
            Some(body) if body.has_json() => Part::Json { then_octets: body.has_octets() },
            Some(DataType::Octets) => Part::Octets,
            _ => Part::Ended,
        }
    }

    /// The state after a frame; `None` if the frame does not belong there.
    pub(super) fn behind(self, kind: Kind) -> Option<Part> {
        match (self, kind) {
            (Part::Ended, _) => None,
            (_, Kind::Trailer) => Some(Part::Ended),
            (part, Kind::Data { last: false }) => Some(part),
            (Part::Json { then_octets: true }, Kind::Data { last: true }) => Some(Part::Octets),
            (_, Kind::Data { last: true }) => Some(Part::Ended),
            _ => None,
        }
    }
}

/// What a body's sender knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Truth {
    #[default]
    Open,
    Complete,
}

/// What really happened in a call, against which the claims of the machines are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Witness {
    pub(super) ran: bool,
    pub(super) refused: bool,
    pub(super) request: Truth,
    pub(super) reply: Truth,
}

/// Everything at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) bounds: Bounds,
    pub(super) client: Client,
    pub(super) server: Server,
    pub(super) to_server: Lane,
    pub(super) to_client: Lane,
    pub(super) witness: [Witness; CALLS as usize],
    pub(super) fault: Option<&'static str>,
}

/// What can happen next: what it is called, and where it leads. What is called `outside` need not
/// happen.
pub(super) type Steps = Vec<(&'static str, State)>;

impl State {
    pub(super) fn new(bounds: Bounds) -> State {
        State {
            bounds,
            client: Client::new(),
            server: Server::new(),
            to_server: Lane::default(),
            to_client: Lane::default(),
            witness: [Witness::default(); CALLS as usize],
            fault: None,
        }
    }

    /// All that can happen next.
    pub(super) fn steps(&self) -> Steps {
        let mut steps = Steps::new();
        self.client_steps(&mut steps);
        self.server_steps(&mut steps);
        steps
    }

    /// Adds what follows from a change.
    pub(super) fn fork(&self, steps: &mut Steps, what: &'static str, change: impl FnOnce(&mut State)) {
        let mut next = self.clone();
        change(&mut next);
        next.forget();
        steps.push((what, next));
    }

    pub(super) fn ensure(&mut self, holds: bool, otherwise: &'static str) {
        if !holds {
            self.fault.get_or_insert(otherwise);
        }
    }

    /// What both sides have behind them makes no difference any more.
    fn forget(&mut self) {
        let behind = self.client.call.min(self.server.call);
        for call in 0..behind.min(CALLS) {
            self.witness[usize::from(call)] = Witness::default();
        }
    }

    /// Whether nothing happens any more, given what can, though not both sides are done.
    pub(super) fn is_stuck(&self, steps: &Steps) -> bool {
        let done = self.client.is_done() && self.server.is_done();
        !done && steps.iter().all(|(what, _)| what.starts_with("outside"))
    }

    /// What is wrong here, if anything is.
    pub(super) fn verdict(&self) -> Option<&'static str> {
        if self.fault.is_some() || !self.client.is_idle() || self.client.call == 0 {
            return self.fault;
        }
        let call = self.client.call;
        if self.server.gave_up(call - 1) {
            return Some("the client goes on behind a call at which the server has given up");
        }
        if !self.server.awaits(call) {
            return None;
        }
        let late = self.to_server.frames;
        let only_a_cancel =
            late.len() <= 1 && late.front().is_none_or(|frame| frame.kind == Kind::Trailer && frame.call == call - 1);
        (!self.to_client.frames.is_empty() || !only_a_cancel).then_some("both are in step, and something is on the way")
    }
}
