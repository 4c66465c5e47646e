//! Which file names which: paths resolved to the files that define what they name.

use std::collections::{BTreeMap, BTreeSet};

use super::source_tree::{Mention, Module, Name, SourceTree};

/// The first line of a file that names something of another file, for each pair of files.
pub(crate) type Imports = BTreeMap<(String, String), usize>;

pub(crate) fn imports(tree: &SourceTree) -> Imports {
    let mut found = Imports::new();
    for module in &tree.modules {
        for mention in &module.mentions {
            for file in named_files(tree, module, mention) {
                if file != module.file {
                    let line = found.entry((module.file.clone(), file)).or_insert(mention.line);
                    *line = mention.line.min(*line);
                }
            }
        }
    }
    found
}

fn named_files(tree: &SourceTree, module: &Module, mention: &Mention) -> BTreeSet<String> {
    if let [name] = mention.path.as_slice()
        && !mention.glob
        && !is_reexported(module, name)
    {
        // an item of this file, or an import, which counts where it is declared
        return BTreeSet::new();
    }
    let places = Resolver { tree, seen: BTreeSet::new() }.resolve(&module.path, &mention.path);
    let mut files: BTreeSet<String> = places.iter().flat_map(|place| place.files(tree)).collect();
    if mention.glob {
        for place in places {
            if let Place::Module(path) = place {
                files.extend(tree.at(&path).flat_map(|module| all_names(tree, module)));
            }
        }
    }
    files
}

fn is_reexported(module: &Module, name: &str) -> bool {
    module.names.iter().any(|(own, kind)| own == name && matches!(kind, Name::Reexport(_)))
}

/// The files that define what a module imports: a `*` names all of them.
fn all_names(tree: &SourceTree, module: &Module) -> Vec<String> {
    let mut files = Vec::new();
    for (_, name) in &module.names {
        if let Name::Import(path) | Name::Reexport(path) = name {
            let places = Resolver { tree, seen: BTreeSet::new() }.resolve(&module.path, path);
            files.extend(places.iter().flat_map(|place| place.files(tree)));
        }
    }
    files
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Module(Vec<String>),
    /// Something in a file that is not a module.
    Item(String),
}

impl Place {
    fn files(&self, tree: &SourceTree) -> Vec<String> {
        match self {
            Place::Module(path) => tree.at(path).map(|module| module.file.clone()).collect(),
            Place::Item(file) => vec![file.clone()],
        }
    }
}

struct Resolver<'a> {
    tree: &'a SourceTree,
    /// The names that are being looked up: `mod copy; pub use copy::copy;` asks for `copy` again.
    seen: BTreeSet<(Vec<String>, String)>,
}

