//! The short way: plans whose steps can be settled in closed form are played step by step for all recipients of a batch at once
//! instead of event by event for each.
//!
//! It is derived from the same compiled plan and providers as the engine's way, and gives the same tallies (tested on random
//! scenarios). It exists for speed alone. `buffers` has what happens in a step.

use super::batch::Columns;
use super::model::{CompiledPlan, Model};
use super::step_buffers::{FastStep, PlaceInPlan, StepBuffers};
use super::tally::PlanTally;
use super::timeline::Timeline;
use crate::engine::LateDelivery;
use crate::provider::{DrawBatch, Provider, Use, Who};
use crate::rng::{LANES, RngKey};
use crate::status::{Segment, SuccessFloor};
use crate::units::Time;

/// Fewer attempts than this part of a batch are submitted one by one, unless the batch's fortune has been told already.
const FEW: usize = LANES / 6;

/// Which of some plans can go the short way, and how.
#[derive(Clone, Debug)]
pub(super) struct BatchExecutor {
    /// One for each plan; `None` for one that needs the engine.
    plans: Vec<Option<FastPlan>>,
    /// The fortunes that the plans share: a provider and the number of its use.
    draw_batches: Vec<(usize, u16)>,
}

/// A plan that can go the short way.
#[derive(Clone, Debug)]
pub(super) struct FastPlan {
    pub(super) steps: Vec<FastStep>,
    /// Whether late delivery reports end the flow.
    pub(super) finish: bool,
}

/// What the recipients of a batch will meet, told at most once for all plans.
#[derive(Clone, Debug)]
pub(super) struct Fortunes {
    /// Those told for this batch so far.
    told: Vec<Option<Box<DrawBatch>>>,
    spare: Vec<Box<DrawBatch>>,
}

/// A batch: the luck of its stream, its first recipient, and when they arrive.
#[derive(Clone, Copy)]
pub(super) struct RecipientBatch<'a> {
    pub(super) rng: RngKey,
    pub(super) first: u32,
    pub(super) arrivals: &'a [Time],
    pub(super) timeline: Timeline,
}

/// For each plan of `model`, whether it can go the short way.
#[must_use]
pub fn fast_plans(model: &Model) -> Vec<bool> {
    model.plans.iter().map(|compiled| FastPlan::new(model, compiled).is_some()).collect()
}

impl FastPlan {
    /// The short way through a plan, if there is one.
    pub(super) fn new(model: &Model, compiled: &CompiledPlan) -> Option<Self> {
        let plain =
            compiled.flow.steps().iter().all(|rules| rules.attempts == 1 && rules.success == SuccessFloor::Delivered);
        let is_told = |pool: &crate::engine::Pool| pool.is_single() && model.providers[pool.members()[0]].has_tables();
        let told = compiled.flow.steps().iter().all(|rules| is_told(&rules.pool));
        if !plain || !told || !compiled.flow.give_up_after().is_unlimited() {
            return None;
        }
        let provider = |step: usize| compiled.flow.steps()[step].pool.members()[0];
        let step = |index: usize| FastStep {
            provider: provider(index),
            use_number: (0..index).filter(|&earlier| provider(earlier) == provider(index)).count() as u16,
            terms: compiled.terms[index],
            failover_on: compiled.flow.steps()[index].failover_on,
            last: index + 1 == compiled.terms.len(),
        };
        let steps = (0..compiled.terms.len()).map(step).collect();
        Some(Self { steps, finish: compiled.flow.late_delivery() == LateDelivery::Finish })
    }
}

impl BatchExecutor {
    /// The short ways through these plans.
    pub(super) fn new(model: &Model, parts: &[CompiledPlan]) -> Self {
        let plans: Vec<_> = parts.iter().map(|compiled| FastPlan::new(model, compiled)).collect();
        let steps = plans.iter().flatten().flat_map(|fast| &fast.steps);
        let mut draw_batches: Vec<_> = steps.map(|step| (step.provider, step.use_number)).collect();
        draw_batches.sort_unstable();
        draw_batches.dedup();
        Self { plans, draw_batches }
    }

    /// Room for what recipients will meet.
    pub(super) fn draw_batches(&self) -> Fortunes {
        Fortunes { told: vec![None; self.draw_batches.len()], spare: Vec::new() }
    }

    /// Plays a batch under the plan with this index, if that can go the short way; says whether it could.
    pub(super) fn play(
        &self,
        providers: &[Provider],
        plan: usize,
        batch: RecipientBatch<'_>,
        (buffers, draw_batches): (&mut StepBuffers, &mut Fortunes),
        columns: &mut Columns,
        tally: &mut PlanTally,
    ) -> bool {
        let Some(fast) = &self.plans[plan] else { return false };
        let mut count = buffers.begin(batch.arrivals, columns);
        for (index, step) in fast.steps.iter().enumerate() {
            if count == 0 {
                break;
            }
            self.submit(&providers[step.provider], step, batch, count, buffers, draw_batches);
            let place = PlaceInPlan { index, count, finish: fast.finish };
            count = buffers.play_step(step, place, batch.timeline, columns, tally);
        }
        buffers.count_first(batch.arrivals.len(), columns, tally);
        true
    }

    /// Hands the step's attempts to its provider, whom they leave at once.
    fn submit(
        &self,
        provider: &Provider,
        step: &FastStep,
        batch: RecipientBatch<'_>,
        count: usize,
        buffers: &mut StepBuffers,
        draw_batches: &mut Fortunes,
    ) {
        let of = Use { rng: batch.rng, who: Who::From(batch.first), number: step.use_number, segment: Segment::WHOLE };
        let (lanes, at) = (&buffers.lanes[..count], &buffers.at[..count]);
        let place = self.draw_batches.binary_search(&(step.provider, step.use_number));
        let draw_batch = &mut draw_batches.told[place.expect("every step has its fortune")];
        if draw_batch.is_none() && count < FEW {
            return provider.submit_each(of, lanes, (at, at), &step.terms, &mut buffers.results);
        }
        let draw_batch = draw_batch.get_or_insert_with(|| {
            let mut draw_batch = draw_batches.spare.pop().unwrap_or_else(|| Box::new(DrawBatch::UNTOLD));
            provider.draw_batch(of, &mut draw_batch);
            draw_batch
        });
        provider.submit_lanes(of, draw_batch, lanes, (at, at), &step.terms, &mut buffers.results);
    }
}

impl Fortunes {
    /// Before a batch: nothing is known of its luck.
    pub(super) fn forget(&mut self) {
        self.spare.extend(self.told.iter_mut().filter_map(Option::take));
    }
}
