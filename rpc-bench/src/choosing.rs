//! Chooses the fastest of several ways to do the same on this machine.

use crate::cases::Case;
use crate::pair::{Pair, Sample};
use crate::place::Effort;
use crate::plan::{Outcome, Plan};
use crate::stats::better_half;

/// How many ways run all rounds: some are fast only at times, which a few trials do not show.
const FINALISTS: usize = 2;

/// A remaining way and its rounds.
#[derive(Debug)]
pub(crate) struct Finalist {
    pub(crate) pair: Pair,
    pub(crate) rounds: Vec<Sample>,
}

impl Finalist {
    /// Runs one more round.
    pub(crate) fn round(&mut self, calls: u64) -> Outcome<()> {
        self.rounds.push(self.pair.sample(calls)?);
        Ok(())
    }
}

/// Starts a pair for each plan, tries them in turn, and keeps the better half until [`FINALISTS`]
/// are left.
pub(crate) fn finalists(case: &Case, name: &str, plans: Vec<Plan>, effort: &Effort) -> Outcome<Vec<Finalist>> {
    let mut pairs = plans.into_iter().map(|plan| Pair::start(name, plan)).collect::<Outcome<Vec<_>>>()?;
    let mut tried = vec![Vec::new(); pairs.len()];
    let calls = effort.trial(case.ours.work);
    if pairs.len() > FINALISTS {
        for pair in &mut pairs {
            pair.run(calls)?;
        }
    }
    while pairs.len() > FINALISTS {
        for _ in 0..effort.trials {
            for (pair, tried) in pairs.iter_mut().zip(&mut tried) {
                tried.push(case.metric.of(&pair.sample(calls)?));
            }
        }
        let better = better_half(&tried, case.metric.higher_is_better());
        pairs = take(pairs, &better);
        tried = take(tried, &better);
    }
    Ok(pairs.into_iter().map(|pair| Finalist { pair, rounds: Vec::new() }).collect())
}

/// Returns the one whose rounds have the best median.
pub(crate) fn winner(case: &Case, mut finalists: Vec<Finalist>) -> Outcome<Finalist> {
    let measured = |finalist: &Finalist| finalist.rounds.iter().map(|round| case.metric.of(round)).collect();
    let rounds: Vec<Vec<f64>> = finalists.iter().map(measured).collect();
    let best = better_half(&rounds, case.metric.higher_is_better()).first().copied();
    best.map(|best| finalists.swap_remove(best)).ok_or_else(|| "there is nothing to choose from".into())
}

/// Returns the items at these indices.
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
