//! Collects mistakes. A trait can be wrong in several unrelated places, and one mistake must not
//! hide the next: code that finds one pushes it here and continues with what it could read.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The mistakes found so far, in the order in which they were found.
#[derive(Default)]
#[must_use = "unread mistakes go unreported"]
pub(crate) struct Errors {
    combined: Option<syn::Error>,
}

impl Errors {
    pub(crate) fn push(&mut self, mistake: syn::Error) {
        match &mut self.combined {
            Some(combined) => combined.combine(mistake),
            None => self.combined = Some(mistake),
        }
    }

    /// Returns the value; on a mistake, records it and returns `None`.
    pub(crate) fn keep<T>(&mut self, read: syn::Result<T>) -> Option<T> {
        read.map_err(|mistake| self.push(mistake)).ok()
    }

    /// Returns all mistakes as one error, if there are any.
    pub(crate) fn finish(self) -> syn::Result<()> {
        self.combined.map_or(Ok(()), Err)
    }
}

/// Formats tokens on one line as a person would write them, for messages that show what to write
/// instead.
pub(crate) fn readable(tokens: TokenStream) -> String {
    let mut text = String::new();
    write_readable(tokens, &mut text);
    text
}

fn write_readable(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write_readable(group.stream(), text);
                text.push_str(close);
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                ',' => text.push_str(", "),
                ';' => text.push_str("; "),
                spaced @ ('+' | '=') => text.extend([' ', spaced, ' ']),
                other => text.push(other),
            },
            word => {
                if text.ends_with(|last: char| last.is_alphanumeric() || last == '_') {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
    }
}
