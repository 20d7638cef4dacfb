//! The buffers for a batch of recipients in one step of a plan, and the simulation of that step: columns in, columns out.
//!
//! With one attempt for each step and the floor `delivered`, a step ends at the first of three known times, so that no event queue is
//! needed:
//!
//! - the attempt's first report, at `r`;
//! - the ttl, at `d`: at equal times the report comes first;
//! - the earliest late delivery report of the previous steps, at `l`: at equal times it comes first, since its attempt is older.

use super::batch::Columns;
use super::tally::{Ending, PlanTally, StepTally};
use super::timeline::Timeline;
use crate::provider::{AttemptResults, Terms};
use crate::rng::LANES;
use crate::stats::sum;
use crate::status::{Status, StatusSet};
use crate::units::Time;

pub(super) const NEVER: i64 = Time::NEVER.as_micros();
/// Later than any time that can occur.
const FAR: i64 = 1 << 61;

const LATE_SUCCESS: u8 = Ending::LateSuccess.index() as u8;
const UNRESOLVED: u8 = Ending::Unresolved.index() as u8;
const EXPIRED: u8 = Ending::Status(Status::Expired).index() as u8;

/// The numbers of the statuses that report a delivery, as bits.
const DELIVERIES: u16 = 1 << Status::Delivered as u8 | 1 << Status::Answered as u8 | 1 << Status::Seen as u8;

/// A step of a fast plan.
#[derive(Clone, Debug)]
pub(super) struct FastStep {
    pub(super) provider: usize,
    pub(super) use_number: u16,
    pub(super) terms: Terms,
    pub(super) failover_on: StatusSet,
    pub(super) last: bool,
}

/// The position of a step in its plan, and the number of recipients in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepPosition {
    /// The step's number, from 0.
    pub(super) index: usize,
    /// The number of recipients in the step.
    pub(super) count: usize,
    /// Whether late delivery reports end the flow.
    pub(super) finish: bool,
}

/// The buffers for a batch in one step.
#[derive(Clone, Debug)]
pub(super) struct StepBuffers {
    /// The recipients in the step, by their index in the batch.
    pub(super) lanes: [u16; LANES],
    /// When they entered the step (µs).
    pub(super) at: [i64; LANES],
    /// The earliest late delivery report of the previous steps that is still to come (µs).
    pub(super) late: [i64; LANES],
    /// The results of their attempts.
    pub(super) results: Box<AttemptResults>,
    /// How the step ended, as [`Ending::index`], and when (µs).
    ending: [u8; LANES],
    ended: [i64; LANES],
    /// The step that reached each recipient of the batch first.
    pub(super) first_step: [u8; LANES],
    /// Some of the attempts of the step, by their index in it.
    chosen: [u16; LANES],
    /// The attempts whose recipients go on to the next step.
    going: [u16; LANES],
}

impl StepBuffers {
    pub(super) fn new() -> Self {
        Self {
            lanes: [0; LANES],
            at: [0; LANES],
            late: [0; LANES],
            results: Box::new(AttemptResults::EMPTY),
            ending: [0; LANES],
            ended: [0; LANES],
            first_step: [0; LANES],
            chosen: [0; LANES],
            going: [0; LANES],
        }
    }

    /// Puts all recipients of the batch into the first step of a plan.
    pub(super) fn begin(&mut self, arrivals: &[Time], columns: &mut Columns) -> usize {
        for (lane, arrival) in arrivals.iter().enumerate() {
            self.lanes[lane] = lane as u16;
            self.at[lane] = arrival.as_micros();
            self.late[lane] = NEVER;
        }
        columns.begin();
        arrivals.len()
    }

