//! Ending calls from another thread.
//!
//! A token knows who waits, and only wakes them: what a cancelled call does to its connection, its
//! own thread decides.

use std::fmt;
#[cfg(unix)]
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::unwind;

#[cfg(unix)]
use super::bell::Bell;

/// Ends calls from another thread: those whose [`CallOptions`](crate::CallOptions::cancel) hold a
/// clone of it.
///
/// A call that is cancelled fails with [`Error::Cancelled`](crate::Error::Cancelled) at once,
/// wherever it waits: for a connection, for a reply, for room to send. As after a deadline, its
/// connection is closed, and the error says whether the request certainly
/// [never ran](crate::Error::never_ran). A call that has not begun fails before anything is sent. A
/// reply's stream that is open is cancelled as if it were dropped: the server stops, and the
/// connection serves the next call if the server answers the cancel within 500 ms.
///
/// `docs/tokio.md` shows how dropping a future cancels its calls.
///
/// Some waits cannot be ended; `docs/cancelling.md` lists them, and what ends them instead.
///
/// A token stays cancelled. It costs a call that does not use one nothing; on Unix one that is used
/// takes up to two descriptors.
///
/// ```
/// use std::thread;
/// use rpc_core::{CallContext, CallOptions, CancelToken, Result, Server, rpc_service};
///
/// #[rpc_service]
/// trait Kitchen {
///     fn cook(&self) -> Result<()>;
/// }
///
/// struct Slow;
///
/// impl Kitchen for Slow {
///     fn cook(&self) -> Result<()> {
///         // a handler that works long asks now and then whether anybody still waits
///         while CallContext::current().is_some_and(|context| !context.caller_is_gone()) {
///             thread::yield_now();
///         }
///         Ok(())
///     }
/// }
///
/// let server = Server::bind("tcp://127.0.0.1:0")?.spawn(KitchenServer::new(Slow))?;
/// let kitchen = KitchenClient::connect(server.address())?;
/// let token = CancelToken::new();
/// let kitchen = KitchenClient::with_options(&kitchen, CallOptions::default().cancel(&token));
/// let waiter = thread::spawn(move || kitchen.cook());
/// token.cancel();
/// assert!(waiter.join().unwrap().unwrap_err().is_cancelled());
/// # Ok::<(), rpc_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct CancelToken(Arc<Shared>);

#[derive(Default)]
struct Shared {
    cancelled: AtomicBool,
    waiting: Mutex<Waiting>,
    /// Its registration with the token whose child it is.
    _of_parent: Option<Registered>,
}

/// A child is cancelled with its parent, if it is still used.
impl Wake for Weak<Shared> {
    fn wake(&self) {
        self.upgrade().iter().for_each(|shared| shared.cancel());
    }
}

/// What is woken up when the token is cancelled.
#[derive(Default)]
struct Waiting {
    wakers: Vec<Arc<dyn Wake>>,
    /// For threads that wait for descriptors.
    #[cfg(unix)]
    bell: Option<Arc<Bell>>,
}

/// Wakes what waits. It may be called when nothing waits any more.
pub(crate) trait Wake: Send + Sync {
    fn wake(&self);
}

impl Wake for Thread {
    fn wake(&self) {
        self.unpark();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cancel(&self) {
        if self.cancelled.swap(true, Ordering::SeqCst) {
            return;
        }
        let waiting = std::mem::take(&mut *self.lock());
        #[cfg(unix)]
        if let Some(bell) = &waiting.bell {
            bell.ring();
        }
        for waker in waiting.wakers {
            // it may run a transport's code
            if unwind::catch(|| waker.wake()).is_none() {
                tracing::error!("a transport panicked when a call was cancelled");
            }
        }
    }
}

impl CancelToken {
    /// Returns a token that is not cancelled.
    pub fn new() -> CancelToken {
        CancelToken::default()
    }

