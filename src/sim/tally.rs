//! The counts of a run. Every count is an integer, so that tallies merge exactly, in any order.

use super::admission::{AdmissionDecision, RoutedAttempt};
use super::model::CompiledPlan;
#[cfg(doc)]
use super::pairs::Pairs;
use super::timeline::Timeline;
use crate::engine::StepEnd;
use crate::provider::{AttemptResult, Provider};
use crate::rng::Who;
use crate::stats::{Bins, Cells, Latencies, Scale, Seconds, Sums};
use crate::status::Status;
use crate::units::{Span, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How a step ended for the engine: with a status, or for one of the other reasons.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ending {
    /// The step ended with this status.
    Status(Status),
    /// A late delivery of an earlier step ended the flow.
    LateSuccess,
    /// The flow's `give_up_after` passed.
    GaveUp,
    /// The step never ended.
    Unresolved,
}

impl Ending {
    /// The number of endings.
    pub const COUNT: usize = Status::ALL.len() + 3;

    /// Every ending, in the order of [`StepTally::endings`].
    pub fn all() -> impl Iterator<Item = Self> {
        Status::ALL.into_iter().map(Self::Status).chain([Self::LateSuccess, Self::GaveUp, Self::Unresolved])
    }

    /// The ending's index in [`StepTally::endings`].
    #[must_use]
    #[inline]
    pub const fn index(self) -> usize {
        match self {
            Self::Status(status) => status as usize - 1,
            Self::LateSuccess => Status::ALL.len(),
            Self::GaveUp => Status::ALL.len() + 1,
            Self::Unresolved => Status::ALL.len() + 2,
        }
    }

    /// The word used in results.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Status(status) => status.word(),
            Self::LateSuccess => "late_success",
            Self::GaveUp => "gave_up",
            Self::Unresolved => "unresolved",
        }
    }
}

impl From<StepEnd> for Ending {
    #[inline]
    fn from(end: StepEnd) -> Self {
        match end {
            StepEnd::Met(status) | StepEnd::Bad(status) => Self::Status(status),
            StepEnd::TimedOut => Self::Status(Status::Expired),
            StepEnd::LateSuccess => Self::LateSuccess,
            StepEnd::GaveUp => Self::GaveUp,
        }
    }
}

/// All counts of one run: of each plan, and of each pair of plans.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    /// One for each plan.
    pub plans: Vec<PlanTally>,
    /// One for each pair that is compared, in the order of [`Pairs::iter`].
    pub pairs: Vec<PairTally>,
    /// Arrivals by bin of time.
    pub arrivals: Bins,
}

/// The counts of one plan.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
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
    /// Flows that never ended.
    pub unresolved: u64,
    /// The sum of the recipients' costs (millionths).
    pub cost: u128,
    /// The sum of the squares of the recipients' costs.
    pub cost_squared: u128,
    /// The latencies, from arrival to first delivery.
    pub latencies: Latencies,
    /// When the last flow ended (µs); `None` if none did.
    pub last_end: Option<i64>,
    /// Flows that ended, by second.
    pub ends: Seconds,
    /// The changes of messages, and the steps whose ttl passed, by second, where they are counted: what a webhook with `on_change` receives
    /// beside the ends of flows.
    pub changes: Option<Box<Seconds>>,
    /// Moves to a next step.
    pub failovers: u64,
    /// One for each step.
    pub steps: Vec<StepTally>,
    /// One for each provider of the scenario to which an attempt was routed.
    pub providers: ByProvider<ProviderTally>,
    /// What happened over time.
    pub series: PlanSeries,
    /// The costs of the first recipients (millionths), about [`FIRST`] of them, each with the recipient's number, in any order: they show
    /// how skewed costs are. Not counted where recipients are not independent.
    pub first_costs: Vec<(u32, i64)>,
}

/// The approximate number of recipients of a class whose costs are kept one by one.
pub const FIRST: usize = 4096;

/// What is counted of providers, by index in the scenario. A scenario may have hundreds; only those that a plan uses have an entry.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ByProvider<T>(Vec<Option<Box<T>>>);

impl<T: Clone + Default + Nothing> ByProvider<T> {
    /// The existing entries, each with the index of its provider.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.0.iter().enumerate().filter_map(|(provider, entry)| Some((provider, entry.as_deref()?)))
    }

    fn merge(&mut self, other: &Self, merge: impl Fn(&mut T, &T)) {
        other.iter().for_each(|(provider, entry)| merge(&mut self[provider], entry));
    }
}

