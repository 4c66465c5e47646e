//! The documentation of a trait or a method, as its attributes say it.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

use crate::model::{DocPart, Docs};

/// Returns the texts of all `#[doc = ..]`, without the indentation that they share, as rustdoc
/// does; there is a line break between two. `#[doc(..)]` is none, and neither is one that depends
/// on a `cfg`.
pub(crate) fn of(attributes: &[Attribute]) -> Docs {
    let mut parts: Docs = attributes.iter().filter_map(part).collect();
    let texts = parts.iter().filter_map(|part| match part {
        DocPart::Text(text) => Some(text),
        DocPart::Macro(_) => None,
    });
    let indentation = texts.flat_map(|text| text.lines()).filter_map(indentation).min().unwrap_or(0);
    for part in &mut parts {
        if let DocPart::Text(text) = part {
            *text = without(indentation, text);
        }
    }
    parts
}

fn part(attribute: &Attribute) -> Option<DocPart> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => value(&pair.value),
        _ => None,
    }
}

fn value(value: &Expr) -> Option<DocPart> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(DocPart::Text(text.value())),
        Expr::Macro(written) => Some(DocPart::Macro(Box::new(written.clone()))),
        // what a `macro_rules` has put there
        Expr::Group(group) => self::value(&group.expr),
        _ => None,
    }
}

/// Returns how many blanks a line begins with; `None` if there is nothing else.
fn indentation(line: &str) -> Option<usize> {
    line.find(|letter: char| !letter.is_whitespace())
}

fn without(indentation: usize, text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').map(|line| line.get(indentation..).unwrap_or_default()).collect();
    lines.join("\n")
}
