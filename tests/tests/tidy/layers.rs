//! What each top-level module of a crate may name.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::imports;
use super::source_tree::SourceTree;

/// The modules from the lowest to the highest, each with the other modules that it may name.
pub(crate) type Layers<'a> = &'a [(&'a str, &'a [&'a str])];

/// Describes each way in which the crate and the table differ: a module that names what it may not,
/// a module that is in one of them only, a permission that is not used, and a permission to name a
/// module that is not below.
pub(crate) fn violations(tree: &SourceTree, layers: Layers<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let modules: BTreeSet<&str> =
        tree.modules.iter().filter_map(|module| Some(module.path.first()?.as_str())).collect();
    for module in modules.iter().filter(|module| layers.iter().all(|(name, _)| name != *module)) {
        found.push(format!("the module {module} is not in the table"));
    }

    let mut named: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    let imports = imports(tree);
    for ((from, to), line) in &imports {
        if let (Some(own), Some(other)) = (tree.module_path(from).first(), tree.module_path(to).first())
            && own != other
        {
            named.entry((own, other)).or_default().push(format!("{from}:{line} names {to}"));
        }
    }
    for ((own, other), places) in &named {
        let allowed = layers.iter().any(|(name, below)| name == own && below.contains(other));
        if !allowed {
            found.push(format!("the module {own} may not name {other}:\n    {}", places.join("\n    ")));
        }
    }

    for (height, (own, below)) in layers.iter().enumerate() {
        if !modules.contains(own) {
            found.push(format!("the table has the module {own}, which does not exist"));
        }
        for other in *below {
            if !layers[..height].iter().any(|(name, _)| name == other) {
                found.push(format!("the table lets {own} name {other}, which is not below it"));
            } else if !named.contains_key(&(*own, *other)) {
                found.push(format!("the table lets {own} name {other}, but it does not"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The violations in a crate whose modules are a file each.
    fn violations_in(modules: &[(&str, &str)], layers: Layers<'_>) -> Vec<String> {
        let root = modules.iter().map(|(name, _)| format!("mod {name};")).collect();
        let mut files = BTreeMap::from([("lib.rs".to_owned(), root)]);
        files.extend(modules.iter().map(|(name, text)| (format!("{name}.rs"), (*text).to_owned())));
        violations(&SourceTree::new(&files, "lib.rs"), layers)
    }

    const FRAME: (&str, &str) = ("frame", "pub struct Frame;");
    const TWO_LAYERS: Layers<'_> = &[("frame", &[]), ("client", &["frame"])];

    #[test]
    fn a_module_may_name_what_the_table_says() {
        let found = violations_in(&[FRAME, ("client", "use crate::frame::Frame;")], TWO_LAYERS);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn a_module_that_names_one_above_is_found() {
        let frame = ("frame", "pub struct Frame;\nfn call() { super::client::call(); }");
        let found = violations_in(&[frame, ("client", "use crate::frame::Frame;\npub fn call() {}")], TWO_LAYERS);
        assert_eq!(found, ["the module frame may not name client:\n    frame.rs:2 names client.rs"]);
    }

    #[test]
    fn a_module_that_is_not_in_the_table_is_found() {
        let client = ("client", "use crate::frame::Frame;");
        let found = violations_in(&[FRAME, client, ("extra", "pub struct Extra;")], TWO_LAYERS);
        assert_eq!(found, ["the module extra is not in the table"]);
    }

    #[test]
    fn a_table_that_is_wider_than_the_crate_is_found() {
        let found = violations_in(&[FRAME, ("client", "")], TWO_LAYERS);
        assert_eq!(found, ["the table lets client name frame, but it does not"]);
        let found = violations_in(&[FRAME], &[("frame", &[]), ("client", &[])]);
        assert_eq!(found, ["the table has the module client, which does not exist"]);
    }

    #[test]
    fn a_table_that_does_not_run_one_way_is_found() {
        let layers: Layers<'_> = &[("frame", &["client"]), ("client", &["frame"])];
        let frame = ("frame", "pub struct Frame;\nuse crate::client::Call;");
        let found = violations_in(&[frame, ("client", "use crate::frame::Frame;\npub struct Call;")], layers);
        assert_eq!(found, ["the table lets frame name client, which is not below it"]);
    }
}
