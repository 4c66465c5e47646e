//! When calls begin, and which of them count. Pure.

use std::time::{Duration, Instant};

/// The calls that begin in this time do not count: connections and caches are cold.
const WARM_UP: Duration = Duration::from_secs(1);

/// The times of a benchmark.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    begin: Instant,
    counts_from: Instant,
    end: Instant,
    /// The callers, and how often they call together in a second; `None` if each calls as soon as
    /// its last call has ended.
    rate: Option<f64>,
    callers: u32,
}

impl Plan {
    pub(super) fn new(begin: Instant, time: Duration, rate: Option<f64>, callers: u32) -> Plan {
        let counts_from = begin + WARM_UP;
        Plan { begin, counts_from, end: counts_from + time, rate, callers }
    }

    /// Returns when a caller is to make this call of its calls, given what time it is; `None` if
    /// that is too late. It may have passed, if the last call took too long.
    pub(super) fn moment(&self, caller: u32, call: u32, now: Instant) -> Option<Instant> {
        let planned = match self.rate {
            None => now,
            Some(rate) => {
                let number = f64::from(call) * f64::from(self.callers) + f64::from(caller);
                self.begin + Duration::try_from_secs_f64(number / rate).ok()?
            }
        };
        Some(planned).filter(|planned| *planned < self.end && now < self.end)
    }

    pub(super) fn counts(&self, begun: Instant) -> bool {
        begun >= self.counts_from
    }

    /// Returns how many counted calls were planned for the time before `until`; `None` without a
    /// rate.
    pub(super) fn planned(&self, until: Instant) -> Option<f64> {
        let time = until.min(self.end).saturating_duration_since(self.counts_from);
        self.rate.map(|rate| rate * time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_a_rate_callers_take_turns_whatever_the_calls_take() {
        let begin = Instant::now();
        let plan = Plan::new(begin, Duration::from_secs(1), Some(10.0), 2);
        let at = |caller, call| plan.moment(caller, call, begin).map(|moment| (moment - begin).as_millis());
        assert_eq!([at(0, 0), at(1, 0), at(0, 1), at(1, 9)], [Some(0), Some(100), Some(200), Some(1900)]);
        assert_eq!(at(0, 10), None, "after the end");
        let late = begin + Duration::from_millis(1500);
        assert_eq!(plan.moment(0, 1, late), Some(begin + Duration::from_millis(200)), "it is late, and has to hurry");
        assert_eq!(plan.planned(begin + Duration::from_secs(5)), Some(10.0));
    }

    #[test]
    fn without_a_rate_a_call_follows_the_last() {
        let begin = Instant::now();
        let plan = Plan::new(begin, Duration::from_secs(1), None, 1);
        assert_eq!(plan.moment(0, 7, begin), Some(begin));
        assert!(!plan.counts(begin) && plan.counts(begin + WARM_UP));
        assert_eq!(plan.moment(0, 7, begin + WARM_UP + Duration::from_secs(1)), None);
    }
}
