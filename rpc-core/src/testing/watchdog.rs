//! A test that hangs fails by its name.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Runs a test on a thread of its own, and panics with the test's name if it has not ended within 110 s: less than the limits at
/// which a stream that stalls ends by default, and enough for a busy machine.
///
/// # Panics
/// As the test does, or when it hangs.
pub fn watchdog<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    watchdog_with_limit(Duration::from_secs(110), test)
}

/// As [`watchdog`], with a limit for tests that move much.
///
/// # Panics
/// As the test does, or when it hangs.
pub fn watchdog_with_limit<T: Send + 'static>(limit: Duration, test: impl FnOnce() -> T + Send + 'static) -> T {
    let name = thread::current().name().unwrap_or("a test").to_owned();
    let (ended, end) = mpsc::channel();
    let running = thread::Builder::new()
        .name(name.clone())
        .spawn(move || {
            let outcome = test();
            // nobody listens any more where the limit has passed
            _ = ended.send(());
            outcome
        })
        .expect("a thread for the test");
    if end.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("{name} hangs: it has not ended within {limit:?}");
    }
    running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
