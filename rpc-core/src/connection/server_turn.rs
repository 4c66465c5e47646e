//! The order rules of one call, as the server sees them; pure.

use crate::message::{DataType, RequestHeader};

/// The control endpoint that ends a connection.
const CLOSE: &str = "Close";

/// What a request's header asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// To end the connection.
    Close,
    /// A control endpoint that there is not.
    UnknownControl,
    /// A call of a method.
    Call,
}

/// One call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ServerTurn {
    wanted: Wanted,
    request: Option<DataType>,
    accept: Option<DataType>,
    reply: Reply,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reply {
    Owed,
    Begun,
    Ended,
}

impl ServerTurn {
    /// A request's header has been read.
    pub(crate) fn new(header: &RequestHeader<'_>) -> ServerTurn {
        let request = readable(header.data_type);
        let wanted = match request {
            Some(DataType::Control) if header.endpoint == CLOSE => Wanted::Close,
            Some(DataType::Control) => Wanted::UnknownControl,
            _ => Wanted::Call,
        };
        ServerTurn { wanted, request, accept: readable(header.accept), reply: Reply::Owed }
    }

    pub(crate) fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// What body follows the request's header; `None` where nobody can tell.
    pub(crate) fn request(&self) -> Option<DataType> {
        self.request
    }

    /// What body the caller wants back; `None` where that is nothing there is.
    pub(crate) fn accept(&self) -> Option<DataType> {
        self.accept
    }

    pub(crate) fn reply_begun(&mut self) {
        self.reply = Reply::Begun;
    }

    pub(crate) fn reply_ended(&mut self) {
        self.reply = Reply::Ended;
    }

    /// Whether the reply's header has not been written yet.
    pub(crate) fn reply_owed(&self) -> bool {
        self.reply == Reply::Owed
    }

    /// Whether a next request may be read, given whether this one's body has been read to its end.
    pub(crate) fn in_step(&self, request_ended: bool) -> bool {
        self.reply == Reply::Ended && request_ended && self.request.is_some()
    }
}

/// The data type behind a number, as far as revision 0 knows it.
fn readable(number: u32) -> Option<DataType> {
    DataType::from_wire(number).filter(|&data_type| data_type != DataType::MarshaledJsonThenOctets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(endpoint: &str, data_type: u32) -> ServerTurn {
        ServerTurn::new(&RequestHeader { endpoint: endpoint.into(), data_type, accept: 3 })
    }

    #[test]
    fn the_data_type_alone_makes_a_control_request() {
        assert_eq!(turn("Close", 2).wanted(), Wanted::Close);
        assert_eq!(turn("Reboot", 2).wanted(), Wanted::UnknownControl);
        assert_eq!(turn("Close", 3).wanted(), Wanted::Call);
    }

    #[test]
    fn a_body_that_nobody_can_tell_ends_the_connection() {
        for data_type in [0, 5, 6, u32::MAX] {
            let mut turn = turn("List", data_type);
            turn.reply_ended();
            assert_eq!(turn.request(), None);
            assert!(!turn.in_step(true));
        }
    }

    #[test]
    fn the_next_request_waits_for_both_ends() {
        let mut turn = turn("List", 3);
        assert!(turn.reply_owed() && !turn.in_step(true));
        turn.reply_begun();
        assert!(!turn.reply_owed() && !turn.in_step(true));
        turn.reply_ended();
        assert!(!turn.in_step(false) && turn.in_step(true));
    }
}
