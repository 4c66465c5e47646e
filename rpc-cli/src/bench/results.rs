//! What callers have measured.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use hdrhistogram::Histogram;
use rpc_core::Error;

use crate::dump::excerpt;
use crate::failure::{Code, code_of};

use super::request::Moved;

/// What one caller, or all of them, have measured.
#[derive(Debug)]
pub(super) struct Results {
    /// Nanoseconds of each call that succeeded.
    latencies: Histogram<u64>,
    moved: Moved,
    /// Calls, and bytes of streams, per second. The sum of what each caller had in its own time,
    /// because some end later than others.
    rates: Rates,
    /// By the kind of error.
    failures: BTreeMap<String, Failed>,
}

#[derive(Debug, Default)]
struct Rates {
    calls: f64,
    up: f64,
    down: f64,
}

/// Failures of one kind.
#[derive(Debug)]
struct Failed {
    count: u64,
    code: Code,
    /// The first of them.
    example: String,
}

impl Results {
    pub(super) fn new() -> Results {
        let latencies = Histogram::new(3).expect("three digits are possible");
        Results { latencies, moved: Moved::default(), rates: Rates::default(), failures: BTreeMap::new() }
    }

    pub(super) fn succeeded(&mut self, took: Duration, moved: Moved) {
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.latencies.record(nanoseconds).expect("it grows");
        self.moved.up += moved.up;
        self.moved.down += moved.down;
    }

    pub(super) fn failed(&mut self, error: &Error) {
        let kind = match error {
            Error::Remote(remote) => format!("{} {}", error.kind(), remote.status),
            _ => error.kind().to_string(),
        };
        let failed = self.failures.entry(kind).or_insert_with(|| {
            let example = excerpt::text(error.to_string().as_bytes());
            Failed { count: 0, code: code_of(error), example }
        });
        failed.count += 1;
    }

    /// Ends what one caller has measured in this time.
    pub(super) fn finish(&mut self, time: Duration) {
        let per_second = |count: u64| if time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() };
        let Moved { up, down } = self.moved;
        self.rates = Rates { calls: per_second(self.latencies.len()), up: per_second(up), down: per_second(down) };
    }

    /// Adds what another caller has measured.
    pub(super) fn add(&mut self, other: Results) {
        self.latencies.add(&other.latencies).expect("it grows");
        self.moved.up += other.moved.up;
        self.moved.down += other.moved.down;
        self.rates.calls += other.rates.calls;
        self.rates.up += other.rates.up;
        self.rates.down += other.rates.down;
        for (kind, failed) in other.failures {
            match self.failures.get_mut(&kind) {
                Some(known) => known.count += failed.count,
                None => _ = self.failures.insert(kind, failed),
            }
        }
    }

    fn calls(&self) -> u64 {
        self.latencies.len()
    }

    /// Returns how many calls succeeded or failed.
    pub(super) fn attempts(&self) -> u64 {
        self.calls() + self.failures().map_or(0, |(count, _)| count)
    }

    /// Returns how many calls failed, and who has to act after most of them.
    pub(super) fn failures(&self) -> Option<(u64, Code)> {
        let most = self.failures.values().max_by_key(|failed| failed.count)?;
        Some((self.failures.values().map(|failed| failed.count).sum(), most.code))
    }

    /// Returns lines for people.
    pub(super) fn report(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, content: String| {
            writeln!(text, "{name:<9} {content}").expect("a string takes all");
        };
        line("calls", format!("{}, {:.1} per second", self.calls(), self.rates.calls));
        if self.calls() > 0 {
            let at = |quantile| milliseconds(self.latencies.value_at_quantile(quantile));
            let (most, [half, ninety, ninety_nine, rare]) =
                (milliseconds(self.latencies.max()), [0.5, 0.9, 0.99, 0.999].map(at));
            let rest = format!("90% {ninety}, 99% {ninety_nine}, 99.9% {rare}, max {most} ms");
            line("latency", format!("50% {half}, {rest}"));
        }
        for (name, bytes, rate) in [("up", self.moved.up, self.rates.up), ("down", self.moved.down, self.rates.down)] {
            if bytes > 0 {
                line(name, format!("{}, {} per second", size(bytes as f64), size(rate)));
            }
        }
        for (kind, failed) in &self.failures {
            line("failed", format!("{} × {kind}, such as: {}", failed.count, failed.example));
        }
        text
    }
}

fn milliseconds(nanoseconds: u64) -> String {
    format!("{:.3}", nanoseconds as f64 / 1e6)
}

fn size(bytes: f64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut size = bytes;
    for unit in units {
        if size < 1024.0 || unit == "TiB" {
            return if unit == "bytes" { format!("{size:.0} {unit}") } else { format!("{size:.2} {unit}") };
        }
        size /= 1024.0;
    }
    unreachable!("the last unit takes all")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_added_up() {
        let mut all = Results::new();
        for (milliseconds, seconds) in [(1, 1), (3, 2)] {
            let mut one = Results::new();
            for _ in 0..100 {
                one.succeeded(Duration::from_millis(milliseconds), Moved { up: 0, down: 1024 });
            }
            one.failed(&Error::new("no \x1b[31m"));
            one.finish(Duration::from_secs(seconds));
            all.add(one);
        }
        let expected = "calls     200, 150.0 per second\n\
                        latency   50% 1.000, 90% 3.000, 99% 3.000, 99.9% 3.000, max 3.000 ms\n\
                        down      200.00 KiB, 150.00 KiB per second\n\
                        failed    2 × remote Error, such as: no \\u{1b}[31m\n";
        assert_eq!(all.report(), expected);
        assert_eq!(all.failures(), Some((2, Code::Method)));
    }

    #[test]
    fn nothing_measured_is_no_panic() {
        let mut nothing = Results::new();
        nothing.finish(Duration::ZERO);
        assert_eq!(nothing.report(), "calls     0, 0.0 per second\n");
        assert_eq!(nothing.failures(), None);
    }
}
