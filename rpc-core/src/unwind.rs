//! Panics of users' code, which cost a call or a connection and never more.
//!
//! What a panic carries is a value like any other, and dropping it may panic as well. So only this
//! module catches panics: a thread that drops such a value otherwise ends, and if the thread has no
//! owner, std ends the process.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many panics in dropping the payload of a panic are caught. There may be no end to them: the
/// drop of a payload can panic with another such payload.
const LAYERS: usize = 8;

/// Runs the user's code, and returns `None` if it panics. By then std's hook has printed the
/// message.
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
    // only such a payload is left, and it can only be leaked
    std::mem::forget(left);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::panic_any;

    /// Panics when it is dropped, with another one.
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
