//! The program as a user sees it: its output and its exit codes.
#![cfg(unix)]

mod common;

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use common::{Places, names, odd_tree, set_mode};
use rpc_core::{Client, Server};
use rpc_examples::mirror::MirrorServer;
use rpc_tests::watchdog;
use serde_json::{Value, json};

fn mirror<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mirror"));
    command.args(arguments);
    command
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// `mirror serve`, killed when dropped, and the address that it prints.
struct Serving(Child, String);

impl Serving {
    fn start(dir: &Path) -> Serving {
        Serving::start_with(dir, &[])
    }

    fn start_with(dir: &Path, switches: &[&str]) -> Serving {
        let mut child =
            mirror(["serve", "tcp://127.0.0.1:0"]).args(switches).arg(dir).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Serving(child, address)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn serves_and_pulls() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        let serving = Serving::start(places.source.path());
        let output = mirror(["pull", &serving.1]).arg(places.copy.path()).output().unwrap();
        assert_eq!((code(&output), said(&output)), (0, String::new()));
        let line = printed(&output);
        assert!(line.starts_with("fetched 15 of 15 files, ") && line.lines().count() == 1, "{line}");
        places.assert_same();
    });
}

/// Looks up a method in a description.
fn method(description: &Value, name: &str) -> Value {
    let methods = description["services"][0]["methods"].as_array().unwrap();
    methods.iter().find(|method| method["name"] == name).unwrap().clone()
}

#[test]
fn describes_itself_if_it_is_told_to() {
    watchdog(|| {
        let places = Places::new();
        let silent = Serving::start(places.source.path());
        let error = Client::connect(&silent.1[..]).unwrap().describe::<Value>().unwrap_err();
        assert!(error.to_string().contains("does not describe itself"), "{error}");

        let serving = Serving::start_with(places.source.path(), &["--describe"]);
        let description: Value = Client::connect(&serving.1[..]).unwrap().describe().unwrap();
        let fetch = method(&description, "fetch");
        assert!(fetch["doc"].as_str().unwrap().starts_with("Returns the bytes of a file from `offset` on"), "{fetch}");
        let names = fetch["takes"]["parameters"].as_array().unwrap().iter().map(|parameter| &parameter["name"]);
        assert!(names.eq(["path", "offset", "content"]), "{fetch}");
        if cfg!(feature = "schema") {
            assert_eq!(fetch["takes"]["parameters"][0]["type"], "string");
            assert_eq!(fetch["error"], json!({"ref": "MirrorError"}));
            let held = json!({"closed": true, "object": {"NotHeld": "u64"}});
            assert!(description["types"]["MirrorError"]["enum"].as_array().unwrap().contains(&held));
        }
    });
}

#[test]
fn lists_a_line_for_each_entry() {
    watchdog(|| {
        let places = Places::new();
        fs::create_dir(places.source("a")).unwrap();
        fs::write(places.source("a/new\nline"), "x".repeat(3 << 10)).unwrap();
        symlink("a", places.source("b")).unwrap();
        symlink("/", places.source("c")).unwrap();
        let serving = Serving::start(places.source.path());
        let output = mirror(["list", &serving.1]).output().unwrap();
        assert_eq!((code(&output), said(&output)), (0, String::new()));
        assert_eq!(
            printed(&output),
            "   directory  a\n    3.00 KiB  a/new\\nline\n        link  b -> a\n     \
             skipped  c: the link leads out of the directory, to /\n"
        );

        fs::create_dir(places.source("d")).unwrap();
        set_mode(&places.source("d"), 0);
        if fs::read_dir(places.source("d")).is_ok() {
            eprintln!("skipped: this user may read everything");
            return;
        }
        let output = mirror(["list", &serving.1]).output().unwrap();
        assert_eq!(code(&output), 3);
        assert!(printed(&output).contains("\n  unreadable  d: "), "{}", printed(&output));
    });
}

