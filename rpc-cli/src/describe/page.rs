//! What people read of a description.

use std::fmt::Write as _;

use crate::description::{Carries, Description, Method, Service, Stream, Type};
use crate::escape::text;
use crate::signature::{Argument, Shown, arguments};
use crate::terminal::bold;
use crate::{docs, terminal};

use super::layout;
use super::needed::needed;

/// The width of a page that is not for a terminal.
const PIPE: usize = 100;

/// The most columns of a page: longer lines are hard to read.
const WIDEST: usize = 100;

/// Builds a page. Nothing here fails: what is missing is left out.
pub(super) struct Page<'a> {
    description: &'a Description,
    /// As a shell takes it.
    address: String,
    /// Of the terminal.
    width: Option<usize>,
    text: String,
}

impl<'a> Page<'a> {
    pub(super) fn new(description: &'a Description, address: String) -> Page<'a> {
        let width = terminal::width().map(|width| width.min(WIDEST));
        Page { description, address, width, text: String::new() }
    }

    /// All services, and all types that they name.
    pub(super) fn of_all(mut self) -> String {
        for (i, service) in self.description.services.iter().enumerate() {
            self.text.push_str(if i == 0 { "" } else { "\n" });
            self.service(service);
            for method in &service.methods {
                self.text.push('\n');
                self.method(method);
            }
        }
        self.types(self.description.methods());
        self.text
    }

    /// One method, and the types that it names.
    pub(super) fn of(mut self, method: &'a Method) -> String {
        self.method(method);
        self.types([method].into_iter());
        self.text
    }

    fn service(&mut self, service: &Service) {
        let session = if service.session { ", a session: each connection has a state of its own" } else { "" };
        self.line(format_args!("{} {}{session}", bold("service"), bold(text(&service.name))));
        self.docs(&service.doc);
    }

    fn method(&mut self, method: &Method) {
        let signature = layout::method(method, self.columns());
        let (name, rest) = signature.split_at(text(&method.name).len());
        self.line(format_args!("{}{rest}", bold(name)));
        self.docs(&method.doc);
        self.text.push('\n');
        for (name, fact) in facts(method) {
            self.line(format_args!("    {name:<12}{fact}"));
        }
        let example = super::example::example(method, &self.address);
        self.line(format_args!("    {:<12}{example}", "call"));
    }

    fn types(&mut self, methods: impl Iterator<Item = &'a Method>) {
        let names = needed(self.description, methods);
        if !names.is_empty() {
            self.line(format_args!("\n{}", bold("types")));
        }
        for name in names {
            let shown = text(name);
            let ty = match self.description.types.get(name) {
                Some(ty) => layout::ty(ty, 7 + shown.chars().count(), 4, self.columns()),
                None => "any, because the server does not describe it".to_owned(),
            };
            self.line(format_args!("{}", layout::join(&format!("    {shown} = "), &ty)));
        }
    }

    fn docs(&mut self, doc: &str) {
        if doc.trim().is_empty() {
            return;
        }
        self.text.push('\n');
        for line in docs::lines(doc, self.width.map(|width| width.saturating_sub(4).max(20))) {
            self.line(format_args!("{}{line}", if line.is_empty() { "" } else { "    " }));
        }
    }

    fn columns(&self) -> usize {
        self.width.unwrap_or(PIPE)
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.text, "{line}").expect("a String takes all");
    }
}

/// What a signature does not say.
fn facts(method: &Method) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let aliases = aliases(method);
    if !aliases.is_empty() {
        facts.push(("also named", aliases));
    }
    facts.extend(method.takes.stream.as_ref().map(|stream| ("sends", carried(method, stream, "from --in"))));
    facts.extend(
        method
            .returns
            .stream
            .as_ref()
            .map(|stream| ("receives", carried(method, stream, "to standard output or --out"))),
    );
    if !matches!(method.error, Type::Any) {
        facts.push(("fails with", Shown(&method.error).to_string()));
    }
    if method.idempotent {
        facts.push(("idempotent", "it may run twice without harm".to_owned()));
    }
    facts
}

/// Other names of the method and of its parameters.
fn aliases(method: &Method) -> String {
    let parameters = arguments(method).filter_map(|argument| match argument {
        Argument::Value(parameter) if !parameter.aliases.is_empty() => {
            Some(format!("{}: {}", text(&parameter.name), names(&parameter.aliases)))
        }
        _ => None,
    });
    let own = (!method.aliases.is_empty()).then(|| names(&method.aliases));
    own.into_iter().chain(parameters).collect::<Vec<_>>().join("; ")
}

fn names(names: &[String]) -> String {
    names.iter().map(|name| text(name)).collect::<Vec<_>>().join(", ")
}

/// What goes where, and what a stream breaks off with if that is not the method's error.
fn carried(method: &Method, stream: &Stream, place: &str) -> String {
    let what = match (stream.carries, &stream.item) {
        (Carries::Values, Some(item)) => format!("a line of JSON for each {}, {place}", Shown(item)),
        _ => format!("bytes, {place}"),
    };
    let (error, usual) = (Shown(&stream.error).to_string(), Shown(&method.error).to_string());
    if error == usual || error == "any" { what } else { format!("{what}; it breaks off with {error}") }
}
