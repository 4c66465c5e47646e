//! `rpc call`.

pub(crate) mod arguments;
pub(crate) mod asked;
mod described;
mod reply;
pub(crate) mod shape;

use std::path::{Path, PathBuf};

use rpc_core::{Client, Error, RemoteError, Status};
use serde_json::value::RawValue;

use crate::description::Carries;
use crate::failure::Failure;
use crate::input::{Input, Patient, Problem, Values};
use crate::interrupt;
use crate::output::Output;
use crate::progress::Progress;
use crate::target::Target;

use arguments::Sent;
use asked::Asked;
use reply::Destination;
use shape::{Accept, Shape, Streams};

/// Call a method.
///
/// If the server describes itself, rpc asks it what the method takes and returns, and finds
/// mistakes before it calls. Otherwise, or with --accept, which asks nothing, the switches say it:
/// --in sends bytes, --in-values values, and --accept is json unless it is given.
///
/// Arguments: one JSON text, '@FILE' that contains it, or '-' for standard input; or name=value for
/// each parameter. A value is JSON if it can be read as JSON, otherwise text; it is always text for
/// a parameter that is described as one. name:=JSON is always JSON. Without arguments, null is
/// sent.
///
/// A JSON object is an object of parameters, as name=value makes it, except for a method that is
/// described with a single parameter: then it is that one's value, which --bare says of other
/// methods, such as those of original servers. A server refuses an object of parameters that it
/// does not know, so a wrong guess runs nothing.
///
/// A value goes to standard output. If a stream comes as well, that goes there, and the value to
/// standard error or to --value. A stream of values is a line of JSON for each.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Call {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    asked: Asked,
    /// The stream to send; '-' is standard input. If the method is described as one that takes
    /// values, they are JSON with white space between them; otherwise they are bytes. If a stream
    /// comes back, it is read while this one has something to send, or has ended.
    #[arg(long = "in", value_name = "FILE", conflicts_with = "in_values")]
    input: Option<PathBuf>,
    /// The stream to send, as JSON values with white space between them.
    #[arg(long, value_name = "FILE")]
    in_values: Option<PathBuf>,
    /// Where the stream goes, or the value if there is none; '-' is standard output, even if that
    /// is a terminal. A file is complete or absent: until everything has come and is on the disk,
    /// it is beside it as '.FILE.*.part', which only an end by force leaves behind.
    #[arg(long = "out", value_name = "FILE")]
    output: Option<PathBuf>,
    /// Where the value goes.
    #[arg(long, value_name = "FILE")]
    value: Option<PathBuf>,
    /// What the method returns. The server is not asked for its description then.
    #[arg(long, value_enum, value_name = "KIND")]
    accept: Option<Accept>,
}

const EXAMPLES: &str = "\
Examples:
  $ rpc call tcp://127.0.0.1:7411 stat name=notes.txt
  $ zfs send tank@a | rpc call tcp://127.0.0.1:7411 store name=tank --in -
  $ rpc call tcp://127.0.0.1:7411 fetch '\"tank\"' > tank.copy
  $ rpc call tcp://127.0.0.1:7411 list prefix=t | jq -r .name
  $ rpc call tcp://127.0.0.1:7412 fetch name=notes.txt --accept octets | wc -l
  $ rpc call 'exec:ssh -T host depot serve-stdio' stat name=notes.txt";

