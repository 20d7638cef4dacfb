//! Random draws for a batch of recipients of one provider: the outcome and latency of each attempt.
//!
//! Draws depend on neither the plan nor the time of submission, so one draw batch serves every plan. The only difference from
//! [`Provider::submit`] is the order of the arithmetic: that function works recipient by recipient; here it is column by column,
//! which the compiler can vectorise.

use super::outage::Hazard;
use super::reports::AttemptResult;
use super::resolve::Settlement;
use super::simulated::{Provider, SingleUse, Terms};
use super::spec::{Effect, WhenOff};
use super::tables::{CLAIMED, PHONE, REJECTED, SINGLE, Tables};
use crate::rng::{LANES, RngKey, Who, choose, purpose};
use crate::status::{Segment, Status};
use crate::units::Time;

/// The outcome of one use of a provider for each recipient of a batch, assuming immediate departure and no outage.
#[derive(Clone, Debug)]
pub struct DrawBatch {
    /// The status, as `Status as u8`; 0 for silence.
    status: [u8; LANES],
    /// The time from departure to the status (µs).
    after: [i64; LANES],
    /// The delay from the status to its report (µs).
    report_delay: [i64; LANES],
    /// The index of the outcome; the number of outcomes for silence.
    outcome: [u8; LANES],
    /// The draw for the first outage.
    outage: [u32; LANES],
    /// The index of the recipient's persistent outcome; the number of those for none.
    persistent: [u8; LANES],
}

/// One use of a provider by each recipient of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Use<'a> {
    /// The random key of their stream.
    pub rng: RngKey,
    /// The recipients.
    pub who: Who<'a>,
    /// Which use of the provider this is for each of them, from 0.
    pub number: u16,
    /// Their segment.
    pub segment: Segment,
    /// When the phone of the recipient at each index of the batch is on again (µs), as in [`SingleUse::phone_back`]; `None` if all phones
    /// are always on.
    pub phones: Option<&'a [i64; LANES]>,
}

impl Use<'_> {
    /// The use by the recipient at this index of the batch.
    fn single(&self, lane: u16) -> SingleUse {
        let &Self { rng, who, number, segment, phones } = self;
        let phone_back = phones.map_or(Time::ZERO, |phones| Time::from_micros(phones[usize::from(lane) % LANES]));
        SingleUse { rng, recipient: who.at(lane), number, segment, phone_back }
    }
}

/// The results of attempts by some recipients of a batch, column by column.
#[derive(Clone, Debug)]
pub struct AttemptResults {
    /// When each message reaches the recipient (µs); [`Time::NEVER`] in µs if it does not.
    pub delivered: [i64; LANES],
    /// When the first report of each attempt's final status arrives (µs); [`Time::NEVER`] in µs if none does.
    pub reported: [i64; LANES],
    /// The status in that report, as `Status as u8`; 0 when there is none.
    pub status: [u8; LANES],
    /// The charge for each (millionths).
    pub charge: [i64; LANES],
    /// Whether the recipient opens the message: 1 or 0.
    pub seen: [u8; LANES],
    /// The number of attempts that were rejected at submission, by their outcome.
    pub rejected: u64,
    /// Buffer for the draws of the selected recipients.
    some: DrawBatch,
    /// Buffer for the indices of some attempts.
    places: [u16; LANES],
}

const NEVER: i64 = Time::NEVER.as_micros();

impl DrawBatch {
    /// A draw batch that has not been filled yet.
    pub const EMPTY: Self = Self {
        status: [0; LANES],
        after: [0; LANES],
        report_delay: [0; LANES],
        outcome: [0; LANES],
        outage: [0; LANES],
        persistent: [0; LANES],
    };

    /// Copies from `all` the entries at `lanes`, in their order, as input for [`decide`].
    fn gather(&mut self, all: &Self, lanes: &[u16]) -> &Self {
        for (k, &lane) in lanes.iter().enumerate().take(LANES) {
            let lane = usize::from(lane) % LANES;
            self.status[k] = all.status[lane];
            self.after[k] = all.after[lane];
            self.report_delay[k] = all.report_delay[lane];
        }
        self
    }
}

