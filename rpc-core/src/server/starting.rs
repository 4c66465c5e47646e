//! A connection from the moment it is accepted: its thread, its handshake, its place and its
//! service.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::connection::DISCARD_TIME;
use crate::observe::Ended;
use crate::transport::{Accepted, PROXY_HEADER_TIME, Parts, TimeLimit};
use crate::unwind;

use super::admission::Admission;
use super::connection::ServerConnection;
use super::handshakes::Handshake;
use super::origin::Origin;
use super::registry::{ConnectionThread, RESET_TIME, Registry, guarded};
use super::{MakeService, ServerConfig};

/// Starts a connection's thread. `make` is `None` if preparing its service has panicked.
pub(super) fn start(
    registry: &Arc<Registry>,
    accepted: Accepted,
    config: &Arc<ServerConfig>,
    make: Option<MakeService>,
) {
    let counted = registry.begin_thread();
    let thread = thread::Builder::new().name("rpc-connection".to_owned()).stack_size(config.stack_size);
    let (registry, config) = (Arc::clone(registry), Arc::clone(config));
    let run = move || {
        let set_up = set_up(accepted, counted, &registry, config, PROXY_HEADER_TIME);
        let Some((connection, _counted)) = set_up else { return };
        let peer = connection.peer.clone();
        let _entered = tracing::debug_span!("rpc_connection", %peer).entered();
        if unwind::catch(|| place_and_serve(connection, &registry, make)).is_none() {
            tracing::error!(%peer, "serving a connection panicked, closing it");
        }
    };
    let started = thread.spawn(|| {
        if unwind::catch(run).is_none() {
            tracing::error!("setting up a connection panicked, closing it");
        }
    });
    if let Err(error) = started {
        tracing::error!(%error, "cannot start a thread for a connection, closing it");
    }
}

/// Takes a connection's transport apart, which may block for a handshake, and registers it. This
/// sends a Reset frame if the server stops. A proxy may take `proxy_limit` to name its client.
fn set_up(
    accepted: Accepted,
    mut counted: ConnectionThread,
    registry: &Arc<Registry>,
    config: Arc<ServerConfig>,
    proxy_limit: Duration,
) -> Option<(ServerConnection, ConnectionThread)> {
    let parts = accepted().inspect_err(|error| tracing::debug!(%error, "a connection could not be set up")).ok()?;
    let peer = parts.peer.clone();
    let parts = config.behind_proxy(parts, proxy_limit).and_then(|parts| secure(parts, registry, &config));
    let parts = parts.inspect_err(|error| tracing::debug!(%peer, %error, "a connection could not be set up")).ok()?;
    let mut connection = ServerConnection::new(parts, config);
    connection.register(registry);
    counted.is_set_up();
    Some((connection, counted))
}

/// Secures a connection, if that is wanted, and its peer does not shake too many hands already.
fn secure(parts: Parts, registry: &Arc<Registry>, config: &ServerConfig) -> io::Result<Parts> {
    if !config.has_tls() {
        return Ok(parts);
    }
    let handshake = Handshake::begin(registry, Origin::of(&parts.peer), config);
    let _handshake = handshake.ok_or_else(|| io::Error::other("its peer shakes as many hands as it may"))?;
    config.secure(parts)
}

/// Serves a connection if there is a place for it, otherwise tells its client that there is none.
fn place_and_serve(connection: ServerConnection, registry: &Registry, make: Option<MakeService>) {
    let origin = Origin::of(&connection.peer);
    match registry.find_place(&connection.lifecycle, origin, &connection.config) {
        Admission::Placed => serve(&Rc::new(connection), make),
        Admission::Refused(reason) => connection.refuse(&reason),
        Admission::TurnedAway => connection.end_within(&Ok(Ended::GivenUp), TimeLimit::total(Some(RESET_TIME))),
        Admission::Stopping => connection.linger(TimeLimit::total(Some(DISCARD_TIME))),
    }
}

/// Makes a connection's service and serves until the connection ends, or refuses the connection.
fn serve(connection: &Rc<ServerConnection>, make: Option<MakeService>) {
    let Some(mut service) = connection.service_or_refusal(make) else { return };
    match connection.run(&mut *service) {
        Ok(ended) => tracing::debug!(%ended, "the connection has ended"),
        Err(error) => {
            let endpoint = connection.endpoint_at_hand();
            tracing::warn!(peer = %connection.peer, endpoint, %error, "the connection failed");
        }
    }
}

/// Sends a Reset frame on each of these connections, on another thread.
pub(super) fn reset_all(queued: Vec<Accepted>, registry: &Arc<Registry>, config: &Arc<ServerConfig>) {
    tracing::debug!(connections = queued.len(), "refusing the connections in the listen queue");
    if config.has_tls() {
        // a client whose handshake fails knows that nothing ran, and handshakes would take too long
        return;
    }
    let queued: Vec<_> = queued.into_iter().map(|accepted| (accepted, registry.begin_thread())).collect();
    let (registry, config) = (Arc::clone(registry), Arc::clone(config));
    let run = move || {
        // what a proxy says came with the connection, and who sends nothing shall hold up nobody
        let proxies_until = Instant::now() + RESET_TIME;
        let set_up = |(accepted, counted)| {
            // one that panics is no reason not to refuse the others
            let left = proxies_until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            unwind::catch(|| set_up(accepted, counted, &registry, Arc::clone(&config), left)).flatten()
        };
        let refused: Vec<_> = queued.into_iter().filter_map(set_up).collect();
        let time_limit = TimeLimit::total(Some(DISCARD_TIME));
        refused.into_iter().for_each(|(connection, _counted)| guarded(|| connection.linger(time_limit)));
    };
    if let Err(error) = thread::Builder::new().name("rpc-refuse".to_owned()).spawn(run) {
        tracing::debug!(%error, "cannot start a thread for refused connections, closing them at once");
    }
}
