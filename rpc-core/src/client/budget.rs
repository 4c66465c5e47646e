//! How many calls may be repeated.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Error, Result};

/// What one repeated call costs, in the parts that an answered call gives back.
const COST: u32 = 10;

/// Bounds the calls that are repeated, so that a client never adds much to the load of servers that
/// fail.
pub(super) struct RetryBudget {
    left: AtomicU32,
    most: u32,
}

impl RetryBudget {
    /// Creates a budget of this many calls, which is full.
    pub(super) fn new(calls: u32) -> RetryBudget {
        let most = calls.saturating_mul(COST);
        RetryBudget { left: AtomicU32::new(most), most }
    }

    /// Pays for a repeated call. Returns `false` if too little is left.
    pub(super) fn pay(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(COST)).is_ok()
    }

    /// Notes how a call has ended: an answered one gives a part back.
    pub(super) fn saw<T>(&self, outcome: &Result<T>) {
        if let Ok(_) | Err(Error::Remote(_)) = outcome {
            self.answered();
        }
    }

    fn answered(&self) {
        if self.left.load(Ordering::Relaxed) < self.most {
            let more = |left: u32| (left < self.most).then_some(left + 1);
            _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_answers_earn_a_repeated_call() {
        let budget = RetryBudget::new(2);
        budget.answered();
        assert!(budget.pay() && budget.pay() && !budget.pay());
        (0..9).for_each(|_| budget.answered());
        assert!(!budget.pay());
        budget.answered();
        assert!(budget.pay() && !budget.pay());
        (0..100).for_each(|_| budget.answered());
        assert!(budget.pay() && budget.pay() && !budget.pay(), "no more than at first");
    }

    #[test]
    fn an_empty_budget_repeats_nothing() {
        let budget = RetryBudget::new(0);
        budget.answered();
        assert!(!budget.pay());
    }
}
