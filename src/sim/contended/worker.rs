//! The work of one thread in a feed-forward run: it completes attempts, batch by batch, and counts them.

use super::cohort::{Cohort, CohortBatch, StepCarry};
use super::departure::Departure;
use super::finished::Finished;
use crate::provider::{AttemptResult, AttemptResults, DrawBatch, Provider, SingleUse, Terms, Use};
use crate::rng::{LANES, RngKey, Who};
use crate::sim::batch::Columns;
use crate::sim::independent::RunContext;
use crate::sim::model::Model;
use crate::sim::progress::{Interrupted, Progress};
use crate::sim::step_buffers::{FastStep, NEVER, StepBuffers, StepPosition};
use crate::sim::tally::{PlanTally, QueueTally};
use crate::sim::timeline::Timeline;
use crate::stats::Bins;
use crate::status::Segment;
use crate::traffic::Phones;
use crate::units::Time;
use std::ops::Range;

/// The tallies of a thread, and the buffers for a batch.
pub(super) struct Worker {
    /// One for each stream.
    counts: Vec<Counts>,
    batch: CohortBatch,
    buffers: StepBuffers,
    columns: Box<Columns>,
    draw_batch: Box<DrawBatch>,
    /// When each attempt departs, if it does (µs).
    departures: [i64; LANES],
    /// When each phone is on again (µs), if any is ever off.
    phones: Box<[i64; LANES]>,
    /// Whether the recipient at each index of the batch goes on to the next step.
    goes_on: [bool; LANES],
}

struct Counts {
    tally: PlanTally,
    arrivals: Bins,
    finished: Finished,
}

/// A step, and what is needed to complete its attempts.
pub(super) struct Task<'a> {
    pub(super) provider: &'a Provider,
    pub(super) step: &'a FastStep,
    /// Whether late delivery reports end the flow.
    pub(super) finish: bool,
    /// The random numbers of the stream.
    pub(super) rng: RngKey,
    /// The recipients' phones, if the provider depends on them and any is ever off.
    pub(super) phones: Option<&'a Phones>,
}

impl Task<'_> {
    /// The step's use of its provider by this recipient, who arrived at `arrival`.
    fn single(&self, recipient: u32, arrival: Time) -> SingleUse {
        let phone_back = self.phones.map_or(Time::ZERO, |phones| phones.back(self.rng, recipient, arrival));
        SingleUse { rng: self.rng, recipient, number: self.step.use_number, segment: Segment::WHOLE, phone_back }
    }
}

impl Worker {
    /// A worker with empty tallies, for the run of the plan with this index.
    pub(super) fn new(model: &Model, plan: usize) -> Self {
        let counts =
            model.streams.iter().map(|class| (class, model.compiled(class, plan))).map(|(class, compiled)| Counts {
                tally: PlanTally::with_queues(compiled, &model.providers),
                arrivals: Bins::default(),
                finished: Finished::new(class.deadline),
            });
        Self {
            counts: counts.collect(),
            batch: CohortBatch::EMPTY,
            buffers: StepBuffers::new(),
            columns: Box::new(Columns::EMPTY),
            draw_batch: Box::new(DrawBatch::EMPTY),
            departures: [0; LANES],
            phones: Box::new([0; LANES]),
            goes_on: [false; LANES],
        }
    }

    /// Adds the counts of another worker.
    pub(super) fn add(&mut self, other: Self) {
        for (ours, mut theirs) in self.counts.iter_mut().zip(other.counts) {
            theirs.finished.count(&mut theirs.tally);
            ours.tally.merge(&theirs.tally);
            ours.arrivals.merge(&theirs.arrivals);
        }
    }

    /// The counts of a stream's attempts in the queue of a provider; `None` if the provider has no queue.
    pub(super) fn queue(&mut self, stream: usize, provider: usize) -> Option<&mut QueueTally> {
        self.counts[stream].tally.providers[provider].queue.as_deref_mut()
    }

    /// For each stream, the counts of its recipients, and arrivals by bin of time.
    pub(super) fn counts(self) -> impl Iterator<Item = (PlanTally, Bins)> {
        self.counts.into_iter().map(|counts| (counts.tally, counts.arrivals))
    }

    /// Completes the attempts of these ranks of a cohort; returns the step carries of those who go on.
    pub(super) fn settle(
        &mut self,
        cohort: &Cohort,
        ranks: Range<usize>,
        task: &Task<'_>,
        run: &RunContext<'_>,
        progress: &Progress,
    ) -> Result<Vec<StepCarry>, Interrupted> {
        let mut carries = Vec::new();
        for rank in ranks.clone().step_by(LANES) {
            if progress.stopped() {
                return Err(Interrupted);
            }
            self.batch.count = (ranks.end - rank).min(LANES);
            cohort.load(rank, &mut self.batch, &mut self.buffers, &mut self.columns);
            self.decide(task);
            let counts = &mut self.counts[cohort.stream];
            if cohort.step == 0 {
                let arrivals = &self.batch.arrivals[..self.batch.count];
                arrivals.iter().for_each(|&at| counts.arrivals.add(run.timeline.bin(at)));
                progress.add(arrivals.len() as u64);
            }
            if let Some(queue) = &mut counts.tally.providers[task.step.provider].queue {
                count_queue(queue, task, &self.batch, &self.buffers, run.timeline);
            }
            let position = StepPosition { index: cohort.step, count: self.batch.count, finish: task.finish };
            let next = self.buffers.run_step(task.step, position, run.timeline, &mut self.columns, &mut counts.tally);
            self.split_finished(next, cohort.stream, &mut carries);
        }
        Ok(carries)
    }

