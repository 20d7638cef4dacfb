//! The executor for feed-forward runs: provider by provider, all attempts of a step at once, column by column.
//!
//! Where no provider is used again after another that it leads to, all attempts at a provider are known before any at the next one. Two
//! passes complete a provider's attempts:
//!
//! 1. in order of time, when each attempt departs: only this depends on other attempts;
//! 2. on all threads, the result of each attempt, and when its recipient enters the next step: this depends on nothing else.
//!
//! This is the fast plan of independent recipients (`sim/fast_plan.rs`) with a queue before each provider, and it produces the same
//! tallies as `event_driven` (tested on random scenarios).

use super::PlanRunTally;
use super::cohort::{Cohort, StepCarry};
use super::queue_pass::{PassResult, QueuePass, WaitingCohort};
use super::worker::{Task, Worker};
use crate::provider::Queue;
use crate::rng::RngKey;
use crate::sim::fast_plan::FastPlan;
use crate::sim::independent::RunContext;
use crate::sim::progress::{Interrupted, Progress};
use crate::sim::step_buffers::FastStep;
use crate::stats::Bins;
use crate::traffic::Phones;
use rayon::prelude::*;

/// Fewer attempts than this are not shared between threads.
const FEW: usize = 1 << 15;

/// A feed-forward run.
pub(super) struct FeedForward<'a> {
    run: &'a RunContext<'a>,
    /// The index of the plan that is compared.
    plan: usize,
    /// One for each stream.
    streams: Vec<Stream>,
    /// The providers in use, each before all that it leads to.
    order: Vec<usize>,
}

struct Stream {
    rng: RngKey,
    fast: FastPlan,
}

impl<'a> FeedForward<'a> {
    /// The run of the plan with this index, if it is feed-forward: every stream's plan has a fast plan, no provider leads back to
    /// itself, and nothing but queues is shared.
    pub(super) fn new(run: &'a RunContext<'a>, plan: usize) -> Option<Self> {
        let model = run.model;
        let stream = |class: &crate::sim::model::TrafficClass| {
            let fast = FastPlan::new(model, model.compiled(class, plan))?;
            Some(Stream { rng: run.rng.of_stream(&class.name), fast })
        };
        let streams = model.streams.iter().map(stream).collect::<Option<Vec<_>>>()?;
        let order = flow(&streams)?;
        order.iter().all(|&provider| model.breakers[provider].is_none()).then_some(Self { run, plan, streams, order })
    }

    /// Simulates the run to the end.
    pub(super) fn run(&self, progress: &Progress) -> Result<PlanRunTally, Interrupted> {
        let model = self.run.model;
        let threads = rayon::current_num_threads();
        let mut workers: Vec<_> = (0..threads).map(|_| None).collect();
        let mut longest_queue = vec![0; model.providers.len()];
        let mut contended = false;
        // The cohorts at the first step of each stream, then those that follow from them.
        let mut cohorts: Vec<Cohort> = (0..self.streams.len()).map(|stream| self.arrivals(stream)).collect();
        for &provider in &self.order {
            let (mut here, others) =
                cohorts.into_iter().partition(|cohort: &Cohort| self.provider_of(cohort) == provider);
            cohorts = others;
            if let Some(queue) = model.providers[provider].queue() {
                let worker = workers[0].get_or_insert_with(|| self.worker());
                let result = self.pass_queue(provider, queue, &mut here, worker, progress)?;
                longest_queue[provider] = result.longest_queue;
                contended |= result.contended;
            }
            for cohort in here {
                cohorts.extend(self.settle(cohort, &mut workers, progress)?);
            }
        }
        Ok(self.tally(workers, longest_queue, contended))
    }

    fn arrivals(&self, stream: usize) -> Cohort {
        let class = &self.run.model.streams[stream];
        let first = self.streams[stream].fast.steps[0].provider;
        let is_limited = self.run.model.providers[first].order().is_some();
        Cohort::of_arrivals(stream, &class.traffic, self.streams[stream].rng, is_limited)
    }

    fn step(&self, cohort: &Cohort) -> &FastStep {
        &self.streams[cohort.stream].fast.steps[cohort.step]
    }

