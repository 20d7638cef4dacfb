//! The luck of a batch of recipients with one provider, drawn at once: what each attempt would come to, and after how long.
//!
//! Luck depends on neither the plan nor the moment of submission, so that one fortune serves every plan. Nothing here differs
//! from [`Provider::submit`] but the order of the arithmetic: recipient after recipient there, column after column
//! here, which the compiler turns into vector instructions.

use super::resolve::Settlement;
use super::simulated::{AttemptResult, Provider, Terms};
use super::spec::Effect;
use super::tables::Tables;
use crate::rng::{LANES, RngKey, purpose};
use crate::status::Segment;
use crate::units::Time;

/// What one use of a provider would come to for each recipient of a batch, if it left at once and nothing went wrong.
#[derive(Clone, Debug)]
pub struct DrawBatch {
    /// The status, as `Status as u8`; 0 for silence.
    status: [u8; LANES],
    /// From leaving to the status (µs).
    after: [i64; LANES],
    /// From the status to its report (µs).
    report_delay: [i64; LANES],
    /// The outcome's number; the number of outcomes for silence.
    outcome: [u8; LANES],
    /// The draw of the first outage.
    outage: [u32; LANES],
}

/// Who the recipients of a batch are.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// This one and its neighbours.
    From(u32),
    /// These.
    These(&'a [u32; LANES]),
}

impl Who<'_> {
    /// The recipient in this place of the batch.
    #[inline]
    fn at(self, lane: u16) -> u32 {
        match self {
            Self::From(first) => first.wrapping_add(u32::from(lane)),
            Self::These(recipients) => recipients[usize::from(lane) % LANES],
        }
    }
}

/// One use of a provider by each recipient of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Use<'a> {
    /// The luck of their stream.
    pub luck: RngKey,
    /// The recipients.
    pub who: Who<'a>,
    /// Which use of the provider it is for each of them, from 0.
    pub number: u16,
    /// Their segment.
    pub segment: Segment,
}

/// What becomes of the attempts of some recipients of a batch, column by column.
#[derive(Clone, Debug)]
pub struct AttemptResults {
    /// When each reaches the person (µs); [`Time::NEVER`]'s number if it does not.
    pub delivered: [i64; LANES],
    /// When the first report that settles it arrives (µs); likewise.
    pub reported: [i64; LANES],
    /// What that report says, as `Status as u8`; 0 when there is none.
    pub status: [u8; LANES],
    /// What each costs (millionths).
    pub charge: [i64; LANES],
    /// Whether the person opens it: 1 or 0.
    pub seen: [u8; LANES],
    /// Room for the fortunes of the recipients in question.
    some: DrawBatch,
    /// Room for the places of some attempts.
    places: [u16; LANES],
}

const NEVER: i64 = Time::NEVER.as_micros();

impl DrawBatch {
    /// A fortune yet to be told.
    pub const UNTOLD: Self = Self {
        status: [0; LANES],
        after: [0; LANES],
        report_delay: [0; LANES],
        outcome: [0; LANES],
        outage: [0; LANES],
    };

    /// Takes from `all` those of `lanes`, in their order: what [`decide`] asks for.
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
    /// Fates yet to be decided.
    pub const UNDECIDED: Self = Self {
        delivered: [NEVER; LANES],
        reported: [NEVER; LANES],
        status: [0; LANES],
        charge: [0; LANES],
        seen: [0; LANES],
        some: DrawBatch::UNTOLD,
        places: [0; LANES],
    };

    /// Sets the `k`-th fate.
    pub fn set(&mut self, k: usize, fate: &AttemptResult) {
        let earliest = fate.reports().iter().min_by_key(|report| (report.at, report.status));
        self.delivered[k] = fate.delivered.as_micros();
        self.reported[k] = earliest.map_or(NEVER, |report| report.at.as_micros());
        self.status[k] = earliest.map_or(0, |report| report.status as u8);
        self.charge[k] = fate.charge.as_micros();
        self.seen[k] = u8::from(!fate.seen.is_never());
    }
}

