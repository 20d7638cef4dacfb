//! What is counted while a world is played. Every count is an integer, so that tallies merge exactly, in any order.

use crate::engine::StepEnd;
use crate::stats::{Bins, Latencies};
use crate::units::SimTime;
use crate::vocabulary::Status;

/// How a step ended for the engine: with a status, or for one of the reasons after them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ending {
    /// With this status.
    Status(Status),
    /// A late delivery of an earlier step ended the flow.
    Superseded,
    /// The flow's `give_up_after` passed.
    GaveUp,
    /// It never ended.
    Open,
}

impl Ending {
    /// How many there are.
    pub const COUNT: usize = Status::ALL.len() + 3;

    /// Every ending, in the order of [`StepTally::endings`].
    pub fn all() -> impl Iterator<Item = Self> {
        Status::ALL.into_iter().map(Self::Status).chain([Self::Superseded, Self::GaveUp, Self::Open])
    }

    /// Its place in [`StepTally::endings`].
    #[must_use]
    #[inline]
    pub const fn index(self) -> usize {
        match self {
            Self::Status(status) => status as usize - 1,
            Self::Superseded => Status::ALL.len(),
            Self::GaveUp => Status::ALL.len() + 1,
            Self::Open => Status::ALL.len() + 2,
        }
    }

    /// The word used in results.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Status(status) => status.word(),
            Self::Superseded => "superseded",
            Self::GaveUp => "gave_up",
            Self::Open => "open",
        }
    }
}

impl From<StepEnd> for Ending {
    #[inline]
    fn from(end: StepEnd) -> Self {
        match end {
            StepEnd::Met(status) | StepEnd::Bad(status) => Self::Status(status),
            StepEnd::TimedOut => Self::Status(Status::Expired),
            StepEnd::Superseded => Self::Superseded,
            StepEnd::GaveUp => Self::GaveUp,
        }
    }
}

/// All counts of one world: of each plan, and of each pair of plans.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// One for each plan.
    pub plans: Vec<PlanTally>,
    /// One for each pair: plan 1 against 0, then 2 against 0, 2 against 1, and so on.
    pub pairs: Vec<PairTally>,
    /// Arrivals by bin of time.
    pub arrivals: Bins,
}

/// The counts of one plan.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PlanTally {
    /// Recipients reached.
    pub delivered: u64,
    /// Recipients reached within the deadline.
    pub in_time: u64,
    /// Flows that the engine believes to have succeeded.
    pub succeeded: u64,
    /// Recipients reached more than once.
    pub duplicates: u64,
    /// Recipients who opened a message.
    pub seen: u64,
    /// The sum of what each recipient cost (millionths).
    pub cost: u128,
    /// The sum of the squares of what each recipient cost.
    pub cost_squared: u128,
    /// From arrival to first delivery.
    pub latencies: Latencies,
    /// When the last flow ended, if one did (µs).
    pub last_end: Option<i64>,
    /// Flows that ended, by second, of the first 12 days.
    pub ends: Bins,
    /// Moves to a next step, by bin of time.
    pub failovers: Bins,
    /// One for each step.
    pub steps: Vec<StepTally>,
}

/// The counts of one step.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StepTally {
    /// Submissions.
    pub attempts: u64,
    /// Messages that reached the person.
    pub delivered: u64,
    /// Those of them that did so after the flow had left the step.
    pub late: u64,
    /// Recipients whom the step reached first.
    pub first: u64,
    /// How it ended, by [`Ending::index`].
    pub endings: [u64; Ending::COUNT],
    /// What its attempts cost (millionths).
    pub cost: u128,
    /// Deliveries by bin of time.
    pub deliveries: Bins,
}

/// The counts of a pair of plans: recipients in whom they differ.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PairTally {
    /// Reached by the later plan alone, and by the earlier alone.
    pub delivered: [u64; 2],
    /// Likewise, within the deadline.
    pub in_time: [u64; 2],
    /// Likewise, flows succeeded.
    pub succeeded: [u64; 2],
    /// Likewise, reached more than once.
    pub duplicates: [u64; 2],
    /// The sum of the squares of the differences in cost.
    pub cost_difference_squared: u128,
}

impl Tally {
    /// An empty tally for plans with these numbers of steps.
    #[must_use]
    pub fn new(steps: impl IntoIterator<Item = usize>) -> Self {
        let plan = |n| PlanTally { steps: vec![StepTally::default(); n], ..PlanTally::default() };
        let plans: Vec<_> = steps.into_iter().map(plan).collect();
        let pairs = plans.len() * plans.len().saturating_sub(1) / 2;
        Self { plans, pairs: vec![PairTally::default(); pairs], arrivals: Bins::default() }
    }

    /// The sum of tallies of the same plans; `None` for none.
    pub fn sum(tallies: impl IntoIterator<Item = Self>) -> Option<Self> {
        tallies.into_iter().reduce(|mut sum, other| {
            sum.merge(&other);
            sum
        })
    }

    /// Adds the counts of `other`, which is of the same plans.
    pub fn merge(&mut self, other: &Self) {
        self.plans.iter_mut().zip(&other.plans).for_each(|(a, b)| a.merge(b));
        self.pairs.iter_mut().zip(&other.pairs).for_each(|(a, b)| a.merge(b));
        self.arrivals.merge(&other.arrivals);
    }

    /// The place in [`Tally::pairs`] of `plan` against the earlier `against`.
    #[must_use]
    pub const fn pair(plan: usize, against: usize) -> usize {
        plan * (plan - 1) / 2 + against
    }
}

impl PlanTally {
    fn merge(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.in_time += other.in_time;
        self.succeeded += other.succeeded;
        self.duplicates += other.duplicates;
        self.seen += other.seen;
        self.cost += other.cost;
        self.cost_squared = self.cost_squared.saturating_add(other.cost_squared);
        self.latencies.merge(&other.latencies);
        self.last_end = self.last_end.max(other.last_end);
        self.ends.merge(&other.ends);
        self.failovers.merge(&other.failovers);
        self.steps.iter_mut().zip(&other.steps).for_each(|(a, b)| a.merge(b));
    }

    /// A flow has ended.
    #[inline]
    pub fn ended(&mut self, at: SimTime) {
        self.last_end = self.last_end.max(Some(at.as_micros()));
        let second = at.as_micros() / 1_000_000;
        if second < SECONDS {
            self.ends.add(second as usize);
        }
    }
}

/// The seconds for which ends are counted one by one, 12 days.
const SECONDS: i64 = 1 << 20;

impl StepTally {
    fn merge(&mut self, other: &Self) {
        self.attempts += other.attempts;
        self.delivered += other.delivered;
        self.late += other.late;
        self.first += other.first;
        self.endings.iter_mut().zip(&other.endings).for_each(|(a, b)| *a += b);
        self.cost += other.cost;
        self.deliveries.merge(&other.deliveries);
    }
}

impl PairTally {
    fn merge(&mut self, other: &Self) {
        let add = |a: &mut [u64; 2], b: &[u64; 2]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        add(&mut self.delivered, &other.delivered);
        add(&mut self.in_time, &other.in_time);
        add(&mut self.succeeded, &other.succeeded);
        add(&mut self.duplicates, &other.duplicates);
        self.cost_difference_squared = self.cost_difference_squared.saturating_add(other.cost_difference_squared);
    }
}
