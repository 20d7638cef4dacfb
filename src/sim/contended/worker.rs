//! The work of one thread in a feed-forward run: it completes attempts, batch by batch, and counts them.

use super::ClassTally;
use super::cohort::{Cohort, CohortBatch, Division, StepCarry};
use super::departure::Departure;
use super::finished::Finished;
use crate::provider::{AttemptResult, AttemptResults, DrawBatch, Provider, SingleUse, Terms, Use};
use crate::rng::{LANES, RngKey, Who};
use crate::sim::batch::Columns;
use crate::sim::independent::RunContext;
use crate::sim::model::{Model, TrafficClass};
use crate::sim::progress::{Interrupted, Progress};
use crate::sim::step_buffers::{FastStep, NEVER, StepBuffers, StepPosition};
use crate::sim::tally::{PlanSeries, PlanTally, QueueTally};
use crate::sim::timeline::Timeline;
use crate::stats::Bins;
use crate::status::Segment;
use crate::traffic::{Phones, Segments};
use crate::units::Time;
use std::ops::Range;

/// The tallies of a thread, and the buffers for a batch.
pub(super) struct Worker {
    /// For each stream, one for each class.
    counts: Vec<Vec<Counts>>,
    /// For each stream with several classes, what happened to all of them over time.
    series: Vec<PlanSeries>,
    /// Recipients of a cohort by class, where there are several.
    division: Division,
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
    pub(super) step: FastStep,
    /// The number of the step in its plan.
    pub(super) index: usize,
    /// Whether late delivery reports end the flow.
    pub(super) finish: bool,
    /// The random numbers of the stream.
    pub(super) rng: RngKey,
    /// The recipients' phones, if the provider depends on them and any is ever off.
    pub(super) phones: Option<&'a Phones>,
    /// The segment of the recipients.
    pub(super) segment: Segment,
}

impl Task<'_> {
    /// The step's use of its provider by this recipient, who arrived at `arrival`.
    fn single(&self, recipient: u32, arrival: Time) -> SingleUse {
        let phone_back = self.phones.map_or(Time::ZERO, |phones| phones.back(self.rng, recipient, arrival));
        SingleUse { rng: self.rng, recipient, number: self.step.use_number, segment: self.segment, phone_back }
    }
}

