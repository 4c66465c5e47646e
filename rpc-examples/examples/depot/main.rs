//! A backup depot for one user of this machine: `cargo run --release --example depot`. With the
//! address of a Unix socket it serves until SIGTERM, for other programs to call: `-- unix:///PATH`.
//! It needs Linux, because other systems do not say who calls.

#[cfg(target_os = "linux")]
mod demo;
#[cfg(target_os = "linux")]
mod metrics;
#[cfg(target_os = "linux")]
mod rules;
#[cfg(target_os = "linux")]
mod server;
#[cfg(target_os = "linux")]
mod services;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(target_os = "linux")]
    match std::env::args().nth(1) {
        Some(address) => server::run(&address)?,
        None => demo::run()?,
    }
    Ok(())
}
