//! Parts of messages to users: numbers of bytes, and text from the other side.

use std::fmt;

/// Displays a number of bytes in a suitable unit.
pub(super) fn size(bytes: u64) -> impl fmt::Display {
    indicatif::BinaryBytes(bytes)
}

/// Makes text from the other side safe to print: shows control characters as escapes.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}
