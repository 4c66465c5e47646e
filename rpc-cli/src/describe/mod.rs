//! `rpc describe`.

mod example;
mod layout;
mod needed;
mod page;
mod part;

use crate::description::{Answer, ask};
use crate::failure::Failure;
use crate::json_text::pretty;
use crate::output::print;
use crate::target::Target;
use crate::terminal;

use page::Page;

/// Explain a method, or all of a server: parameters, types, documentation.
///
/// Types are written as in Rust, and values travel as JSON: `[T]` is an array, `{name: T}` an
/// object, `name?: T` a field that may be absent. `impl Read` is a stream of bytes, `impl Iterator`
/// one of JSON lines. A type that the server does not know is `any`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Describe {
    #[command(flatten)]
    target: Target,
    /// The method; without it, all of them are explained.
    method: Option<String>,
    /// Print the description as JSON, as the server has sent it; of METHOD only what it needs.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  $ rpc describe tcp://127.0.0.1:7411 fetch
  $ rpc describe tcp://127.0.0.1:7411 --json | jq .types.Entry";

impl Describe {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let Answer { sent, description } = ask(&self.target)?;
        let find = |name| description.find(name).map_err(|unknown| self.target.refused(unknown));
        let method = self.method.as_deref().map(find).transpose()?;
        if self.json {
            let json = match method {
                Some(method) => part::part(&sent, &description, method),
                None => sent.get().to_owned(),
            };
            return print(&if terminal::width().is_some() { pretty(&json) + "\n" } else { json + "\n" });
        }
        let page = Page::new(&description, example::quoted(&self.target.to_string()));
        print(&match method {
            Some(method) => page.of(method),
            None => page.of_all(),
        })
    }
}
