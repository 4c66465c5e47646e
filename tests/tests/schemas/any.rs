//! A type without a schema is any value, wherever the macro meets it.

use std::fmt;

use rpc_core::{Error, rpc_service};
use rpc_tests::watchdog;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::describe;

#[derive(Serialize, Deserialize)]
struct Secret(u8);

#[derive(Serialize, Deserialize, JsonSchema)]
struct Query<'a> {
    #[serde(default)]
    text: std::borrow::Cow<'a, str>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
enum Failure {
    Full,
    Other(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Other(error.to_string())
    }
}

/// Its error hides in an alias, and so may the value.
type Result<T, E = Failure> = std::result::Result<T, E>;
type MyResult<T> = std::result::Result<T, Error>;

#[rpc_service]
trait Depot {
    fn find(&self, name: &str, query: Query<'_>, secret: &Secret, parts: &[u16]) -> Result<Vec<Secret>>;
    fn rows(&self, rows: impl Iterator<Item = Result<u8>>) -> MyResult<(u64, impl Iterator<Item = Result<Secret>>)>;
    fn all(&self) -> Result<impl Iterator<Item = MyResult<()>>>;
    #[deprecated]
    fn nothing(&self) -> Result<()>;
}

struct Handler;

impl Depot for Handler {
    fn find(&self, _name: &str, query: Query<'_>, secret: &Secret, _parts: &[u16]) -> Result<Vec<Secret>> {
        Ok(vec![Secret(secret.0 + u8::from(query.text.is_empty()))])
    }

    fn rows(&self, rows: impl Iterator<Item = Result<u8>>) -> MyResult<(u64, impl Iterator<Item = Result<Secret>>)> {
        drop(rows);
        Ok((0, std::iter::empty()))
    }

    fn all(&self) -> Result<impl Iterator<Item = MyResult<()>>> {
        Ok(std::iter::empty())
    }

    fn nothing(&self) -> Result<()> {
        Err(Failure::Full)
    }
}

#[test]
fn only_what_has_a_schema_has_a_shape() {
    watchdog(|| {
        let description = describe(DepotServer::new(Handler));
        let methods = json!([
            {
                "name": "find",
                "takes": {"parameters": [
                    {"name": "name", "type": "string"},
                    {"name": "query", "type": {"ref": "Query"}},
                    {"name": "secret", "type": "any"},
                    {"name": "parts", "type": {"array": "u16"}},
                ]},
                "returns": {"value": "any"},
                "error": {"ref": "Failure"},
            },
            {
                "name": "rows",
                "takes": {
                    "parameters": [],
                    "stream": {"name": "rows", "carries": "values", "item": "u8", "error": {"ref": "Failure"}},
                },
                "returns": {
                    "value": "u64",
                    "stream": {"carries": "values", "item": "any", "error": {"ref": "Failure"}},
                },
            },
            {
                "name": "all",
                "takes": {"parameters": []},
                "returns": {"stream": {"carries": "values", "item": "null"}},
                "error": {"ref": "Failure"},
            },
            {
                "name": "nothing",
                "takes": {"parameters": []},
                "returns": {"value": "null"},
                "error": {"ref": "Failure"},
            },
        ]);
        assert_eq!(description["services"][0]["methods"], methods);
        let types = json!({
            "Failure": {"enum": [{"closed": true, "object": {"Other": "string"}}, {"const": "Full"}]},
            "Query": {"object": {"text": "string"}, "may_lack": ["text"]},
        });
        assert_eq!(description["types"], types);
    });
}
