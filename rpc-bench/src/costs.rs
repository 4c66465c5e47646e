//! The costs of a case besides time: CPU, system calls, memory, allocations. All but the first are
//! measured in separate rounds, so that they do not disturb the clock.
//!
//! Counts are the difference between a round of twice the work and one of the work, which cancels
//! out starting, connecting and the coordinator's commands.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cases::{Case, GIB};
use crate::pair::{Pair, Sample};
use crate::place::{Effort, Place};
use crate::plan::{Outcome, Plan, Work};
use crate::stats::Spread;

/// The costs of one side of a case.
#[derive(Debug)]
pub(crate) struct Costs {
    pub(crate) server: Cost,
    pub(crate) client: Cost,
}

/// The costs of one process.
#[derive(Debug, Default)]
pub(crate) struct Cost {
    /// Seconds per GiB, or microseconds per call or item.
    pub(crate) cpu: f64,
    /// Per GiB, call or item; `None` if they could not be counted.
    pub(crate) system_calls: Option<f64>,
    /// The peak memory in bytes, beyond what the process had before its first connection.
    pub(crate) peak: u64,
    /// Per call or item.
    pub(crate) allocations: f64,
}

/// Measures the costs of a pair that has run its rounds.
pub(crate) fn costs(case: &Case, pair: &mut Pair, samples: &[Sample], place: &Place, calls: u64) -> Outcome<Costs> {
    let (server, client) = pair.usage()?;
    let mut costs = Costs { server: Cost::default(), client: Cost::default() };
    costs.server.peak = server.peak.saturating_sub(pair.server.resident);
    costs.client.peak = client.peak.saturating_sub(pair.client.resident);
    costs.server.cpu = median(samples, |sample| sample.server_cpu);
    costs.client.cpu = median(samples, |sample| sample.client_cpu);

    let once = allocations(pair, calls)?;
    let twice = allocations(pair, 2 * calls)?;
    let each = |once: u64, twice: u64| twice.saturating_sub(once) as f64 / calls as f64;
    costs.server.allocations = each(once.0, twice.0);
    costs.client.allocations = each(once.1, twice.1);

    let counted = system_calls(case, &pair.plan, place, calls).zip(system_calls(case, &pair.plan, place, 2 * calls));
    if let Some((once, twice)) = counted {
        let amount = amount(calls as f64, calls as f64 * pair.plan.bytes as f64);
        costs.server.system_calls = more(once.0, twice.0).map(|more| more as f64 / amount);
        costs.client.system_calls = more(once.1, twice.1).map(|more| more as f64 / amount);
    }
    Ok(costs)
}

/// Returns how many more were counted for twice the work; `None` if there were not more, because
/// then counting failed.
fn more(once: u64, twice: u64) -> Option<u64> {
    twice.checked_sub(once).filter(|more| *more > 0)
}

/// Returns what the costs are divided by: GiB, or calls if hardly any bytes move.
fn amount(calls: f64, bytes: f64) -> f64 {
    if bytes > 0.0 { bytes / GIB } else { calls }
}

fn median(samples: &[Sample], cpu: impl Fn(&Sample) -> f64) -> f64 {
    let each = samples.iter().map(|sample| {
        let scale = if sample.bytes > 0.0 { 1.0 } else { 1e6 };
        cpu(sample) * scale / amount(sample.calls, sample.bytes)
    });
    Spread::of(each).map_or(f64::NAN, |spread| spread.median)
}

/// Returns the allocations of server and client during this many calls.
fn allocations(pair: &mut Pair, calls: u64) -> Outcome<(u64, u64)> {
    pair.server.count(true)?;
    pair.client.count(true)?;
    let before = pair.usage()?;
    pair.run(calls)?;
    let after = pair.usage()?;
    pair.server.count(false)?;
    pair.client.count(false)?;
    Ok((after.0.allocations - before.0.allocations, after.1.allocations - before.1.allocations))
}

/// Returns the system calls of server and client during the life of a pair of processes that makes
/// this many calls. `None` if `strace` is missing or not permitted.
fn system_calls(case: &Case, plan: &Plan, place: &Place, calls: u64) -> Option<(u64, u64)> {
    let traced = |side: &str, program: &Path| {
        let mut command = Command::new("strace");
        command.args(["-f", "-c", "-o"]).arg(place.counts(side)).arg(program);
        // it complains about processes that end while it attaches
        command.stderr(Stdio::null());
        command
    };
    let mut pair = Pair::start_as(case.peer, Plan { socket: place.socket(), ..plan.clone() }, traced).ok()?;
    pair.run(calls).ok()?;
    let Pair { server, client, .. } = pair;
    client.finish().ok()?;
    server.finish().ok()?;
    let total = |side| total(&fs::read_to_string(place.counts(side)).ok()?);
    Some((total("server")?, total("client")?))
}

/// Returns the total calls in a table of `strace -c`.
fn total(table: &str) -> Option<u64> {
    let line = table.lines().find(|line| line.trim_end().ends_with(" total"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

/// Returns the number of calls in a round that counts.
pub(crate) fn calls(work: Work, effort: &Effort) -> u64 {
    match work {
        Work::Calls { .. } | Work::ItemsDown(_) | Work::ItemsUp(_) => effort.trial_calls.next_multiple_of(work.calls()),
        Work::Down(_) | Work::Up => effort.counted,
    }
}

#[cfg(test)]
mod tests {
    use super::{amount, more, total};

    #[test]
    fn the_total_is_read_with_and_without_a_column_of_errors() {
        let table = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000100           1        90         2 read
------ ----------- ----------- --------- --------- ----------------
100.00    0.000166           1       123         2 total
";
        assert_eq!(total(table), Some(123));
        assert_eq!(total(&table.replace("       123         2 total", "       123           total")), Some(123));
        assert_eq!(total("nothing\n"), None);
    }

    #[test]
    fn a_count_that_went_wrong_is_none() {
        assert_eq!([more(10, 25), more(10, 10), more(10, 9)], [Some(15), None, None]);
    }

    #[test]
    fn costs_go_by_bytes_where_bytes_move_and_else_by_calls() {
        assert_eq!(amount(3.0, 0.0), 3.0);
        assert_eq!(amount(3.0, 2.0 * super::GIB), 2.0);
    }
}
