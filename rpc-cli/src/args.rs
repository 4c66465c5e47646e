//! The command line.

use clap::{Parser, Subcommand};

use crate::bench::Bench;
use crate::call::Call;
use crate::completions::Completions;
use crate::describe::Describe;
use crate::dump::Dump;
use crate::ls::Ls;
use crate::ping::Ping;
use crate::play::Play;

/// Calls a server from a shell: values as JSON, streams as pipes.
#[derive(Debug, Parser)]
#[command(name = "rpc", version, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Ls(Ls),
    Describe(Describe),
    Call(Box<Call>),
    Ping(Ping),
    Bench(Bench),
    Dump(Dump),
    Play(Play),
    Completions(Completions),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        <Args as clap::CommandFactory>::command().debug_assert();
    }
}
