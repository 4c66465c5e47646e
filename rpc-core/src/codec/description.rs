//! Describes contracts as JSON, for clients that were not compiled against them; pure.
//! `PROTOCOL.md` section 8 specifies the format.

use serde_json::{Value, json};

use crate::message::REVISION;

use super::contract::{Contract, Method};
use super::contracts::Contracts;
use super::schema::shapes;
use super::shapes::{ANY, MethodShapes, at};
use super::sorted::object;

/// Returns what these contracts offer.
pub(crate) fn description(contracts: &Contracts) -> Value {
    let (shapes, types) = shapes(contracts);
    let mut shapes = shapes.into_iter();
    let services = contracts.iter().map(|contract| {
        let methods = contract.endpoints().iter();
        service(contract, methods.map(|method| describe(method, &shapes.next().unwrap_or_default())).collect())
    });
    let services = services.collect();
    object([("revision", Some(json!(REVISION))), ("services", Some(Value::Array(services))), ("types", types)])
}

fn service(contract: &Contract, methods: Value) -> Value {
    object([
        ("name", Some(contract.name().into())),
        ("doc", text(contract.documentation())),
        ("session", flag(contract.is_session())),
        ("methods", Some(methods)),
    ])
}

fn describe(method: &Method, shapes: &MethodShapes) -> Value {
    object([
        ("name", Some(method.name().into())),
        ("aliases", names(method.alias_names())),
        ("doc", text(method.documentation())),
        ("idempotent", flag(method.is_idempotent())),
        ("takes", Some(takes(method, shapes))),
        ("returns", Some(returns(method, shapes))),
        ("error", unless_any(at(&shapes.error, 0))),
    ])
}

fn takes(method: &Method, shapes: &MethodShapes) -> Value {
    let has_stream = method.request_type().has_octets();
    let all = method.parameter_names();
    // the stream is the last one
    let (values, last) = match all.split_last() {
        Some((last, values)) if has_stream => (values, Some(*last)),
        _ => (all, None),
    };
    let parameter = |(position, name): (usize, &&str)| {
        let aliases = method.parameter_alias_names().get(position).copied().unwrap_or_default();
        let shape = at(&shapes.parameters, position);
        object([("name", Some((*name).into())), ("aliases", names(aliases)), ("type", Some(shape))])
    };
    let items = method.has_values_in_request().then_some(&shapes.sent);
    object([
        ("parameters", method.knows_parameters().then(|| values.iter().enumerate().map(parameter).collect())),
        ("stream", has_stream.then(|| stream(last, items))),
    ])
}

fn returns(method: &Method, shapes: &MethodShapes) -> Value {
    let reply = method.reply_type();
    let items = method.has_values_in_reply().then_some(&shapes.returned);
    object([
        ("value", reply.has_json().then(|| at(&shapes.value, 0))),
        ("stream", reply.has_octets().then(|| stream(None, items))),
    ])
}

/// Describes a stream of items of these types, or of octets.
fn stream(name: Option<&str>, items: Option<&Vec<Value>>) -> Value {
    object([
        ("name", name.map(Value::from)),
        ("carries", Some(if items.is_some() { "values" } else { "octets" }.into())),
        ("item", items.map(|shapes| at(shapes, 0))),
        ("error", items.and_then(|shapes| unless_any(at(shapes, 1)))),
    ])
}

fn unless_any(shape: Value) -> Option<Value> {
    (shape != ANY).then_some(shape)
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