    /// Completes the step for the first `count` recipients, whose attempt results are known. Returns how many of them go on to the next
    /// step; those are then first in the buffers.
    pub(super) fn run_step(
        &mut self,
        step: &FastStep,
        StepPosition { index, count, finish }: StepPosition,
        timeline: Timeline,
        columns: &mut Columns,
        tally: &mut PlanTally,
    ) -> usize {
        settle(step, &self.at[..count], &self.late, &self.results, &mut self.ending, &mut self.ended);
        tally.unresolved += equal(&self.ending[..count], UNRESOLVED);
        self.count_endings(count, &mut tally.steps[index]);
        self.count_attempts(step.provider, count, timeline, tally);
        self.count_deliveries((index, step.provider), count, timeline, columns, tally);
        let (next, over) = self.sort(step, count);
        self.count_ends(over, columns, tally);
        self.move_on(finish, next);
        tally.failovers += next as u64;
        self.at[..next].iter().for_each(|&at| tally.series.failovers.add(timeline.bin(Time::from_micros(at))));
        next
    }

    /// Counts the attempts, their costs and the reports of a bad status, by bin of time.
    fn count_attempts(&mut self, provider: usize, count: usize, timeline: Timeline, tally: &mut PlanTally) {
        let AttemptResults { charge, reported, status, .. } = &*self.results;
        let (provider, series) = (&mut tally.providers[provider], &mut tally.series.providers[provider]);
        let attempts = self.at[..count].iter().zip(&charge[..count]);
        let bin = |micros: i64| timeline.bin(Time::from_micros(micros));
        series.submissions.add_all(attempts.map(|(&at, &charge)| (bin(at), charge as u64)));
        let mut bad = 0;
        for k in 0..count {
            self.chosen[bad % LANES] = k as u16;
            bad += usize::from(status[k] >= Status::Undelivered as u8);
        }
        self.chosen[..bad].iter().for_each(|&k| series.failures.add(bin(reported[usize::from(k) % LANES])));
        provider.attempts += count as u64;
        provider.rejected += self.results.rejected;
    }

    /// Counts what the step's attempts cost, and which recipients they reached.
    fn count_deliveries(
        &mut self,
        (index, provider): (usize, usize),
        count: usize,
        timeline: Timeline,
        columns: &mut Columns,
        tally: &mut PlanTally,
    ) {
        let Self { results, lanes, chosen, ended, first_step, .. } = self;
        let series = &mut tally.series.providers[provider];
        let (step, provider) = (&mut tally.steps[index], &mut tally.providers[provider]);
        let mut reached = 0;
        for k in 0..count {
            columns.cost[usize::from(lanes[k]) % LANES] += results.charge[k];
            chosen[reached % LANES] = k as u16;
            reached += usize::from(results.delivered[k] != NEVER);
        }
        let cost = sum(&results.charge[..count]).unsigned_abs();
        (step.attempts, step.cost, provider.cost) =
            (step.attempts + count as u64, step.cost + cost, provider.cost + cost);
        step.delivered += reached as u64;
        provider.delivered += reached as u64;
        for &k in &chosen[..reached] {
            let k = usize::from(k) % LANES;
            let (lane, delivered) = (usize::from(lanes[k]) % LANES, results.delivered[k]);
            step.late += u64::from(delivered > ended[k]);
            series.deliveries.add(timeline.bin(Time::from_micros(delivered)));
            let first = columns.first_delivery[lane];
            columns.seen[lane] |= results.seen[k];
            columns.duplicate[lane] = u8::from(first != NEVER);
            columns.first_delivery[lane] = first.min(delivered);
            first_step[lane] = if delivered < first { index as u8 } else { first_step[lane] };
        }
    }

    /// Sorts the recipients in the step into those who go on and those whose flow has ended; returns the number of each.
    fn sort(&mut self, step: &FastStep, count: usize) -> (usize, usize) {
        let (go_on, over) = step.masks();
        let (mut on, mut off) = (0, 0);
        for k in 0..count {
            let ending = self.ending[k];
            self.going[on % LANES] = k as u16;
            self.chosen[off % LANES] = k as u16;
            on += usize::from(go_on >> ending & 1 == 1);
            off += usize::from(over >> ending & 1 == 1);
        }
        (on, off)
    }

