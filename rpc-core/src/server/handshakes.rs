//! How many connections of one peer may shake hands at a time.
//!
//! They have no place yet, and each has a thread, of which there are few more than places. Without
//! a limit of its own, a peer that only connects would keep all others out.

use std::sync::Arc;

use super::ServerConfig;
use super::admission::MOST_WAITING;
use super::origin::Origin;
use super::registry::Registry;

/// A connection that shakes hands, as the registry counts it.
pub(super) struct Handshake {
    registry: Arc<Registry>,
    origin: Option<Origin>,
}

impl Handshake {
    /// Begins to count a connection from `origin`, until this is dropped. Returns `None` if that
    /// shakes as many hands as it may: as many as it may have connections, and [`MOST_WAITING`].
    pub(super) fn begin(registry: &Arc<Registry>, origin: Option<Origin>, config: &ServerConfig) -> Option<Handshake> {
        let mut connections = registry.lock();
        if let (Some(origin), Some(max)) = (origin, config.max_connections_per_peer) {
            let from_origin = connections.handshakes.iter().filter(|other| **other == origin).count();
            if from_origin >= max.saturating_add(MOST_WAITING) {
                return None;
            }
        }
        connections.handshakes.extend(origin);
        Some(Handshake { registry: Arc::clone(registry), origin })
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        let handshakes = &mut self.registry.lock().handshakes;
        if let Some(at) = handshakes.iter().position(|other| Some(*other) == self.origin) {
            handshakes.swap_remove(at);
        }
    }
}
