//! What can be wrong with the arguments of a call.

use std::fmt;

use crate::message::{Violation, excerpt};

/// Why the JSON of a request is not what its method takes. The caller reads the text, so it says
/// whose value is wrong.
#[derive(Debug, PartialEq, Eq)]
#[expect(unnameable_types, reason = "a hidden method of a sealed trait returns it")]
pub enum BadArguments {
    /// JSON that does not fit a type, or no JSON at all.
    Malformed(Violation),
    /// A value is neither there nor optional.
    Missing {
        /// The name of its parameter.
        name: &'static str,
    },
    /// A value is there twice.
    Twice {
        /// The start of its parameter's name.
        name: String,
        /// The other names of that.
        aliases: Vec<&'static str>,
    },
    /// A value that is not `null` for a parameter that the method does not have.
    Unknown {
        /// The start of its name.
        name: String,
        /// The parameters that it has.
        known: &'static [&'static str],
    },
    /// A value other than `null` for a method without parameters.
    TakesNone {
        /// The start of the value.
        found: String,
    },
}

impl BadArguments {
    pub(super) fn twice(name: &str, aliases: Vec<&'static str>) -> BadArguments {
        BadArguments::Twice { name: excerpt(name.as_bytes()), aliases }
    }
}

impl fmt::Display for BadArguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadArguments::Malformed(violation) => violation.fmt(f),
            BadArguments::Missing { name } => write!(f, "the parameter `{name}` is missing"),
            BadArguments::Twice { name, aliases } => {
                write!(f, "the parameter `{name}` is there twice")?;
                aliases.iter().try_for_each(|alias| write!(f, ", `{alias}` is another name of it"))
            }
            BadArguments::Unknown { name, known: [] } => {
                write!(f, "unknown parameter `{name}`, the method takes no values")
            }
            BadArguments::Unknown { name, known } => {
                write!(f, "unknown parameter `{name}`, there are: {}", known.join(", "))
            }
            BadArguments::TakesNone { found } => write!(f, "the method takes no values, found {found}"),
        }
    }
}
