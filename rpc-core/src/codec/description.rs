//! Describes contracts as JSON, for clients that were not compiled against them; pure.
//! `PROTOCOL.md` section 8 specifies the format.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::message::REVISION;

use super::contract::{Contract, Method};
use super::contracts::Contracts;

/// The type of a value of which nothing is known.
const ANY: &str = "any";

/// Returns what these contracts offer.
pub(crate) fn description(contracts: &Contracts) -> Value {
    let services = contracts.iter().map(service).collect();
    object([("revision", Some(json!(REVISION))), ("services", Some(Value::Array(services)))])
}

fn service(contract: &'static Contract) -> Value {
    object([
        ("name", Some(contract.name().into())),
        ("doc", text(contract.documentation())),
        ("session", flag(contract.is_session())),
        ("methods", Some(contract.endpoints().iter().map(method).collect())),
    ])
}

fn method(method: &Method) -> Value {
    object([
        ("name", Some(method.name().into())),
        ("aliases", names(method.alias_names())),
        ("doc", text(method.documentation())),
        ("idempotent", flag(method.is_idempotent())),
        ("takes", Some(takes(method))),
        ("returns", Some(returns(method))),
    ])
}

fn takes(method: &Method) -> Value {
    let has_stream = method.request_type().has_octets();
    let all = method.parameter_names();
    // the stream is the last one
    let (values, last) = match all.split_last() {
        Some((last, values)) if has_stream => (values, Some(*last)),
        _ => (all, None),
    };
    let aliases = method.parameter_alias_names();
    let values = values.iter().enumerate().map(|(at, name)| parameter(name, aliases.get(at).unwrap_or(&&[][..])));
    object([
        ("parameters", method.knows_parameters().then(|| values.collect())),
        ("stream", has_stream.then(|| stream(last, method.has_values_in_request()))),
    ])
}

fn parameter(name: &str, aliases: &[&str]) -> Value {
    object([("name", Some(name.into())), ("aliases", names(aliases)), ("type", Some(ANY.into()))])
}

fn returns(method: &Method) -> Value {
    let reply = method.reply_type();
    object([
        ("value", reply.has_json().then(|| ANY.into())),
        ("stream", reply.has_octets().then(|| stream(None, method.has_values_in_reply()))),
    ])
}

fn stream(name: Option<&str>, of_values: bool) -> Value {
    object([
        ("name", name.map(Value::from)),
        ("carries", Some(if of_values { "values" } else { "octets" }.into())),
        ("item", of_values.then(|| ANY.into())),
    ])
}

/// Returns an object of the fields that are there, sorted, whatever features of `serde_json` a
/// program has enabled.
fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let there = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(there.collect::<BTreeMap<_, _>>().into_iter().collect())
}

fn text(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| text.into())
}

fn flag(is_set: bool) -> Option<Value> {
    is_set.then_some(Value::Bool(true))
}

fn names(names: &[&str]) -> Option<Value> {
    (!names.is_empty()).then(|| names.iter().copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::DataType;

    const STORE: Contract = Contract::new("Store").docs("Keeps things.").methods(&[
        Method::new("put")
            .aliases(&["save"])
            .docs("Stores one.")
            .idempotent()
            .request(DataType::MarshaledJsonThenOctets)
            .parameters(&["name", "size", "content"])
            .parameter_aliases(&[&["n"]]),
        Method::new("rows").reply(DataType::Octets).returns_values().parameters(&[]),
        Method::new("raw"),
    ]);
    const LOGIN: Contract = Contract::new("Login").session();

    #[test]
    fn all_that_a_contract_says_is_there() {
        let both: Contracts = [Contracts::from(&STORE), Contracts::from(&LOGIN)].into_iter().collect();
        let expected = json!({
            "revision": 1,
            "services": [
                {
                    "name": "Store",
                    "doc": "Keeps things.",
                    "methods": [
                        {
                            "name": "put",
                            "aliases": ["save"],
                            "doc": "Stores one.",
                            "idempotent": true,
                            "takes": {
                                "parameters": [
                                    {"name": "name", "aliases": ["n"], "type": "any"},
                                    {"name": "size", "type": "any"},
                                ],
                                "stream": {"name": "content", "carries": "octets"},
                            },
                            "returns": {"value": "any"},
                        },
                        {
                            "name": "rows",
                            "takes": {"parameters": []},
                            "returns": {"stream": {"carries": "values", "item": "any"}},
                        },
                        {"name": "raw", "takes": {}, "returns": {"value": "any"}},
                    ],
                },
                {"name": "Login", "session": true, "methods": []},
            ],
        });
        assert_eq!(description(&both), expected);
    }

    #[test]
    fn fields_are_sorted() {
        let text = description(&Contracts::from(&LOGIN)).to_string();
        assert_eq!(text, r#"{"revision":1,"services":[{"methods":[],"name":"Login","session":true}]}"#);
    }
}
