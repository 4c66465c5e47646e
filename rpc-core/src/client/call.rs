//! A call that is being built: its endpoint, then what it sends, then the kind of its reply.

use std::fmt;
use std::io::{Empty, Read};
use std::marker::PhantomData;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::codec::{Argument, Encode, EncodeFn, ItemCodec, NULL, ServiceError, ToWireFn};
use crate::connection::Target;
use crate::error::{Error, Fate, Result};
use crate::message::{DataType, Status, Violation, json};
use crate::stream::{ItemLimits, OctetReader, Receive, Sent, SentItems, Source, ValueReader};
use crate::transport::Filled;

use super::Client;
use super::lease::Lease;
use super::options::CallOptions;
use super::pool::{Freshness, Pool};
use super::repeats::Repeats;
use super::reply::{of_endpoint, reply_of};
use super::request::Request;
use super::shared::OwnCall;
use super::watched::{WatchedCall, call_span};

/// A call of an endpoint. Nothing is sent until one of [`json`](CallBuilder::json),
/// [`octets`](CallBuilder::octets), [`values`](CallBuilder::values),
/// [`json_and_octets`](CallBuilder::json_and_octets) and
/// [`json_and_values`](CallBuilder::json_and_values) chooses the kind of reply.
///
/// To call a method without parameters, leave out [`with`](CallBuilder::with); the call then sends
/// `null`, or only the octets if there are any. For several parameters, use
/// [`with_named`](CallBuilder::with_named).
///
/// `'s` is how long a stream that the call returns may live: `'static` from a
/// [`Client`](super::Client), the borrow of a [`Session`](super::Session). `A` is what is sent as
/// JSON, `R` what is sent as a stream.
#[must_use = "nothing is sent until `json`, `octets`, `values` or a pair of them is called"]
pub struct CallBuilder<'s, 'e, A = Argument<'static, ()>, R = Empty> {
    call: PreparedCall<'e>,
    argument: Option<A>,
    stream: Option<Sent<R>>,
    session: PhantomData<&'s mut ()>,
}

/// The part of a call without type parameters.
struct PreparedCall<'e> {
    client: Client,
    endpoint: &'e str,
    /// The method is marked as one that may run twice.
    idempotent: bool,
}

impl<'e> CallBuilder<'_, 'e> {
    pub(super) fn new(client: Client, endpoint: &'e str) -> Self {
        let call = PreparedCall { client, endpoint, idempotent: false };
        CallBuilder { call, argument: None, stream: None, session: PhantomData }
    }
}

