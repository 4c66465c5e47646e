//! What a service offers, as data.

use crate::message::DataType;

/// What a service offers: for telling a caller which endpoints there are, and for combining services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contract {
    /// The service's name; the trait's, where there is one.
    pub name: &'static str,
    /// Whether the handler belongs to one connection (methods take `&mut self`). Then a panic ends the connection.
    pub session: bool,
    /// The endpoints.
    pub methods: &'static [Method],
}

/// One endpoint of a [`Contract`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// The endpoint's name on the wire.
    pub name: &'static str,
    /// What body a request has.
    pub request: DataType,
    /// What body a reply has.
    pub reply: DataType,
    /// The names of the parameters, the stream included.
    pub parameters: &'static [&'static str],
}
