//! Pauses that grow with each failure, each with a random part.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// Returns the pause after this failed attempt, counted from 0: `first`, doubled with each attempt
/// up to 128 times, and times a random factor from 0.5 to 1.5, because clients that lost their
/// server at the same time should not all return at the same time.
pub(super) fn pause(first: Duration, attempt: u32) -> Duration {
    scattered(first * 2_u32.pow(attempt.min(7)), 50)
}

/// Returns a time that differs from `base` by at most this many percent, up to 100.
pub(super) fn scattered(base: Duration, percent: u32) -> Duration {
    // in thousandths of a percent
    let random = u32::try_from(random() % 2000).unwrap_or(0) * percent;
    base.saturating_mul(100_000 + random - 1000 * percent) / 100_000
}

/// The keys of std's hasher are random, which is good enough here.
pub(super) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound() {
        let first = Duration::from_millis(10);
        for (attempt, base) in [(0, 10), (1, 20), (6, 640), (7, 1280), (8, 1280), (u32::MAX, 1280)] {
            let base = Duration::from_millis(base);
            for _ in 0..100 {
                let pause = pause(first, attempt);
                assert!(pause >= base / 2 && pause <= base * 3 / 2, "{attempt}: {pause:?}");
            }
        }
    }

    #[test]
    fn what_is_scattered_differs_both_ways() {
        let base = Duration::from_secs(100);
        let times: Vec<_> = (0..200).map(|_| scattered(base, 10)).collect();
        assert!(times.iter().all(|&time| time >= base * 9 / 10 && time <= base * 11 / 10), "{times:?}");
        assert!(times.iter().any(|&time| time < base) && times.iter().any(|&time| time > base), "{times:?}");
    }
}
