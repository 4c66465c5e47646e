//! The program `rpc`: calls a server from a shell.

mod args;
mod bench;
mod call;
mod completions;
mod describe;
mod description;
mod docs;
mod dump;
mod escape;
mod failure;
mod input;
mod interrupt;
mod json_text;
mod ls;
mod notice;
mod output;
mod ping;
mod play;
mod progress;
mod signature;
mod target;
mod terminal;
#[cfg_attr(not(feature = "tls"), path = "no_tls.rs")]
mod tls;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Args, Command};

fn main() -> ExitCode {
    let outcome = match Args::parse().command {
        Command::Ls(ls) => ls.run(),
        Command::Describe(describe) => describe.run(),
        Command::Call(call) => call.run(),
        Command::Ping(ping) => ping.run(),
        Command::Bench(bench) => bench.run(),
        Command::Dump(dump) => dump.run(),
        Command::Play(play) => play.run(),
        Command::Completions(completions) => completions.run(Args::command()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