/// What is counted of a provider to which no attempt was routed.
pub trait Nothing: Sized + 'static {
    /// Zero counts.
    const NOTHING: &'static Self;
}

impl Nothing for ProviderTally {
    const NOTHING: &'static Self =
        &Self { attempts: 0, delivered: 0, cost: 0, rejected: 0, not_permitted: 0, queue: None };
}

impl Nothing for ProviderSeries {
    const NOTHING: &'static Self = &Self { submissions: Sums::EMPTY, deliveries: Bins::EMPTY, failures: Bins::EMPTY };
}

impl<T: Nothing> std::ops::Index<usize> for ByProvider<T> {
    type Output = T;

    fn index(&self, provider: usize) -> &T {
        self.0.get(provider).and_then(Option::as_deref).unwrap_or(T::NOTHING)
    }
}

impl<T: Clone + Default + Nothing> std::ops::IndexMut<usize> for ByProvider<T> {
    #[inline]
    fn index_mut(&mut self, provider: usize) -> &mut T {
        if provider >= self.0.len() {
            self.0.resize(provider + 1, None);
        }
        self.0[provider].get_or_insert_default()
    }
}

/// What happened under a plan over time. It is kept for everybody together: of the classes of a stream, the first has what happened to all
/// of them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PlanSeries {
    /// Moves to a next step, by bin of time.
    pub failovers: Bins,
    /// Recipients who were not reached in time, by the bin of their arrival: kept for each stream too.
    pub missed: Bins,
    /// One for each provider of the scenario to which an attempt was routed.
    pub providers: ByProvider<ProviderSeries>,
}

/// What happened at a provider over time.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ProviderSeries {
    /// Attempts that came to the provider, by bin of time, and what they cost (millionths).
    pub submissions: Sums,
    /// Deliveries by bin of time.
    pub deliveries: Bins,
    /// Reports of a bad status, by bin of time.
    pub failures: Bins,
}

impl PlanSeries {
    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.failovers.merge(&other.failovers);
        self.missed.merge(&other.missed);
        self.providers.merge(&other.providers, ProviderSeries::merge);
    }
}

impl ProviderSeries {
    pub(super) fn merge(&mut self, other: &Self) {
        self.submissions.merge(&other.submissions);
        self.deliveries.merge(&other.deliveries);
        self.failures.merge(&other.failures);
    }
}

/// The counts of one provider under a plan.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ProviderTally {
    /// Attempts that came to the provider, including those that it rejected.
    pub attempts: u64,
    /// Messages that reached the recipient.
    pub delivered: u64,
    /// What its attempts cost (millionths).
    pub cost: u128,
    /// Attempts that it rejected at submission: it was over its limit, or that was the attempt's outcome.
    pub rejected: u64,
    /// Attempts that were not permitted because the circuit was open.
    pub not_permitted: u64,
    /// The counts of its queue, where its capacity is limited and queues are counted.
    pub queue: Option<Box<QueueTally>>,
}

/// A queue with a wait of at least this is a backlog; shorter queues come and go even with spare capacity.
const BACKLOG: Span = Span::from_micros(1_000_000);

/// The counts of the queue before a provider.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct QueueTally {
    /// Whether attempts hold lines; if not, nothing is counted for lines.
    pub has_lines: bool,
    /// Attempts whose validity ended while they waited.
    pub expired: u64,
    /// Attempts that the engine recalled while they waited, because it moved on.
    pub cancelled: u64,
    /// Attempts that wait without end: neither validity nor the engine ends their wait, and no capacity becomes free.
    pub still_queued: u64,
    /// The waits of the attempts that departed, most of them zero.
    pub waits: Latencies,
    /// The total wait of the attempts that expired or were cancelled (µs).
    pub wasted: u128,
    /// The total time for which lines were held (µs).
    pub held: u128,
    /// When the last attempt that had waited for a second or longer left the queue (µs).
    pub backlog_cleared: Option<i64>,
    /// Rejected attempts by bin of time.
    pub rejections: Bins,
    /// Attempts that departed, by bin of time, and how long they had waited (µs).
    pub departures: Sums,
    /// Attempts that expired or were cancelled, by bin of time.
    pub left_unserved: Bins,
    /// Lines released, by bin of time.
    pub releases: Bins,
}

