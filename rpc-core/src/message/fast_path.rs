//! Reads and writes plain headers without the JSON library.
//!
//! A plain header has the form in which this library writes almost all of them: known fields in
//! order, no white space, no escapes. Each function returns `None` for any other header, which
//! serde then reads or writes. For a plain header the outcome is the same as serde's.

use std::io::Write;

use super::{ReplyHeader, RequestHeader};

const ENDPOINT: &[u8] = b"{\"Endpoint\":\"";
const REQUEST_TYPE: &[u8] = b"\",\"DataType\":";
const ACCEPT: &[u8] = b",\"Accept\":";
const REPLY_TYPE: &[u8] = b"{\"DataType\":";
const ERROR: &[u8] = b",\"Error\":";
const REVISION: &[u8] = b",\"Revision\":";
const TIMEOUT: &[u8] = b",\"TimeoutMs\":";

/// Reads a request's header, if it is plain.
pub(super) fn read_request(bytes: &[u8]) -> Option<RequestHeader<'_>> {
    let mut rest = Rest(bytes);
    rest.skip(ENDPOINT)?;
    let header = RequestHeader {
        endpoint: rest.text()?.into(),
        data_type: rest.number(REQUEST_TYPE)?,
        accept: rest.number(ACCEPT)?,
        revision: rest.number_or_zero(REVISION)?,
        timeout_ms: rest.number_or_zero(TIMEOUT)?,
        ..RequestHeader::default()
    };
    (rest.0 == b"}").then_some(header)
}

/// Reads a reply's header, if it is plain: that of a success.
pub(super) fn read_reply(bytes: &[u8]) -> Option<ReplyHeader<'_>> {
    let mut rest = Rest(bytes);
    let header = ReplyHeader {
        data_type: rest.number(REPLY_TYPE)?,
        error: rest.number(ERROR)?,
        revision: rest.number_or_zero(REVISION)?,
        ..ReplyHeader::default()
    };
    (rest.0 == b"}").then_some(header)
}

/// Appends a request's header, if it is plain.
pub(super) fn write_request(header: &RequestHeader<'_>, out: &mut Vec<u8>) -> Option<()> {
    let endpoint = header.endpoint.as_bytes();
    if !header.metadata.is_empty() || !endpoint.iter().all(is_plain) {
        return None;
    }
    out.extend_from_slice(ENDPOINT);
    out.extend_from_slice(endpoint);
    write_number(REQUEST_TYPE, header.data_type, out);
    write_number(ACCEPT, header.accept, out);
    write_unless_zero(REVISION, header.revision, out);
    write_unless_zero(TIMEOUT, header.timeout_ms, out);
    out.push(b'}');
    Some(())
}

/// Appends a reply's header, if it is plain: that of a success.
pub(super) fn write_reply(header: &ReplyHeader<'_>, out: &mut Vec<u8>) -> Option<()> {
    if header.data_type == 0 || !header.error_message.is_empty() || header.error_details.is_some() {
        return None;
    }
    write_number(REPLY_TYPE, header.data_type, out);
    write_number(ERROR, header.error, out);
    write_unless_zero(REVISION, header.revision, out);
    out.push(b'}');
    Some(())
}

/// Adds the time that is left for a call to a header that was written without it.
pub(crate) fn add_timeout(header: &mut Vec<u8>, timeout_ms: u64) {
    if header.pop_if(|last| *last == b'}').is_some() {
        write_unless_zero(TIMEOUT, timeout_ms, header);
        header.push(b'}');
    }
}

/// Returns the number of bytes that [`add_timeout`] adds.
pub(crate) fn timeout_len(timeout_ms: u64) -> usize {
    timeout_ms.checked_ilog10().map_or(0, |tens| TIMEOUT.len() + tens as usize + 1)
}

/// The part of a header that has not been read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn skip(&mut self, expected: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    /// Reads up to the next quotation mark.
    fn text(&mut self) -> Option<&'a str> {
        let len = self.0.iter().position(|byte| !is_plain(byte))?;
        let (text, rest) = self.0.split_at(len);
        self.0 = rest;
        str::from_utf8(text).ok()
    }

    /// Reads a field's number, of at most 19 digits, so that it fits into 64 bits.
    fn number<N: TryFrom<u64>>(&mut self, name: &[u8]) -> Option<N> {
        self.skip(name)?;
        let len = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(len);
        self.0 = rest;
        if !matches!((digits, len), ([b'0'], 1) | ([b'1'..=b'9', ..], 1..=19)) {
            return None;
        }
        digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')).try_into().ok()
    }

    /// Reads the number of a field whose absence means 0.
    fn number_or_zero<N: TryFrom<u64> + Default>(&mut self, name: &[u8]) -> Option<N> {
        if self.0.starts_with(name) { self.number(name) } else { Some(N::default()) }
    }
}

/// Whether a byte stands for itself in a JSON string, and is a whole character.
fn is_plain(byte: &u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')
}

fn write_unless_zero(name: &[u8], number: impl Into<u64>, out: &mut Vec<u8>) {
    let number = number.into();
    if number != 0 {
        write_number(name, number, out);
    }
}

fn write_number(name: &[u8], number: impl Into<u64>, out: &mut Vec<u8>) {
    out.extend_from_slice(name);
    let number = number.into();
    match u8::try_from(number) {
        // almost all are small, and a formatter takes several times as long
        Ok(digit @ 0..10) => out.push(b'0' + digit),
        _ => write!(out, "{number}").expect("a vector takes everything"),
    }
}
