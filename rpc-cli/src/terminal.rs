//! Standard output, if it is a terminal: how wide it is, and styles. In a pipe nothing is styled,
//! cut or aligned.

use std::env;
use std::fmt::{self, Display, Write as _};

use console::Term;

/// How many columns the terminal has. `None` if standard output is not one.
pub(crate) fn width() -> Option<usize> {
    let terminal = Term::stdout();
    let chosen = || env::var("COLUMNS").ok()?.parse().ok();
    terminal.is_term().then(|| chosen().unwrap_or_else(|| usize::from(terminal.size().1)).clamp(20, 1000))
}

/// Makes a text bold, if standard output is a terminal that can.
pub(crate) fn bold(text: impl Display) -> impl Display {
    console::style(text).bold()
}

/// Makes a text faint, if standard output is a terminal that can.
pub(crate) fn dim(text: impl Display) -> impl Display {
    console::style(text).dim()
}

/// The text in at most `most` columns, of which the last is `…` if it has more. Takes no longer
/// than that for a text of any length.
pub(crate) fn cut(text: impl Display, most: usize) -> String {
    let mut cut = Cut { text: String::new(), room: most };
    if write!(cut, "{text}").is_err() {
        cut.text.pop();
        cut.text.push('…');
    }
    cut.text
}

/// The text, if it has at most `most` columns.
pub(crate) fn fitting(text: impl Display, most: usize) -> Option<String> {
    let mut cut = Cut { text: String::new(), room: most };
    write!(cut, "{text}").is_ok().then_some(cut.text)
}

struct Cut {
    text: String,
    /// In characters: what is wider than a column is rare in names.
    room: usize,
}

impl fmt::Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.room = self.room.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(character);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_only_if_it_must() {
        assert_eq!(cut("süß", 3), "süß");
        assert_eq!(cut("süße", 3), "sü…");
        assert_eq!(fitting("süß", 3).as_deref(), Some("süß"));
        assert_eq!(fitting("süße", 3), None);
    }
}
