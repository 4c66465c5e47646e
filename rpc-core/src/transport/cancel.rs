//! Ending calls from another thread.
//!
//! A token knows who waits, and only wakes them: what a cancelled call does to its connection, its
//! own thread decides.

use std::collections::BTreeMap;
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
/// [never ran](crate::Error::never_ran). A call that has not begun fails before anything is sent.
///
/// A reply's stream that is open is cancelled as if it were dropped: the server stops, and the
/// connection serves the next call. A read that waits returns when the server has answered the
/// cancel. If that takes more than a tenth of the client's
/// [`close_timeout`](crate::ClientConfig::close_timeout), 500 ms by default, because the handler's
/// own source blocks, the read returns then, and the connection is closed.
///
/// `docs/tokio.md` shows how dropping a future cancels its calls.
///
/// Some waits cannot be ended; `docs/cancelling.md` lists them, and what ends them instead.
///
/// A token stays cancelled. It costs a call that does not use one nothing. On Unix, one whose calls
/// use sockets has two descriptors until it is cancelled or dropped, and a child has its own. If
/// the system has none left, calls are cancelled all the same, but streams are then cut.
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
    /// The token whose child this is, and the number of its registration there.
    parent: Option<(CancelToken, u64)>,
}

/// What is woken up when the token is cancelled.
#[derive(Default)]
struct Waiting {
    wakers: BTreeMap<u64, Waker>,
    /// The number of registrations so far.
    registered: u64,
    /// For threads that wait for descriptors.
    #[cfg(unix)]
    bell: Option<Arc<Bell>>,
}

enum Waker {
    Wakes(Arc<dyn Wake>),
    /// A child is cancelled with its parent, if it is still used.
    Cancels(Weak<Shared>),
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

    fn register(&self, waker: Waker) -> u64 {
        let mut waiting = self.lock();
        waiting.registered += 1;
        let number = waiting.registered;
        waiting.wakers.insert(number, waker);
        number
    }

    /// Cancels this token without its children, which it returns.
    fn cancel_alone(&self) -> Vec<Weak<Shared>> {
        if self.cancelled.swap(true, Ordering::SeqCst) {
            return Vec::new();
        }
        let mut waiting = self.lock();
        let wakers = std::mem::take(&mut waiting.wakers);
        #[cfg(unix)]
        let bell = waiting.bell.take();
        drop(waiting);
        #[cfg(unix)]
        bell.iter().for_each(|bell| bell.ring());
        let mut children = Vec::new();
        for waker in wakers.into_values() {
            match waker {
                Waker::Cancels(child) => children.push(child),
                // it may run a transport's code
                Waker::Wakes(waker) => {
                    if unwind::catch(|| waker.wake()).is_none() {
                        tracing::error!("a transport panicked when a call was cancelled");
                    }
                }
            }
        }
        children
    }
}

impl Drop for Shared {
    /// Leaves its parent, and drops the ancestors that only this token has kept: one after the
    /// other, because there may be any number of them.
    fn drop(&mut self) {
        let mut link = self.parent.take();
        while let Some((CancelToken(parent), number)) = link {
            parent.lock().wakers.remove(&number);
            link = Arc::into_inner(parent).and_then(|mut parent| parent.parent.take());
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
        let mut children = self.0.cancel_alone();
        while let Some(child) = children.pop() {
            children.extend(child.upgrade().map(|child| child.cancel_alone()).unwrap_or_default());
        }
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
        let child = CancelToken(Arc::new_cyclic(|child| {
            let number = self.0.register(Waker::Cancels(Weak::clone(child)));
            let (cancelled, waiting) = Default::default();
            Shared { cancelled, waiting, parent: Some((self.clone(), number)) }
        }));
        if self.is_cancelled() {
            child.cancel();
        }
        child
    }

    /// Has `waker` woken when the token is cancelled, until the guard is dropped. Whoever waits
    /// checks after this whether it has been cancelled already.
    pub(crate) fn register(&self, waker: Arc<dyn Wake>) -> Registered {
        Registered { token: self.clone(), number: self.0.register(Waker::Wakes(waker)) }
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
        let mut waiting = self.0.lock();
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
    number: u64,
}

impl Drop for Registered {
    fn drop(&mut self) {
        let waker = self.token.0.lock().wakers.remove(&self.number);
        // it may be the last owner of a transport's control, so not under the lock
        drop(waker);
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
        assert_eq!(parent.0.lock().wakers.len(), 1);
        drop(child);
        assert_eq!(parent.0.lock().wakers.len(), 0);
    }

    /// As a loop makes that replaces its token by a child of it. Each would drop or cancel the next
    /// on the stack.
    #[test]
    fn a_long_line_of_children_is_no_recursion() {
        let first = CancelToken::new();
        let mut last = first.child();
        for _ in 0..200_000 {
            last = last.child();
        }
        let other = last.clone();
        drop(last);
        first.cancel();
        assert!(other.is_cancelled());
        drop(other);
        assert_eq!(Arc::strong_count(&first.0), 1);
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
