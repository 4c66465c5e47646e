//! What becomes of a reply.

use std::io::{IsTerminal, Read, stderr};

use rpc_core::{Error, copy};
use serde_json::value::RawValue;

use crate::escape;
use crate::failure::Failure;
use crate::json_text::{compact, pretty};
use crate::output::{Output, failed};
use crate::progress::Progress;

/// Where the parts of a reply go.
pub(super) struct Destination<'a> {
    /// The stream, or a value without one.
    pub(super) output: Output,
    /// A file for the value.
    pub(super) value: Option<Output>,
    /// Says that a call has failed, and whose fault it is.
    pub(super) failed: &'a dyn Fn(Error) -> Failure,
}

impl Destination<'_> {
    /// A value alone.
    pub(super) fn value(self, value: &RawValue) -> Result<(), Failure> {
        let mut output = self.value.unwrap_or(self.output);
        let text = if output.is_terminal() { pretty(value.get()) } else { compact(value.get()) };
        output.write(&format!("{text}\n"))?;
        output.complete()
    }

    /// The value beside a stream.
    pub(super) fn value_beside(&mut self, value: &RawValue, progress: &Progress) -> Result<(), Failure> {
        if let Some(mut output) = self.value.take() {
            output.write(&format!("{}\n", compact(value.get())))?;
            return output.complete();
        }
        let text = if stderr().is_terminal() { pretty(value.get()) } else { compact(value.get()) };
        progress.print(&text).map_err(|error| failed("standard error", &error))
    }

    /// A stream of bytes.
    pub(super) fn octets(mut self, octets: impl Read, progress: Option<&Progress>) -> Result<(), Failure> {
        let copied = match progress {
            Some(progress) => copy(&mut progress.of(octets), &mut self.output.file),
            None => copy(&mut { octets }, &mut self.output.file),
        };
        match copied.map_err(|error| error.downcast::<Error>()) {
            Ok(_) => self.output.complete(),
            Err(Ok(error)) => Err((self.failed)(error)),
            Err(Err(error)) => Err(self.output.failed(&error)),
        }
    }

    /// A stream of values: a line for each, as soon as it is there.
    pub(super) fn values(
        mut self,
        values: impl Iterator<Item = rpc_core::Result<Box<RawValue>>>,
        progress: Option<&Progress>,
    ) -> Result<(), Failure> {
        let is_terminal = self.output.is_terminal();
        for value in values {
            let value = value.map_err(self.failed)?;
            let text = compact(value.get());
            let text = if is_terminal { escape::json(&text) } else { text };
            self.output.write(&format!("{text}\n"))?;
            progress.iter().for_each(|progress| progress.add(text.len() + 1));
        }
        self.output.complete()
    }
}
