//! The shape of a method, from the server's description.

use serde::Deserialize;
use serde_json::Value;

use super::shape::{Accept, Carries, Parameter, Shape};

/// How many references lead to a type at most.
const MOST_REFERENCES: usize = 16;

/// What a call needs of a description.
#[derive(Debug, Deserialize)]
pub(crate) struct Description {
    services: Vec<Service>,
    #[serde(default)]
    types: serde_json::Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Service {
    methods: Vec<Method>,
}

#[derive(Debug, Deserialize)]
struct Method {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    takes: Takes,
    returns: Returns,
}

#[derive(Debug, Deserialize)]
struct Takes {
    parameters: Option<Vec<Named>>,
    stream: Option<Stream>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(rename = "type")]
    of: Value,
}

#[derive(Debug, Deserialize)]
struct Returns {
    value: Option<Value>,
    stream: Option<Stream>,
}

#[derive(Debug, Deserialize)]
struct Stream {
    carries: Kind,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Octets,
    Values,
}

impl From<&Stream> for Carries {
    fn from(stream: &Stream) -> Carries {
        match stream.carries {
            Kind::Octets => Carries::Octets,
            Kind::Values => Carries::Values,
        }
    }
}

impl Description {
    /// Returns the names of all methods.
    pub(crate) fn methods(&self) -> Vec<&str> {
        self.services.iter().flat_map(|service| &service.methods).map(|method| method.name.as_str()).collect()
    }

    /// Returns the shape of a method.
    pub(crate) fn shape(&self, name: &str) -> Option<Shape> {
        let mut methods = self.services.iter().flat_map(|service| &service.methods);
        let method = methods.find(|method| method.name == name || method.aliases.iter().any(|alias| alias == name))?;
        let parameter = |named: &Named| Parameter {
            name: named.name.clone(),
            aliases: named.aliases.clone(),
            required: self.refuses_null(&named.of),
            is_text: self.is_text(&named.of),
        };
        Some(Shape {
            parameters: method.takes.parameters.as_ref().map(|all| all.iter().map(parameter).collect()),
            takes: method.takes.stream.as_ref().map(Carries::from),
            returns: Accept::of(method.returns.value.is_some(), method.returns.stream.as_ref().map(Carries::from)),
        })
    }

    /// Follows references, which may lead in a circle.
    fn resolve<'v>(&'v self, mut of: &'v Value) -> Option<&'v Value> {
        for _ in 0..MOST_REFERENCES {
            match of.get("ref").and_then(Value::as_str) {
                None => return Some(of),
                Some(name) => of = self.types.get(name)?,
            }
        }
        None
    }

    fn refuses_null(&self, of: &Value) -> bool {
        match self.resolve(of) {
            Some(Value::String(name)) => name != "any" && name != "null",
            Some(Value::Object(of)) => ["array", "tuple", "map", "object"].iter().any(|key| of.contains_key(*key)),
            _ => false,
        }
    }

    fn is_text(&self, of: &Value) -> bool {
        let of = self.resolve(of);
        let inner = of.and_then(|of| of.get("optional")).and_then(|inner| self.resolve(inner));
        inner.or(of).is_some_and(|of| of == "string")
    }
}
