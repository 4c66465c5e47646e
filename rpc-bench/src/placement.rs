//! On which processor a role runs.
//!
//! Where one side waits while the other works, the system may put both on one processor or on two, and it decides otherwise
//! from round to round. On two, as on two machines, most of a call's time goes into waking the other processor, in a virtual
//! machine some 50 us; on one, a call takes a sixth of the time, and nearly all of it is work. So there both sides are told.

use serde::{Deserialize, Serialize};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Where server and client run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Placement {
    /// Where the system likes.
    Free,
    /// Each keeps to a processor of its own.
    Apart,
    /// Both keep to the same one.
    Together,
}

/// Keeps this thread, and those that it starts, on the server's processor.
pub(crate) fn place_server(placement: Placement) {
    keep_to(placement, placement == Placement::Apart);
}

/// Keeps this thread, and those that it starts, on the client's processor.
pub(crate) fn place_client(placement: Placement) {
    keep_to(placement, false);
}

/// Keeps to the last processor or to the first one. Where the system refuses, or has but one, all stays as it is.
fn keep_to(placement: Placement, last: bool) {
    if placement == Placement::Free {
        return;
    }
    let Ok(allowed) = sched_getaffinity(None) else { return };
    let mut processors = (0..CpuSet::MAX_CPU).filter(|at| allowed.is_set(*at));
    let chosen = if last { processors.next_back() } else { processors.next() };
    let Some(chosen) = chosen else { return };
    let mut only = CpuSet::new();
    only.set(chosen);
    // a system that refuses only makes rounds differ more
    _ = sched_setaffinity(None, &only);
}
