//! A method by its name, and the message for a name that no method has.

use super::{Description, Method};
use crate::escape;

/// How many methods a message lists at most, as a server's does.
const MOST_LISTED: usize = 12;

impl Description {
    /// Returns the method that has this name or alias. The error is one line.
    pub(crate) fn find(&self, name: &str) -> Result<&Method, String> {
        let is_named = |method: &&Method| method.name == name || method.aliases.iter().any(|alias| alias == name);
        self.methods().find(is_named).ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> String {
        let mut names = self.methods().map(|method| escape::start(&method.name, 100));
        let listed: Vec<String> = names.by_ref().take(MOST_LISTED).collect();
        let list = match (listed.len(), names.count()) {
            (0, _) => return format!("unknown method {name}, because the server has none"),
            (_, 0) => format!("there are: {}", listed.join(", ")),
            (_, more) => format!("there are: {} and {more} more", listed.join(", ")),
        };
        match self.closest(name) {
            Some(other) => format!("unknown method {name}, did you mean {}? {list}", escape::text(other)),
            None => format!("unknown method {name}, {list}"),
        }
    }

    /// Returns the name that is most similar, if at most a third of its letters differ: the same
    /// rule as a server's.
    fn closest(&self, name: &str) -> Option<&str> {
        let (wanted, length) = (name.to_lowercase(), name.chars().count());
        // a name of twice the length differs in more than a third, and may be very long
        let names = self.methods().map(|method| method.name.as_str()).filter(|other| other.len() <= 8 * length);
        names
            .map(|other| (strsim::levenshtein(&wanted, &other.to_lowercase()), other))
            .filter(|(distance, other)| distance * 3 <= other.chars().count())
            .min()
            .map(|(_, other)| other)
    }
}
