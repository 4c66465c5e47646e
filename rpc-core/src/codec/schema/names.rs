//! One set of names for the types of requests and of replies. serde may skip a field in one
//! direction only, or give it a default; then a type has two forms, and each needs a name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::sorted::object;
use super::shape::Shape;

/// The types of one direction by their names in it.
pub(super) type Types = BTreeMap<String, Shape>;

/// The names of types that differ between the directions.
pub(super) struct Names<'t> {
    requests: &'t Types,
    replies: &'t Types,
    differ: BTreeSet<&'t str>,
}

/// Which of two forms of a type is meant.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Request,
    Reply,
}

impl<'t> Names<'t> {
    pub(super) fn new(requests: &'t Types, replies: &'t Types) -> Names<'t> {
        let both: Vec<(&str, [&Shape; 2])> =
            requests.iter().filter_map(|(name, one)| Some((name.as_str(), [one, replies.get(name)?]))).collect();
        let differ = both.iter().filter(|(_, [one, other])| one != other).map(|(name, _)| *name);
        let mut names = Names { requests, replies, differ: differ.collect() };
        // what refers to a type with two forms has two forms
        loop {
            let found = both.iter().filter(|(_, forms)| forms.iter().any(|shape| names.is_split_in(shape)));
            let found: Vec<&str> = found.map(|(name, _)| *name).filter(|name| !names.differ.contains(name)).collect();
            if found.is_empty() {
                return names;
            }
            names.differ.extend(found);
        }
    }

    fn is_split_in(&self, shape: &Shape) -> bool {
        let mut references = BTreeSet::new();
        shape.add_references(&mut references);
        references.iter().any(|name| self.differ.contains(name))
    }

    /// Returns a type as JSON.
    pub(super) fn json(&self, form: Form, shape: &Shape) -> Value {
        shape.to_json(&|name| self.name(form, name))
    }

    /// Returns the name of a type in a description.
    fn name(&self, form: Form, name: &str) -> String {
        if !self.differ.contains(name) {
            return name.to_owned();
        }
        let mut own = match form {
            Form::Request => format!("{name}.request"),
            Form::Reply => format!("{name}.reply"),
        };
        while self.requests.contains_key(&own) || self.replies.contains_key(&own) {
            own.push('_');
        }
        own
    }

    /// Returns all types by their names, or `None` if there are none.
    pub(super) fn types(&self) -> Option<Value> {
        let named = |form, types: &Types| -> Vec<(String, Value)> {
            types.iter().map(|(name, shape)| (self.name(form, name), self.json(form, shape))).collect()
        };
        let all = [named(Form::Request, self.requests), named(Form::Reply, self.replies)].concat();
        (!all.is_empty()).then(|| object(all.iter().map(|(name, shape)| (name.as_str(), Some(shape.clone())))))
    }
}
