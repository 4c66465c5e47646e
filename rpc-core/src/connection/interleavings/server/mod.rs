//! A server as [`crate::server`] drives one: the rules are its [`ServerTurn`]'s, the choices are
//! its handler's.
//!
//! It does one thing after the other, and a write blocks. Of revision 0 it leaves unread what its
//! handler did not read, as the original does.

mod reply;

use crate::connection::{ServerTurn, Wanted};
use crate::message::{DataType, Status};

use super::model::{Few, Found, Frame, Kind, Part, State, Steps, Truth};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Server {
    at: At,
    /// The number of the present call, or of the next.
    pub(super) call: u8,
    turn: ServerTurn,
    /// What is being written.
    out: Few,
    request: Part,
    /// Frames that the reply's source has left.
    source: u8,
    /// A Trailer before the next header is a cancel that came too late.
    late_cancel: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum At {
    Awaiting,
    /// Reading the request's JSON.
    Json,
    /// The handler runs, and may read the request's octets.
    Handling,
    /// Passing over what is here of the request, before the reply.
    Skipping(Result<(), Status>),
    /// Throwing away the request before the reply's body.
    DiscardingFirst,
    /// Sending the reply's octets.
    Sending,
    /// The reply is written.
    Replied,
    /// The last frame is written; reading to the end.
    Ending {
        gave_up: bool,
    },
    /// Of revision 0 and out of step: what is left of a request is taken for the next.
    Lost,
    Done,
}

impl Server {
    pub(super) fn new() -> Server {
        Server {
            at: At::Awaiting,
            call: 0,
            turn: idle_turn(),
            out: Few::default(),
            request: Part::Ended,
            source: 0,
            late_cancel: false,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.at == At::Done
    }

    /// Whether it waits for the call of this number.
    pub(super) fn awaits(&self, call: u8) -> bool {
        self.at == At::Awaiting && self.call == call && self.out.is_empty()
    }

    /// Whether it serves nothing after the call of this number, although nothing ended it.
    pub(super) fn gave_up(&self, call: u8) -> bool {
        self.call == call && matches!(self.at, At::Lost | At::Ending { gave_up: true })
    }

    fn write(&mut self, kind: Kind) {
        self.out.push(self.call, kind);
    }

    fn request_ended(&self) -> bool {
        self.request == Part::Ended
    }

    fn end(&mut self, gave_up: bool) {
        self.at = At::Ending { gave_up };
        self.write(Kind::Reset);
    }
}

/// Between calls no turn matters, and one of them all keeps the states few.
fn idle_turn() -> ServerTurn {
    ServerTurn::new(&Kind::Close.request_header(0))
}

impl State {
    pub(super) fn server_steps(&self, steps: &mut Steps) {
        if !matches!(self.server.at, At::Awaiting | At::Done) {
            self.fork(steps, "outside: the server is cut off", State::server_ends);
        }
        if !self.server.out.is_empty() {
            return self.server_writes(steps);
        }
        match self.server.at {
            At::Awaiting => self.server_awaits(steps),
            At::Json => self.server_reads_json(steps),
            At::Handling => self.server_handles(steps),
            At::Skipping(answer) => self.server_skips(steps, answer),
            At::DiscardingFirst => self.server_discards(steps, State::server_sends_body),
            At::Sending => self.server_sends(steps),
            At::Replied => self.server_replied(steps),
            At::Ending { .. } | At::Lost => self.server_reads(steps, "server: reads to the end", |_, _| {}),
            At::Done => {}
        }
    }

    fn server_ends(&mut self) {
        let Server { call, .. } = self.server;
        self.server = Server { at: At::Done, call, ..Server::new() };
        (self.to_client.finished, self.to_server.deaf) = (true, true);
    }

    /// Reads what comes next. Behind a Reset nothing is answered; the end of the stream breaks a
    /// request, and costs nothing between two.
    fn server_reads(&self, steps: &mut Steps, what: &'static str, then: impl FnOnce(&mut State, Frame)) {
        let Some(found) = self.to_server.look() else { return };
        self.fork(steps, what, |s| {
            s.to_server.frames.pop();
            match found {
                Found::Frame(Frame { kind: Kind::Reset, .. }) => s.server_ends(),
                Found::Frame(frame) => then(s, frame),
                Found::End if matches!(s.server.at, At::Awaiting | At::Ending { .. } | At::Lost) => s.server_ends(),
                Found::End => s.server_breaks(),
            }
        });
    }

    /// The request broke. A Reset says that it has not run, or ends a reply that has begun.
    fn server_breaks(&mut self) {
        let ran = self.witness[usize::from(self.server.call)].ran;
        if ran && self.server.turn.reply_owed() {
            self.server.at = At::Ending { gave_up: true };
            self.to_client.finished = true;
        } else {
            self.server.end(true);
        }
    }

    fn server_writes(&self, steps: &mut Steps) {
        // an original reply that is JSON is one small write, which a transport holds
        let small = self.bounds.server == 0 && !self.server.turn.accept.is_some_and(DataType::has_octets);
        if self.to_client.deaf {
            self.fork(steps, "server: its write fails", State::server_ends);
        } else if small || self.to_client.frames.len() < self.bounds.capacity {
            self.fork(steps, "server: writes a frame", State::server_wrote);
        }
    }

    fn server_wrote(&mut self) {
        let Some(frame) = self.server.out.pop() else { return };
        let sent = self.to_client.send(frame, self.bounds.client);
        self.ensure(sent.is_ok(), sent.err().unwrap_or_default());
        if frame.kind == Kind::Reset {
            self.to_client.finished = true;
        }
    }

    fn server_awaits(&self, steps: &mut Steps) {
        self.fork(steps, "outside: the server shuts down", |s| s.server.end(false));
        self.server_reads(steps, "server: reads a request's header", |s, frame| match frame.kind {
            Kind::Trailer => {
                s.ensure(s.server.late_cancel, "a Trailer comes where a header is due");
                s.ensure(frame.call + 1 == s.server.call, "a Trailer is skipped that is no late cancel");
                s.server.late_cancel = false;
            }
            Kind::Request { .. } | Kind::Ping | Kind::Close => s.server_begins(frame),
            _ => s.ensure(false, "the server takes a frame of an old call for a header"),
        });
    }

    fn server_begins(&mut self, frame: Frame) {
        let turn = ServerTurn::new(&frame.kind.request_header(self.bounds.agreed()));
        let server = &mut self.server;
        server.turn = turn;
        server.request = Part::first(turn.request);
        server.late_cancel = turn.can_trail();
        match turn.wanted {
            Wanted::Close => {
                server.write(Kind::Ok(DataType::Control));
                server.end(false);
            }
            Wanted::Describe if self.bounds.server == 0 => self.server_refused(Status::RequestError),
            Wanted::Call | Wanted::Describe => {
                let ours = frame.call == server.call;
                server.at = if turn.request.is_some_and(DataType::has_json) { At::Json } else { At::Handling };
                self.ensure(ours, "the server takes a request for another call");
            }
            Wanted::Ping | Wanted::UnknownControl => {
                let known = self.bounds.server > 0;
                server.at = At::Replied;
                server.write(if known { Kind::Ok(DataType::Control) } else { Kind::Refused(Status::RequestError) });
            }
        }
    }

    /// Reads a frame of the request, and goes on.
    fn server_reads_request(&self, steps: &mut Steps, what: &'static str, then: impl FnOnce(&mut State, Kind)) {
        self.server_reads(steps, what, |s, frame| {
            s.ensure(frame.call == s.server.call, "the server takes a frame of another call for this one's");
            match s.server.request.behind(frame.kind) {
                Some(part) => s.server.request = part,
                None => s.ensure(false, "the server finds a frame where it does not belong"),
            }
            then(s, frame.kind);
        });
    }

    /// A final frame is taken for the end of a complete request.
    fn server_believes(&mut self, kind: Kind) {
        if self.server.request_ended() && kind != Kind::Trailer {
            let witness = self.witness[usize::from(self.server.call)];
            self.ensure(witness.request == Truth::Complete, "a request is taken for complete that is not");
        }
    }

    fn server_reads_json(&self, steps: &mut Steps) {
        self.server_refuses(steps, "server: refuses the request", Status::RequestError);
        self.server_reads_request(steps, "server: reads a frame of JSON", |s, kind| {
            s.server_believes(kind);
            match (s.server.request, kind) {
                (_, Kind::Trailer) => s.server_refused(Status::RequestError),
                (Part::Json { .. }, _) => {}
                _ => s.server.at = At::Handling,
            }
        });
    }

    fn server_refuses(&self, steps: &mut Steps, what: &'static str, status: Status) {
        self.fork(steps, what, |s| s.server_refused(status));
    }

    fn server_refused(&mut self, status: Status) {
        self.witness[usize::from(self.server.call)].refused = true;
        self.server.at = At::Skipping(Err(status));
    }

    fn server_handles(&self, steps: &mut Steps) {
        if !self.witness[usize::from(self.server.call)].ran {
            self.server_refuses(steps, "server: refuses to run the handler", Status::RequestError);
            return self.fork(steps, "server: runs the handler", |s| {
                s.witness[usize::from(s.server.call)].ran = true;
            });
        }
        if !self.server.request_ended() {
            self.server_reads_request(steps, "server: the handler reads a frame", State::server_believes);
        }
        self.server_refuses(steps, "server: the handler fails", Status::Error);
        self.fork(steps, "server: the handler answers", |s| s.server.at = At::Skipping(Ok(())));
    }
}