#[test]
fn a_list_that_nobody_reads_to_its_end_is_no_failure() {
    watchdog(|| {
        let places = Places::new();
        for number in 0..2000 {
            fs::write(places.source(&format!("{number:04}{}", "x".repeat(200))), "").unwrap();
        }
        let serving = Serving::start(places.source.path());
        let mut child = mirror(["list", &serving.1]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("         0 B  0000xxx"), "{line}");
        let output = child.wait_with_output().unwrap();
        assert_eq!((code(&output), said(&output)), (0, String::new()));
    });
}

#[test]
fn a_partial_pull_ends_with_3() {
    watchdog(|| {
        let places = Places::new();
        fs::write(places.source("a"), "a").unwrap();
        fs::write(places.source("b"), "b").unwrap();
        symlink("/", places.source("c")).unwrap();
        fs::create_dir(places.copy("a")).unwrap();
        let serving = Serving::start(places.source.path());
        let output = mirror(["pull", &serving.1]).arg(places.copy.path()).output().unwrap();
        assert_eq!(code(&output), 3);
        assert_eq!(
            said(&output),
            "mirror: failed a: a directory is in the way\n\
             mirror: skipped c: the link leads out of the directory, to /\n"
        );
        assert!(printed(&output).ends_with(", 1 skipped, 1 FAILED\n"), "{}", printed(&output));
        assert_eq!(fs::read(places.copy("b")).unwrap(), b"b");
    });
}

#[test]
fn pushes_where_it_may() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        let push = |serving: &Serving, switches: &[&str]| {
            mirror(["push"]).arg(places.source.path()).arg(&serving.1).args(switches).output().unwrap()
        };
        let refused = push(&Serving::start(places.copy.path()), &[]);
        assert_eq!(code(&refused), 1);
        assert!(said(&refused).contains("the server is read-only"), "{}", said(&refused));

        let small = push(&Serving::start_with(places.copy.path(), &["--writable", "--quota", "1MiB"]), &[]);
        assert_eq!(code(&small), 3, "{}", said(&small));
        assert!(
            said(&small).contains(": the server's quota is 1.00 MiB, but the tree would have "),
            "{}",
            said(&small)
        );

        fs::write(places.copy("extra"), "x").unwrap();
        let serving = Serving::start_with(places.copy.path(), &["--writable"]);
        let planned = push(&serving, &["--delete", "--dry-run"]);
        assert_eq!((code(&planned), said(&planned)), (0, String::new()));
        assert!(printed(&planned).contains("would delete extra\nwould send "), "{}", printed(&planned));
        assert!(places.copy("extra").exists());
        let output = push(&serving, &["--delete"]);
        assert_eq!((code(&output), said(&output)), (0, String::new()));
        assert!(printed(&output).contains(", 1 deleted"), "{}", printed(&output));
        places.assert_same();
    });
}

#[test]
fn nobody_at_the_address_ends_with_1() {
    watchdog(|| {
        let places = Places::new();
        let address = Server::bind("tcp://127.0.0.1:0").unwrap().address().to_string();
        let output = mirror(["pull", &address]).arg(places.copy.path()).output().unwrap();
        assert_eq!(code(&output), 1);
        assert!(said(&output).contains(&address) && said(&output).contains("refused"), "{}", said(&output));

        let nowhere = places.room.path().join("nowhere").display().to_string();
        for command in [&["pull", &places.copy.path().display().to_string()][..], &["list"]] {
            let (name, rest) = command.split_first().unwrap();
            let output = mirror([name, &*format!("unix://{nowhere}")]).args(rest).output().unwrap();
            assert!(code(&output) == 1 && said(&output).contains(&nowhere), "{}", said(&output));
        }

        let output = mirror(["serve", "tcp://127.0.0.1:0", &nowhere]).output().unwrap();
        assert!(code(&output) == 1 && said(&output).contains(&nowhere), "{}", said(&output));
    });
}

