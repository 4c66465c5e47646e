//! The modules of a crate, read from its files: what each defines, imports and mentions, without
//! test code.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Item, ItemMod, ItemUse, UseTree, Visibility};

use super::syntax::{attributes, is_test_only, item_name, module_files, paths_in_tokens};

/// The text of each file of a crate, by its path from the folder of the crate's root file.
pub(crate) type Files = BTreeMap<String, String>;

pub(crate) struct SourceTree {
    pub(crate) modules: Vec<Module>,
}

/// A module with its own file, or an inline module, which shares the file of its parent.
///
/// Several modules have the same path if only one of them is compiled on each platform.
pub(crate) struct Module {
    /// The names from the root of the crate, whose own path is empty.
    pub(crate) path: Vec<String>,
    pub(crate) file: String,
    pub(crate) names: Vec<(String, Name)>,
    /// The modules whose names this one imports with `*`.
    pub(crate) globs: Vec<Vec<String>>,
    pub(crate) mentions: Vec<Mention>,
}

pub(crate) enum Name {
    Item,
    Import(Vec<String>),
    /// An import with a visibility. It counts where its file uses the name, not where it stands.
    Reexport(Vec<String>),
}

pub(crate) struct Mention {
    pub(crate) path: Vec<String>,
    /// Whether it imports all names of the module at `path`.
    pub(crate) glob: bool,
    pub(crate) line: usize,
}

impl SourceTree {
    /// # Panics
    ///
    /// Panics if a file is missing or is not Rust.
    pub(crate) fn new(files: &Files, root: &str) -> SourceTree {
        let mut tree = SourceTree { modules: Vec::new() };
        tree.read_file(files, root, Vec::new());
        tree
    }

    /// Reads the crate with the root file `root`, a path.
    pub(crate) fn read(root: &Path) -> SourceTree {
        let folder = root.parent().expect("a root file is in a folder");
        let files = super::sources(folder)
            .into_iter()
            .map(|file| {
                let name = file.strip_prefix(folder).expect("it is in the folder").to_str().expect("UTF-8");
                (name.replace('\\', "/"), fs::read_to_string(&file).unwrap())
            })
            .collect();
        SourceTree::new(&files, root.file_name().and_then(|name| name.to_str()).expect("UTF-8"))
    }

    /// The modules with this path.
    pub(crate) fn at<'a>(&'a self, path: &'a [String]) -> impl Iterator<Item = &'a Module> {
        self.modules.iter().filter(move |module| module.path == path)
    }

    /// The path of the module that owns the file.
    pub(crate) fn module_path(&self, file: &str) -> &[String] {
        let owner = self.modules.iter().find(|module| module.file == file);
        &owner.expect("it is a file of this crate").path
    }

    fn read_file(&mut self, files: &Files, file: &str, path: Vec<String>) {
        let text = files.get(file).unwrap_or_else(|| panic!("{file} is missing"));
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file} is not Rust: {error}"));
        self.read_module(files, file, path, &parsed.items);
    }

    fn read_module(&mut self, files: &Files, file: &str, path: Vec<String>, items: &[Item]) {
        let module = Module { path, file: file.to_owned(), names: Vec::new(), globs: Vec::new(), mentions: Vec::new() };
        let mut reader = ModuleReader { module, children: Vec::new() };
        for item in items {
            reader.read_item(item);
        }
        let ModuleReader { module, children } = reader;
        let path = module.path.clone();
        self.modules.push(module);
        for child in children {
            let child_path = [path.as_slice(), &[child.ident.to_string()]].concat();
            match &child.content {
                Some((_, items)) => self.read_module(files, file, child_path, items),
                None => {
                    for child_file in module_files(files, file, child) {
                        self.read_file(files, &child_file, child_path.clone());
                    }
                }
            }
        }
    }
}

/// Reads the items of one module. Visits code for the paths in it.
struct ModuleReader<'a> {
    module: Module,
    children: Vec<&'a ItemMod>,
}

impl<'a> ModuleReader<'a> {
    fn read_item(&mut self, item: &'a Item) {
        if is_test_only(attributes(item)) {
            return;
        }
        match item {
            Item::Mod(child) => self.children.push(child),
            Item::Use(import) => self.read_import(import),
            _ => {
                if let Some(name) = item_name(item) {
                    self.module.names.push((name, Name::Item));
                }
                self.visit_item(item);
            }
        }
    }

    fn read_import(&mut self, import: &ItemUse) {
        if import.leading_colon.is_some() {
            return;
        }
        let is_reexport = !matches!(import.vis, Visibility::Inherited);
        for leaf in leaves(&import.tree) {
            if leaf.mention.glob {
                self.module.globs.push(leaf.mention.path.clone());
            }
            if let Some(name) = leaf.name {
                let path = leaf.mention.path.clone();
                self.module.names.push((name, if is_reexport { Name::Reexport(path) } else { Name::Import(path) }));
            }
            if !is_reexport {
                self.module.mentions.push(leaf.mention);
            }
        }
    }

    fn mention(&mut self, path: Vec<String>, line: usize) {
        self.module.mentions.push(Mention { path, glob: false, line });
    }
}

impl<'ast> Visit<'ast> for ModuleReader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test_only(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    /// Only for imports in the body of a function.
    fn visit_item_use(&mut self, import: &'ast ItemUse) {
        if import.leading_colon.is_none() {
            self.module.mentions.extend(leaves(&import.tree).into_iter().map(|leaf| leaf.mention));
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_test_only(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let line = path.segments[0].ident.span().start().line;
            self.mention(path.segments.iter().map(|segment| segment.ident.to_string()).collect(), line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        paths_in_tokens(call.tokens.clone(), &mut |path, line| self.mention(path, line));
    }

    fn visit_attribute(&mut self, _attribute: &'ast syn::Attribute) {}

    /// `pub(in path)` limits who sees an item. It uses nothing.
    fn visit_vis_restricted(&mut self, _visibility: &'ast syn::VisRestricted) {}
}

/// One name, or one `*`, of a `use` declaration.
struct Leaf {
    /// What the module calls it; nothing for `*` and `as _`.
    name: Option<String>,
    mention: Mention,
}

fn leaves(tree: &UseTree) -> Vec<Leaf> {
    let mut found = Vec::new();
    collect_leaves(tree, &[], &mut found);
    found
}

fn collect_leaves(tree: &UseTree, prefix: &[String], found: &mut Vec<Leaf>) {
    let with = |name: &syn::Ident| {
        // `use a::{self}` imports `a`
        if name == "self" && !prefix.is_empty() { prefix.to_vec() } else { [prefix, &[name.to_string()]].concat() }
    };
    let mut leaf = |name: Option<String>, path: Vec<String>, glob: bool, line: usize| {
        found.push(Leaf { name, mention: Mention { path, glob, line } });
    };
    match tree {
        UseTree::Path(step) => collect_leaves(&step.tree, &with(&step.ident), found),
        UseTree::Group(group) => group.items.iter().for_each(|item| collect_leaves(item, prefix, found)),
        UseTree::Name(name) => {
            let path = with(&name.ident);
            leaf(path.last().cloned(), path, false, name.ident.span().start().line);
        }
        UseTree::Rename(rename) => {
            let name = Some(rename.rename.to_string()).filter(|name| name != "_");
            leaf(name, with(&rename.ident), false, rename.ident.span().start().line);
        }
        UseTree::Glob(glob) => leaf(None, prefix.to_vec(), true, glob.star_token.spans[0].start().line),
    }
}
