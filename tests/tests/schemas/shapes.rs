//! The form of each construct that serde and schemars know.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use rpc_core::{__private::Probe, __private::Schemas, Contract, Method};
use rpc_tests::watchdog;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Offers, describe};

/// Returns the form of a type in replies, and the types that it refers to.
fn of<T: JsonSchema>() -> (Value, Value) {
    let value = Box::leak(Box::new([Probe::<T>::SCHEMA]));
    let schemas = Schemas { parameters: &[], sent: &[], value, returned: &[], error: &[] };
    let methods = Box::leak(Box::new([Method::new("get").schemas(schemas)]));
    let description = describe(Offers(Box::leak(Box::new(Contract::new("Returns").methods(methods)))));
    (description["services"][0]["methods"][0]["returns"]["value"].clone(), description["types"].clone())
}

/// Returns the form of a type that has a name.
fn named<T: JsonSchema>() -> Value {
    let (form, types) = of::<T>();
    let name = form["ref"].as_str().unwrap_or_else(|| panic!("{form}"));
    types[name].clone()
}

#[test]
fn scalars_have_their_width() {
    watchdog(|| {
        let usize = json!(format!("u{}", usize::BITS));
        let isize = json!(format!("i{}", usize::BITS));
        let forms = [
            (of::<()>().0, json!("null")),
            (of::<bool>().0, json!("bool")),
            (of::<i8>().0, json!("i8")),
            (of::<i16>().0, json!("i16")),
            (of::<i32>().0, json!("i32")),
            (of::<i64>().0, json!("i64")),
            (of::<i128>().0, json!("i128")),
            (of::<isize>().0, isize),
            (of::<u8>().0, json!("u8")),
            (of::<u16>().0, json!("u16")),
            (of::<u32>().0, json!("u32")),
            (of::<u64>().0, json!("u64")),
            (of::<u128>().0, json!("u128")),
            (of::<usize>().0, usize),
            (of::<NonZeroU16>().0, json!("u16")),
            (of::<f32>().0, json!("f32")),
            (of::<f64>().0, json!("f64")),
            (of::<char>().0, json!("string")),
            (of::<String>().0, json!("string")),
            (of::<PathBuf>().0, json!("string")),
            (of::<Value>().0, json!("any")),
            (of::<serde_json::Number>().0, json!("number")),
        ];
        for (found, expected) in forms {
            assert_eq!(found, expected);
        }
    });
}

#[test]
fn containers() {
    watchdog(|| {
        let forms = [
            (of::<Option<u32>>().0, json!({"optional": "u32"})),
            (of::<Option<Option<u32>>>().0, json!({"optional": "u32"})),
            (of::<Option<()>>().0, json!("null")),
            (of::<Option<Value>>().0, json!("any")),
            (of::<Vec<String>>().0, json!({"array": "string"})),
            (of::<HashSet<u8>>().0, json!({"array": "u8"})),
            (of::<BTreeSet<Option<u8>>>().0, json!({"array": {"optional": "u8"}})),
            (of::<[u8; 3]>().0, json!({"array": "u8"})),
            (of::<Vec<Value>>().0, json!({"array": "any"})),
            (of::<(u8,)>().0, json!({"tuple": ["u8"]})),
            (of::<(u8, Option<String>)>().0, json!({"tuple": ["u8", {"optional": "string"}]})),
            (of::<HashMap<String, u8>>().0, json!({"map": "u8"})),
            (of::<BTreeMap<u32, Vec<u8>>>().0, json!({"map": {"array": "u8"}})),
            (of::<BTreeMap<i64, bool>>().0, json!({"map": "bool"})),
            (of::<serde_json::Map<String, Value>>().0, json!({"map": "any"})),
            (of::<Box<u8>>().0, json!("u8")),
            (named::<Duration>(), json!({"object": {"nanos": "u32", "secs": "u64"}})),
            (named::<Result<u8, String>>(), json!({"enum": [{"object": {"Err": "string"}}, {"object": {"Ok": "u8"}}]})),
        ];
        for (found, expected) in forms {
            assert_eq!(found, expected);
        }
    });
}

