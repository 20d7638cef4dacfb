//! Which plans are compared with which.

use std::sync::Arc;

/// The pairs of plans whose differences are counted, each a plan and the plan that it is compared with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pairs(Arc<[(usize, usize)]>);

impl Pairs {
    /// With more plans than this, each is compared only with the reference: the number of pairs grows with the square of that of plans.
    pub const MOST_IN_FULL: usize = 20;

    /// The usual pairs of this many plans: plan 1 with 0, then 2 with 0, 2 with 1, and so on; or, if there are many plans, each plan other
    /// than the reference with the reference.
    #[must_use]
    pub fn usual(plans: usize, reference: usize) -> Self {
        let against = |plan: usize| match plans {
            0..=Self::MOST_IN_FULL => 0..plan,
            _ if plan == reference => 0..0,
            _ => reference..reference + 1,
        };
        (0..plans).flat_map(|plan| against(plan).map(move |against| (plan, against))).collect()
    }

    /// The number of pairs.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The pairs, in order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<(usize, usize)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (usize, usize)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_plans_are_all_compared_and_many_with_the_reference() {
        assert_eq!(Pairs::usual(3, 2).iter().collect::<Vec<_>>(), [(1, 0), (2, 0), (2, 1)]);
        let many = Pairs::usual(30, 4);
        assert_eq!(many.iter().take(6).collect::<Vec<_>>(), [(0, 4), (1, 4), (2, 4), (3, 4), (5, 4), (6, 4)]);
        let counts = [(0, 0), (1, 0), (20, 190), (21, 20)];
        assert!(counts.iter().all(|&(plans, count)| Pairs::usual(plans, 0).count() == count));
    }
}
