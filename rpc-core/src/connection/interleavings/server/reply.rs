//! What a server does after its handler: the reply, and the rest of the request.

use crate::connection::Wanted;
use crate::message::{DataType, Status};

use super::super::model::{Kind, State, Steps, Truth};
use super::{At, Server};

impl State {
    /// Passes over what was read ahead of the request, as much as that happens to be, and then
    /// replies.
    pub(super) fn server_skips(&self, steps: &mut Steps, answer: Result<(), Status>) {
        let goes_on = self.server.turn.full_duplex() && answer.is_ok();
        if !goes_on && !self.server.request_ended() && self.bounds.server > 0 && !self.to_server.frames.is_empty() {
            self.server_reads_request(steps, "server: passes over a frame", |_, _| {});
        }
        self.fork(steps, "server: begins the reply", |s| {
            s.server.turn.reply_begun();
            match answer {
                Ok(()) => s.server_accepts(),
                Err(status) => {
                    s.server.write(Kind::Refused(status));
                    s.server.at = At::Replied;
                }
            }
        });
    }

    fn server_accepts(&mut self) {
        let server = &mut self.server;
        let accept = server.turn.accept.unwrap_or(DataType::None);
        server.write(Kind::Ok(accept));
        let discard_first = !server.request_ended() && !server.turn.full_duplex() && self.bounds.server > 0;
        if discard_first && accept.has_body() {
            server.at = At::DiscardingFirst;
        } else {
            self.server_sends_body();
        }
    }

    pub(super) fn server_sends_body(&mut self) {
        let server = &mut self.server;
        let witness = &mut self.witness[usize::from(server.call)];
        let accept = server.turn.accept.unwrap_or(DataType::None);
        if accept.has_json() {
            server.out.push_json(server.call);
        }
        if accept.has_octets() {
            (server.at, server.source) = (At::Sending, self.bounds.frames);
        } else {
            (server.at, witness.reply) = (At::Replied, Truth::Complete);
        }
    }

    pub(super) fn server_discards(&self, steps: &mut Steps, then: impl FnOnce(&mut State)) {
        if self.server.request_ended() {
            self.fork(steps, "server: the request has ended", then);
        } else {
            self.server_reads_request(steps, "server: throws a frame away", |_, _| {});
        }
    }

    pub(super) fn server_sends(&self, steps: &mut Steps) {
        let Server { turn, source, .. } = &self.server;
        if !self.server.request_ended() {
            self.server_reads_request(steps, "server: its source reads a frame", State::server_believes);
        }
        let cancel = self.to_server.is(Kind::Trailer) || self.to_server.is(Kind::Reset);
        if turn.may_be_cancelled(self.server.request_ended()) && cancel {
            self.server_reads(steps, "server: finds a cancel", |s, frame| {
                s.ensure(frame.call == s.server.call, "a cancel of another call is taken for this one's");
                s.server_trails();
            });
        }
        if let Some(left) = source.checked_sub(1) {
            self.fork(steps, "server: its source gives a frame", |s| {
                s.server.source = left;
                s.server.write(Kind::Data { last: false });
            });
        }
        self.fork(steps, "server: its source ends", |s| {
            s.witness[usize::from(s.server.call)].reply = Truth::Complete;
            s.server.write(Kind::Data { last: true });
            s.server.at = At::Replied;
        });
        self.fork(steps, "server: its source fails", |s| {
            if s.server.turn.can_trail() { s.server_trails() } else { s.server.end(true) }
        });
    }

    fn server_trails(&mut self) {
        self.server.write(Kind::Trailer);
        self.server.at = At::Replied;
    }

    pub(super) fn server_replied(&self, steps: &mut Steps) {
        if !self.server.request_ended() {
            if self.bounds.server == 0 {
                return self.fork(steps, "server: is out of step", |s| s.server.at = At::Lost);
            }
            return self.server_discards(steps, |_| {});
        }
        self.fork(steps, "server: the call is over", |s| {
            s.server.turn.reply_ended();
            if !s.server.turn.in_step(s.server.request_ended()) {
                return s.server.end(true);
            }
            let Server { call, late_cancel, turn, .. } = s.server;
            let call = call + u8::from(matches!(turn.wanted, Wanted::Call | Wanted::Describe));
            s.server = Server { call, late_cancel, ..Server::new() };
        });
    }
}
