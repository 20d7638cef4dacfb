//! Fast plans: plans whose steps can be resolved in closed form are simulated step by step for all recipients of a batch at once
//! instead of event by event for each.
//!
//! A fast plan is derived from the same compiled plan and providers that the engine uses, and produces the same tallies (tested on
//! random scenarios). It exists for speed alone. The module `step_buffers` simulates one step.

use super::batch::Columns;
use super::model::{CompiledPlan, Model};
use super::step_buffers::{FastStep, StepBuffers, StepPosition};
use super::tally::PlanTally;
use super::timeline::Timeline;
use crate::engine::LateDelivery;
use crate::provider::{DrawBatch, Provider, Use};
use crate::rng::{LANES, RngKey, Who};
use crate::status::{Segment, SuccessFloor};
use crate::units::Time;

/// Fewer attempts than this are submitted one by one, unless the draws of the batch have already been made.
const FEW: usize = LANES / 6;

/// Simulates batches of recipients under those plans that have a fast plan.
#[derive(Clone, Debug)]
pub(super) struct BatchExecutor {
    /// One for each plan; `None` for a plan that needs the engine.
    plans: Vec<Option<FastPlan>>,
    /// The draw batches that the plans share: a provider and the number of its use.
    draw_batches: Vec<(usize, u16)>,
}

/// A plan whose steps can be resolved in closed form.
#[derive(Clone, Debug)]
pub(super) struct FastPlan {
    pub(super) steps: Vec<FastStep>,
    /// Whether late delivery reports end the flow.
    pub(super) finish: bool,
}

/// The draws for the recipients of a batch, made at most once for all plans.
#[derive(Clone, Debug, Default)]
pub(super) struct DrawBatches {
    /// The draws made for this batch so far.
    drawn: Vec<Option<Box<DrawBatch>>>,
    spare: Vec<Box<DrawBatch>>,
}

/// A batch: the random numbers of its stream, its recipients, who belong to one segment, and their arrival times.
#[derive(Clone, Copy)]
pub(super) struct RecipientBatch<'a> {
    pub(super) rng: RngKey,
    pub(super) who: Who<'a>,
    pub(super) segment: Segment,
    pub(super) arrivals: &'a [Time],
    /// When the phone of each recipient is on again (µs); `None` if all phones are always on.
    pub(super) phones: Option<&'a [i64; LANES]>,
    pub(super) timeline: Timeline,
}

/// For each plan of the first stream's first class, whether it has a fast plan.
#[must_use]
pub fn fast_plans(model: &Model) -> Vec<bool> {
    let plans = model.streams.first().and_then(|stream| stream.classes.first()).map_or(&[][..], |class| &class.plans);
    plans.iter().map(|compiled| FastPlan::new(model, compiled).is_some()).collect()
}

impl FastPlan {
    /// The fast plan for a compiled plan, if there is one.
    pub(super) fn new(model: &Model, compiled: &CompiledPlan) -> Option<Self> {
        let plain =
            compiled.flow.steps().iter().all(|rules| rules.attempts == 1 && rules.success == SuccessFloor::Delivered);
        let is_told = |pool: &crate::engine::Pool| pool.is_single() && model.providers[pool.members()[0]].has_tables();
        let drawn = compiled.flow.steps().iter().all(|rules| is_told(&rules.pool));
        if !plain || !drawn || compiled.counts_changes || !compiled.flow.give_up_after().is_unlimited() {
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
    /// Builds the fast plans for these compiled plans.
    pub(super) fn new(model: &Model, compiled_plans: &[CompiledPlan]) -> Self {
        let plans: Vec<_> = compiled_plans.iter().map(|compiled| FastPlan::new(model, compiled)).collect();
        let steps = plans.iter().flatten().flat_map(|fast| &fast.steps);
        let mut draw_batches: Vec<_> = steps.map(|step| (step.provider, step.use_number)).collect();
        draw_batches.sort_unstable();
        draw_batches.dedup();
        Self { plans, draw_batches }
    }

    /// Simulates a batch under the plan with this index if it has a fast plan; returns whether it has.
    pub(super) fn run(
        &self,
        providers: &[Provider],
        plan: usize,
        batch: RecipientBatch<'_>,
        (buffers, draw_batches): (&mut StepBuffers, &mut DrawBatches),
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
            let position = StepPosition { index, count, finish: fast.finish };
            count = buffers.run_step(step, position, batch.timeline, columns, tally);
        }
        buffers.count_first(batch.arrivals.len(), columns, tally);
        true
    }

    /// Submits the step's attempts to their provider, from which they depart at once.
    fn submit(
        &self,
        provider: &Provider,
        step: &FastStep,
        batch: RecipientBatch<'_>,
        count: usize,
        buffers: &mut StepBuffers,
        draw_batches: &mut DrawBatches,
    ) {
        let RecipientBatch { rng, who, segment, phones, .. } = batch;
        let of = Use { rng, who, number: step.use_number, segment, phones };
        let (lanes, at) = (&buffers.lanes[..count], &buffers.at[..count]);
        let position = self.draw_batches.binary_search(&(step.provider, step.use_number));
        let draw_batch = &mut draw_batches.drawn[position.expect("every step has its draws")];
        if draw_batch.is_none() && count < FEW {
            return provider.submit_one_by_one(of, lanes, (at, at), &step.terms, &mut buffers.results);
        }
        let draw_batch = draw_batch.get_or_insert_with(|| {
            let mut draw_batch = draw_batches.spare.pop().unwrap_or_else(|| Box::new(DrawBatch::EMPTY));
            provider.draw_batch(of, &mut draw_batch);
            draw_batch
        });
        provider.submit_batch(of, draw_batch, lanes, (at, at), &step.terms, &mut buffers.results);
    }
}

impl DrawBatches {
    /// Discards the draws of the previous batch; the next one is for `executor`.
    pub(super) fn begin(&mut self, executor: &BatchExecutor) {
        self.spare.extend(self.drawn.iter_mut().filter_map(Option::take));
        self.drawn.resize(executor.draw_batches.len(), None);
    }
}
