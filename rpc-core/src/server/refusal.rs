//! Refuses a whole connection: its caller hears why, and that nothing ran.
//!
//! A Reset frame would say the latter only. So the server waits for a request that it can reply to,
//! but not for long: a refused client must not hold a thread.

use std::time::Duration;

use crate::connection::{ServerTurn, Wanted};
use crate::error::{Error, Fate, Operation, Result};
use crate::message::{ReplyHeader, RequestHeader};
use crate::observe::{ConnectionInfo, Ended, Side};
use crate::transport::TimeLimit;
use crate::unwind;

use super::MakeService;
use super::connection::ServerConnection;
use super::dispatch::Dispatch;
use super::refused::Refused;
use crate::lock::lock;

/// How long a refused client may take to send the header of its first request, and after that to
/// take the reply and close. Most clients connect because they have a call to make, so its header
/// comes after a round trip; this is enough for one over a slow network whose packets are lost. A
/// client that connects for later hears no reason, and opens another connection when it needs one.
const REFUSAL_TIME: Duration = Duration::from_secs(2);

impl ServerConnection {
    /// Makes the connection's service. If that panics, or the peer is refused, refuses the
    /// connection and returns `None`; `make` is `None` if preparing it has panicked.
    pub(super) fn service_or_refusal(&self, make: Option<MakeService>) -> Option<Box<dyn Dispatch>> {
        const NO_HANDLER: &str = "the server could not make a handler for this connection";
        let reason = match make.and_then(|make| unwind::catch(|| self.made(make(&self.peer)))) {
            Some(Ok(service)) => return Some(service),
            Some(Err(refused)) => refused,
            None => {
                tracing::error!(peer = %self.peer, "making the service of a connection panicked");
                Refused::new(NO_HANDLER)
            }
        };
        self.refuse(&reason.to_string());
        None
    }

    /// Checks a service that was made for this connection, and notes what it offers.
    fn made(&self, made: Result<Box<dyn Dispatch>, Refused>) -> Result<Box<dyn Dispatch>, Refused> {
        let service = made?;
        let contracts = service.contracts();
        contracts.check().map_err(|shared| Refused::new(shared.to_string()))?;
        self.offer(contracts);
        Ok(service)
    }

    /// Answers the first request, whatever it asks for, by refusing the connection, and closes. If
    /// there is no request in time, or what comes is none, sends a Reset frame and closes.
    ///
    /// Blocks for at most twice [`REFUSAL_TIME`], and less if the limits of the configuration are
    /// shorter.
    pub(super) fn refuse(&self, reason: &str) {
        let config = &self.config;
        tracing::debug!(peer = %self.peer, reason, "refusing the connection");
        let connection = ConnectionInfo::new(Side::Server, &self.peer);
        config.observer.tell_of(Some(&self.peer), None, |observer| observer.connection_refused(&connection, reason));
        if let Some(registry) = &self.registry {
            registry.free_place(&self.lifecycle);
        }
        let waiting = at_most([config.idle_timeout, config.request_timeout]);
        let ended = self.read_header(waiting, waiting);
        let outcome = ended.and_then(|ended| ended.map_or_else(|| self.queue_refusal(reason), Ok));
        self.end_within(&outcome, at_most([config.stall_timeout]));
        match outcome {
            Ok(ended) => tracing::debug!(?ended, "the refused connection has ended"),
            Err(error) => tracing::debug!(%error, "the refused connection failed"),
        }
    }

    /// Queues the reply to the request whose header has been read. The Reset frame that closes the
    /// connection leaves in the same write; it tells the client that nothing behind this request
    /// has run either.
    fn queue_refusal(&self, reason: &str) -> Result<Ended> {
        let header = self.header.borrow();
        let request =
            RequestHeader::decode(&header).map_err(|violation| Error::Protocol { violation, fate: Fate::LOST })?;
        if ServerTurn::new(&request).wanted == Wanted::Close {
            return Ok(self.acknowledge_close());
        }
        let queued = lock(&self.outbound).queue_reply(&ReplyHeader::not_run(reason));
        queued.map_err(|error| Error::from_message(error.into(), Operation::Sending, None, Fate::LOST))?;
        Ok(Ended::GivenUp)
    }
}

/// Allows [`REFUSAL_TIME`] from now, or the shortest of these limits.
fn at_most<const N: usize>(limits: [Option<Duration>; N]) -> TimeLimit {
    TimeLimit::total(limits.into_iter().flatten().chain([REFUSAL_TIME]).min())
}
