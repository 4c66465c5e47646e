//! How one case is measured: the best rival is found, the work of a round chosen, and then it is turn about.

use crate::awake;
use crate::cases::{Case, Side};
use crate::choosing;
use crate::costs::{self, Costs};
use crate::pair::{Pair, Sample};
use crate::place::{Effort, Place};
use crate::placement::Placement;
use crate::plan::{Network, Outcome, Plan, Recorded, Subject, Work};
use crate::recorded;
use crate::stats::{Spread, ratio};

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
    let recorded = if case.theirs.iter().any(|side| needs_recording(*side)) {
        recorded::record(&plan(case, case.ours, Placement::Free, effort, place))?
    } else {
        Recorded::default()
    };
    let plans = |sides: &[Side]| {
        let places = case.placements.iter().flat_map(|placement| sides.iter().map(move |side| (*side, *placement)));
        let plans = places.map(|(side, placement)| plan(case, side, placement, effort, place));
        plans.map(|plan| Plan { recorded: recorded.clone(), ..plan }).collect::<Vec<_>>()
    };
    let mut theirs = choosing::best(case, case.peer, plans(&case.theirs), effort)?;
    let mut ours = choosing::best(case, "ours", plans(&[case.ours]), effort)?;

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
pub(crate) fn plan(case: &Case, side: Side, placement: Placement, effort: &Effort, place: &Place) -> Plan {
    Plan {
        server: side.server,
        client: side.client,
        work: side.work,
        network: case.network,
        tuning: side.tuning,
        placement,
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

/// How many calls take about as long as a round should, with both sides warm.
fn calls_of_a_round(case: &Case, effort: &Effort, ours: &mut Pair, theirs: &mut Pair) -> Outcome<u64> {
    let calls = effort.trial(case.ours.work).next_multiple_of(case.ours.work.calls());
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

/// How the rival is tuned and placed, where there was a choice.
fn tuning(case: &Case, theirs: &Pair) -> Option<String> {
    let tuning = (case.theirs.len() > 1).then(|| theirs.plan.tuning.to_string());
    let placement = (case.placements.len() > 1).then(|| theirs.plan.placement.to_string());
    let chosen: Vec<String> = tuning.into_iter().chain(placement).collect();
    (!chosen.is_empty()).then(|| chosen.join(", "))
}

#[cfg(test)]
mod tests {
    use super::scaled;

    #[test]
    fn the_work_of_a_round_grows_with_the_time_wanted_and_is_never_nothing() {
        assert_eq!(scaled(100, 0.1, 0.5), 500);
        assert_eq!(scaled(1, 0.4, 0.7), 1);
        assert_eq!(scaled(1, 3.0, 0.7), 1);
        assert_eq!(scaled(10, 0.0, 0.0), 10);
    }
}
