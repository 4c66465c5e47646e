//! The outbound direction of a client's connection. Its owner uses it without a lock, and lends it
//! while it waits for the next item of a stream, so that those before it can leave.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};

use crate::lock::lock;

use super::Outbound;
use super::held_back::Holder;

/// An outbound direction that can be lent to the thread that sends what is held back.
pub(crate) struct Lendable {
    /// `None` while it is lent.
    own: Option<Box<Outbound>>,
    /// Where it is then.
    lent: Arc<Mutex<Lent>>,
}

#[derive(Default)]
struct Lent {
    outbound: Option<Box<Outbound>>,
    /// The thread has come when it was not lent.
    missed: bool,
}

impl Lendable {
    pub(crate) fn new(outbound: Outbound) -> Lendable {
        Lendable { own: Some(Box::new(outbound)), lent: Arc::default() }
    }

    /// Runs `wait`, which may take any time, while the outbound direction is lent.
    pub(crate) fn lend<T>(&mut self, wait: impl FnOnce() -> T) -> T {
        let mut lent = lock(&self.lent);
        if std::mem::take(&mut lent.missed) {
            self.own.iter_mut().for_each(|own| _ = own.send_held());
        }
        lent.outbound = self.own.take();
        drop(lent);
        let _taken_back = TakeBack(self);
        wait()
    }

    /// Returns whether what is queued may be held back: see [`Outbound::may_hold`].
    pub(crate) fn holds(&mut self) -> bool {
        let lent = Arc::clone(&self.lent);
        self.may_hold(&lent)
    }
}

/// Takes it back, also if the user's code panics.
struct TakeBack<'l>(&'l mut Lendable);

impl Drop for TakeBack<'_> {
    fn drop(&mut self) {
        self.0.own = lock(&self.0.lent).outbound.take();
    }
}

impl Holder for Mutex<Lent> {
    fn visit(&self, send: &mut dyn FnMut(&mut Outbound)) -> bool {
        let mut lent = lock(self);
        match &mut lent.outbound {
            Some(outbound) => send(outbound),
            // whoever has it lends it before it waits
            None => lent.missed = true,
        }
        true
    }
}

impl Deref for Lendable {
    type Target = Outbound;

    fn deref(&self) -> &Outbound {
        self.own.as_ref().expect("it is lent only while its owner waits")
    }
}

impl DerefMut for Lendable {
    fn deref_mut(&mut self) -> &mut Outbound {
        self.own.as_mut().expect("it is lent only while its owner waits")
    }
}
