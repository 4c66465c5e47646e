//! The method that a command calls, and what it takes and returns.

use rpc_core::Client;

use crate::description::{Answer, Carries, ask_on};
use crate::failure::Failure;
use crate::target::Target;

use super::arguments::{Arguments, Sent};
use super::described;
use super::shape::{Accept, Shape, Streams};

/// A method and its values, as the user writes them.
#[derive(Debug, clap::Args)]
pub(crate) struct Asked {
    /// The method's name on the wire.
    pub(crate) method: String,
    /// The method's values.
    #[arg(value_name = "JSON | @FILE | - | NAME=VALUE", allow_negative_numbers = true)]
    pub(crate) arguments: Vec<String>,
    /// Send the JSON as the value of the first parameter, even if it is an object.
    #[arg(long)]
    bare: bool,
}

impl Asked {
    /// Reads the values, files and standard input among them.
    pub(crate) fn arguments(&self) -> Result<Arguments, Failure> {
        Arguments::read(&self.arguments)
    }

    /// Returns the shape of the method, and what is sent to it.
    pub(crate) fn resolve(
        &self,
        arguments: Arguments,
        client: &Client,
        target: &Target,
        accept: Option<Accept>,
        given: Streams,
    ) -> Result<(Shape, Option<Sent>), Failure> {
        let shape = self.shape(client, target, accept, given)?;
        let sent = arguments.resolve(&self.method, shape.parameters.as_deref(), self.bare)?;
        Ok((shape, sent))
    }

    /// Returns what the server says of the method, or the switches if it does not describe itself.
    /// It is not asked if `accept` is given.
    fn shape(
        &self,
        client: &Client,
        target: &Target,
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
        let method = description.find(&self.method).map_err(|unknown| target.refused(unknown))?;
        let shape = described::shape(&description, method);
        shape.check_stream(&self.method, given)?;
        Ok(shape)
    }
}
