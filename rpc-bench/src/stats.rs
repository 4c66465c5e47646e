//! Medians, and what they are medians of.

/// The middle of some measurements, and how far they are apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) lowest: f64,
    pub(crate) median: f64,
    pub(crate) highest: f64,
}

impl Spread {
    /// `None` without measurements.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[middle]
        } else {
            f64::midpoint(*values.get(middle.checked_sub(1)?)?, values[middle])
        };
        Some(Spread { lowest: *values.first()?, median, highest: *values.last()? })
    }
}

/// Which of several candidates, each measured some times, has the best median. Higher is better where `higher` says so.
pub(crate) fn best(candidates: &[Vec<f64>], higher: bool) -> Option<usize> {
    let medians = candidates.iter().enumerate().filter_map(|(at, values)| {
        let median = Spread::of(values.iter().copied())?.median;
        Some((at, if higher { median } else { -median }))
    });
    medians.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at)
}

/// How much better ours is, where over 1 is better.
pub(crate) fn ratio(ours: f64, theirs: f64, higher: bool) -> f64 {
    if higher { ours / theirs } else { theirs / ours }
}

#[cfg(test)]
mod tests {
    use super::{Spread, best, ratio};

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        let spread = Spread::of([4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!(spread, Spread { lowest: 1.0, median: 2.5, highest: 4.0 });
        assert_eq!(Spread::of([7.0, 1.0, 2.0]).unwrap().median, 2.0);
    }

    #[test]
    fn nothing_measured_has_no_median() {
        assert_eq!(Spread::of([]), None);
        assert_eq!(best(&[vec![], vec![]], true), None);
    }

    #[test]
    fn the_best_candidate_goes_by_medians_and_not_by_a_lucky_round() {
        let candidates = [vec![1.0, 9.0, 1.0], vec![2.0, 2.0, 2.0], vec![]];
        assert_eq!(best(&candidates, true), Some(1));
        assert_eq!(best(&candidates, false), Some(0));
    }

    #[test]
    fn a_ratio_over_one_means_that_ours_is_better() {
        assert_eq!(ratio(6.0, 3.0, true), 2.0);
        assert_eq!(ratio(6.0, 3.0, false), 0.5);
    }
}
