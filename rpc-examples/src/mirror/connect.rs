//! Connects, with time limits that suit a mirror.

use std::time::Duration;

use rpc_core::{Address, Client, ClientConfig, Result};

use super::service::MirrorClient;

/// The server ends a page after a few seconds, but hashes a single file in one go: this is enough
/// for 1 TiB at 300 MB/s.
const LONGEST_REPLY: Duration = Duration::from_secs(3600);

/// Connects to a served tree.
///
/// # Errors
/// If the server cannot be reached.
pub fn connect(address: &Address) -> Result<MirrorClient> {
    let config = ClientConfig::default().reply_timeout(Some(LONGEST_REPLY)).max_idle_connections(1);
    Ok(MirrorClient::new(Client::connect_with(address, config)?))
}
