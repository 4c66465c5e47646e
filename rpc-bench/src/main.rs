//! The program `rpc-bench`: how fast the library is, as ratios to the bare socket and to other libraries.
//!
//! # How it measures
//!
//! A case compares two pairs of processes, each a server and a client: ours and theirs. All live through the whole
//! case, and the coordinator tells the clients in turn to do one round of the same work: ours, theirs, ours, theirs. The
//! ratio of a case is the median of the rounds' ratios, and over 1 it always means that ours is better.
//!
//! Before that, where theirs can be tuned (the size of a buffer, a way to copy, the runtime), all tunings are tried in turn,
//! and the better half again, until two are left. Then the work of a round is chosen so that it lasts long enough. Both of
//! the two make all rounds, and the one with the better median is the rival: some are fast at times only.
//!
//! What would disturb the clock is counted in rounds of its own: allocations, and system calls under `strace`.
//!
//! The processes are this program itself, in a role that the command line does not mention. They are told what to do line by
//! line on their standard input, and exit when it ends; so none is left behind, however the coordinator ends.

#[cfg(target_os = "linux")]
mod args;
#[cfg(target_os = "linux")]
mod awake;
#[cfg(target_os = "linux")]
mod cases;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod choosing;
#[cfg(target_os = "linux")]
mod compare;
#[cfg(target_os = "linux")]
mod control;
#[cfg(target_os = "linux")]
mod costs;
#[cfg(target_os = "linux")]
mod counting;
#[cfg(target_os = "linux")]
mod meter;
#[cfg(target_os = "linux")]
mod pair;
#[cfg(target_os = "linux")]
mod place;
#[cfg(target_os = "linux")]
mod placement;
#[cfg(target_os = "linux")]
mod plan;
#[cfg(target_os = "linux")]
mod recorded;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod roles;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod stats;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    run::run()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("rpc-bench: needs Linux, for /proc and the kernel's copies");
    std::process::exit(1);
}
