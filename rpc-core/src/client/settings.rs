//! What a connection has to know of its client's settings.

use std::time::Duration;

use crate::observe::ConfiguredObserver;

/// The settings of a client that concern each of its connections.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) reply_timeout: Option<Duration>,
    pub(crate) stall_timeout: Option<Duration>,
    pub(crate) close_timeout: Option<Duration>,
    pub(crate) max_json_len: usize,
    pub(crate) observer: ConfiguredObserver,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            reply_timeout: Some(Duration::from_secs(300)),
            stall_timeout: Some(Duration::from_secs(120)),
            close_timeout: Some(Duration::from_secs(5)),
            max_json_len: 8 * 1024 * 1024,
            observer: ConfiguredObserver::default(),
        }
    }
}
