//! Whatever a type says of its schema, describing it ends, and the server goes on.

use std::borrow::Cow;
use std::cell::RefCell;

use proptest::prelude::*;
use rpc_core::{__private::Probe, __private::Schemas, Contract, Method};
use rpc_core::{Client, Server, ServerConfig};
use rpc_tests::{serve_bytes, watchdog, wire};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::Offers;

thread_local! {
    /// The schema of [`Odd`], and the definitions that it registers.
    static SAYS: RefCell<(Value, Map<String, Value>)> = RefCell::default();
}

struct Odd;

impl JsonSchema for Odd {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Odd".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (schema, definitions) = SAYS.take();
        generator.definitions_mut().extend(definitions);
        Schema::try_from(schema).unwrap_or_default()
    }
}

struct Panics;

impl JsonSchema for Panics {
    fn schema_name() -> Cow<'static, str> {
        "Panics".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        panic!("of the test");
    }
}

const fn value(schemas: &'static [rpc_core::__private::SchemaOf]) -> Schemas {
    Schemas { parameters: &[], sent: &[], value: schemas, returned: &[], error: &[] }
}

const ODD: Contract = Contract::new("Odd").methods(&[Method::new("get").schemas(value(&[Probe::<Odd>::SCHEMA]))]);
const PANICS: Contract =
    Contract::new("Panics").methods(&[Method::new("get").schemas(value(&[Probe::<Panics>::SCHEMA]))]);

/// Returns the form of a schema, which refers to these definitions.
fn form(schema: Value, definitions: Map<String, Value>) -> Value {
    SAYS.set((schema, definitions));
    let config = ServerConfig::default().describe(true);
    let client = wire::opening("Describe", 2, 3);
    let (_, sent) = serve_bytes(&client, Offers(&ODD), config, |transport| transport);
    let frames = wire::frames(&sent);
    let header: Value = serde_json::from_slice(&frames[0].payload).unwrap();
    assert_eq!(header["Error"], 1, "{header}");
    let description: Value = serde_json::from_slice(&frames[1].payload).unwrap();
    description["services"][0]["methods"][0]["returns"]["value"].clone()
}

/// What schemas are made of.
fn words() -> impl Strategy<Value = String> {
    const KEYWORDS: &[&str] = &[
        "type",
        "format",
        "properties",
        "required",
        "additionalProperties",
        "unevaluatedProperties",
        "items",
        "prefixItems",
        "minItems",
        "maxItems",
        "anyOf",
        "oneOf",
        "allOf",
        "enum",
        "const",
        "$ref",
        "not",
        "patternProperties",
        "a",
        "",
    ];
    proptest::sample::select(KEYWORDS).prop_map(str::to_owned)
}

fn scalars() -> impl Strategy<Value = Value> {
    const TEXTS: &[&str] = &[
        "null",
        "boolean",
        "string",
        "integer",
        "number",
        "array",
        "object",
        "int32",
        "uint",
        "double",
        "a",
        "",
        "#/$defs/a",
        "#/$defs/b",
        "#/$defs/%zz",
        "#/$defs/%",
        "#",
    ];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..3_u8).prop_map(Value::from),
        proptest::sample::select(TEXTS).prop_map(Value::from),
    ]
}

fn json() -> impl Strategy<Value = Value> {
    scalars().prop_recursive(5, 60, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(words(), inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_schema_breaks_a_description(schema in json(), a in json(), b in json()) {
        let definitions = [("a".to_owned(), a), ("b".to_owned(), b)].into_iter().collect();
        form(schema, definitions);
    }
}

fn nested(levels: usize, wrap: impl Fn(Value) -> Value) -> Value {
    (0..levels).fold(json!({"type": "boolean"}), |inner, _| wrap(inner))
}

#[test]
fn what_is_nested_too_deeply_is_any_value() {
    watchdog(|| {
        let array = |levels| form(nested(levels, |inner| json!({"type": "array", "items": inner})), Map::new());
        assert!(array(20).to_string().contains("bool"));
        assert!(array(100).to_string().contains("any"));
        form(nested(100, |inner| json!({"const": inner})), Map::new());
        form(nested(100, |inner| json!({"allOf": [inner, {"type": "object"}]})), Map::new());
    });
}

#[test]
fn references_without_an_end_are_any_value() {
    watchdog(|| {
        let definitions = json!({
            "a": {"allOf": [{"$ref": "#/$defs/a"}, {"type": "object", "properties": {"x": true}}]},
            "b": {"$ref": "#/$defs/c", "type": "object"},
            "c": {"$ref": "#/$defs/b", "type": "object"},
        });
        let Value::Object(definitions) = definitions else { unreachable!() };
        for name in ["a", "b", "c", "missing"] {
            let schema = json!({"$ref": format!("#/$defs/{name}"), "type": "object", "properties": {"y": true}});
            form(schema, definitions.clone());
        }
    });
}

/// Each type refers twice to the next, so looking into them doubles the work each time.
#[test]
fn work_that_doubles_is_given_up() {
    watchdog(|| {
        let definition = |at: u32| {
            let next = json!({"$ref": format!("#/$defs/{}", at + 1)});
            let with = |name: &str| json!({"allOf": [next, {"type": "object", "properties": {name: true}}]});
            (at.to_string(), json!({"anyOf": [with("a"), with("b")]}))
        };
        let definitions: Map<String, Value> = (0..60).map(definition).collect();
        form(json!({"allOf": [{"$ref": "#/$defs/0"}, {"type": "object"}]}), definitions);
    });
}

#[test]
fn a_schema_that_panics_costs_its_description() {
    watchdog(|| {
        let config = ServerConfig::default().describe(true);
        let server = Server::bind_with("tcp://127.0.0.1:0", config).unwrap().spawn(Offers(&PANICS)).unwrap();
        let client = Client::connect(server.address()).unwrap();
        let error = client.describe::<Value>().unwrap_err();
        assert_eq!(error.to_string(), "describing the server panicked");
        assert_eq!(client.ping().unwrap(), 1);
    });
}
