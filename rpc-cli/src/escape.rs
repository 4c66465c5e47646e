//! What the server sends is printed harmlessly: a control character could move the cursor, and one
//! that turns the direction of writing could make a name look like another.

/// Shows hidden characters of a text as escapes.
pub(crate) fn text(text: &str) -> String {
    escaped(text, |shown, character| shown.extend(character.escape_unicode()))
}

/// Writes hidden characters of JSON as escapes. It means the same, because they are in strings;
/// line breaks and tabs between the tokens stay.
pub(crate) fn json(json: &str) -> String {
    escaped(json, |shown, character| match character {
        '\n' | '\t' | '\r' => shown.push(character),
        _ => shown.extend(character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
    })
}

/// The start of a text that may be long.
pub(crate) fn start(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", self::text(&text[..end])),
        None => self::text(text),
    }
}

fn escaped(text: &str, escape: impl Fn(&mut String, char)) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            escape(&mut shown, character);
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Controls, and what Unicode calls format characters without a shape of their own, except the two
/// that join letters.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor_or_turns_the_text() {
        assert_eq!(text("a\u{1b}[2Jb\r\n\u{9b}1m"), r"a\u{1b}[2Jb\u{d}\u{a}\u{9b}1m");
        assert_eq!(text("\u{202e}dlrow"), r"\u{202e}dlrow");
        assert_eq!(text("süß, 日本, 🦀, C:\\a \"b\""), "süß, 日本, 🦀, C:\\a \"b\"");
    }

    #[test]
    fn json_means_the_same() {
        let sent = "{\n  \"a\": \"\u{7f}\u{9b}\u{202e}\u{e0001}ü\"\n}";
        let shown = json(sent);
        assert_eq!(shown, "{\n  \"a\": \"\\u007f\\u009b\\u202e\\udb40\\udc01ü\"\n}");
        let value = |json| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(value(&shown), value(sent));
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(start("süße", 3), "süß…");
        assert_eq!(start("süße", 4), "süße");
        assert_eq!(start("\u{1b}", 4), r"\u{1b}");
    }
}
