//! The contracts of all services that one server offers, and the rule that they share no endpoint.

use std::fmt;

use crate::error::Misuse;

use super::contract::{Contract, Method};

/// What a server offers: the contract of its service, or of each if it has several. Without an
/// allocation if it is one.
///
/// ```
/// use rpc_core::{Contract, Contracts, Method};
///
/// const STORE: Contract = Contract::new("Store").methods(&[Method::new("put"), Method::new("get")]);
/// const ADMIN: Contract = Contract::new("Admin").methods(&[Method::new("stop")]);
///
/// let contracts: Contracts = [Contracts::from(&STORE), Contracts::from(&ADMIN)].into_iter().collect();
/// let (contract, method) = contracts.find("stop").expect("it is there");
/// assert_eq!((contract.name(), method.name()), ("Admin", "stop"));
/// ```
#[derive(Debug, Clone)]
pub struct Contracts(List);

#[derive(Debug, Clone)]
enum List {
    One([&'static Contract; 1]),
    Several(Vec<&'static Contract>),
}

impl Contracts {
    /// Returns each contract.
    pub fn iter(&self) -> impl Iterator<Item = &'static Contract> {
        self.as_slice().iter().copied()
    }

    /// Returns the endpoint with this name or alias on the wire, and the contract that it belongs
    /// to.
    pub fn find(&self, endpoint: &str) -> Option<(&'static Contract, &'static Method)> {
        self.iter().find_map(|contract| contract.find(endpoint).map(|method| (contract, method)))
    }

    /// Returns whether the handler of an endpoint keeps a session. If nobody says whose endpoint it
    /// is, it may be that of any contract.
    pub(crate) fn keeps_session(&self, endpoint: &str) -> bool {
        let of_endpoint = self.find(endpoint).map(|(contract, _)| contract.session);
        of_endpoint.unwrap_or_else(|| self.iter().any(|contract| contract.session))
    }

    /// Fails if two contracts have the same endpoint.
    pub(crate) fn check(&self) -> Result<(), Misuse> {
        match shared_endpoint(self.as_slice()) {
            Some(shared) => Err(Misuse::SharedEndpoint { problem: shared.to_string() }),
            None => Ok(()),
        }
    }

    fn as_slice(&self) -> &[&'static Contract] {
        match &self.0 {
            List::One(one) => one,
            List::Several(several) => several,
        }
    }
}

impl From<&'static Contract> for Contracts {
    fn from(contract: &'static Contract) -> Contracts {
        Contracts(List::One([contract]))
    }
}

impl FromIterator<Contracts> for Contracts {
    fn from_iter<I: IntoIterator<Item = Contracts>>(all: I) -> Contracts {
        let mut several = Vec::new();
        all.into_iter().for_each(|contracts| several.extend(contracts.iter()));
        Contracts(List::Several(several))
    }
}

/// An endpoint that two services have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SharedEndpoint {
    endpoint: &'static str,
    services: [&'static str; 2],
}

impl fmt::Display for SharedEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SharedEndpoint { endpoint, services: [one, other] } = self;
        write!(
            f,
            "the services {one} and {other} both have the endpoint {endpoint}: give one of them another prefix or name"
        )
    }
}

/// Returns an endpoint that two of these contracts have.
const fn shared_endpoint(contracts: &[&'static Contract]) -> Option<SharedEndpoint> {
    let mut at = 0;
    while at < contracts.len() {
        let mut other = 0;
        while other < at {
            if let Some(endpoint) = common_name(contracts[at].methods, contracts[other].methods) {
                let services = [contracts[other].name(), contracts[at].name()];
                return Some(SharedEndpoint { endpoint, services });
            }
            other += 1;
        }
        at += 1;
    }
    None
}

/// Returns a name on the wire that a method of both has.
const fn common_name(some: &[Method], others: &[Method]) -> Option<&'static str> {
    let mut at = 0;
    while at < some.len() {
        let mut number = 0;
        while let Some(name) = nth_name(&some[at], number) {
            if is_named(others, name) {
                return Some(name);
            }
            number += 1;
        }
        at += 1;
    }
    None
}

/// Returns whether one of the methods has this name on the wire.
const fn is_named(methods: &[Method], name: &str) -> bool {
    let mut at = 0;
    while at < methods.len() {
        let mut number = 0;
        while let Some(other) = nth_name(&methods[at], number) {
            if equal(name.as_bytes(), other.as_bytes()) {
                return true;
            }
            number += 1;
        }
        at += 1;
    }
    false
}

