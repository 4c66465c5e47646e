//! The values of a request, from the words of the command line.

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::failure::Failure;
use crate::input::Input;
use crate::json_text::compact;

use super::shape::Parameter;

/// What the user has written.
#[derive(Debug)]
pub(crate) enum Arguments {
    Nothing,
    /// One JSON text.
    Json(Box<RawValue>),
    /// Values by their names.
    Named(Vec<(String, Given)>),
}

/// A value by its name.
#[derive(Debug)]
pub(crate) enum Given {
    /// `name=TEXT`.
    Text(String),
    /// `name:=JSON`.
    Json(Box<RawValue>),
}

/// What is sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) json: Box<RawValue>,
    /// It is an object of parameters.
    pub(crate) named: bool,
}

impl Arguments {
    /// Reads the words, files and standard input among them.
    pub(crate) fn read(words: &[String]) -> Result<Arguments, Failure> {
        let named: Option<Vec<_>> = words.iter().map(|word| split(word)).collect();
        match (words, named) {
            ([], _) => Ok(Arguments::Nothing),
            (_, Some(named)) => Ok(Arguments::Named(read_named(named)?)),
            ([word], None) => Ok(match read_json(word)? {
                null if null.get() == "null" => Arguments::Nothing,
                json => Arguments::Json(json),
            }),
            ([first, second, ..], None) => {
                let other = if split(first).is_none() { first } else { second };
                Err(Failure::caller(format!(
                    "{other:?}: expected name=value, because several arguments are given: a single one may be JSON"
                )))
            }
        }
    }

    /// Returns what is sent to a method with these parameters, if anybody has said which it has.
    /// With `bare`, an object is the value of the first.
    pub(crate) fn resolve(
        self,
        method: &str,
        parameters: Option<&[Parameter]>,
        bare: bool,
    ) -> Result<Option<Sent>, Failure> {
        let given = match &self {
            Arguments::Nothing => Some(Vec::new()),
            Arguments::Named(given) => Some(given.iter().map(|(name, _)| name.clone()).collect()),
            Arguments::Json(json) => names(json).filter(|_| !bare && parameters.is_none_or(|all| all.len() > 1)),
        };
        if let Some(parameters) = parameters {
            match &given {
                Some(given) => check_names(method, parameters, given)?,
                None if parameters.is_empty() => return Err(Failure::caller(format!("{method} takes no values"))),
                None => check_rest(method, parameters)?,
            }
        }
        Ok(match self {
            Arguments::Nothing => None,
            Arguments::Json(json) => Some(Sent { json, named: given.is_some() }),
            Arguments::Named(values) => {
                Some(Sent { json: object(values, parameters.unwrap_or_default()), named: true })
            }
        })
    }
}

/// Splits `name=value` and `name:=value` where a name is one. No JSON begins like that.
fn split(word: &str) -> Option<(&str, bool, &str)> {
    let (name, value) = word.split_once('=')?;
    let (name, is_json) = name.strip_suffix(':').map_or((name, false), |name| (name, true));
    let begins = name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    let goes_on = name.chars().all(|character| character.is_alphanumeric() || "_-.".contains(character));
    (begins && goes_on).then_some((name, is_json, value))
}

fn read_named(words: Vec<(&str, bool, &str)>) -> Result<Vec<(String, Given)>, Failure> {
    let mut given: Vec<(String, Given)> = Vec::new();
    for (name, is_json, value) in words {
        if given.iter().any(|(other, _)| other == name) {
            return Err(Failure::caller(format!("the argument {name} is there twice")));
        }
        let value = match is_json {
            true => {
                Given::Json(parse(value).map_err(|error| Failure::caller(format!("{name}:= expected JSON: {error}")))?)
            }
            false => Given::Text(value.to_owned()),
        };
        given.push((name.to_owned(), value));
    }
    Ok(given)
}

fn read_json(word: &str) -> Result<Box<RawValue>, Failure> {
    let (text, name) = match word.strip_prefix('@') {
        Some(path) => (Input::open(Path::new(path))?.text()?, path),
        None if word == "-" => (Input::open(Path::new("-"))?.text()?, "standard input"),
        None => (word.to_owned(), "the argument"),
    };
    let hint = if name == "the argument" {
        "; a text needs quotes, as in '\"text\"', or its name, as in name=text"
    } else {
        ""
    };
    parse(&text).map_err(|error| Failure::caller(format!("{name}: expected JSON: {error}{hint}")))
}

fn parse(text: &str) -> serde_json::Result<Box<RawValue>> {
    let value: &RawValue = serde_json::from_str(text)?;
    RawValue::from_string(compact(value.get()))
}

/// Returns the names of an object; `None` of another value.
fn names(json: &RawValue) -> Option<Vec<String>> {
    let object: BTreeMap<String, IgnoredAny> = serde_json::from_str(json.get()).ok()?;
    Some(object.into_keys().collect())
}

