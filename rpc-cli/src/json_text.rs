//! JSON as text: compact or pretty, with each number and string as it came.

use crate::escape;

/// Returns valid JSON without white space between its tokens.
pub(crate) fn compact(json: &str) -> String {
    Tokens(json).collect()
}

/// Returns valid JSON for a terminal: a line for each item and field, and nothing that controls it.
pub(crate) fn pretty(json: &str) -> String {
    let (mut out, mut depth, mut opened) = (String::new(), 0_usize, false);
    for token in Tokens(json) {
        let closes = matches!(token, "}" | "]");
        depth -= usize::from(closes && depth > 0);
        if opened != closes {
            new_line(&mut out, depth);
        }
        opened = matches!(token, "{" | "[");
        depth += usize::from(opened);
        out.push_str(token);
        match token {
            "," => new_line(&mut out, depth),
            ":" => out.push(' '),
            _ => {}
        }
    }
    escape::json(&out)
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// The tokens of valid JSON.
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let json = self.0.trim_start_matches([' ', '\t', '\n', '\r']);
        let len = match json.bytes().next()? {
            b'"' => string_len(json),
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            _ => json.find([' ', '\t', '\n', '\r', ',', ':', '}', ']']).unwrap_or(json.len()),
        };
        let (token, rest) = json.split_at(len);
        self.0 = rest;
        Some(token)
    }
}

/// Returns the length of the string with which the text begins, quotes included.
fn string_len(json: &str) -> usize {
    let mut escaped = false;
    let closing = json.bytes().skip(1).position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    });
    closing.map_or(json.len(), |at| at + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str =
        " { \"a\\\"b\" : [ 1.50e+3 , true,null ] ,\n\"\\\\\":{ },\"é\":[],\"n\":123456789012345678901234567890 } ";

    #[test]
    fn numbers_and_strings_stay_as_they_came() {
        let compacted = r#"{"a\"b":[1.50e+3,true,null],"\\":{},"é":[],"n":123456789012345678901234567890}"#;
        assert_eq!(compact(ALL), compacted);
        assert_eq!(compact(&pretty(ALL)), compacted);
        assert_eq!(compact(" 5\n"), "5");
        assert_eq!(pretty("\"x\""), "\"x\"");
    }

    #[test]
    fn each_item_and_field_has_a_line() {
        assert_eq!(
            pretty(r#"{"a":[1,{"b":[]}],"c":{}}"#),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}"
        );
    }

    #[test]
    fn a_string_cannot_control_the_terminal() {
        assert_eq!(pretty("\"\u{9b}31m\u{7f}ä\""), r#""\u009b31m\u007fä""#);
    }
}
