//! The order rules of one call, as the client sees them; pure.
//!
//! A call is over when both directions have ended:
//!
//! ```text
//! request   Sending ── final frame, or a Trailer in its place ──▶ Ended ── a Trailer (cancel), at most one ──▶ Ended
//! reply     Awaited ── header: OK with a body ──▶ Body ── final frame, or a Trailer in its place ──▶ Ended
//!              └────── header: an error, or no body ───────────────────────────────────────────────────▶ Ended
//! ```
//!
//! The reply may come while the request is being sent. Then a Trailer in place of the request's
//! next frame stops it: if the reply is an error, if it announces no octets, or as soon as it has
//! ended. A peer of revision 0 does not know Trailer frames; a connection to it cannot be used
//! again. Neither can one that the server refuses: it closes after its reply, so nothing more is
//! sent.

use crate::message::{DataType, ReplyHeader, Status, Violation};

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ClientTurn {
    request: DataType,
    accept: DataType,
    sending: Sending,
    reply: Reply,
    status: Option<Status>,
    /// The server refuses the connection, and has not run the request.
    not_run: bool,
    cancelled: bool,
    /// The revision that the peer speaks; 0 if unknown.
    revision: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Sending {
    /// Frames of the request may follow.
    Open,
    /// The last frame has been sent.
    Whole,
    /// A Trailer has been sent in place of the next frame.
    Stopped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Reply {
    Awaited,
    Body,
    Ended,
}

/// What a reply's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// OK, and this body follows.
    Body(DataType),
    /// An error; nothing follows.
    Refused(Status),
}

impl ClientTurn {
    /// Begins a call: its header is about to be sent to a peer of this revision, 0 if unknown.
    pub(crate) fn new(request: DataType, accept: DataType, revision: u32) -> ClientTurn {
        ClientTurn {
            request,
            accept,
            sending: Sending::Open,
            reply: Reply::Awaited,
            status: None,
            not_run: false,
            cancelled: false,
            revision,
        }
    }

    pub(crate) fn request_has_octets(&self) -> bool {
        self.request.has_octets()
    }

    /// Returns whether a reply with octets has begun.
    pub(crate) fn reply_has_octets(&self) -> bool {
        self.status == Some(Status::Ok) && self.reply != Reply::Awaited && self.accept.has_octets()
    }

    /// Returns the reply's status, once its header has arrived.
    pub(crate) fn status(&self) -> Option<Status> {
        self.status
    }

    /// Returns whether the peer understands Trailer frames, and still listens.
    pub(crate) fn can_trail(&self) -> bool {
        self.revision >= 1 && !self.not_run
    }

    /// Returns whether the reply says that the request was not run.
    pub(crate) fn not_run(&self) -> bool {
        self.not_run
    }

    /// Returns whether frames of the request may still be sent.
    pub(crate) fn sending(&self) -> bool {
        self.sending == Sending::Open
    }

    /// Returns whether the last frame of the request has been sent.
    pub(crate) fn request_is_whole(&self) -> bool {
        self.sending == Sending::Whole
    }

    /// Returns whether a Trailer must stop the request in place of its next frame.
    pub(crate) fn must_stop(&self) -> bool {
        let unwanted = match self.status {
            None => false,
            Some(Status::Ok) => !self.accept.has_octets() || self.reply == Reply::Ended,
            Some(_) => true,
        };
        self.sending() && unwanted && !self.not_run
    }

    /// The last frame of the request has been sent.
    pub(crate) fn request_ended(&mut self) {
        self.sending = Sending::Whole;
    }

    /// A Trailer has been sent in place of the request's next frame.
    pub(crate) fn request_stopped(&mut self) {
        self.sending = Sending::Stopped;
    }

    /// A reply's header has arrived, maybe before the request has ended.
    pub(crate) fn reply_header(&mut self, header: &ReplyHeader<'_>) -> Result<Answer, Violation> {
        self.revision = header.revision;
        let status = Status::from_wire(header.error).ok_or(Violation::UnknownStatus { found: header.error })?;
        self.status = Some(status);
        if status == Status::Ok && header.not_run {
            return Err(Violation::OkNotRun);
        }
        self.not_run = header.not_run;
        if status != Status::Ok {
            self.reply = Reply::Ended;
            return Ok(Answer::Refused(status));
        }
        let body = self.accepted(header.data_type)?;
        self.reply = if body.has_body() { Reply::Body } else { Reply::Ended };
        Ok(Answer::Body(body))
    }

    /// Returns the data type of the reply's body. None stands for JSON `null` without a body.
    fn accepted(&self, found: u32) -> Result<DataType, Violation> {
        match DataType::from_wire(found) {
            Some(DataType::None) if self.accept == DataType::MarshaledJson => Ok(DataType::None),
            Some(body) if body == self.accept => Ok(body),
            _ => Err(Violation::ReplyDataType { expected: self.accept, found }),
        }
    }

    /// The reply's body has been read to its end, or a Trailer has ended it.
    pub(crate) fn reply_ended(&mut self) {
        self.reply = Reply::Ended;
    }

    /// Returns whether a Trailer that cancels the reply may be sent.
    pub(crate) fn may_cancel(&self) -> bool {
        self.can_trail() && !self.sending() && self.reply != Reply::Ended && !self.cancelled
    }

    /// The Trailer that cancels the reply has been sent.
    pub(crate) fn cancelled(&mut self) {
        self.cancelled = true;
    }

    pub(crate) fn reply_is_over(&self) -> bool {
        self.reply == Reply::Ended
    }

    pub(crate) fn reply_awaited(&self) -> bool {
        self.reply == Reply::Awaited
    }

    /// Returns whether octets go both ways.
    pub(crate) fn full_duplex(&self) -> bool {
        self.request.has_octets() && self.accept.has_octets()
    }

    /// Returns whether both directions have ended.
    pub(crate) fn over(&self) -> bool {
        !self.sending() && self.reply == Reply::Ended
    }

    /// Returns whether the connection can be used for another call. A peer of revision 0 takes the
    /// unread rest of a request for the next one, so `false` after a request with octets, and after
    /// a RequestError to a request with a body; `false` as well if the server refuses the
    /// connection.
    pub(crate) fn reusable(&self) -> bool {
        let refused_with_body = self.status == Some(Status::RequestError) && self.request.has_body();
        self.over() && !self.not_run && (self.can_trail() || !(self.request.has_octets() || refused_with_body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DataType::{MarshaledJson as Json, None as Nothing, Octets};

    fn old(reply: ReplyHeader<'_>) -> ReplyHeader<'_> {
        ReplyHeader { revision: 0, ..reply }
    }

    fn sent(request: DataType, accept: DataType) -> ClientTurn {
        let mut turn = ClientTurn::new(request, accept, 0);
        turn.request_ended();
        turn
    }

    #[test]
    fn a_plain_call_leaves_the_connection_reusable() {
        let mut turn = sent(Json, Json);
        assert!(!turn.reusable());
        assert_eq!(turn.reply_header(&old(ReplyHeader::ok(Json))), Ok(Answer::Body(Json)));
        assert!(!turn.reusable());
        turn.reply_ended();
        assert!(turn.reusable());
    }

    #[test]
    fn towards_revision_0_a_request_error_ends_the_connection() {
        for (status, reusable) in [(Status::Error, true), (Status::ServerError, true), (Status::RequestError, false)] {
            let mut turn = sent(Json, Json);
            assert_eq!(turn.reply_header(&old(ReplyHeader::refusal(status, ""))), Ok(Answer::Refused(status)));
            assert_eq!(turn.reusable(), reusable, "{status}");
        }
        let mut turn = sent(Json, Json);
        turn.reply_header(&ReplyHeader::refusal(Status::RequestError, "")).unwrap();
        assert!(turn.reusable(), "revision 1 stays in step");
    }

    #[test]
    fn towards_revision_0_an_upload_or_an_early_reply_ends_the_connection() {
        let mut upload = sent(Octets, Json);
        upload.reply_header(&old(ReplyHeader::ok(Json))).unwrap();
        upload.reply_ended();
        assert!(!upload.reusable());
        let mut early = ClientTurn::new(Json, Json, 0);
        early.reply_header(&old(ReplyHeader::refusal(Status::Error, ""))).unwrap();
        assert!(!early.reusable());
    }

    #[test]
    fn an_early_verdict_stops_the_request() {
        let mut turn = ClientTurn::new(Octets, Json, 1);
        assert!(!turn.must_stop());
        turn.reply_header(&ReplyHeader::refusal(Status::Error, "full")).unwrap();
        assert!(turn.must_stop() && !turn.reusable());
        turn.request_stopped();
        assert!(!turn.must_stop() && turn.reusable());
    }

    #[test]
    fn nothing_follows_a_refusal_of_the_connection() {
        for (request, accept) in [(Octets, Json), (Octets, Octets), (Json, Json), (DataType::Control, Json)] {
            for status in [Status::RequestError, Status::ServerError, Status::Error] {
                let mut turn = ClientTurn::new(request, accept, 1);
                let header = ReplyHeader { error: status.to_wire(), ..ReplyHeader::not_run("full") };
                assert_eq!(turn.reply_header(&header), Ok(Answer::Refused(status)));
                assert!(turn.not_run() && !turn.must_stop() && !turn.can_trail() && !turn.may_cancel());
                turn.request_ended();
                assert!(turn.over() && !turn.reusable(), "{request} {status}");
            }
        }
    }

    #[test]
    fn an_ok_reply_to_what_was_not_run_is_a_violation() {
        let header = ReplyHeader { not_run: true, ..ReplyHeader::ok(Json) };
        let mut turn = sent(Json, Json);
        assert_eq!(turn.reply_header(&header), Err(Violation::OkNotRun));
        assert!(!turn.not_run(), "nobody knows");
    }

    #[test]
    fn with_octets_both_ways_only_the_replys_end_stops_the_request() {
        let mut turn = ClientTurn::new(Octets, Octets, 1);
        turn.reply_header(&ReplyHeader::ok(Octets)).unwrap();
        assert!(!turn.must_stop());
        turn.reply_ended();
        assert!(turn.must_stop());
    }

    #[test]
    fn a_cancel_comes_once_and_behind_the_request() {
        let mut turn = ClientTurn::new(Octets, Octets, 1);
        turn.reply_header(&ReplyHeader::ok(Octets)).unwrap();
        assert!(!turn.may_cancel(), "the request has to end first");
        turn.request_stopped();
        assert!(turn.may_cancel());
        turn.cancelled();
        assert!(!turn.may_cancel());
        turn.reply_ended();
        assert!(turn.reusable());
    }

    #[test]
    fn wrong_status_and_wrong_data_type_are_violations() {
        for found in [0, 5, u32::MAX] {
            let header = ReplyHeader { error: found, ..ReplyHeader::ok(Json) };
            assert_eq!(sent(Json, Json).reply_header(&header), Err(Violation::UnknownStatus { found }));
        }
        let octets = sent(Json, Json).reply_header(&ReplyHeader::ok(Octets));
        assert_eq!(octets, Err(Violation::ReplyDataType { expected: Json, found: 4 }));
        assert_eq!(sent(Json, Json).reply_header(&ReplyHeader::ok(Nothing)), Ok(Answer::Body(Nothing)));
        assert!(sent(Json, Octets).reply_header(&ReplyHeader::ok(Nothing)).is_err());
    }
}
