//! Panics of users' code, which cost a call or a connection and never more.
//!
//! What a panic carries is a value like any other, and dropping it may panic as well. So nobody
//! else catches panics: a thread that drops such a value by itself ends, and where its thread has
//! no owner std ends the process.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many panics of dropping what panics carry are caught. A value whose drop makes another such
/// value never ends.
const LAYERS: usize = 8;

/// Runs code of the user's; `None` if it panicked. The panic's message has been printed by the hook
/// of std by then.
pub(crate) fn catch<T>(run: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(outcome) => Some(outcome),
        Err(payload) => {
            discard(payload);
            None
        }
    }
}

fn discard(payload: Box<dyn Any + Send>) {
    let mut left = Some(payload);
    for _ in 0..LAYERS {
        left = left.and_then(|payload| catch_unwind(AssertUnwindSafe(|| drop(payload))).err());
    }
    // nothing is left but of such a value, and leaking that is all that can be done
    std::mem::forget(left);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::panic_any;

    /// Panics when it is dropped, and leaves another one.
    struct Endless;

    impl Drop for Endless {
        fn drop(&mut self) {
            panic_any(Endless)
        }
    }

    #[test]
    fn a_panic_without_end_is_caught() {
        assert_eq!(catch(|| 1), Some(1));
        assert_eq!(catch(|| panic!("on purpose")), None::<()>);
        assert_eq!(catch(|| panic_any(Endless)), None::<()>);
    }
}
