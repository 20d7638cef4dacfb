//! The short way through a batch: plans whose steps can be settled in closed form are played step by step for all recipients at
//! once instead of event by event for each.
//!
//! It is derived from the same compiled plan and providers as the engine's way, and gives the same tallies (tested on random
//! scenarios). It exists for speed alone: with one attempt for each step and the floor `delivered`, a step is over at the first of
//! three known moments, so that no queue of events is needed:
//!
//! - the attempt's first report, at `r`;
//! - the ttl, at `d`: at equal times the report comes first;
//! - the earliest late delivery report of the steps before, at `l`: at equal times it comes first, since its attempt is older.

use super::batch::Columns;
use super::cast::{Cast, Part};
use super::tally::{Ending, PlanTally, StepTally};
use super::timeline::Timeline;
use crate::engine::LateDelivery;
use crate::provider::{Fates, Fortune, Terms};
use crate::rng::{LANES, Luck};
use crate::units::SimTime;
use crate::vocabulary::{Status, StatusSet, SuccessFloor};

const NEVER: i64 = SimTime::NEVER.as_micros();
/// Later than any moment that can come.
const FAR: i64 = 1 << 61;
/// Fewer attempts than this part of a batch are submitted one by one, unless the batch's fortune has been told already.
const FEW: usize = LANES / 6;

const SUPERSEDED: u8 = Ending::Superseded.index() as u8;
const OPEN: u8 = Ending::Open.index() as u8;
const EXPIRED: u8 = Ending::Status(Status::Expired).index() as u8;

/// Which plans of a cast can go the short way, and how.
#[derive(Clone, Debug)]
pub(super) struct Lanes {
    /// One for each plan; `None` for one that needs the engine.
    plans: Vec<Option<Shortcut>>,
    /// The fortunes that the plans share: a provider and the number of its use.
    fortunes: Vec<(usize, u16)>,
}

/// A plan that can go the short way.
#[derive(Clone, Debug)]
struct Shortcut {
    steps: Vec<LaneStep>,
    /// Whether late delivery reports end the flow.
    finish: bool,
}

#[derive(Clone, Debug)]
struct LaneStep {
    provider: usize,
    /// The place of its fortune in [`Lanes::fortunes`].
    fortune: usize,
    use_number: u16,
    terms: Terms,
    failover_on: StatusSet,
    last: bool,
}

/// Room for a batch on the short way.
#[derive(Clone, Debug)]
pub(super) struct Room {
    /// The fortunes told for this batch so far.
    fortunes: Vec<Option<Box<Fortune>>>,
    spare: Vec<Box<Fortune>>,
    fates: Box<Fates>,
    /// The recipients in the current step, by their place in the batch.
    lanes: [u16; LANES],
    /// When they came to it (µs).
    at: [i64; LANES],
    /// The earliest late delivery report of the steps before that is still to come (µs).
    late: [i64; LANES],
    /// How the step ended, as [`Ending::index`], and when (µs).
    ending: [u8; LANES],
    ended: [i64; LANES],
    /// The step that reached each recipient of the batch first.
    first_step: [u8; LANES],
    /// Some of the attempts of the current step, by their place in it.
    chosen: [u16; LANES],
    /// Those of them who go on to the next.
    going: [u16; LANES],
}

/// A batch: the luck of its world, its first recipient, and when they arrive.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a> {
    pub(super) luck: Luck,
    pub(super) first: u32,
    pub(super) arrivals: &'a [SimTime],
    pub(super) timeline: Timeline,
}

/// For each plan of `cast`, whether it can go the short way.
#[must_use]
pub fn short_ways(cast: &Cast) -> Vec<bool> {
    Lanes::new(cast).plans.iter().map(Option::is_some).collect()
}

impl Lanes {
    /// The short ways through `cast`.
    pub(super) fn new(cast: &Cast) -> Self {
        let mut lanes = Self { plans: Vec::new(), fortunes: Vec::new() };
        lanes.plans = cast.plans.iter().map(|part| lanes.shortcut(cast, part)).collect();
        lanes
    }

    fn shortcut(&mut self, cast: &Cast, part: &Part) -> Option<Shortcut> {
        let plain = part.flow.steps.iter().all(|rules| rules.attempts == 1 && rules.success == SuccessFloor::Delivered);
        let told = part.carriers.iter().all(|&(provider, _)| cast.providers[provider].has_tables());
        if !plain || !told || !part.flow.give_up_after.is_never() {
            return None;
        }
        let steps = (0..part.carriers.len()).map(|i| self.step(part, i)).collect();
        Some(Shortcut { steps, finish: part.flow.late_delivery == LateDelivery::Finish })
    }

