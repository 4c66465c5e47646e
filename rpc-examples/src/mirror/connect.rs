//! Connects, with time limits that suit a mirror.

use std::time::Duration;

use rpc_core::{Address, Client, ClientConfig, Result};

use super::options::CopyOptions;
use super::service::MirrorClient;

/// How long an old server may hash files before it sends a page: enough for 1 TiB at 300 MB/s.
const LONGEST_PAGE: Duration = Duration::from_secs(3600);

/// How long a server may hash a single file before it sends its entry: enough for 256 GiB at 300
/// MB/s. Nothing moves on the listing's stream meanwhile. The streams of files may stand still for
/// as long, because the same client reads them, so a server that vanishes is noticed that late.
const LONGEST_HASHING: Duration = Duration::from_secs(900);

/// Connects to a served tree. While a listing is read, its stream has a connection, and each job
/// of a pull another.
///
/// # Errors
/// If the server cannot be reached.
pub fn connect(address: &Address) -> Result<MirrorClient> {
    connect_with(address, ClientConfig::default())
}

/// Connects with a config whose limits are replaced.
///
/// # Errors
/// As [`connect`].
pub fn connect_with(address: &Address, config: ClientConfig) -> Result<MirrorClient> {
    let config = config
        .reply_timeout(Some(LONGEST_PAGE))
        .stall_timeout(Some(LONGEST_HASHING))
        .max_idle_connections(CopyOptions::MOST_JOBS)
        // the user has written the address
        .allow_exec(true);
    Ok(MirrorClient::new(Client::connect_with(address, config)?))
}
