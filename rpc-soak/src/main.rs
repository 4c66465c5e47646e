//! Many clients mix every kind of call over every kind of socket, while servers are killed and
//! restarted. At the end nothing may have leaked, run twice or arrived as something else.
//!
//! ```text
//! cargo run --release -p rpc-soak -- --seconds 60
//! ```

#[cfg(target_os = "linux")]
mod chaos;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod content;
#[cfg(target_os = "linux")]
mod journal;
#[cfg(target_os = "linux")]
mod random;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod server;
#[cfg(target_os = "linux")]
mod service;
#[cfg(target_os = "linux")]
mod tally;
#[cfg(target_os = "linux")]
mod tls;
#[cfg(target_os = "linux")]
mod usage;
#[cfg(target_os = "linux")]
mod work;
#[cfg(target_os = "linux")]
mod worker;

#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: rpc_tests::heap::Counted = rpc_tests::heap::Counted;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use clap::Parser;
    let args = run::Args::parse();
    let outcome = match &args.serve {
        Some(folder) => server::serve(folder, &tls::Certificates::of(&args.certificates), &args.ports),
        None => run::run(&args),
    };
    outcome.map_or_else(
        |error| {
            eprintln!("rpc-soak: {error}");
            std::process::ExitCode::FAILURE
        },
        |()| std::process::ExitCode::SUCCESS,
    )
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("rpc-soak: it reads /proc, which only Linux has");
}
