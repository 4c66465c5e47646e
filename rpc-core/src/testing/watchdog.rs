//! Makes a test that hangs fail by its name.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Runs a test on a thread of its own, and panics with the test's name if it has not ended within
/// 110 s: less than the default limits at which a stream that stalls ends, and enough for a busy
/// machine.
///
/// # Panics
/// If the test panics or hangs.
pub fn watchdog<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    watchdog_with_limit(Duration::from_secs(110), test)
}

/// Runs a test as [`watchdog`] does, with another limit, for tests that move many bytes.
///
/// # Panics
/// If the test panics or hangs.
pub fn watchdog_with_limit<T: Send + 'static>(limit: Duration, test: impl FnOnce() -> T + Send + 'static) -> T {
    let name = thread::current().name().unwrap_or("a test").to_owned();
    let (ended, end) = mpsc::channel();
    let running = thread::Builder::new()
        .name(name.clone())
        .spawn(move || {
            let outcome = test();
            // nobody listens any more if the limit has passed
            _ = ended.send(());
            outcome
        })
        .expect("a thread for the test");
    if end.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("{name} hangs: it has not ended within {limit:?}");
    }
    running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