impl<'s, 'e, A, R> CallBuilder<'s, 'e, A, R> {
    /// Sets options of this call. The client's options that they do not set hold as well.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.call.client = self.call.client.with_options(options);
        self
    }

    /// Says that the method may run twice without harm. The options that are set replace that.
    #[doc(hidden)]
    pub fn idempotent(mut self) -> Self {
        self.call.idempotent = true;
        self
    }

    /// Sends `value` as JSON: the value of the method's first parameter. Its other parameters count
    /// as `null`.
    pub fn with<T: Serialize + ?Sized>(self, value: &T) -> CallBuilder<'s, 'e, Argument<'_, T>, R> {
        self.argument(Argument::serde(value))
    }

    /// Sends `values` as JSON: an object of parameters, such as a struct whose fields have the
    /// names of the method's parameters. A server refuses a name that it does not know unless its
    /// value is `null`, and one of revision 0 goes by its own signature.
    pub fn with_named<T: Serialize + ?Sized>(self, values: &T) -> CallBuilder<'s, 'e, Argument<'_, T>, R> {
        self.argument(Argument::serde(values).named(true))
    }

    /// Sends all bytes of `content`, up to its end. Together with a JSON value this needs a server
    /// of revision 1 of the protocol.
    ///
    /// If `content` fails, the server gets its message and the connection stays usable. If that
    /// happens in the first call on a connection, before the server's revision is known, the
    /// connection ends instead.
    pub fn with_octets<S: Read>(self, content: S) -> CallBuilder<'s, 'e, A, S> {
        self.stream(Sent::octets(content))
    }

    /// Sends the items of an iterator as a stream, each as one line of JSON. The iterator is asked
    /// for an item only when that can be sent.
    /// [`max_json_len`](crate::ClientConfig::max_json_len) limits each item, not the stream. An
    /// item leaves at once if none has left shortly before; otherwise it waits for others, for half
    /// a millisecond.
    ///
    /// An item that is an error ends the stream, and the server gets its value. What
    /// [`with_octets`](CallBuilder::with_octets) says of sources that fail, and of servers of
    /// revision 0, holds as well.
    pub fn with_values<I, T, E>(self, values: I) -> CallBuilder<'s, 'e, A, SentItems<I::IntoIter, T, E>>
    where
        I: IntoIterator<Item = Result<T, E>>,
        T: Serialize,
        E: ServiceError,
    {
        self.items(values.into_iter(), json::encode, E::to_wire)
    }

    /// Sends items with an encoding of their own instead of serde's.
    #[doc(hidden)]
    pub fn with_items<I, T, E>(self, codec: ItemCodec<T, E>, items: I) -> CallBuilder<'s, 'e, A, SentItems<I, T, E>>
    where
        I: Iterator<Item = Result<T, E>>,
    {
        self.items(items, codec.value.encode, codec.error.to_wire)
    }

    fn items<I, T, E>(
        self,
        items: I,
        encode: EncodeFn<T>,
        to_wire: ToWireFn<E>,
    ) -> CallBuilder<'s, 'e, A, SentItems<I, T, E>>
    where
        I: Iterator<Item = Result<T, E>>,
    {
        let stream = format!("the request of {}", self.call.endpoint);
        let limits = ItemLimits { len: self.max_json_len(), sender: Status::RequestError, stream };
        self.stream(Sent::items(SentItems::new(items, encode, to_wire, limits)))
    }

    fn stream<S>(self, stream: Sent<S>) -> CallBuilder<'s, 'e, A, S> {
        CallBuilder { call: self.call, argument: self.argument, stream: Some(stream), session: PhantomData }
    }

    fn max_json_len(&self) -> usize {
        self.call.client.pool.config.settings.max_json_len
    }

    /// Sends an argument with an encoding of its own instead of serde's.
    #[doc(hidden)]
    pub fn argument<B: Encode>(self, argument: B) -> CallBuilder<'s, 'e, B, R> {
        CallBuilder { call: self.call, argument: Some(argument), stream: self.stream, session: PhantomData }
    }
}

impl<'s, 'e, A: Encode, R> CallBuilder<'s, 'e, A, R> {
    /// Makes the call and blocks until the reply, one JSON value, has arrived.
    ///
    /// # Errors
    /// [`Error::Protocol`](crate::Error::Protocol) if the reply's JSON is not a `T`; the connection
    /// stays in step. Any other [`Error`](crate::Error) if the call fails.
    pub fn json<T: DeserializeOwned>(self) -> Result<T> {
        self.decode_json(json::decode)
    }