impl Resolver<'_> {
    /// The places that a path in the module `at` may mean. Empty if it leads to another crate.
    ///
    /// A name that a module of this crate does not have, such as one that a macro defines, counts
    /// as defined in the file of that module.
    fn resolve(&mut self, at: &[String], path: &[String]) -> BTreeSet<Place> {
        let Some((first, rest)) = path.split_first() else { return BTreeSet::new() };
        let mut places = match first.as_str() {
            "crate" => BTreeSet::from([Place::Module(Vec::new())]),
            "self" | "super" => self.step(Place::Module(at.to_vec()), first),
            name => self.look_up(at, name),
        };
        for name in rest {
            places = places.into_iter().flat_map(|place| self.step(place, name)).collect();
        }
        places
    }

    fn step(&mut self, from: Place, name: &str) -> BTreeSet<Place> {
        let Place::Module(path) = &from else { return BTreeSet::from([from]) };
        match name {
            "self" => BTreeSet::from([from]),
            "super" => BTreeSet::from([Place::Module(path[..path.len().saturating_sub(1)].to_vec())]),
            _ => {
                let found = self.look_up(path, name);
                if found.is_empty() { from.files(self.tree).into_iter().map(Place::Item).collect() } else { found }
            }
        }
    }

    fn look_up(&mut self, at: &[String], name: &str) -> BTreeSet<Place> {
        if !self.seen.insert((at.to_vec(), name.to_owned())) {
            return BTreeSet::new();
        }
        let tree = self.tree;
        let child = [at, &[name.to_owned()]].concat();
        let mut found = BTreeSet::new();
        if tree.at(&child).next().is_some() {
            found.insert(Place::Module(child));
        }
        for module in tree.at(at) {
            for (_, kind) in module.names.iter().filter(|(own, _)| own == name) {
                match kind {
                    Name::Item => _ = found.insert(Place::Item(module.file.clone())),
                    Name::Import(path) | Name::Reexport(path) => found.extend(self.resolve(at, path)),
                }
            }
        }
        if found.is_empty() {
            for glob in tree.at(at).flat_map(|module| &module.globs) {
                for place in self.resolve(at, glob) {
                    match place {
                        Place::Module(path) => found.extend(self.look_up(&path, name)),
                        item @ Place::Item(_) => _ = found.insert(item),
                    }
                }
            }
        }
        self.seen.remove(&(at.to_vec(), name.to_owned()));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a file `a.rs` with this text names, in a crate with a few files more: `file:line`.
    fn named_by(text: &str) -> Vec<String> {
        let files = [
            ("lib.rs", "mod a; pub mod codec; pub use codec::{json::Json, Octets}; pub use std::io;"),
            ("a.rs", text),
            (
                "codec/mod.rs",
                "pub mod json; mod octets; mod read; pub use octets::Octets; pub use read::read; made!();",
            ),
            ("codec/json.rs", "pub struct Json; pub fn parse() {} pub mod text { pub struct Text; }"),
            ("codec/octets.rs", "pub struct Octets; pub enum Kind { Few, Many }"),
            ("codec/read.rs", "pub fn read() {}"),
        ];
        let files = files.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let imports = imports(&SourceTree::new(&files, "lib.rs"));
        let of_a = imports.into_iter().filter(|((from, _), _)| from == "a.rs");
        of_a.map(|((_, to), line)| format!("{to}:{line}")).collect()
    }

    #[test]
    fn imports_lead_to_the_files_that_define_the_names() {
        for (text, named) in [
            ("use crate::codec::json::Json;", &["codec/json.rs:1"] as &[&str]),
            ("use super::codec::{\njson::{self, parse},\nOctets as Bytes};", &["codec/json.rs:2", "codec/octets.rs:3"]),
            ("use crate::{Json, Octets};", &["codec/json.rs:1", "codec/octets.rs:1"]),
            ("use crate::codec;\nfn f() { codec::json::parse() }", &["codec/json.rs:2", "codec/mod.rs:1"]),
            ("use crate::codec::json::text::Text;", &["codec/json.rs:1"]),
            ("use crate::codec::read;", &["codec/read.rs:1"]),
            ("fn f() { use crate::Json; }", &["codec/json.rs:1"]),
            // what a macro defines belongs to the module that calls the macro
            ("use crate::codec::Made;", &["codec/mod.rs:1"]),
            ("use std::fmt; use serde::Serialize; use ::codec::json;", &[]),
        ] {
            assert_eq!(named_by(text), named, "{text}");
        }
    }

    #[test]
    fn a_glob_names_all_that_its_module_imports() {
        let all = ["codec/mod.rs:1", "codec/octets.rs:1", "codec/read.rs:1"];
        assert_eq!(named_by("use crate::codec::*;"), all);
        assert_eq!(
            named_by("use crate::codec::*; fn f() { json::parse() }"),
            [&["codec/json.rs:1"], &all[..]].concat()
        );
        assert_eq!(named_by("use crate::codec::json::Json; use Json::*;"), ["codec/json.rs:1"]);
    }

    #[test]
    fn paths_in_code_count() {
        for text in [
            "struct A(crate::Json);",
            "fn f() -> Option<super::codec::json::Json> { None }",
            "fn f() { self::super::Json; }",
            "fn f() { println!(\"{}\", crate::codec::json::parse()); }",
            "macro_rules! m { () => { $crate::codec::json::parse() } }",
            "mod inner { fn f() { super::super::codec::json::parse() } }",
            "impl From<u8> for crate::Json {}",
        ] {
            assert_eq!(named_by(text), ["codec/json.rs:1"], "{text}");
        }
    }

    #[test]
    fn a_reexport_counts_where_its_file_uses_the_name() {
        assert_eq!(named_by("pub use crate::Json;"), Vec::<String>::new());
        assert_eq!(named_by("pub use crate::Json;\n\nfn f() -> Json {}"), ["codec/json.rs:3"]);
    }

    #[test]
    fn test_code_comments_and_visibilities_do_not_count() {
        for text in [
            "#[cfg(test)] mod tests { use crate::Json; }",
            "#[cfg(all(test, unix))] use crate::Json;",
            "struct A; impl A { #[cfg(test)] fn f() { crate::Json; } }",
            "#[test] fn f() { crate::Json; }",
            "/// [`crate::Json`]\nstruct A; // crate::Json",
            "pub(in crate::codec) struct A;",
        ] {
            assert_eq!(named_by(text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(named_by("#[cfg(not(test))] use crate::Json;"), ["codec/json.rs:1"]);
    }

    #[test]
    fn a_module_may_have_a_file_for_each_platform() {
        let files = [
            ("lib.rs", "mod a; #[cfg_attr(windows, path = \"other.rs\")] mod socket;"),
            ("a.rs", "use crate::socket::Socket;"),
            ("socket.rs", "pub struct Socket;"),
            ("other.rs", "pub struct Socket;"),
        ];
        let files = files.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let imports = imports(&SourceTree::new(&files, "lib.rs"));
        let found: Vec<&str> = imports.keys().map(|(_, to)| to.as_str()).collect();
        assert_eq!(found, ["other.rs", "socket.rs"]);
    }
}