/// Checks that each value belongs to a parameter, and none is missing.
fn check_names(method: &str, parameters: &[Parameter], given: &[String]) -> Result<(), Failure> {
    let is = |parameter: &Parameter, name: &String| parameter.name == *name || parameter.aliases.contains(name);
    let listed = || {
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        names.join(", ")
    };
    for name in given {
        if parameters.is_empty() {
            return Err(Failure::caller(format!("{method} takes no values, found {name}")));
        }
        if !parameters.iter().any(|parameter| is(parameter, name)) {
            return Err(Failure::caller(format!("{method} has no parameter {name}, there are: {}", listed())));
        }
    }
    match parameters.iter().find(|parameter| parameter.required && !given.iter().any(|name| is(parameter, name))) {
        Some(missing) => {
            Err(Failure::caller(format!("{method} needs the argument {}: give it as {0}=value", missing.name)))
        }
        None => Ok(()),
    }
}

/// Checks that a value for the first parameter is enough.
fn check_rest(method: &str, parameters: &[Parameter]) -> Result<(), Failure> {
    match parameters.iter().skip(1).find(|parameter| parameter.required) {
        Some(missing) => Err(Failure::caller(format!(
            "{method} has several parameters, and needs {}: give an object, or name=value for each",
            missing.name
        ))),
        None => Ok(()),
    }
}

/// Returns an object of the values.
fn object(values: Vec<(String, Given)>, parameters: &[Parameter]) -> Box<RawValue> {
    let fields: Vec<String> = values
        .into_iter()
        .map(|(name, value)| {
            let parameter = parameters.iter().find(|known| known.name == name || known.aliases.contains(&name));
            let is_text = parameter.is_some_and(|parameter| parameter.is_text);
            let json = match value {
                Given::Json(json) => json.get().to_owned(),
                Given::Text(text) if is_text => string(&text),
                Given::Text(text) => parse(&text).map_or_else(|_| string(&text), |json| json.get().to_owned()),
            };
            format!("{}:{json}", string(&name))
        })
        .collect();
    RawValue::from_string(format!("{{{}}}", fields.join(","))).expect("names and values are JSON")
}

fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put() -> Vec<Parameter> {
        let parameter = |name: &str, required, is_text| Parameter {
            name: name.to_owned(),
            aliases: if required { vec!["key".to_owned()] } else { Vec::new() },
            required,
            is_text,
        };
        vec![parameter("name", true, true), parameter("size", false, false)]
    }

    fn sent(words: &[&str], parameters: Option<&[Parameter]>) -> Result<String, String> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let sent = Arguments::read(&words).and_then(|arguments| arguments.resolve("put", parameters, false));
        match sent {
            Ok(None) => Ok("nothing".to_owned()),
            Ok(Some(Sent { json, named })) => Ok(format!("{}{json}", if named { "named " } else { "" })),
            Err(failure) => Err(failure.to_string()),
        }
    }

    fn of(text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }

    /// A wrong guess is refused by the server: it has no parameters of these names.
    #[test]
    fn without_a_description_an_object_is_named() {
        assert_eq!((sent(&[], None), sent(&[" null"], None)), (of("nothing"), of("nothing")));
        assert_eq!(sent(&[" { \"a\" : 1 } "], None), of("named {\"a\":1}"));
        assert_eq!(sent(&["[1, 2]"], None), of("[1,2]"));
        assert_eq!(sent(&["name=5", "size:=\"7\"", "a=b=c"], None), of(r#"named {"name":5,"size":"7","a":"b=c"}"#));
    }

    #[test]
    fn with_a_description_it_decides() {
        let (put, one) = (put(), &put()[..1]);
        assert_eq!(sent(&["name=5", "size=5"], Some(&put)), of(r#"named {"name":"5","size":5}"#));
        assert_eq!(sent(&["key=5"], Some(&put)), of(r#"named {"key":"5"}"#));
        assert_eq!(sent(&[r#"{"name":"a","size":7}"#], Some(&put)), of(r#"named {"name":"a","size":7}"#));
        assert_eq!(sent(&["\"a\""], Some(&put)), of("\"a\""));
        assert_eq!(sent(&[r#"{"name":"a"}"#], Some(one)), of(r#"{"name":"a"}"#));
    }

    #[test]
    fn mistakes_are_found_before_anything_is_sent() {
        let (put, said) =
            (put(), |words: &[&str], parameters: Option<&[Parameter]>| sent(words, parameters).unwrap_err());
        assert_eq!(sent(&["null"], Some(&[])), of("nothing"));
        assert_eq!(said(&["size=5"], Some(&put)), "put needs the argument name: give it as name=value");
        assert_eq!(said(&[], Some(&put)), "put needs the argument name: give it as name=value");
        assert_eq!(said(&["naem=a"], Some(&put)), "put has no parameter naem, there are: name, size");
        assert_eq!(said(&["a=1"], Some(&[])), "put takes no values, found a");
        assert_eq!(said(&["5"], Some(&[])), "put takes no values");
        assert_eq!(said(&["name=a", "name=b"], None), "the argument name is there twice");
        assert!(said(&["name:=a"], None).starts_with("name:= expected JSON: "));
        assert!(
            said(&["hello"], None).ends_with("a text needs quotes, as in '\"text\"', or its name, as in name=text")
        );
        assert!(said(&["{}", "a=1"], None).starts_with("\"{}\": expected name=value"));
    }
}
