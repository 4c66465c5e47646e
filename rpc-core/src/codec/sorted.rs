//! JSON objects whose fields are sorted, whatever features of `serde_json` a program has enabled.

use std::collections::BTreeMap;

use serde_json::Value;

/// Returns an object of the fields that are there.
pub(super) fn object<'n>(fields: impl IntoIterator<Item = (&'n str, Option<Value>)>) -> Value {
    let there = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(there.collect::<BTreeMap<_, _>>().into_iter().collect())
}
