//! The message for a call of an endpoint that does not exist.

use crate::codec::Contracts;

/// How many endpoints a message lists at most.
const MOST_LISTED: usize = 12;

/// Says that there is no such endpoint, which one with a similar name the caller may have meant,
/// and what there is. A header has no room for a long list, so the suggestion comes first.
pub(super) fn unknown_endpoint(name: &str, contracts: &Contracts) -> String {
    let endpoints: Vec<&str> =
        contracts.iter().flat_map(|contract| contract.methods).map(|method| method.name).collect();
    let list = match endpoints.split_at_checked(MOST_LISTED) {
        Some((listed, more)) if !more.is_empty() => format!("{} and {} more", listed.join(", "), more.len()),
        _ => endpoints.join(", "),
    };
    match closest(name, &endpoints) {
        // a contract written by hand need not list any
        _ if endpoints.is_empty() => format!("unknown endpoint {name}"),
        Some(other) => format!("unknown endpoint {name}, did you mean {other}? there are: {list}"),
        None => format!("unknown endpoint {name}, there are: {list}"),
    }
}

/// Returns the endpoint with the most similar name, if at most a third of its letters differ.
fn closest<'e>(name: &str, endpoints: &[&'e str]) -> Option<&'e str> {
    endpoints
        .iter()
        .map(|&other| (distance(name, other), other))
        .filter(|(distance, other)| distance * 3 <= other.chars().count())
        .min()
        .map(|(_, other)| other)
}

/// Returns how many letters must be inserted, removed or replaced (Levenshtein), ignoring case.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Contract, Method};

    const STORE: Contract = Contract::new("Store").methods(&[Method::new("put"), Method::new("fetch")]);
    const ADMIN: Contract = Contract::new("Admin").methods(&[Method::new("shutdown")]);
    const MANY: Contract = Contract::new("Many").methods(&[const { Method::new("put") }; MOST_LISTED]);

    #[test]
    fn all_services_are_looked_through() {
        let all: Contracts = [Contracts::from(&STORE), Contracts::from(&ADMIN)].into_iter().collect();
        assert_eq!(
            unknown_endpoint("shutdwn", &all),
            "unknown endpoint shutdwn, did you mean shutdown? there are: put, fetch, shutdown"
        );
        assert_eq!(unknown_endpoint("x", &all), "unknown endpoint x, there are: put, fetch, shutdown");
    }

    #[test]
    fn a_long_list_is_cut() {
        let twelve = ["put"; MOST_LISTED].join(", ");
        let many = Contracts::from(&MANY);
        assert_eq!(unknown_endpoint("x", &many), format!("unknown endpoint x, there are: {twelve}"));
        let more: Contracts = [many, Contracts::from(&STORE)].into_iter().collect();
        assert_eq!(unknown_endpoint("x", &more), format!("unknown endpoint x, there are: {twelve} and 2 more"));
        assert_eq!(
            unknown_endpoint("Fetch", &more),
            format!("unknown endpoint Fetch, did you mean fetch? there are: {twelve} and 2 more")
        );
    }

    #[test]
    fn a_contract_that_lists_nothing_says_nothing() {
        let none = Contracts::from(&const { Contract::new("None") });
        assert_eq!(unknown_endpoint("x", &none), "unknown endpoint x");
    }

    #[test]
    fn distances() {
        for (a, b, expected) in
            [("", "", 0), ("list", "List", 0), ("lst", "list", 1), ("fetch", "etchf", 2), ("", "abc", 3)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
