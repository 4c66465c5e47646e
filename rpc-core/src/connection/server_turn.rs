//! The order rules of one call, as the server sees them; pure.
//!
//! ```text
//! request   Open ── final frame, or a Trailer in its place ──▶ Ended ── a Trailer (cancel), or none ──▶ Ended
//! reply     Owed ── header ──▶ Begun ── its last frame, or a Trailer in its place ──▶ Ended
//! ```
//!
//! The reply may begin while the request is open. If octets go both ways, its body follows at once;
//! otherwise the rest of the request is thrown away first, so that both sides never wait in a
//! write. The next request's header is read when both have ended; one Trailer before it, a cancel
//! that came too late, is skipped.

use crate::message::{DataType, RequestHeader};

/// The control endpoint that ends a connection.
pub(crate) const CLOSE: &str = "Close";

/// The control endpoint that tells a client which revision a server speaks.
pub(crate) const PING: &str = "Ping";

/// The control endpoint that tells a client what a server offers.
pub(crate) const DESCRIBE: &str = "Describe";

/// What a request's header asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Wanted {
    /// The end of the connection.
    Close,
    /// A sign of life.
    Ping,
    /// What the server offers.
    Describe,
    /// A control endpoint that does not exist.
    UnknownControl,
    /// A call of a method.
    Call,
}

/// One call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ServerTurn {
    pub(crate) wanted: Wanted,
    /// What body follows the request's header; `None` if its data type is unknown.
    pub(crate) request: Option<DataType>,
    /// What body the caller accepts as the reply; `None` if its data type is unknown.
    pub(crate) accept: Option<DataType>,
    revision: u32,
    reply: Reply,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Reply {
    Owed,
    Begun,
    Ended,
}

impl ServerTurn {
    /// Begins a call whose header has been read.
    pub(crate) fn new(header: &RequestHeader<'_>) -> ServerTurn {
        let request = readable(header.data_type, header.revision);
        let wanted = match request {
            Some(DataType::Control) if header.endpoint == CLOSE => Wanted::Close,
            Some(DataType::Control) if header.endpoint == PING => Wanted::Ping,
            Some(DataType::Control) if header.endpoint == DESCRIBE => Wanted::Describe,
            Some(DataType::Control) => Wanted::UnknownControl,
            _ => Wanted::Call,
        };
        let accept = readable(header.accept, header.revision);
        ServerTurn { wanted, request, accept, revision: header.revision, reply: Reply::Owed }
    }

    /// Returns whether the client understands Trailer frames.
    pub(crate) fn can_trail(&self) -> bool {
        self.revision >= 1
    }

    /// Returns whether octets go both ways, so that the reply's body may begin before the request
    /// has ended.
    pub(crate) fn full_duplex(&self) -> bool {
        let octets = |data_type: Option<DataType>| data_type.is_some_and(DataType::has_octets);
        octets(self.request) && octets(self.accept)
    }

    pub(crate) fn reply_begun(&mut self) {
        self.reply = Reply::Begun;
    }

    pub(crate) fn reply_ended(&mut self) {
        self.reply = Reply::Ended;
    }

    /// Returns whether the reply's header has not been written yet.
    pub(crate) fn reply_owed(&self) -> bool {
        self.reply == Reply::Owed
    }

    pub(crate) fn reply_is_over(&self) -> bool {
        self.reply == Reply::Ended
    }

    /// Returns whether a cancel may come now, given whether the request has ended.
    pub(crate) fn may_be_cancelled(&self, request_ended: bool) -> bool {
        self.can_trail() && request_ended && self.reply != Reply::Ended
    }

    /// Returns whether the next request may be read, given whether this one's body has been read to
    /// its end.
    pub(crate) fn in_step(&self, request_ended: bool) -> bool {
        self.reply == Reply::Ended && request_ended && self.request.is_some()
    }
}

/// Returns the data type with this number, if a peer of this revision may use it.
fn readable(number: u32, revision: u32) -> Option<DataType> {
    DataType::from_wire(number).filter(|&data_type| revision >= 1 || data_type != DataType::MarshaledJsonThenOctets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(endpoint: &str, data_type: u32, revision: u32) -> ServerTurn {
        let header =
            RequestHeader { endpoint: endpoint.into(), data_type, accept: 3, revision, ..RequestHeader::default() };
        ServerTurn::new(&header)
    }

    #[test]
    fn the_data_type_alone_makes_a_control_request() {
        assert_eq!(turn("Close", 2, 0).wanted, Wanted::Close);
        assert_eq!(turn("Ping", 2, 0).wanted, Wanted::Ping);
        assert_eq!(turn("Describe", 2, 0).wanted, Wanted::Describe);
        assert_eq!(turn("Reboot", 2, 0).wanted, Wanted::UnknownControl);
        for endpoint in [CLOSE, PING, DESCRIBE] {
            assert_eq!(turn(endpoint, 3, 0).wanted, Wanted::Call);
        }
    }

    #[test]
    fn a_body_that_nobody_can_tell_ends_the_connection() {
        for data_type in [0, 5, 6, u32::MAX] {
            let mut turn = turn("List", data_type, 0);
            turn.reply_ended();
            assert_eq!(turn.request, None);
            assert!(!turn.in_step(true));
        }
        assert_eq!(turn("List", 5, 1).request, Some(DataType::MarshaledJsonThenOctets));
    }

    #[test]
    fn the_next_request_waits_for_both_ends() {
        let mut turn = turn("List", 3, 1);
        assert!(turn.reply_owed() && !turn.in_step(true));
        turn.reply_begun();
        assert!(!turn.reply_owed() && !turn.in_step(true));
        turn.reply_ended();
        assert!(!turn.in_step(false) && turn.in_step(true));
    }

    #[test]
    fn a_cancel_may_come_between_the_requests_end_and_the_replys() {
        let mut turn = turn("List", 3, 1);
        turn.reply_begun();
        assert!(!turn.may_be_cancelled(false) && turn.may_be_cancelled(true));
        turn.reply_ended();
        assert!(!turn.may_be_cancelled(true));
    }
}
