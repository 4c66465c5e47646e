//! Who gets a place on a server that serves as many connections as it may.
//!
//! An idle connection costs its client nothing to lose: a client of this library opens another one
//! and calls again, and to an original one it is as if the idle limit had passed. So the one that
//! has been idle longest makes room for a new connection. Otherwise idle connections could keep all
//! others out for as long as the idle limit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ServerConfig;
use super::lifecycle::Lifecycle;
use super::origin::Origin;
use super::registry::{Connections, Open, RESET_TIME, Registry, guarded};

/// How long a connection has to be idle before it makes room for another one: clients that call
/// again and again keep theirs.
const LEAST_IDLE: Duration = Duration::from_secs(1);

/// How long a new connection waits for a place: long enough that each connection which is idle now
/// has been idle for [`LEAST_IDLE`] by then.
const WAIT_FOR_PLACE: Duration = Duration::from_secs(2);

/// How many connections of one peer may wait for a place, or hear that there is none, while it has
/// as many as it may. Further ones hear nothing, so that a peer cannot use up the threads that all
/// share. As many may shake hands beyond its limit.
pub(super) const MOST_WAITING: usize = 8;

/// How long a client that was idle gets to close, where a system may lose a Reset frame that the
/// client has not read when its own next request finds the connection closed. Linux does not.
const PATIENCE: Duration =
    if cfg!(any(target_os = "linux", target_os = "android")) { Duration::ZERO } else { Duration::from_millis(250) };

/// What becomes of a connection.
pub(super) enum Admission {
    /// It has a place, and is served.
    Placed,
    /// There is no place for it, for this reason.
    Refused(String),
    /// There is no place for it, and too many of its peer hear the reason already.
    TurnedAway,
    /// The server stops, and has reset the connection.
    Stopping,
}

/// What is full.
enum Full {
    /// The server.
    Server,
    /// The share of one origin.
    Origin(Origin),
}

impl Registry {
    /// Finds a place for a connection that is registered: a free one, or that of the connection
    /// which has been idle longest. Blocks for at most [`WAIT_FOR_PLACE`].
    pub(super) fn find_place(
        &self,
        lifecycle: &Arc<Lifecycle>,
        origin: Option<Origin>,
        config: &ServerConfig,
    ) -> Admission {
        let until = Instant::now() + WAIT_FOR_PLACE;
        let mut connections = self.lock();
        connections.note_origin(lifecycle, origin);
        loop {
            let now = Instant::now();
            if connections.cut_at.is_some() {
                return Admission::Stopping;
            }
            let Some(full) = connections.full_for(origin, config) else {
                connections.place(lifecycle);
                return Admission::Placed;
            };
            if let Some(idle) = connections.claim_longest_idle(&full, now) {
                connections.place(lifecycle);
                drop(connections);
                self.close_idle(&idle);
                return Admission::Placed;
            }
            if connections.comes_too_late(lifecycle, &full) {
                return Admission::TurnedAway;
            }
            let left = until.saturating_duration_since(now);
            if left.is_zero() {
                return Admission::Refused(connections.refusal(&full, config));
            }
            // nobody is told when another connection has been idle for long enough
            connections = self.wait(connections, left.min(LEAST_IDLE / 10));
        }
    }

    /// Frees the place of a connection that is not served, or not any more: its last call has
    /// ended, for which a shutdown may wait.
    pub(super) fn free_place(&self, lifecycle: &Arc<Lifecycle>) {
        let mut connections = self.lock();
        connections.of(lifecycle).for_each(|open| open.has_place = false);
        self.notify(connections);
    }

    /// Closes a connection that has lost its place.
    fn close_idle(&self, idle: &Arc<Lifecycle>) {
        guarded(|| idle.reset(Instant::now() + RESET_TIME));
        let until = Instant::now() + PATIENCE;
        let mut connections = self.lock();
        while connections.open.iter().any(|open| Arc::ptr_eq(&open.lifecycle, idle)) && Instant::now() < until {
            connections = self.wait(connections, until.saturating_duration_since(Instant::now()));
        }
        drop(connections);
        guarded(|| idle.abort());
    }
}

impl Connections {
    /// Returns what is full, if there is no place for one more connection from this origin.
    fn full_for(&self, origin: Option<Origin>, config: &ServerConfig) -> Option<Full> {
        let from_origin =
            |origin| self.open.iter().filter(|open| open.has_place && open.origin == Some(origin)).count();
        match (origin, config.max_connections_per_peer) {
            (Some(origin), Some(max)) if from_origin(origin) >= max => Some(Full::Origin(origin)),
            _ => (self.places() >= config.max_connections).then_some(Full::Server),
        }
    }

