//! What a method takes and returns, as far as somebody has said it: the server by its description,
//! or the user by switches.

use clap::ValueEnum;

use crate::description::Carries;
use crate::failure::Failure;

/// What a caller asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Accept {
    /// A value.
    Json,
    /// A stream of bytes.
    Octets,
    /// A stream of values.
    Values,
    /// A value, then a stream of bytes.
    #[value(name = "json+octets")]
    JsonAndOctets,
    /// A value, then a stream of values.
    #[value(name = "json+values")]
    JsonAndValues,
}

impl Accept {
    /// Returns the stream in it.
    pub(crate) fn stream(self) -> Option<Carries> {
        match self {
            Accept::Json => None,
            Accept::Octets | Accept::JsonAndOctets => Some(Carries::Octets),
            Accept::Values | Accept::JsonAndValues => Some(Carries::Values),
        }
    }

    pub(crate) fn of(value: bool, stream: Option<Carries>) -> Accept {
        match (value, stream) {
            (_, None) => Accept::Json,
            (false, Some(Carries::Octets)) => Accept::Octets,
            (false, Some(Carries::Values)) => Accept::Values,
            (true, Some(Carries::Octets)) => Accept::JsonAndOctets,
            (true, Some(Carries::Values)) => Accept::JsonAndValues,
        }
    }
}

/// A parameter whose value is JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    /// Its type surely refuses `null`, which absent values count as.
    pub(crate) required: bool,
    /// It takes text and nothing else, but perhaps `null`.
    pub(crate) is_text: bool,
}

/// The shape of a method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    /// `None` if nobody has said it.
    pub(crate) parameters: Option<Vec<Parameter>>,
    pub(crate) takes: Option<Carries>,
    pub(crate) returns: Accept,
}

/// Which stream the user gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Streams {
    /// By --in: bytes, or what the method is described to take.
    pub(crate) octets: bool,
    /// By --in-values.
    pub(crate) values: bool,
}

impl Shape {
    /// Checks which stream the user gives to a method that is described.
    pub(crate) fn check_stream(&self, method: &str, given: Streams) -> Result<(), Failure> {
        let Streams { octets, values } = given;
        let problem = match self.takes {
            None if octets || values => "takes no stream: leave out --in",
            Some(Carries::Octets) if values => "takes a stream of bytes: give it by --in instead of --in-values",
            Some(Carries::Octets) if !octets => {
                "takes a stream of bytes: give it by --in FILE, or --in - for standard input"
            }
            Some(Carries::Values) if !octets && !values => {
                "takes a stream of values: give it by --in FILE, or --in - for standard input"
            }
            _ => return Ok(()),
        };
        Err(Failure::caller(format!("{method} {problem}")))
    }
}
