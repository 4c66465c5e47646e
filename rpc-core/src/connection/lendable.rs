//! The outbound direction of a client's connection. Its owner uses it without a lock, and lends it
//! while it waits for the next item, so that earlier items can leave.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};

use crate::lock::lock;

use super::Outbound;
use super::held_back::Holder;

/// An outbound direction that can be lent to the thread that sends what is held back.
pub(crate) struct Lendable {
    /// `None` while it is lent.
    own: Option<Box<Outbound>>,
    /// Where it is while it is lent.
    lent: Arc<Mutex<Lent>>,
}

#[derive(Default)]
struct Lent {
    outbound: Option<Box<Outbound>>,
    /// The thread came while it was not lent.
    missed: bool,
}

impl Lendable {
    pub(crate) fn new(outbound: Outbound) -> Lendable {
        Lendable { own: Some(Box::new(outbound)), lent: Arc::default() }
    }

    /// Runs `wait`, which may take any time, while the outbound direction is lent.
    pub(crate) fn lend<T>(&mut self, wait: impl FnOnce() -> T) -> T {
        let mut lent = lock(&self.lent);
        // what the missed visit would have done; the thread comes again only if something is left
        if std::mem::take(&mut lent.missed)
            && let Some(own) = &mut self.own
            && !own.send_held()
        {
            own.expect_visit(&self.lent);
        }
        lent.outbound = self.own.take();
        drop(lent);
        let _taken_back = TakeBack(self);
        wait()
    }

    /// Has the thread come: see [`Outbound::expect_visit`].
    pub(crate) fn expect_visit(&mut self) -> bool {
        let lent = Arc::clone(&self.lent);
        Outbound::expect_visit(self, &lent)
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
            // its owner sends what is held back before it lends it
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FrameKind;
    use crate::transport::{ReadHalf, TimeLimit, Transport, memory_pair_with_capacity};
    use std::thread;
    use std::time::{Duration, Instant};

    /// An outbound direction that holds back what is queued, and its other end.
    fn holding(capacity: usize) -> (Lendable, Box<dyn ReadHalf>) {
        let (near, far) = memory_pair_with_capacity(capacity);
        let mut outbound = Lendable::new(Outbound::new(near.into_parts().unwrap().writer));
        outbound.set_time_limit(TimeLimit::Until(None));
        // so that it knows that it can write without blocking
        outbound.frames.write(FrameKind::Data, false, b"").unwrap();
        assert!(outbound.expect_visit());
        (outbound, far.into_parts().unwrap().reader)
    }

    /// Waits until this many bytes have come. Fails if nobody sends them.
    fn await_bytes(far: &mut Box<dyn ReadHalf>, mut count: usize) {
        let until = Some(Instant::now() + Duration::from_secs(60));
        while count > 0 {
            count -= far.read(&mut vec![0; count], until).expect("somebody sends them");
        }
    }

    #[test]
    fn what_is_held_back_leaves_while_its_owner_waits() {
        let (mut outbound, mut far) = holding(1000);
        assert!(outbound.hold_item(b"1\n") && outbound.hold_item(b"2\n"));
        outbound.lend(|| await_bytes(&mut far, 6 + 6 + 4));
        assert!(outbound.frames.is_sent());
    }

    #[test]
    fn a_visit_that_was_missed_is_made_up_for() {
        for capacity in [1000, 12] {
            let (mut outbound, mut far) = holding(capacity);
            await_bytes(&mut far, 6);
            let begun = Instant::now();
            while !lock(&outbound.lent).missed {
                assert!(begun.elapsed() < Duration::from_secs(60), "nobody came");
                thread::yield_now();
            }
            // it still believes that the thread will come
            assert!(outbound.hold_item(b"12345678\n"));
            outbound.lend(|| await_bytes(&mut far, 6 + 9));
            assert!(outbound.frames.is_sent(), "with room for {capacity}");
        }
    }

    #[test]
    fn a_panic_of_what_it_waits_for_gives_it_back() {
        let (mut outbound, mut far) = holding(1000);
        let waits = || outbound.lend(|| panic!("on purpose"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(waits)).is_err());
        outbound.frames.write(FrameKind::Data, true, b"").unwrap();
        await_bytes(&mut far, 12);
    }
}
