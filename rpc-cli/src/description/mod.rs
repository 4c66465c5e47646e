//! What a server says of itself. It may lie, so nothing here is followed further than it is long:
//! references stay names.

mod ask;
mod check;
mod find;
mod types;

use std::collections::BTreeMap;

use serde::Deserialize;

pub(crate) use ask::{Answer, ask, ask_on};
pub(crate) use types::{Object, Type};

use crate::escape;

/// How much of a server's mistake an error shows, in characters.
const MOST_SHOWN: usize = 300;

/// The services of a server, and the types that they name.
#[derive(Debug, Deserialize)]
pub(crate) struct Description {
    pub(crate) services: Vec<Service>,
    #[serde(default)]
    pub(crate) types: BTreeMap<String, Type>,
}

/// A trait of the server.
#[derive(Debug, Deserialize)]
pub(crate) struct Service {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) doc: String,
    /// Whether each connection has a handler of its own.
    #[serde(default)]
    pub(crate) session: bool,
    pub(crate) methods: Vec<Method>,
}

/// A method, and how it is called.
#[derive(Debug, Deserialize)]
pub(crate) struct Method {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    #[serde(default)]
    pub(crate) doc: String,
    /// Whether it may run twice without harm.
    #[serde(default)]
    pub(crate) idempotent: bool,
    #[serde(default)]
    pub(crate) takes: Takes,
    #[serde(default)]
    pub(crate) returns: Returns,
    /// What it fails with.
    #[serde(default)]
    pub(crate) error: Type,
}

/// What a method takes.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Takes {
    /// The values, in order. `None` if the server does not know them.
    pub(crate) parameters: Option<Vec<Parameter>>,
    pub(crate) stream: Option<Stream>,
}

/// A value that a method takes.
#[derive(Debug, Deserialize)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    #[serde(default, rename = "type")]
    pub(crate) ty: Type,
}

/// What a method returns.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Returns {
    pub(crate) value: Option<Type>,
    pub(crate) stream: Option<Stream>,
}

/// Octets on their way, in either direction.
#[derive(Debug, Deserialize)]
pub(crate) struct Stream {
    /// The parameter's.
    pub(crate) name: Option<String>,
    pub(crate) carries: Carries,
    /// The type of each value.
    pub(crate) item: Option<Type>,
    /// What it breaks with.
    #[serde(default)]
    pub(crate) error: Type,
}

/// What the octets of a stream are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Carries {
    /// Bytes as they are.
    Octets,
    /// Lines of JSON.
    Values,
}

impl Description {
    /// Reads a description. The error is one line that says where it is wrong.
    pub(crate) fn read(json: &str) -> Result<Description, String> {
        let mut json = serde_json::Deserializer::from_str(json);
        let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let (path, error) = (error.path().to_string(), error.inner().to_string());
            // one line has no use for a position in it
            let what = error.rsplit_once(" at line ").map_or(error.as_str(), |(what, _)| what);
            if path == "." { what.to_owned() } else { format!("{path}: {what}") }
        });
        let checked = read.and_then(|description: Description| check::check(&description).map(|()| description));
        checked.map_err(|wrong| format!("the server's description: {}", escape::start(&wrong, MOST_SHOWN)))
    }

    /// All methods, in the server's order.
    pub(crate) fn methods(&self) -> impl Iterator<Item = &Method> {
        self.services.iter().flat_map(|service| &service.methods)
    }
}

#[cfg(test)]
mod tests;
