//! Bytes from a peer as text for a terminal: nothing in them moves the cursor or hides what
//! follows.

use std::fmt::Write as _;

/// Bytes of octets that are shown in hexadecimal.
const HEX: usize = 16;

/// Returns text with everything escaped that is not printed. What is not UTF-8 is shown byte by
/// byte.
pub(crate) fn text(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '"' | '\'' | '\\' => shown.push(char),
                _ => shown.extend(char.escape_debug()),
            }
        }
        shown.extend(chunk.invalid().escape_ascii().map(char::from));
    }
    shown
}

/// Returns the first bytes of a longer text without the character that was cut at their end.
pub(crate) fn whole_characters(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    }
}

/// Returns octets as quoted text if they are text, otherwise the first ones in hexadecimal.
pub(crate) fn octets(bytes: &[u8], is_cut: bool) -> String {
    let whole = if is_cut { whole_characters(bytes) } else { bytes };
    let is_text = |text: &str| text.chars().all(|char| !char.is_control() || "\t\r\n".contains(char));
    if !whole.is_empty() && std::str::from_utf8(whole).is_ok_and(is_text) {
        return format!("\"{}{}\"", text(whole), if is_cut { "…" } else { "" });
    }
    let mut shown = String::new();
    for byte in bytes.iter().take(HEX) {
        write!(shown, "{byte:02x} ").expect("a string takes all");
    }
    if is_cut || bytes.len() > HEX {
        shown.push('…');
    }
    shown.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_unescaped() {
        assert_eq!(text(b"{\"a\":\"\x1b]0;owned\x07\xff\n\"}"), r#"{"a":"\u{1b}]0;owned\u{7}\xff\n"}"#);
        assert_eq!(text("a\u{202e}b\u{85}".as_bytes()), r"a\u{202e}b\u{85}");
        assert_eq!(octets("é\u{202e}\n".as_bytes(), false), r#""é\u{202e}\n""#);
    }

    #[test]
    fn octets_are_text_or_hexadecimal() {
        assert_eq!(octets(b"{\"number\":7}\n", false), r#""{"number":7}\n""#);
        assert_eq!(octets(b"\0\x07\x0e", false), "00 07 0e");
        assert_eq!(octets(&[0xff; 17], false), "ff ".repeat(16) + "…");
        assert_eq!(octets(b"", false), "");
    }

    #[test]
    fn a_cut_is_shown_and_splits_no_character() {
        assert_eq!(octets(&"aé".as_bytes()[..2], true), "\"a…\"");
        assert_eq!(octets(&"aé".as_bytes()[..2], false), "61 c3");
    }
}
