//! One caller: calls on a connection of its own, until the end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::Client;

use crate::failure::Failure;

use super::plan::Plan;
use super::request::{Nowhere, Problem, Request};
use super::results::Results;

/// How often a caller that waits for its next call looks whether it was interrupted.
const TICK: Duration = Duration::from_millis(20);

pub(super) struct Caller<'b> {
    pub(super) number: u32,
    pub(super) client: Client,
    pub(super) nowhere: Nowhere,
    pub(super) request: &'b Request,
    pub(super) plan: Plan,
    /// All callers are to end.
    pub(super) stop: &'b AtomicBool,
}

impl Caller<'_> {
    /// Calls until the end, or until the user stops it.
    pub(super) fn run(mut self) -> Result<Results, Failure> {
        let (mut results, mut first) = (Results::new(), None);
        let mut ended = Instant::now();
        for call in 0.. {
            let Some(planned) = self.plan.moment(self.number, call, Instant::now()) else { break };
            if !self.wait(planned) {
                break;
            }
            let begun = Instant::now();
            let made = self.request.make(&self.client, &mut self.nowhere);
            let now = Instant::now();
            if matches!(&made, Err(Problem::Call(error)) if error.is_cancelled()) {
                self.stop.store(true, Ordering::SeqCst);
                break;
            }
            let counts = self.plan.counts(begun);
            if counts {
                first.get_or_insert(begun);
                ended = now;
            }
            match made {
                Err(Problem::Here(failure)) => {
                    self.stop.store(true, Ordering::SeqCst);
                    return Err(failure);
                }
                _ if !counts => {}
                Ok(moved) => results.succeeded(now - planned, moved),
                Err(Problem::Call(error)) => results.failed(&error),
            }
        }
        results.finish(first.map_or(Duration::ZERO, |first| ended - first));
        Ok(results)
    }

    /// Waits for the time of a call. Returns `false` if the user has stopped it.
    fn wait(&self, planned: Instant) -> bool {
        loop {
            if self.stop.load(Ordering::SeqCst) {
                return false;
            }
            match planned.saturating_duration_since(Instant::now()) {
                Duration::ZERO => return true,
                left => thread::sleep(left.min(TICK)),
            }
        }
    }
}