    fn provider_of(&self, cohort: &Cohort) -> usize {
        self.step(cohort).provider
    }

    /// The recipients' phones, if this provider depends on them and any is ever off.
    fn phones(&self, provider: usize) -> Option<&Phones> {
        self.run.model.phones.as_ref().filter(|_| self.run.model.providers[provider].needs_phone())
    }

    /// Takes all attempts at a provider through its queue.
    fn pass_queue(
        &self,
        provider: usize,
        queue: Queue,
        cohorts: &mut [Cohort],
        worker: &mut Worker,
        progress: &Progress,
    ) -> Result<PassResult, Interrupted> {
        let RunContext { model, timeline, .. } = self.run;
        cohorts.iter_mut().for_each(Cohort::sort);
        cohorts.sort_by_key(|cohort| cohort.stream);
        let mut waiting = Vec::with_capacity(cohorts.len());
        for cohort in cohorts {
            let (step, stream) = (self.step(cohort).clone(), cohort.stream);
            let (rng, priority) = (self.streams[stream].rng, model.streams[stream].priority);
            let phones = self.phones(provider);
            waiting.push(WaitingCohort { step, rng, priority, phones, cursor: cohort.cursor() });
        }
        let mut held = |stream, from, until| {
            if let Some(tally) = worker.queue(stream, provider) {
                tally.released(*timeline, from, until);
            }
        };
        QueuePass::new(&model.providers[provider], queue, waiting, &mut held).pass(progress)
    }

    /// Completes all attempts of a cohort; returns the cohort of those who go on to the next step, if there is one.
    fn settle(
        &self,
        cohort: Cohort,
        workers: &mut [Option<Box<Worker>>],
        progress: &Progress,
    ) -> Result<Option<Cohort>, Interrupted> {
        let stream = &self.streams[cohort.stream];
        let step = &stream.fast.steps[cohort.step];
        let provider = &self.run.model.providers[step.provider];
        let threads = if cohort.len() < FEW { 1 } else { workers.len() };
        let ranges = cohort.shares(threads);
        let phones = self.phones(step.provider);
        let task = Task { provider, step, finish: stream.fast.finish, rng: stream.rng, phones };
        let work = |(worker, range): (&mut Option<Box<Worker>>, std::ops::Range<usize>)| {
            let worker = worker.get_or_insert_with(|| self.worker());
            worker.settle(&cohort, range, &task, self.run, progress)
        };
        let parts = workers.par_iter_mut().zip(ranges).map(work).collect::<Result<Vec<Vec<StepCarry>>, _>>()?;
        let next = (cohort.stream, cohort.step + 1);
        // Freed before the carries of all threads are combined, since there may be many.
        drop(cohort);
        Ok((!step.last).then(|| Cohort::of_carries(next.0, next.1, parts)))
    }

    fn worker(&self) -> Box<Worker> {
        Box::new(Worker::new(self.run.model, self.plan))
    }

    fn tally(&self, workers: Vec<Option<Box<Worker>>>, longest_queue: Vec<u64>, contended: bool) -> PlanRunTally {
        let model = self.run.model;
        let mut all = self.worker();
        for worker in workers.into_iter().flatten() {
            all.add(*worker);
        }
        let (streams, arrivals): (Vec<_>, Vec<Bins>) = all.counts().unzip();
        PlanRunTally { streams, arrivals, longest_queue, opened: vec![0; model.providers.len()], contended }
    }
}

/// The providers that the plans use, each before all that it leads to; `None` if one leads back to itself.
fn flow(streams: &[Stream]) -> Option<Vec<usize>> {
    let providers = |stream: &Stream| stream.fast.steps.iter().map(|step| step.provider).collect::<Vec<_>>();
    let chains: Vec<_> = streams.iter().map(providers).collect();
    let mut left: Vec<usize> = chains.iter().flatten().copied().collect();
    left.sort_unstable();
    left.dedup();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let follows = |&provider: &usize| {
            let mut pairs = chains.iter().flat_map(|chain| chain.windows(2));
            pairs.any(|pair| pair[1] == provider && left.contains(&pair[0]))
        };
        let position = left.iter().position(|provider| !follows(provider))?;
        order.push(left.remove(position));
    }
    Some(order)
}
