//! What body follows a header.

use std::fmt;

/// What body follows a header; also what a caller accepts in return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataType {
    /// Nothing, 1. Read as JSON `null`; this library never sends it.
    None = 1,
    /// Nothing, after a control request, 2.
    Control = 2,
    /// One message that holds one JSON value, 3.
    MarshaledJson = 3,
    /// One message that holds raw bytes of any number, 4.
    Octets = 4,
    /// A message with JSON, then a message with raw bytes, 5. Part of revision 1.
    MarshaledJsonThenOctets = 5,
}

impl DataType {
    /// Returns the number on the wire.
    pub const fn to_wire(self) -> u32 {
        self as u32
    }

    /// Returns the data type with this number on the wire, or `None` if there is none.
    pub const fn from_wire(number: u32) -> Option<DataType> {
        match number {
            1 => Some(DataType::None),
            2 => Some(DataType::Control),
            3 => Some(DataType::MarshaledJson),
            4 => Some(DataType::Octets),
            5 => Some(DataType::MarshaledJsonThenOctets),
            _ => None,
        }
    }

    /// Returns whether raw bytes are part of the body.
    pub const fn has_octets(self) -> bool {
        matches!(self, DataType::Octets | DataType::MarshaledJsonThenOctets)
    }

    /// Returns whether JSON is part of the body.
    pub const fn has_json(self) -> bool {
        matches!(self, DataType::MarshaledJson | DataType::MarshaledJsonThenOctets)
    }

    /// Returns whether any message follows the header.
    pub const fn has_body(self) -> bool {
        self.messages() > 0
    }

    /// Returns how many messages follow the header.
    pub const fn messages(self) -> u8 {
        self.has_json() as u8 + self.has_octets() as u8
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DataType::None => "None",
            DataType::Control => "Control",
            DataType::MarshaledJson => "MarshaledJSON",
            DataType::Octets => "Octets",
            DataType::MarshaledJsonThenOctets => "MarshaledJSONThenOctets",
        })
    }
}