/// The counts of one step.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct StepTally {
    /// The number of submissions.
    pub attempts: u64,
    /// Messages that reached the recipient.
    pub delivered: u64,
    /// Messages that reached the recipient after the flow had left the step.
    pub late: u64,
    /// Recipients that the step reached first.
    pub first: u64,
    /// How the step ended, by [`Ending::index`].
    pub endings: [u64; Ending::COUNT],
    /// What its attempts cost (millionths).
    pub cost: u128,
}

/// The counts of a pair of plans: recipients whose results differ.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PairTally {
    /// Recipients reached only under the first plan of the pair, and only under the second.
    pub delivered: [u64; 2],
    /// Recipients reached in time only under the first plan of the pair, and only under the second.
    pub in_time: [u64; 2],
    /// Flows that succeeded only under the first plan of the pair, and only under the second.
    pub succeeded: [u64; 2],
    /// Recipients reached more than once only under the first plan of the pair, and only under the second.
    pub duplicates: [u64; 2],
    /// The sum of the squares of the differences in cost.
    pub cost_difference_squared: u128,
}

impl Tally {
    /// An empty tally of these plans, with this many pairs of them.
    #[must_use]
    pub fn new(plans: Vec<PlanTally>, pairs: usize) -> Self {
        Self { plans, pairs: vec![PairTally::default(); pairs], arrivals: Bins::default() }
    }

    /// The sum of tallies of the same plans; `None` if there are no tallies.
    pub fn sum(tallies: impl IntoIterator<Item = Self>) -> Option<Self> {
        tallies.into_iter().reduce(|mut sum, other| {
            sum.merge(&other);
            sum
        })
    }

    /// Adds the counts of `other`, a tally of the same plans.
    pub fn merge(&mut self, other: &Self) {
        self.plans.iter_mut().zip(&other.plans).for_each(|(a, b)| a.merge(b));
        self.merge_others(other);
    }

    /// Adds the counts of some of the recipients, without the costs of the first of them. `first_step` gives the position of their first step
    /// among the steps of each plan; with `None`, their steps do not count.
    pub fn merge_part(&mut self, part: &Self, first_step: impl Fn(usize) -> Option<usize>) {
        for (index, (ours, theirs)) in self.plans.iter_mut().zip(&part.plans).enumerate() {
            ours.merge_counts(theirs);
            if let Some(first) = first_step(index) {
                ours.steps.iter_mut().skip(first).zip(&theirs.steps).for_each(|(a, b)| a.merge(b));
            }
        }
        self.merge_others(part);
    }

    /// Adds cells of latencies under each plan, whose sums are there already.
    pub(super) fn add_cells(&mut self, cells: &[Cells]) {
        for (plan, cells) in self.plans.iter_mut().zip(cells) {
            let scale = Arc::clone(plan.latencies.scale());
            plan.latencies.add_cells(&scale, cells);
        }
    }

    /// Exchanges what happened over time under each plan.
    pub(super) fn swap_series(&mut self, series: &mut [PlanSeries]) {
        self.plans.iter_mut().zip(series).for_each(|(plan, series)| std::mem::swap(&mut plan.series, series));
    }

    /// Adds what happened over time under each plan to `series`, and forgets it.
    pub fn move_series_to(&mut self, series: &mut [PlanSeries]) {
        self.plans.iter_mut().zip(series).for_each(|(plan, all)| all.merge(&std::mem::take(&mut plan.series)));
    }

    /// Adds what is not of one plan.
    fn merge_others(&mut self, other: &Self) {
        self.pairs.iter_mut().zip(&other.pairs).for_each(|(a, b)| a.merge(b));
        self.arrivals.merge(&other.arrivals);
    }
}

impl PlanTally {
    /// An empty tally for a plan with this number of steps, and latencies on this scale.
    #[must_use]
    pub fn new(steps: usize, scale: &Arc<Scale>) -> Self {
        Self { steps: vec![StepTally::default(); steps], latencies: Latencies::on(scale), ..Self::default() }
    }

    /// An empty tally of what recipients do who follow this plan.
    pub(super) fn of(compiled: &CompiledPlan) -> Self {
        let changes = compiled.counts_changes.then(Box::default);
        Self { changes, ..Self::new(compiled.terms.len(), &compiled.scale) }
    }