    fn step(&mut self, part: &Part, index: usize) -> LaneStep {
        let (provider, terms) = part.carriers[index];
        let use_number = part.carriers[..index].iter().filter(|(earlier, _)| *earlier == provider).count() as u16;
        let known = self.fortunes.iter().position(|fortune| *fortune == (provider, use_number));
        let fortune = known.unwrap_or_else(|| {
            self.fortunes.push((provider, use_number));
            self.fortunes.len() - 1
        });
        let failover_on = part.flow.steps[index].failover_on;
        LaneStep { provider, fortune, use_number, terms, failover_on, last: index + 1 == part.carriers.len() }
    }

    pub(super) fn room(&self) -> Room {
        Room {
            fortunes: vec![None; self.fortunes.len()],
            spare: Vec::new(),
            fates: Box::new(Fates::UNDECIDED),
            lanes: [0; LANES],
            at: [0; LANES],
            late: [0; LANES],
            ending: [0; LANES],
            ended: [0; LANES],
            first_step: [0; LANES],
            chosen: [0; LANES],
            going: [0; LANES],
        }
    }

    /// Plays a batch under the plan with this index, if that can go the short way; says whether it could.
    pub(super) fn play(
        &self,
        cast: &Cast,
        plan: usize,
        batch: Batch<'_>,
        room: &mut Room,
        columns: &mut Columns,
        tally: &mut PlanTally,
    ) -> bool {
        let Some(shortcut) = &self.plans[plan] else { return false };
        let mut count = room.begin(batch.arrivals, columns);
        for (index, step) in shortcut.steps.iter().enumerate() {
            if count == 0 {
                break;
            }
            tally.steps[index].attempts += count as u64;
            room.submit(cast, step, batch, count);
            settle(step, &room.at[..count], &room.late, &room.fates, &mut room.ending, &mut room.ended);
            room.count_endings(count, &mut tally.steps[index]);
            room.count_deliveries(index, count, batch.timeline, columns, &mut tally.steps[index]);
            let (next, over) = room.sort(step, count);
            room.count_ends(over, columns, tally);
            room.move_on(shortcut.finish, next);
            count = next;
            room.at[..count].iter().for_each(|&at| tally.failovers.add(batch.timeline.bin(SimTime::from_micros(at))));
        }
        room.count_first(batch.arrivals.len(), columns, tally);
        true
    }
}

impl Room {
    /// Before a batch: nothing is known of its luck.
    pub(super) fn forget(&mut self) {
        self.spare.extend(self.fortunes.iter_mut().filter_map(Option::take));
    }

    /// Before a plan: everybody is in its first step.
    fn begin(&mut self, arrivals: &[SimTime], columns: &mut Columns) -> usize {
        for (lane, arrival) in arrivals.iter().enumerate() {
            self.lanes[lane] = lane as u16;
            self.at[lane] = arrival.as_micros();
            self.late[lane] = NEVER;
        }
        columns.cost.fill(0);
        columns.first_delivery.fill(NEVER);
        for flags in [&mut columns.succeeded, &mut columns.duplicate, &mut columns.seen] {
            flags.fill(0);
        }
        arrivals.len()
    }

    /// Hands the step's attempts to its provider.
    fn submit(&mut self, cast: &Cast, step: &LaneStep, batch: Batch<'_>, count: usize) {
        let provider = &cast.providers[step.provider];
        let who = (batch.luck, batch.first, step.use_number);
        let (lanes, at) = (&self.lanes[..count], &self.at[..count]);
        let fortune = &mut self.fortunes[step.fortune];
        if fortune.is_none() && count < FEW {
            return provider.submit_each(who, lanes, at, &step.terms, &mut self.fates);
        }
        let fortune = fortune.get_or_insert_with(|| {
            let mut fortune = self.spare.pop().unwrap_or_else(|| Box::new(Fortune::UNTOLD));
            provider.foresee(batch.luck, batch.first, step.use_number, &mut fortune);
            fortune
        });
        provider.submit_lanes(who, fortune, lanes, at, &step.terms, &mut self.fates);
    }

