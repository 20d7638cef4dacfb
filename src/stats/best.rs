//! Multiple comparisons with the best.

/// For each of `count` systems, the interval of its mean minus the best mean of the others, more being better; all hold together if the intervals of all
/// pairs do. `pair(i, j)` is the estimate of the mean of i minus that of j, and how far it may be from the truth at most.
///
/// A lower end of 0 shows that a system is the best, or equal to it; an upper end of 0 below a lower end that is not shows that it is not the best. The
/// constrained intervals of J. C. Hsu, "Constrained simultaneous confidence intervals for multiple comparisons with the best", Annals of Statistics 12
/// (1984), 1136–1144, in the form for unequal reaches of D. Edwards and J. C. Hsu, JASA 78 (1983), 965–971.
#[must_use]
pub fn with_the_best(count: usize, pair: impl Fn(usize, usize) -> (f64, f64)) -> Vec<(f64, f64)> {
    let others = |i: usize| (0..count).filter(move |&j| j != i);
    let upper =
        |i: usize| others(i).map(|j| pair(i, j)).map(|(mean, reach)| mean + reach).fold(f64::INFINITY, f64::min);
    let uppers: Vec<f64> = (0..count).map(upper).collect();
    let lower = |i: usize| {
        // Systems that are equal without any doubt are all tied with the best.
        let rivals = others(i).filter(|&j| uppers[j] >= 0.0);
        rivals.map(|j| pair(i, j)).map(|(mean, reach)| mean - reach).fold(0.0, f64::min)
    };
    (0..count).map(|i| (lower(i), uppers[i].max(0.0))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hardness of four blends of paint in Minitab's help on Hsu's method (One-Way ANOVA, "Hsu Simultaneous CIs"), six samples each: means 14.733,
    /// 8.567, 12.983 and 18.067; the intervals of blends 2 and 3 are (-14.5000, 0) and (-10.0833, 0), and neither of the others has an end of 0. The
    /// reach is the one-sided critical value of Dunnett for 3 comparisons and 20 degrees of freedom, 2.19 (Hsu 1996, table E.1), times the pooled standard
    /// deviation and the root of 2/6, which is 5.000 by both intervals.
    #[test]
    fn intervals_are_those_of_a_published_example() {
        let means = [14.7333, 8.5667, 12.9833, 18.0667];
        let intervals = with_the_best(4, |i, j| (means[i] - means[j], 5.0));
        let expected: [(f64, f64); 4] = [(-8.3334, 1.6666), (-14.5, 0.0), (-10.0834, 0.0), (-1.6666, 8.3334)];
        for ((low, high), (least, most)) in intervals.iter().zip(expected) {
            assert!((low - least).abs() < 2e-4 && (high - most).abs() < 2e-4, "{intervals:?}");
        }
    }

    /// A system that is shown to be better than all others has a lower end of 0. Two that are equal in everything are both the best, and what is worse is not.
    #[test]
    fn the_best_is_shown_to_be_the_best() {
        let twins = [3.0_f64, 3.0, 1.0];
        let pair = |i: usize, j: usize| (twins[i] - twins[j], if twins[i] == twins[j] { 0.0 } else { 0.1 });
        assert_eq!(with_the_best(3, pair), [(0.0, 0.0), (0.0, 0.0), (-2.1, 0.0)]);
        let means = [3.0, 1.0, 2.5];
        assert_eq!(with_the_best(3, |i, j| (means[i] - means[j], 0.1)), [(0.0, 0.6), (-2.1, 0.0), (-0.6, 0.0)]);
        assert_eq!(with_the_best(1, |_, _| (0.0, 0.0)), [(0.0, f64::INFINITY)]);
    }
}
