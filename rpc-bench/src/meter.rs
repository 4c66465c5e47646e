//! The resources that a process has used.

use std::fs;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::counting;
use crate::placement;

/// The resources that a process has used since it started.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// CPU seconds on all processors, in the program and in the kernel.
    pub(crate) cpu: f64,
    /// The peak resident memory in bytes; 0 if unknown.
    pub(crate) peak: u64,
    /// Allocations while counting was enabled.
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

/// Returns the resident memory in bytes.
pub(crate) fn resident() -> u64 {
    status("VmRSS:").unwrap_or(0)
}

/// Describes the machine and its load: figures of a busy machine are poor.
pub(crate) fn machine() -> String {
    let read = |path| fs::read_to_string(path).map_or("?".to_owned(), |text| text.trim().to_owned());
    let load = read("/proc/loadavg");
    let release = read("/proc/sys/kernel/osrelease");
    let congestion = read("/proc/sys/net/ipv4/tcp_congestion_control");
    let processors = placement::processors().len();
    let load = load.split_whitespace().next().unwrap_or("?");
    format!("{processors} processors, Linux {release}, TCP {congestion}, load {load} at start")
}

/// Returns a value of `/proc/self/status`, in bytes.
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
