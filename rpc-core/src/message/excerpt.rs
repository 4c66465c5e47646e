//! The start of what came, for messages about it.

/// The most bytes of a body that a message shows.
const SHOWN: usize = 60;

/// The most bytes that a message shows of a reason, which may repeat what came.
const REASON: usize = 240;

/// Returns the start of a body. What cannot be printed is escaped.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    if bytes.is_empty() { "nothing".to_owned() } else { start(bytes, SHOWN) }
}

/// Returns the start of a reason.
pub(super) fn reason(text: &str) -> String {
    start(text.as_bytes(), REASON)
}

/// Returns the characters within the first `most` bytes, and `…` if there are more.
fn start(bytes: &[u8], most: usize) -> String {
    let shown = &bytes[..bytes.len().min(most)];
    let cut = shown.len() < bytes.len();
    let mut text = String::new();
    let mut chunks = shown.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        for char in chunk.valid().chars() {
            match char {
                '"' | '\'' | '\\' => text.push(char),
                _ => text.extend(char.escape_debug()),
            }
        }
        // the last character may be one that was cut
        if !cut || chunks.peek().is_some() {
            text.extend(chunk.invalid().escape_ascii().map(char::from));
        }
    }
    if cut {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_is_shown_whole() {
        assert_eq!(excerpt(br#"{"name":"a\\b"}"#), r#"{"name":"a\\b"}"#);
        assert_eq!(excerpt("\"é\u{1f980}'\"".as_bytes()), "\"é\u{1f980}'\"");
        assert_eq!(excerpt(b""), "nothing");
    }

    #[test]
    fn what_cannot_be_printed_is_escaped() {
        assert_eq!(excerpt(b"a\n\x1b[31m\xff\xc3"), r"a\n\u{1b}[31m\xff\xc3");
        assert_eq!(excerpt("a\u{202e}b".as_bytes()), r"a\u{202e}b");
    }

    #[test]
    fn what_is_long_is_cut_between_two_characters() {
        assert_eq!(excerpt(&[b'x'; SHOWN]), "x".repeat(SHOWN));
        assert_eq!(excerpt(&[b'x'; SHOWN + 1]), "x".repeat(SHOWN) + "…");
        let long = "x".repeat(SHOWN - 1) + "é";
        assert_eq!(excerpt(long.as_bytes()), "x".repeat(SHOWN - 1) + "…");
        assert!(excerpt(&[0xff; 1000]).len() < 5 * SHOWN);
    }
}
