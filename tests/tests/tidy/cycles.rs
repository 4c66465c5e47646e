//! Cycles between files. A module file and its own children may name each other, other files may
//! not. Only names count: a method that is called on a value is not seen.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use super::imports::{Imports, imports};
use super::source_tree::SourceTree;

/// Describes a shortest cycle of each strongly connected component.
pub(crate) fn cycles(tree: &SourceTree) -> Vec<String> {
    let imports = imports(tree);
    let mut found = Vec::new();
    let folders: BTreeSet<&[String]> = tree.modules.iter().map(|module| module.path.as_slice()).collect();
    for folder in folders {
        found.extend(cycles_below(tree, &imports, folder));
    }
    found
}

/// The cycles between different children of the module `folder`, without its own file.
///
/// Each forbidden cycle is found below the innermost module that has all its files as descendants.
fn cycles_below(tree: &SourceTree, imports: &Imports, folder: &[String]) -> Vec<String> {
    let child = |file: &str| tree.module_path(file).strip_prefix(folder).and_then(|rest| rest.first());
    let graph = Graph::new(imports.keys().filter(|(from, to)| child(from).is_some() && child(to).is_some()));

    let mut cycles: Vec<Vec<&str>> = imports
        .keys()
        .filter(|(from, to)| matches!((child(from), child(to)), (Some(a), Some(b)) if a != b))
        .filter_map(|(from, to)| graph.shortest_cycle(from, to))
        .collect();
    cycles.sort_by_key(Vec::len);

    let mut reported = BTreeSet::new();
    let mut descriptions = Vec::new();
    for cycle in cycles {
        if !reported.contains(cycle[0]) {
            let component = graph.component(cycle[0]);
            descriptions.push(describe(imports, &cycle, &component));
            reported.extend(component);
        }
    }
    descriptions
}

fn describe(imports: &Imports, cycle: &[&str], component: &BTreeSet<&str>) -> String {
    let mut text = format!("an import cycle of {} files", cycle.len());
    if component.len() > cycle.len() {
        let files: Vec<&str> = component.iter().copied().collect();
        write!(text, "; {} files reach each other ({})", files.len(), files.join(", ")).unwrap();
    }
    for (index, from) in cycle.iter().enumerate() {
        let to = cycle[(index + 1) % cycle.len()];
        let line = imports[&((*from).to_owned(), to.to_owned())];
        write!(text, "\n    {from}:{line} names {to}").unwrap();
    }
    text
}

struct Graph<'a> {
    targets: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Graph<'a> {
    fn new(edges: impl Iterator<Item = &'a (String, String)>) -> Graph<'a> {
        let mut targets: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (from, to) in edges {
            targets.entry(from).or_default().push(to);
        }
        Graph { targets }
    }

    /// The files of a shortest cycle that begins with this import.
    fn shortest_cycle(&self, from: &'a str, to: &'a str) -> Option<Vec<&'a str>> {
        let came_from = self.search(to);
        let mut backwards = vec![*came_from.get_key_value(from)?.0];
        while backwards[backwards.len() - 1] != to {
            backwards.push(came_from[backwards[backwards.len() - 1]]);
        }
        backwards[1..].reverse();
        Some(backwards)
    }

    /// The files that reach `file` and that it reaches.
    fn component(&self, file: &'a str) -> BTreeSet<&'a str> {
        self.search(file).into_keys().filter(|other| self.search(other).contains_key(file)).collect()
    }

    /// Each file that `from` reaches, with the one before it on a shortest way. It reaches itself.
    fn search(&self, from: &'a str) -> BTreeMap<&'a str, &'a str> {
        let mut came_from = BTreeMap::from([(from, from)]);
        let mut waiting = VecDeque::from([from]);
        while let Some(file) = waiting.pop_front() {
            for target in self.targets.get(file).into_iter().flatten() {
                if !came_from.contains_key(target) {
                    came_from.insert(target, file);
                    waiting.push_back(target);
                }
            }
        }
        came_from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycles_in(files: &[(&str, &str)]) -> Vec<String> {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        cycles(&SourceTree::new(&files, "lib.rs"))
    }

    #[test]
    fn files_that_name_each_other_one_way_are_no_cycle() {
        let found = cycles_in(&[
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "use super::b::B; use super::c::C; pub struct A;"),
            ("b.rs", "use super::c::C; pub struct B;"),
            ("c.rs", "pub struct C;"),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn two_files_that_name_each_other_by_super_are_a_cycle() {
        let found = cycles_in(&[
            ("lib.rs", "mod call;"),
            ("call/mod.rs", "mod pool; mod session;"),
            ("call/pool.rs", "use super::session::{self, Session};\n\npub struct Pool;"),
            ("call/session.rs", "pub struct Session;\n\nfn close(pool: &super::pool::Pool) {}"),
        ]);
        assert_eq!(
            found,
            [
                "an import cycle of 2 files\n    call/pool.rs:1 names call/session.rs\n    call/session.rs:3 names call/pool.rs"
            ]
        );
    }

    #[test]
    fn a_cycle_through_a_reexport_is_found() {
        let found = cycles_in(&[
            ("lib.rs", "pub mod call; pub use call::{Pool as Connections, Session};"),
            ("call/mod.rs", "mod pool; mod session; pub use pool::*; pub use session::Session;"),
            ("call/pool.rs", "pub struct Pool(super::Session);"),
            ("call/session.rs", "use crate::Connections;\npub struct Session;"),
        ]);
        assert_eq!(
            found,
            [
                "an import cycle of 2 files\n    call/pool.rs:1 names call/session.rs\n    call/session.rs:1 names call/pool.rs"
            ]
        );
    }

    #[test]
    fn of_entangled_cycles_only_the_shortest_is_printed() {
        let found = cycles_in(&[
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "use crate::b::B;\npub struct A;"),
            ("b.rs", "use crate::c::C;\npub struct B;"),
            ("c.rs", "use crate::a::A;\nuse crate::b::B;\npub struct C;"),
        ]);
        assert_eq!(
            found,
            [
                "an import cycle of 2 files; 3 files reach each other (a.rs, b.rs, c.rs)\n    b.rs:1 names c.rs\n    c.rs:2 names b.rs"
            ]
        );
    }

    #[test]
    fn a_module_and_its_children_may_name_each_other() {
        let found = cycles_in(&[
            ("lib.rs", "mod call;"),
            ("call/mod.rs", "mod pool; mod shared; use pool::Pool; pub struct Call(Pool);"),
            ("call/pool.rs", "use super::Call; pub struct Pool;"),
            ("call/shared/mod.rs", "mod queue; use super::Call; use queue::Queue; pub struct Shared;"),
            ("call/shared/queue.rs", "use super::Shared; use crate::call::Call; pub struct Queue;"),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn a_cycle_that_leaves_the_children_of_a_module_is_found() {
        let found = cycles_in(&[
            ("lib.rs", "mod call;"),
            ("call/mod.rs", "mod pool; mod shared;"),
            ("call/pool.rs", "use super::shared::Shared; pub struct Pool;"),
            ("call/shared/mod.rs", "mod queue; use queue::Queue; pub struct Shared;"),
            ("call/shared/queue.rs", "use super::super::pool::Pool; pub struct Queue;"),
        ]);
        assert_eq!(
            found,
            [concat!(
                "an import cycle of 3 files",
                "\n    call/pool.rs:1 names call/shared/mod.rs",
                "\n    call/shared/mod.rs:1 names call/shared/queue.rs",
                "\n    call/shared/queue.rs:1 names call/pool.rs"
            )]
        );
    }
}
