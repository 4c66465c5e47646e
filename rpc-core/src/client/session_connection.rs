//! The connection of a session.

use std::time::Instant;

use crate::error::{Misuse, Result};

use super::config::ClientConfig;
use super::connection::ClientConnection;
use super::lease::Lease;

/// A connection that is never replaced.
pub(super) struct SessionConnection {
    /// `None` after a failure has cost the connection.
    pub(super) present: Option<Box<ClientConnection>>,
    pub(super) config: ClientConfig,
}

impl SessionConnection {
    pub(super) fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// Returns the connection for a new call, if nothing has come since the last one.
    pub(super) fn lease(&mut self, now: Instant) -> Result<Lease<'_>> {
        let connection = self.present.as_mut().ok_or(Misuse::Closed)?;
        if let Err(error) = connection.check_idle(now) {
            self.present = None;
            return Err(error);
        }
        Ok(Lease::of_session(&mut self.present))
    }
}