impl AttemptResults {
    /// Attempt results that have not been computed yet.
    pub const EMPTY: Self = Self {
        delivered: [NEVER; LANES],
        reported: [NEVER; LANES],
        status: [0; LANES],
        charge: [0; LANES],
        seen: [0; LANES],
        rejected: 0,
        some: DrawBatch::EMPTY,
        places: [0; LANES],
    };

    /// Sets the `k`-th result.
    pub fn set(&mut self, k: usize, result: &AttemptResult) {
        let earliest = result.reports().iter().min_by_key(|report| (report.at(), report.status()));
        self.delivered[k] = result.delivered.as_micros();
        self.reported[k] = earliest.map_or(NEVER, |report| report.at().as_micros());
        self.status[k] = earliest.map_or(0, |report| report.status() as u8);
        self.charge[k] = result.charge.as_micros();
        self.seen[k] = u8::from(!result.seen.is_never());
    }
}

impl Provider {
    /// Draws the outcomes and latencies for one use of this provider by the recipients of a batch.
    ///
    /// # Panics
    /// When the provider has no tables.
    pub fn draw_batch(&self, of: Use<'_>, draw_batch: &mut DrawBatch) {
        let behaviour = self.behaviour(of.segment);
        let tables = behaviour.samplers.tables.as_ref().expect("the caller asked whether there are tables");
        let mut draws = [[0; LANES]; 4];
        if tables.first > 0 {
            of.rng.columns(self.channel, of.who, 0, &mut draws);
            choose(&tables.persistent, &draws[usize::from(purpose::PERSISTENT)], 0, &mut draw_batch.persistent);
        }
        of.rng.columns(self.key, of.who, of.number, &mut draws);
        choose(&tables.thresholds, &draws[usize::from(purpose::OUTCOME)], tables.first, &mut draw_batch.outcome);
        if tables.first > 0 {
            for (outcome, &persistent) in draw_batch.outcome.iter_mut().zip(&draw_batch.persistent) {
                *outcome = if persistent < tables.first { persistent } else { *outcome };
            }
        }
        for (status, outcome) in draw_batch.status.iter_mut().zip(&draw_batch.outcome) {
            *status = tables.status[usize::from(*outcome)];
        }
        let after = &draws[usize::from(purpose::AFTER)];
        draw_batch.outage = draws[usize::from(purpose::FIRST_OUTAGE)];
        tables.quantile_tables.read_by(&tables.entries, &draw_batch.outcome, after, &mut draw_batch.after);
        tables.quantile_tables.read(
            tables.delay,
            &draws[usize::from(purpose::REPORT_DELAY)],
            &mut draw_batch.report_delay,
        );
    }

    /// Computes the results of attempts that depart. Attempt `k` belongs to the recipient at index `lanes[k]`, was submitted at
    /// `submitted[k]` (µs) and departs at `departs[k]` (µs). `terms` applies to all of them, except for its `submitted`, which is
    /// ignored; its `progress` must be false. The `lanes` are in ascending order.
    ///
    /// # Panics
    /// When the provider has no tables, or there are more than [`LANES`] attempts.
    pub fn submit_batch(
        &self,
        of: Use<'_>,
        draw_batch: &DrawBatch,
        lanes: &[u16],
        (submitted, departs): (&[i64], &[i64]),
        terms: &Terms,
        results: &mut AttemptResults,
    ) {
        let behaviour = self.behaviour(of.segment);
        let tables = behaviour.samplers.tables.as_ref().expect("the caller asked whether there are tables");
        results.seen[..lanes.len()].fill(0);
        results.rejected = 0;
        let AttemptResults { delivered, reported, status, charge, some, .. } = results;
        let mut resolved_columns = ResolvedColumns { delivered, reported, status, charge };
        // `lanes` is ascending, so a full-length list names every recipient.
        let draw_batches = if lanes.len() == LANES { draw_batch } else { some.gather(draw_batch, lanes) };
        let settlement = behaviour.settlement(terms);
        decide(&settlement, (submitted, departs), draw_batches, &mut resolved_columns);
        if let Some(phones) = of.phones.filter(|_| tables.any_special & PHONE != 0) {
            self.wait_for_phones((tables, &settlement), phones, draw_batch, lanes, (submitted, departs), results);
        }
        let hazards = self.hazards(of.segment);
        let odd = collect_exceptions(hazards, (tables, settlement.submitted), draw_batch, lanes, departs, results);
        for n in 0..odd {
            let k = usize::from(results.places[n]) % LANES;
            let times = [submitted[k], departs[k]].map(Time::from_micros);
            let is_rejected = self.submit_one(of, lanes[k], times, terms, k, results);
            let outcome = draw_batch.outcome[usize::from(lanes[k]) % LANES];
            // Those with such an outcome are counted below.
            let by_outcome = tables.special[usize::from(outcome)] & REJECTED != 0;
            results.rejected += u64::from(is_rejected && !by_outcome);
        }
        if tables.any_special & (REJECTED | CLAIMED) != 0 {
            correct(tables, draw_batch, lanes, submitted, results);
        }
    }

