//! What connects a connection with a handler: [`Dispatch`], the [`Call`] that it gets, and the
//! [`Served`] that it returns.

use std::fmt;
use std::io::Read;
use std::marker::PhantomData;
use std::time::Instant;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::codec::{
    Contract, Contracts, ErrorCodec, ItemCodec, JsonAndOctetsReply, JsonAndValuesReply, JsonReply, Method, OctetsReply,
    ReplyKind, SerdeParameter, ServiceError, ValuesReply,
};
use crate::error::Error;
use crate::message::{Metadata, Status};
use crate::transport::Peer;

use super::arguments::{AndOctets, AndValues, Arguments, Octets, Values};
use super::exchange::{Exchange, Served};
use super::extensions::Extensions;
use super::reply::{Reply, fail};
use super::unknown::unknown_endpoint;

/// Answers calls. `#[rpc_service]` implements it for `<Trait>Server`; to write it by hand, match on
/// [`Call::endpoint`].
///
/// A connection uses it on one thread only, so it needs to be neither `Send` nor `Sync` by itself.
/// A panic is answered with a ServerError, and ends the connection if the called endpoint's
/// contract is a [`session`](Contract::session).
///
/// # Several services
///
/// A tuple of up to eight [`Service`](super::Service)s is a `Dispatch` as well, which passes each
/// call to the service whose contract lists its endpoint.
///
/// # Around a call
///
/// A `Dispatch` may hold another one, look at each call, and refuse it or pass it on:
///
/// ```
/// use rpc_core::{Call, Contracts, Dispatch, Served, Status};
///
/// /// Lets only callers in that send a token.
/// #[derive(Clone)]
/// struct Guarded<D>(D);
///
/// impl<D: Dispatch> Dispatch for Guarded<D> {
///     fn contracts(&self) -> Contracts {
///         self.0.contracts()
///     }
///
///     fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
///         match call.metadata().get("token") {
///             Some("open sesame") => self.0.dispatch(call),
///             _ => call.refuse(Status::RequestError, "the token is missing or wrong"),
///         }
///     }
/// }
/// ```
///
/// When `dispatch` returns, the reply has been written, its stream included, or held back for at
/// most a millisecond to leave together with the next one. How the call ended is told to an
/// [`Observer`](crate::Observer).
/// [`CallContext::current`](super::CallContext::current) returns the call from the beginning to the
/// end of `dispatch`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    label = "does not answer calls",
    note = "wrap a handler in the server that `#[rpc_service]` generates: `<Trait>Server::new(handler)`; the handler must \
            implement the trait"
)]
pub trait Dispatch {
    /// Returns what this service offers, which must not change. A server asks once for each
    /// connection, before the first call, and when it starts; a tuple asks its members for each
    /// call.
    fn contracts(&self) -> Contracts;

    /// Answers one call. Only answering gives a [`Served`].
    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c>;
}

impl<D: Dispatch + ?Sized> Dispatch for &mut D {
    fn contracts(&self) -> Contracts {
        (**self).contracts()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        (**self).dispatch(call)
    }
}

impl<D: Dispatch + ?Sized> Dispatch for Box<D> {
    fn contracts(&self) -> Contracts {
        (**self).contracts()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        (**self).dispatch(call)
    }
}

/// A call that waits for its answer. One of its methods must consume it.
///
/// First choose what the method takes and then what it returns, in any combination:
///
/// ```
/// # use std::io::Read;
/// # use rpc_core::{Call, Error, OctetReader, Served};
/// # fn dispatch(call: Call<'_>) -> Served<'_> {
/// match call.endpoint() {
///     "double" => call.takes_json().returns_json(|number: u32| Ok::<_, Error>(number * 2)),
///     "upload" => call.takes_json_and_octets().returns_json(|(name, content): (String, OctetReader)| {
///         save(&name, content)
///     }),
///     "upper" => call.takes_octets().returns_octets(|content| Ok::<_, Error>(content.take(1000))),
///     _ => call.refuse(rpc_core::Status::RequestError, "no such endpoint"),
/// }
/// # }
/// # fn save(_name: &str, _content: impl Read) -> rpc_core::Result<u64> { Ok(0) }
/// ```
#[must_use = "a call has to be answered"]
pub struct Call<'c> {
    pub(super) exchange: &'c Exchange<'c>,
}

