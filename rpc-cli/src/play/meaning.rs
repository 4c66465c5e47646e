//! What a client says, apart from how it says it: where frames end, how JSON is written, and fields
//! that differ from one run to the next. Pure.

use rpc_core::FrameKind;
use rpc_core::unstable::MAX_HEADER_LEN;
use serde_json::{Map, Value};

use crate::dump::decoder::{Content, announced};
use crate::dump::excerpt;
use crate::dump::frames::{Frames, Piece};

/// The longest JSON body that is compared as a value; a longer one is compared byte by byte.
const MOST_JSON: usize = 64 * 1024;

/// The bytes of a message that are shown.
const SHOWN: usize = 200;

/// How far a client has come: the messages that have ended, and bytes of the one that has not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    messages: u64,
    bytes: u64,
}

/// A message of a client.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Meaning {
    Fields(FrameKind, Value),
    Json(Value),
    /// What is not JSON, or long.
    Bytes {
        len: u64,
        hash: Hash,
    },
    /// A body without its end. How far it gets depends on when its client notices the reply.
    Unfinished,
    Reset,
    NotAFrame,
}

impl Meaning {
    /// Returns it as text for people.
    pub(super) fn describe(&self) -> String {
        match self {
            Meaning::Fields(_, value) | Meaning::Json(value) => {
                let text = value.to_string();
                let shown = &text.as_bytes()[..text.len().min(SHOWN)];
                let dots = if shown.len() < text.len() { "…" } else { "" };
                format!("{}{dots}", excerpt::text(excerpt::whole_characters(shown)))
            }
            Meaning::Bytes { len, hash } => format!("{len} bytes (checksum {:016x})", hash.0),
            Meaning::Unfinished => "a body without its end".to_owned(),
            Meaning::Reset => "a Reset".to_owned(),
            Meaning::NotAFrame => "bytes that are not a frame".to_owned(),
        }
    }
}

/// A checksum, against mistakes and not against attacks: FNV-1a.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hash(u64);

impl Default for Hash {
    fn default() -> Hash {
        Hash(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    }
}

/// Finds the meanings in what a client sends.
#[derive(Debug, Default)]
pub(super) struct Meanings {
    frames: Frames,
    message: Message,
    announced: &'static [Content],
    position: Position,
}

/// A message that has begun.
#[derive(Debug, Default)]
struct Message {
    kind: Option<FrameKind>,
    /// Its first bytes.
    start: Vec<u8>,
    len: u64,
    hash: Hash,
}

impl Meanings {
    /// Takes what came.
    pub(super) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Meaning)) {
        let Meanings { frames, message, announced, position } = self;
        frames.push(bytes, |piece| match piece {
            Piece::Payload(frame, bytes) => {
                message.begin(frame.kind, position, &mut each);
                message.add(bytes);
                position.bytes += bytes.len() as u64;
            }
            Piece::Ends(frame) => {
                message.begin(frame.kind, position, &mut each);
                if frame.last || frame.kind == FrameKind::Reset {
                    each(message.end(announced));
                    next(position);
                }
            }
            Piece::Violation(_) => {
                message.abandon(position, &mut each);
                each(Meaning::NotAFrame);
                next(position);
            }
            Piece::Unframed(bytes) => position.bytes += bytes.len() as u64,
        });
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }
}

fn next(position: &mut Position) {
    *position = Position { messages: position.messages + 1, bytes: 0 };
}