/// The program put the address before errors that named it already.
#[test]
fn each_error_names_the_address_once() {
    watchdog(|| {
        let places = Places::new();
        let copy = places.copy.path();
        let refused = Server::bind("tcp://127.0.0.1:0").unwrap().address().to_string();
        let nowhere = format!("unix://{}", places.room.path().join("nowhere/socket").display());
        let (unknown, wrong) = ("tcp://no-such-host.invalid:7411", "localhost:80");
        for command in ["pull", "serve"] {
            for (address, exit, says) in [
                (&*refused, 1, "refused"),
                (&nowhere, 1, "No such file or directory"),
                (unknown, 1, "failed to lookup address information"),
                (wrong, 2, "expected tcp://host:port, tls://host:port, unix:///path or exec:COMMAND"),
            ] {
                // nothing is wrong with serving at a free port
                if (command, says) == ("serve", "refused") {
                    continue;
                }
                let output = mirror([command, address]).arg(copy).output().unwrap();
                let text = said(&output);
                assert_eq!((code(&output), text.matches(address).count()), (exit, 1), "{text}");
                assert!(text.contains(says), "{text}");
            }
        }
        let taken = Server::bind("tcp://127.0.0.1:0").unwrap();
        let taken_address = taken.address().to_string();
        let output = mirror(["serve", &taken_address]).arg(copy).output().unwrap();
        assert_eq!((code(&output), said(&output).matches(&taken_address).count()), (1, 1), "{}", said(&output));
        assert!(said(&output).starts_with("mirror: binding: "), "{}", said(&output));

        // what a server answers does not name it
        fs::write(places.source("a"), "a").unwrap();
        let serving = Serving::start(copy);
        let output = mirror(["push"]).arg(places.source.path()).arg(&serving.1).output().unwrap();
        assert_eq!((code(&output), said(&output).matches(&serving.1).count()), (1, 1), "{}", said(&output));
    });
}

#[test]
fn a_destination_that_cannot_be_ends_with_1() {
    watchdog(|| {
        let places = Places::new();
        let file = places.room.path().join("file");
        fs::write(&file, "").unwrap();
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(MirrorServer::new(places.shelf())).unwrap();
        let output = mirror(["pull", &server.address().to_string()]).arg(&file).output().unwrap();
        assert!(code(&output) == 1 && said(&output).contains("/file: "), "{}", said(&output));
    });
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    watchdog(|| {
        for arguments in [
            &["pull"][..],
            &["list"],
            &["pull", "localhost:80", "x"],
            &["demo", "--size", "1TB"],
            &["push"],
            &["serve", "--quota", "5", "tcp://127.0.0.1:0", "x"],
        ] {
            let output = mirror(arguments).output().unwrap();
            assert_eq!(code(&output), 2, "{arguments:?}");
            assert!(said(&output).starts_with("error: "), "{}", said(&output));
        }
    });
}

#[test]
fn the_demo_succeeds_and_leaves_nothing() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        fs::create_dir(places.source("target")).unwrap();
        fs::write(places.source("target/left out"), "").unwrap();
        for dir in [places.source.path(), places.copy.path()] {
            let output =
                mirror(["demo", "--size", "300KiB"]).arg(dir).env("TMPDIR", places.room.path()).output().unwrap();
            assert_eq!((code(&output), said(&output)), (0, String::new()));
            assert_eq!(printed(&output).matches("every byte, time and mode is the same").count(), 4);
            assert!(
                printed(&output).contains("\nrefused  generated.bin: the server's quota is "),
                "{}",
                printed(&output)
            );
            assert!(printed(&output).contains(" resumed"), "{}", printed(&output));
            assert!(printed(&output).contains("pull 2   fetched 2 of "), "{}", printed(&output));
            assert!(names(places.room.path()).is_empty());
        }
    });
}

#[test]
fn the_demo_says_what_room_it_needs() {
    watchdog(|| {
        let places = Places::new();
        let output = mirror(["demo", "--size", "1000000GiB"])
            .arg(places.source.path())
            .env("TMPDIR", places.room.path())
            .output()
            .unwrap();
        assert_eq!(code(&output), 1);
        assert!(said(&output).contains("are free: set TMPDIR or a smaller --size"), "{}", said(&output));
        assert!(names(places.room.path()).is_empty());
    });
}

