//! On which processor a role runs.
//!
//! Where one side waits while the other works, the system may put both on one processor or on two, which takes six times as
//! long, and it decides otherwise from round to round. So there both sides are told.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// A place that is not shared with the other role.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    First,
    Last,
}

/// Keeps this thread, and those that it starts, on one processor. Where the system refuses, or has but one, all stays as
/// it is.
pub(crate) fn keep_to(place: Place) {
    let Ok(allowed) = sched_getaffinity(None) else { return };
    let mut processors = (0..CpuSet::MAX_CPU).filter(|at| allowed.is_set(*at));
    let chosen = match place {
        Place::First => processors.next(),
        Place::Last => processors.next_back(),
    };
    let Some(chosen) = chosen else { return };
    let mut only = CpuSet::new();
    only.set(chosen);
    // a system that refuses only makes rounds differ more
    _ = sched_setaffinity(None, &only);
}
