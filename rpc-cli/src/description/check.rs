//! Where a description contradicts itself.

use std::collections::BTreeMap;

use super::{Carries, Description, Method, Stream};

/// Each name means one method and one parameter, and a stream of values says of which.
pub(super) fn check(description: &Description) -> Result<(), String> {
    let mut known = BTreeMap::new();
    for (i, service) in description.services.iter().enumerate() {
        for (j, method) in service.methods.iter().enumerate() {
            let place = format!("services[{i}].methods[{j}]");
            for name in [&method.name].into_iter().chain(&method.aliases) {
                if let Some(other) = known.insert(name, place.clone()) {
                    return Err(format!("{place}: \"{name}\" is the name of {other}, too"));
                }
            }
            check_parameters(method).map_err(|wrong| format!("{place}.takes.{wrong}"))?;
            check_stream(method.takes.stream.as_ref()).map_err(|wrong| format!("{place}.takes.stream: {wrong}"))?;
            check_stream(method.returns.stream.as_ref()).map_err(|wrong| format!("{place}.returns.stream: {wrong}"))?;
        }
    }
    Ok(())
}

fn check_parameters(method: &Method) -> Result<(), String> {
    let stream = method.takes.stream.as_ref().and_then(|stream| stream.name.as_ref());
    let mut known: BTreeMap<&String, String> = stream.map(|name| (name, "the stream".to_owned())).into_iter().collect();
    for (i, parameter) in method.takes.parameters.iter().flatten().enumerate() {
        for name in [&parameter.name].into_iter().chain(&parameter.aliases) {
            if let Some(other) = known.insert(name, format!("parameters[{i}]")) {
                return Err(format!("parameters[{i}]: \"{name}\" is the name of {other}, too"));
            }
        }
    }
    Ok(())
}

fn check_stream(stream: Option<&Stream>) -> Result<(), &'static str> {
    match stream {
        Some(Stream { carries: Carries::Octets, item: Some(_), .. }) => Err("octets have no \"item\""),
        Some(Stream { carries: Carries::Values, item: None, .. }) => Err("values without \"item\""),
        _ => Ok(()),
    }
}
