//! What a method takes: JSON, a stream, or both.

#![expect(private_interfaces, reason = "nobody outside calls `Arguments::receive`")]

use crate::codec::{ItemCodec, JsonArguments, NO_PARAMETERS};
use crate::message::DataType;
use crate::stream::{OctetReader, ValueReader};

use super::exchange::{Exchange, Served};

/// What a method takes.
pub trait Arguments {
    /// What the handler gets.
    type Values;

    /// The body of the request.
    const DATA_TYPE: DataType;

    /// Receives it, or answers a call that does not have it.
    #[doc(hidden)]
    fn receive<'c>(self, exchange: &'c Exchange<'_>) -> Result<Self::Values, Served<'c>>;
}

/// A stream.
#[derive(Debug)]
pub struct Octets;

/// JSON and then a stream.
#[derive(Debug)]
pub struct AndOctets<J>(pub J);

/// A stream of values.
#[derive(Debug)]
pub struct Values<T, E>(pub ItemCodec<T, E>);

/// JSON and then a stream of values.
#[derive(Debug)]
pub struct AndValues<J, T, E>(pub J, pub ItemCodec<T, E>);

impl<J: JsonArguments> Arguments for J {
    type Values = J::Values;
    const DATA_TYPE: DataType = DataType::MarshaledJson;

    fn receive<'c>(self, exchange: &'c Exchange<'_>) -> Result<J::Values, Served<'c>> {
        exchange.read_json(&self)
    }
}

/// Accepts a request with values before the stream if all of them are `null`: the caller may know
/// optional parameters that this method does not have.
impl Arguments for Octets {
    type Values = OctetReader<'static>;
    const DATA_TYPE: DataType = DataType::Octets;

    fn receive<'c>(self, exchange: &'c Exchange<'_>) -> Result<Self::Values, Served<'c>> {
        exchange.read_json(&NO_PARAMETERS)?;
        Ok(exchange.request_reader())
    }
}

/// Accepts a request with a stream alone if all values are optional: the caller may not know them.
impl<J: JsonArguments> Arguments for AndOctets<J> {
    type Values = (J::Values, OctetReader<'static>);
    const DATA_TYPE: DataType = DataType::MarshaledJsonThenOctets;

    fn receive<'c>(self, exchange: &'c Exchange<'_>) -> Result<Self::Values, Served<'c>> {
        let values = exchange.read_json(&self.0)?;
        Ok((values, exchange.request_reader()))
    }
}

/// As [`Octets`].
impl<T, E> Arguments for Values<T, E> {
    type Values = ValueReader<'static, T, E>;
    const DATA_TYPE: DataType = Octets::DATA_TYPE;

    fn receive<'c>(self, exchange: &'c Exchange<'_>) -> Result<Self::Values, Served<'c>> {
        exchange.read_json(&NO_PARAMETERS)?;
        Ok(exchange.request_values(&self.0))
    }
}

/// As [`AndOctets`].
impl<J: JsonArguments, T, E> Arguments for AndValues<J, T, E> {
    type Values = (J::Values, ValueReader<'static, T, E>);
    const DATA_TYPE: DataType = AndOctets::<J>::DATA_TYPE;

    fn receive<'c>(self, exchange: &'c Exchange<'_>) -> Result<Self::Values, Served<'c>> {
        let values = exchange.read_json(&self.0)?;
        Ok((values, exchange.request_values(&self.1)))
    }
}
