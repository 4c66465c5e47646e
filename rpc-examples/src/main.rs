//! The program `mirror`: reads the command line, says how it went.

#[cfg(unix)]
mod args;
#[cfg(unix)]
mod commands;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    commands::run(<args::Args as clap::Parser>::parse())
}

#[cfg(not(unix))]
fn main() {
    eprintln!("mirror: needs a Unix system, for modes, symbolic links and paths relative to a directory");
    std::process::exit(1);
}
