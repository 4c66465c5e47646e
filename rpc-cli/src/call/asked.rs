//! Finds out what a method takes and returns.

use rpc_core::Client;

use crate::description::{Answer, Carries, ask_on};
use crate::failure::Failure;
use crate::target::Target;

use super::described;
use super::shape::{Accept, Shape, Streams};

/// Returns the shape of a method: what the server says of it, or the switches if the server does
/// not describe itself. It is not asked if `accept` is given.
pub(crate) fn shape(
    client: &Client,
    target: &Target,
    method: &str,
    accept: Option<Accept>,
    given: Streams,
) -> Result<Shape, Failure> {
    let answer = if accept.is_none() { ask_on(client, target)? } else { None };
    let Some(Answer { description, .. }) = answer else {
        let takes = match given {
            Streams { octets: true, .. } => Some(Carries::Octets),
            Streams { values: true, .. } => Some(Carries::Values),
            _ => None,
        };
        return Ok(Shape { parameters: None, takes, returns: accept.unwrap_or(Accept::Json) });
    };
    let described =
        described::shape(&description, description.find(method).map_err(|unknown| target.refused(unknown))?);
    described.check_stream(method, given)?;
    Ok(described)
}
