//! Headers of the form in which this library writes almost all of them, read and written without the JSON library: fields in
//! order, no white space, no escapes, nothing unusual in them. For all other headers each function here has no answer, and
//! the JSON library is asked; where there is one, it is the same.

use super::{ReplyHeader, RequestHeader};

/// What follows the endpoint where JSON is asked for by JSON, as in most requests: these three numbers.
const JSON_REQUEST: &[u8] = br#"","DataType":3,"Accept":3,"Revision":1"#;
const JSON_NUMBERS: (u32, u32, u32) = (3, 3, 1);

/// The header of most replies, and its numbers.
const JSON_REPLY: &[u8] = br#"{"DataType":3,"Error":1,"Revision":1}"#;
const JSON_REPLY_NUMBERS: (u32, u32, u32) = (3, 1, 1);

/// What stands before the time that is left.
const TIMEOUT: &[u8] = b",\"TimeoutMs\":";

/// Reads a request's header, if it is a plain one.
pub(super) fn read_request(bytes: &[u8]) -> Option<RequestHeader<'_>> {
    let mut rest = Rest(bytes);
    rest.pass(b"{\"Endpoint\":\"")?;
    let endpoint = rest.text()?.into();
    let (data_type, accept, revision) = match rest.pass(JSON_REQUEST) {
        Some(()) => JSON_NUMBERS,
        None => rest.request_numbers()?,
    };
    let timeout_ms = rest.number_behind(TIMEOUT)?;
    rest.end()?;
    Some(RequestHeader { endpoint, data_type, accept, revision, timeout_ms, ..RequestHeader::default() })
}

/// Reads a reply's header, if it is the plain one of a success.
pub(super) fn read_reply(bytes: &[u8]) -> Option<ReplyHeader<'_>> {
    let (data_type, error, revision) =
        if bytes == JSON_REPLY { JSON_REPLY_NUMBERS } else { Rest(bytes).reply_numbers()? };
    Some(ReplyHeader { data_type, error, revision, ..ReplyHeader::default() })
}

/// Appends a request's header, if it is a plain one.
pub(super) fn write_request(header: &RequestHeader<'_>, out: &mut Vec<u8>) -> Option<()> {
    let endpoint = header.endpoint.as_bytes();
    if !header.metadata.is_empty() || !endpoint.iter().all(is_plain) {
        return None;
    }
    out.extend_from_slice(b"{\"Endpoint\":\"");
    out.extend_from_slice(endpoint);
    if (header.data_type, header.accept, header.revision) == JSON_NUMBERS {
        out.extend_from_slice(JSON_REQUEST);
    } else {
        out.extend_from_slice(b"\",\"DataType\":");
        write_number(header.data_type, out);
        out.extend_from_slice(b",\"Accept\":");
        write_number(header.accept, out);
        write_unless_zero(b",\"Revision\":", header.revision, out);
    }
    write_unless_zero(TIMEOUT, header.timeout_ms, out);
    out.push(b'}');
    Some(())
}

/// Appends a reply's header, if it is the plain one of a success.
pub(super) fn write_reply(header: &ReplyHeader<'_>, out: &mut Vec<u8>) -> Option<()> {
    if header.data_type == 0 || !header.error_message.is_empty() || header.error_details.is_some() {
        return None;
    }
    if (header.data_type, header.error, header.revision) == JSON_REPLY_NUMBERS {
        out.extend_from_slice(JSON_REPLY);
        return Some(());
    }
    out.extend_from_slice(b"{\"DataType\":");
    write_number(header.data_type, out);
    out.extend_from_slice(b",\"Error\":");
    write_number(header.error, out);
    write_unless_zero(b",\"Revision\":", header.revision, out);
    out.push(b'}');
    Some(())
}

/// Puts what is left of a call's time into a header that was written without it.
pub(crate) fn add_timeout(header: &mut Vec<u8>, timeout_ms: u64) {
    if header.pop_if(|last| *last == b'}').is_some() {
        write_unless_zero(TIMEOUT, timeout_ms, header);
        header.push(b'}');
    }
}

/// The bytes that [`add_timeout`] adds.
pub(crate) fn timeout_len(timeout_ms: u64) -> usize {
    let digits = timeout_ms.checked_ilog10().map(|tens| tens as usize + 1);
    digits.map_or(0, |digits| digits + TIMEOUT.len())
}

/// What of a header has not been read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn pass(&mut self, expected: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    /// The text up to the next quotation mark.
    fn text(&mut self) -> Option<&'a str> {
        let len = self.0.iter().position(|byte| !is_plain(byte))?;
        let (text, rest) = self.0.split_at(len);
        self.0 = rest;
        str::from_utf8(text).ok()
    }

    /// A number of at most 19 digits, so that each fits into 64 bits.
    fn number<N: TryFrom<u64>>(&mut self) -> Option<N> {
        let len = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(len);
        let well_formed = matches!((digits, len), ([b'0'], 1) | ([b'1'..=b'9', ..], 1..=19));
        if !well_formed {
            return None;
        }
        self.0 = rest;
        digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')).try_into().ok()
    }

    /// The number of a field that may be absent, which means 0.
    fn number_behind<N: TryFrom<u64> + Default>(&mut self, name: &[u8]) -> Option<N> {
        if self.pass(name).is_some() { self.number() } else { Some(N::default()) }
    }

    /// Data type, what is accepted, and revision.
    fn request_numbers(&mut self) -> Option<(u32, u32, u32)> {
        self.pass(b"\",\"DataType\":")?;
        let data_type = self.number()?;
        self.pass(b",\"Accept\":")?;
        Some((data_type, self.number()?, self.number_behind(b",\"Revision\":")?))
    }

    /// Data type, status and revision, which are all that there is.
    fn reply_numbers(mut self) -> Option<(u32, u32, u32)> {
        self.pass(b"{\"DataType\":")?;
        let data_type = self.number()?;
        self.pass(b",\"Error\":")?;
        let numbers = (data_type, self.number()?, self.number_behind(b",\"Revision\":")?);
        self.end()?;
        Some(numbers)
    }

    fn end(&self) -> Option<()> {
        (self.0 == b"}").then_some(())
    }
}

/// Whether a byte stands for itself in a JSON string, and for a whole character.
fn is_plain(byte: &u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')
}

fn write_unless_zero(name: &[u8], number: impl Into<u64>, out: &mut Vec<u8>) {
    let number = number.into();
    if number != 0 {
        out.extend_from_slice(name);
        write_number(number, out);
    }
}

fn write_number(number: impl Into<u64>, out: &mut Vec<u8>) {
    let mut left = number.into();
    if left < 10 {
        return out.push(b'0' + (left % 10) as u8);
    }
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}
