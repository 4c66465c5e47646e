//! `rpc call`.

use serde_json::value::RawValue;

use crate::failure::Failure;
use crate::output::print;
use crate::target::Target;

/// Call a method and print what it returns.
#[derive(Debug, clap::Args)]
pub(crate) struct Call {
    #[command(flatten)]
    target: Target,
    /// The method's name on the wire.
    method: String,
    /// The value of its only parameter, or an object of several.
    json: Option<String>,
}

impl Call {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let client = self.target.connect()?;
        let json = self.json.as_deref().unwrap_or("null");
        let argument: &RawValue = serde_json::from_str(json)
            .map_err(|error| Failure::caller(format!("the argument is not JSON: {error}")))?;
        let value: Box<RawValue> =
            client.call(&self.method).with(argument).json().map_err(|error| self.target.failed(error))?;
        print(&format!("{value}\n"))
    }
}
