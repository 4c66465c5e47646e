//! The program `rpc-bench`: measures the library's speed as ratios to the bare socket and to other
//! libraries.
//!
//! # How it measures
//!
//! A case compares two pairs of processes, each a server and a client: ours and theirs. All of them
//! run during the whole case, and the coordinator makes the clients run one round of the same work
//! in turn: ours, theirs, ours, theirs. The ratio of a case is the median of the rounds' ratios;
//! over 1 always means that ours is better.
//!
//! Before that, if theirs can be tuned (a buffer size, a way to copy, the runtime), all tunings are
//! tried in turn, then the better half again, until two are left. Then the work of a round is
//! chosen so that it lasts long enough. Both remaining tunings run all rounds, and the one with the
//! better median is the rival, because some are fast only at times.
//!
//! Allocations, and system calls under `strace`, are counted in separate rounds, because counting
//! disturbs the clock.
//!
//! The processes are this program itself, in a role that the help text does not mention. They read
//! commands line by line from standard input, and exit when it ends, so none is left over, however
//! the coordinator ends.

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
    eprintln!("rpc-bench: only runs on Linux: it uses /proc and the kernel's copies");
    std::process::exit(1);
}
