//! Pairs of text that a caller attaches to a call.

use std::borrow::Cow;

use serde_core::de::Error as _;
use serde_core::{Deserialize, Deserializer, Serialize, Serializer};

use super::json::{Object, Text};

/// The name under which metadata carry a W3C trace context.
pub const TRACEPARENT: &str = "traceparent";

/// Pairs of text in a request's header: trace context, and the application's own.
///
/// They are few (a header has at most 4 KiB), so they are kept in order and searched one by one.
/// Each name occurs once: setting it again replaces its value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Metadata<'a> {
    /// Returns whether there are no pairs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the value of a name, or `None` if it is not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// Returns all pairs, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Sets the value of a name.
    pub fn set(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) {
        let name = name.into();
        match self.0.iter_mut().find(|(other, _)| *other == name) {
            Some((_, old)) => *old = value.into(),
            None => self.0.push((name, value.into())),
        }
    }

    /// Copies all text that is borrowed.
    pub fn into_owned(self) -> Metadata<'static> {
        self.0.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }

    /// Returns the same pairs, borrowed.
    pub fn borrowed(&self) -> Metadata<'_> {
        self.iter().collect()
    }
}

impl<'a, N: Into<Cow<'a, str>>, V: Into<Cow<'a, str>>> FromIterator<(N, V)> for Metadata<'a> {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut metadata = Metadata::default();
        pairs.into_iter().for_each(|(name, value)| metadata.set(name, value));
        metadata
    }
}

impl Serialize for Metadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Metadata<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object(pairs) = Object::<Text<'de>>::deserialize(deserializer)?;
        let count = pairs.len();
        let metadata = Metadata::from_iter(pairs.into_iter().map(|(Text(name), Text(value))| (name, value)));
        if metadata.0.len() < count { Err(D::Error::custom("the same name twice")) } else { Ok(metadata) }
    }
}
