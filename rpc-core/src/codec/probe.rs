//! Finds out whether a type has a JSON Schema.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Makes the schema of a type; `None` if it has none.
pub type SchemaOf = Option<fn(&mut SchemaGenerator) -> Schema>;

/// The schemas of what a method takes and returns.
#[derive(Clone, Copy)]
pub struct Schemas {
    /// Of each parameter, without the stream.
    pub parameters: &'static [SchemaOf],
    /// Of the items that it takes, and of their error.
    pub sent: &'static [SchemaOf],
    /// Of the value that it returns.
    pub value: &'static [SchemaOf],
    /// Of the items that it returns, and of their error.
    pub returned: &'static [SchemaOf],
    /// Of its error.
    pub error: &'static [SchemaOf],
}

impl Schemas {
    pub(super) const NONE: Schemas = Schemas { parameters: &[], sent: &[], value: &[], returned: &[], error: &[] };
}

/// Two contracts are the same if what they say is; nobody can compare functions.
impl PartialEq for Schemas {
    fn eq(&self, _other: &Schemas) -> bool {
        true
    }
}

impl Eq for Schemas {}

impl fmt::Debug for Schemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Schemas")
    }
}

/// `Probe::<T>::SCHEMA` is this type's own constant if `T` has a schema. Otherwise it is that of
/// [`NoSchema`], if that trait is imported.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<T>);

impl<T: JsonSchema> Probe<T> {
    /// The schema of `T`.
    pub const SCHEMA: SchemaOf = Some(|generator| generator.subschema_for::<T>());
}

/// Has the schema of the error of a `Result`, under any alias.
#[derive(Debug)]
pub struct ErrorOf<R>(PhantomData<R>);

impl<T, E: JsonSchema> JsonSchema for ErrorOf<Result<T, E>> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        E::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<E>()
    }
}

/// What every type has.
pub trait NoSchema {
    /// No schema.
    const SCHEMA: SchemaOf = None;
}

impl<T> NoSchema for Probe<T> {}
