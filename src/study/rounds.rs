//! Runs as many replications of a scenario as needed, or two scenarios in lock-step.

use super::groups::Groups;
use super::precision::{StoppingRule, next_round};
use super::ready::{Ready, for_each_plan};
use super::totals::{IntervalBasis, Totals};
use crate::sim::{self, Interrupted, PairTally, Progress, SECTIONS};

/// Runs the missing replications up to `until`, exclusive, with independent recipients.
pub(super) fn add_independent(
    ready: &Ready<'_>,
    totals: &mut Totals,
    until: u32,
    progress: &Progress,
) -> Result<(), Interrupted> {
    progress.plan(ready.simulated_recipients() * u64::from(until.saturating_sub(totals.replications())));
    let all: Vec<_> = (0..SECTIONS).collect();
    for replication in totals.replications()..until {
        let streams = ready.independent_run(replication, &all, progress)?;
        totals.add(ready, streams);
    }
    Ok(())
}

/// Runs the missing replications up to `until`, exclusive, with contended recipients.
pub(super) fn add_contended(
    ready: &Ready<'_>,
    totals: &mut Totals,
    until: u32,
    progress: &Progress,
) -> Result<(), Interrupted> {
    progress.plan(ready.simulated_recipients() * u64::from(until.saturating_sub(totals.replications())));
    while totals.replications() < until {
        let first = totals.replications();
        let round = ready.at_once().min(until - first);
        for replication in ready.contended_runs(first..first + round, progress)? {
            totals.add_runs(ready, replication);
        }
    }
    totals.set_basis();
    Ok(())
}

/// Runs as many replications as wanted with contended recipients, whether or not they can affect one another.
pub(super) fn run_contended(
    ready: &Ready<'_>,
    stopping_rule: &StoppingRule,
    progress: &Progress,
) -> Result<Totals, Interrupted> {
    let mut totals =
        Totals::new(ready, stopping_rule.confidence, stopping_rule.replications.most(), IntervalBasis::Nothing);
    while let Some(until) = next_round(&totals, &ready.scenario, stopping_rule) {
        add_contended(ready, &mut totals, until, progress)?;
    }
    Ok(totals)
}

/// The totals of two scenarios run in lock-step, with independent recipients.
pub(super) struct Lockstep {
    pub(super) totals: [Totals; 2],
    /// For each group of the first scenario and each pair of plans, the recipients whose results differ.
    pub(super) pairs: Vec<Vec<PairTally>>,
    /// For each pair of plans, the first recipient who differs in anything.
    pub(super) differing: Vec<Option<First>>,
}

/// The first difference: in which replication, which pair of streams and which recipient.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct First {
    pub(super) replication: u32,
    pub(super) stream: usize,
    pub(super) recipient: u64,
}

/// Runs two scenarios with the same streams in lock-step, `replications` times, under `plan_pairs` of plans, one from each scenario.
pub(super) fn lockstep(
    ready: &[Ready<'_>; 2],
    plan_pairs: &[(usize, usize)],
    stopping_rule: &StoppingRule,
    replications: u32,
    progress: &Progress,
) -> Result<Lockstep, Interrupted> {
    let streams = ready[0].recipients().len();
    let groups = Groups::of(&ready[0].scenario);
    let all = groups.all();
    let mut lockstep = Lockstep {
        totals: ready.each_ref().map(|ready| {
            Totals::new(ready, stopping_rule.confidence, stopping_rule.replications.most(), IntervalBasis::Recipients)
        }),
        pairs: vec![vec![PairTally::default(); plan_pairs.len()]; all.len()],
        differing: vec![None; plan_pairs.len()],
    };
    ready.iter().for_each(|ready| progress.plan(ready.simulated_recipients() * u64::from(replications)));
    for replication in 0..replications {
        let runs = ready.each_ref().map(|ready| ready.run(&ready.model, replication));
        let mut sides = [Vec::new(), Vec::new()];
        for stream in 0..streams {
            let of_models = ready.each_ref().map(|ready| &ready.model.streams[stream]);
            let recipients = ready[0].recipients()[stream];
            let versus = sim::simulate_pair(runs.each_ref(), of_models, plan_pairs, recipients, progress)?;
            for (group, sums) in all.iter().zip(&mut lockstep.pairs) {
                for (_, segment) in groups.classes_of(*group).filter(|class| class.0 == stream) {
                    let of_class = &versus.pairs[segment.index()];
                    sums.iter_mut().zip(of_class).for_each(|(sum, pair)| sum.merge(pair));
                }
            }
            for (first, recipient) in lockstep.differing.iter_mut().zip(versus.differing) {
                *first = first.or(recipient.map(|recipient| First { replication, stream, recipient }));
            }
            for (side, (classes, ready)) in sides.iter_mut().zip(versus.sides.into_iter().zip(ready)) {
                side.push(classes.into_iter().map(|class| for_each_plan(class, &ready.model)).collect());
            }
        }
        for (totals, (ready, side)) in lockstep.totals.iter_mut().zip(ready.iter().zip(sides)) {
            totals.add(ready, side);
        }
    }
    Ok(lockstep)
}