    /// Cancels the calls that use this token or a clone of it, those that begin later as well. Does
    /// not wait until they have ended. Further calls of this method do nothing.
    ///
    /// It takes a lock, so a signal handler must not call it; let a thread wait for the signal
    /// instead.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Returns whether it has been cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// Returns a token that is cancelled when this one is, and can be cancelled alone: for one task
    /// of a program that Ctrl-C ends as a whole, for example.
    ///
    /// ```
    /// use rpc_core::CancelToken;
    ///
    /// let program = CancelToken::new();
    /// let (one, other) = (program.child(), program.child());
    /// one.cancel();
    /// assert!(!program.is_cancelled() && !other.is_cancelled());
    /// program.cancel();
    /// assert!(other.is_cancelled());
    /// ```
    #[must_use]
    pub fn child(&self) -> CancelToken {
        let child = CancelToken(Arc::new_cyclic(|child: &Weak<Shared>| {
            let of_parent = self.register(Arc::new(Weak::clone(child)));
            Shared { _of_parent: Some(of_parent), ..Shared::default() }
        }));
        if self.is_cancelled() {
            child.cancel();
        }
        child
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock()
    }

    /// Has `waker` woken when the token is cancelled, until the guard is dropped. Whoever waits
    /// checks after this whether it has been cancelled already.
    pub(crate) fn register(&self, waker: Arc<dyn Wake>) -> Registered {
        self.lock().wakers.push(Arc::clone(&waker));
        Registered { token: self.clone(), waker }
    }

    /// Has this thread unparked when the token is cancelled, until the guard is dropped.
    pub(crate) fn unpark_this_thread(&self) -> Registered {
        self.register(Arc::new(thread::current()))
    }

    /// Blocks for this time, or until the token is cancelled.
    pub(crate) fn sleep(&self, time: Duration) {
        let _registered = self.unpark_this_thread();
        let until = Instant::now() + time;
        while !self.is_cancelled() {
            match until.saturating_duration_since(Instant::now()) {
                Duration::ZERO => return,
                left => thread::park_timeout(left),
            }
        }
    }

    /// Returns what rings when the token is cancelled, unless that has happened before.
    #[cfg(unix)]
    pub(super) fn bell(&self) -> io::Result<Arc<Bell>> {
        let mut waiting = self.lock();
        if let Some(bell) = &waiting.bell {
            return Ok(Arc::clone(bell));
        }
        let bell = Arc::new(Bell::new()?);
        waiting.bell = Some(Arc::clone(&bell));
        Ok(bell)
    }
}

/// Forgets a waker when it is dropped.
pub(crate) struct Registered {
    token: CancelToken,
    waker: Arc<dyn Wake>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut waiting = self.token.lock();
        if let Some(at) = waiting.wakers.iter().position(|other| Arc::ptr_eq(other, &self.waker)) {
            waiting.wakers.swap_remove(at);
        }
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CancelToken").field(&self.is_cancelled()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_ends_with_its_parent_and_not_the_reverse() {
        let parent = CancelToken::new();
        let (child, grandchild) = (parent.child(), parent.child().child());
        child.cancel();
        assert!(!parent.is_cancelled() && !grandchild.is_cancelled());
        let kept = grandchild.clone();
        drop(grandchild);
        parent.cancel();
        assert!(kept.is_cancelled() && parent.child().is_cancelled());
    }

    /// A program makes one for each of its tasks.
    #[test]
    fn a_parent_forgets_its_children() {
        let parent = CancelToken::new();
        let child = parent.child();
        drop((parent.child(), child.child()));
        assert_eq!(parent.lock().wakers.len(), 1);
        drop(child);
        assert_eq!(parent.lock().wakers.len(), 0);
    }

    #[test]
    fn a_parent_that_is_cancelled_meanwhile_is_noticed() {
        for _ in 0..1_000 {
            let parent = CancelToken::new();
            thread::scope(|scope| {
                scope.spawn(|| parent.cancel());
                let child = parent.child();
                while !child.is_cancelled() {
                    thread::yield_now();
                }
            });
        }
    }
}
