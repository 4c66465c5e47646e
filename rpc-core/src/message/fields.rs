//! The fields of headers: which are written, and which may be read.
//!
//! Written by hand, because serde's derive would be most of what a small program that uses this
//! library compiles for JSON.

use serde_core::de::Error as _;
use serde_core::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Error, Result};

use super::json::{Object, Text};
use super::{ReplyHeader, RequestHeader};

/// The fields of a header that was received.
pub(super) type Fields<'a> = Object<'a, &'a RawValue>;

impl<'a> RequestHeader<'a> {
    /// Appends the header's bytes, however many there are.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        write_field("Endpoint", &self.endpoint, out);
        write_field("DataType", &self.data_type, out);
        write_field("Accept", &self.accept, out);
        write_if_set("Revision", &self.revision, out);
        write_if_set("Named", &self.named, out);
        write_if_set("TimeoutMs", &self.timeout_ms, out);
        write_if_set("Metadata", &self.metadata, out);
        put_in_braces(start, out);
    }

    pub(super) fn from_fields(fields: &Fields<'a>) -> Result<RequestHeader<'a>> {
        Ok(RequestHeader {
            endpoint: fields.value::<Text<'a>>("Endpoint")?.0,
            data_type: fields.value("DataType")?,
            accept: fields.value("Accept")?,
            revision: fields.value("Revision")?,
            named: fields.value("Named")?,
            timeout_ms: fields.value("TimeoutMs")?,
            metadata: fields.value("Metadata")?,
        })
    }
}

impl<'a> ReplyHeader<'a> {
    /// Appends the header's bytes, however many there are.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        write_if_set("DataType", &self.data_type, out);
        write_field("Error", &self.error, out);
        write_if_set("ErrorMessage", &self.error_message, out);
        if let Some(details) = self.error_details {
            write_field("ErrorDetails", details, out);
        }
        write_if_set("NotRun", &self.not_run, out);
        write_if_set("Revision", &self.revision, out);
        put_in_braces(start, out);
    }

    pub(super) fn from_fields(fields: &Fields<'a>) -> Result<ReplyHeader<'a>> {
        Ok(ReplyHeader {
            data_type: fields.value("DataType")?,
            error: fields.value("Error")?,
            error_message: fields.value::<Text<'a>>("ErrorMessage")?.0,
            // here `null` is a value
            error_details: fields.find("ErrorDetails")?,
            not_run: fields.value("NotRun")?,
            revision: fields.value("Revision")?,
        })
    }
}

impl<'a> Fields<'a> {
    /// Returns the JSON of a field, or `None` if it is absent. Fails if it occurs twice.
    fn find(&self, name: &'static str) -> Result<Option<&'a RawValue>> {
        let mut values = self.0.iter().filter(|(Text(other), _)| other == name).map(|(_, value)| *value);
        let value = values.next();
        if values.next().is_some() { Err(Error::duplicate_field(name)) } else { Ok(value) }
    }

    /// Reads the value of a field. `null` means the same as absence.
    fn value<T: Deserialize<'a> + Default>(&self, name: &'static str) -> Result<T> {
        let Some(json) = self.find(name)? else { return Ok(T::default()) };
        let value: Result<Option<T>> = serde_json::from_str(json.get());
        Ok(value.map_err(|error| Error::custom(format_args!("{name}: {error}")))?.unwrap_or_default())
    }
}

/// Appends a comma and a field.
fn write_field<T: Serialize + ?Sized>(name: &str, value: &T, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    let outcome = serde_json::to_writer(out, value);
    debug_assert!(outcome.is_ok(), "strings, numbers and flags can be encoded, and a vector can be written to");
}

fn write_if_set<T: Serialize + Default + PartialEq>(name: &str, value: &T, out: &mut Vec<u8>) {
    if *value != T::default() {
        write_field(name, value, out);
    }
}

/// Makes an object of the fields from `start` on, the first of which has a comma before it.
fn put_in_braces(start: usize, out: &mut Vec<u8>) {
    out[start] = b'{';
    out.push(b'}');
}

/// Adds the time that is left for a call to a header that was written without it.
pub(crate) fn add_timeout(header: &mut Vec<u8>, timeout_ms: u64) {
    if header.pop_if(|last| *last == b'}').is_some() {
        write_if_set("TimeoutMs", &timeout_ms, header);
        header.push(b'}');
    }
}

/// Returns the number of bytes that [`add_timeout`] adds.
pub(crate) fn timeout_len(timeout_ms: u64) -> usize {
    timeout_ms.checked_ilog10().map_or(0, |tens| r#","TimeoutMs":"#.len() + tens as usize + 1)
}
