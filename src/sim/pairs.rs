//! Which plans are compared with which.

/// The pairs of plans whose differences are counted: all pairs if there are few plans, otherwise each plan against the reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pairs {
    plans: usize,
    /// The plan with which all others are compared; `None` for all pairs.
    reference: Option<usize>,
}

impl Pairs {
    /// With more plans than this, each is compared only with the reference: the number of pairs grows with the square of that of plans.
    pub const MOST_IN_FULL: usize = 20;

    /// The pairs of this many plans; `reference` is the index of the reference plan.
    #[must_use]
    pub fn new(plans: usize, reference: usize) -> Self {
        Self { plans, reference: (plans > Self::MOST_IN_FULL).then_some(reference) }
    }

    /// Whether all pairs are compared.
    #[must_use]
    pub const fn are_all(self) -> bool {
        self.reference.is_none()
    }

    /// The number of pairs.
    #[must_use]
    pub const fn count(self) -> usize {
        match self.reference {
            Some(_) => self.plans - 1,
            None => self.plans * self.plans.saturating_sub(1) / 2,
        }
    }

    /// The pairs, each a plan and the plan it is compared with: plan 1 against 0, then 2 against 0, 2 against 1, and so on; or each
    /// plan other than the reference against the reference.
    pub fn iter(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.plans).flat_map(move |plan| {
            let against = match self.reference {
                Some(reference) if reference == plan => 0..0,
                Some(reference) => reference..reference + 1,
                None => 0..plan,
            };
            against.map(move |against| (plan, against))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_plans_are_all_compared_and_many_with_the_reference() {
        assert_eq!(Pairs::new(3, 2).iter().collect::<Vec<_>>(), [(1, 0), (2, 0), (2, 1)]);
        let many = Pairs::new(30, 4);
        assert_eq!(many.iter().take(6).collect::<Vec<_>>(), [(0, 4), (1, 4), (2, 4), (3, 4), (5, 4), (6, 4)]);
        for pairs in [Pairs::new(0, 0), Pairs::new(1, 0), Pairs::new(20, 3), many] {
            assert_eq!(pairs.iter().count(), pairs.count());
        }
    }
}
