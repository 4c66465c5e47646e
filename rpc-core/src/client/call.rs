//! A call in the making: endpoint, then body, then what is wanted back. Nothing is sent before the last step.

use std::fmt;
use std::io::Read;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Fate, Misuse, Result};
use crate::message::{DataType, Violation, json};
use crate::service::{Encode, SerdeArgument};

use super::OctetReader;
use super::octets::Held;
use super::pool::{Borrowed, Pool};
use super::session::Session;
use super::wire::{RequestBody, Wire};

/// A call of an endpoint that has no body yet. `'s` is how long a stream that it returns may live: `'static` from a
/// [`Client`](super::Client), the borrow of a [`Session`].
#[must_use = "nothing is sent before it is said what is wanted back"]
pub struct Outgoing<'s, 'e> {
    line: Line<'s>,
    endpoint: &'e str,
}

enum Line<'s> {
    Pool(Arc<Pool>),
    Session(&'s mut Session),
}

impl<'s, 'e> Outgoing<'s, 'e> {
    pub(super) fn pooled(pool: Arc<Pool>, endpoint: &'e str) -> Outgoing<'s, 'e> {
        Outgoing { line: Line::Pool(pool), endpoint }
    }

    pub(super) fn in_session(session: &'s mut Session, endpoint: &'e str) -> Outgoing<'s, 'e> {
        Outgoing { line: Line::Session(session), endpoint }
    }

    /// The request is one JSON value. For a method without parameters that is `&()`, for one with several a struct with
    /// their names.
    pub fn with<T: Serialize + ?Sized>(self, value: &T) -> Ready<'s, 'e, impl Body> {
        self.ready(ArgumentBody(SerdeArgument(value)))
    }

    /// The request is all that this reader has.
    pub fn with_octets<R: Read>(self, content: R) -> Ready<'s, 'e, impl Body> {
        self.ready(StreamBody(content))
    }

    pub(crate) fn ready<B>(self, body: B) -> Ready<'s, 'e, B> {
        Ready { call: self, body }
    }
}

/// A call with its body.
#[must_use = "nothing is sent before it is said what is wanted back"]
pub struct Ready<'s, 'e, B> {
    call: Outgoing<'s, 'e>,
    body: B,
}

impl<'s, B: Body> Ready<'s, '_, B> {
    /// Sends the request and waits for a reply of one JSON value.
    ///
    /// # Errors
    /// Any [`Error`]. JSON that is no `T` is [`Error::Protocol`], and the connection stays in step.
    pub fn json<T: DeserializeOwned>(self) -> Result<T> {
        self.json_with(json::decode)
    }

    /// Sends the request and waits until a reply of octets begins.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn octets(mut self) -> Result<OctetReader<'s>> {
        let (held, _) = self.call.perform(self.body.payload(), DataType::Octets)?;
        Ok(OctetReader::new(held))
    }

    pub(crate) fn json_with<T>(mut self, decode: impl FnOnce(&[u8]) -> Result<T, Violation>) -> Result<T> {
        let (mut held, body) = self.call.perform(self.body.payload(), DataType::MarshaledJson)?;
        let wire = held.wire()?;
        let bytes = wire.read_json(body)?;
        let decoded = decode(bytes);
        let fate = Fate { never_ran: false, connection_usable: wire.reusable() };
        decoded.map_err(|violation| Error::Protocol { violation, fate })
    }
}

impl<'s> Outgoing<'s, '_> {
    /// Runs the call up to the reply's header.
    fn perform(self, payload: Payload<'_>, accept: DataType) -> Result<(Held<'s>, DataType)> {
        let span = tracing::debug_span!("rpc_call", endpoint = self.endpoint);
        let _entered = span.enter();
        let mut held = match self.line {
            Line::Pool(pool) => Held::Pool(Borrowed::new(pool)?),
            Line::Session(session) => {
                session.idle_wire()?;
                Held::Session(session)
            }
        };
        let wire = held.wire()?;
        let request = match payload {
            Payload::Json(value) => {
                encode(wire, value)?;
                RequestBody::Json
            }
            Payload::Octets(source) => RequestBody::Octets(source),
        };
        let outcome = wire.call(self.endpoint, request, accept);
        match outcome {
            Ok(body) => Ok((held, body)),
            Err(error) => {
                tracing::debug!(%error, "the call failed");
                Err(error)
            }
        }
    }
}

/// Puts a request's JSON where the connection will take it from.
fn encode(wire: &mut Wire, value: &dyn Encode) -> Result<()> {
    let (scratch, limit) = wire.json_scratch();
    let mut buffer = json::JsonBuffer::new(scratch, limit);
    value.encode(&mut buffer).map_err(|error| Misuse::Encode { problem: error.to_string() })?;
    match buffer.oversize() {
        None => Ok(()),
        Some(size) => Err(Error::Limit {
            what: "JSON request",
            size: Some(size as u64),
            limit: limit as u64,
            fate: Fate::UNTOUCHED,
        }),
    }
}

/// What a request consists of.
pub(crate) enum Payload<'a> {
    Json(&'a dyn Encode),
    Octets(&'a mut dyn Read),
}

/// What can be the body of a request. It is made by [`Outgoing`] only.
#[expect(private_interfaces, reason = "nobody outside calls it")]
#[expect(unnameable_types, reason = "users meet it as `impl Body` only")]
pub trait Body {
    #[doc(hidden)]
    fn payload(&mut self) -> Payload<'_>;
}

/// No parameters: `null`.
pub(crate) struct NoBody;

/// One value.
pub(crate) struct ArgumentBody<A>(pub(crate) A);

/// Several values: an object keyed by their names.
pub(crate) struct NamedBody<'a>(pub(crate) &'a [(&'static str, &'a dyn Encode)]);

/// Raw bytes.
pub(crate) struct StreamBody<R>(pub(crate) R);

impl Body for NoBody {
    fn payload(&mut self) -> Payload<'_> {
        Payload::Json(&SerdeArgument(&()))
    }
}

impl<A: Encode> Body for ArgumentBody<A> {
    fn payload(&mut self) -> Payload<'_> {
        Payload::Json(&self.0)
    }
}

impl Body for NamedBody<'_> {
    fn payload(&mut self) -> Payload<'_> {
        Payload::Json(self)
    }
}

impl<R: Read> Body for StreamBody<R> {
    fn payload(&mut self) -> Payload<'_> {
        Payload::Octets(&mut self.0)
    }
}

impl Encode for NamedBody<'_> {
    fn encode(&self, out: &mut json::JsonBuffer<'_>) -> Result<(), serde_json::Error> {
        for (index, (name, value)) in self.0.iter().enumerate() {
            json::raw(if index == 0 { b"{" } else { b"," }, out);
            json::encode(name, out)?;
            json::raw(b":", out);
            value.encode(out)?;
        }
        json::raw(b"}", out);
        Ok(())
    }
}

impl fmt::Debug for Outgoing<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl<B> fmt::Debug for Ready<'_, '_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready").field("endpoint", &self.call.endpoint).finish_non_exhaustive()
    }
}
