//! Answers the control request that asks what the server offers.

use crate::codec::{Argument, description};
use crate::error::Result;
use crate::message::{DataType, Status};
use crate::unwind;

use super::exchange::Exchange;

/// What a client hears of a server that has not been told to describe itself.
const SILENT: &str =
    "this server does not describe itself; whoever runs it can allow that, by `ServerConfig::describe(true)`";

impl Exchange<'_> {
    /// Replies with what the server offers, if it may tell that.
    pub(super) fn describe(&self) -> Result<()> {
        if !self.connection.config.describe {
            return self.refuse(Status::RequestError, SILENT, None);
        }
        if let Some(mismatch) = self.mismatch(DataType::Control, DataType::MarshaledJson) {
            return self.refuse(Status::RequestError, &mismatch, None);
        }
        // a type may make its schema by code of its own
        match unwind::catch(|| description(self.connection.contracts())) {
            Some(description) => self.reply_json(&Argument::serde(&description)),
            None => {
                tracing::error!(peer = %self.connection.peer, "describing the server panicked");
                self.refuse(Status::ServerError, "describing the server panicked", None)
            }
        }
    }
}
