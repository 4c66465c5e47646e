//! Documentation as a server sends it, which is Markdown of rustdoc.

use crate::escape;

/// The first sentence, on one line.
pub(crate) fn summary(doc: &str) -> String {
    let words = doc.trim_start().lines().map(str::trim).take_while(|line| !line.is_empty());
    let paragraph = without_links(&words.collect::<Vec<_>>().join(" "));
    let end = paragraph.match_indices(". ").map(|(at, _)| at).find(|at| !is_abbreviation(&paragraph[..*at]));
    escape::text(paragraph[..end.unwrap_or(paragraph.len())].trim_end_matches('.'))
}

/// Whether a full stop after this text does not end a sentence: `e.g.`, `i.e.`, `etc.`.
fn is_abbreviation(text: &str) -> bool {
    ["e.g", "i.e", "etc", "cf", "vs"].iter().any(|short| text.ends_with(short))
}

/// The lines of all of it. Text is filled to a width, if there is one; lists, headings and examples
/// keep their lines.
pub(crate) fn lines(doc: &str, width: Option<usize>) -> Vec<String> {
    let sent = doc.trim().lines().map(|line| escape::text(&line.replace('\t', "    ")));
    let Some(width) = width else { return sent.map(|line| without_links(&line)).collect() };
    let mut lines: Vec<String> = Vec::new();
    // text that goes on in the next line
    let mut text = String::new();
    let mut is_example = false;
    for line in sent {
        let is_fence = line.trim_start().starts_with("```");
        let goes_on = !text.is_empty() && !is_example && !is_fence && is_text(&line);
        if goes_on {
            text = text + " " + &line;
            continue;
        }
        lines.extend(fill(&without_links(&std::mem::take(&mut text)), width));
        if is_fence || is_example || line.is_empty() || line.starts_with(['#', '|', '>']) {
            is_example ^= is_fence;
            lines.push(line);
        } else {
            text = line;
        }
    }
    lines.extend(fill(&without_links(&text), width));
    lines
}

/// Whether a line can go on with the text before it: it does not begin a list or the like.
fn is_text(line: &str) -> bool {
    let word = line.split(' ').next().unwrap_or_default();
    let is_number = word.strip_suffix('.').is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    !is_number && word != "*" && word.starts_with(|first: char| first.is_alphanumeric() || "`\"'([<*_".contains(first))
}

/// Breaks a line at blanks. What follows in a list is indented as its first line.
fn fill(line: &str, width: usize) -> Vec<String> {
    let blanks = line.len() - line.trim_start().len();
    let is_item = ["- ", "* ", "+ "].iter().any(|bullet| line[blanks..].starts_with(bullet));
    let indent = " ".repeat(blanks + if is_item { 2 } else { 0 });
    let (mut filled, mut current, mut columns) = (Vec::new(), " ".repeat(blanks), blanks);
    for (i, word) in line.split_whitespace().enumerate() {
        let length = word.chars().count();
        if i > 0 && columns + 1 + length > width {
            filled.push(std::mem::replace(&mut current, indent.clone()));
            columns = indent.len();
        } else if i > 0 {
            current.push(' ');
            columns += 1;
        }
        current.push_str(word);
        columns += length;
    }
    if !current.trim().is_empty() {
        filled.push(current);
    }
    filled
}

/// How long a link may be, in bytes. Looking further would take a hostile text's length squared.
const LONGEST_LINK: usize = 300;

/// Takes rustdoc's links away: what they lead to is not here. Links to other hosts stay.
fn without_links(text: &str) -> String {
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, link)) = rest.split_once("[`") {
        shown.push_str(before);
        if let Some((name, after)) = split_near(link, "`]") {
            let target = after.strip_prefix('(').and_then(|target| split_near(target, ")"));
            match target {
                Some((target, _)) if target.contains("://") => shown.push_str(&format!("[`{name}`]")),
                _ => shown.push_str(&format!("`{name}`")),
            }
            rest = target.filter(|(target, _)| !target.contains("://")).map_or(after, |(_, after)| after);
        } else {
            shown.push_str("[`");
            rest = link;
        }
    }
    shown + rest
}

/// Splits a text at the first `end`, if that is not far away.
fn split_near<'a>(text: &'a str, end: &str) -> Option<(&'a str, &'a str)> {
    let at = text.as_bytes().windows(end.len()).take(LONGEST_LINK).position(|found| found == end.as_bytes())?;
    Some((&text[..at], &text[at + end.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentence_is_the_summary() {
        let cases = [
            ("Stores a file, and returns its size. It\nreplaces another.", "Stores a file, and returns its size"),
            ("Returns the entries\nafter `after`.\n\nMore.", "Returns the entries after `after`"),
            (" Version 1.2, e.g. this one.", "Version 1.2, e.g. this one"),
            ("See [`entries`](Mirror::entries) and [`RelPath`].", "See `entries` and `RelPath`"),
            ("a\u{1b}[2J\n\nb", r"a\u{1b}[2J"),
            ("", ""),
        ];
        for (doc, expected) in cases {
            assert_eq!(summary(doc), expected);
        }
    }

    #[test]
    fn text_is_filled_and_the_rest_keeps_its_lines() {
        let doc = "One two three\nfour.\n\n# Errors\nFive\n\n- six seven eight nine\n- ten\n1. a\n2. b\n\n```\nlet   x  = 1;\n```";
        let filled = lines(doc, Some(14));
        let expected = [
            "One two three",
            "four.",
            "",
            "# Errors",
            "Five",
            "",
            "- six seven",
            "  eight nine",
            "- ten",
            "1. a",
            "2. b",
            "",
            "```",
            "let   x  = 1;",
            "```",
        ];
        assert_eq!(filled, expected);
        assert_eq!(lines("One\ntwo", Some(14)), ["One two"]);
        assert_eq!(lines("One\ntwo", None), ["One", "two"]);
    }

    #[test]
    fn a_hostile_text_takes_no_long_time() {
        for part in ["[`", "[`a`](", "`]", "e.g. "] {
            let text = part.repeat(1 << 17);
            assert!(!summary(&text).is_empty() && !lines(&text, Some(80)).is_empty());
        }
    }

    #[test]
    fn links_to_other_hosts_stay() {
        assert_eq!(without_links("[`a`](https://x.org/b) [`c` [`d`](e)"), "[`a`](https://x.org/b) `c` [`d`");
        assert_eq!(without_links("[`a`](b::C) [`d`] [e](f)"), "`a` `d` [e](f)");
    }
}
