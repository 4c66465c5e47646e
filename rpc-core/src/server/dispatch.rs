//! What stands between a connection and a handler: [`Dispatch`], the [`Call`] that it gets and the [`Served`] that it owes.

use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::codec::{
    Contract, ErrorCodec, JsonAndOctetsReply, JsonReply, OctetsReply, ReplyKind, SerdeParameter, ServiceError,
};
use crate::message::Status;

use super::arguments::{AndOctets, Arguments, Octets};
use super::exchange::{Exchange, Served};
use super::reply::{Reply, fail};

/// Answers calls. `#[rpc_service]` implements it for `<Trait>Server`; to write it by hand, match on
/// [`Call::endpoint`].
///
/// One connection uses it from one thread, so it needs to be neither `Send` nor `Sync` by itself. A panic is answered with
/// a ServerError; it ends the connection where [`Contract::session`] says that the handler belongs to it.
pub trait Dispatch {
    /// What this service offers.
    fn contract(&self) -> &'static Contract;

    /// Answers one call. Only answering gives a [`Served`].
    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c>;
}

impl<D: Dispatch + ?Sized> Dispatch for &mut D {
    fn contract(&self) -> &'static Contract {
        (**self).contract()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        (**self).dispatch(call)
    }
}

impl<D: Dispatch + ?Sized> Dispatch for Box<D> {
    fn contract(&self) -> &'static Contract {
        (**self).contract()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        (**self).dispatch(call)
    }
}

/// A call that waits for its answer. It must be used up by one of its methods.
///
/// What the method takes and what it returns are said one after the other, in any combination:
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
    /// The name of the endpoint that is called.
    pub fn endpoint(&self) -> &'c str {
        &self.exchange.header.endpoint
    }

    /// The request is one JSON value: `()` of a method without parameters, a struct with the names of several.
    pub fn takes_json<T: DeserializeOwned>(self) -> TypedCall<'c, SerdeParameter<T>> {
        TypedCall { call: self, arguments: SerdeParameter(PhantomData) }
    }

    /// The request is raw bytes. What the handler does not read is thrown away.
    pub fn takes_octets(self) -> TypedCall<'c, Octets> {
        TypedCall { call: self, arguments: Octets }
    }

    /// The request is one JSON value and then raw bytes. What the handler does not read of these is thrown away.
    pub fn takes_json_and_octets<T: DeserializeOwned>(self) -> TypedCall<'c, AndOctets<SerdeParameter<T>>> {
        TypedCall { call: self, arguments: AndOctets(SerdeParameter(PhantomData)) }
    }

    /// Answers that there is no such endpoint, and which one may have been meant.
    pub fn unknown_endpoint(self, contract: &Contract) -> Served<'c> {
        let name = self.endpoint();
        let message = match closest(name, contract) {
            Some(other) => format!("unknown endpoint {name}, did you mean {other}?"),
            None => format!("unknown endpoint {name}"),
        };
        self.exchange.refuse_request(&message)
    }

    /// Refuses a call of any shape. [`Status::RequestError`] says that the request was not understood and did not run.
    pub fn refuse(self, status: Status, message: &str) -> Served<'c> {
        Served::new(self.exchange.refuse(status, message, None))
    }

    /// Answers a call of any shape with an error, as a handler that returns it.
    pub fn fail<E: ServiceError>(self, error: &E) -> Served<'c> {
        Served::new(fail(self.exchange, error, &ErrorCodec::of_service()))
    }

    /// Receives the arguments and lets the handler reply, unless the request does not fit.
    #[doc(hidden)]
    pub fn serve<A: Arguments, K: ReplyKind>(
        self,
        arguments: A,
        kind: K,
        handler: impl FnOnce(A::Values, Reply<'c, K>) -> Served<'c>,
    ) -> Served<'c> {
        if let Some(message) = self.exchange.mismatch(A::DATA_TYPE, K::DATA_TYPE) {
            return self.exchange.refuse_request(&message);
        }
        match arguments.receive(self.exchange) {
            Ok(values) => {
                self.exchange.connection.unanswered.set(true);
                handler(values, Reply { exchange: self.exchange, kind })
            }
            Err(served) => served,
        }
    }
}

/// A call of which is known what it takes, `A`.
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

    /// Replies with all that a reader gives. If the request is a stream, too, the reply is sent while it is read, so the
    /// reader may read from it as it goes.
    pub fn returns_octets<R, E>(self, handler: impl FnOnce(A::Values) -> Result<R, E>) -> Served<'c>
    where
        R: Read,
        E: ServiceError,
    {
        self.replies(OctetsReply::serde(), |values, reply| reply.send(handler(values)))
    }

    /// Replies with one JSON value and then all that a reader gives.
    pub fn returns_json_and_octets<T, R, E>(self, handler: impl FnOnce(A::Values) -> Result<(T, R), E>) -> Served<'c>
    where
        T: Serialize + DeserializeOwned,
        R: Read,
        E: ServiceError,
    {
        self.replies(JsonAndOctetsReply::serde(), |values, reply| reply.send(handler(values)))
    }

    /// Replies by hand, so that a stream may borrow from the arguments:
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
        self.call.serve(self.arguments, kind, handler)
    }
}

/// The endpoint whose name is nearest, if it is near: at most a third of its letters differ.
fn closest(name: &str, contract: &Contract) -> Option<&'static str> {
    contract
        .methods
        .iter()
        .map(|method| (distance(name, method.name), method.name))
        .filter(|(distance, other)| distance * 3 <= other.chars().count())
        .min()
        .map(|(_, other)| other)
}

/// How many letters must be put in, taken out or changed (Levenshtein), capital letters counting as small ones.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in
            [("", "", 0), ("list", "List", 0), ("lst", "list", 1), ("fetch", "etchf", 2), ("", "abc", 3)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
