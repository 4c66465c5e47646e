//! How long a mirror's calls may take.

use std::time::Duration;

use rpc_core::{Address, Client, ClientConfig, Result};

use super::service::MirrorClient;

/// A page ends soon after some seconds, but a single file is hashed in one go: this is enough for 1 TiB at 300 MB/s.
const LONGEST_REPLY: Duration = Duration::from_secs(3600);

/// Connects to a served tree.
///
/// # Errors
/// Where nothing listens there, or it cannot be reached.
pub fn connect(address: &Address) -> Result<MirrorClient> {
    let config = ClientConfig::default().reply_timeout(Some(LONGEST_REPLY)).max_idle_connections(1);
    Ok(MirrorClient::new(Client::connect_with(address, config)?))
}
