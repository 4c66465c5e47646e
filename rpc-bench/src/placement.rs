//! The processors that roles run on.
//!
//! If one side waits while the other works, the system may put both on one processor or on two, and
//! it decides differently from round to round. On two, as on two machines, most of a call's time
//! goes into waking the other processor, in a virtual machine some 50 us; on one, a call takes a
//! sixth of the time, and nearly all of it is work. So both sides are pinned in these cases.

use std::fmt;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::{Deserialize, Serialize};

/// Where server and client run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Placement {
    /// Wherever the system puts them.
    Free,
    /// Each on its own processor.
    Apart,
    /// Both on the same processor.
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

/// Pins this thread, and those that it starts, to the server's processor.
pub(crate) fn place_server(placement: Placement) {
    let chosen = match placement {
        Placement::Free => None,
        Placement::Apart => processors().pop(),
        Placement::Together => processors().first().copied(),
    };
    chosen.into_iter().for_each(keep_to);
}

/// Pins this thread, and those that it starts, to the client's processor.
pub(crate) fn place_client(placement: Placement) {
    if placement != Placement::Free {
        processors().first().copied().into_iter().for_each(keep_to);
    }
}

/// Returns the processors that this process may use; none if unknown.
pub(crate) fn processors() -> Vec<usize> {
    let Ok(allowed) = sched_getaffinity(None) else { return Vec::new() };
    (0..CpuSet::MAX_CPU).filter(|at| allowed.is_set(*at)).collect()
}

/// Pins this thread, and those that it starts, to one processor.
pub(crate) fn keep_to(processor: usize) {
    let mut only = CpuSet::new();
    only.set(processor);
    // if the system refuses, rounds only differ more
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
