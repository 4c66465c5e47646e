//! What ends the wait for connections on platforms other than Unix. Nothing in std waits for two
//! things at once, so a wait ends every 50 ms.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Ends the wait for connections.
#[derive(Debug)]
pub(super) struct Bell {
    has_rung: AtomicBool,
}

impl Bell {
    #[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
    pub(super) fn new() -> io::Result<Bell> {
        Ok(Bell { has_rung: AtomicBool::new(false) })
    }

    /// Ends each wait, also the later ones.
    pub(super) fn ring(&self) {
        self.has_rung.store(true, Ordering::SeqCst);
    }

    pub(super) fn has_rung(&self) -> bool {
        self.has_rung.load(Ordering::SeqCst)
    }

    /// Waits for a moment, in which a connection may come or the bell may ring.
    #[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
    pub(super) fn wait_or<L>(&self, _listener: &L) -> io::Result<()> {
        std::thread::sleep(Duration::from_millis(50));
        Ok(())
    }
}
