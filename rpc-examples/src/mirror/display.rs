//! What messages to people are made of: numbers of bytes, and text from elsewhere.

use std::fmt;

/// A number of bytes in a unit that suits it.
pub(super) fn size(bytes: u64) -> impl fmt::Display {
    indicatif::BinaryBytes(bytes)
}

/// Text from elsewhere that is safe to print: control characters are shown as escapes.
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