    /// Makes the call, blocks until a reply of octets begins, and returns its reader. If the
    /// request has octets, they continue to be sent while the reply is read, so caller and handler
    /// may be the two ends of a pipe through a filter.
    ///
    /// # Errors
    /// Any [`Error`](crate::Error) if the call fails.
    pub fn octets(mut self) -> Result<OctetReader<'s, R>> {
        let reply = self.make(DataType::Octets, PreparedCall::on_own_connection)?;
        Ok(reply.octets(self.stream))
    }

    /// Makes the call, blocks until a stream of values begins, and returns its reader. Otherwise as
    /// [`octets`](CallBuilder::octets).
    ///
    /// # Errors
    /// Any [`Error`](crate::Error) if the call fails.
    pub fn values<T: DeserializeOwned>(self) -> Result<ValueReader<'s, T, Error, R>> {
        self.decode_values(json::decode, |error| error)
    }

    /// Makes the call, blocks until the reply's JSON value has arrived, and returns it with the
    /// reader of the octets that follow. This needs a server of revision 1 of the protocol.
    ///
    /// # Errors
    /// [`Misuse::NeedsRevision1`](crate::Misuse::NeedsRevision1) if the server speaks revision 0.
    /// [`Error::Protocol`](crate::Error::Protocol) if the JSON is not a `T`. Any other
    /// [`Error`](crate::Error) if the call fails.
    pub fn json_and_octets<T: DeserializeOwned>(self) -> Result<(T, OctetReader<'s, R>)> {
        self.decode_json_and_octets(json::decode)
    }

    /// Makes the call, blocks until the reply's JSON value has arrived, and returns it with the
    /// reader of the values that follow. Otherwise as
    /// [`json_and_octets`](CallBuilder::json_and_octets).
    ///
    /// # Errors
    /// As [`json_and_octets`](CallBuilder::json_and_octets).
    pub fn json_and_values<T, U>(self) -> Result<(T, ValueReader<'s, U, Error, R>)>
    where
        T: DeserializeOwned,
        U: DeserializeOwned,
    {
        self.decode_json_and_values(json::decode, json::decode, |error| error)
    }

    pub(crate) fn decode_json<T>(mut self, decode: fn(&[u8]) -> Result<T, Violation>) -> Result<T> {
        let value = match self.make(DataType::MarshaledJson, PreparedCall::for_json)? {
            JsonReply::Leased(mut reply) => reply.json(decode),
            JsonReply::Shared(mut call) => call.json(decode),
        };
        value.map_err(|error| of_endpoint(error, self.call.endpoint))
    }

    pub(crate) fn decode_json_and_octets<T>(
        mut self,
        decode: fn(&[u8]) -> Result<T, Violation>,
    ) -> Result<(T, OctetReader<'s, R>)> {
        let mut reply = self.make(DataType::MarshaledJsonThenOctets, PreparedCall::on_own_connection)?;
        let value = reply.json(decode).map_err(|error| of_endpoint(error, self.call.endpoint))?;
        Ok((value, reply.octets(self.stream)))
    }

    pub(crate) fn decode_values<T, E>(
        self,
        decode: fn(&[u8]) -> Result<T, Violation>,
        from_call: fn(Error) -> E,
    ) -> Result<ValueReader<'s, T, E, R>> {
        let (limit, name) = (self.max_json_len(), reply_of(self.call.endpoint));
        Ok(ValueReader::new(self.octets()?, limit, name, decode, from_call))
    }

    pub(crate) fn decode_json_and_values<T, U, E>(
        self,
        decode: fn(&[u8]) -> Result<T, Violation>,
        decode_item: fn(&[u8]) -> Result<U, Violation>,
        from_call: fn(Error) -> E,
    ) -> Result<(T, ValueReader<'s, U, E, R>)> {
        let (limit, name) = (self.max_json_len(), reply_of(self.call.endpoint));
        let (value, octets) = self.decode_json_and_octets(decode)?;
        Ok((value, ValueReader::new(octets, limit, name, decode_item, from_call)))
    }

    /// Calls `make` with the request, without the type parameters.
    fn make<T>(
        &mut self,
        accept: DataType,
        make: fn(&PreparedCall<'e>, &mut Request<'_, '_>) -> Result<T>,
    ) -> Result<T> {
        let argument = self.argument.as_ref().map(|argument| -> &dyn Encode { argument });
        let mut source = self.stream.as_mut().map(Sent::as_source);
        self.call.make(argument, source.as_mut(), accept, make)
    }
}