    /// An empty tally that also counts what happens in the queues of the providers that the plan uses.
    pub(super) fn with_queues(compiled: &CompiledPlan, providers: &[Provider]) -> Self {
        let mut tally = Self::of(compiled);
        let members = compiled.flow.steps().iter().flat_map(|rules| rules.pool.members());
        for &i in members.filter(|&&i| providers[i].order().is_some()) {
            let queue = QueueTally { has_lines: providers[i].has_lines(), ..QueueTally::default() };
            tally.providers[i].queue = Some(Box::new(queue));
        }
        tally
    }

    /// Adds the counts of `other`, a tally of the same plan.
    pub fn merge(&mut self, other: &Self) {
        self.merge_counts(other);
        self.steps.iter_mut().zip(&other.steps).for_each(|(a, b)| a.merge(b));
        self.first_costs.extend_from_slice(&other.first_costs);
    }

    /// Adds the counts of `other` but those of its steps.
    fn merge_counts(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.in_time += other.in_time;
        self.succeeded += other.succeeded;
        self.duplicates += other.duplicates;
        self.seen += other.seen;
        self.unresolved += other.unresolved;
        self.cost += other.cost;
        self.cost_squared = self.cost_squared.saturating_add(other.cost_squared);
        self.latencies.merge(&other.latencies);
        self.last_end = self.last_end.max(other.last_end);
        self.ends.merge(&other.ends);
        match (&mut self.changes, &other.changes) {
            (Some(ours), Some(theirs)) => ours.merge(theirs),
            (ours @ None, Some(theirs)) => *ours = Some(theirs.clone()),
            (_, None) => {}
        }
        self.failovers += other.failovers;
        self.providers.merge(&other.providers, ProviderTally::merge);
        self.series.merge(&other.series);
    }

    /// Counts an attempt that was routed to a provider; one that its open circuit did not permit is only counted as such.
    #[inline]
    pub(super) fn count_attempt(&mut self, timeline: Timeline, attempt: &RoutedAttempt, result: &AttemptResult) {
        let provider = &mut self.providers[attempt.provider];
        if attempt.decision == AdmissionDecision::NotPermitted {
            provider.not_permitted += 1;
            return;
        }
        let series = &mut self.series.providers[attempt.provider];
        provider.attempts += 1;
        provider.rejected += u64::from(attempt.decision.is_rejection());
        series.submissions.add(timeline.bin(attempt.terms.submitted), result.charge.as_micros() as u64);
        provider.cost += result.charge.as_micros() as u128;
        if !result.delivered.is_never() {
            provider.delivered += 1;
            series.deliveries.add(timeline.bin(result.delivered));
        }
        for report in result.reports().iter().filter(|report| report.status().is_bad()) {
            series.failures.add(timeline.bin(report.at()));
        }
        if let Some(queue) = &mut provider.queue {
            queue.count_attempt(timeline, attempt, result);
        }
    }

    /// Keeps the costs of those recipients of a batch whose numbers are below `limit`.
    #[inline]
    pub(super) fn keep_first(&mut self, who: Who<'_>, costs: &[i64], limit: u64) {
        let is_beyond = matches!(who, Who::From(first) if u64::from(first) >= limit);
        if limit > 0 && !is_beyond {
            let all = (0..).zip(costs).map(|(lane, &cost)| (who.at(lane), cost));
            self.first_costs.extend(all.filter(|&(recipient, _)| u64::from(recipient) < limit));
        }
    }

    /// Counts a flow that has ended.
    #[inline]
    pub fn ended(&mut self, at: Time) {
        self.last_end = self.last_end.max(Some(at.as_micros()));
        self.ends.add(at);
    }
}

/// Gathers in the first of these tallies, of the classes of a stream under one plan, what happened to all of them over time.
pub(super) fn gather_series<'a>(mut classes: impl Iterator<Item = &'a mut PlanTally>) {
    if let Some(first) = classes.next() {
        classes.for_each(|class| first.series.merge(&std::mem::take(&mut class.series)));
    }
}

impl StepTally {
    fn merge(&mut self, other: &Self) {
        self.attempts += other.attempts;
        self.delivered += other.delivered;
        self.late += other.late;
        self.first += other.first;
        self.endings.iter_mut().zip(&other.endings).for_each(|(a, b)| *a += b);
        self.cost += other.cost;
    }
}

