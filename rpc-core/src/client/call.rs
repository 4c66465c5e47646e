//! A call before it is made: the endpoint, then what it sends, then what it wants back.

use std::fmt;
use std::io::{Empty, Read};
use std::sync::Arc;
use std::time::Duration;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::codec::{Encode, SerdeArgument};
use crate::connection::Target;
use crate::error::{Error, Fate, Result};
use crate::message::{DataType, Violation, json};
use crate::stream::{OctetReader, Receive, Source};
use crate::transport::Filled;

use super::config::ClientConfig;
use super::lease::Lease;
use super::options::CallOptions;
use super::pool::Pool;
use super::request::Request;
use super::session_connection::SessionConnection;
use super::shared::{SharedReply, Sharing};

/// A call of an endpoint. Nothing is sent before one of [`json`](CallBuilder::json), [`octets`](CallBuilder::octets) and
/// [`json_and_octets`](CallBuilder::json_and_octets) says what is wanted back.
///
/// A method without parameters is called without [`with`](CallBuilder::with); it sends `null`. Several parameters are one
/// struct with their names.
///
/// `'s` is how long a stream that it returns may live: `'static` from a [`Client`](super::Client), the borrow of a
/// [`Session`](super::Session). `A` is what is sent as JSON, `R` the reader of what is sent as octets.
#[must_use = "nothing is sent before it is said what is wanted back"]
pub struct CallBuilder<'s, 'e, A = SerdeArgument<'static, ()>, R = Empty> {
    call: Call<'s, 'e>,
    argument: Option<A>,
    octets: Option<R>,
}

/// The part of a call without type parameters.
struct Call<'s, 'e> {
    origin: Origin<'s>,
    endpoint: &'e str,
    options: Arc<CallOptions>,
}

/// Where a call's connection comes from.
enum Origin<'s> {
    /// With what callers share, if they do.
    Pool(Arc<Pool>, Option<Arc<Sharing>>),
    Session(&'s mut SessionConnection),
}

impl<'s, 'e> CallBuilder<'s, 'e> {
    pub(super) fn pooled(
        pool: Arc<Pool>,
        sharing: Option<Arc<Sharing>>,
        endpoint: &'e str,
        options: Arc<CallOptions>,
    ) -> Self {
        CallBuilder::new(Origin::Pool(pool, sharing), endpoint, options)
    }

    pub(super) fn in_session(session: &'s mut SessionConnection, endpoint: &'e str, options: Arc<CallOptions>) -> Self {
        CallBuilder::new(Origin::Session(session), endpoint, options)
    }

    fn new(origin: Origin<'s>, endpoint: &'e str, options: Arc<CallOptions>) -> Self {
        CallBuilder { call: Call { origin, endpoint, options }, argument: None, octets: None }
    }
}

impl<'s, 'e, A, R> CallBuilder<'s, 'e, A, R> {
    /// Replaces the options of the client for this call.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.call.options = Arc::new(options);
        self
    }

    /// Sends one JSON value.
    pub fn with<T: Serialize + ?Sized>(self, value: &T) -> CallBuilder<'s, 'e, SerdeArgument<'_, T>, R> {
        self.argument(SerdeArgument(value))
    }

    /// Sends all that this reader gives. After a JSON value that takes a server of revision 1 of the protocol.
    pub fn with_octets<S: Read>(self, content: S) -> CallBuilder<'s, 'e, A, S> {
        CallBuilder { call: self.call, argument: self.argument, octets: Some(content) }
    }

    /// Sends an argument whose type is not serde's to know.
    #[doc(hidden)]
    pub fn argument<B: Encode>(self, argument: B) -> CallBuilder<'s, 'e, B, R> {
        CallBuilder { call: self.call, argument: Some(argument), octets: self.octets }
    }
}

impl<'s, A: Encode, R: Read> CallBuilder<'s, '_, A, R> {
    /// Makes the call and waits for a reply of one JSON value.
    ///
    /// # Errors
    /// Any [`Error`]. JSON that is not a `T` is [`Error::Protocol`], and the connection stays in step.
    pub fn json<T: DeserializeOwned>(self) -> Result<T> {
        self.decode_json(json::decode)
    }

    /// Makes the call and waits until a reply of octets begins. A request of octets goes on being sent while the reply is
    /// read, so caller and handler may be the two ends of a pipe through a filter.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn octets(mut self) -> Result<OctetReader<'s, R>> {
        let mut source = self.octets.as_mut().map(Source::of);
        let reply =
            self.call.make(self.argument.as_ref().map(encode), source.as_mut(), DataType::Octets, Origin::call)?;
        Ok(reply.octets(self.octets))
    }

    /// Makes the call and waits for the JSON value of a reply; its octets can be read then. This takes a server of revision
    /// 1 of the protocol.
    ///
    /// # Errors
    /// Any [`Error`]; [`Misuse::NeedsRevision1`](crate::Misuse::NeedsRevision1) towards an original server.
    pub fn json_and_octets<T: DeserializeOwned>(self) -> Result<(T, OctetReader<'s, R>)> {
        self.decode_json_and_octets(json::decode)
    }

    pub(crate) fn decode_json<T>(mut self, decode: fn(&[u8]) -> Result<T, Violation>) -> Result<T> {
        let mut source = self.octets.as_mut().map(Source::of);
        let argument = self.argument.as_ref().map(encode);
        self.call.make(argument, source.as_mut(), DataType::MarshaledJson, Origin::call_for_json)?.json(decode)
    }

    pub(crate) fn decode_json_and_octets<T>(
        mut self,
        decode: fn(&[u8]) -> Result<T, Violation>,
    ) -> Result<(T, OctetReader<'s, R>)> {
        let mut source = self.octets.as_mut().map(Source::of);
        let argument = self.argument.as_ref().map(encode);
        let accept = DataType::MarshaledJsonThenOctets;
        let mut reply = self.call.make(argument, source.as_mut(), accept, Origin::call)?;
        let value = reply.json(decode)?;
        Ok((value, reply.octets(self.octets)))
    }
}

