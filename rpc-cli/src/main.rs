//! The program `rpc`: calls a server from a shell.

mod args;
mod call;
#[allow(dead_code, reason = "the commands that read a description follow")]
mod description;
#[allow(dead_code, reason = "the commands that read a description follow")]
mod escape;
mod failure;
mod input;
mod interrupt;
mod json_text;
mod output;
mod ping;
mod progress;
mod target;
#[cfg_attr(not(feature = "tls"), path = "no_tls.rs")]
mod tls;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    let outcome = match Args::parse().command {
        Command::Call(call) => call.run(),
        Command::Ping(ping) => ping.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
