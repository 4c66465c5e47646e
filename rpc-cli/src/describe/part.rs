//! The part of a description that one method needs, as the server has sent it.

use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};

use super::needed::needed;
use crate::description::{Description, Method};

/// The fields of an object, each as it was sent.
type Fields = BTreeMap<String, Box<RawValue>>;

/// Returns a description of `method` alone, whose name the description has once.
pub(super) fn part(sent: &RawValue, description: &Description, method: &Method) -> String {
    let mut whole: Fields = read(sent);
    let services: Vec<Fields> = whole.get("services").map(|sent| read(sent)).unwrap_or_default();
    let position = |methods: &[Method]| methods.iter().position(|other| other.name == method.name);
    let found = services.into_iter().zip(&description.services).find_map(|(mut sent, service)| {
        let methods: Vec<Box<RawValue>> = sent.get("methods").map(|sent| read(sent)).unwrap_or_default();
        let method = methods.into_iter().nth(position(&service.methods)?)?;
        sent.insert("methods".to_owned(), raw(&[method]));
        Some(sent)
    });
    whole.insert("services".to_owned(), raw(&Vec::from_iter(found)));

    let needed = needed(description, [method].into_iter());
    let mut types: Fields = whole.get("types").map(|sent| read(sent)).unwrap_or_default();
    types.retain(|name, _| needed.contains(name.as_str()));
    whole.remove("types");
    if !types.is_empty() {
        whole.insert("types".to_owned(), raw(&types));
    }
    raw(&whole).get().to_owned()
}

/// Reads what has been read once already, with more detail.
fn read<T: serde::de::DeserializeOwned + Default>(sent: &RawValue) -> T {
    serde_json::from_str(sent.get()).unwrap_or_default()
}

fn raw(value: &impl serde::Serialize) -> Box<RawValue> {
    to_raw_value(value).expect("JSON that was read can be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_comes_with_its_service_and_its_types() {
        let json = r#"{"revision":1,"later":1.50,"services":[{"name":"A","methods":[{"name":"a"}]},
            {"doc":"x","name":"B","methods":[{"name":"b"},{"name":"c","unit":340282366920938463463374607431768211456,
            "error":{"ref":"E"}}]}],"types":{"E":{"const":"\u0041"},"F":"u8"}}"#;
        let description = Description::read(json).unwrap();
        let sent = RawValue::from_string(json.to_owned()).unwrap();
        let part_of = |name| part(&sent, &description, description.find(name).unwrap());
        assert_eq!(
            part_of("c").split_whitespace().collect::<String>(),
            r#"{"later":1.50,"revision":1,"services":[{"doc":"x","methods":[{"name":"c","unit":340282366920938463463374607431768211456,"error":{"ref":"E"}}],"name":"B"}],"types":{"E":{"const":"\u0041"}}}"#
        );
        assert_eq!(part_of("a"), r#"{"later":1.50,"revision":1,"services":[{"methods":[{"name":"a"}],"name":"A"}]}"#);
    }
}