impl<'c> Call<'c> {
    /// Returns the name by which the endpoint is called, which may be an alias;
    /// [`method`](Call::method) has its present name.
    pub fn endpoint(&self) -> &'c str {
        &self.exchange.header.endpoint
    }

    /// Returns the contract of the service that is called; `None` if none lists the endpoint.
    pub fn service(&self) -> Option<&'static Contract> {
        self.exchange.target().map(|(contract, _)| contract)
    }

    /// Returns the method that is called, as its contract describes it; `None` if no contract lists
    /// the endpoint.
    pub fn method(&self) -> Option<&'static Method> {
        self.exchange.target().map(|(_, method)| method)
    }

    /// Returns who calls.
    pub fn peer(&self) -> &'c Peer {
        &self.exchange.connection.peer
    }

    /// Returns the metadata that the caller attached.
    pub fn metadata(&self) -> &'c Metadata<'c> {
        &self.exchange.header.metadata
    }

    /// Returns when the caller gives up waiting, if it sent a time limit.
    pub fn deadline(&self) -> Option<Instant> {
        self.exchange.connection.deadline.get()
    }

    /// Returns the values that this call carries, for its handler to find by
    /// [`CallContext::extensions`](super::CallContext::extensions).
    pub fn extensions(&self) -> &'c Extensions {
        self.exchange.extensions()
    }

    /// Returns the values that the connection carries, see
    /// [`CallContext::connection_extensions`](super::CallContext::connection_extensions).
    pub fn connection_extensions(&self) -> &'c Extensions {
        self.exchange.connection.extensions()
    }

    /// Takes the request's JSON as one value: `()` for a method without parameters, the value of
    /// its only parameter, or a struct whose fields have the names of several. Which of these the
    /// caller sent, the type has to find out, and what it ignores is dropped: to refuse parameters
    /// that a struct does not know, give it `#[serde(deny_unknown_fields)]`.
    pub fn takes_json<T: DeserializeOwned>(self) -> TypedCall<'c, SerdeParameter<T>> {
        self.takes(SerdeParameter(PhantomData))
    }

    /// Takes raw bytes. What the handler does not read is thrown away. Values before the bytes are
    /// refused unless they are `null`.
    pub fn takes_octets(self) -> TypedCall<'c, Octets> {
        self.takes(Octets)
    }

    /// Takes JSON as [`takes_json`](Call::takes_json) does, and then raw bytes. What the handler
    /// does not read of the bytes is thrown away. Without JSON the value is read as `null`.
    pub fn takes_json_and_octets<T: DeserializeOwned>(self) -> TypedCall<'c, AndOctets<SerdeParameter<T>>> {
        self.takes(AndOctets(SerdeParameter(PhantomData)))
    }

    /// Takes a stream of values. What the handler does not read is thrown away. JSON before the
    /// stream is refused unless it is `null`.
    pub fn takes_values<T: Serialize + DeserializeOwned>(self) -> TypedCall<'c, Values<T, Error>> {
        self.takes(Values(ItemCodec::serde()))
    }

    /// Takes JSON as [`takes_json`](Call::takes_json) does, and then a stream of values. Otherwise
    /// as [`takes_json_and_octets`](Call::takes_json_and_octets).
    pub fn takes_json_and_values<T, U>(self) -> TypedCall<'c, AndValues<SerdeParameter<T>, U, Error>>
    where
        T: DeserializeOwned,
        U: Serialize + DeserializeOwned,
    {
        self.takes(AndValues(SerdeParameter(PhantomData), ItemCodec::serde()))
    }

    /// Refuses the call because there is no such endpoint. Suggests one with a similar name, and
    /// lists those of all services of this server, at most twelve.
    pub fn unknown_endpoint(self) -> Served<'c> {
        self.exchange.refuse_request(&unknown_endpoint(self.endpoint(), self.exchange.connection.contracts()))
    }

    /// Refuses a call, whatever it takes and returns. [`Status::RequestError`] tells the caller
    /// that the request was not understood and did not run. [`Status::Ok`] refuses nothing, so a
    /// [`Status::ServerError`] is sent in its place.
    pub fn refuse(self, status: Status, message: &str) -> Served<'c> {
        let status = if status == Status::Ok { Status::ServerError } else { status };
        Served::new(self.exchange.refuse(status, message, None))
    }

    /// Answers a call, whatever it takes and returns, with an error, as if a handler had returned
    /// it.
    pub fn fail<E: ServiceError>(self, error: &E) -> Served<'c> {
        Served::new(fail(self.exchange, error, &ErrorCodec::of_service()))
    }

    /// Says what the call takes.
    #[doc(hidden)]
    pub fn takes<A>(self, arguments: A) -> TypedCall<'c, A> {
        TypedCall { call: self, arguments }
    }
}