impl ProviderTally {
    pub(super) fn merge(&mut self, other: &Self) {
        self.attempts += other.attempts;
        self.delivered += other.delivered;
        self.cost += other.cost;
        self.rejected += other.rejected;
        self.not_permitted += other.not_permitted;
        match (&mut self.queue, &other.queue) {
            (Some(ours), Some(theirs)) => ours.merge(theirs),
            (ours @ None, Some(theirs)) => *ours = Some(theirs.clone()),
            (_, None) => {}
        }
    }
}

impl QueueTally {
    fn merge(&mut self, other: &Self) {
        self.has_lines |= other.has_lines;
        self.expired += other.expired;
        self.cancelled += other.cancelled;
        self.still_queued += other.still_queued;
        self.waits.merge(&other.waits);
        self.wasted += other.wasted;
        self.held += other.held;
        self.backlog_cleared = self.backlog_cleared.max(other.backlog_cleared);
        self.rejections.merge(&other.rejections);
        self.departures.merge(&other.departures);
        self.left_unserved.merge(&other.left_unserved);
        self.releases.merge(&other.releases);
    }

    fn count_attempt(&mut self, timeline: Timeline, attempt: &RoutedAttempt, result: &AttemptResult) {
        let submitted = attempt.terms.submitted;
        match attempt.decision {
            AdmissionDecision::Rejected | AdmissionDecision::FailsAtSubmission | AdmissionDecision::InOutage => {
                self.count_rejection(timeline, submitted);
            }
            AdmissionDecision::Departs(departs) => {
                self.count_departures(timeline, &[departs.as_micros()], &[departs.since(submitted).as_micros()]);
                if self.has_lines {
                    self.released(timeline, departs, result.released);
                }
            }
            AdmissionDecision::Expires => {
                self.count_unserved(timeline, submitted, attempt.patience, result.is_reported_expired());
            }
            AdmissionDecision::NotPermitted | AdmissionDecision::Waits => {}
        }
    }

    /// Counts an attempt that was submitted at `submitted` and rejected.
    pub(super) fn count_rejection(&mut self, timeline: Timeline, submitted: Time) {
        self.rejections.add(timeline.bin(submitted));
    }

    /// Counts attempts that departed: the departure time and the wait of each (µs).
    #[inline]
    pub(super) fn count_departures(&mut self, timeline: Timeline, departs: &[i64], waits: &[i64]) {
        let bin = |departs: i64| timeline.bin(Time::from_micros(departs));
        self.departures.add_all(departs.iter().zip(waits).map(|(&departs, &wait)| (bin(departs), wait as u64)));
        self.waits.record_all(waits);
        let waited =
            departs.iter().zip(waits).filter(|&(_, &wait)| wait >= BACKLOG.as_micros()).map(|(&departs, _)| departs);
        self.backlog_cleared = self.backlog_cleared.max(waited.max());
    }

    /// Counts a line that an attempt held from its departure until `released`.
    #[inline]
    pub(super) fn released(&mut self, timeline: Timeline, departs: Time, released: Time) {
        self.held += released.since(departs).as_micros() as u128;
        self.releases.add(timeline.bin(released));
    }

    /// Counts an attempt that was submitted at `submitted` and never departed. Its wait ended at `patience`, if ever: because its
    /// validity ended (`is_expired`), or because the engine recalled it.
    pub(super) fn count_unserved(&mut self, timeline: Timeline, submitted: Time, patience: Time, is_expired: bool) {
        if patience.is_never() {
            self.still_queued += 1;
            return;
        }
        *(if is_expired { &mut self.expired } else { &mut self.cancelled }) += 1;
        let waited = patience.since(submitted);
        self.left_unserved.add(timeline.bin(patience));
        self.wasted += waited.as_micros() as u128;
        if waited >= BACKLOG {
            self.backlog_cleared = self.backlog_cleared.max(Some(patience.as_micros()));
        }
    }

    /// The number of attempts that entered the queue and never departed.
    pub const fn unserved(&self) -> u64 {
        self.expired + self.cancelled + self.still_queued
    }
}

impl PairTally {
    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        let add = |a: &mut [u64; 2], b: &[u64; 2]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        add(&mut self.delivered, &other.delivered);
        add(&mut self.in_time, &other.in_time);
        add(&mut self.succeeded, &other.succeeded);
        add(&mut self.duplicates, &other.duplicates);
        self.cost_difference_squared = self.cost_difference_squared.saturating_add(other.cost_difference_squared);
    }
}
