//! Mistakes of each side, and the exit codes that say who has to act.

mod common;

use common::{Ran, call, rpc, run, serve, serve_at};
use rpc_core::testing::wire;
use rpc_core::{Server, ServerConfig};
use rpc_tests::{OriginalServer, Reference, watchdog};

/// One line, this exit code, and all of these in the line.
fn fails(ran: &Ran, code: i32, parts: &[&str]) {
    assert_eq!((ran.code, ran.err.lines().count(), ran.out.as_str()), (Some(code), 1, ""), "{ran:?}");
    assert!(ran.err.starts_with("rpc: "), "{ran:?}");
    for part in parts {
        assert!(ran.err.contains(part), "{part:?} is not in {ran:?}");
    }
}

/// What a server says of some methods.
const DESCRIPTION: &str = r#"{"revision":1,"later":true,"services":[{"name":"Some","methods":[
    {"name":"nothing","takes":{"parameters":[]},"returns":{"value":"null"}},
    {"name":"greet","takes":{"parameters":[{"name":"name","type":"string"}]},"returns":{"value":"string"}},
    {"name":"put","aliases":["add"],"takes":{"parameters":[
        {"name":"name","aliases":["key"],"type":{"ref":"Name"}},
        {"name":"size","type":{"optional":"u64"}},
        {"name":"title","type":{"optional":{"ref":"Name"}}},
        {"name":"round","type":{"ref":"Round"}}
    ]},"returns":{"value":"any"}},
    {"name":"open","takes":{"parameters":[{"name":"name","type":"string"},{"name":"size","type":"u64"}]},
        "returns":{"value":"any","stream":{"carries":"octets"}}},
    {"name":"measure","takes":{"parameters":[],"stream":{"name":"content","carries":"octets"}},
        "returns":{"value":"u64"}},
    {"name":"sum","takes":{"parameters":[],"stream":{"name":"numbers","carries":"values","item":"u64"}},
        "returns":{"value":"u64"}},
    {"name":"by_hand","takes":{},"returns":{"value":"any"}}
]}],"types":{"Name":"string","Round":{"ref":"Round"}}}"#;