impl Provider {
    /// Whether [`Provider::draw_batch`] and [`Provider::submit_lanes`] can be used.
    #[must_use]
    pub fn has_tables(&self) -> bool {
        self.behaviour(Segment::WHOLE).tables.is_some()
    }

    /// Tells the fortune of the recipients of a batch, for their n-th use of this provider.
    ///
    /// # Panics
    /// When the provider has no tables.
    pub fn draw_batch(&self, of: Use<'_>, fortune: &mut DrawBatch) {
        let behaviour = self.behaviour(of.segment);
        let tables = behaviour.tables.as_ref().expect("the caller asked whether there are tables");
        let mut draws = [[0; LANES]; 4];
        match of.who {
            Who::From(first) => of.luck.draws(self.key, first, of.number).columns(0, &mut draws),
            Who::These(recipients) => of.luck.draws(self.key, 0, of.number).scattered(recipients, 0, &mut draws),
        }
        choose(&tables.thresholds, &draws[usize::from(purpose::OUTCOME)], &mut fortune.outcome);
        for (status, outcome) in fortune.status.iter_mut().zip(&fortune.outcome) {
            *status = tables.status[usize::from(*outcome)];
        }
        let after = &draws[usize::from(purpose::AFTER)];
        fortune.outage = draws[usize::from(purpose::FIRST_OUTAGE)];
        tables.atlas.read_by(&tables.entries, &fortune.outcome, after, &mut fortune.after);
        tables.atlas.read(tables.delay, &draws[usize::from(purpose::REPORT_DELAY)], &mut fortune.report_delay);
    }

    /// What becomes of attempts that leave: attempt `k` is that of the recipient in place `lanes[k]`, was submitted at `submitted[k]`
    /// (µs) and leaves at `leaves[k]`, with these terms but for the moment, of which `progress` is not asked. The `lanes` rise.
    ///
    /// # Panics
    /// When the provider has no tables, or there are more than [`LANES`] attempts.
    pub fn submit_lanes(
        &self,
        of: Use<'_>,
        fortune: &DrawBatch,
        lanes: &[u16],
        (submitted, leaves): (&[i64], &[i64]),
        terms: &Terms,
        fates: &mut AttemptResults,
    ) {
        let behaviour = self.behaviour(of.segment);
        let tables = behaviour.tables.as_ref().expect("the caller asked whether there are tables");
        fates.seen[..lanes.len()].fill(0);
        let AttemptResults { delivered, reported, status, charge, some, .. } = fates;
        let mut decided = Decided { delivered, reported, status, charge };
        // Lanes rise, so that as many as there are must be all of them.
        let fortunes = if lanes.len() == LANES { fortune } else { some.gather(fortune, lanes) };
        let settlement = behaviour.settlement(terms);
        decide(&settlement, (submitted, leaves), fortunes, &mut decided);
        let odd = self.odd_ones((tables, settlement.submitted), fortune, lanes, leaves, fates);
        for n in 0..odd {
            let k = usize::from(fates.places[n]) % LANES;
            let times = [submitted[k], leaves[k]].map(Time::from_micros);
            self.go_the_long_way(of, lanes[k], times, terms, k, fates);
        }
    }

    /// Notes the places of the attempts that do not fit into columns, and gives their number: those that an outage may hit, and
    /// the deliveries with more to them. What falls silent in the only outage does fit: it is silenced here.
    fn odd_ones(
        &self,
        (tables, submission): (&Tables, i64),
        fortune: &DrawBatch,
        lanes: &[u16],
        leaves: &[i64],
        fates: &mut AttemptResults,
    ) -> usize {
        let silence = match self.hazards.as_slice() {
            [] => return if tables.any_long_way { deliveries_with_more(tables, fortune, lanes, fates) } else { 0 },
            [only] if only.effect == Effect::Silent && only.purpose == purpose::FIRST_OUTAGE => {
                Some(only).filter(|_| !tables.any_long_way)
            }
            _ => None,
        };
        let mut odd = 0;
        for (k, (&lane, &at)) in lanes.iter().zip(leaves).enumerate().take(LANES) {
            let lane = usize::from(lane) % LANES;
            fates.places[odd % LANES] = k as u16;
            odd += usize::from(match silence {
                Some(only) => {
                    only.windows.is_open(Time::from_micros(at)) & (u64::from(fortune.outage[lane]) < only.below)
                }
                None => {
                    let more = tables.long_way[usize::from(fortune.outcome[lane])] && fates.delivered[k] != NEVER;
                    more || self.hazards.iter().any(|hazard| hazard.windows.is_open(Time::from_micros(at)))
                }
            });
        }
        if silence.is_some() { self.silence(odd, submission, fates) } else { odd }
    }

