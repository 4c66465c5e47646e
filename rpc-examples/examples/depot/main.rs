//! A backup depot for one user of this machine: `cargo run --release --example depot`. It needs
//! Linux, because other systems do not say who calls.

#[cfg(target_os = "linux")]
mod demo;
#[cfg(target_os = "linux")]
mod metrics;
#[cfg(target_os = "linux")]
mod rules;
#[cfg(target_os = "linux")]
mod services;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(target_os = "linux")]
    demo::run()?;
    Ok(())
}
