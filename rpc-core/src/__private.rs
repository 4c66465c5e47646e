//! What generated code may use, and nothing else. It is not part of the public interface: any
//! release may change it.
//!
//! A method is a product: what it takes ([`NamedParameters`] for any number of values, [`Octets`]
//! or [`Values`] for a stream, [`AndOctets`] or [`AndValues`] for both) times what it returns
//! ([`json`], [`octets`], [`values`], [`json_and_octets`], [`json_and_values`]).

pub use std::{
    borrow::BorrowMut, boxed::Box, clone::Clone, concat, fmt, io, marker, option::Option, result::Result,
    string::String, sync::Arc,
};

pub use crate::client::{CallBuilder, CallOptions, Client, ClientConfig, Session};
pub use crate::codec::{
    Argument, Borrowed, Contract, Contracts, Encode, ErrorBy, ErrorCodec, ItemCodec, JsonAndOctetsReply,
    JsonAndValuesReply, JsonArguments, JsonReply, Method, NamedArguments, NamedParameters, Never, Nothing, OctetsReply,
    Outcome, ParameterBy, Parameters, ReplyKind, ResultBy, Serde, SerdeParameter, ServiceError, ValueCodec,
    ValuesReply, error, items, parameter, result, unit,
};
#[cfg(feature = "schema")]
pub use crate::codec::{ErrorOf, NoSchema, Probe, SchemaOf, Schemas};
pub use crate::error::Error;
pub use crate::message::DataType;
pub use crate::server::{
    AndOctets, AndValues, Arguments, Call, Dispatch, Octets, Reply, Served, Service, Values, contracts,
};
pub use crate::stream::{OctetReader, SentItems, ValueReader};
pub use crate::{ToAddress, Transport};

pub use crate::__rpc_method_of as method_of;

/// Adds to a method of a contract the schemas of what it takes and returns: of each type that has
/// one. Without the feature `schema` nobody looks at the types.
#[cfg(feature = "schema")]
#[doc(hidden)]
#[macro_export]
macro_rules! __rpc_method_of {
    ($method:expr, $($place:ident: [$($type:ty),*]),*) => {
        $method.schemas($crate::__private::Schemas {
            $($place: &[$({
                use $crate::__private::NoSchema as _;
                <$crate::__private::Probe<<$type as $crate::__private::Borrowed>::Owned>>::SCHEMA
            }),*]),*
        })
    };
}

/// Leaves a method as it is: without the feature `schema` nobody looks at the types.
#[cfg(not(feature = "schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __rpc_method_of {
    ($method:expr, $($types:tt)*) => {
        $method
    };
}

/// A reply of one value.
pub const fn json<T, E>(result: ValueCodec<T>, error: ErrorCodec<E>) -> JsonReply<T, E> {
    JsonReply { result, error }
}

/// A reply of raw bytes.
pub const fn octets<E>(error: ErrorCodec<E>) -> OctetsReply<E> {
    OctetsReply { error }
}

/// A reply of one value and raw bytes.
pub const fn json_and_octets<T, E>(result: ValueCodec<T>, error: ErrorCodec<E>) -> JsonAndOctetsReply<T, E> {
    JsonAndOctetsReply(JsonReply { result, error })
}

/// A reply of a stream of values.
pub const fn values<T, F, E>(items: ItemCodec<T, F>, error: ErrorCodec<E>) -> ValuesReply<T, F, E> {
    ValuesReply { items, error }
}

/// A reply of one value and a stream of values.
pub const fn json_and_values<T, U, F, E>(
    result: ValueCodec<T>,
    items: ItemCodec<U, F>,
    error: ErrorCodec<E>,
) -> JsonAndValuesReply<T, U, F, E> {
    JsonAndValuesReply { json: JsonReply { result, error }, items }
}

impl<T, E> JsonReply<T, E> {
    /// Makes a call.
    pub fn of<R>(self, call: CallBuilder<'_, '_, impl Encode, R>) -> Result<T, E> {
        call.decode_json(self.result.decode).map_err(self.error.from_call)
    }
}

impl<E> OctetsReply<E> {
    /// Makes a call.
    pub fn of<'s, R>(self, call: CallBuilder<'s, '_, impl Encode, R>) -> Result<OctetReader<'s, R>, E> {
        call.octets().map_err(self.error.from_call)
    }
}

impl<T, E> JsonAndOctetsReply<T, E> {
    /// Makes a call.
    pub fn of<'s, R>(self, call: CallBuilder<'s, '_, impl Encode, R>) -> Result<(T, OctetReader<'s, R>), E> {
        call.decode_json_and_octets(self.0.result.decode).map_err(self.0.error.from_call)
    }
}

impl<T, F, E> ValuesReply<T, F, E> {
    /// Makes a call.
    pub fn of<'s, R>(self, call: CallBuilder<'s, '_, impl Encode, R>) -> Result<ValueReader<'s, T, F, R>, E> {
        let ItemCodec { value, error } = self.items;
        call.decode_values(value.decode, error.from_call).map_err(self.error.from_call)
    }
}

impl<T, U, F, E> JsonAndValuesReply<T, U, F, E> {
    /// Makes a call.
    pub fn of<'s, R>(self, call: CallBuilder<'s, '_, impl Encode, R>) -> Result<(T, ValueReader<'s, U, F, R>), E> {
        let (JsonReply { result, error }, ItemCodec { value, error: of_item }) = (self.json, self.items);
        call.decode_json_and_values(result.decode, value.decode, of_item.from_call).map_err(error.from_call)
    }
}

/// Returns the session that the client of a session owns or borrows.
pub fn session<S: BorrowMut<Session>>(held: &mut S) -> &mut Session {
    held.borrow_mut()
}
