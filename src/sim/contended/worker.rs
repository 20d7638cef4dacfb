//! What one thread does for a world that flows one way: it brings attempts to their ends, batch by batch, and counts them.

use super::cohort::{Cohort, CohortBatch, StepCarry};
use super::departure::Departure;
use super::finished::Finished;
use crate::provider::{AttemptResult, AttemptResults, DrawBatch, Provider, Terms, Use, Who};
use crate::rng::{LANES, RngKey};
use crate::sim::batch::Columns;
use crate::sim::independent::RunContext;
use crate::sim::model::Model;
use crate::sim::progress::{Interrupted, Progress};
use crate::sim::step_buffers::{FastStep, NEVER, PlaceInPlan, StepBuffers};
use crate::sim::tally::{PlanTally, QueueTally};
use crate::sim::timeline::Timeline;
use crate::stats::Bins;
use crate::status::Segment;
use crate::units::Time;
use std::ops::Range;

/// A thread's tallies, and room for a batch.
pub(super) struct Worker {
    /// One for each stream.
    counts: Vec<Counts>,
    crowd: CohortBatch,
    room: StepBuffers,
    columns: Box<Columns>,
    fortune: Box<DrawBatch>,
    /// When each departs, if it does (µs).
    departures: [i64; LANES],
    /// Whether the one in each lane goes on to the next step.
    goes_on: [bool; LANES],
}

struct Counts {
    tally: PlanTally,
    arrivals: Bins,
    finished: Finished,
}

/// A step, and what is needed to bring attempts of it to their ends.
pub(super) struct Task<'a> {
    pub(super) provider: &'a Provider,
    pub(super) step: &'a FastStep,
    /// Whether late delivery reports end the flow.
    pub(super) finish: bool,
    /// The luck of the stream.
    pub(super) luck: RngKey,
}

impl Worker {
    /// A worker with empty tallies, for the world in which the plan with this index is compared.
    pub(super) fn new(cast: &Model, plan: usize) -> Self {
        let counts = cast.streams.iter().map(|role| (role, cast.part(role, plan))).map(|(role, part)| Counts {
            tally: PlanTally::with_queues(part.terms.len(), &cast.providers, &part.scale),
            arrivals: Bins::default(),
            finished: Finished::new(role.deadline),
        });
        Self {
            counts: counts.collect(),
            crowd: CohortBatch::EMPTY,
            room: StepBuffers::new(),
            columns: Box::new(Columns::EMPTY),
            fortune: Box::new(DrawBatch::UNTOLD),
            departures: [0; LANES],
            goes_on: [false; LANES],
        }
    }

    /// Adds the counts of another.
    pub(super) fn add(&mut self, other: Self) {
        for (ours, mut theirs) in self.counts.iter_mut().zip(other.counts) {
            theirs.finished.count(&mut theirs.tally);
            ours.tally.merge(&theirs.tally);
            ours.arrivals.merge(&theirs.arrivals);
        }
    }

    /// The counts of a stream's attempts in the queue of a provider, which has one.
    pub(super) fn queue(&mut self, stream: usize, provider: usize) -> Option<&mut QueueTally> {
        self.counts[stream].tally.providers[provider].queue.as_deref_mut()
    }

    /// For each stream, what its lives came to, and arrivals by bin of time.
    pub(super) fn counts(self) -> impl Iterator<Item = (PlanTally, Bins)> {
        self.counts.into_iter().map(|counts| (counts.tally, counts.arrivals))
    }

    /// Brings the attempts of these ranks of a line to their ends; gives the tickets of those who go on.
    pub(super) fn settle(
        &mut self,
        line: &Cohort,
        ranks: Range<usize>,
        task: &Task<'_>,
        world: &RunContext<'_>,
        progress: &Progress,
    ) -> Result<Vec<StepCarry>, Interrupted> {
        let mut tickets = Vec::new();
        for rank in ranks.clone().step_by(LANES) {
            if progress.stopped() {
                return Err(Interrupted);
            }
            self.crowd.count = (ranks.end - rank).min(LANES);
            line.seat(rank, &mut self.crowd, &mut self.room, &mut self.columns);
            self.decide(task);
            let counts = &mut self.counts[line.stream];
            if line.step == 0 {
                let arrivals = &self.crowd.arrivals[..self.crowd.count];
                arrivals.iter().for_each(|&at| counts.arrivals.add(world.timeline.bin(at)));
                progress.add(arrivals.len() as u64);
            }
            if let Some(queue) = &mut counts.tally.providers[task.step.provider].queue {
                count_queue(queue, task, &self.crowd, &self.room, world.timeline);
            }
            let place = PlaceInPlan { index: line.step, count: self.crowd.count, finish: task.finish };
            let next = self.room.play_step(task.step, place, world.timeline, &mut self.columns, &mut counts.tally);
            self.part(next, line.stream, &mut tickets);
        }
        Ok(tickets)
    }