    /// Counts the first `over` of the chosen, whose flows have ended.
    fn count_ends(&self, over: usize, columns: &mut Columns, tally: &mut PlanTally) {
        for &k in &self.chosen[..over] {
            let k = usize::from(k) % LANES;
            tally.ended(Time::from_micros(self.ended[k]));
            columns.succeeded[usize::from(self.lanes[k]) % LANES] = u8::from(SUCCEEDED >> self.ending[k] & 1 == 1);
        }
    }

    /// Moves those who go on, `next` of them, to the next step, with the late reports that are still to come.
    fn move_on(&mut self, finish: bool, next: usize) {
        for n in 0..next.min(LANES) {
            let k = usize::from(self.going[n]) % LANES;
            // A delivery that the step did not wait for is reported late, whether or not it reached anybody.
            let late = finish & (DELIVERIES >> self.results.status[k] & 1 == 1);
            let report = if late { self.results.reported[k] } else { NEVER };
            self.late[n] = self.late[k].min(report);
            self.lanes[n] = self.lanes[k];
            self.at[n] = self.ended[k];
        }
    }

    fn count_endings(&self, count: usize, tally: &mut StepTally) {
        for (index, sum) in tally.endings.iter_mut().enumerate() {
            *sum += equal(&self.ending[..count], index as u8);
        }
    }

    /// Counts which step reached each of the first `recipients` of the batch first.
    pub(super) fn count_first(&mut self, recipients: usize, columns: &Columns, tally: &mut PlanTally) {
        for (by, &at) in self.first_step[..recipients].iter_mut().zip(&columns.first_delivery) {
            *by = if at == NEVER { u8::MAX } else { *by };
        }
        for (index, step) in tally.steps.iter_mut().enumerate() {
            step.first += equal(&self.first_step[..recipients], index as u8);
        }
    }
}

/// The number of `values` equal to `wanted`. Sums are kept in bytes, which hold up to 255, because those vectorise best.
fn equal(values: &[u8], wanted: u8) -> u64 {
    values.chunks(255).map(|chunk| u64::from(chunk.iter().map(|&value| u8::from(value == wanted)).sum::<u8>())).sum()
}

impl FastStep {
    /// The endings with which a flow goes on to the next step, and those with which it is over: a bit for each.
    fn masks(&self) -> (u32, u32) {
        // The index of a status is one less than its number.
        let go_on = if self.last { 0 } else { u32::from(self.failover_on.bits()) >> 1 };
        (go_on, !go_on & !(1 << UNRESOLVED))
    }
}

/// The endings with which a flow has succeeded: a bit for each.
const SUCCEEDED: u32 = 1 << LATE_SUCCESS
    | 1 << Ending::Status(Status::Delivered).index()
    | 1 << Ending::Status(Status::Answered).index()
    | 1 << Ending::Status(Status::Seen).index();

/// Determines how and when a step ends for each recipient who entered it at `at`; see the top of this file.
fn settle(
    step: &FastStep,
    at: &[i64],
    late: &[i64; LANES],
    results: &AttemptResults,
    ending: &mut [u8; LANES],
    ended: &mut [i64; LANES],
) {
    settle_columns(step.terms.ttl.as_micros().min(FAR), at, late, &results.reported, &results.status, ending, ended);
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn settle_columns(
    ttl: i64,
    at: &[i64],
    late: &[i64; LANES],
    reported: &[i64; LANES],
    status: &[u8; LANES],
    ending: &mut [u8; LANES],
    ended: &mut [i64; LANES],
) {
    for k in 0..at.len().min(LANES) {
        let (report, timer, earlier) = (reported[k], at[k] + ttl, late[k]);
        let first = report.min(timer);
        let late_success = earlier <= first && earlier != NEVER;
        let heard = report <= timer && report != NEVER;
        let alone = if heard {
            status[k].wrapping_sub(1)
        } else if timer < FAR {
            EXPIRED
        } else {
            UNRESOLVED
        };
        let unresolved = !heard && timer >= FAR;
        ending[k] = if late_success { LATE_SUCCESS } else { alone };
        ended[k] = if late_success {
            earlier
        } else if unresolved {
            NEVER
        } else {
            first
        };
    }
}