/// A call that takes `A`.
#[must_use = "a call has to be answered"]
pub struct TypedCall<'c, A> {
    call: Call<'c>,
    arguments: A,
}

impl<'c, A: Arguments> TypedCall<'c, A> {
    /// Replies with one JSON value.
    pub fn returns_json<T, E>(self, handler: impl FnOnce(A::Values) -> Result<T, E>) -> Served<'c>
    where
        T: Serialize + DeserializeOwned,
        E: ServiceError,
    {
        self.replies(JsonReply::serde(), |values, reply| reply.send(handler(values)))
    }

    /// Replies with everything that a reader returns. If the request is a stream, too, it can be
    /// read while the reply is sent, so the reader may read from the request.
    pub fn returns_octets<R: Read, E: ServiceError>(
        self,
        handler: impl FnOnce(A::Values) -> Result<R, E>,
    ) -> Served<'c> {
        self.replies(OctetsReply::serde(), |values, reply| reply.send(handler(values)))
    }

    /// Replies with one JSON value and then everything that a reader returns.
    pub fn returns_json_and_octets<T, R, E>(self, handler: impl FnOnce(A::Values) -> Result<(T, R), E>) -> Served<'c>
    where
        T: Serialize + DeserializeOwned,
        R: Read,
        E: ServiceError,
    {
        self.replies(JsonAndOctetsReply::serde(), |values, reply| reply.send(handler(values)))
    }

    /// Replies with the items of an iterator as a stream of values. Otherwise as
    /// [`returns_octets`](TypedCall::returns_octets).
    pub fn returns_values<I, T, F, E>(self, handler: impl FnOnce(A::Values) -> Result<I, E>) -> Served<'c>
    where
        I: Iterator<Item = Result<T, F>>,
        T: Serialize + DeserializeOwned,
        F: ServiceError,
        E: ServiceError,
    {
        self.replies(ValuesReply::serde(), |values, reply| reply.send(handler(values)))
    }

    /// Replies with one JSON value and then the items of an iterator.
    pub fn returns_json_and_values<T, I, U, F, E>(
        self,
        handler: impl FnOnce(A::Values) -> Result<(T, I), E>,
    ) -> Served<'c>
    where
        T: Serialize + DeserializeOwned,
        I: Iterator<Item = Result<U, F>>,
        U: Serialize + DeserializeOwned,
        F: ServiceError,
        E: ServiceError,
    {
        self.replies(JsonAndValuesReply::serde(), |values, reply| reply.send(handler(values)))
    }

    /// Lets the handler send the reply, so that a stream may borrow from the arguments:
    ///
    /// ```
    /// # use rpc_core::{Call, Error, Served};
    /// use rpc_core::reply::OctetsReply;
    ///
    /// # fn echo(call: Call<'_>) -> Served<'_> {
    /// call.takes_json().replies(OctetsReply::serde(), |text: String, reply| reply.send(Ok::<_, Error>(text.as_bytes())))
    /// # }
    /// ```
    pub fn replies<K: ReplyKind>(
        self,
        kind: K,
        handler: impl FnOnce(A::Values, Reply<'c, K>) -> Served<'c>,
    ) -> Served<'c> {
        let exchange = self.call.exchange;
        if let Some(message) = exchange.mismatch(A::DATA_TYPE, K::DATA_TYPE) {
            return exchange.refuse_request(&message);
        }
        match self.arguments.receive(exchange) {
            Ok(values) => {
                exchange.connection.unanswered.set(true);
                handler(values, Reply { exchange, kind })
            }
            Err(served) => served,
        }
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}

impl<A> fmt::Debug for TypedCall<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedCall").field("call", &self.call).finish_non_exhaustive()
    }
}