/// Documentation changes nothing.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Entry {
    /// Its name.
    #[schemars(length(min = 1))]
    name: String,
    #[serde(rename = "bytes")]
    size: u64,
    owner: Option<Owner>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Owner {
    id: u32,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Strict {
    one: u8,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Unit;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Newtype(u16);

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Transparent {
    inner: Vec<u16>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Pair(u8, String);

#[derive(Serialize, Deserialize, JsonSchema)]
struct Flattened {
    own: bool,
    #[serde(flatten)]
    owner: Owner,
    #[serde(flatten)]
    rest: HashMap<String, u8>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct WithTag {
    own: bool,
    #[serde(flatten)]
    state: Internal,
}

#[test]
fn structs() {
    watchdog(|| {
        let owner = json!({"optional": {"ref": "Owner"}});
        let forms = [
            (named::<Entry>(), json!({"object": {"bytes": "u64", "name": "string", "owner": owner}})),
            (named::<Strict>(), json!({"object": {"one": "u8"}, "closed": true})),
            (named::<Unit>(), json!("null")),
            (named::<Newtype>(), json!("u16")),
            (of::<Transparent>().0, json!({"array": "u16"})),
            (named::<Pair>(), json!({"tuple": ["u8", "string"]})),
            (named::<Flattened>(), json!({"object": {"id": "u32", "own": "bool"}})),
            (
                named::<WithTag>(),
                json!({"enum": [
                    {"object": {"kind": {"const": "Named"}, "name": "string", "own": "bool"}},
                    {"object": {"kind": {"const": "None"}, "own": "bool"}},
                    {"object": {"kind": {"const": "Of"}, "id": "u32", "own": "bool"}},
                ]}),
            ),
        ];
        for (found, expected) in forms {
            assert_eq!(sorted(found), sorted(expected));
        }
    });
}

/// How the alternatives are sorted is not what these tests are about.
fn sorted(mut form: Value) -> Value {
    if let Some(alternatives) = form.get_mut("enum").and_then(Value::as_array_mut) {
        alternatives.sort_by_key(Value::to_string);
    }
    form
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum Plain {
    Red,
    Blue,
}

/// The same, in words that make schemars write something else.
#[derive(Serialize, Deserialize, JsonSchema)]
enum Documented {
    /// Like the sky.
    Blue,
    /// Like blood.
    Red,
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum Single {
    #[serde(rename = "only")]
    Only,
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum External {
    None,
    One(u8),
    Two(u8, u16),
    Fields { a: u8 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
enum Internal {
    None,
    Of(Owner),
    Named { name: String },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    None,
    One(u8),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Untagged {
    Number(u8),
    Text(String),
    Nothing,
    Entry(Owner),
}

#[test]
fn enums() {
    watchdog(|| {
        let colours = json!({"enum": [{"const": "Blue"}, {"const": "Red"}]});
        let forms = [
            (named::<Plain>(), colours.clone()),
            (named::<Documented>(), colours),
            (named::<Single>(), json!({"const": "only"})),
            (
                named::<External>(),
                json!({"enum": [
                    {"const": "None"},
                    {"object": {"Fields": {"object": {"a": "u8"}}}, "closed": true},
                    {"object": {"One": "u8"}, "closed": true},
                    {"object": {"Two": {"tuple": ["u8", "u16"]}}, "closed": true},
                ]}),
            ),
            (
                named::<Internal>(),
                json!({"enum": [
                    {"object": {"kind": {"const": "None"}}},
                    {"object": {"kind": {"const": "Of"}, "id": "u32"}},
                    {"object": {"kind": {"const": "Named"}, "name": "string"}},
                ]}),
            ),
            (
                named::<Adjacent>(),
                json!({"enum": [
                    {"object": {"t": {"const": "None"}}},
                    {"object": {"t": {"const": "One"}, "c": "u8"}},
                ]}),
            ),
            (named::<Untagged>(), json!({"optional": {"enum": ["string", "u8", {"ref": "Owner"}]}})),
            (of::<Option<Plain>>().0, json!({"optional": {"ref": "Plain"}})),
        ];
        for (found, expected) in forms {
            let inner = |form: Value| match form.get("optional") {
                Some(inner) => json!({"optional": sorted(inner.clone())}),
                None => sorted(form),
            };
            assert_eq!(inner(found), inner(expected));
        }
    });
}

#[test]
fn alternatives_are_sorted_and_fields_too() {
    watchdog(|| {
        assert_eq!(
            named::<External>().to_string(),
            r#"{"enum":[{"closed":true,"object":{"Fields":{"object":{"a":"u8"}}}},{"closed":true,"object":{"One":"u8"}},"#
                .to_owned()
                + r#"{"closed":true,"object":{"Two":{"tuple":["u8","u16"]}}},{"const":"None"}]}"#
        );
    });
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Tree {
    label: String,
    children: Vec<Tree>,
    parent: Option<Box<Tree>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Page<T> {
    items: Vec<T>,
}

#[test]
fn types_may_refer_to_themselves_and_have_parameters() {
    watchdog(|| {
        let (form, types) = of::<Vec<Tree>>();
        assert_eq!(form, json!({"array": {"ref": "Tree"}}));
        let tree = json!({"object": {
            "children": {"array": {"ref": "Tree"}},
            "label": "string",
            "parent": {"optional": {"ref": "Tree"}},
        }});
        assert_eq!(types, json!({"Tree": tree}));

        let (form, types) = of::<(Page<u8>, Page<Tree>)>();
        let names: Vec<&str> = form["tuple"].as_array().unwrap().iter().map(|of| of["ref"].as_str().unwrap()).collect();
        assert_eq!(types[names[0]], json!({"object": {"items": {"array": "u8"}}}));
        assert_eq!(types[names[1]], json!({"object": {"items": {"array": {"ref": "Tree"}}}}));
    });
}

/// A name that a reference has to escape.
struct Odd;

impl JsonSchema for Odd {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "a/b~c d%<é>\n".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "boolean"})
    }
}

#[test]
fn odd_names_are_found() {
    watchdog(|| {
        let (form, types) = of::<Odd>();
        assert_eq!((form, types), (json!({"ref": "a/b~c d%<é>\n"}), json!({"a/b~c d%<é>\n": "bool"})));
    });
}