/// Real certificates in files, as the switches want them.
#[cfg(feature = "tls")]
mod tls {
    use super::*;
    use rpc_tests::certificates::{Authority, Issued, authority};

    /// Writes certificate and key, and returns the switches that name them.
    fn switches(dir: &Path, name: &str, issued: &Issued) -> Vec<String> {
        let [cert, key] = ["pem", "key"].map(|end| dir.join(format!("{name}.{end}")).display().to_string());
        fs::write(&cert, &issued.certificate).unwrap();
        fs::write(&key, &issued.key).unwrap();
        ["--cert", &cert, "--key", &key].map(str::to_owned).to_vec()
    }

    fn serve(dir: &Path, switches: &[String]) -> Serving {
        let mut child = mirror(["serve", "--writable", "tls://127.0.0.1:0"]);
        let mut child = child.args(switches).arg(dir).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Serving(child, address)
    }

    /// It once called in plain text.
    #[test]
    fn certificates_are_not_ignored() {
        watchdog(|| {
            for address in ["tcp://127.0.0.1:1", "unix:///nowhere"] {
                let output = mirror(["list", address, "--ca", "ca.pem"]).output().unwrap();
                assert_eq!(code(&output), 1);
                let expected = format!("{address}: expected a tls:// address, because --ca was given");
                assert!(said(&output).contains(&expected), "{}", said(&output));
            }
        });
    }

    #[test]
    fn lists_pulls_and_pushes_over_mutual_tls() {
        watchdog(|| {
            let files = tempfile::tempdir().unwrap();
            let dir = |name: &str| {
                let path = files.path().join(name);
                fs::create_dir(&path).unwrap();
                path
            };
            let (served, copy, certificates) = (dir("served"), dir("copy"), dir("certificates"));
            fs::write(served.join("a"), "the letter").unwrap();
            let ca = certificates.join("ca.pem");
            fs::write(&ca, authority().certificate()).unwrap();
            let ca = ca.display().to_string();
            let mut server = switches(&certificates, "server", &authority().issue(&["127.0.0.1"]));
            server.extend(["--client-ca".to_owned(), ca.clone()]);
            let server = serve(&served, &server);
            let client = switches(&certificates, "client", &authority().issue(&["ann.test"]));
            let run = |command: &str, places: &[&Path], switches: &[String]| {
                let mut run = mirror([command]);
                match places {
                    [from] if command == "push" => run.arg(from).arg(&server.1),
                    places => run.arg(&server.1).args(places),
                };
                run.args(["--ca", &ca]).args(switches).output().unwrap()
            };

            let listed = run("list", &[], &client);
            assert!(printed(&listed).contains('a') && code(&listed) == 0, "{}", said(&listed));
            let pulled = run("pull", &[&copy], &client);
            assert_eq!(code(&pulled), 0, "{}", said(&pulled));
            assert_eq!(fs::read(copy.join("a")).unwrap(), b"the letter");
            fs::write(copy.join("b"), "another").unwrap();
            let pushed = run("push", &[&copy], &client);
            assert_eq!(code(&pushed), 0, "{}", said(&pushed));
            assert_eq!(fs::read(served.join("b")).unwrap(), b"another");

            let refused = run("list", &[], &[]);
            assert_eq!(code(&refused), 1);
            assert!(said(&refused).contains("requires a certificate of this client"), "{}", said(&refused));
            let stranger = switches(&certificates, "stranger", &Authority::new().issue(&["ann.test"]));
            let refused = run("list", &[], &stranger);
            assert!(said(&refused).contains("does not accept this client's certificate"), "{}", said(&refused));
            let plain = mirror(["list", &server.1]).output().unwrap();
            assert!(said(&plain).contains("the client has no TLS"), "{}", said(&plain));
        });
    }
}
