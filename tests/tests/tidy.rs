//! What no compiler holds together: versions, the changelog, and that layers name only those below.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The layers from the lowest to the highest; each may name itself and those before it.
const LAYERS: [&[&str]; 5] = [&["transport"], &["frame"], &["message"], &["connection"], &["client", "server"]];

#[test]
fn layers_name_only_those_below() {
    let core = root().join("rpc-core/src");
    for (height, layer) in LAYERS.iter().enumerate() {
        let above: Vec<&str> = LAYERS[height + 1..].iter().flat_map(|names| names.iter().copied()).collect();
        // client and server do not know each other
        let beside = |own: &str| layer.iter().copied().filter(|name| *name != own).collect::<Vec<_>>();
        for own in *layer {
            for file in sources(&core.join(own)) {
                let text = fs::read_to_string(&file).unwrap();
                let code =
                    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
                for forbidden in above.iter().copied().chain(beside(own)) {
                    assert!(
                        !code.contains(&format!("crate::{forbidden}::")),
                        "{} names the layer {forbidden}",
                        file.display()
                    );
                }
            }
        }
    }
}

#[test]
fn frames_and_messages_know_no_transport() {
    for layer in ["frame", "message"] {
        for file in sources(&root().join("rpc-core/src").join(layer)) {
            assert!(!fs::read_to_string(&file).unwrap().contains("crate::transport"), "{}", file.display());
        }
    }
}

#[test]
fn the_changelog_has_the_version() {
    let version = env!("CARGO_PKG_VERSION");
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    assert!(changelog.contains(&format!("## {version}")), "CHANGELOG.md has no section for {version}");
}

#[test]
fn each_file_says_why_it_exists() {
    for folder in
        ["rpc-core/src", "rpc-macros/src", "rpc-examples/src", "rpc-examples/examples", "tests/src", "rpc-bench/src"]
    {
        for file in sources(&root().join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            assert!(text.starts_with("//!"), "{} has no module documentation", file.display());
        }
    }
}

#[test]
fn the_versions_of_rust_agree() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let version = manifest.split("rust-version = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    for document in ["README.md", "CONTRIBUTING.md"] {
        assert!(fs::read_to_string(root().join(document)).unwrap().contains(&format!("Rust {version}")), "{document}");
    }
}
