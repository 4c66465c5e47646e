//! Breadth first through all states, so that what is wrong is shown by the shortest way to it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::fmt::Write;
use std::rc::Rc;

use super::model::{Bounds, State};

/// What a search went through.
pub(super) struct Found {
    pub(super) states: usize,
    pub(super) transitions: usize,
}

/// Each state, and the one from which it was reached first.
type Seen = HashMap<Rc<State>, Option<Rc<State>>>;

/// Goes through all states; the shortest way to one that is wrong is the error.
pub(super) fn search(bounds: Bounds) -> Result<Found, String> {
    let first = Rc::new(State::new(bounds));
    let mut seen: Seen = HashMap::from([(Rc::clone(&first), None)]);
    let mut waiting = VecDeque::from([first]);
    let mut transitions = 0;
    while let Some(state) = waiting.pop_front() {
        let steps = state.steps();
        if state.is_stuck(&steps) {
            return Err(way_to(&seen, &state, "dead-lock"));
        }
        transitions += steps.len();
        for (_, next) in steps {
            let next = Rc::new(next);
            let Entry::Vacant(entry) = seen.entry(Rc::clone(&next)) else { continue };
            entry.insert(Some(Rc::clone(&state)));
            if let Some(fault) = next.verdict() {
                return Err(way_to(&seen, &next, fault));
            }
            waiting.push_back(next);
        }
    }
    Ok(Found { states: seen.len(), transitions })
}

fn way_to(seen: &Seen, last: &Rc<State>, fault: &str) -> String {
    let mut way = vec![Rc::clone(last)];
    while let Some(Some(before)) = seen.get(&way[way.len() - 1]) {
        way.push(Rc::clone(before));
    }
    way.reverse();
    let mut text = format!("{fault}, by way of\n");
    for pair in way.windows(2) {
        let steps = pair[0].steps();
        let step = steps.iter().find(|(_, next)| *next == *pair[1]).map_or("?", |(what, _)| what);
        // writing to a string does not fail
        _ = writeln!(text, "  {step}");
    }
    _ = writeln!(text, "{last:#?}");
    text
}
