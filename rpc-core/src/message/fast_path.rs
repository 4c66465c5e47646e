//! Reads plain headers without the JSON library.
//!
//! A plain header has the form in which this library writes almost all of them: known fields in
//! order, no white space, no escapes. Each function returns `None` for any other header, which
//! serde then reads. For a plain header the outcome is the same as serde's.

use std::str::FromStr;

use super::{ReplyHeader, RequestHeader};

/// Reads a request's header, if it is plain.
pub(super) fn read_request(bytes: &[u8]) -> Option<RequestHeader<'_>> {
    let mut rest = Rest(bytes);
    rest.skip(br#"{"Endpoint":""#)?;
    let header = RequestHeader {
        endpoint: rest.text()?.into(),
        data_type: rest.number(br#"","DataType":"#)?,
        accept: rest.number(br#","Accept":"#)?,
        revision: rest.number_or_zero(br#","Revision":"#)?,
        named: rest.flag(br#","Named":true"#),
        timeout_ms: rest.number_or_zero(br#","TimeoutMs":"#)?,
        ..RequestHeader::default()
    };
    (rest.0 == b"}").then_some(header)
}

/// Reads a reply's header, if it is plain: that of a success.
pub(super) fn read_reply(bytes: &[u8]) -> Option<ReplyHeader<'_>> {
    let mut rest = Rest(bytes);
    let header = ReplyHeader {
        data_type: rest.number(br#"{"DataType":"#)?,
        error: rest.number(br#","Error":"#)?,
        revision: rest.number_or_zero(br#","Revision":"#)?,
        ..ReplyHeader::default()
    };
    (rest.0 == b"}").then_some(header)
}

/// The part of a header that has not been read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn skip(&mut self, expected: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    /// Reads up to a quotation mark, or up to what may not stand in a string unescaped.
    fn text(&mut self) -> Option<&'a str> {
        let len = self.0.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '))?;
        let (text, rest) = self.0.split_at(len);
        self.0 = rest;
        str::from_utf8(text).ok()
    }

    /// Reads a field's number.
    fn number<N: FromStr>(&mut self, name: &[u8]) -> Option<N> {
        self.skip(name)?;
        let len = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(len);
        self.0 = rest;
        if len > 1 && digits[0] == b'0' {
            return None;
        }
        str::from_utf8(digits).ok()?.parse().ok()
    }

    /// Reads a field that is `true` or absent.
    fn flag(&mut self, whole: &[u8]) -> bool {
        self.skip(whole).is_some()
    }

    /// Reads the number of a field whose absence means 0.
    fn number_or_zero<N: FromStr + Default>(&mut self, name: &[u8]) -> Option<N> {
        if self.0.starts_with(name) { self.number(name) } else { Some(N::default()) }
    }
}
