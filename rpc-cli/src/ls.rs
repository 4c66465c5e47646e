//! `rpc ls`.

use std::fmt::Write as _;

use crate::description::{Answer, Description, Service, ask};
use crate::docs::summary;
use crate::escape::text;
use crate::failure::Failure;
use crate::output::print;
use crate::signature::Signature;
use crate::target::Target;
use crate::terminal::{self, bold, cut, dim, fitting};

/// List a server's methods: a line for each, with what it takes and returns.
///
/// In a pipe, each line is the name, the signature and the first sentence of the documentation,
/// separated by tabs.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Ls {
    #[command(flatten)]
    target: Target,
}

const EXAMPLES: &str = "\
Examples:
  $ rpc ls tcp://127.0.0.1:7411
  $ rpc ls tcp://127.0.0.1:7411 | cut -f1";

impl Ls {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let Answer { description, .. } = ask(&self.target)?;
        print(&match terminal::width() {
            Some(width) => list(&description, width),
            None => table(&description),
        })
    }
}

/// A line for each method, whose fields a program can cut.
fn table(description: &Description) -> String {
    let lines = description
        .methods()
        .map(|method| format!("{}\t{}\t{}\n", text(&method.name), Signature(method), summary(&method.doc)));
    lines.collect()
}

/// What people read: nothing is wider than the terminal.
fn list(description: &Description, width: usize) -> String {
    let names = description.methods().map(|method| text(&method.name).chars().count());
    let names = names.max().unwrap_or(0).min(width / 3);
    // longer ones do not push the documentation of the others
    let fit = description.methods().filter_map(|method| fitting(Signature(method), width * 3 / 5));
    let signatures = fit.map(|signature| signature.chars().count()).max().unwrap_or(0);

    let is_grouped = description.services.len() > 1;
    let indent = if is_grouped { 2 } else { 0 };
    let mut text = String::new();
    for (i, service) in description.services.iter().enumerate() {
        if is_grouped {
            let line = heading(service, width);
            writeln!(text, "{}{}", if i == 0 { "" } else { "\n" }, line).expect("a String takes all");
        }
        for method in &service.methods {
            let name = format!("{:<names$}", cut(crate::escape::text(&method.name), names));
            let room = width.saturating_sub(indent + names + 2);
            let signature = format!("{:<signatures$}", cut(Signature(method), room));
            let room = room.saturating_sub(signature.chars().count() + 2);
            let doc = summary(&method.doc);
            let doc = if room < LEAST { fitting(doc, room).unwrap_or_default() } else { cut(doc, room) };
            let line = format!("{:indent$}{}  {signature}", "", bold(name));
            writeln!(text, "{}", with_doc(line, doc)).expect("a String takes all");
        }
    }
    text
}

/// The fewest columns that are worth the start of a sentence.
const LEAST: usize = 20;

fn heading(service: &Service, width: usize) -> String {
    let name = cut(text(&service.name), width / 2);
    let room = width.saturating_sub(name.chars().count() + 2);
    with_doc(bold(name).to_string(), cut(summary(&service.doc), room))
}

fn with_doc(line: String, doc: String) -> String {
    if doc.is_empty() { line.trim_end().to_owned() } else { format!("{line}  {}", dim(doc)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_gets_a_line_for_each_method() {
        let description = Description::read(include_str!("description/fixture.json")).unwrap();
        assert_eq!(
            table(&description),
            "store\t(name: string, content: impl Read) -> u64\tStores a file, and returns its size\n\
             fetch\t(name: string, offset: Option<u64>) -> (Entry, impl Read)\tReturns a file\n\
             list\t(prefix: Option<string>) -> impl Iterator<Item = Entry>\t\n\
             login\t(user: string, secret: any)\t\n"
        );
        let lies = r#"{"services":[{"name":"a","methods":[{"name":"a\tb\n","doc":"c\td\u001b"}]}]}"#;
        assert_eq!(table(&Description::read(lies).unwrap()), "a\\u{9}b\\u{a}\t(…)\tc\\u{9}d\\u{1b}\n");
    }

    #[test]
    fn a_terminal_gets_columns() {
        let description = Description::read(include_str!("description/fixture.json")).unwrap();
        let expected = "\
Depot  A folder of files
  store  (name: string, content: impl Read) -> u64  Stores a file, and returns its…
  fetch  (name: string, offset: Option<u64>) -> (Entry, impl Read)  Returns a file
  list   (prefix: Option<string>) -> impl Iterator<Item = Entry>

Door
  login  (user: string, secret: any)
";
        assert_eq!(list(&description, 83), expected);
        for width in 20..200 {
            let shown = list(&description, width);
            assert!(shown.lines().all(|line| line.chars().count() <= width), "{width}:\n{shown}");
        }
    }
}
