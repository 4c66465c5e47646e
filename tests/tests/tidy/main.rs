//! What no compiler checks: versions, the changelog, the guides, the width of prose, and which
//! module names which.

mod cycles;
mod deployment;
mod imports;
mod layers;
mod limits;
mod links;
mod prose;
mod source_tree;
mod syntax;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cycles::cycles;
use layers::{Layers, violations};
use source_tree::SourceTree;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    files(folder, "rs")
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found
}

fn documents() -> Vec<PathBuf> {
    let at_root = ["README.md", "ARCHITECTURE.md", "PROTOCOL.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"];
    let mut found: Vec<_> = at_root.map(|name| root().join(name)).into();
    for folder in ["rpc-core", "rpc-macros", "rpc-examples", "rpc-bench", "tests", "docs"] {
        found.extend(files(&root().join(folder), "md"));
    }
    found
}

/// The other modules that each top-level module of `rpc-core` may name, from the lowest to the
/// highest. `lib.rs` is not listed, and re-exports do not count: the file that defines a name does.
const LAYERS: Layers<'_> = &[
    ("unwind", &[]),
    ("lock", &[]),
    ("transport", &["unwind"]),
    ("frame", &[]),
    ("message", &["frame"]),
    ("error", &["message", "transport"]),
    ("observe", &["error", "message", "transport", "unwind"]),
    ("connection", &["frame", "lock", "message", "transport", "unwind"]),
    ("codec", &["error", "message"]),
    ("stream", &["codec", "connection", "error", "frame", "message", "transport"]),
    (
        "client",
        &["codec", "connection", "error", "frame", "lock", "message", "observe", "stream", "transport", "unwind"],
    ),
    (
        "server",
        &["codec", "connection", "error", "frame", "lock", "message", "observe", "stream", "transport", "unwind"],
    ),
    ("reply", &[]),
    ("unstable", &[]),
    ("testing", &["error", "observe", "server", "transport"]),
    ("__private", &["client", "codec", "stream"]),
];

fn tree(root_file: &str) -> SourceTree {
    SourceTree::read(&root().join(root_file))
}

#[test]
fn modules_name_only_those_below() {
    let violations = violations(&tree("rpc-core/src/lib.rs"), LAYERS);
    assert!(violations.is_empty(), "rpc-core/src:\n{}", violations.join("\n"));
}

#[test]
fn no_imports_make_a_cycle() {
    let libraries = ["rpc-core/src/lib.rs", "rpc-macros/src/lib.rs", "rpc-examples/src/lib.rs"];
    let programs = ["rpc-cli/src/main.rs", "rpc-examples/src/main.rs"];
    let mut report = String::new();
    for root in libraries.into_iter().chain(programs) {
        for cycle in cycles(&tree(root)) {
            writeln!(report, "{root}: {cycle}").unwrap();
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn the_changelog_has_the_version() {
    let version = env!("CARGO_PKG_VERSION");
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    assert!(changelog.contains(&format!("## {version}")), "CHANGELOG.md has no section for {version}");
}

#[test]
fn each_file_says_why_it_exists() {
    let folders = ["rpc-core/src", "rpc-macros/src", "rpc-examples/src", "rpc-examples/examples", "tests/src"];
    for folder in folders.into_iter().chain(["rpc-cli/src", "rpc-bench/src", "rpc-soak/src"]) {
        for file in sources(&root().join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            assert!(text.starts_with("//!"), "{} has no module documentation", file.display());
        }
    }
}

#[test]
fn prose_has_at_most_100_columns() {
    let crates =
        ["rpc-core", "rpc-macros/src", "rpc-examples", "rpc-cli", "rpc-bench", "rpc-soak", "tests/src", "tests/tests"];
    let crates = crates.into_iter().chain(["tests/ui"]);
    let mut checked: Vec<_> = crates.flat_map(|folder| sources(&root().join(folder))).collect();
    checked.extend(documents());
    let mut problems = String::new();
    for file in checked {
        let is_markdown = file.extension().is_some_and(|extension| extension == "md");
        for line in prose::too_long(&fs::read_to_string(&file).unwrap(), is_markdown) {
            writeln!(problems, "{}:{line}", file.display()).unwrap();
        }
    }
    assert!(problems.is_empty(), "lines of prose with more than 100 columns:\n{problems}");
}

#[test]
fn links_lead_somewhere() {
    let mut problems = String::new();
    for document in documents() {
        for path in links::broken(&document, &fs::read_to_string(&document).unwrap()) {
            writeln!(problems, "{}: {}", document.display(), path.display()).unwrap();
        }
    }
    assert!(problems.is_empty(), "links that lead nowhere:\n{problems}");
}

#[test]
fn the_versions_of_rust_agree() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let version = manifest.split("rust-version = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    for document in ["README.md", "CONTRIBUTING.md"] {
        assert!(fs::read_to_string(root().join(document)).unwrap().contains(&format!("Rust {version}")), "{document}");
    }
}
