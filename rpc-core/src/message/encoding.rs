//! The bytes of headers and Trailers. Pure.

use super::fields::Fields;
use super::{MAX_HEADER_LEN, MAX_HEADER_LEN_WRITTEN, ReplyHeader, RequestHeader, Status, TrailerError, Violation};
use super::{fast_path, json};

impl<'a> RequestHeader<'a> {
    /// Reads a header message.
    ///
    /// # Errors
    /// [`Violation::MalformedHeader`] or [`Violation::HeaderCut`].
    pub fn decode(bytes: &'a [u8]) -> Result<RequestHeader<'a>, Violation> {
        fast_path::read_request(bytes).map_or_else(|| decode(bytes, RequestHeader::from_fields), Ok)
    }

    /// Appends the header's bytes, and returns whether they fit into [`MAX_HEADER_LEN_WRITTEN`]. If
    /// not, appends nothing.
    #[must_use]
    pub fn encode(&self, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        self.write(out);
        let fits = out.len() - start <= MAX_HEADER_LEN_WRITTEN;
        if !fits {
            out.truncate(start);
        }
        fits
    }
}

impl<'a> ReplyHeader<'a> {
    /// Reads a header message.
    ///
    /// # Errors
    /// [`Violation::MalformedHeader`] or [`Violation::HeaderCut`].
    pub fn decode(bytes: &'a [u8]) -> Result<ReplyHeader<'a>, Violation> {
        fast_path::read_reply(bytes).map_or_else(|| decode(bytes, ReplyHeader::from_fields), Ok)
    }

    /// Appends the header's bytes, at most [`MAX_HEADER_LEN_WRITTEN`]. An error message that does
    /// not fit, counted as encoded, is cut at a character border and ends in `…`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        self.write(out);
        let over = (out.len() - start).saturating_sub(MAX_HEADER_LEN_WRITTEN);
        if over > 0 {
            out.truncate(start);
            let message = self.error_message.chars().map(escaped_len).sum::<usize>();
            let room = message.saturating_sub(over + '…'.len_utf8());
            ReplyHeader { error_message: cut_to(&self.error_message, room).into(), ..self.clone() }.write(out);
            debug_assert!(out.len() - start <= MAX_HEADER_LEN_WRITTEN, "a cut header fits");
        }
    }
}

impl TrailerError {
    /// Reads the payload of a Trailer frame.
    ///
    /// # Errors
    /// [`Violation::MalformedHeader`], [`Violation::HeaderCut`], or [`Violation::TrailerStatus`].
    pub fn decode(bytes: &[u8]) -> Result<TrailerError, Violation> {
        let header = ReplyHeader::decode(bytes)?;
        match Status::from_wire(header.error) {
            None | Some(Status::Ok) => Err(Violation::TrailerStatus { found: header.error }),
            Some(status) => Ok(TrailerError {
                status,
                message: header.error_message.into_owned(),
                details: header.error_details.map(|json| json.get().into()),
            }),
        }
    }
}

/// Returns the longest start of `text` that takes at most `room` bytes inside a JSON string, and
/// `…` after it.
fn cut_to(text: &str, room: usize) -> String {
    let mut used = 0;
    let fits = |char: &char| {
        used += escaped_len(*char);
        used <= room
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// Returns the number of bytes that a character takes inside a JSON string, as serde_json writes
/// it.
fn escaped_len(char: char) -> usize {
    match char {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => char.len_utf8(),
    }
}

fn decode<'a, T>(bytes: &'a [u8], read: fn(&Fields<'a>) -> serde_json::Result<T>) -> Result<T, Violation> {
    let fields = json::text(bytes).and_then(serde_json::from_str);
    fields.and_then(|fields| read(&fields)).map_err(|error| match bytes.len() {
        MAX_HEADER_LEN => Violation::HeaderCut { len: MAX_HEADER_LEN },
        len => Violation::MalformedHeader { len, problem: error.to_string() },
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use serde_json::value::RawValue;

    use super::*;
    use crate::message::{DataType, Metadata};

    fn problem(bytes: &str) -> String {
        RequestHeader::decode(bytes.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn writes_what_an_original_reads() {
        let mut out = Vec::new();
        assert!(RequestHeader::new("List", DataType::MarshaledJson, DataType::Octets).encode(&mut out));
        assert_eq!(out, br#"{"Endpoint":"List","DataType":3,"Accept":4,"Revision":1}"#);
        out.clear();
        ReplyHeader::ok(DataType::MarshaledJson).encode(&mut out);
        assert_eq!(out, br#"{"DataType":3,"Error":1,"Revision":1}"#);
        out.clear();
        ReplyHeader::refusal(Status::Error, "no").encode(&mut out);
        assert_eq!(out, br#"{"Error":4,"ErrorMessage":"no","Revision":1}"#);
        out.clear();
        ReplyHeader::not_run("full").encode(&mut out);
        assert_eq!(out, br#"{"Error":2,"ErrorMessage":"full","NotRun":true,"Revision":1}"#);
    }

    #[test]
    fn absent_null_unknown_and_any_order_are_fine() {
        let header =
            RequestHeader::decode(b" {\"Accept\":4, \"Later\":[1], \"DataType\":null,\n\"Endpoint\":\"a\\u0062\"} \n");
        let expected = RequestHeader { endpoint: "ab".into(), accept: 4, ..RequestHeader::default() };
        assert_eq!(header, Ok(expected));
        assert_eq!(RequestHeader::decode(b"{}"), Ok(RequestHeader::default()));
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        let header = RequestHeader::decode(b"{ \"Endpoint\": \"List\" }").unwrap();
        assert!(matches!(header.endpoint, Cow::Borrowed("List")));
        let header = ReplyHeader::decode(br#"{"Error":4,"ErrorMessage":"no"}"#).unwrap();
        assert!(matches!(header.error_message, Cow::Borrowed("no")));
    }

    #[test]
    fn names_are_exact() {
        let header = RequestHeader::decode(br#"{"endpoint":"x","DATATYPE":3}"#);
        assert_eq!(header, Ok(RequestHeader::default()));
    }

    #[test]
    fn malformed_headers_are_refused() {
        for bytes in [
            "null",
            "[]",
            "[\"List\",3,3]",
            "\"x\"",
            "",
            "{",
            "{} x",
            "{}{}",
            r#"{"DataType":3,"DataType":3}"#,
            r#"{"DataType":null,"DataType":3}"#,
            r#"{"DataType":3.0}"#,
            r#"{"DataType":3e0}"#,
            r#"{"DataType":-1}"#,
            r#"{"DataType":4294967296}"#,
            r#"{"DataType":"3"}"#,
            r#"{"Endpoint":3}"#,
        ] {
            assert!(problem(bytes).starts_with("expected a header object"), "{bytes}");
        }
    }

    #[test]
    fn what_is_no_utf_8_is_malformed_wherever_it_stands() {
        for bytes in [
            &b"{\"Endpoint\":\"\xff\"}"[..],
            b"{\"Later\":\"\xff\"}",
            b"{\"Later\":{\"a\":[\"\xc3\"]}}",
            b"{\"\xff\":1}",
            b"{}\xff",
            b"\xef\xbb\xff{}",
        ] {
            let expected = |found: Option<Violation>| matches!(found, Some(Violation::MalformedHeader { .. }));
            assert!(expected(RequestHeader::decode(bytes).err()), "{bytes:?}");
            assert!(expected(ReplyHeader::decode(bytes).err()), "{bytes:?}");
        }
        let details = ReplyHeader::decode(b"{\"Error\":4,\"ErrorDetails\":\"\xff\"}");
        assert!(matches!(details, Err(Violation::MalformedHeader { .. })), "{details:?}");
        assert!(RequestHeader::decode("{\"Later\":\"\u{e4}\"}".as_bytes()).is_ok());
    }

    #[test]
    fn one_that_was_cut_inside_a_character_was_cut() {
        let bytes = format!(r#"{{"Endpoint":"{}é"#, "x".repeat(MAX_HEADER_LEN - 14));
        let cut = &bytes.as_bytes()[..MAX_HEADER_LEN];
        assert_eq!(RequestHeader::decode(cut), Err(Violation::HeaderCut { len: MAX_HEADER_LEN }));
    }

    #[test]
    fn one_of_exactly_the_limit_that_does_not_parse_was_cut() {
        let bytes = format!(r#"{{"Endpoint":"{}"#, "x".repeat(MAX_HEADER_LEN - 13));
        assert_eq!(bytes.len(), MAX_HEADER_LEN);
        assert_eq!(RequestHeader::decode(bytes.as_bytes()), Err(Violation::HeaderCut { len: MAX_HEADER_LEN }));
    }

    #[test]
    fn details_that_are_null_are_there() {
        let read = |json: &'static str| ReplyHeader::decode(json.as_bytes()).unwrap().error_details.map(RawValue::get);
        assert_eq!(read(r#"{"Error":4,"ErrorDetails":null}"#), Some("null"));
        assert_eq!(read(r#"{"Error":4,"ErrorDetails": {"Full":[1, 2]} }"#), Some(r#"{"Full":[1, 2]}"#));
        assert_eq!(read(r#"{"Error":4}"#), None);
    }

    #[test]
    fn not_run_is_a_boolean() {
        let read = |value: &str| {
            ReplyHeader::decode(format!(r#"{{"Error":2,"NotRun":{value}}}"#).as_bytes()).map(|header| header.not_run)
        };
        assert_eq!((read("true"), read("false"), read("null")), (Ok(true), Ok(false), Ok(false)));
        assert_eq!(ReplyHeader::decode(br#"{"Error":2}"#).map(|header| header.not_run), Ok(false));
        for wrong in ["1", "0", r#""true""#, "[true]", "{}", r#"true,"NotRun":true"#] {
            assert!(matches!(read(wrong), Err(Violation::MalformedHeader { .. })), "{wrong}");
        }
    }

    #[test]
    fn named_is_a_boolean_as_not_run_is() {
        let read = |value: &str| {
            RequestHeader::decode(format!(r#"{{"Revision":1,"Named":{value}}}"#).as_bytes()).map(|header| header.named)
        };
        assert_eq!((read("true"), read("false"), read("null")), (Ok(true), Ok(false), Ok(false)));
        for wrong in ["1", "0", r#""true""#, "[true]", "{}", r#"true,"Named":true"#] {
            assert!(matches!(read(wrong), Err(Violation::MalformedHeader { .. })), "{wrong}");
        }
        let mut out = Vec::new();
        let header =
            RequestHeader { named: true, timeout_ms: 7, ..RequestHeader::new("x", DataType::None, DataType::None) };
        assert!(header.encode(&mut out));
        assert_eq!(out, br#"{"Endpoint":"x","DataType":1,"Accept":1,"Revision":1,"Named":true,"TimeoutMs":7}"#);
        assert_eq!(RequestHeader::decode(&out), Ok(header));
    }

    #[test]
    fn metadata_are_pairs_of_strings() {
        let mut bytes = Vec::new();
        let metadata = Metadata::from_iter([("traceparent", "00-1-2-01"), ("user", "ann")]);
        let header =
            RequestHeader { metadata, timeout_ms: 17, ..RequestHeader::new("x", DataType::Octets, DataType::Octets) };
        assert!(header.encode(&mut bytes));
        assert_eq!(RequestHeader::decode(&bytes).unwrap(), header);
        for wrong in [r#"{"Metadata":{"a":1}}"#, r#"{"Metadata":["a"]}"#, r#"{"Metadata":{"a":"1","a":"2"}}"#] {
            assert!(problem(wrong).contains("header"), "{wrong}");
        }
        assert!(RequestHeader::decode(br#"{"Metadata":null}"#).unwrap().metadata.is_empty());
    }

    #[test]
    fn an_endpoint_that_does_not_fit_is_not_written() {
        let name = "x".repeat(MAX_HEADER_LEN);
        let mut out = b"before".to_vec();
        assert!(!RequestHeader::new(&name, DataType::Octets, DataType::Octets).encode(&mut out));
        assert_eq!(out, b"before");
    }

    #[test]
    fn a_message_is_cut_as_late_as_possible() {
        for unit in ["x", "é", "日", "😀", "\"", "\u{1}", "\n", "a日\u{0}"] {
            for extra in 0..8 {
                let text = "y".repeat(extra) + &unit.repeat(5000 / unit.len());
                for header in [ReplyHeader::refusal(Status::Error, &text), ReplyHeader::not_run(&text)] {
                    let mut out = Vec::new();
                    header.encode(&mut out);
                    let read = ReplyHeader::decode(&out).unwrap();
                    assert_eq!((read.error, read.not_run), (header.error, header.not_run));
                    let kept = read.error_message.strip_suffix('…').unwrap();
                    assert!(text.starts_with(kept));
                    let next = text[kept.len()..].chars().next().unwrap();
                    assert!(out.len() <= MAX_HEADER_LEN_WRITTEN);
                    let one_more = out.len() + escaped_len(next);
                    assert!(one_more > MAX_HEADER_LEN_WRITTEN, "one more character would have fitted");
                }
            }
        }
    }
}
