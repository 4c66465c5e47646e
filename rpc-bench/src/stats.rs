//! Medians, spreads and ratios.

/// The median of some measurements, and the range of their middle half.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// Returns `None` if there are no measurements.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        // interpolates between two measurements
        let quarter = |quarters: usize| {
            let part = (last * quarters % 4) as f64 / 4.0;
            let at = last * quarters / 4;
            values[at] + (values[(at + 1).min(last)] - values[at]) * part
        };
        Some(Spread { low: quarter(1), median: quarter(2), high: quarter(3) })
    }
}

/// Returns the indices of the better half of the candidates by their medians, rounded up, best
/// first. `higher` is whether higher values are better.
pub(crate) fn better_half(candidates: &[Vec<f64>], higher: bool) -> Vec<usize> {
    let medians = candidates.iter().enumerate().filter_map(|(at, values)| {
        let median = Spread::of(values.iter().copied())?.median;
        Some((at, if higher { -median } else { median }))
    });
    let mut ranked: Vec<(usize, f64)> = medians.collect();
    ranked.sort_by(|a, b| a.1.total_cmp(&b.1));
    ranked.truncate(candidates.len().div_ceil(2));
    ranked.into_iter().map(|(at, _)| at).collect()
}

/// Returns how much better ours is; over 1, ours is better.
pub(crate) fn ratio(ours: f64, theirs: f64, higher: bool) -> f64 {
    if higher { ours / theirs } else { theirs / ours }
}

#[cfg(test)]
mod tests {
    use super::{Spread, better_half, ratio};

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(Spread::of([4.0, 1.0, 3.0, 2.0]).unwrap().median, 2.5);
        assert_eq!(Spread::of([7.0, 1.0, 2.0]).unwrap().median, 2.0);
    }

    #[test]
    fn one_lucky_and_one_unlucky_round_do_not_widen_the_middle_half() {
        let spread = Spread::of([900.0, 1.0, 2.0, 3.0, -900.0]).unwrap();
        assert_eq!(spread, Spread { low: 1.0, median: 2.0, high: 3.0 });
        assert_eq!(Spread::of([5.0]).unwrap(), Spread { low: 5.0, median: 5.0, high: 5.0 });
    }

    #[test]
    fn nothing_measured_has_no_median() {
        assert_eq!(Spread::of([]), None);
        assert_eq!(better_half(&[vec![], vec![]], true), [0; 0]);
    }

    #[test]
    fn the_better_half_goes_by_medians_and_not_by_a_lucky_round() {
        let candidates = [vec![1.0, 9.0, 1.0], vec![2.0, 2.0, 2.0], vec![3.0, 3.0]];
        assert_eq!(better_half(&candidates, true), [2, 1]);
        assert_eq!(better_half(&candidates, false), [0, 1]);
        assert_eq!(better_half(&candidates[..2], true), [1]);
    }

    #[test]
    fn a_ratio_over_one_means_that_ours_is_better() {
        assert_eq!(ratio(6.0, 3.0, true), 2.0);
        assert_eq!(ratio(6.0, 3.0, false), 0.5);
    }
}