impl Worker {
    /// A worker with empty tallies, for the run of the plan with this index.
    pub(super) fn new(model: &Model, timeline: Timeline, plan: usize) -> Self {
        let counts = model.streams.iter().map(|stream| {
            let class = |class: &TrafficClass| Counts {
                tally: PlanTally::with_queues(class.plan(plan), &model.providers),
                arrivals: Bins::default(),
                finished: Finished::new(stream.deadline, timeline),
            };
            stream.classes.iter().map(class).collect()
        });
        Self {
            counts: counts.collect(),
            series: vec![PlanSeries::default(); model.streams.len()],
            division: Division::default(),
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
        for (ours, mut theirs) in self.counts.iter_mut().flatten().zip(other.counts.into_iter().flatten()) {
            theirs.finished.count(&mut theirs.tally);
            ours.tally.merge(&theirs.tally);
            ours.arrivals.merge(&theirs.arrivals);
        }
        self.series.iter_mut().zip(&other.series).for_each(|(ours, theirs)| ours.merge(theirs));
    }

    /// The counts of a class's attempts in the queue of a provider; `None` if the provider has no queue.
    pub(super) fn queue(&mut self, (stream, class): (usize, Segment), provider: usize) -> Option<&mut QueueTally> {
        self.counts[stream][class.index()].tally.providers[provider].queue.as_deref_mut()
    }

    /// For each stream, the results of each class.
    pub(super) fn counts(mut self) -> Vec<Vec<ClassTally>> {
        for (classes, series) in self.counts.iter_mut().zip(&self.series) {
            classes[0].tally.series.merge(series);
        }
        let class = |counts: Counts| ClassTally { tally: counts.tally, arrivals: counts.arrivals };
        self.counts.into_iter().map(|stream| stream.into_iter().map(class).collect()).collect()
    }

    /// Completes the attempts of these ranks of a cohort; returns the step carries of those who go on, for each class. `tasks` has one task
    /// for each class that uses the provider; recipients who arrive belong to `segments`.
    pub(super) fn settle(
        &mut self,
        cohort: &Cohort,
        ranks: Range<usize>,
        (tasks, segments): (&[Option<Task<'_>>], &Segments),
        run: &RunContext<'_>,
        progress: &Progress,
    ) -> Result<Vec<Vec<StepCarry>>, Interrupted> {
        let mut carries = vec![Vec::new(); tasks.len()];
        let stop = || if progress.stopped() { Err(Interrupted) } else { Ok(()) };
        if let [Some(task)] = tasks {
            for rank in ranks.clone().step_by(LANES) {
                stop()?;
                self.batch.count = (ranks.end - rank).min(LANES);
                cohort.load(rank, &mut self.batch, &mut self.buffers, &mut self.columns);
                self.settle_batch(cohort.stream, task, run, progress, &mut carries[0]);
            }
            return Ok(carries);
        }
        let rng = tasks.iter().flatten().next().map_or(RngKey::new(0, 0), |task| task.rng);
        let mut division = std::mem::take(&mut self.division);
        let at_once = (FULL_BATCHES * tasks.len() * LANES).max(AT_ONCE);
        for rank in ranks.clone().step_by(at_once) {
            cohort.divide(rank..ranks.end.min(rank + at_once), (segments, rng), tasks.len(), &mut division);
            // One class after another, so that the counts of a class stay in the processor's cache.
            for ((task, members), carries) in tasks.iter().zip(&division.members).zip(&mut carries) {
                let Some(task) = task else { continue };
                self.swap_series(cohort.stream, task.segment);
                for some in members.chunks(LANES) {
                    stop()?;
                    let Self { batch, buffers, columns, .. } = self;
                    cohort.load_some(&division, (some, task.segment), batch, buffers, columns);
                    self.settle_batch(cohort.stream, task, run, progress, carries);
                }
                self.swap_series(cohort.stream, task.segment);
            }
        }
        self.division = division;
        Ok(carries)
    }

    /// Lends a class what has happened to all classes of the stream over time, or takes it back.
    fn swap_series(&mut self, stream: usize, segment: Segment) {
        std::mem::swap(&mut self.counts[stream][segment.index()].tally.series, &mut self.series[stream]);
    }

    /// Completes the attempts of the recipients who have been loaded.
    fn settle_batch(
        &mut self,
        stream: usize,
        task: &Task<'_>,
        run: &RunContext<'_>,
        progress: &Progress,
        carries: &mut Vec<StepCarry>,
    ) {
        self.decide(task);
        let counts = &mut self.counts[stream][task.segment.index()];
        if task.index == 0 {
            let arrivals = &self.batch.arrivals[..self.batch.count];
            arrivals.iter().for_each(|&at| counts.arrivals.add(run.timeline.bin(at)));
            progress.add(arrivals.len() as u64);
        }
        if let Some(queue) = &mut counts.tally.providers[task.step.provider].queue {
            count_queue(queue, task, &self.batch, &self.buffers, run.timeline);
        }
        let position = StepPosition { index: task.index, count: self.batch.count, finish: task.finish };
        let next = self.buffers.run_step(&task.step, position, run.timeline, &mut self.columns, &mut counts.tally);
        self.split_finished(next, (stream, task.segment), carries);
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
        let of = Use { rng: task.rng, who, number: step.use_number, segment: task.segment, phones };
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
    fn split_finished(&mut self, next: usize, (stream, segment): (usize, Segment), carries: &mut Vec<StepCarry>) {
        let Self { batch, buffers, columns, goes_on, .. } = self;
        let Counts { tally, finished, .. } = &mut self.counts[stream][segment.index()];
        let goes_on = &mut goes_on[..batch.count];
        goes_on.fill(false);
        for k in 0..next {
            let lane = usize::from(buffers.lanes[k]) % LANES;
            goes_on[lane] = true;
            carries.push(batch.carry(k, lane, segment, buffers, columns));
        }
        for lane in (0..goes_on.len()).filter(|&lane| !goes_on[lane]) {
            if columns.first_delivery[lane] != NEVER {
                tally.steps[usize::from(buffers.first_step[lane])].first += 1;
            }
            finished.take(batch.arrivals[lane], columns, lane, tally);
        }
    }
}

/// This many recipients are divided by class at once, as many as stay in the processor's cache; or more, where each class would otherwise not
/// fill a few batches.
const AT_ONCE: usize = 1 << 15;
const FULL_BATCHES: usize = 4;

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
            AttemptResult::rejected(terms.submitted)
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
                let patience = task.provider.patience(&terms, task.segment, deadline);
                let is_expired = task.provider.expires_before(&terms, task.segment, deadline);
                queue.count_unserved(timeline, submitted, patience, is_expired);
            }
        }
    }
    queue.count_departures(timeline, &departures[..count], &waits[..count]);
}
