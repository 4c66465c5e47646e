//! What a client does with a reply, up to the end of the call.

use crate::connection::Answer;

use super::super::model::{Found, Kind, Part, State, Steps, Truth};
use super::{At, Client, UseOfReply};

impl State {
    pub(super) fn client_answered(&mut self, found: Found) {
        let Found::Frame(frame) = found else { return self.client_ends() };
        let witness = self.witness[usize::from(self.client.call)];
        if frame.kind == Kind::Reset {
            self.ensure(!witness.ran, "a Reset says that a request never ran which ran");
            return self.client_ends();
        }
        self.ensure(frame.call == self.client.call, "the client takes a reply to another call for its own");
        let Some(header) = frame.kind.reply_header(self.bounds.agreed()) else {
            return self.ensure(false, "the client finds no header where the reply begins");
        };
        self.client.revision = Some(header.revision);
        let answer = self.client.turn.reply_header(&header);
        self.client.at = At::Reading;
        match answer {
            Ok(Answer::Body(body)) => self.client.reply = Part::first(Some(body)),
            Ok(Answer::Refused(_)) => {
                self.client.reply = Part::Ended;
                self.ensure(witness.refused, "a call is refused that was not");
            }
            Err(_) => self.ensure(false, "the client takes a reply for a violation"),
        }
        self.client_may_be_content();
    }

    /// Behind the reply's last byte its user believes what it was told.
    fn client_may_be_content(&mut self) {
        let Client { call, reply, use_of_reply, .. } = self.client;
        let witness = self.witness[usize::from(call)];
        if reply == Part::Ended && use_of_reply == UseOfReply::Wanted && !witness.refused {
            self.ensure(witness.reply == Truth::Complete, "a reply is taken for complete that is not");
        }
    }

    pub(super) fn client_is_answered(&self, steps: &mut Steps) {
        let Client { turn, out, reply, use_of_reply, .. } = &self.client;
        if *reply != Part::Ended {
            self.client_reads(steps, "client: reads a frame of the reply", State::client_reads_reply);
        } else if out.is_empty() && turn.over() {
            return self.fork(steps, "client: the call is over", State::client_settles);
        }
        if out.is_empty() && turn.must_stop() {
            return self.client_stops(steps);
        }
        if self.client.full_duplex() {
            self.client_source(steps);
        }
        match use_of_reply {
            UseOfReply::Wanted if *reply == Part::Octets => {
                self.fork(steps, "client: drops the reply", |s| s.client.use_of_reply = UseOfReply::Dropped);
            }
            UseOfReply::Dropped if out.is_empty() && *reply != Part::Ended => self.client_cancels(steps),
            _ => {}
        }
    }

    fn client_reads_reply(&mut self, found: Found) {
        let Found::Frame(frame) = found else { return self.client_ends() };
        if frame.kind == Kind::Reset {
            return self.client_ends();
        }
        self.ensure(frame.call == self.client.call, "the client takes a frame of another call for its own");
        let Some(part) = self.client.reply.behind(frame.kind) else {
            return self.ensure(false, "the client finds a frame where it does not belong");
        };
        self.client.reply = part;
        if part == Part::Ended {
            self.client.turn.reply_ended();
            if frame.kind == Kind::Trailer {
                self.client.use_of_reply = UseOfReply::Discarded;
            }
        }
        self.client_may_be_content();
    }

    /// The request is not wanted any more, or the reply has ended.
    fn client_stops(&self, steps: &mut Steps) {
        if self.client.turn.can_trail() {
            self.fork(steps, "client: stops the request", |s| s.client.write(Kind::Trailer));
        } else if self.client.reply == Part::Ended {
            self.fork(steps, "client: closes in place of stopping", State::client_ends);
        }
    }

    fn client_cancels(&self, steps: &mut Steps) {
        let turn = &self.client.turn;
        if !turn.can_trail() {
            self.fork(steps, "client: closes in place of cancelling", State::client_ends);
        } else if turn.sending() {
            self.fork(steps, "client: ends the request to cancel", |s| s.client.write(Kind::Trailer));
        } else if turn.may_cancel() {
            self.fork(steps, "client: cancels", |s| {
                s.client.use_of_reply = UseOfReply::Discarded;
                s.client.write(Kind::Trailer);
            });
        }
    }

    fn client_settles(&mut self) {
        if self.client.turn.reusable() {
            let Client { call, revision, .. } = self.client;
            self.client = Client { call: call + 1, revision, ..Client::new() };
        } else {
            self.client_ends();
        }
    }
}
