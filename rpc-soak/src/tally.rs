//! How calls ended, and what must not have happened.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// How calls of each kind ended.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    ends: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    problems: Mutex<Vec<String>>,
}

/// More are not kept.
const MOST_PROBLEMS: usize = 20;

impl Tally {
    pub(crate) fn count(&self, kind: &'static str, end: &'static str) {
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner).entry((kind, end)).or_default() += 1;
    }

    pub(crate) fn problem(&self, text: String) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        if problems.len() < MOST_PROBLEMS {
            problems.push(text);
        }
    }

    pub(crate) fn into_problems(self) -> Vec<String> {
        self.problems.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last = "";
        for ((kind, end), count) in &*ends {
            if *kind != last {
                write!(f, "{}{kind:>10}:", if last.is_empty() { "" } else { "\n" })?;
                last = kind;
            }
            write!(f, "  {count} {end}")?;
        }
        Ok(())
    }
}
