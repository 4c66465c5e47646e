//! `rpc ping`.

use std::fmt::Write;
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::interrupt;
use crate::output::print;
use crate::target::{Target, duration};

/// Ask a server whether it answers, and how fast.
///
/// No handler runs. It ends with 0 if each question was answered, and at the first that was not; so
/// 'rpc ping ADDRESS -c 1 --timeout 2s' says whether a server is ready.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Ping {
    #[command(flatten)]
    target: Target,
    /// How many times it asks.
    #[arg(short, long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// How long it waits between two questions.
    #[arg(short, long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    interval: Duration,
}

const EXAMPLES: &str = "\
Examples:
  $ rpc ping tcp://127.0.0.1:7411 -c 2 -i 10ms
  $ rpc ping tcp://127.0.0.1:7411 -c 1 --timeout 2s > /dev/null && echo ready";

impl Ping {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let began = Instant::now();
        let client = self.target.connect()?;
        print(&format!("connected in {}\n", milliseconds(began.elapsed())))?;
        let mut times = Vec::new();
        let mut outcome = Ok(());
        while outcome.is_ok() && times.len() < self.count as usize {
            if !times.is_empty() {
                pause(self.interval);
            }
            let began = Instant::now();
            match client.ping() {
                Ok(revision) => {
                    times.push(began.elapsed());
                    print(&format!("revision {revision}, {}\n", milliseconds(began.elapsed())))?;
                }
                Err(error) => outcome = Err(self.target.failed(&error)),
            }
        }
        print(&statistics(times))?;
        outcome
    }
}

/// Waits for this time, or for a signal.
fn pause(time: Duration) {
    let began = Instant::now();
    while interrupt::exit_code().is_none() {
        match time.saturating_sub(began.elapsed()) {
            Duration::ZERO => return,
            left => thread::sleep(left.min(Duration::from_millis(50))),
        }
    }
}

/// Returns a line about all round trips; nothing if there was none.
fn statistics(mut times: Vec<Duration>) -> String {
    times.sort();
    let (Some(min), Some(max)) = (times.first(), times.last()) else { return String::new() };
    let seconds: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
    let count = seconds.len() as f64;
    let average = seconds.iter().sum::<f64>() / count;
    let variance = seconds.iter().map(|time| (time - average).powi(2)).sum::<f64>() / count;
    let (average, deviation) = (Duration::from_secs_f64(average), Duration::from_secs_f64(variance.sqrt()));
    let all =
        [*min, average, median(&times), *max, deviation].map(|time| format!("{:.3}", 1000.0 * time.as_secs_f64()));
    let mut line = format!("round trips: {}, min/avg/median/max/stddev = ", times.len());
    _ = writeln!(line, "{} ms", all.join("/"));
    line
}

/// Returns the median of sorted times, of which there is at least one.
fn median(times: &[Duration]) -> Duration {
    (times[(times.len() - 1) / 2] + times[times.len() / 2]) / 2
}

fn milliseconds(time: Duration) -> String {
    format!("{:.3} ms", 1000.0 * time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_it_all() {
        let times = [4, 1, 3, 8].map(Duration::from_millis).to_vec();
        assert_eq!(statistics(times), "round trips: 4, min/avg/median/max/stddev = 1.000/4.000/3.500/8.000/2.550 ms\n");
        assert_eq!(
            statistics(vec![Duration::from_micros(5)]),
            "round trips: 1, min/avg/median/max/stddev = 0.005/0.005/0.005/0.005/0.000 ms\n"
        );
        assert_eq!(statistics(Vec::new()), "");
    }
}