impl Message {
    /// A frame of this type begins, or goes on.
    fn begin(&mut self, kind: FrameKind, position: &mut Position, each: &mut impl FnMut(Meaning)) {
        if self.kind != Some(kind) {
            self.abandon(position, each);
            self.kind = Some(kind);
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        let most = MOST_JSON.saturating_sub(self.start.len());
        self.start.extend_from_slice(&bytes[..bytes.len().min(most)]);
        self.len += bytes.len() as u64;
        self.hash.add(bytes);
    }

    /// Ends a message that does not go on.
    fn abandon(&mut self, position: &mut Position, each: &mut impl FnMut(Meaning)) {
        if std::mem::take(self).kind.is_some() {
            each(Meaning::Unfinished);
            next(position);
        }
    }

    fn end(&mut self, announced_bodies: &mut &'static [Content]) -> Meaning {
        let Message { kind, start, len, hash } = std::mem::take(self);
        let bytes = Meaning::Bytes { len, hash };
        let is_whole = start.len() as u64 == len;
        let value = || serde_json::from_slice::<Value>(&start).ok().filter(|_| is_whole);
        match kind {
            Some(kind @ FrameKind::Header) if start.len() <= MAX_HEADER_LEN => {
                *announced_bodies = announced(&start);
                value().map_or(bytes, |value| Meaning::Fields(kind, without_what_varies(value)))
            }
            Some(kind @ FrameKind::Trailer) => {
                *announced_bodies = &[];
                value().map_or(bytes, |value| Meaning::Fields(kind, without_what_varies(value)))
            }
            Some(FrameKind::Reset) => Meaning::Reset,
            _ => {
                let content = announced_bodies.first();
                *announced_bodies = announced_bodies.get(1..).unwrap_or_default();
                let is_json = content == Some(&Content::Json);
                value().filter(|_| is_json).map_or(bytes, Meaning::Json)
            }
        }
    }
}

/// Removes fields that count as absent, and those that say nothing about what is asked for.
fn without_what_varies(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        if let Some(metadata) = fields.get_mut("Metadata").and_then(Value::as_object_mut) {
            metadata.remove(rpc_core::TRACEPARENT);
        }
        fields.retain(|name, value| !["Revision", "TimeoutMs"].contains(&name.as_str()) && !is_absent(value));
    }
    value
}

fn is_absent(value: &Value) -> bool {
    value.is_null() || *value == 0 || *value == "" || *value == false || value.as_object().is_some_and(Map::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpc_tests::wire;

    fn meanings(sent: &[Vec<u8>]) -> (Vec<Meaning>, Position) {
        let (mut meanings, mut found) = (Meanings::default(), Vec::new());
        meanings.push(&sent.concat(), |meaning| found.push(meaning));
        (found, meanings.position())
    }

    #[test]
    fn how_it_is_written_means_nothing() {
        let recorded = meanings(&[wire::request("Echo", 3, r#"{"a":1,"b":[2]}"#)]).0;
        let header = r#"{"Accept":3,"Endpoint":"Echo","TimeoutMs":17,"Error":0,"Revision":1,"DataType":3,"Metadata":{"traceparent":"x"}}"#;
        let played = meanings(&[wire::header(header), wire::more(r#"{"b": [2],"#), wire::data(r#" "a": 1}"#)]).0;
        assert_eq!(recorded, played);
    }

    #[test]
    fn what_is_asked_for_means_something() {
        let of = |endpoint: &str, json: &str| meanings(&[wire::request(endpoint, 3, json)]).0;
        assert_ne!(of("Echo", "1"), of("Echo", "2"));
        assert_ne!(of("Echo", "1"), of("echo", "1"));
        let octets = |content: &str| meanings(&[wire::opening("f", 4, 3), wire::data(content)]).0;
        assert_ne!(octets("1"), octets("1 "), "octets that look like JSON");
    }

    #[test]
    fn a_body_that_a_trailer_ends_means_the_same_wherever_that_is() {
        let of =
            |bytes: usize| meanings(&[wire::opening("f", 4, 3), wire::more(vec![1; bytes]), wire::trailer(2, "x")]);
        assert_eq!(of(1).0, of(1000).0);
        assert_eq!(of(1).1, of(1000).1);
    }

    #[test]
    fn a_position_counts_content_and_not_frames() {
        let (one, two) = (meanings(&[wire::more("ab")]).1, meanings(&[wire::more("a"), wire::more("b")]).1);
        assert_eq!(one, two);
        assert!(one > meanings(&[wire::more("a")]).1 && one < meanings(&[wire::data("")]).1);
    }
}