impl Call {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let stream = self.input.as_deref().or(self.in_values.as_deref());
        if stream == Some(Path::new("-")) && self.asked.arguments.iter().any(|word| word == "-") {
            return Err(Failure::caller("standard input cannot be both the JSON and the stream"));
        }
        let arguments = self.asked.arguments()?;
        let input = stream.map(Input::open).transpose()?;
        let client = self.target.connect()?;
        self.target.limit_streams();
        let streams = Streams { octets: self.input.is_some(), values: self.in_values.is_some() };
        let (shape, sent) = self.asked.resolve(arguments, &client, &self.target, self.accept, streams)?;
        self.call(&client, &shape, sent.as_ref(), input)
    }

    /// A failed call. If the server refuses what the switches say, they are named.
    fn failed(&self, error: &Error, shape: &Shape) -> Failure {
        let failure = self.target.failed(error);
        let about_shape = |refusal: &RemoteError| {
            let message = &refusal.message;
            refusal.status == Status::RequestError && (message.contains("(Accept ") || message.contains("(DataType "))
        };
        if shape.parameters.is_none() && error.remote().is_some_and(about_shape) {
            return failure
                .with_hint("say what the method takes by --in or --in-values, and what it returns by --accept");
        }
        failure
    }

    /// Refuses a file that would get nothing, or two things.
    fn check_outputs(&self, returns: Accept) -> Result<(), Failure> {
        let (method, has_value) =
            (&self.asked.method, matches!(returns, Accept::Json | Accept::JsonAndOctets | Accept::JsonAndValues));
        let problem = match (&self.output, &self.value) {
            (_, Some(_)) if !has_value => "returns no value: leave out --value",
            (Some(_), Some(_)) if returns.stream().is_none() => {
                "returns a value and no stream: leave out --out or --value"
            }
            (Some(output), Some(value)) if output == value => {
                "returns a stream and a value: --out and --value must differ"
            }
            _ => return Ok(()),
        };
        Err(Failure::caller(format!("{method} {problem}")))
    }

    /// Opens the files of the stream and of the value.
    fn outputs(&self, returns: Accept) -> Result<(Output, Option<Output>), Failure> {
        self.check_outputs(returns)?;
        let output = Output::open(self.output.as_deref().unwrap_or(Path::new("-")))?;
        if returns.stream() == Some(Carries::Octets) && output.is_terminal() && self.output.is_none() {
            let problem = "returns bytes, which are nothing for a terminal: give --out FILE, or --out - to see them";
            return Err(Failure::caller(format!("{} {problem}", self.asked.method)));
        }
        Ok((output, self.value.as_deref().map(Output::open).transpose()?))
    }

    fn call(&self, client: &Client, shape: &Shape, sent: Option<&Sent>, input: Option<Input>) -> Result<(), Failure> {
        let (output, value) = self.outputs(shape.returns)?;
        let returns_stream = shape.returns.stream().is_some();
        let terminal_is_free = !(returns_stream && output.is_terminal());
        let len = input.as_ref().and_then(Input::len);
        let progress = Progress::new(len, (input.is_some() || returns_stream) && terminal_is_free);
        // one bar shows one stream
        let shown = input.is_none().then_some(&progress);

        let problem = Problem::default();
        let name = input.as_ref().map(|input| input.name.clone());
        let failed = |error: Error| match (&error, &name) {
            (Error::Source { error, .. }, Some(name)) if interrupt::exit_code().is_none() => {
                problem.take().unwrap_or_else(|| Failure::here(format!("{name}: {error}")))
            }
            _ => self.failed(&error, shape),
        };
        let mut to = Destination { output, value, failed: &failed };

        /// Makes the call. A macro, because the types of requests have no name.
        macro_rules! receive {
            ($call:expr) => {
                match shape.returns {
                    Accept::Json => {
                        let value: Box<RawValue> = $call.json().map_err(&failed)?;
                        drop(progress);
                        to.value(&value)
                    }
                    Accept::Octets => to.octets($call.octets().map_err(&failed)?, shown),
                    Accept::Values => to.values($call.values().map_err(&failed)?, shown),
                    Accept::JsonAndOctets => {
                        let (value, octets): (Box<RawValue>, _) = $call.json_and_octets().map_err(&failed)?;
                        to.value_beside(&value, &progress)?;
                        to.octets(octets, shown)
                    }
                    Accept::JsonAndValues => {
                        let (value, values): (Box<RawValue>, _) = $call.json_and_values().map_err(&failed)?;
                        to.value_beside(&value, &progress)?;
                        to.values(values, shown)
                    }
                }
            };
        }
        macro_rules! send {
            ($call:expr) => {
                match (input, shape.takes) {
                    (Some(input), Some(Carries::Values)) => {
                        let file = progress.of(Patient(input.file));
                        receive!($call.with_values(Values::new(
                            file,
                            input.name,
                            self.target.max_json,
                            problem.clone()
                        )))
                    }
                    (Some(input), _) => receive!($call.with_octets(progress.of(input.file))),
                    (None, _) => receive!($call),
                }
            };
        }
        let call = client.call(&self.asked.method);
        match sent {
            None => send!(call),
            Some(Sent { json, named: true }) => send!(call.with_named(json)),
            Some(Sent { json, named: false }) => send!(call.with(json)),
        }
    }
}
