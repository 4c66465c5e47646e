//! What the client of a recording sent against what a client sends now, message by message. Pure.

use std::collections::VecDeque;

use super::meaning::{Hash, Meaning, Meanings, Position};

/// The messages that one side may be ahead of the other.
const MOST_AHEAD: usize = 10_000;

/// Compares two clients as far as both have come.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    recorded: Sent,
    played: Sent,
    /// Messages that were compared.
    compared: u64,
    difference: Option<String>,
}

/// What a client has sent.
#[derive(Debug, Default)]
struct Sent {
    meanings: Meanings,
    /// The messages that have no counterpart yet.
    ahead: VecDeque<Meaning>,
    len: u64,
    hash: Hash,
}

impl Sent {
    fn push(&mut self, bytes: &[u8]) {
        self.meanings.push(bytes, |meaning| {
            if self.ahead.len() <= MOST_AHEAD {
                self.ahead.push_back(meaning);
            }
        });
        self.len += bytes.len() as u64;
        self.hash.add(bytes);
    }
}

impl Comparison {
    /// Takes what the client of the recording sent, and returns how far that brings it.
    pub(super) fn recorded(&mut self, bytes: &[u8]) -> Position {
        self.recorded.push(bytes);
        self.compare();
        self.recorded.meanings.position()
    }

    /// Takes what a client sends now, and returns how far that brings it.
    pub(super) fn played(&mut self, bytes: &[u8]) -> Position {
        self.played.push(bytes);
        self.compare();
        self.played.meanings.position()
    }

    /// Returns the first difference.
    pub(super) fn difference(&self) -> Option<&str> {
        self.difference.as_deref()
    }

    fn compare(&mut self) {
        while self.difference.is_none()
            && let (Some(recorded), Some(played)) = (self.recorded.ahead.front(), self.played.ahead.front())
        {
            if recorded != played {
                self.differ(&recorded.describe(), &played.describe());
                return;
            }
            self.recorded.ahead.pop_front();
            self.played.ahead.pop_front();
            self.compared += 1;
        }
        if self.difference.is_none() && self.played.ahead.len() > MOST_AHEAD {
            self.differ("a client that waits for replies", "one that does not");
        }
    }

    fn differ(&mut self, recorded: &str, played: &str) {
        let number = self.compared + 1;
        self.difference = Some(format!("message {number} of the client: expected {recorded}, found {played}"));
    }

    /// Takes the end of both, and returns what they have in common, or the first difference.
    pub(super) fn finish(mut self) -> Result<String, String> {
        if self.difference.is_none() {
            match (self.recorded.ahead.front(), self.played.ahead.front()) {
                (Some(recorded), None) => self.differ(&recorded.describe(), "the end"),
                (None, Some(played)) => self.differ("the end", &played.describe()),
                _ => {}
            }
        }
        if let Some(difference) = self.difference {
            return Err(difference);
        }
        let same = (self.recorded.len, self.recorded.hash) == (self.played.len, self.played.hash);
        let what = if same { "bytes" } else { "meaning" };
        Ok(format!("the client sent the same {what}: {} messages, {} bytes", self.compared, self.played.len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpc_tests::wire;

    fn compared(recorded: &[u8], played: &[u8]) -> Result<String, String> {
        let mut comparison = Comparison::default();
        played.iter().for_each(|byte| _ = comparison.played(&[*byte]));
        comparison.recorded(recorded);
        comparison.finish()
    }

    #[test]
    fn the_first_difference_is_named() {
        let (one, two) = (wire::request("f", 3, "1"), wire::request("f", 3, "2"));
        assert_eq!(compared(&one, &one).unwrap(), "the client sent the same bytes: 2 messages, 53 bytes");
        assert_eq!(compared(&one, &two).unwrap_err(), "message 2 of the client: expected 1, found 2");
        let both = [&one[..], &two].concat();
        let header = r#"{"Accept":3,"DataType":3,"Endpoint":"f"}"#;
        assert_eq!(compared(&one, &both), Err(format!("message 3 of the client: expected the end, found {header}")));
        assert_eq!(compared(&both, &one), Err(format!("message 3 of the client: expected {header}, found the end")));
    }

    #[test]
    fn the_same_in_other_frames_is_told_apart_from_the_same() {
        let played = [wire::header(r#"{"Accept":3,"Endpoint":"f","DataType":3}"#), wire::data(" 1")].concat();
        let same = compared(&wire::request("f", 3, "1"), &played).unwrap();
        assert!(same.starts_with("the client sent the same meaning: 2 messages"), "{same}");
    }

    #[test]
    fn a_client_that_never_stops_is_not_kept() {
        let mut comparison = Comparison::default();
        for _ in 0..=MOST_AHEAD {
            comparison.played(&wire::reset());
        }
        assert!(comparison.finish().unwrap_err().ends_with("found one that does not"));
    }
}
