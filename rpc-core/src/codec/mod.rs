//! What a trait's signatures require of their types, and how values become JSON and come back.
//!
//! The bounds are on three functions, [`parameter`], [`result`] and [`error`], which return plain
//! structs of function pointers. Nothing else that generated code calls has bounds on the user's
//! types, so a type that serde cannot handle is one error, at the place where the user wrote it.

mod argument;
mod bad_arguments;
mod bounds;
mod contract;
mod contracts;
mod description;
mod form;
mod functions;
mod items;
mod outcome;
mod parameters;
#[cfg(feature = "schema")]
mod probe;
mod reply;
#[cfg(feature = "schema")]
mod schema;
#[cfg(not(feature = "schema"))]
#[path = "no_schema.rs"]
mod schema;
mod service_error;
mod shapes;
mod sorted;

pub(crate) use argument::NULL;
pub use argument::{Argument, Encode, NamedArguments};
pub use bounds::{ErrorBy, Never, Nothing, ParameterBy, ResultBy, Serde, error, parameter, result};
pub use contract::{Contract, Method};
pub use contracts::Contracts;
pub(crate) use contracts::refuse_shared_endpoint;
pub(crate) use description::description;
pub(crate) use form::Form;
pub use functions::{Borrowed, ErrorCodec, ValueCodec, unit};
pub(crate) use functions::{EncodeFn, ToWireFn};
pub use items::{ItemCodec, items};
pub use outcome::Outcome;
pub(crate) use parameters::NO_PARAMETERS;
pub use parameters::{JsonArguments, NamedParameters, Parameters, SerdeParameter};
#[cfg(feature = "schema")]
pub use probe::{ErrorOf, NoSchema, Probe, SchemaOf, Schemas};
pub use reply::{JsonAndOctetsReply, JsonAndValuesReply, JsonReply, OctetsReply, ReplyKind, ValuesReply};
pub use service_error::ServiceError;
