//! The fields of headers, for serde: which are written, and which may be read.
//!
//! Written by hand, because serde's derive would be most of what a small program that uses this
//! library compiles for JSON.

use std::fmt;
use std::marker::PhantomData;

use serde_core::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde_core::ser::SerializeMap;
use serde_core::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::json::Text;
use super::{ReplyHeader, RequestHeader};

impl Serialize for RequestHeader<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("Endpoint", &*self.endpoint)?;
        object.serialize_entry("DataType", &self.data_type)?;
        object.serialize_entry("Accept", &self.accept)?;
        if self.revision != 0 {
            object.serialize_entry("Revision", &self.revision)?;
        }
        if self.timeout_ms != 0 {
            object.serialize_entry("TimeoutMs", &self.timeout_ms)?;
        }
        if !self.metadata.is_empty() {
            object.serialize_entry("Metadata", &self.metadata)?;
        }
        object.end()
    }
}

impl Serialize for ReplyHeader<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        if self.data_type != 0 {
            object.serialize_entry("DataType", &self.data_type)?;
        }
        object.serialize_entry("Error", &self.error)?;
        if !self.error_message.is_empty() {
            object.serialize_entry("ErrorMessage", &*self.error_message)?;
        }
        if let Some(details) = self.error_details {
            object.serialize_entry("ErrorDetails", details)?;
        }
        if self.revision != 0 {
            object.serialize_entry("Revision", &self.revision)?;
        }
        object.end()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RequestHeader<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor(PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ReplyHeader<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor(PhantomData))
    }
}

/// A header that is read field by field.
trait Fields<'de>: Default {
    /// Reads the value of the field with this name, and ignores it if the name is unknown.
    fn read<A: MapAccess<'de>>(&mut self, name: &str, seen: &mut Seen, object: &mut A) -> Result<(), A::Error>;
}

impl<'de> Fields<'de> for RequestHeader<'de> {
    fn read<A: MapAccess<'de>>(&mut self, name: &str, seen: &mut Seen, object: &mut A) -> Result<(), A::Error> {
        match name {
            "Endpoint" => self.endpoint = seen.value::<_, Text<'de>>(0, "Endpoint", object)?.0,
            "DataType" => self.data_type = seen.value(1, "DataType", object)?,
            "Accept" => self.accept = seen.value(2, "Accept", object)?,
            "Revision" => self.revision = seen.value(3, "Revision", object)?,
            "TimeoutMs" => self.timeout_ms = seen.value(4, "TimeoutMs", object)?,
            "Metadata" => self.metadata = seen.value(5, "Metadata", object)?,
            _ => _ = object.next_value::<IgnoredAny>()?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for ReplyHeader<'de> {
    fn read<A: MapAccess<'de>>(&mut self, name: &str, seen: &mut Seen, object: &mut A) -> Result<(), A::Error> {
        match name {
            "DataType" => self.data_type = seen.value(0, "DataType", object)?,
            "Error" => self.error = seen.value(1, "Error", object)?,
            "ErrorMessage" => self.error_message = seen.value::<_, Text<'de>>(2, "ErrorMessage", object)?.0,
            "ErrorDetails" => {
                seen.mark(3, "ErrorDetails")?;
                // here `null` is a value
                self.error_details = Some(object.next_value::<&'de RawValue>()?);
            }
            "Revision" => self.revision = seen.value(4, "Revision", object)?,
            _ => _ = object.next_value::<IgnoredAny>()?,
        }
        Ok(())
    }
}

/// The fields that have been read, because none may occur twice.
#[derive(Default)]
struct Seen([bool; 6]);

impl Seen {
    fn mark<E: Error>(&mut self, field: usize, name: &'static str) -> Result<(), E> {
        if std::mem::replace(&mut self.0[field], true) { Err(E::duplicate_field(name)) } else { Ok(()) }
    }

    /// Reads a field's value. `null` means the same as absence.
    fn value<'de, A, T>(&mut self, field: usize, name: &'static str, object: &mut A) -> Result<T, A::Error>
    where
        A: MapAccess<'de>,
        T: Deserialize<'de> + Default,
    {
        self.mark::<A::Error>(field, name)?;
        Ok(object.next_value::<Option<T>>()?.unwrap_or_default())
    }
}

struct HeaderVisitor<H>(PhantomData<H>);

impl<'de, H: Fields<'de>> Visitor<'de> for HeaderVisitor<H> {
    type Value = H;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<H, A::Error> {
        let (mut header, mut seen) = (H::default(), Seen::default());
        while let Some(Text(name)) = object.next_key::<Text<'de>>()? {
            header.read(&name, &mut seen, &mut object)?;
        }
        Ok(header)
    }
}
