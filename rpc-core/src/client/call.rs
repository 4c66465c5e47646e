//! A call in the making: endpoint, then body, then what is wanted back. Nothing is sent before the last step.

use std::fmt;
use std::io::{Empty, Read};
use std::sync::Arc;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::codec::SerdeArgument;
use crate::error::{Error, Fate, Result};
use crate::message::{DataType, Metadata, Violation, json};

use super::OctetReader;
use super::body::{ArgumentBody, Body, Content, Payload, StreamBody, ValueAndStreamBody};
use super::connection::ClientConnection;
use super::lease::Lease;
use super::options::{CallOptions, Deadline};
use super::pool::Pool;
use super::sending::{Request, RequestBody};
use super::session::Session;
use super::shared::{self, Sharing, SmallCall};

/// A call of an endpoint that has no body yet. `'s` is how long a stream that it returns may live: `'static` from a
/// [`Client`](super::Client), the borrow of a [`Session`].
#[must_use = "nothing is sent before it is said what is wanted back"]
pub struct Outgoing<'s, 'e> {
    line: Line<'s>,
    endpoint: &'e str,
    options: Arc<CallOptions>,
}

enum Line<'s> {
    /// With what callers share, if they do.
    Pool(Arc<Pool>, Option<Arc<Sharing>>),
    Session(&'s mut Session),
}

impl<'s, 'e> Outgoing<'s, 'e> {
    pub(super) fn pooled(
        pool: Arc<Pool>,
        sharing: Option<Arc<Sharing>>,
        endpoint: &'e str,
        options: Arc<CallOptions>,
    ) -> Outgoing<'s, 'e> {
        Outgoing { line: Line::Pool(pool, sharing), endpoint, options }
    }

    pub(super) fn in_session(
        session: &'s mut Session,
        endpoint: &'e str,
        options: Arc<CallOptions>,
    ) -> Outgoing<'s, 'e> {
        Outgoing { line: Line::Session(session), endpoint, options }
    }

    /// Replaces the options of the client for this call.
    pub fn options(self, options: CallOptions) -> Outgoing<'s, 'e> {
        Outgoing { options: Arc::new(options), ..self }
    }

    /// The request is one JSON value. For a method without parameters that is `&()`, for one with several a struct with
    /// their names.
    pub fn with<T: Serialize + ?Sized>(self, value: &T) -> Ready<'s, 'e, impl Body<Rest = Empty>> {
        self.ready(ArgumentBody(SerdeArgument(value)))
    }

    /// The request is all that this reader has.
    pub fn with_octets<R: Read>(self, content: R) -> Ready<'s, 'e, impl Body<Rest = R>> {
        self.ready(StreamBody::new(content))
    }

    /// The request is one JSON value, and all that this reader has. The server has to speak revision 1 of the protocol.
    pub fn with_json_and_octets<T: Serialize + ?Sized, R: Read>(
        self,
        value: &T,
        content: R,
    ) -> Ready<'s, 'e, impl Body<Rest = R>> {
        self.ready(ValueAndStreamBody(ArgumentBody(SerdeArgument(value)), StreamBody::new(content)))
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

    /// Sends the request and waits until a reply of octets begins. A request of octets goes on being sent while the reply
    /// is read, so call and handler may be the two ends of a pipe through a filter.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn octets(mut self) -> Result<OctetReader<'s, B::Rest>> {
        let Reply { lease, .. } = self.call.perform(&mut self.body, DataType::Octets)?;
        Ok(OctetReader::new(lease, self.body.into_rest()))
    }

    /// Sends the request and waits for a reply's JSON value; its octets can be read then. The server has to speak
    /// revision 1 of the protocol.
    ///
    /// # Errors
    /// Any [`Error`]; [`Misuse::NeedsRevision1`](crate::Misuse::NeedsRevision1) towards an original server.
    pub fn json_and_octets<T: DeserializeOwned>(self) -> Result<(T, OctetReader<'s, B::Rest>)> {
        self.json_and_octets_with(json::decode)
    }

    pub(crate) fn json_with<T>(mut self, decode: impl FnOnce(&[u8]) -> Result<T, Violation>) -> Result<T> {
        match self.call.perform_shared(&mut self.body)? {
            Some(reply) => reply.json(decode),
            None => self.call.perform(&mut self.body, DataType::MarshaledJson)?.json(decode),
        }
    }

    pub(crate) fn json_and_octets_with<T>(
        mut self,
        decode: impl FnOnce(&[u8]) -> Result<T, Violation>,
    ) -> Result<(T, OctetReader<'s, B::Rest>)> {
        let mut reply = self.call.perform(&mut self.body, DataType::MarshaledJsonThenOctets)?;
        let value = reply.json(decode)?;
        Ok((value, OctetReader::new(reply.lease, self.body.into_rest())))
    }
}

