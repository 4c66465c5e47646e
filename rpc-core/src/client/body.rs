//! What a request can consist of, without the types of its values.

use std::io::{Empty, Read};

use crate::codec::{Encode, SerdeArgument};
use crate::message::json;
use crate::stream::Source;

/// What a request consists of.
pub(crate) enum Payload<'a> {
    Json(&'a dyn Encode),
    Octets(Source<'a>),
    JsonThenOctets(&'a dyn Encode, Source<'a>),
}

/// What can be the body of a request. It is made by [`Outgoing`](super::Outgoing) only.
#[expect(private_bounds, reason = "nobody outside calls it")]
#[expect(unnameable_types, reason = "users meet it as `impl Body` only")]
pub trait Body: Content {
    /// What goes on being sent while the reply is read.
    #[doc(hidden)]
    type Rest: Read;

    #[doc(hidden)]
    fn into_rest(self) -> Option<Self::Rest>;
}

/// What a call needs to know of its body, whatever that is made of.
pub(crate) trait Content {
    fn payload(&mut self) -> Payload<'_>;

    /// Whether something has been read that cannot be read again.
    fn touched(&self) -> bool {
        false
    }
}

/// No parameters: `null`.
pub(crate) struct NoBody;

/// One value.
pub(crate) struct ArgumentBody<A>(pub(crate) A);

/// Several values: an object keyed by their names.
pub(crate) struct NamedBody<'a>(pub(crate) &'a [(&'static str, &'a dyn Encode)]);

/// Raw bytes.
pub(crate) struct StreamBody<R> {
    content: R,
    touched: bool,
}

/// A value, or several, and raw bytes.
pub(crate) struct ValueAndStreamBody<V, R>(pub(crate) V, pub(crate) StreamBody<R>);

/// A body of JSON alone.
pub(crate) trait JsonBody {
    fn value(&self) -> &dyn Encode;
}

impl JsonBody for NoBody {
    fn value(&self) -> &dyn Encode {
        &SerdeArgument(&())
    }
}

impl<A: Encode> JsonBody for ArgumentBody<A> {
    fn value(&self) -> &dyn Encode {
        &self.0
    }
}

impl JsonBody for NamedBody<'_> {
    fn value(&self) -> &dyn Encode {
        self
    }
}

impl<B: JsonBody> Content for B {
    fn payload(&mut self) -> Payload<'_> {
        Payload::Json(self.value())
    }
}

impl Body for NoBody {
    type Rest = Empty;

    fn into_rest(self) -> Option<Empty> {
        None
    }
}

impl<A: Encode> Body for ArgumentBody<A> {
    type Rest = Empty;

    fn into_rest(self) -> Option<Empty> {
        None
    }
}

impl Body for NamedBody<'_> {
    type Rest = Empty;

    fn into_rest(self) -> Option<Empty> {
        None
    }
}

impl<R: Read> Body for StreamBody<R> {
    type Rest = R;

    fn into_rest(self) -> Option<R> {
        Some(self.content)
    }
}

impl<R: Read> Content for StreamBody<R> {
    fn payload(&mut self) -> Payload<'_> {
        Payload::Octets(self.source())
    }

    fn touched(&self) -> bool {
        self.touched
    }
}

impl<V: JsonBody, R: Read> Body for ValueAndStreamBody<V, R> {
    type Rest = R;

    fn into_rest(self) -> Option<R> {
        Some(self.1.content)
    }
}

impl<V: JsonBody, R: Read> Content for ValueAndStreamBody<V, R> {
    fn payload(&mut self) -> Payload<'_> {
        Payload::JsonThenOctets(self.0.value(), self.1.source())
    }

    fn touched(&self) -> bool {
        self.1.touched
    }
}

impl<R> StreamBody<R> {
    pub(crate) fn new(content: R) -> StreamBody<R> {
        StreamBody { content, touched: false }
    }
}

impl<R: Read> StreamBody<R> {
    fn source(&mut self) -> Source<'_> {
        Source::of(&mut self.content).noting(&mut self.touched)
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
