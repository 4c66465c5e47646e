//! Descriptions that lie, each in its own way.

use super::*;

/// A description of one service with one method, which has these further fields.
fn with(method: &str) -> String {
    format!(r#"{{"revision":1,"services":[{{"name":"Depot","methods":[{{"name":"store",{method}}}]}}]}}"#)
}

fn read(json: &str) -> Description {
    Description::read(json).unwrap()
}

fn wrong(json: &str) -> String {
    let error = Description::read(json).unwrap_err();
    error.strip_prefix("the server's description: ").expect("it says what is wrong").to_owned()
}

#[test]
fn everything_is_read() {
    let description = read(include_str!("fixture.json"));
    let names: Vec<_> = description.methods().map(|method| method.name.as_str()).collect();
    assert_eq!(names, ["store", "fetch", "list", "login"]);
    let [depot, door] = description.services.as_slice() else { panic!("two services") };
    assert!(!depot.session && door.session);

    let store = description.find("put").unwrap();
    assert!(store.idempotent && store.doc.starts_with("Stores"));
    let parameters = store.takes.parameters.as_ref().unwrap();
    assert_eq!((parameters[0].name.as_str(), parameters[0].aliases.len()), ("name", 1));
    assert!(matches!(parameters[0].ty, Type::String));
    let stream = store.takes.stream.as_ref().unwrap();
    assert_eq!((stream.name.as_deref(), stream.carries), (Some("content"), Carries::Octets));
    assert!(matches!(store.returns.value, Some(Type::Number("u64"))));

    let list = description.find("list").unwrap();
    assert!(list.takes.parameters.as_ref().is_some_and(|parameters| parameters.len() == 1));
    let items = list.returns.stream.as_ref().unwrap();
    assert!(items.carries == Carries::Values && matches!(&items.item, Some(Type::Ref(name)) if name == "Entry"));
    assert!(matches!(&description.types["Entry"], Type::Object(object) if object.may_lack.contains("kind")));
}

#[test]
fn what_is_absent_is_unknown_or_none() {
    let description = read(r#"{"services":[{"name":"a","methods":[{"name":"b"}]}]}"#);
    let method = description.find("b").unwrap();
    assert!(method.takes.parameters.is_none() && method.takes.stream.is_none());
    assert!(method.returns.value.is_none() && method.returns.stream.is_none());
    assert!(matches!(method.error, Type::Any));
}

#[test]
fn what_a_later_revision_adds_is_ignored() {
    let description = read(&with(
        r#""colour":[1],"takes":{"parameters":[{"name":"a","type":"decimal","unit":"m"},
        {"name":"b","type":{"set":["u8"]}}],"more":{}},"error":{"array":"u8","at_most":3}"#,
    ));
    let method = description.find("store").unwrap();
    let parameters = method.takes.parameters.as_ref().unwrap();
    assert!(parameters.iter().all(|parameter| matches!(parameter.ty, Type::Any)));
    assert!(matches!(method.error, Type::Array(_)));
}