/// A reply whose header has been read.
struct Reply<'s> {
    lease: Lease<'s>,
    body: DataType,
    deadline: Deadline,
}

impl Reply<'_> {
    fn json<T>(&mut self, decode: impl FnOnce(&[u8]) -> Result<T, Violation>) -> Result<T> {
        let bytes = self.lease.connection().read_json(self.body, self.deadline.limit)?;
        decode(bytes).map_err(|violation| self.malformed(violation))
    }

    fn malformed(&mut self, violation: Violation) -> Error {
        let connection = self.lease.connection();
        // what may follow the JSON is not wanted
        connection.abandon();
        let fate = Fate { never_ran: false, connection_usable: connection.reusable() };
        Error::Protocol { violation, fate }
    }
}

impl shared::Reply {
    fn json<T>(&self, decode: impl FnOnce(&[u8]) -> Result<T, Violation>) -> Result<T> {
        decode(self.bytes()).map_err(|violation| Error::Protocol { violation, fate: Fate::IN_STEP })
    }
}

impl<'s> Outgoing<'s, '_> {
    /// Runs a call of JSON for JSON over a connection that callers share; `None` where it has to have one of its own.
    fn perform_shared(&self, body: &mut dyn Content) -> Result<Option<shared::Reply>> {
        let Line::Pool(pool, Some(sharing)) = &self.line else { return Ok(None) };
        let Payload::Json(argument) = body.payload() else { return Ok(None) };
        let deadline = self.options.deadline(pool.config.reply_timeout);
        let Some(call) = SmallCall::new(argument, pool.config.max_json_len)? else { return Ok(None) };
        let span = tracing::debug_span!("rpc_call", endpoint = self.endpoint);
        let _entered = span.enter();
        let metadata = self.options.metadata_for(&span);
        let outcome = call.make(sharing, pool, self.endpoint, deadline, &metadata);
        outcome.map(Some).inspect_err(|error| tracing::debug!(%error, "the call failed"))
    }

    /// Runs the call up to the reply's header. A call that certainly never ran, for the idle connection that it was given
    /// had ended, is made once more on a fresh one.
    fn perform(self, body: &mut dyn Content, accept: DataType) -> Result<Reply<'s>> {
        let span = tracing::debug_span!("rpc_call", endpoint = self.endpoint);
        let _entered = span.enter();
        let Outgoing { line, endpoint, options } = self;
        let metadata = options.metadata_for(&span);
        let call = |lease: &mut Lease<'s>, body: &mut dyn Content, deadline| {
            make_call(lease.connection(), endpoint, body.payload(), accept, deadline, &metadata)
        };
        let outcome = match line {
            Line::Session(session) => {
                let deadline = options.deadline(session.config().reply_timeout);
                let mut lease = session.lease(deadline.begun)?;
                call(&mut lease, body, deadline).map(|body| Reply { lease, body, deadline })
            }
            Line::Pool(pool, _) => {
                let deadline = options.deadline(pool.config.reply_timeout);
                let (mut lease, is_new) = Lease::of_pool(pool, deadline)?;
                let outcome = call(&mut lease, body, deadline);
                let was_lost = !is_new && !body.touched() && outcome.as_ref().is_err_and(Error::was_lost);
                match (outcome, lease.pool().filter(|pool| was_lost && pool.can_reconnect()).cloned()) {
                    (Err(error), Some(pool)) => {
                        tracing::debug!(%error, "the idle connection had ended, trying a new one");
                        drop(lease);
                        let mut lease = Lease::new_of_pool(pool, deadline)?;
                        call(&mut lease, body, deadline).map(|body| Reply { lease, body, deadline })
                    }
                    (outcome, _) => outcome.map(|body| Reply { lease, body, deadline }),
                }
            }
        };
        outcome.inspect_err(|error| tracing::debug!(%error, "the call failed"))
    }
}

fn make_call<'a>(
    connection: &mut ClientConnection,
    endpoint: &'a str,
    payload: Payload<'a>,
    accept: DataType,
    deadline: Deadline,
    metadata: &'a Metadata<'a>,
) -> Result<DataType> {
    let body = match payload {
        Payload::Json(value) => {
            connection.make_ready(value)?;
            RequestBody::Json
        }
        Payload::Octets(source) => RequestBody::Octets(source),
        Payload::JsonThenOctets(value, source) => {
            connection.make_ready(value)?;
            RequestBody::JsonThenOctets(source)
        }
    };
    connection.call(Request { endpoint, body, accept, deadline, metadata })
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