    /// Silences the first `count` of the places; none is left.
    fn silence(&self, count: usize, submission: i64, fates: &mut AttemptResults) -> usize {
        for n in 0..count {
            let k = usize::from(fates.places[n]) % LANES;
            fates.delivered[k] = NEVER;
            fates.reported[k] = NEVER;
            fates.status[k] = 0;
            fates.charge[k] = submission;
        }
        0
    }

    /// Likewise, without a fortune: one by one, for few attempts.
    pub fn submit_each(
        &self,
        of: Use<'_>,
        lanes: &[u16],
        (submitted, leaves): (&[i64], &[i64]),
        terms: &Terms,
        fates: &mut AttemptResults,
    ) {
        for (k, &lane) in lanes.iter().enumerate() {
            let times = [submitted[k], leaves[k]].map(Time::from_micros);
            self.go_the_long_way(of, lane, times, terms, k, fates);
        }
    }

    fn go_the_long_way(
        &self,
        of: Use<'_>,
        lane: u16,
        [submitted, leaves]: [Time; 2],
        terms: &Terms,
        k: usize,
        fates: &mut AttemptResults,
    ) {
        let draws = of.luck.draws(self.key, of.who.at(lane), of.number);
        fates.set(k, &self.submit(leaves, &Terms { submitted, ..*terms }, of.segment, draws));
    }
}

/// The outcome of each draw: how many thresholds it is not below.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn choose(thresholds: &[u32], draws: &[u32; LANES], outcome: &mut [u8; LANES]) {
    outcome.fill(0);
    for &threshold in thresholds {
        for i in 0..LANES {
            outcome[i] += u8::from(draws[i] >= threshold);
        }
    }
}

/// Notes the places of the deliveries that are opened or talked to, and gives their number.
fn deliveries_with_more(tables: &Tables, fortune: &DrawBatch, lanes: &[u16], fates: &mut AttemptResults) -> usize {
    let mut odd = 0;
    for (k, &lane) in lanes.iter().enumerate().take(LANES) {
        let outcome = fortune.outcome[usize::from(lane) % LANES];
        fates.places[odd % LANES] = k as u16;
        odd += usize::from(tables.long_way[usize::from(outcome)] & (fates.delivered[k] != NEVER));
    }
    odd
}

/// [`Provider::submit`], column by column: see there for what is done.
fn decide(settlement: &Settlement, times: (&[i64], &[i64]), fortune: &DrawBatch, decided: &mut Decided<'_>) {
    resolve_columns(*settlement, times.0, times.1, &fortune.status, &fortune.after, &fortune.report_delay, decided);
}

struct Decided<'a> {
    delivered: &'a mut [i64; LANES],
    reported: &'a mut [i64; LANES],
    status: &'a mut [u8; LANES],
    charge: &'a mut [i64; LANES],
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn resolve_columns(
    settlement: Settlement,
    submitted: &[i64],
    leaves: &[i64],
    outcome: &[u8; LANES],
    after: &[i64; LANES],
    delay: &[i64; LANES],
    decided: &mut Decided<'_>,
) {
    let Decided { delivered, reported, status, charge } = decided;
    for k in 0..submitted.len().min(leaves.len()).min(LANES) {
        let resolved = settlement.resolve(submitted[k], leaves[k], outcome[k], after[k]);
        status[k] = resolved.status;
        reported[k] = if outcome[k] == 0 { NEVER } else { resolved.at + delay[k] };
        delivered[k] = if resolved.reached { resolved.at } else { NEVER };
        charge[k] = resolved.charge;
    }
}