/// These are found before anything is sent.
#[test]
fn what_the_description_rules_out_is_not_sent() {
    watchdog(|| {
        let all: [(&[&str], &str); 12] = [
            (&["gret", "name=a"], "unknown method gret, did you mean greet? there are: "),
            (&["greet"], "greet needs the argument name: give it as name=value"),
            (&["put", "size=5"], "put needs the argument name"),
            (&["put", "{}"], "put needs the argument name"),
            (&["put", "naem=a"], "put has no parameter naem, there are: name, size, title, round"),
            (&["put", r#"{"name":"a","sise":5}"#], "put has no parameter sise, there are: name, size"),
            (&["open", "\"a\""], "open has several parameters, and needs size"),
            (&["nothing", "5"], "nothing takes no values"),
            (&["greet", "name=a", "--in", "-"], "greet takes no stream: leave out --in"),
            (&["measure"], "measure takes a stream of bytes: give it by --in FILE, or --in - for standard input"),
            (&["sum"], "sum takes a stream of values: give it by --in FILE"),
            (
                &["measure", "--in-values", "-"],
                "measure takes a stream of bytes: give it by --in instead of --in-values",
            ),
        ];
        for (words, text) in all {
            let (address, record) = common::recorded_script(vec![wire::ok_json(DESCRIPTION)]);
            fails(&run(&mut rpc(["call", &address].iter().chain(words))), 2, &[text]);
            assert!(wire::request_ends(&record.join().unwrap()).len() <= 2, "more than Describe and Close was sent");
        }
    });
}

/// The description decides what is text and what is named.
#[test]
fn arguments_are_sent_as_the_description_says() {
    watchdog(|| {
        let all: [(&[&str], bool, &str); 9] = [
            (&["greet", "name=5"], true, r#"{"name":"5"}"#),
            (&["greet", "\"a\""], false, r#""a""#),
            (&["greet", r#"{"name":"a"}"#], false, r#"{"name":"a"}"#),
            (
                &["add", "key=5", "size=7", "title=null", "round=5"],
                true,
                r#"{"key":"5","size":7,"title":"null","round":5}"#,
            ),
            (&["put", "name:=null", "title:=null"], true, r#"{"name":null,"title":null}"#),
            (&["put", r#"{ "name": "a" }"#], true, r#"{"name":"a"}"#),
            (&["put", "--bare", r#"{ "name": "a" }"#], false, r#"{"name":"a"}"#),
            (&["by_hand", r#"{"a":1}"#], true, r#"{"a":1}"#),
            (&["by_hand", "--bare", r#"{"a":1}"#], false, r#"{"a":1}"#),
        ];
        for (words, named, json) in all {
            let (address, record) = common::recorded_script(vec![wire::ok_json(DESCRIPTION), wire::ok_json("5")]);
            assert_eq!(run(&mut rpc(["call", &address].iter().chain(words))), Ran::ok("5\n"));
            let received = String::from_utf8_lossy(&record.join().unwrap()).into_owned();
            assert!(received.contains(json) && received.contains("\"Named\":true") == named, "{words:?}: {received}");
        }
    });
}

/// A server that says by itself what it takes.
#[cfg(feature = "schema")]
#[test]
fn a_real_description_says_what_is_text_and_what_is_missing() {
    watchdog(|| {
        let shelf = serve_at("tcp://127.0.0.1:0", ServerConfig::default().describe(true));
        assert_eq!(call(&shelf, &["greet", "name=5"]), Ran::ok("\"hello, 5\"\n"));
        assert_eq!(call(&shelf, &["add", "key=7", "size=7"]), Ran::ok("{\"name\":\"7\",\"size\":7}\n"));
        assert_eq!(call(&shelf, &["echo", "value=5"]), Ran::ok("5\n"));
        fails(&call(&shelf, &["put", "size=5"]), 2, &["put needs the argument name"]);
    });
}

#[test]
fn arguments_need_no_description() {
    watchdog(|| {
        let shelf = serve();
        assert_eq!(call(&shelf, &["greet", "name=a b"]), Ran::ok("\"hello, a b\"\n"));
        assert_eq!(call(&shelf, &["greet", "name:=\"5\""]), Ran::ok("\"hello, 5\"\n"));
        assert_eq!(call(&shelf, &["add", "key=a=b", "size=7"]), Ran::ok("{\"name\":\"a=b\",\"size\":7}\n"));
        assert_eq!(call(&shelf, &["put", r#"{"name":"a","size":7}"#]), Ran::ok("{\"name\":\"a\",\"size\":7}\n"));
        assert_eq!(call(&shelf, &["put", "\"a\""]), Ran::ok("{\"name\":\"a\",\"size\":null}\n"));
        assert_eq!(call(&shelf, &["echo", "-5"]), Ran::ok("-5\n"));
        // nobody has said that it takes text
        fails(&call(&shelf, &["greet", "name=5"]), 2, &["the parameter `name` does not fit String"]);
    });
}

#[test]
fn arguments_that_nobody_can_read_are_the_callers_fault() {
    watchdog(|| {
        let shelf = serve();
        fails(&call(&shelf, &["greet", "ann"]), 2, &["expected JSON", "as in name=text"]);
        fails(&call(&shelf, &["put", "name=a", "5"]), 2, &["\"5\": expected name=value"]);
        fails(&call(&shelf, &["put", "name=a", "name=b"]), 2, &["the argument name is there twice"]);
        fails(&call(&shelf, &["measure", "-", "--in", "-"]), 2, &["standard input cannot be both"]);
        assert_eq!(call(&shelf, &["greet", "--accept", "nonsense"]).code, Some(2));
        assert_eq!(run(&mut rpc(["call", "nowhere", "greet"])).code, Some(2));
    });
}

#[test]
fn arguments_come_from_a_file_or_standard_input() {
    watchdog(|| {
        let (shelf, folder) = (serve(), tempfile::tempdir().unwrap());
        let place = folder.path().join("arguments");
        std::fs::write(&place, "{\n  \"name\": \"a\"\n}\n").unwrap();
        let expected = Ran::ok("{\"name\":\"a\",\"size\":null}\n");
        assert_eq!(call(&shelf, &["put", &format!("@{}", place.display())]), expected);
        let mut command = rpc(["call", &shelf.address(), "put", "-"]);
        assert_eq!(common::run_with(&mut command, b"{\"name\":\"a\"}\n"), expected);
    });
}

/// The server decides, and its own words are printed.
#[test]
fn without_a_description_the_server_refuses() {
    watchdog(|| {
        let shelf = serve();
        fails(&call(&shelf, &["gret", "name=a"]), 2, &["did you mean greet?"]);
        fails(&call(&shelf, &["put", "naem=a"]), 2, &["unknown parameter `naem`, there are: name, size"]);
        fails(&call(&shelf, &["keep", r#"{"name":"a","size":7}"#]), 2, &["unknown parameter `name`, there are: entry"]);
        fails(&call(&shelf, &["measure"]), 2, &["measure takes octets", "say what the method takes by --in"]);
        fails(&call(&shelf, &["greet", "--in", "/dev/null"]), 2, &["greet"]);
        fails(&call(&shelf, &["fetch", "5"]), 2, &["fetch returns octets", "what it returns by --accept"]);
    });
}

#[test]
fn who_has_to_act() {
    watchdog(|| {
        let shelf = serve();
        fails(
            &call(&shelf, &["fail", "text=no such\nluck\u{1b}[31m"]),
            1,
            &["no such | luck\\u{1b}[31m", &shelf.address()],
        );
        fails(&call(&shelf, &["panic"]), 3, &[&shelf.address()]);
        fails(&call(&shelf, &["nothing", "--timeout", "0"]), 5, &["time limit is zero"]);
        fails(&call(&shelf, &["hang", "--timeout", "50ms"]), 5, &[&shelf.address()]);
        assert_eq!(shelf.controls.stopped.recv().unwrap(), "hang");
        fails(
            &call(&shelf, &["endless", "--accept", "octets", "--out", "/dev/null", "--timeout", "50ms"]),
            5,
            &["--timeout"],
        );
        assert_eq!(shelf.controls.stopped.recv().unwrap(), "endless");

        let address = shelf.address();
        drop(shelf);
        fails(&run(&mut rpc(["call", &address, "nothing"])), 4, &[&address, "refused"]);
        fails(&run(&mut rpc(["ping", &address])), 4, &[&address, "refused"]);
    });
}

#[test]
fn a_server_that_is_full_is_no_mistake_of_the_caller() {
    watchdog(|| {
        let shelf = serve_at("tcp://127.0.0.1:0", ServerConfig::default().max_connections(1));
        let mut first = rpc(["call", &shelf.address(), "trickle", "--accept", "values"]);
        let mut first = first.spawn().unwrap();
        shelf.controls.feed.as_ref().unwrap().send(1).unwrap();
        std::io::Read::read_exact(first.stdout.as_mut().unwrap(), &mut [0]).unwrap();
        fails(&call(&shelf, &["nothing"]), 4, &[&shelf.address()]);
        first.kill().unwrap();
        first.wait().unwrap();
    });
}

#[test]
fn a_server_that_breaks_the_protocol_has_to_act() {
    watchdog(|| {
        for bytes in [b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), wire::ok_json("{")] {
            let address = common::script(vec![bytes]);
            fails(&run(&mut rpc(["call", &address, "nothing", "--accept", "json"])), 3, &[&address]);
        }
        for (lie, wrong) in [
            ("{", "Describe"),
            ("5", "the server's description: invalid type: integer `5`"),
            (r#"{"services":5}"#, "the server's description: services: invalid type"),
            (
                r#"{"services":[{"name":"a","methods":[{"name":"a","takes":5}]}]}"#,
                "services[0].methods[0].takes: invalid",
            ),
        ] {
            let address = common::script(vec![wire::ok_json(lie)]);
            fails(&run(&mut rpc(["call", &address, "nothing"])), 3, &[&address, wrong]);
        }
    });
}

#[test]
fn a_limit_names_the_switch_that_raises_it() {
    watchdog(|| {
        let shelf = serve();
        let long = ["long", "2000", "--accept", "json"];
        let ran = call(&shelf, &[&long[..], &["--max-json", "1KiB"]].concat());
        fails(&ran, 2, &["JSON reply has more, 1024 bytes are allowed: raise that by --max-json"]);
        assert_eq!(call(&shelf, &[&long[..], &["--max-json", "3K"]].concat()).code, Some(0));
        let text = format!("name={}", "x".repeat(2000));
        fails(&call(&shelf, &["greet", &text, "--max-json", "1KiB"]), 2, &["JSON request has", "--max-json"]);
        let sum = ["call", &shelf.address(), "sum", "--in-values", "-", "--max-json", "1KiB"];
        let value = format!("{{\"number\":1,\"name\":\"{}\"}}", "x".repeat(2000));
        let ran = common::run_with(&mut rpc(sum), value.as_bytes());
        fails(&ran, 2, &["standard input: a value has more than 1024 bytes: raise that by --max-json"]);
    });
}

#[test]
fn a_first_call_fails_with_its_own_code() {
    watchdog(|| {
        let shelf = serve();
        for (first, code) in [("absent", 2), ("fetch 5", 2), (r#"fail {"text":"x"}"#, 1), ("panic", 3)] {
            fails(&call(&shelf, &["who", "--first", first]), code, &["--first "]);
        }
    });
}

#[test]
fn a_first_call_that_hangs_ends_with_the_time() {
    watchdog(|| {
        let shelf = serve();
        fails(&call(&shelf, &["who", "--first", "hang", "--timeout", "100ms"]), 5, &[]);
    });
}

/// A call that has run must not be lost because of a line that nobody can read.
#[test]
#[cfg(target_os = "linux")]
fn a_standard_error_that_is_full_panics_nobody() {
    watchdog(|| {
        let (shelf, folder) = (serve(), tempfile::tempdir().unwrap());
        let run = |words: &[&str]| {
            let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
            let mut command = rpc(["call", &shelf.address()].iter().chain(words));
            command.current_dir(folder.path()).stderr(full).status().unwrap().code()
        };
        assert_eq!(run(&["fail", "text=x"]), Some(1));
        assert_eq!(run(&["open", "name=a", "size=5", "--out", "out", "--accept", "json+octets"]), Some(6));
        assert!(!folder.path().join("out").exists());
    });
}

#[test]
fn metadata_and_first_calls_go_along() {
    watchdog(|| {
        let shelf = serve();
        let words = ["metadata", "name=user", "--meta", "user=ann", "--meta", "tag=a=b"];
        assert_eq!(call(&shelf, &words), Ran::ok("\"ann\"\n"));
        assert_eq!(call(&shelf, &["metadata", "\"tag\"", "--meta", "tag=a=b"]), Ran::ok("\"a=b\"\n"));

        fails(&call(&shelf, &["who"]), 1, &["log in first"]);
        let login = r#"login {"name":"ann","secret":"sesame"}"#;
        assert_eq!(call(&shelf, &["who", "--first", login]), Ran::ok("\"ann\"\n"));
        let wrong = call(&shelf, &["who", "--first", r#"login {"name":"ann","secret":"?"}"#]);
        fails(&wrong, 1, &["the name or the secret is wrong"]);
        assert_eq!(call(&shelf, &["who", "--first", "login {"]).code, Some(2));
        assert_eq!(call(&shelf, &["who", "--first", "nothing", "--first", login]), Ran::ok("\"ann\"\n"));
    });
}

/// The original has no Describe, no names and no revision.
#[test]
fn an_original_server_is_called_by_switches() {
    watchdog(|| {
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(OriginalServer::new(Reference)).unwrap();
        let address = server.address().to_string();
        let call = |words: &[&str]| run(&mut rpc(["call", &address].iter().chain(words)));
        let list = ["List", "--bare", r#"{"Prefix":"a","Limit":1}"#];
        assert_eq!(call(&list), Ran::ok("[{\"Name\":\"a/0\",\"Size\":0,\"Tags\":[\"a\",\"<b>\"]}]\n"));
        let ran = call(&["SendPattern", "3", "--accept", "octets", "--out", "-"]);
        assert_eq!(ran.out.as_bytes(), rpc_tests::pattern(3));
        assert_eq!(call(&["Receive", "--in", "/dev/null", "--accept", "json"]), Ran::ok("0\n"));
        fails(&call(&["Fail", "\"tank\""]), 1, &["handler says no: tank"]);

        // one that says of itself that it is none of ours
        let no = || wire::refusal(2, "endpoint unknown");
        let call = |answers, words: &[&str]| run(&mut rpc(["call", &common::script(answers)].iter().chain(words)));
        assert_eq!(call(vec![no(), wire::ok_json("4")], &["Receive", "--in", "/dev/null"]), Ran::ok("4\n"));
        assert_eq!(call(vec![wire::ok_json("[ 5 ]")], &["List", "--accept", "json"]), Ran::ok("[5]\n"));
        let both = ["Receive", "5", "--in", "/dev/null", "--accept", "json"];
        fails(&call(vec![no()], &both), 2, &["revision 0 of the protocol, which has no JSON and octets together"]);
    });
}
