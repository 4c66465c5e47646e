//! The end of what a child has written.

use std::collections::VecDeque;

/// Bytes that are kept of what a child writes to its standard error: more than a screen.
pub(super) const CAPACITY: usize = 32 * 1024;

/// The last [`CAPACITY`] bytes of a text.
#[derive(Debug, Default)]
pub(super) struct Tail {
    kept: VecDeque<u8>,
    /// Whether there was more before.
    pub(super) is_cut: bool,
}

impl Tail {
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let new = &bytes[bytes.len().saturating_sub(CAPACITY)..];
        let surplus = (self.kept.len() + new.len()).saturating_sub(CAPACITY);
        self.is_cut |= surplus > 0 || new.len() < bytes.len();
        self.kept.drain(..surplus);
        self.kept.extend(new);
    }

    /// Returns the bytes that are kept.
    pub(super) fn bytes(&mut self) -> &[u8] {
        self.kept.make_contiguous()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bytes_are_kept() {
        for piece in [1, 1000, CAPACITY, CAPACITY + 1, 3 * CAPACITY] {
            let all: Vec<u8> = (0..3 * CAPACITY).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let mut tail = Tail::default();
            all[..CAPACITY].chunks(piece).for_each(|piece| tail.extend(piece));
            assert!(!tail.is_cut && tail.bytes() == &all[..CAPACITY]);
            all[CAPACITY..].chunks(piece).for_each(|piece| tail.extend(piece));
            assert!(tail.is_cut && tail.bytes() == &all[2 * CAPACITY..]);
        }
    }
}