    fn places(&self) -> usize {
        self.open.iter().filter(|open| open.has_place).count()
    }

    fn of(&mut self, lifecycle: &Arc<Lifecycle>) -> impl Iterator<Item = &mut Open> {
        self.open.iter_mut().filter(|open| Arc::ptr_eq(&open.lifecycle, lifecycle))
    }

    fn note_origin(&mut self, lifecycle: &Arc<Lifecycle>, origin: Option<Origin>) {
        self.of(lifecycle).for_each(|open| open.origin = origin);
    }

    fn place(&mut self, lifecycle: &Arc<Lifecycle>) {
        self.of(lifecycle).for_each(|open| open.has_place = true);
    }

    /// Returns whether the origin whose share is full had as many connections without a place as it
    /// may before this one.
    fn comes_too_late(&self, lifecycle: &Arc<Lifecycle>, full: &Full) -> bool {
        let Full::Origin(origin) = full else { return false };
        let earlier = self.open.iter().take_while(|open| !Arc::ptr_eq(&open.lifecycle, lifecycle));
        let waiting = earlier.filter(|open| !open.has_place && open.origin == Some(*origin));
        waiting.count() >= MOST_WAITING
    }

    /// Takes the place of the connection that has been idle longest, among those that share what is
    /// full. Returns `None` if none has been idle for [`LEAST_IDLE`].
    fn claim_longest_idle(&mut self, full: &Full, now: Instant) -> Option<Arc<Lifecycle>> {
        loop {
            let shares = |origin: Option<Origin>| match full {
                Full::Server => true,
                Full::Origin(of) => origin == Some(*of),
            };
            let candidates = self.open.iter_mut().filter(|open| open.has_place && shares(open.origin));
            let idle = candidates.filter_map(|open| Some((open.lifecycle.idle_for(now)?, open)));
            let (_, open) = idle.filter(|(time, _)| *time >= LEAST_IDLE).max_by_key(|(time, _)| *time)?;
            // if a call has begun meanwhile, it is idle no longer
            if open.lifecycle.claim_for_another() {
                open.has_place = false;
                return Some(Arc::clone(&open.lifecycle));
            }
        }
    }

    fn refusal(&self, full: &Full, config: &ServerConfig) -> String {
        match full {
            Full::Server => {
                format!("the server is busy: it serves {} connections, and no more at a time", self.places())
            }
            Full::Origin(origin) => {
                let max = config.max_connections_per_peer.unwrap_or_default();
                format!("there are {max} connections from {origin}, and no more are allowed at a time")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use crate::connection::Outbound;
    use crate::transport::{Transport, memory_pair};

    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Returns the lifecycle of a connection that has waited since so long after `start`.
    fn idle_since(start: Instant, since: Duration) -> Arc<Lifecycle> {
        let parts = memory_pair().0.into_parts().unwrap();
        let lifecycle = Lifecycle::new(Arc::new(Mutex::new(Outbound::new(parts.writer))), parts.control);
        lifecycle.begin_waiting(start + since);
        Arc::new(lifecycle)
    }

    #[test]
    fn the_one_that_was_idle_longest_makes_room() {
        let start = Instant::now() + at(1);
        let all = [at(3), at(1), at(2), at(9)].map(|since| idle_since(start, since));
        let open = all.iter().map(|lifecycle| Open { lifecycle: Arc::clone(lifecycle), origin: None, has_place: true });
        let mut connections = Connections::default();
        connections.open.extend(open);
        all[2].begin_call();
        let mut claim = |now| connections.claim_longest_idle(&Full::Server, start + now);
        assert!(claim(at(1)).is_none(), "none has been idle for a second");
        let is = |claimed: Option<Arc<Lifecycle>>, expected| Arc::ptr_eq(&claimed.unwrap(), expected);
        assert!(is(claim(at(9)), &all[1]) && is(claim(at(9)), &all[0]));
        assert!(claim(at(9)).is_none(), "one is in a call, and one has just begun to wait");
        all[2].end_call();
        assert!(claim(at(9)).is_none(), "it has not begun to wait again");
        all[2].begin_waiting(start + at(3));
        assert!(is(claim(at(9)), &all[2]));
        all[3].keep_session();
        assert!(claim(at(20)).is_none(), "a session stays");
        assert_eq!(connections.places(), 1);
    }
}
