//! Lines of prose, in Markdown and in comments, have at most 100 columns.

/// The most columns of a line of prose.
const MOST: usize = 100;

/// Returns the numbers of the lines that are too long. Examples and tables may be.
pub(crate) fn too_long(text: &str, is_markdown: bool) -> Vec<usize> {
    let mut in_example = false;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some(prose) = (if is_markdown { Some(line) } else { comment(line) }) else {
            in_example = false;
            continue;
        };
        if prose.trim_start().starts_with("```") {
            in_example = !in_example;
        } else if !in_example && !prose.trim_start().starts_with('|') && line.chars().count() > MOST {
            found.push(number + 1);
        }
    }
    found
}

/// Returns the text of a line that is a comment.
fn comment(line: &str) -> Option<&str> {
    let comment = line.trim_start().strip_prefix("//")?;
    Some(comment.trim_start_matches(['/', '!']))
}

#[test]
fn examples_and_tables_may_be_long() {
    let long = "x ".repeat(60);
    assert_eq!(too_long(&format!("{long}\n\n| {long}\n```\n{long}\n```\n{long}"), true), [1, 7]);
    let source = format!("//! {long}\n\n/// ```\n/// {long}\n/// ```\nlet x = \"{long}\";\n    // {long}");
    assert_eq!(too_long(&source, false), [1, 7]);
    assert!(too_long(&"x".repeat(MOST), true).is_empty());
}
