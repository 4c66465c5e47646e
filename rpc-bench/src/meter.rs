//! What a process has used so far.

use std::fs;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::counting;
use crate::placement;

/// What a process has used since it began.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Seconds on all processors, in the program and in the kernel for it.
    pub(crate) cpu: f64,
    /// The most memory that was resident at once, in bytes; 0 where the system does not say.
    pub(crate) peak: u64,
    /// Allocations while they were counted.
    pub(crate) allocations: u64,
}

impl Usage {
    pub(crate) fn now() -> Usage {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Usage {
            cpu: time.tv_sec as f64 + time.tv_nsec as f64 / 1e9,
            peak: status("VmHWM:").unwrap_or(0),
            allocations: counting::allocations(),
        }
    }
}

/// The memory that is resident now, in bytes.
pub(crate) fn resident() -> u64 {
    status("VmRSS:").unwrap_or(0)
}

/// What is measured on, and how busy it is now: a machine that does other work makes poor figures.
pub(crate) fn machine() -> String {
    let read = |path| fs::read_to_string(path).map_or("?".to_owned(), |text| text.trim().to_owned());
    let load = read("/proc/loadavg");
    let release = read("/proc/sys/kernel/osrelease");
    let processors = placement::processors().len();
    format!(
        "{processors} processors, Linux {release}, load {} when it began",
        load.split_whitespace().next().unwrap_or("?")
    )
}

/// A line of the kernel's account of this process, in bytes.
fn status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::{Usage, resident};

    #[test]
    fn a_process_uses_memory_and_time() {
        let usage = Usage::now();
        assert!(usage.cpu > 0.0);
        assert!(usage.peak >= resident().min(usage.peak) && usage.peak > 0);
    }
}
