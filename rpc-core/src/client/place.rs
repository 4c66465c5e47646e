//! A place where a server may be: how many connections to it are in use, and whether it has failed
//! lately.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::lock::lock;
use crate::transport::Address;

use super::back_off::{pause, random};

/// How long a place that has failed is avoided at first. It doubles with each failure up to 128 s,
/// much as gRPC does.
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);

/// How long a place that has failed before is avoided while one connection tries it again.
const TRIAL: Duration = Duration::from_secs(5);

/// One address of a server, after its name has been looked up.
pub(super) struct Place {
    /// As the user gave it.
    pub(super) address: Address,
    /// One of the addresses that its name has; `None` if it has no name.
    pub(super) at: Option<SocketAddr>,
    /// How many connections to it are being opened or have a call.
    in_use: AtomicUsize,
    known_since: Instant,
    /// Until when the place is avoided, in milliseconds of its life; 0 if it has not failed since
    /// it worked last. It is changed under the lock.
    avoided_until: AtomicU64,
    failures: Mutex<Failures>,
}

/// The failures since the place worked last.
#[derive(Default)]
struct Failures {
    count: u32,
    /// When its back-off ends, in milliseconds of its life.
    back_off_until: u64,
}

impl Place {
    pub(super) fn new(address: Address, at: Option<SocketAddr>) -> Place {
        Place {
            address,
            at,
            in_use: AtomicUsize::new(0),
            known_since: Instant::now(),
            avoided_until: AtomicU64::new(0),
            failures: Mutex::default(),
        }
    }

    /// Returns how long the place is still avoided.
    pub(super) fn avoided_for(&self, now: Instant) -> Duration {
        match self.avoided_until.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            until => Duration::from_millis(until.saturating_sub(self.age(now))),
        }
    }

    /// Returns how a place is chosen: the one that is avoided least, of these the one with the
    /// fewest connections in use, of these any.
    pub(super) fn rank(&self, now: Instant) -> (Duration, usize, u64) {
        (self.avoided_for(now), self.in_use(), random())
    }

    pub(super) fn in_use(&self) -> usize {
        self.in_use.load(Ordering::Relaxed)
    }

    /// Notes that something has failed there that began at `begun`. What began before the end of
    /// the last back-off says nothing new.
    pub(super) fn failed(&self, begun: Instant, now: Instant) {
        let mut failures = lock(&self.failures);
        if failures.count == 0 || self.age(begun) >= failures.back_off_until {
            failures.back_off_until = self.age(now + pause(FIRST_BACK_OFF, failures.count)).max(1);
            failures.count = failures.count.saturating_add(1);
        }
        self.avoided_until.store(failures.back_off_until, Ordering::Relaxed);
    }

    /// Notes that a server has answered there.
    pub(super) fn worked(&self) {
        if self.avoided_until.load(Ordering::Relaxed) != 0 {
            let mut failures = lock(&self.failures);
            *failures = Failures::default();
            self.avoided_until.store(0, Ordering::Relaxed);
        }
    }

    /// Keeps others away from a place that has failed while it is tried again.
    fn tried(&self, now: Instant) {
        if self.avoided_until.load(Ordering::Relaxed) != 0 {
            let failures = lock(&self.failures);
            if failures.count > 0 {
                self.avoided_until.fetch_max(self.age(now + TRIAL), Ordering::Relaxed);
            }
        }
    }

    /// Returns how long the place has been known then, in milliseconds.
    fn age(&self, then: Instant) -> u64 {
        u64::try_from(then.saturating_duration_since(self.known_since).as_millis()).unwrap_or(u64::MAX)
    }
}

/// The address, and which of its name's addresses is meant.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{} ({at})", self.address),
            None => self.address.fmt(f),
        }
    }
}

/// A connection's place. A connection that is in use counts there.
pub(super) struct Stay {
    pub(super) place: Arc<Place>,
    /// Since when it is in use; `None` if it is idle.
    since: Option<Instant>,
}

impl Stay {
    /// Begins to open a connection.
    pub(super) fn begin(place: Arc<Place>, now: Instant) -> Stay {
        place.tried(now);
        let mut stay = Stay { place, since: None };
        stay.use_for_call(now);
        stay
    }

    /// A call has the connection.
    pub(super) fn use_for_call(&mut self, now: Instant) {
        if self.since.replace(now).is_none() {
            self.place.in_use.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// No call has the connection.
    pub(super) fn become_idle(&mut self) {
        if self.since.take().is_some() {
            self.place.in_use.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Notes that the place has failed the connection, or its call.
    pub(super) fn failed(&self) {
        let now = Instant::now();
        self.place.failed(self.since.unwrap_or(now), now);
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.become_idle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Arc<Place> {
        Arc::new(Place::new(Address::Tcp("a:1".to_owned()), None))
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn it_is_avoided_longer_after_each_failure_until_it_works() {
        let place = place();
        let mut now = place.known_since;
        let mut least = FIRST_BACK_OFF / 2;
        for _ in 0..10 {
            assert_eq!(place.avoided_for(now), Duration::ZERO);
            place.failed(now, now);
            let pause = place.avoided_for(now);
            assert!(pause >= least - Duration::from_millis(1) && pause <= 3 * least, "{pause:?}");
            now += pause;
            least = (2 * least).min(seconds(64));
        }
        place.failed(now, now);
        place.worked();
        assert_eq!(place.avoided_for(now), Duration::ZERO);
        place.failed(now, now);
        assert!(place.avoided_for(now) < seconds(2), "it begins anew");
    }

    #[test]
    fn calls_that_fail_together_count_once() {
        let place = place();
        let begun = place.known_since;
        for _ in 0..50 {
            place.failed(begun, begun + seconds(1));
        }
        assert!(place.avoided_for(begun + seconds(1)) < seconds(2));
    }

    /// The servers are all down, so each is tried again and again.
    #[test]
    fn what_fails_while_it_is_avoided_does_not_count() {
        let place = place();
        let now = place.known_since;
        for _ in 0..50 {
            let stay = Stay::begin(Arc::clone(&place), now);
            stay.place.failed(now, now);
        }
        assert!(place.avoided_for(now) < seconds(2));
    }

    #[test]
    fn one_connection_at_a_time_tries_a_place_that_has_failed() {
        let place = place();
        let now = place.known_since;
        drop(Stay::begin(Arc::clone(&place), now));
        assert_eq!(place.avoided_for(now), Duration::ZERO, "it has not failed");
        place.failed(now, now);
        let later = now + seconds(60);
        assert_eq!(place.avoided_for(later), Duration::ZERO);
        let _trial = Stay::begin(Arc::clone(&place), later);
        assert_eq!(place.avoided_for(later), TRIAL);
    }

    #[test]
    fn a_connection_counts_while_it_is_in_use() {
        let (place, now) = (place(), Instant::now());
        let mut stay = Stay::begin(Arc::clone(&place), now);
        assert_eq!(place.in_use(), 1);
        stay.use_for_call(now);
        assert_eq!(place.in_use(), 1);
        stay.become_idle();
        stay.become_idle();
        assert_eq!(place.in_use(), 0);
        stay.use_for_call(now);
        drop(stay);
        assert_eq!(place.in_use(), 0);
    }
}
