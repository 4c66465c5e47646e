//! How a method is called from a shell.

use crate::description::{Carries, Method, Type};
use crate::escape::text;
use crate::signature::{Argument, arguments};

/// The command that calls a method, with an ellipsis for each value.
pub(super) fn example(method: &Method, address: &str) -> String {
    let mut words = vec!["rpc call".to_owned(), address.to_owned(), quoted(&text(&method.name))];
    words.extend(arguments(method).map(|argument| match argument {
        Argument::Value(parameter) if matches!(parameter.ty, Type::Optional(_)) => {
            format!("[{}=…]", quoted(&text(&parameter.name)))
        }
        Argument::Value(parameter) => format!("{}=…", quoted(&text(&parameter.name))),
        Argument::Stream(_) => "--in FILE".to_owned(),
        Argument::Unknown => "JSON".to_owned(),
    }));
    if method.returns.stream.as_ref().is_some_and(|stream| stream.carries == Carries::Octets) {
        words.push("--out FILE".to_owned());
    }
    words.join(" ")
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:,@%+".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::Description;

    #[test]
    fn each_method_has_its_command() {
        let description = Description::read(include_str!("../description/fixture.json")).unwrap();
        let shown: Vec<_> = description.methods().map(|method| example(method, "unix:///x")).collect();
        assert_eq!(
            shown,
            [
                "rpc call unix:///x store name=… --in FILE",
                "rpc call unix:///x fetch name=… [offset=…] --out FILE",
                "rpc call unix:///x list [prefix=…]",
                "rpc call unix:///x login user=… secret=…",
            ]
        );
    }

    #[test]
    fn a_shell_takes_each_word_as_one() {
        for (word, expected) in
            [("tcp://[::1]:7", "'tcp://[::1]:7'"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("", "''")]
        {
            assert_eq!(quoted(word), expected);
        }
        let command = "exec:mirror serve-stdio .";
        assert_eq!(quoted(command), format!("'{command}'"));
    }
}