    /// Determines the results of the batch's attempts.
    fn decide(&mut self, task: &Task<'_>) {
        let Self { batch, buffers, draw_batch, departures, phones, .. } = self;
        let Task { provider, step, .. } = task;
        let CohortBatch { count, recipients, neighbours, .. } = &*batch;
        let (at, lanes) = (&buffers.at[..*count], &buffers.lanes[..*count]);
        // Attempts that never depart are treated as if they departed at once, and corrected afterwards.
        let mut all_depart = true;
        for ((departs, departure), &at) in departures.iter_mut().zip(&batch.departures).zip(at) {
            let time = departure.time();
            *departs = time.map_or(at, Time::as_micros);
            all_depart &= time.is_some();
        }
        let who = if *neighbours { Who::From(recipients[0]) } else { Who::List(recipients) };
        let phones = task.phones.map(|all| {
            all.fill(task.rng, who, &batch.arrivals[..*count], phones);
            &**phones
        });
        let of = Use { rng: task.rng, who, number: step.use_number, segment: Segment::WHOLE, phones };
        let times = (at, &departures[..*count]);
        if *count < FEW {
            provider.submit_one_by_one(of, lanes, times, &step.terms, &mut buffers.results);
        } else {
            provider.draw_batch(of, draw_batch);
            provider.submit_batch(of, draw_batch, lanes, times, &step.terms, &mut buffers.results);
        }
        if !all_depart {
            correct_undeparted(batch, task, &buffers.at, &mut buffers.results);
        }
    }

    /// Separates the recipients who go on to the next step, the first `next` in the buffers, from those who have finished.
    fn split_finished(&mut self, next: usize, stream: usize, carries: &mut Vec<StepCarry>) {
        let Self { batch, buffers, columns, goes_on, .. } = self;
        let Counts { tally, finished, .. } = &mut self.counts[stream];
        let goes_on = &mut goes_on[..batch.count];
        goes_on.fill(false);
        for k in 0..next {
            let lane = usize::from(buffers.lanes[k]) % LANES;
            goes_on[lane] = true;
            carries.push(batch.carry(k, lane, buffers, columns));
        }
        for lane in (0..goes_on.len()).filter(|&lane| !goes_on[lane]) {
            if columns.first_delivery[lane] != NEVER {
                tally.steps[usize::from(buffers.first_step[lane])].first += 1;
            }
            finished.take(batch.arrivals[lane], columns, lane, tally);
        }
    }
}

/// Fewer attempts than this are resolved one by one.
const FEW: usize = LANES / 6;

/// Corrects the results of attempts that never depart.
fn correct_undeparted(batch: &CohortBatch, task: &Task<'_>, at: &[i64; LANES], results: &mut AttemptResults) {
    let Task { provider, step, .. } = task;
    results.rejected = 0;
    for k in (0..batch.count).filter(|&k| batch.departures[k].time().is_none()) {
        let submitted = Time::from_micros(at[k]);
        let terms = Terms { submitted, ..step.terms };
        let result = if batch.departures[k] == Departure::REJECTED {
            results.rejected += 1;
            AttemptResult::rejected(&terms)
        } else {
            let of = task.single(batch.recipients[k], batch.arrivals[k]);
            provider.expire_in_queue(&terms, &of, submitted.after(terms.ttl))
        };
        results.set(k, &result);
    }
}

/// Counts what happened to the batch in the queue.
fn count_queue(
    queue: &mut QueueTally,
    task: &Task<'_>,
    batch: &CohortBatch,
    buffers: &StepBuffers,
    timeline: Timeline,
) {
    let (mut departures, mut waits, mut count) = ([0; LANES], [0; LANES], 0);
    for k in 0..batch.count {
        let submitted = Time::from_micros(buffers.at[k]);
        match batch.departures[k].time() {
            Some(departs) => {
                (departures[count], waits[count]) = (departs.as_micros(), departs.since(submitted).as_micros());
                count += 1;
            }
            None if batch.departures[k] == Departure::REJECTED => queue.count_rejection(timeline, submitted),
            None => {
                let terms = Terms { submitted, ..task.step.terms };
                let deadline = submitted.after(terms.ttl);
                let patience = task.provider.patience(&terms, Segment::WHOLE, deadline);
                let is_expired = task.provider.expires_before(&terms, Segment::WHOLE, deadline);
                queue.count_unserved(timeline, submitted, patience, is_expired);
            }
        }
    }
    queue.count_departures(timeline, &departures[..count], &waits[..count]);
}