    /// Resolves anew the attempts whose outcome needs a phone that is off.
    fn wait_for_phones(
        &self,
        (tables, settlement): (&Tables, &Settlement),
        phones: &[i64; LANES],
        draw_batch: &DrawBatch,
        lanes: &[u16],
        (submitted, departs): (&[i64], &[i64]),
        results: &mut AttemptResults,
    ) {
        let mut off = 0;
        for (k, (&lane, &at)) in lanes.iter().zip(departs).enumerate().take(LANES) {
            results.places[off % LANES] = k as u16;
            let lane = usize::from(lane) % LANES;
            let needs_phone = tables.special[usize::from(draw_batch.outcome[lane])] & PHONE != 0;
            off += usize::from((phones[lane] > at) & needs_phone);
        }
        for n in 0..off {
            let k = usize::from(results.places[n]) % LANES;
            let lane = usize::from(lanes[k]) % LANES;
            let (status, starts) = match self.when_off {
                WhenOff::Wait => (draw_batch.status[lane], phones[lane]),
                WhenOff::NoAnswer => (Status::NoAnswer as u8, departs[k]),
                WhenOff::Undelivered => (Status::Undelivered as u8, departs[k]),
            };
            let resolved = settlement.resolve_from(submitted[k], starts, status, draw_batch.after[lane]);
            results.status[k] = resolved.status;
            results.reported[k] =
                if resolved.status == 0 { NEVER } else { resolved.at + draw_batch.report_delay[lane] };
            results.delivered[k] = if resolved.delivered { resolved.at } else { NEVER };
            results.charge[k] = resolved.charge;
        }
    }

    /// Computes the results of attempts one by one, without a draw batch; for small numbers of attempts.
    pub fn submit_one_by_one(
        &self,
        of: Use<'_>,
        lanes: &[u16],
        (submitted, departs): (&[i64], &[i64]),
        terms: &Terms,
        results: &mut AttemptResults,
    ) {
        results.rejected = 0;
        for (k, &lane) in lanes.iter().enumerate() {
            let times = [submitted[k], departs[k]].map(Time::from_micros);
            let is_rejected = self.submit_one(of, lane, times, terms, k, results);
            results.rejected += u64::from(is_rejected);
        }
    }

    /// Computes the result of one attempt; returns whether it is rejected at submission.
    fn submit_one(
        &self,
        of: Use<'_>,
        lane: u16,
        [submitted, departs]: [Time; 2],
        terms: &Terms,
        k: usize,
        results: &mut AttemptResults,
    ) -> bool {
        let single = of.single(lane);
        let result = self.submit(departs, &Terms { submitted, ..*terms }, &single);
        results.set(k, &result);
        result.rejected
    }
}

/// Records the indices of the attempts that must be handled one by one and returns how many there are: those that an outage may
/// affect, deliveries followed by an opening, and calls with talk. Attempts that need no more than silencing, because the only outage
/// is a silent one, are silenced here.
fn collect_exceptions(
    hazards: &[Hazard],
    (tables, submission): (&Tables, i64),
    draw_batch: &DrawBatch,
    lanes: &[u16],
    departs: &[i64],
    results: &mut AttemptResults,
) -> usize {
    let any_single = tables.any_special & SINGLE != 0;
    let silence = match hazards {
        [] => return if any_single { with_follow_up(tables, draw_batch, lanes, results) } else { 0 },
        [only] if only.effect == Effect::Silent && only.purpose == purpose::FIRST_OUTAGE => {
            Some(only).filter(|_| !any_single)
        }
        _ => None,
    };
    let mut odd = 0;
    for (k, (&lane, &at)) in lanes.iter().zip(departs).enumerate().take(LANES) {
        let lane = usize::from(lane) % LANES;
        results.places[odd % LANES] = k as u16;
        odd += usize::from(match silence {
            Some(only) => {
                only.windows.is_open(Time::from_micros(at)) & (u64::from(draw_batch.outage[lane]) < only.below)
            }
            None => {
                has_follow_up(tables, draw_batch.outcome[lane], results.status[k])
                    || hazards.iter().any(|hazard| hazard.windows.is_open(Time::from_micros(at)))
            }
        });
    }
    if silence.is_some() { silence_all(odd, submission, results) } else { odd }
}

