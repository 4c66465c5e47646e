//! What a server says when it is asked.

use rpc_core::{Client, Error, Status};
use serde_json::value::RawValue;

use super::Description;
use crate::failure::Failure;
use crate::target::Target;

/// What a server has said of itself.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The JSON as it came.
    pub(crate) sent: Box<RawValue>,
    pub(crate) description: Description,
}

/// Connects, and asks. That a server does not tell is an error.
pub(crate) fn ask(target: &Target) -> Result<Answer, Failure> {
    ask_on(&target.connect()?, target)?.ok_or_else(|| {
        target.refused(
            "the server does not describe itself: its program can permit it by ServerConfig::describe(true), \
             mirror by serve --describe; without it, rpc call works with --accept",
        )
    })
}

/// Asks over a connection. `None` if the server does not tell.
pub(crate) fn ask_on(client: &Client, target: &Target) -> Result<Option<Answer>, Failure> {
    let sent: Box<RawValue> = match client.describe() {
        Ok(sent) => sent,
        Err(Error::Remote(refusal)) if refusal.status == Status::RequestError && !refusal.fate.never_ran => {
            return Ok(None);
        }
        Err(error) => return Err(target.failed(&error)),
    };
    let description = Description::read(sent.get()).map_err(|wrong| target.broke(wrong))?;
    Ok(Some(Answer { sent, description }))
}
