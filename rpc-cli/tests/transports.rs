//! Each shape over each transport.

mod common;

use common::{Ran, rpc, run_with};
use rpc_core::ServerConfig;
use rpc_tests::watchdog;

/// The requests and replies of all shapes: the method and its arguments, standard input, and what
/// comes to standard output and standard error.
const ALL: [(&[&str], &str, &str, &str); 19] = [
    (&["nothing"], "", "null\n", ""),
    (&["echo", "--bare", r#"{"a": [1, 1.50]}"#], "", "{\"a\":[1,1.5]}\n", ""),
    (&["greet", "\"ann\""], "", "\"hello, ann\"\n", ""),
    (&["keep", "--bare", r#"{"name":"a","size":7}"#], "", "{\"name\":\"a\",\"size\":7}\n", ""),
    (&["put", "name=a", "size=7"], "", "{\"name\":\"a\",\"size\":7}\n", ""),
    (&["fetch", "3", "--accept", "octets"], "", "ZZZ", ""),
    (&["count", "2", "--accept", "values"], "", "{\"number\":0}\n{\"number\":1}\n", ""),
    (&["open", "name=a", "size=3", "--accept", "json+octets"], "", "ZZZ", "{\"name\":\"a\",\"size\":3}\n"),
    (&["scan", "name=a", "size=1", "--accept", "json+values"], "", "{\"number\":0}\n", "{\"name\":\"a\",\"size\":1}\n"),
    (&["measure", "--in", "-"], "four", "4\n", ""),
    (&["store", "name=a", "--in", "-"], "four", "{\"name\":\"a\",\"size\":4}\n", ""),
    (&["copy", "--in", "-", "--accept", "octets"], "four", "four", ""),
    (&["octets", "--in", "-", "--accept", "values"], "AB", "{\"number\":65}\n{\"number\":66}\n", ""),
    (&["pack", "\"a\"", "--in", "-", "--accept", "json+octets"], "four", "four", "{\"name\":\"a\",\"size\":0}\n"),
    (
        &["index", "\"a\"", "--in", "-", "--accept", "json+values"],
        "A",
        "{\"number\":65}\n",
        "{\"name\":\"a\",\"size\":0}\n",
    ),
    (&["sum", "--in-values", "-"], "{\"number\": 1}{\n\"number\":\n2}", "3\n", ""),
    (&["print", "--in-values", "-", "--accept", "octets"], "{\"number\":1}", "1\n", ""),
    (&["double", "--in-values", "-", "--accept", "values"], "{\"number\":1}", "{\"number\":2}\n", ""),
    (&["scale", "\"a\"", "--in-values", "-", "--accept", "json+values"], "", "", "{\"name\":\"a\",\"size\":0}\n"),
];

/// Calls all shapes of the server at an address, as a server that says nothing about itself, and
/// then as one that does.
fn call_all(address: &str, switches: &[&str], variable: Option<(&str, &str)>) {
    let call = |arguments: &[&str], input: &str| {
        let mut command = rpc(["call", address].iter().chain(switches).chain(arguments));
        command.envs(variable);
        run_with(&mut command, input.as_bytes())
    };
    for (arguments, input, out, err) in ALL {
        let expected = Ran { code: Some(0), out: out.to_owned(), err: err.to_owned() };
        assert_eq!(call(arguments, input), expected, "{arguments:?}");
    }
}

#[test]
fn over_tcp() {
    watchdog(|| call_all(&common::serve().address(), &[], None));
}

/// The server says what the switches say otherwise.
#[test]
fn with_a_description() {
    watchdog(|| {
        let shelf = common::serve_at("tcp://127.0.0.1:0", ServerConfig::default().describe(true));
        for (arguments, input, out, err) in ALL {
            let mut words = Vec::from(arguments);
            if let Some(at) = words.iter().position(|word| *word == "--accept") {
                words.drain(at..at + 2);
            }
            words.retain(|word| *word != "--bare");
            words.iter_mut().for_each(|word| {
                if *word == "--in-values" {
                    *word = "--in";
                }
            });
            let expected = Ran { code: Some(0), out: out.to_owned(), err: err.to_owned() };
            let ran = run_with(&mut rpc(["call", &shelf.address()].iter().chain(&words)), input.as_bytes());
            assert_eq!(ran, expected, "{words:?}");
        }
    });
}

#[cfg(unix)]
#[test]
fn over_a_unix_socket() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("unix://{}", folder.path().join("socket").display());
        let _shelf = common::serve_at(&address, ServerConfig::default());
        call_all(&address, &[], None);
    });
}

#[cfg(unix)]
mod child {
    use std::env;

    use common::run;
    use common::shapes::{Handler, ShapesServer};

    use super::*;

    /// The variable that makes this program a server.
    const SERVES: &str = "RPC_TEST_SERVES_STDIO";

    #[test]
    fn a_child_serves() {
        if env::var_os(SERVES).is_some() {
            let (handler, _controls) = Handler::new();
            let ended = rpc_core::serve_stdio(ShapesServer::new(handler));
            std::process::exit(i32::from(ended.is_err()));
        }
    }

    fn child() -> String {
        format!("exec:{} --exact child::a_child_serves --nocapture", env::current_exe().unwrap().display())
    }

    #[test]
    fn to_a_child() {
        watchdog(|| call_all(&child(), &[], Some((SERVES, "1"))));
    }

    /// Whoever wrote the command has to act, so his program's own words are in the line.
    #[test]
    fn a_child_that_fails_is_quoted() {
        watchdog(|| {
            let mut command = rpc(["call", &child(), "exit", "text=the disk\nis gone", "status=3"]);
            let ran = run(command.env(SERVES, "1"));
            assert_eq!((ran.code, ran.err.lines().count()), (Some(4), 1), "{ran:?}");
            assert!(ran.err.contains("exit status: 3") && ran.err.contains(r#""the disk\nis gone""#), "{ran:?}");

            let ran = run(&mut rpc(["call", "exec:echo no such host >&2; exit 7", "nothing"]));
            assert_eq!((ran.code, ran.err.lines().count()), (Some(4), 1), "{ran:?}");
            assert!(ran.err.contains("no such host"), "{ran:?}");
        });
    }
}

#[cfg(feature = "tls")]
mod tls {
    use std::fs;

    use common::run;
    use rpc_tests::certificates::authority;
    use rpc_tls::TlsAcceptor;

    use super::*;

    #[test]
    fn over_tls() {
        watchdog(|| {
            let folder = tempfile::tempdir().unwrap();
            let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
            let (ca, cert, key) = (place("ca"), place("cert"), place("key"));
            let client = authority().issue(&["client.test"]);
            fs::write(&ca, authority().certificate()).unwrap();
            fs::write(&cert, client.certificate).unwrap();
            fs::write(&key, client.key).unwrap();
            let acceptor = TlsAcceptor::mutual(authority().issue(&["127.0.0.1"]).identity(), authority().roots());
            let shelf = common::serve_at("tls://127.0.0.1:0", ServerConfig::default().tls(acceptor));
            call_all(&shelf.address(), &["--ca", &ca, "--cert", &cert, "--key", &key], None);

            let said = |switches: &[&str]| {
                let ran = run(&mut rpc(["call", &shelf.address(), "nothing"].iter().chain(switches)));
                assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
                (ran.code, ran.err)
            };
            let (code, text) = said(&["--ca", "absent.pem"]);
            assert!(code == Some(6) && text.contains("--ca") && text.contains("absent.pem"), "{text}");
            let (code, text) = said(&["--ca", &ca, "--cert", &key, "--key", &key]);
            assert!(code == Some(6) && text.contains("--cert"), "{text}");
            let (code, text) = said(&["--ca", &ca]);
            assert_eq!(code, Some(4), "{text}");
        });
    }
}