impl PreparedCall<'_> {
    /// Makes the call with `make`.
    fn make<T>(
        &self,
        argument: Option<&dyn Encode>,
        octets: Option<&mut Source<'_>>,
        accept: DataType,
        make: fn(&Self, &mut Request<'_, '_>) -> Result<T>,
    ) -> Result<T> {
        let span = call_span(self.endpoint);
        let _entered = span.enter();
        let Client { pool, options, service, .. } = &self.client;
        let watched = WatchedCall::begin(&pool.config.settings.observer, *service, self.endpoint, &span);
        let metadata = options.metadata_for(&span);
        let deadline = options.deadline(pool.config.settings.reply_timeout);
        let stall_limit = options.stall_limit(pool.config.settings.stall_timeout);
        // a call without parameters sends `null`, unless it has a stream
        let json = if octets.is_none() { Some(argument.unwrap_or(&NULL)) } else { argument };
        let (endpoint, idempotent) = (self.endpoint, options.is_idempotent(self.idempotent));
        let mut request = Request {
            endpoint,
            control: false,
            json,
            octets,
            accept,
            deadline,
            stall_limit,
            idempotent,
            metadata: &metadata,
            watched,
        };
        // before a connection is opened for it
        let in_time = deadline.check(deadline.begun);
        in_time.and_then(|()| make(self, &mut request)).inspect_err(|error| request.failed(error))
    }

    /// Makes a call whose reply is JSON: on a shared connection if there are any and the call is
    /// small, otherwise on its own.
    fn for_json(&self, request: &mut Request<'_, '_>) -> Result<JsonReply> {
        if request.octets.is_none()
            && let Some(sharing) = &self.client.sharing
            && let Some(call) = sharing.call(&self.client.pool, request)?
        {
            return Ok(JsonReply::Shared(call));
        }
        self.on_own_connection(request).map(JsonReply::Leased)
    }

    /// Makes a call on a connection of its own and returns once the reply's header and its JSON, if
    /// it has any, have been read. A call that fails before that may be repeated on a new
    /// connection.
    fn on_own_connection(&self, request: &mut Request<'_, '_>) -> Result<LeasedReply> {
        let pool = &self.client.pool;
        let mut lease = Lease::acquire(pool, request.deadline, Freshness::Any)?;
        call_on(&mut lease, pool, request)?;
        Ok(LeasedReply(lease))
    }
}

/// Makes a call on a connection, and perhaps again on new ones that replace it.
pub(super) fn call_on(lease: &mut Lease, pool: &Pool, request: &mut Request<'_, '_>) -> Result<()> {
    let mut called = lease.call(request);
    let mut repeats = Repeats::new(pool, request.idempotent, 1);
    while let Err(error) = &called
        && request.can_repeat()
        && repeats.allow(error, lease.connection_used())
    {
        tracing::debug!(%error, "repeating the call on a new connection");
        if let Err(error) = lease.renew(request.deadline) {
            called = Err(error);
            break;
        }
        called = lease.call(request);
    }
    pool.budget.saw(&called);
    let called = called.map_err(|error| repeats.error(error));
    called.inspect_err(|error| lease.failed(error))
}

/// A reply whose header has been read, and its JSON if it has any, with the connection to read its
/// stream from.
struct LeasedReply(Lease);

impl LeasedReply {
    fn json<T>(&mut self, decode: fn(&[u8]) -> Result<T, Violation>) -> Result<T> {
        let decoded = self.0.connection().decode_json(decode).map_err(|error| self.0.or_cancelled(error));
        decoded.inspect_err(|error| self.0.failed(error))
    }

    fn octets<'s, R>(mut self, source: Option<Sent<R>>) -> OctetReader<'s, R> {
        self.0.become_stream();
        OctetReader::new(self.0, source)
    }
}

/// A reply of JSON.
enum JsonReply {
    Leased(LeasedReply),
    Shared(OwnCall),
}

impl Receive for Lease {
    fn receive(&mut self, mut target: Target<'_>, source: Option<&mut Source<'_>>) -> Result<Filled> {
        self.note_thread();
        let received = match source {
            None => self.connection().receive(&mut target),
            Some(source) => self.connection().receive_duplex(source, &mut target),
        };
        received.map_err(|error| self.or_cancelled(error)).inspect_err(|error| self.failed(error))
    }

    fn read_ahead(&mut self, count: usize) -> &[u8] {
        &self.connection().inbound.messages.frames().buffered()[..count]
    }

    fn consume(&mut self, count: usize) {
        self.connection().consume_octets(count);
    }

    fn fate(&mut self) -> Fate {
        self.connection().fate()
    }

    fn give_up(&mut self, error: &Error) -> Fate {
        self.failed(error);
        self.connection().abandon();
        self.connection().fate()
    }
}

impl<A, R> fmt::Debug for CallBuilder<'_, '_, A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallBuilder").field("endpoint", &self.call.endpoint).finish_non_exhaustive()
    }
}