#[test]
fn a_wrong_type_is_named_with_its_place() {
    let cases = [
        ("7", "invalid type: integer `7`, expected struct Description"),
        (r#"{"services":{}}"#, "services: invalid type: map, expected a sequence"),
        (r#"{"revision":1}"#, "missing field `services`"),
        (r#"{"services":[{"methods":[]}]}"#, "services[0]: missing field `name`"),
        (
            r#"{"services":[{"name":"a","methods":[{"name":7}]}]}"#,
            "services[0].methods[0].name: invalid type: integer `7`, expected a string",
        ),
        (
            r#"{"services":[],"types":{"A":{"array":7}}}"#,
            "types.A.array: invalid type: integer `7`, expected a type: its name or an object",
        ),
        (r#"{"services":["#, "services: EOF while parsing a list"),
        (r#"{"services":[],"services":[]}"#, "duplicate field `services`"),
    ];
    for (json, expected) in cases {
        assert_eq!(wrong(json), expected, "{json}");
    }
    assert_eq!(
        wrong(&with(r#""takes":{"stream":{"carries":"pipe"}}"#)),
        "services[0].methods[0].takes.stream.carries: unknown variant `pipe`, expected `octets` or `values`"
    );
}

#[test]
fn contradictions_are_named() {
    let cases = [
        (r#""aliases":["store"]"#, r#": "store" is the name of services[0].methods[0], too"#),
        (
            r#""takes":{"parameters":[{"name":"a"},{"name":"b","aliases":["a"]}]}"#,
            r#".takes.parameters[1]: "a" is the name of parameters[0], too"#,
        ),
        (
            r#""takes":{"parameters":[{"name":"a"}],"stream":{"name":"a","carries":"octets"}}"#,
            r#".takes.parameters[0]: "a" is the name of the stream, too"#,
        ),
        (r#""returns":{"stream":{"carries":"octets","item":"u8"}}"#, r#".returns.stream: octets have no "item""#),
        (r#""takes":{"stream":{"carries":"values"}}"#, r#".takes.stream: values without "item""#),
        (r#""error":{"array":"u8","map":"u8"}"#, r#".error: a type of two kinds, one of them "map""#),
    ];
    for (method, expected) in cases {
        assert_eq!(wrong(&with(method)), format!("services[0].methods[0]{expected}"), "{method}");
    }
    let twice =
        r#"{"services":[{"name":"A","methods":[{"name":"x"}]},{"name":"B","methods":[{"name":"y"},{"name":"x"}]}]}"#;
    assert_eq!(wrong(twice), r#"services[1].methods[1]: "x" is the name of services[0].methods[0], too"#);
}

#[test]
fn deep_nesting_ends_with_a_line() {
    let depth = 100_000;
    let deep = format!("{}\"u8\"{}", "{\"optional\":".repeat(depth), "}".repeat(depth));
    let error = wrong(&with(&format!(r#""error":{deep}"#)));
    assert!(error.starts_with("services[0].methods[0].error.optional.optional.") && error.len() < 1000, "{error}");
}

#[test]
fn an_error_is_harmless_and_short() {
    let error = wrong(&with("\"takes\":{\"stream\":{\"carries\":\"\\u001b[2J\u{202e}\"}}"));
    assert!(error.contains(r"unknown variant `\u{1b}[2J\u{202e}`"), "{error}");
    let long = "x".repeat(1_000_000);
    let error = wrong(&with(&format!(r#""takes":{{"stream":{{"carries":"{long}"}}}}"#)));
    assert!(error.ends_with('…') && error.len() < 400, "{error}");
    let error = wrong(&format!(r#"{{"services":[],"types":{{"{long}":7}}}}"#));
    assert!(error.ends_with('…') && error.len() < 400, "{error}");
}

#[test]
fn references_in_a_circle_stay_names() {
    let description = read(r#"{"services":[],"types":{"A":{"ref":"A"},"B":{"array":{"ref":"C"}},"C":{"ref":"gone"}}}"#);
    assert!(matches!(&description.types["A"], Type::Ref(name) if name == "A"));
}

#[test]
fn a_constant_may_be_null_or_a_long_number() {
    let description =
        read(r#"{"services":[],"types":{"N":{"const":null},"L":{"const":340282366920938463463374607431768211455}}}"#);
    assert!(matches!(&description.types["N"], Type::Const(json) if json.get() == "null"));
    assert!(matches!(&description.types["L"], Type::Const(json) if json.get().len() == 39));
}

#[test]
fn an_unknown_method_gets_a_suggestion() {
    let description = read(include_str!("fixture.json"));
    let there_are = "there are: store, fetch, list, login";
    assert_eq!(description.find("Stor").unwrap_err(), format!("unknown method Stor, did you mean store? {there_are}"));
    assert_eq!(description.find("x").unwrap_err(), format!("unknown method x, {there_are}"));
    assert_eq!(read(r#"{"services":[]}"#).find("x").unwrap_err(), "unknown method x, because the server has none");
}

#[test]
fn a_list_of_names_is_short_and_harmless() {
    let names: Vec<_> = (0..100_000).map(|i| format!(r#"{{"name":"\u001b{i}"}}"#)).collect();
    let json = format!(r#"{{"services":[{{"name":"a","methods":[{}]}}]}}"#, names.join(","));
    let error = read(&json).find("x").unwrap_err();
    assert!(error.contains(r"there are: \u{1b}0, ") && error.ends_with(" and 99988 more"), "{error}");
}
