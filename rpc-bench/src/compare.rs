//! Measures one case: finds the best ways of the rival, chooses the work of a round, and then runs
//! rounds in turn.

use crate::awake;
use crate::cases::{Case, Side};
use crate::choosing::{self, Finalist};
use crate::costs::{self, Costs};
use crate::pair::{Pair, Sample};
use crate::place::{Effort, Place};
use crate::placement::Placement;
use crate::plan::{Network, Outcome, Plan, Recorded, Subject, Work};
use crate::recorded;
use crate::stats::{Spread, ratio};

/// The result of a case.
#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) ours: Vec<Sample>,
    pub(crate) theirs: Vec<Sample>,
    /// How the rival was tuned.
    pub(crate) tuning: Option<String>,
    /// The costs of ours and of theirs, if the case asks for them.
    pub(crate) costs: Option<(Costs, Costs)>,
}

impl Comparison {
    /// Returns our measurements, theirs, and the ratios of the rounds.
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
        eprintln!("{}: processors may sleep, so rounds will differ more: {error}", case.name);
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
    let mut theirs = choosing::finalists(case, case.peer, plans(&case.theirs), effort)?;
    let mut ours = choosing::finalists(case, "ours", plans(&[case.ours]), effort)?;

    let calls = calls_of_a_round(case, effort, &mut ours, &mut theirs)?;
    for _ in 0..effort.rounds {
        for finalist in ours.iter_mut().chain(&mut theirs) {
            finalist.round(calls)?;
        }
    }
    let mut ours = choosing::winner(case, ours)?;
    let mut theirs = choosing::winner(case, theirs)?;
    let costs = case.costs.then(|| {
        let calls = costs::calls(case.ours.work, effort);
        let costs = |side: &mut Finalist| costs::costs(case, &mut side.pair, &side.rounds, place, calls);
        Outcome::Ok((costs(&mut ours)?, costs(&mut theirs)?))
    });
    let tuning = tuning(case, &theirs.pair);
    Ok(Comparison { ours: ours.rounds, theirs: theirs.rounds, tuning, costs: costs.transpose()? })
}

fn needs_recording(side: Side) -> bool {
    let by_hand = side.client == Subject::ByHand;
    by_hand || (side.client == Subject::Bare && matches!(side.work, Work::Calls { .. }))
}

/// Returns the plan of one side of a case.
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
            Network::Unix | Network::Tls => place.socket(),
            Network::Tcp => std::path::PathBuf::new(),
        },
        recorded: Recorded::default(),
    }
}

/// Returns how many calls take about as long as a round should, after warming up.
fn calls_of_a_round(case: &Case, effort: &Effort, ours: &mut [Finalist], theirs: &mut [Finalist]) -> Outcome<u64> {
    let calls = effort.trial(case.ours.work).next_multiple_of(case.ours.work.calls());
    let mean = |finalists: &mut [Finalist]| -> Outcome<f64> {
        let mut seconds = 0.0;
        for finalist in &mut *finalists {
            finalist.pair.run(calls)?;
            seconds += finalist.pair.run(calls)?;
        }
        Ok(seconds / finalists.len() as f64)
    };
    let seconds = f64::midpoint(mean(ours)?, mean(theirs)?);
    Ok(scaled(calls, seconds, effort.round).next_multiple_of(case.ours.work.calls()))
}

/// Returns the multiple of `calls` that takes about `wanted` seconds if `calls` take `seconds`; at
/// least `calls`.
fn scaled(calls: u64, seconds: f64, wanted: f64) -> u64 {
    let times = (wanted / seconds.max(1e-9)).clamp(1.0, 1e6);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped, and a fraction is cut")]
    let scaled = (times * calls as f64) as u64;
    scaled
}

/// Returns how the rival is tuned and placed, if there was a choice.
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
