//! What a token does to the connection of a call that it cancels.

use std::sync::{Arc, Mutex, PoisonError};

use crate::transport::{CancelToken, Control, Registered, Wake};

/// Aborts a connection when a token is cancelled, until the connection is released.
pub(super) struct Armed {
    abort: Arc<Abort>,
    _registered: Registered,
}

/// Holds the connection's control until it has been used or the connection is released. Its lock is
/// held while the control is used, so a connection that has been released is not aborted any more.
struct Abort(Mutex<Option<Arc<dyn Control>>>);

impl Abort {
    fn with_control<T>(&self, operate: impl FnOnce(Option<Arc<dyn Control>>) -> T) -> T {
        let mut control = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        operate(control.take())
    }
}

impl Wake for Abort {
    fn wake(&self) {
        self.with_control(|control| control.iter().for_each(|control| control.abort()));
    }
}

impl Armed {
    pub(super) fn new(token: &CancelToken, control: &Arc<dyn Control>) -> Armed {
        let abort = Arc::new(Abort(Mutex::new(Some(Arc::clone(control)))));
        let _registered = token.register(Arc::clone(&abort) as Arc<dyn Wake>);
        Armed { abort, _registered }
    }

    /// Releases the connection. Blocks while it is being aborted, and returns whether it has been.
    pub(super) fn release(self) -> bool {
        self.abort.with_control(|control| control.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::thread;

    #[derive(Default)]
    struct Counted {
        released: AtomicBool,
        aborted: AtomicUsize,
        too_late: AtomicUsize,
    }

    impl Control for Counted {
        fn abort(&self) {
            self.aborted.fetch_add(1, Ordering::SeqCst);
            thread::yield_now();
            if self.released.load(Ordering::SeqCst) {
                self.too_late.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// Otherwise a cancel would end the call of somebody else, to whom the pool has given the
    /// connection.
    #[test]
    fn a_connection_that_was_released_is_not_aborted() {
        let (mut aborted, mut spared) = (0, 0);
        for _ in 0..2_000 {
            let (token, control) = (CancelToken::new(), Arc::new(Counted::default()));
            let armed = Armed::new(&token, &(Arc::clone(&control) as Arc<dyn Control>));
            let was_aborted = thread::scope(|scope| {
                scope.spawn(|| token.cancel());
                scope.spawn(|| token.cancel());
                let was_aborted = armed.release();
                control.released.store(true, Ordering::SeqCst);
                was_aborted
            });
            assert_eq!(control.aborted.load(Ordering::SeqCst), usize::from(was_aborted));
            assert_eq!(control.too_late.load(Ordering::SeqCst), 0);
            *(if was_aborted { &mut aborted } else { &mut spared }) += 1;
        }
        println!("{aborted} were aborted, {spared} were released before");
    }
}
