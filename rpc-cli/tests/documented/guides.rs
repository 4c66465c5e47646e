//! The sessions in `docs/cli.md` and `README.md`, and the table of exit codes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rpc_core::{Server, ServerConfig};
use rpc_examples::mirror::{MirrorServer, Shelf};
use rpc_tests::{watchdog, watchdog_with_limit};
use snapbox::assert_data_eq;

use crate::depot;
use crate::shell::{Shell, without_times};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The sessions in a document: blocks that are marked as `console` and call `rpc`.
fn sessions(document: &str) -> impl Iterator<Item = &str> {
    let blocks = document.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.filter(|block| block.contains("$ rpc "))
}

/// Compares what the sessions of a document show with what their lines print. With
/// `SNAPSHOTS=overwrite`, they show that from now on.
fn check(shell: &Shell, path: &str) {
    let mut document = read(path);
    for session in sessions(&document.clone()) {
        // the server of the first lines runs already
        let started = if session.starts_with("$ mirror serve") { lines_len(session, 2) } else { 0 };
        let (_, wanted) = session.split_at(started);
        let shown = shell.transcript(wanted);
        if std::env::var_os("SNAPSHOTS").is_some_and(|action| action == "overwrite") {
            document = document.replace(wanted, &shown);
        } else {
            assert_data_eq!(without_times(&shown), without_times(wanted));
        }
    }
    if document != read(path) {
        fs::write(root().join(path), document).unwrap();
    }
}

fn lines_len(text: &str, lines: usize) -> usize {
    text.split_inclusive('\n').take(lines).map(str::len).sum()
}

#[test]
fn the_guide_shows_what_happens() {
    watchdog_with_limit(Duration::from_secs(120), || {
        let (server, silent) = (depot::serve(true), depot::serve(false));
        let servers = [("tcp://127.0.0.1:7411", &server), ("tcp://127.0.0.1:7412", &silent)];
        let servers = servers.map(|(documented, server)| (documented, server.address().to_string()));
        let Some(shell) = Shell::new(servers.into()) else { return };
        assert!(sessions(&read("docs/cli.md")).count() > 5);
        check(&shell, "docs/cli.md");
    });
}

#[test]
fn the_readme_shows_what_happens() {
    watchdog(|| {
        let tree = tempfile::tempdir().unwrap();
        fs::write(tree.path().join("notes.txt"), "hello\n").unwrap();
        let config = ServerConfig::default().describe(true);
        let server = Server::bind_with("tcp://127.0.0.1:0", config).unwrap();
        let server = server.spawn(MirrorServer::new(Shelf::open(tree.path()).unwrap())).unwrap();
        let Some(shell) = Shell::new(vec![("tcp://127.0.0.1:7411", server.address().to_string())]) else { return };
        assert_eq!(sessions(&read("README.md")).count(), 1);
        check(&shell, "README.md");
    });
}

/// The guide's depot is the one that is served here.
#[test]
fn the_guide_shows_the_trait() {
    let guide = read("docs/cli.md");
    let source = read("rpc-cli/tests/documented/depot.rs");
    let shown = guide.split("```rust,ignore\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert!(source.replace("pub ", "").contains(&shown.replace("pub ", "")), "docs/cli.md shows another trait");
}

#[test]
fn the_guide_has_each_exit_code() {
    let source = read("rpc-cli/src/failure.rs");
    let codes = source.split("enum Code {").nth(1).unwrap().split('}').next().unwrap();
    let in_code: Vec<&str> =
        codes.lines().filter_map(|line| line.trim().strip_suffix(',')?.split(" = ").nth(1)).collect();
    let guide = read("docs/cli.md");
    let rows = guide.lines().skip_while(|line| !line.starts_with("| code |")).skip(2);
    let in_guide: Vec<&str> =
        rows.take_while(|line| line.starts_with('|')).map(|line| line.split('|').nth(1).unwrap().trim()).collect();
    assert_eq!(in_guide, [&["0"], in_code.as_slice()].concat());
}