    /// What the step's attempts cost, and whom they reached.
    fn count_deliveries(
        &mut self,
        index: usize,
        count: usize,
        timeline: Timeline,
        columns: &mut Columns,
        tally: &mut StepTally,
    ) {
        let Self { fates, lanes, chosen, ended, first_step, .. } = self;
        let mut reached = 0;
        for k in 0..count {
            columns.cost[usize::from(lanes[k]) % LANES] += fates.charge[k];
            chosen[reached % LANES] = k as u16;
            reached += usize::from(fates.delivered[k] != NEVER);
        }
        tally.cost += fates.charge[..count].iter().sum::<i64>() as u128;
        tally.delivered += reached as u64;
        for &k in &chosen[..reached] {
            let k = usize::from(k) % LANES;
            let (lane, delivered) = (usize::from(lanes[k]) % LANES, fates.delivered[k]);
            tally.late += u64::from(delivered > ended[k]);
            tally.deliveries.add(timeline.bin(SimTime::from_micros(delivered)));
            let first = columns.first_delivery[lane];
            columns.seen[lane] |= fates.seen[k];
            columns.duplicate[lane] = u8::from(first != NEVER);
            columns.first_delivery[lane] = first.min(delivered);
            first_step[lane] = if delivered < first { index as u8 } else { first_step[lane] };
        }
    }

    /// Sorts those in the step into those who go on and those whose flow has ended; gives the number of each.
    fn sort(&mut self, step: &LaneStep, count: usize) -> (usize, usize) {
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

    /// Counts the first `over` of the chosen, whose flow has ended.
    fn count_ends(&self, over: usize, columns: &mut Columns, tally: &mut PlanTally) {
        for &k in &self.chosen[..over] {
            let k = usize::from(k) % LANES;
            tally.ended(SimTime::from_micros(self.ended[k]));
            columns.succeeded[usize::from(self.lanes[k]) % LANES] = u8::from(SUCCEEDED >> self.ending[k] & 1 == 1);
        }
    }

    /// Takes those who go on, `next` of them, to the next step, with what is still to come.
    fn move_on(&mut self, finish: bool, next: usize) {
        for n in 0..next.min(LANES) {
            let k = usize::from(self.going[n]) % LANES;
            // A delivery that the step did not wait for is reported late.
            let late = finish && self.fates.delivered[k] != NEVER;
            let report = if late { self.fates.reported[k] } else { NEVER };
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

    fn count_first(&mut self, recipients: usize, columns: &Columns, tally: &mut PlanTally) {
        for (by, &at) in self.first_step[..recipients].iter_mut().zip(&columns.first_delivery) {
            *by = if at == NEVER { u8::MAX } else { *by };
        }
        for (index, step) in tally.steps.iter_mut().enumerate() {
            step.first += equal(&self.first_step[..recipients], index as u8);
        }
    }
}

/// How many of `values` are `wanted`. Sums within bytes, which hold 255, are what vectors do best.
fn equal(values: &[u8], wanted: u8) -> u64 {
    values.chunks(255).map(|chunk| u64::from(chunk.iter().map(|&value| u8::from(value == wanted)).sum::<u8>())).sum()
}

impl LaneStep {
    /// The endings with which a flow goes on to the next step, and those with which it is over, a bit for each.
    fn masks(&self) -> (u32, u32) {
        // The index of a status is one less than its number.
        let go_on = if self.last { 0 } else { u32::from(self.failover_on.bits()) >> 1 };
        (go_on, !go_on & !(1 << OPEN))
    }
}

/// The endings with which a flow has succeeded, a bit for each.
const SUCCEEDED: u32 = 1 << SUPERSEDED
    | 1 << Ending::Status(Status::Delivered).index()
    | 1 << Ending::Status(Status::Answered).index()
    | 1 << Ending::Status(Status::Seen).index();

/// How and when a step ends for each of those who came to it at `at`: see the head of this file.
fn settle(
    step: &LaneStep,
    at: &[i64],
    late: &[i64; LANES],
    fates: &Fates,
    ending: &mut [u8; LANES],
    ended: &mut [i64; LANES],
) {
    settle_columns(step.terms.ttl.as_micros().min(FAR), at, late, &fates.reported, &fates.status, ending, ended);
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
        let superseded = earlier <= first && earlier != NEVER;
        let heard = report <= timer && report != NEVER;
        let alone = if heard {
            status[k].wrapping_sub(1)
        } else if timer < FAR {
            EXPIRED
        } else {
            OPEN
        };
        let open = !heard && timer >= FAR;
        ending[k] = if superseded { SUPERSEDED } else { alone };
        ended[k] = if superseded {
            earlier
        } else if open {
            NEVER
        } else {
            first
        };
    }
}
