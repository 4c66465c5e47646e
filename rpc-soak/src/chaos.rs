//! Kills and stops a server again and again.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::child::ServerProcess;
use crate::random::Random;
use crate::run::Phase;

/// The shortest and the longest life of a server, in milliseconds.
const LIFE: (u64, u64) = (500, 3000);

/// How often a server was killed, and how often it was stopped.
#[derive(Debug, Default)]
pub(crate) struct Deaths {
    pub(crate) killed: AtomicU32,
    pub(crate) stopped: AtomicU32,
}

/// Kills the server or lets it stop, and restarts it, until the phase is over.
pub(crate) fn disturb(server: &ServerProcess, deaths: &Deaths, phase: &Phase, seed: u64) -> io::Result<()> {
    let mut random = Random::new(seed);
    while phase.wait(Duration::from_millis(LIFE.0 + random.below(LIFE.1 - LIFE.0))) {
        if random.below(3) == 0 {
            server.stop_and_restart()?;
            deaths.stopped.fetch_add(1, Ordering::Relaxed);
        } else {
            server.kill_and_restart()?;
            deaths.killed.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}
