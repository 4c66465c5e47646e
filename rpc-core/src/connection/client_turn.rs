//! The order rules of one call, as the client sees them; pure.
//!
//! ```text
//!            request_ended            reply_header: OK with a body        reply_ended
//! Sending ──────────────────▶ Waiting ──────────────────────▶ Replying ───────────────▶ Over
//!    │                           │ reply_header: an error, or no body                     ▲
//!    │ reply_header (early)      └────────────────────────────────────────────────────────┤
//!    └───────────────────────────────── as from Waiting ──────────────────────────────────┘
//! ```

use crate::message::{DataType, ReplyHeader, Status, Violation};

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientTurn {
    request: DataType,
    accept: DataType,
    stage: Stage,
    request_ended: bool,
    status: Option<Status>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Sending,
    Waiting,
    Replying,
    Over,
}

/// What a reply's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Yes, and this is the body that follows.
    Body(DataType),
    /// No; nothing follows.
    Refused(Status),
}

impl ClientTurn {
    /// The request's header is about to be sent.
    pub(crate) fn new(request: DataType, accept: DataType) -> ClientTurn {
        ClientTurn { request, accept, stage: Stage::Sending, request_ended: false, status: None }
    }

    /// The last frame of the request has been sent.
    pub(crate) fn request_ended(&mut self) {
        self.request_ended = true;
        if self.stage == Stage::Sending {
            self.stage = Stage::Waiting;
        }
    }

    /// A reply's header has come, maybe before the request has ended.
    pub(crate) fn reply_header(&mut self, header: &ReplyHeader<'_>) -> Result<Answer, Violation> {
        let status = Status::from_wire(header.error).ok_or(Violation::UnknownStatus { found: header.error })?;
        self.status = Some(status);
        if status != Status::Ok {
            self.stage = Stage::Over;
            return Ok(Answer::Refused(status));
        }
        let body = self.accepted(header.data_type)?;
        self.stage = if body.has_body() { Stage::Replying } else { Stage::Over };
        Ok(Answer::Body(body))
    }

    /// None is taken for JSON `null` without a body.
    fn accepted(&self, found: u32) -> Result<DataType, Violation> {
        match DataType::from_wire(found) {
            Some(DataType::None) if self.accept == DataType::MarshaledJson => Ok(DataType::None),
            Some(body) if body == self.accept => Ok(body),
            _ => Err(Violation::ReplyDataType { expected: self.accept, found }),
        }
    }

    /// The reply's body has been read to its end.
    pub(crate) fn reply_ended(&mut self) {
        self.stage = Stage::Over;
    }

    /// Whether the connection serves another call. A peer of revision 0 takes what it has not read of a request for the
    /// next one, so not after a request with octets, nor after a RequestError to a request with a body.
    pub(crate) fn reusable(&self) -> bool {
        let refused_with_body = self.status == Some(Status::RequestError) && self.request.has_body();
        self.stage == Stage::Over && self.request_ended && !self.request.has_octets() && !refused_with_body
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DataType::{MarshaledJson as Json, None as Nothing, Octets};

    fn turn(request: DataType, accept: DataType) -> ClientTurn {
        let mut turn = ClientTurn::new(request, accept);
        turn.request_ended();
        turn
    }

    #[test]
    fn a_plain_call_leaves_the_connection_reusable() {
        let mut turn = turn(Json, Json);
        assert!(!turn.reusable());
        assert_eq!(turn.reply_header(&ReplyHeader::ok(Json)), Ok(Answer::Body(Json)));
        assert!(!turn.reusable());
        turn.reply_ended();
        assert!(turn.reusable());
    }

    #[test]
    fn a_handlers_error_leaves_it_reusable_and_a_request_error_does_not() {
        for (status, reusable) in [(Status::Error, true), (Status::ServerError, true), (Status::RequestError, false)] {
            let mut turn = turn(Json, Json);
            assert_eq!(turn.reply_header(&ReplyHeader::refusal(status, "")), Ok(Answer::Refused(status)));
            assert_eq!(turn.reusable(), reusable, "{status}");
        }
    }

    #[test]
    fn an_upload_or_an_early_reply_ends_the_connection() {
        let mut upload = turn(Octets, Json);
        upload.reply_header(&ReplyHeader::ok(Json)).unwrap();
        upload.reply_ended();
        assert!(!upload.reusable());
        let mut early = ClientTurn::new(Json, Json);
        early.reply_header(&ReplyHeader::refusal(Status::Error, "")).unwrap();
        assert!(!early.reusable());
    }

    #[test]
    fn wrong_status_and_wrong_data_type_are_violations() {
        for found in [0, 5, u32::MAX] {
            let header = ReplyHeader { error: found, ..ReplyHeader::ok(Json) };
            assert_eq!(turn(Json, Json).reply_header(&header), Err(Violation::UnknownStatus { found }));
        }
        let octets = turn(Json, Json).reply_header(&ReplyHeader::ok(Octets));
        assert_eq!(octets, Err(Violation::ReplyDataType { expected: Json, found: 4 }));
        assert_eq!(turn(Json, Json).reply_header(&ReplyHeader::ok(Nothing)), Ok(Answer::Body(Nothing)));
        assert!(turn(Json, Octets).reply_header(&ReplyHeader::ok(Nothing)).is_err());
    }
}
