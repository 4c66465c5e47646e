//! The schemas of values that travel as text.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::hash::ContentHash;
use super::link::LinkTarget;
use super::path::RelPath;

macro_rules! is_text {
    ($($name:ident),*) => {
        $(impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                String::json_schema(generator)
            }
        })*
    };
}

is_text!(ContentHash, LinkTarget, RelPath);
