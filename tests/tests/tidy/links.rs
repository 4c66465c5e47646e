//! Links of documents to files of the project lead to one.

use std::path::{Path, PathBuf};

/// Returns what the links of a document lead to, without those to other hosts and to headings of
/// the document itself.
pub(crate) fn targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| {
        let target = rest.split(')').next()?.split('#').next()?;
        let is_file = !target.is_empty() && !target.contains("://") && !target.contains(char::is_whitespace);
        is_file.then_some(target)
    })
}

/// Returns the links of a document that lead nowhere.
pub(crate) fn broken(document: &Path, text: &str) -> Vec<PathBuf> {
    let folder = document.parent().unwrap_or(Path::new("."));
    targets(text).map(|target| folder.join(target)).filter(|path| !path.exists()).collect()
}

#[test]
fn links_are_found() {
    let text = "[a](docs/a.md), [b](docs/b.md#heading) and [c](https://example.org/x), [d](#here)\n`x](y z)`";
    assert_eq!(targets(text).collect::<Vec<_>>(), ["docs/a.md", "docs/b.md"]);
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    assert!(broken(&here, "[a](src/lib.rs)").is_empty());
    assert_eq!(broken(&here, "[a](src/nothing.rs)").len(), 1);
}
