//! A client as [`crate::client`] drives one: the rules are its [`ClientTurn`]'s, the choices are
//! its user's.
//!
//! Where octets go both ways it reads while it writes. Otherwise it does one thing after the other,
//! and a write blocks.

mod reply;

use crate::connection::ClientTurn;
use crate::message::DataType;

use super::model::{CALLS, Few, Found, Frame, Kind, Part, State, Steps, Truth};

/// The data types of requests and replies.
const TYPES: [DataType; 4] =
    [DataType::None, DataType::MarshaledJson, DataType::Octets, DataType::MarshaledJsonThenOctets];

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Client {
    at: At,
    /// The number of the present call, or of the next.
    pub(super) call: u8,
    turn: ClientTurn,
    /// The server's revision, once a reply has said it.
    revision: Option<u32>,
    shape: (DataType, DataType),
    /// What is being written.
    out: Few,
    source: Source,
    reply: Part,
    use_of_reply: UseOfReply,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum At {
    Idle,
    /// Finding out what the server speaks.
    Pinging,
    /// Waiting for the reply's header, perhaps while it sends.
    Asking,
    /// Reading the reply, perhaps while it sends.
    Reading,
    /// A write has failed, and a reply may say why.
    Explaining,
    /// Waiting for the acknowledgement of Close.
    Closing,
    /// Behind its Reset, reading to the end.
    Ending,
    /// Gone, without waiting, as soon as Close is written.
    Leaving,
    Done,
}

/// The source of a request's octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    Open(u8),
    Ended,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum UseOfReply {
    Wanted,
    /// Not wanted any more; the server is to be told, unless all of it is here already.
    Dropped,
    /// Read for its end only.
    Discarded,
}

impl Client {
    pub(super) fn new() -> Client {
        Client {
            at: At::Idle,
            call: 0,
            turn: idle_turn(),
            revision: None,
            shape: (DataType::None, DataType::None),
            out: Few::default(),
            source: Source::Ended,
            reply: Part::Ended,
            use_of_reply: UseOfReply::Wanted,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.at == At::Done
    }

    pub(super) fn is_idle(&self) -> bool {
        self.at == At::Idle
    }

    fn full_duplex(&self) -> bool {
        self.shape.0.has_octets() && self.shape.1.has_octets()
    }

    /// Whether it may read or decide something, though something waits to be written.
    fn is_free(&self) -> bool {
        self.out.is_empty() || (self.full_duplex() && matches!(self.at, At::Asking | At::Reading))
    }

    fn write(&mut self, kind: Kind) {
        self.out.push(self.call, kind);
    }
}

/// Between calls no turn matters, and one of them all keeps the states few.
fn idle_turn() -> ClientTurn {
    ClientTurn::new(DataType::None, DataType::None, 0)
}

impl State {
    pub(super) fn client_steps(&self, steps: &mut Steps) {
        self.client_writes(steps);
        if matches!(self.client.at, At::Asking | At::Reading) {
            self.fork(steps, "outside: the client's time is up", State::client_ends);
        }
        if !self.client.is_free() {
            return;
        }
        match self.client.at {
            At::Idle => self.client_idles(steps),
            At::Pinging => self.client_reads(steps, "client: reads the answer to Ping", State::client_pinged),
            At::Asking => self.client_asks(steps),
            At::Reading => self.client_is_answered(steps),
            At::Explaining => self.client_reads(steps, "client: reads what may explain it", |s, _| s.client_ends()),
            At::Closing => self.client_reads(steps, "client: reads the answer to Close", State::client_closed),
            At::Ending => self.client_reads(steps, "client: reads to the end", |s, found| match found {
                Found::Frame(Frame { kind: Kind::Reset, .. }) | Found::End => s.client_ends(),
                Found::Frame(_) => {}
            }),
            At::Leaving => self.fork(steps, "client: leaves", State::client_ends),
            At::Done => {}
        }
    }

    fn client_ends(&mut self) {
        let Client { call, .. } = self.client;
        self.client = Client { at: At::Done, call, ..Client::new() };
        (self.to_server.finished, self.to_client.deaf) = (true, true);
    }

    fn client_reads(&self, steps: &mut Steps, what: &'static str, then: impl FnOnce(&mut State, Found)) {
        if let Some(found) = self.to_client.look() {
            self.fork(steps, what, |s| {
                s.to_client.frames.pop();
                then(s, found);
            });
        }
    }

    fn client_writes(&self, steps: &mut Steps) {
        if self.client.out.is_empty() {
            return;
        }
        if self.to_server.deaf {
            self.fork(steps, "client: its write fails", |s| {
                s.client.out = Few::default();
                match s.client.at {
                    At::Asking => s.client.at = At::Explaining,
                    _ => s.client_ends(),
                }
            });
        } else if self.to_server.frames.len() < self.bounds.capacity {
            self.fork(steps, "client: writes a frame", State::client_wrote);
        }
    }

    fn client_wrote(&mut self) {
        let Some(frame) = self.client.out.pop() else { return };
        let sent = self.to_server.send(frame, self.bounds.server);
        self.ensure(sent.is_ok(), sent.err().unwrap_or_default());
        let Client { at, out, source, turn, .. } = &mut self.client;
        match frame.kind {
            Kind::Reset if *at == At::Ending => self.to_server.finished = true,
            Kind::Reset => self.client_ends(),
            Kind::Trailer if turn.sending() => turn.request_stopped(),
            Kind::Trailer => turn.cancelled(),
            _ if out.is_empty() && turn.sending() && *source == Source::Ended => turn.request_ended(),
            _ => {}
        }
    }

    fn client_idles(&self, steps: &mut Steps) {
        if let Some(found) = self.to_client.look() {
            self.fork(steps, "client: looks, the server has gone", |s| {
                let gone = matches!(found, Found::End | Found::Frame(Frame { kind: Kind::Reset, .. }));
                s.ensure(gone, "a frame comes between two calls");
                s.client_ends();
            });
        }
        self.fork(steps, "client: hangs up", State::client_ends);
        self.fork(steps, "client: closes", |s| {
            s.client.at = At::Closing;
            s.client.write(Kind::Close);
        });
        self.fork(steps, "client: closes and does not wait", |s| {
            s.client.at = At::Leaving;
            s.client.write(Kind::Close);
        });
        if self.client.call < CALLS {
            self.client_may_call(steps, DataType::Control, DataType::MarshaledJson);
            for body in TYPES {
                for accept in TYPES {
                    self.client_may_call(steps, body, accept);
                }
            }
        }
    }

    fn client_may_call(&self, steps: &mut Steps, body: DataType, accept: DataType) {
        let together = [body, accept].contains(&DataType::MarshaledJsonThenOctets);
        match self.client.revision {
            Some(0) if together => {}
            None if together => self.fork(steps, "client: pings", |s| {
                s.client.shape = (body, accept);
                s.client.at = At::Pinging;
                s.client.turn = ClientTurn::new(DataType::Control, DataType::Control, 0);
                s.client.write(Kind::Ping);
            }),
            _ => self.fork(steps, "client: begins a call", |s| {
                s.client.shape = (body, accept);
                s.client_begins();
            }),
        }
    }

    fn client_begins(&mut self) {
        let frames = self.bounds.frames;
        let client = &mut self.client;
        let (body, accept) = client.shape;
        client.turn = ClientTurn::new(body, accept, client.revision.unwrap_or(0));
        client.at = At::Asking;
        client.write(Kind::Request { body, accept });
        if body.has_json() {
            client.out.push_json(client.call);
        }
        client.source = if body.has_octets() { Source::Open(frames) } else { Source::Ended };
        client.use_of_reply = UseOfReply::Wanted;
        let complete = client.source == Source::Ended;
        self.witness[usize::from(client.call)].request = if complete { Truth::Complete } else { Truth::Open };
    }

    fn client_pinged(&mut self, found: Found) {
        let revision = self.bounds.agreed();
        let header = match found {
            Found::Frame(frame) => frame.kind.reply_header(revision),
            Found::End => None,
        };
        let Some(header) = header else { return self.client_ends() };
        let answered = self.client.turn.reply_header(&header);
        self.ensure(answered.is_ok() && self.client.turn.reusable(), "a Ping leaves the connection unusable");
        self.client.revision = Some(revision);
        if revision == 0 {
            // the caller is told that the server cannot do this
            self.client = Client { revision: Some(0), call: self.client.call, ..Client::new() };
        } else {
            self.client_begins();
        }
    }

    /// Sends the request, looks for a reply or does not, or waits for it.
    fn client_asks(&self, steps: &mut Steps) {
        let client = &self.client;
        if !client.turn.sending() || client.full_duplex() {
            self.client_reads(steps, "client: reads the reply's header", State::client_answered);
        } else {
            self.client_looks(steps);
        }
        self.client_source(steps);
    }

    /// Before each frame, and before the end of the body. One of revision 0 never does.
    fn client_looks(&self, steps: &mut Steps) {
        let may_look = self.bounds.client > 0 && matches!(self.client.source, Source::Open(_));
        if may_look && !self.to_client.frames.is_empty() {
            self.client_reads(steps, "client: looks, and reads the reply's header", State::client_answered);
        }
    }

    /// What the source of the request does.
    fn client_source(&self, steps: &mut Steps) {
        let Client { turn, source: Source::Open(left), out, use_of_reply: UseOfReply::Wanted, .. } = &self.client
        else {
            return;
        };
        if !out.is_empty() || !turn.sending() || turn.must_stop() {
            return;
        }
        if let Some(left) = left.checked_sub(1) {
            self.fork(steps, "client: its source gives a frame", |s| {
                s.client.source = Source::Open(left);
                s.client.write(Kind::Data { last: false });
            });
        }
        self.fork(steps, "client: its source ends", |s| {
            s.client.source = Source::Ended;
            s.witness[usize::from(s.client.call)].request = Truth::Complete;
            s.client.write(Kind::Data { last: true });
        });
        self.fork(steps, "client: its source fails", |s| {
            s.client.source = Source::Failed;
            s.client.use_of_reply = UseOfReply::Discarded;
            s.client.write(if s.client.turn.can_trail() { Kind::Trailer } else { Kind::Reset });
        });
    }

    fn client_closed(&mut self, found: Found) {
        match found {
            Found::Frame(Frame { kind: Kind::Ok(DataType::Control), .. }) => {
                self.client.at = At::Ending;
                self.client.write(Kind::Reset);
            }
            Found::Frame(Frame { kind: Kind::Reset, .. }) | Found::End => self.client_ends(),
            Found::Frame(_) => self.ensure(false, "the client finds no acknowledgement of Close"),
        }
    }
}
