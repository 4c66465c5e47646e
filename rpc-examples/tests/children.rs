//! The program with a server that it starts itself, here and through `ssh`.
#![cfg(unix)]

mod common;

use std::fs;
use std::process::{Command, Output, Stdio};

use common::{Places, odd_tree, snapshot};
use rpc_tests::sshd::Sshd;
use rpc_tests::watchdog;

const MIRROR: &str = env!("CARGO_BIN_EXE_mirror");

fn mirror(arguments: &[&str]) -> Output {
    Command::new(MIRROR).args(arguments).output().unwrap()
}

/// Returns what it printed, after checking that it went well.
fn printed(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*said), (Some(0), ""));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Pulls, lists and pushes with a server that `start` starts.
fn pull_list_and_push(places: &Places, start: &str) {
    odd_tree(places.source.path());
    let [source, copy, room] = [&places.source, &places.copy, &places.room].map(|place| place.path().to_str().unwrap());
    let address = format!("exec:{start}{MIRROR} serve-stdio {source}");
    let line = printed(&mirror(&["pull", &address, copy]));
    assert!(line.starts_with("fetched 15 of 15 files, "), "{line}");
    places.assert_same();
    assert!(printed(&mirror(&["list", &address])).lines().count() > 15);

    let address = format!("exec:{start}{MIRROR} serve-stdio {room}");
    let refused = mirror(&["push", source, &address]);
    assert_eq!(refused.status.code(), Some(1), "it is not writable");
    let line = printed(&mirror(&["push", source, &format!("{address} --writable --quota 1GiB")]));
    assert!(line.starts_with("sent 15 of 15 files, "), "{line}");
    assert_eq!(snapshot(places.source.path()), snapshot(places.room.path()));
}

#[test]
fn pulls_lists_and_pushes_with_a_child() {
    watchdog(|| pull_list_and_push(&Places::new(), ""));
}

#[test]
fn pulls_lists_and_pushes_through_ssh() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        if let Some(sshd) = Sshd::start(folder.path(), "").unwrap() {
            pull_list_and_push(&Places::new(), &format!("{} ", sshd.ssh()));
        }
    });
}

#[test]
fn a_directory_that_is_not_there_is_named_by_the_server() {
    watchdog(|| {
        let places = Places::new();
        let output = mirror(&["list", &format!("exec:{MIRROR} serve-stdio /nonsense/of/a/directory")]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        for part in ["exit status: 1", "mirror: /nonsense/of/a/directory: No such file"] {
            assert!(said.contains(part), "{said}");
        }
        // nobody speaks to it
        let source = places.source.path();
        fs::write(places.source("a"), "a").unwrap();
        let output = Command::new(MIRROR).arg("serve-stdio").arg(source).stdin(Stdio::null()).output().unwrap();
        assert!(String::from_utf8_lossy(&output.stderr).contains("expected a client's banner"));
    });
}
