//! Time limits hold whatever the other side does: never reads, trickles, or stops anywhere.

mod both_ways;
#[cfg(target_os = "linux")]
mod connecting;
mod empty;
mod far_end;
mod header;
mod sending;
mod silence;
#[cfg(unix)]
mod system;
mod trickle;
mod zero;
