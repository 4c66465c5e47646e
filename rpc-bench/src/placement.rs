//! On which processor a role runs.
//!
//! Where one side waits while the other works, the system may put both on one processor or on two, and it decides otherwise
//! from round to round. On two, as on two machines, most of a call's time goes into waking the other processor, in a virtual
//! machine some 50 us; on one, a call takes a sixth of the time, and nearly all of it is work. So there both sides are told.

use std::fmt;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::{Deserialize, Serialize};

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

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Placement::Free => "free",
            Placement::Apart => "apart",
            Placement::Together => "together",
        })
    }
}

/// Keeps this thread, and those that it starts, on the server's processor.
pub(crate) fn place_server(placement: Placement) {
    let chosen = match placement {
        Placement::Free => None,
        Placement::Apart => processors().pop(),
        Placement::Together => processors().first().copied(),
    };
    chosen.into_iter().for_each(keep_to);
}

/// Keeps this thread, and those that it starts, on the client's processor.
pub(crate) fn place_client(placement: Placement) {
    if placement != Placement::Free {
        processors().first().copied().into_iter().for_each(keep_to);
    }
}

/// The processors that this process may use; none where the system does not say.
pub(crate) fn processors() -> Vec<usize> {
    let Ok(allowed) = sched_getaffinity(None) else { return Vec::new() };
    (0..CpuSet::MAX_CPU).filter(|at| allowed.is_set(*at)).collect()
}

/// Keeps this thread, and those that it starts, on one processor.
pub(crate) fn keep_to(processor: usize) {
    let mut only = CpuSet::new();
    only.set(processor);
    // a system that refuses only makes rounds differ more
    _ = sched_setaffinity(None, &only);
}

#[cfg(test)]
mod tests {
    use super::{keep_to, processors};

    #[test]
    fn a_thread_keeps_to_the_processor_that_it_is_told() {
        std::thread::spawn(|| {
            let last = processors().pop().expect("a processor");
            keep_to(last);
            assert_eq!(processors(), [last]);
        })
        .join()
        .unwrap();
    }
}
