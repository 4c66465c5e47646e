//! How one case is measured: the best rival is found, the work of a round chosen, and then it is turn about.

use crate::awake;
use crate::cases::{Case, Side};
use crate::costs::{self, Costs};
use crate::pair::{Pair, Sample};
use crate::place::{Effort, Place};
use crate::plan::{Network, Outcome, Plan, Recorded, Subject, Work};
use crate::recorded;
use crate::stats::{Spread, better_half, ratio};

/// What a case came to.
#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) ours: Vec<Sample>,
    pub(crate) theirs: Vec<Sample>,
    /// How the rival was tuned.
    pub(crate) tuning: Option<String>,
    /// What it costs, for ours and for theirs, where that is asked for.
    pub(crate) costs: Option<(Costs, Costs)>,
}

impl Comparison {
    /// Our measurements, theirs, and the ratios round by round.
    pub(crate) fn figures(&self, case: &Case) -> Option<Figures> {
        let metric = case.metric;
        let of = |samples: &[Sample]| Spread::of(samples.iter().map(|sample| metric.of(sample)));
        let rounds = self.ours.iter().zip(&self.theirs);
        let ratios = rounds.map(|(a, b)| ratio(metric.of(a), metric.of(b), metric.higher_is_better()));
        Some(Figures { ours: of(&self.ours)?, theirs: of(&self.theirs)?, ratio: Spread::of(ratios)? })
    }
}

/// The figures of a case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) ours: Spread,
    pub(crate) theirs: Spread,
    /// Over 1, ours is better.
    pub(crate) ratio: Spread,
}

/// Measures a case.
pub(crate) fn compare(case: &Case, effort: &Effort, place: &Place) -> Outcome<Comparison> {
    let _awake = case.sleepless().then(awake::keep_awake).transpose().unwrap_or_else(|error| {
        eprintln!("{} has processors that may sleep, so its rounds will differ more: {error}", case.name);
        None
    });
    let mut plan = plan(case, case.ours, effort, place);
    if case.theirs.iter().any(|side| needs_recording(*side)) {
        plan.recorded = recorded::record(&plan)?;
    }
    let recorded = plan.recorded.clone();
    let mut theirs = best_rival(case, effort, place, &recorded)?;
    let mut ours = Pair::start("ours", plan)?;

    let calls = calls_of_a_round(case, effort, &mut ours, &mut theirs)?;
    let mut comparison =
        Comparison { ours: Vec::new(), theirs: Vec::new(), tuning: tuning(case, &theirs), costs: None };
    for _ in 0..effort.rounds {
        comparison.ours.push(ours.sample(calls)?);
        comparison.theirs.push(theirs.sample(calls)?);
    }
    if case.costs {
        let calls = costs::calls(case.ours.work, effort);
        let ours = costs::costs(case, &mut ours, &comparison.ours, place, calls)?;
        let theirs = costs::costs(case, &mut theirs, &comparison.theirs, place, calls)?;
        comparison.costs = Some((ours, theirs));
    }
    Ok(comparison)
}

fn needs_recording(side: Side) -> bool {
    let by_hand = side.client == Subject::ByHand;
    by_hand || (side.client == Subject::Bare && matches!(side.work, Work::Calls { .. }))
}

/// What one side of a case does.
pub(crate) fn plan(case: &Case, side: Side, effort: &Effort, place: &Place) -> Plan {
    Plan {
        server: side.server,
        client: side.client,
        work: side.work,
        network: case.network,
        tuning: side.tuning,
        placement: case.placement,
        bytes: effort.bytes(side.work),
        source: place.source(),
        sink: place.sink(),
        socket: match case.network {
            Network::Unix => place.socket(),
            Network::Tcp => std::path::PathBuf::new(),
        },
        recorded: Recorded::default(),
    }
}

/// Starts the rival in each tuning, tries them in turn, and keeps the better half until one is left.
fn best_rival(case: &Case, effort: &Effort, place: &Place, recorded: &Recorded) -> Outcome<Pair> {
    let started = case.theirs.iter().map(|side| {
        let plan = Plan { recorded: recorded.clone(), ..plan(case, *side, effort, place) };
        Pair::start(case.peer, plan)
    });
    let mut pairs = started.collect::<Outcome<Vec<Pair>>>()?;
    let mut tried = vec![Vec::new(); pairs.len()];
    if pairs.len() > 1 {
        for pair in &mut pairs {
            pair.run(trial(case, effort))?;
        }
    }
    while pairs.len() > 1 {
        for _ in 0..effort.trials {
            for (pair, tried) in pairs.iter_mut().zip(&mut tried) {
                tried.push(case.metric.of(&pair.sample(trial(case, effort))?));
            }
        }
        let better = better_half(&tried, case.metric.higher_is_better());
        pairs = take(pairs, &better);
        tried = take(tried, &better);
    }
    pairs.pop().ok_or_else(|| "there is no rival".into())
}

/// The items at these places.
fn take<T>(items: Vec<T>, places: &[usize]) -> Vec<T> {
    let chosen = items.into_iter().enumerate().filter(|(at, _)| places.contains(at));
    chosen.map(|(_, item)| item).collect()
}

/// Calls in a trial.
fn trial(case: &Case, effort: &Effort) -> u64 {
    match case.ours.work {
        Work::Calls { .. } => effort.trial_calls,
        Work::Down(_) | Work::Up => 1,
    }
}

/// How many calls take about as long as a round should, with both sides warm.
fn calls_of_a_round(case: &Case, effort: &Effort, ours: &mut Pair, theirs: &mut Pair) -> Outcome<u64> {
    let calls = trial(case, effort).next_multiple_of(case.ours.work.calls());
    ours.run(calls)?;
    theirs.run(calls)?;
    let seconds = f64::midpoint(ours.run(calls)?, theirs.run(calls)?);
    Ok(scaled(calls, seconds, effort.round).next_multiple_of(case.ours.work.calls()))
}

/// As many times `calls` as take `wanted` seconds where once takes `seconds`; at least once.
fn scaled(calls: u64, seconds: f64, wanted: f64) -> u64 {
    let times = (wanted / seconds.max(1e-9)).clamp(1.0, 1e6);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped, and a fraction is cut")]
    let scaled = (times * calls as f64) as u64;
    scaled
}

/// How the rival is tuned, where there was a choice.
fn tuning(case: &Case, theirs: &Pair) -> Option<String> {
    (case.theirs.len() > 1).then(|| theirs.plan.tuning.to_string())
}

#[cfg(test)]
mod tests {
    use super::{scaled, take};

    #[test]
    fn what_is_not_taken_is_dropped_and_the_order_stays() {
        assert_eq!(take(vec!['a', 'b', 'c', 'd'], &[3, 1]), ['b', 'd']);
    }

    #[test]
    fn the_work_of_a_round_grows_with_the_time_wanted_and_is_never_nothing() {
        assert_eq!(scaled(100, 0.1, 0.5), 500);
        assert_eq!(scaled(1, 0.4, 0.7), 1);
        assert_eq!(scaled(1, 3.0, 0.7), 1);
        assert_eq!(scaled(10, 0.0, 0.0), 10);
    }
}
