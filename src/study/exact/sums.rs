//! What is counted along all paths of a plan.

use crate::sim::Ending;

/// The sums over all paths of a plan, for one recipient.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct PathSums {
    pub(super) delivered: f64,
    /// The probability of a first delivery by each of the times that were asked for.
    pub(super) by: Vec<f64>,
    /// The mean time of the first delivery, times its probability (µs).
    pub(super) first: f64,
    pub(super) duplicates: f64,
    pub(super) seen: f64,
    pub(super) failed: f64,
    pub(super) unresolved: f64,
    pub(super) failovers: f64,
    /// The mean charge (millionths).
    pub(super) cost: f64,
    pub(super) steps: Vec<StepSums>,
    /// The attempts on all paths.
    pub(super) walked: usize,
    /// How often they meet a provider, or one of its outages.
    pub(super) met: usize,
}

/// The sums of a step.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct StepSums {
    pub(super) entered: f64,
    pub(super) attempts: f64,
    pub(super) delivered: f64,
    pub(super) cost: f64,
    /// By [`Ending::index`].
    pub(super) endings: [f64; Ending::COUNT],
}

impl PathSums {
    pub(super) fn new(times: usize, steps: usize) -> Self {
        Self { by: vec![0.0; times], steps: vec![StepSums::default(); steps], ..Self::default() }
    }

    /// Adds `other`, whose steps begin at `first_step` of these, with a weight; with `None`, its steps do not count.
    pub(super) fn add(&mut self, other: &Self, weight: f64, first_step: Option<usize>) {
        let add = |ours: &mut f64, theirs: f64| *ours += weight * theirs;
        add(&mut self.delivered, other.delivered);
        self.by.iter_mut().zip(&other.by).for_each(|(ours, theirs)| add(ours, *theirs));
        add(&mut self.first, other.first);
        add(&mut self.duplicates, other.duplicates);
        add(&mut self.seen, other.seen);
        add(&mut self.failed, other.failed);
        add(&mut self.unresolved, other.unresolved);
        add(&mut self.failovers, other.failovers);
        add(&mut self.cost, other.cost);
        self.walked += other.walked;
        self.met += other.met;
        let Some(first) = first_step else { return };
        for (ours, theirs) in self.steps.iter_mut().skip(first).zip(&other.steps) {
            add(&mut ours.entered, theirs.entered);
            add(&mut ours.attempts, theirs.attempts);
            add(&mut ours.delivered, theirs.delivered);
            add(&mut ours.cost, theirs.cost);
            ours.endings.iter_mut().zip(&theirs.endings).for_each(|(ours, theirs)| add(ours, *theirs));
        }
    }
}
