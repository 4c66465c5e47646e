//! The small items that are streamed, the same for all libraries, and how a receiver counts them.

use serde::{Deserialize, Serialize};

use crate::plan::Outcome;

/// The names in turn, all of the same length.
const NAMES: [&str; 4] = ["notes.txt", "photo.jpg", "table.csv", "audio.ogg"];

/// About 50 bytes as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) size: u32,
}

impl Item {
    fn numbered(number: u32) -> Item {
        let name = NAMES[number as usize % NAMES.len()].to_owned();
        Item { id: 4_000_000 + u64::from(number), name, size: 700_000 + number }
    }

    /// Returns the items of a stream, made one by one. All senders send these.
    pub(crate) fn all(count: u32) -> impl Iterator<Item = Item> + Send + 'static {
        (0..count).map(Item::numbered)
    }
}

/// The sums of the items that have arrived: they show that none was lost, and each was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    count: u64,
    ids: u64,
    sizes: u64,
    letters: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, item: &Item) {
        self.count += 1;
        self.ids += item.id;
        self.sizes += u64::from(item.size);
        self.letters += item.name.len() as u64;
    }

    /// Fails unless these are all items of a stream.
    pub(crate) fn check(&self, count: u32) -> Outcome<()> {
        let count = u64::from(count);
        // the sum of the numbers from 0
        let numbers = count * count.saturating_sub(1) / 2;
        let (ids, sizes) = (4_000_000 * count + numbers, 700_000 * count + numbers);
        let expected = Tally { count, ids, sizes, letters: 9 * count };
        if *self == expected { Ok(()) } else { Err(format!("wrong items have arrived: {self:?}").into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Item, Tally};

    fn tally(items: impl Iterator<Item = Item>) -> Tally {
        let mut tally = Tally::default();
        items.for_each(|item| tally.add(&item));
        tally
    }

    #[test]
    fn only_the_tally_of_all_items_is_right() {
        tally(Item::all(1000)).check(1000).unwrap();
        tally(Item::all(1000).skip(1)).check(1000).unwrap_err();
        tally(Item::all(1001)).check(1000).unwrap_err();
    }

    #[test]
    fn an_item_has_about_50_bytes_of_json() {
        for item in Item::all(200_000).step_by(199) {
            assert_eq!(serde_json::to_vec(&item).unwrap().len(), 47);
        }
    }
}
