//! Encodes names as text: on Unix a file name is bytes, and JSON carries text.
//!
//! Valid UTF-8 stays as it is, except `%`, which becomes `%25`; every other byte becomes `%` and
//! two uppercase hex digits. Each name has exactly one encoding, so encoded names can be compared.

/// Encodes a name.
pub(super) fn encode(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        text.push_str(&chunk.valid().replace('%', "%25"));
        for byte in chunk.invalid() {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// Decodes a name; `None` if [`encode`] never returns such text.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut pieces = text.split('%');
    let mut name = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        name.push(u8::from_str_radix(digits, 16).ok()?);
        name.extend_from_slice(rest.as_bytes());
    }
    (encode(&name) == text).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_back() {
        let names: [&[u8]; 6] = [b"", b"plain", "s\u{fc}\u{df} \u{1f980}".as_bytes(), b"100%", b"\xff\xfe%", b"a\xc3"];
        for name in names {
            assert_eq!(decode(&encode(name)).as_deref(), Some(name), "{}", encode(name));
        }
    }

    #[test]
    fn is_readable() {
        assert_eq!(encode(b"caf\xe9 50%"), "caf%E9 50%25");
    }

    #[test]
    fn a_second_spelling_is_refused() {
        for text in ["%", "%2", "%41", "%ff", "%+1", "%2E%2E", "%C3%BC", "%\u{fc}1"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
