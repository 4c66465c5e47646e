//! What a service offers, as data.

use crate::message::DataType;

#[cfg(feature = "schema")]
use super::probe::Schemas;

/// What a service offers: its endpoints, and whether it keeps sessions.
///
/// ```
/// use rpc_core::{Contract, DataType, Method};
///
/// const STORE: Contract = Contract::new("Store").methods(&[
///     Method::new("remove").parameters(&["name"]),
///     Method::new("read").parameters(&["name"]).reply(DataType::Octets),
/// ]);
/// assert_eq!(STORE.endpoints()[1].name(), "read");
/// assert_eq!(STORE.endpoints()[1].request_type(), DataType::MarshaledJson);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contract {
    name: &'static str,
    docs: &'static str,
    pub(crate) session: bool,
    pub(crate) methods: &'static [Method],
}

impl Contract {
    /// Returns the contract of a service with this name (the trait's, if there is one), without
    /// endpoints.
    #[must_use]
    pub const fn new(name: &'static str) -> Contract {
        Contract { name, docs: "", session: false, methods: &[] }
    }

    /// Sets the documentation, in Markdown.
    #[must_use]
    pub const fn docs(self, text: &'static str) -> Contract {
        Contract { docs: text, ..self }
    }

    /// Says that the handler belongs to one connection (methods take `&mut self`). A panic then
    /// ends the connection.
    #[must_use]
    pub const fn session(self) -> Contract {
        Contract { session: true, ..self }
    }

    /// Sets the endpoints.
    #[must_use]
    pub const fn methods(self, methods: &'static [Method]) -> Contract {
        Contract { methods, ..self }
    }

    /// Returns the service's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the documentation, in Markdown; empty if there is none.
    pub const fn documentation(&self) -> &'static str {
        self.docs
    }

    /// Returns whether the handler belongs to one connection.
    pub const fn is_session(&self) -> bool {
        self.session
    }

    /// Returns the endpoints.
    pub const fn endpoints(&self) -> &'static [Method] {
        self.methods
    }

    /// Returns the endpoint with this name or alias on the wire.
    pub fn find(&self, endpoint: &str) -> Option<&'static Method> {
        self.methods.iter().find(|method| method.name == endpoint || method.aliases.contains(&endpoint))
    }
}

/// One endpoint of a [`Contract`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    pub(crate) name: &'static str,
    aliases: &'static [&'static str],
    docs: &'static str,
    request: DataType,
    reply: DataType,
    takes_values: bool,
    returns_values: bool,
    idempotent: bool,
    /// `None` if nobody has said what there are.
    parameters: Option<&'static [&'static str]>,
    parameter_aliases: &'static [&'static [&'static str]],
    #[cfg(feature = "schema")]
    pub(super) schemas: Schemas,
}

impl Method {
    /// Returns an endpoint with this name on the wire and JSON both ways, whose parameters are not
    /// known.
    #[must_use]
    pub const fn new(name: &'static str) -> Method {
        let json = DataType::MarshaledJson;
        Method {
            name,
            aliases: &[],
            docs: "",
            request: json,
            reply: json,
            takes_values: false,
            returns_values: false,
            idempotent: false,
            parameters: None,
            parameter_aliases: &[],
            #[cfg(feature = "schema")]
            schemas: Schemas::NONE,
        }
    }

    /// Sets the documentation, in Markdown.
    #[must_use]
    pub const fn docs(self, text: &'static str) -> Method {
        Method { docs: text, ..self }
    }

    /// Sets other names on the wire, which old callers use.
    #[must_use]
    pub const fn aliases(self, names: &'static [&'static str]) -> Method {
        Method { aliases: names, ..self }
    }

    /// Sets what body a request has.
    #[must_use]
    pub const fn request(self, request: DataType) -> Method {
        Method { request, ..self }
    }

    /// Sets what body a reply has.
    #[must_use]
    pub const fn reply(self, reply: DataType) -> Method {
        Method { reply, ..self }
    }

    /// Says that the request's stream is one of values, not of raw bytes.
    #[must_use]
    pub const fn takes_values(self) -> Method {
        Method { takes_values: true, ..self }
    }

    /// Says that the reply's stream is one of values, not of raw bytes.
    #[must_use]
    pub const fn returns_values(self) -> Method {
        Method { returns_values: true, ..self }
    }

    /// Says that a call may run twice without harm, so that clients may repeat one that may have
    /// run.
    #[must_use]
    pub const fn idempotent(self) -> Method {
        Method { idempotent: true, ..self }
    }

    /// Sets the names of the parameters, the stream included, which is the last one.
    #[must_use]
    pub const fn parameters(self, names: &'static [&'static str]) -> Method {
        Method { parameters: Some(names), ..self }
    }

    /// Sets other names of the parameters, which old callers use: a list for each parameter, in the
    /// same order. Lists may be missing at the end.
    #[must_use]
    pub const fn parameter_aliases(self, names: &'static [&'static [&'static str]]) -> Method {
        Method { parameter_aliases: names, ..self }
    }

    /// Sets the schemas of what it takes and returns.
    #[cfg(feature = "schema")]
    #[doc(hidden)]
    #[must_use]
    pub const fn schemas(self, schemas: Schemas) -> Method {
        Method { schemas, ..self }
    }

    /// Returns the name on the wire.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns its other names on the wire.
    pub const fn alias_names(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// Returns the documentation, in Markdown; empty if there is none.
    pub const fn documentation(&self) -> &'static str {
        self.docs
    }

    /// Returns what body a request has.
    pub const fn request_type(&self) -> DataType {
        self.request
    }

    /// Returns what body a reply has.
    pub const fn reply_type(&self) -> DataType {
        self.reply
    }

    /// Returns whether the request's stream is one of values.
    pub const fn has_values_in_request(&self) -> bool {
        self.takes_values
    }

    /// Returns whether the reply's stream is one of values.
    pub const fn has_values_in_reply(&self) -> bool {
        self.returns_values
    }

    /// Returns whether a call may run twice without harm.
    pub const fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    /// Returns the names of the parameters, the stream included; none if they are not known.
    pub const fn parameter_names(&self) -> &'static [&'static str] {
        match self.parameters {
            Some(names) => names,
            None => &[],
        }
    }

    /// Returns whether the contract says what parameters there are.
    pub const fn knows_parameters(&self) -> bool {
        self.parameters.is_some()
    }

    /// Returns other names of the parameters: a list for each, in the same order. Lists may be
    /// missing at the end.
    pub const fn parameter_alias_names(&self) -> &'static [&'static [&'static str]] {
        self.parameter_aliases
    }
}