    /// Decides what becomes of the attempts of the crowd.
    fn decide(&mut self, task: &Task<'_>) {
        let Self { crowd, room, fortune, departures, .. } = self;
        let Task { provider, step, .. } = task;
        let CohortBatch { count, recipients, neighbours, .. } = &*crowd;
        let (at, lanes) = (&room.at[..*count], &room.lanes[..*count]);
        // Those who never depart are taken to do so at once, and set right afterwards.
        let mut all_depart = true;
        for ((departs, departure), &at) in departures.iter_mut().zip(&crowd.departures).zip(at) {
            let time = departure.time();
            *departs = time.map_or(at, Time::as_micros);
            all_depart &= time.is_some();
        }
        let who = if *neighbours { Who::From(recipients[0]) } else { Who::These(recipients) };
        let (of, times) = (
            Use { luck: task.luck, who, number: step.use_number, segment: Segment::WHOLE },
            (at, &departures[..*count]),
        );
        if *count < FEW {
            provider.submit_each(of, lanes, times, &step.terms, &mut room.fates);
        } else {
            provider.draw_batch(of, fortune);
            provider.submit_lanes(of, fortune, lanes, times, &step.terms, &mut room.fates);
        }
        if !all_depart {
            set_right(crowd, task, &room.at, &mut room.fates);
        }
    }

    /// Parts those who go on to the next step, the first `next` of the room, from those whose lives are over.
    fn part(&mut self, next: usize, stream: usize, tickets: &mut Vec<StepCarry>) {
        let Self { crowd, room, columns, goes_on, .. } = self;
        let Counts { tally, finished, .. } = &mut self.counts[stream];
        let goes_on = &mut goes_on[..crowd.count];
        goes_on.fill(false);
        for k in 0..next {
            let lane = usize::from(room.lanes[k]) % LANES;
            goes_on[lane] = true;
            tickets.push(crowd.ticket(k, lane, room, columns));
        }
        for lane in (0..goes_on.len()).filter(|&lane| !goes_on[lane]) {
            if columns.first_delivery[lane] != NEVER {
                tally.steps[usize::from(room.first_step[lane])].first += 1;
            }
            finished.take(crowd.arrivals[lane], columns, lane, tally);
        }
    }
}

/// Fewer attempts than this are decided one by one.
const FEW: usize = LANES / 6;

/// What becomes of those who never depart.
fn set_right(crowd: &CohortBatch, task: &Task<'_>, at: &[i64; LANES], fates: &mut AttemptResults) {
    let Task { provider, step, luck, .. } = task;
    for k in (0..crowd.count).filter(|&k| crowd.departures[k].time().is_none()) {
        let submitted = Time::from_micros(at[k]);
        let terms = Terms { submitted, ..step.terms };
        let fate = if crowd.departures[k] == Departure::REJECTED {
            AttemptResult::rejected(&terms)
        } else {
            let draws = luck.draws(provider.key(), crowd.recipients[k], step.use_number);
            provider.expire_in_queue(&terms, Segment::WHOLE, submitted.after(terms.ttl), draws)
        };
        fates.set(k, &fate);
    }
}

/// Counts what happened to the crowd in the queue.
fn count_queue(queue: &mut QueueTally, task: &Task<'_>, crowd: &CohortBatch, room: &StepBuffers, timeline: Timeline) {
    let (mut departures, mut waits, mut count) = ([0; LANES], [0; LANES], 0);
    for k in 0..crowd.count {
        let submitted = Time::from_micros(room.at[k]);
        match crowd.departures[k].time() {
            Some(departs) => {
                (departures[count], waits[count]) = (departs.as_micros(), departs.since(submitted).as_micros());
                count += 1;
            }
            None if crowd.departures[k] == Departure::REJECTED => queue.refuse(timeline, submitted),
            None => {
                let terms = Terms { submitted, ..task.step.terms };
                let deadline = submitted.after(terms.ttl);
                queue.withdrew(timeline, submitted, task.provider.patience(&terms, Segment::WHOLE, deadline));
            }
        }
    }
    queue.left(timeline, &departures[..count], &waits[..count]);
}
