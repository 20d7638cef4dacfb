//! Plans that join an experiment later: they are simulated on the recipients of the replications run so far.

use super::experiment::Experiment;
use super::horizon;
use super::plan_checks::{PlansError, check_pairs, check_plans};
use super::ready::Ready;
use super::rounds;
use super::totals::{IntervalBasis, Totals};
use crate::scenario::Plan;
use crate::sim::{Interrupted, Pairs, Progress};
use std::borrow::Cow;
use std::collections::BTreeSet;

impl Experiment<'_> {
    /// Adds `plans` to those of the scenario, after the earlier ones. They are simulated on the same recipients, in the replications run so
    /// far. Each of `pairs` is compared in addition to the earlier pairs: a new plan and any other, by their indices.
    ///
    /// The results are those of an experiment that had all plans and pairs from the start, and as many replications. Earlier plans are
    /// simulated again only if `pairs` has them and recipients are independent, or if the new plans change the bins of time or are the first
    /// to use what recipients share. Each call prepares all plans anew: add many at once.
    ///
    /// # Errors
    /// [`PlansError`] when the plans or pairs are invalid, or `progress` was asked to stop before the end; nothing has changed then.
    pub fn add_plans(
        &mut self,
        plans: Vec<Plan>,
        pairs: &[(usize, usize)],
        progress: &Progress,
    ) -> Result<(), PlansError> {
        let first = self.ready.scenario.plans.len();
        let mut scenario = self.ready.scenario.clone().into_owned();
        scenario.plans.extend(plans);
        check_plans(&scenario, first)?;
        check_pairs(&scenario, first, pairs)?;
        let timeline = horizon::timeline(&scenario);
        let mut ready = Ready::with_timeline(Cow::Owned(scenario), timeline, progress)?;
        ready.model.pairs = self.ready.model.pairs.iter().chain(pairs.iter().copied()).collect();
        let mut joined = Self::of_ready(ready, self.stopping_rule);
        if joined.is_shared() == self.is_shared() && joined.ready.timeline() == self.ready.timeline() {
            self.join(&mut joined, first, pairs, progress)?;
        } else {
            let replications = self.contended.replications().max(self.independent.replications());
            joined.add_replications(replications, progress)?;
        }
        joined.contended.set_basis();
        *self = joined;
        Ok(())
    }

    /// Fills `joined`, which has the earlier plans and, from `first` on, new ones: from this experiment, and by simulating what it lacks.
    fn join(
        &self,
        joined: &mut Self,
        first: usize,
        pairs: &[(usize, usize)],
        progress: &Progress,
    ) -> Result<(), Interrupted> {
        let new: Vec<_> = (first..joined.ready.scenario.plans.len()).collect();
        if joined.is_shared() {
            let mut added = joined.totals_of(&new, &[], IntervalBasis::Nothing, progress)?;
            rounds::add_contended(&added.ready, &mut added.totals, self.contended.replications(), progress)?;
            let is_contended = joined.contended.ledger.contended;
            joined.contended.ledger = self.contended.ledger.with_plans_of(&added.totals.ledger, 0);
            joined.contended.ledger.contended |= is_contended;
        }
        if joined.is_independent() {
            let earlier = pairs.iter().flat_map(|&(plan, against)| [plan, against]).filter(|&plan| plan < first);
            let again: BTreeSet<_> = earlier.collect();
            let plans: Vec<_> = again.iter().copied().chain(new).collect();
            let mut added = joined.totals_of(&plans, pairs, IntervalBasis::Recipients, progress)?;
            rounds::add_independent(&added.ready, &mut added.totals, self.independent.replications(), progress)?;
            joined.independent.ledger = self.independent.ledger.with_plans_of(&added.totals.ledger, again.len());
        }
        Ok(())
    }

    /// Empty totals for these plans of the scenario alone, and these pairs of them, all by their indices in the scenario.
    fn totals_of(
        &self,
        plans: &[usize],
        pairs: &[(usize, usize)],
        basis: IntervalBasis,
        progress: &Progress,
    ) -> Result<Added, Interrupted> {
        let mut scenario = self.ready.scenario.clone().into_owned();
        scenario.plans = plans.iter().map(|&plan| self.ready.scenario.plans[plan].clone()).collect();
        let mut ready = Ready::with_timeline(Cow::Owned(scenario), self.ready.timeline(), progress)?;
        let index =
            |plan| plans.iter().position(|&other| other == plan).expect("the plans of the pairs are among them");
        ready.model.pairs = pairs.iter().map(|&(plan, against)| (index(plan), index(against))).collect::<Pairs>();
        let (confidence, most) = (self.stopping_rule.confidence, self.stopping_rule.replications.most());
        Ok(Added { totals: Totals::new(&ready, confidence, most, basis), ready })
    }
}

/// Plans that are simulated apart from the others.
struct Added {
    ready: Ready<'static>,
    totals: Totals,
}