/// Silences the first `count` recorded attempts. Returns 0, the number left to handle.
fn silence_all(count: usize, submission: i64, results: &mut AttemptResults) -> usize {
    for n in 0..count {
        let k = usize::from(results.places[n]) % LANES;
        results.delivered[k] = NEVER;
        results.reported[k] = NEVER;
        results.status[k] = 0;
        results.charge[k] = submission;
    }
    0
}

/// Whether an attempt of this outcome, which ended with this status, is followed by an opening or a talk.
#[inline]
fn has_follow_up(tables: &Tables, outcome: u8, status: u8) -> bool {
    (tables.special[usize::from(outcome)] & SINGLE != 0) & (status != Status::Expired as u8)
}

/// Records the indices of the deliveries that are opened and of the calls with talk, and returns how many there are.
fn with_follow_up(tables: &Tables, draw_batch: &DrawBatch, lanes: &[u16], results: &mut AttemptResults) -> usize {
    let mut odd = 0;
    for (k, &lane) in lanes.iter().enumerate().take(LANES) {
        let outcome = draw_batch.outcome[usize::from(lane) % LANES];
        results.places[odd % LANES] = k as u16;
        odd += usize::from(has_follow_up(tables, outcome, results.status[k]));
    }
    odd
}

/// Corrects the results of attempts that are rejected at submission, whatever else happens, and of those whose delivery reaches nobody.
fn correct(tables: &Tables, draw_batch: &DrawBatch, lanes: &[u16], submitted: &[i64], results: &mut AttemptResults) {
    for (k, (&lane, &at)) in lanes.iter().zip(submitted).enumerate().take(LANES) {
        let special = tables.special[usize::from(draw_batch.outcome[usize::from(lane) % LANES])];
        if special & CLAIMED != 0 {
            results.delivered[k] = NEVER;
        }
        if special & REJECTED != 0 {
            results.reported[k] = at;
            results.status[k] = Status::Failed as u8;
            results.charge[k] = 0;
            results.rejected += 1;
        }
    }
}

/// [`Provider::submit`], column by column; see there for the rules.
fn decide(
    settlement: &Settlement,
    times: (&[i64], &[i64]),
    draw_batch: &DrawBatch,
    resolved_columns: &mut ResolvedColumns<'_>,
) {
    resolve_columns(
        *settlement,
        times.0,
        times.1,
        &draw_batch.status,
        &draw_batch.after,
        &draw_batch.report_delay,
        resolved_columns,
    );
}

struct ResolvedColumns<'a> {
    delivered: &'a mut [i64; LANES],
    reported: &'a mut [i64; LANES],
    status: &'a mut [u8; LANES],
    charge: &'a mut [i64; LANES],
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn resolve_columns(
    settlement: Settlement,
    submitted: &[i64],
    departs: &[i64],
    outcome: &[u8; LANES],
    after: &[i64; LANES],
    delay: &[i64; LANES],
    resolved_columns: &mut ResolvedColumns<'_>,
) {
    let ResolvedColumns { delivered, reported, status, charge } = resolved_columns;
    for k in 0..submitted.len().min(departs.len()).min(LANES) {
        let resolved = settlement.resolve(submitted[k], departs[k], outcome[k], after[k]);
        status[k] = resolved.status;
        reported[k] = if outcome[k] == 0 { NEVER } else { resolved.at + delay[k] };
        delivered[k] = if resolved.delivered { resolved.at } else { NEVER };
        charge[k] = resolved.charge;
    }
}