/// Returns the name of a method, then each alias.
const fn nth_name(method: &Method, number: usize) -> Option<&'static str> {
    let aliases = method.alias_names();
    match number {
        0 => Some(method.name),
        _ if number <= aliases.len() => Some(aliases[number - 1]),
        _ => None,
    }
}

/// `==` cannot be used in a constant.
const fn equal(some: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while some.len() == other.len() && at < some.len() && some[at] == other[at] {
        at += 1;
    }
    some.len() == other.len() && at == some.len()
}

/// Refuses to compile services that have the same endpoint. A contract that is not known to the
/// compiler is left to the check when a server starts.
///
/// # Panics
/// If two have the same endpoint; the message names it and both services.
pub(crate) const fn refuse_shared_endpoint(contracts: &[Option<&'static Contract>]) {
    let mut at = 0;
    while at < contracts.len() {
        let mut other = 0;
        while other < at {
            if let (Some(one), Some(another)) = (contracts[other], contracts[at])
                && let Some(SharedEndpoint { endpoint, services: [one, other] }) = shared_endpoint(&[one, another])
            {
                let text = Text::new().add("the services ").add(one).add(" and ").add(other);
                let text = text.add(" both have the endpoint ").add(endpoint);
                text.add(": give one of them another prefix or name").panic();
            }
            other += 1;
        }
        at += 1;
    }
}

/// A text that is put together by the compiler; what does not fit is left out.
struct Text {
    bytes: [u8; 512],
    len: usize,
}

impl Text {
    const fn new() -> Text {
        Text { bytes: [0; 512], len: 0 }
    }

    const fn add(mut self, text: &str) -> Text {
        let text = text.as_bytes();
        if self.len + text.len() <= self.bytes.len() {
            let mut at = 0;
            while at < text.len() {
                self.bytes[self.len + at] = text[at];
                at += 1;
            }
            self.len += text.len();
        }
        self
    }

    const fn panic(&self) -> ! {
        match str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => panic!("{}", text),
            Err(_) => panic!("two services have the same endpoint"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: Contract = Contract::new("Store").methods(&[Method::new("put"), Method::new("get")]);
    const ADMIN: Contract = Contract::new("Admin").session().methods(&[Method::new("stop")]);
    const COPY: Contract = Contract::new("Copy").methods(&[Method::new("copy"), Method::new("get")]);

    fn all(contracts: &[&'static Contract]) -> Contracts {
        contracts.iter().map(|&contract| Contracts::from(contract)).collect()
    }

    #[test]
    fn a_shared_endpoint_is_found_and_named() {
        assert_eq!(all(&[&STORE, &ADMIN]).check(), Ok(()));
        let shared = all(&[&STORE, &ADMIN, &COPY]).check().unwrap_err().to_string();
        assert!(shared.starts_with("the services Store and Copy both have the endpoint get"), "{shared}");
        assert!(all(&[&STORE, &STORE]).check().is_err());
    }

    #[test]
    fn an_alias_is_a_name() {
        const OLD: Contract = Contract::new("Old").session().methods(&[Method::new("save").aliases(&["put", "keep"])]);
        const OTHER: Contract = Contract::new("Other").methods(&[Method::new("hold").aliases(&["keep"])]);
        for (some, shared) in [(&STORE, "put"), (&OTHER, "keep")] {
            for both in [[&OLD, some], [some, &OLD]] {
                let problem = all(&both).check().unwrap_err().to_string();
                assert!(problem.contains(&format!("both have the endpoint {shared}:")), "{problem}");
            }
        }
        assert_eq!(OLD.find("keep"), OLD.find("save"));
        assert_eq!(all(&[&ADMIN, &OLD]).find("put").map(|(_, method)| method.name()), Some("save"));
        assert!(all(&[&STORE, &OLD]).keeps_session("keep"));
    }

    #[test]
    fn the_compilers_message_is_the_same() {
        let panicked = std::panic::catch_unwind(|| refuse_shared_endpoint(&[Some(&STORE), None, Some(&COPY)]));
        let shared = all(&[&STORE, &COPY]).check().unwrap_err().to_string();
        assert_eq!(panicked.unwrap_err().downcast_ref::<String>(), Some(&shared));
        refuse_shared_endpoint(&[Some(&STORE), None, Some(&ADMIN)]);
    }

    #[test]
    fn an_endpoint_that_nobody_lists_may_belong_to_a_session() {
        let both = all(&[&STORE, &ADMIN]);
        assert!(!both.keeps_session("put") && both.keeps_session("stop") && both.keeps_session("other"));
        assert!(!Contracts::from(&STORE).keeps_session("other"));
    }
}
