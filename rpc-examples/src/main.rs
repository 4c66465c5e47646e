//! The program `mirror`: reads the command line and returns the exit code.

#[cfg(unix)]
mod args;
#[cfg(unix)]
mod commands;
#[cfg(unix)]
#[cfg_attr(not(feature = "tls"), path = "no_tls.rs")]
mod tls;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    commands::run(<args::Args as clap::Parser>::parse())
}

#[cfg(not(unix))]
fn main() {
    eprintln!("mirror: only runs on Unix: it uses modes, symbolic links and paths relative to a directory");
    std::process::exit(1);
}
