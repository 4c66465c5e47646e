//! Which of several ways to do the same is the fastest on this machine.

use crate::cases::Case;
use crate::pair::Pair;
use crate::place::Effort;
use crate::plan::{Outcome, Plan};
use crate::stats::better_half;

/// Starts a pair for each plan, tries them in turn, and keeps the better half until one is left.
pub(crate) fn best(case: &Case, name: &str, plans: Vec<Plan>, effort: &Effort) -> Outcome<Pair> {
    let mut pairs = plans.into_iter().map(|plan| Pair::start(name, plan)).collect::<Outcome<Vec<_>>>()?;
    let mut tried = vec![Vec::new(); pairs.len()];
    let calls = effort.trial(case.ours.work);
    if pairs.len() > 1 {
        for pair in &mut pairs {
            pair.run(calls)?;
        }
    }
    while pairs.len() > 1 {
        for _ in 0..effort.trials {
            for (pair, tried) in pairs.iter_mut().zip(&mut tried) {
                tried.push(case.metric.of(&pair.sample(calls)?));
            }
        }
        let better = better_half(&tried, case.metric.higher_is_better());
        pairs = take(pairs, &better);
        tried = take(tried, &better);
    }
    pairs.pop().ok_or_else(|| "there is nothing to choose from".into())
}

/// The items at these places.
fn take<T>(items: Vec<T>, places: &[usize]) -> Vec<T> {
    let chosen = items.into_iter().enumerate().filter(|(at, _)| places.contains(at));
    chosen.map(|(_, item)| item).collect()
}

#[cfg(test)]
mod tests {
    use super::take;

    #[test]
    fn what_is_not_taken_is_dropped_and_the_order_stays() {
        assert_eq!(take(vec!['a', 'b', 'c', 'd'], &[3, 1]), ['b', 'd']);
    }
}
