//! What a process holds: memory, threads, descriptors.

use std::fs;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use rpc_tests::heap;
use serde::{Deserialize, Serialize};

/// What a process holds now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Bytes that are allocated.
    pub(crate) heap: usize,
    pub(crate) threads: usize,
    pub(crate) descriptors: usize,
    /// Bytes of resident memory.
    pub(crate) resident: usize,
}

/// How long what is left of connections and threads may take to end.
const SETTLING: Duration = Duration::from_secs(20);

/// How often it is looked, and how often in turn nothing may have changed.
const LOOK: Duration = Duration::from_millis(100);
const CALM: usize = 25;

/// More heap than this after the same work is a leak. Tables of the library grow and stay.
const SLACK: usize = 128 * 1024;

impl Usage {
    pub(crate) fn now() -> io::Result<Usage> {
        let status = fs::read_to_string("/proc/self/status")?;
        let value = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<usize>().ok()
        };
        let (Some(threads), Some(resident)) = (value("Threads:"), value("VmRSS:")) else {
            return Err(io::Error::other("/proc/self/status has no Threads or VmRSS"));
        };
        let descriptors = fs::read_dir("/proc/self/fd")?.count();
        let heap::Heap { server, client } = heap::present();
        Ok(Usage { heap: server.wrapping_add(client), threads, descriptors, resident: resident * 1024 })
    }

    /// Blocks until threads and descriptors have not changed for some time.
    pub(crate) fn settled() -> io::Result<Usage> {
        let begun = Instant::now();
        let (mut last, mut calm) = (Usage::now()?, 0);
        while calm < CALM && begun.elapsed() < SETTLING {
            thread::sleep(LOOK);
            let now = Usage::now()?;
            let same = (now.threads, now.descriptors) == (last.threads, last.descriptors);
            calm = if same { calm + 1 } else { 0 };
            last = now;
        }
        Ok(last)
    }

    /// Returns what has leaked since `before`.
    pub(crate) fn leaked_since(&self, before: &Usage) -> Vec<String> {
        let mut leaks = Vec::new();
        for (what, now, then) in
            [("threads", self.threads, before.threads), ("descriptors", self.descriptors, before.descriptors)]
        {
            if now > then {
                leaks.push(format!("{now} {what} instead of {then}"));
            }
        }
        if self.heap > before.heap + SLACK {
            leaks.push(format!("{} bytes of heap instead of {}", self.heap, before.heap));
        }
        leaks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_a_leak() {
        let before = Usage { heap: 1000, threads: 3, descriptors: 10, resident: 1 << 20 };
        let after = Usage { heap: 1000 + SLACK, resident: 1 << 30, ..before };
        assert!(after.leaked_since(&before).is_empty());
        let after = Usage { heap: 1001 + SLACK, threads: 4, descriptors: 12, ..before };
        let leaks = after.leaked_since(&before);
        assert_eq!(
            leaks,
            ["4 threads instead of 3", "12 descriptors instead of 10", "132073 bytes of heap instead of 1000"]
        );
    }
}