impl<'s> Call<'s, '_> {
    /// Makes the call by `make`.
    fn make<T>(
        self,
        argument: Option<&dyn Encode>,
        octets: Option<&mut Source<'_>>,
        accept: DataType,
        make: fn(Origin<'s>, &mut Request<'_, '_>) -> Result<T>,
    ) -> Result<T> {
        let span = tracing::debug_span!("rpc_call", endpoint = self.endpoint);
        let _entered = span.enter();
        let Call { origin, endpoint, options } = self;
        let metadata = options.metadata_for(&span);
        let deadline = options.deadline(origin.config().reply_timeout);
        // no parameters are `null`, unless there is a stream
        let json = if octets.is_none() { Some(argument.unwrap_or(&SerdeArgument(&()))) } else { argument };
        let mut request = Request { endpoint, json, octets, accept, deadline, metadata: &metadata };
        make(origin, &mut request).inspect_err(|error| tracing::debug!(%error, "the call failed"))
    }
}

impl<'s> Origin<'s> {
    fn config(&self) -> &ClientConfig {
        match self {
            Origin::Pool(pool, _) => &pool.config,
            Origin::Session(session) => session.config(),
        }
    }

    /// Makes a call whose reply is JSON: on a connection that callers share, if they do and it is small.
    fn call_for_json(self, request: &mut Request<'_, '_>) -> Result<JsonReply<'s>> {
        if let Origin::Pool(pool, Some(sharing)) = &self
            && let Some(reply) = sharing.call(pool, request)?
        {
            return Ok(JsonReply::Shared(reply));
        }
        self.call(request).map(JsonReply::Leased)
    }

    /// Makes a call on a connection of its own, up to the reply's header. If an idle connection had ended, so that the
    /// request certainly never ran, it is made once more on a fresh one.
    fn call(self, request: &mut Request<'_, '_>) -> Result<LeasedReply<'s>> {
        let pool = match self {
            Origin::Session(session) => return LeasedReply::to(request, session.lease(request.deadline.begun)?),
            Origin::Pool(pool, _) => pool,
        };
        let (lease, is_new) = Lease::of_pool(Arc::clone(&pool), request.deadline)?;
        match LeasedReply::to(request, lease) {
            Err(error) if !is_new && error.was_lost() && request.can_repeat() && pool.can_reconnect() => {
                tracing::debug!(%error, "the idle connection had ended, trying a new one");
                LeasedReply::to(request, Lease::new_of_pool(pool, request.deadline)?)
            }
            outcome => outcome,
        }
    }
}

/// A reply whose header has been read, and the connection that its body is read from.
struct LeasedReply<'s> {
    lease: Lease<'s>,
    body: DataType,
    limit: Option<Duration>,
}

impl<'s> LeasedReply<'s> {
    /// Sends a request on this connection, and reads the reply's header.
    fn to(request: &mut Request<'_, '_>, mut lease: Lease<'s>) -> Result<LeasedReply<'s>> {
        let body = lease.connection().call(request)?;
        Ok(LeasedReply { lease, body, limit: request.deadline.limit })
    }

    fn json<T>(&mut self, decode: fn(&[u8]) -> Result<T, Violation>) -> Result<T> {
        let connection = self.lease.connection();
        let decoded = decode(connection.read_json(self.body, self.limit)?);
        decoded.map_err(|violation| connection.malformed(violation))
    }

    fn octets<R>(self, source: Option<R>) -> OctetReader<'s, R> {
        self.lease.becomes_stream();
        OctetReader::new(self.lease, source)
    }
}

/// A reply of JSON.
enum JsonReply<'s> {
    Leased(LeasedReply<'s>),
    Shared(SharedReply),
}

impl JsonReply<'_> {
    fn json<T>(&mut self, decode: fn(&[u8]) -> Result<T, Violation>) -> Result<T> {
        match self {
            JsonReply::Leased(reply) => reply.json(decode),
            JsonReply::Shared(reply) => {
                decode(reply.bytes()).map_err(|violation| Error::Protocol { violation, fate: Fate::IN_STEP })
            }
        }
    }
}

impl Receive for Lease<'_> {
    fn receive(&mut self, mut target: Target<'_>, source: Option<&mut dyn Read>) -> Result<Filled> {
        self.touch();
        match source {
            None => self.connection().receive(&mut target),
            Some(source) => self.connection().receive_duplex(source, &mut target),
        }
    }

    fn read_ahead(&mut self, count: usize) -> &[u8] {
        &self.connection().inbound.messages.frames().buffered()[..count]
    }

    fn consume(&mut self, count: usize) {
        self.connection().consume_octets(count);
    }
}

fn encode(argument: &impl Encode) -> &dyn Encode {
    argument
}

impl<A, R> fmt::Debug for CallBuilder<'_, '_, A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallBuilder").field("endpoint", &self.call.endpoint).finish_non_exhaustive()
    }
}
