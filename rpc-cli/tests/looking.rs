//! `rpc ls` and `rpc describe`: servers that lie, and servers that say nothing.

mod common;

use common::{Ran, rpc, run};
use rpc_core::ServerConfig;
use rpc_tests::{watchdog, wire};

/// Looks at a server that describes itself by this, once for each command.
fn look_at(description: &str, command: &[&str]) -> Ran {
    let address = common::script(vec![wire::ok_json(description)]);
    let (name, rest) = command.split_first().unwrap();
    run(&mut rpc([name, address.as_str()].iter().chain(rest)))
}

/// A description of one service with these methods.
fn with(methods: &str, types: &str) -> String {
    format!(r#"{{"revision":1,"services":[{{"name":"Depot","methods":[{methods}]}}],"types":{{{types}}}}}"#)
}

#[test]
fn a_lie_is_one_line_and_the_server_has_to_act() {
    watchdog(|| {
        let deep = format!("{}\"u8\"{}", "{\"array\":".repeat(5000), "}".repeat(5000));
        let lies = [
            ("[]".to_owned(), "expected struct Description"),
            (r#"{"revision":1}"#.to_owned(), "missing field `services`"),
            (with(r#"{"name":5}"#, ""), "services[0].methods[0].name: invalid type: integer `5`"),
            (with(r#"{"name":"a"},{"name":"a"}"#, ""), "services[0].methods[1]: \"a\" is the name of"),
            (
                with(r#"{"name":"a","takes":{"stream":{"carries":"pipe"}}}"#, ""),
                "services[0].methods[0].takes.stream.carries: unknown variant `pipe`, expected `octets` or `values`",
            ),
            (with("", &format!("\"A\":{deep}")), "types.A.array"),
            (with("{\"name\":\"a\",\"takes\":\"\\u001b[2J\"}", ""), r"\u{1b}[2J"),
        ];
        for (lie, expected) in lies {
            for command in [&["ls"][..], &["describe"], &["describe", "a", "--json"]] {
                let ran = look_at(&lie, command);
                assert_eq!((ran.code, ran.out.as_str(), ran.err.lines().count()), (Some(3), "", 1), "{ran:?}");
                let is_whole = ran.err.contains("the server's description: ") && ran.err.contains(expected);
                assert!(is_whole && !ran.err.contains('\u{1b}') && ran.err.len() < 600, "{ran:?}");
            }
        }
    });
}

#[test]
fn types_in_a_circle_are_named_once() {
    watchdog(|| {
        let circle = with(
            r#"{"name":"a","returns":{"value":{"ref":"A"}},"error":{"ref":"gone"}}"#,
            r#""A":{"optional":{"ref":"B"}},"B":{"array":{"ref":"A"}},"C":"u8""#,
        );
        let ran = look_at(&circle, &["describe", "a"]);
        let types = ran.out.split("types\n").nth(1).unwrap();
        let expected = "    A = Option<B>\n    B = [A]\n    gone = any, because the server does not describe it\n";
        assert_eq!((ran.code, types), (Some(0), expected), "{ran:?}");
        assert_eq!(look_at(&circle, &["ls"]), Ran::ok("a\t(…) -> A\t\n"));
        let json = look_at(&circle, &["describe", "a", "--json"]).out;
        assert!(json.contains(r#""types":{"A":"#) && !json.contains(r#""C""#), "{json}");
    });
}

#[test]
fn nothing_of_the_server_controls_a_terminal() {
    watchdog(|| {
        let evil = "\\u001b]0;evil\\u0007\u{202e}";
        let lies = with(
            &format!(
                r#"{{"name":"{evil}","aliases":["x{evil}"],"doc":"{evil}\n\n{evil}","takes":{{"parameters":[
                {{"name":"p{evil}","type":{{"object":{{"f{evil}":{{"ref":"{evil}"}}}}}}}}],
                "stream":{{"name":"s{evil}","carries":"octets"}}}},"returns":{{"value":{{"const":"{evil}"}}}}}}"#
            )
            .replace('\n', ""),
            &format!(r#""{evil}":{{"enum":[{{"const":"{evil}"}}]}}"#),
        );
        for command in [&["ls"][..], &["describe"], &["describe", "nothing"]] {
            let ran = look_at(&lies, command);
            let all = ran.out.clone() + &ran.err;
            assert!(!all.contains(['\u{1b}', '\u{7}', '\u{202e}']) && all.contains(r"\u{1b}]0;evil"), "{ran:?}");
        }
    });
}

#[test]
fn a_long_description_is_refused_before_it_is_kept() {
    watchdog(|| {
        let long = with(&format!(r#"{{"name":"a","doc":"{}"}}"#, "x".repeat(4000)), "");
        let ran = look_at(&long, &["ls", "--max-json", "1KiB"]);
        assert!(ran.code == Some(2) && ran.err.contains("--max-json"), "{ran:?}");
    });
}

#[test]
fn a_server_that_says_nothing_is_named_and_what_works_without() {
    watchdog(|| {
        let shelf = common::serve();
        for command in [&["ls"][..], &["describe"], &["describe", "greet"]] {
            let (name, rest) = command.split_first().unwrap();
            let ran = run(&mut rpc([name, shelf.address().as_str()].iter().chain(rest)));
            assert_eq!((ran.code, ran.out.as_str(), ran.err.lines().count()), (Some(2), "", 1), "{ran:?}");
            for part in [&shelf.address(), "ServerConfig::describe(true)", "serve --describe", "--accept"] {
                assert!(ran.err.contains(part), "{ran:?}");
            }
        }
    });
}

#[test]
fn all_shapes_are_listed_and_a_name_may_be_wrong() {
    watchdog(|| {
        let shelf = common::serve_at("tcp://127.0.0.1:0", ServerConfig::default().describe(true));
        let address = shelf.address();
        let list = run(&mut rpc(["ls", &address]));
        assert!(list.code == Some(0) && list.out.lines().all(|line| line.split('\t').count() == 3), "{list:?}");
        assert!(list.out.lines().any(|line| line.starts_with("pack\t(name: ")), "{list:?}");
        let ran = run(&mut rpc(["describe", &address, "gret"]));
        assert_eq!(ran.code, Some(2));
        assert!(ran.err.contains("unknown method gret, did you mean greet? there are: "), "{ran:?}");
        let by_alias = run(&mut rpc(["describe", &address, "add"]));
        assert!(
            by_alias.out.starts_with("put(") && by_alias.out.contains("also named  add; name: key"),
            "{by_alias:?}"
        );
    });
}
