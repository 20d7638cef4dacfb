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
use super::cohort::{Cohort, Division, StepCarry};
use super::queue_pass::{PassResult, QueuePass, WaitingCohort};
use super::worker::{Task, Worker};
use crate::provider::Queue;
use crate::rng::RngKey;
use crate::sim::fast_plan::FastPlan;
use crate::sim::independent::RunContext;
use crate::sim::model::TrafficStream;
use crate::sim::progress::{Interrupted, Progress};
use crate::sim::step_buffers::FastStep;
use crate::status::Segment;
use crate::traffic::Phones;
use rayon::prelude::*;
use std::collections::BTreeMap;

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
    /// For each class, its plan.
    plans: Vec<FastPlan>,
}

impl<'a> FeedForward<'a> {
    /// The run of the plan with this index, if it is feed-forward: every stream's plan has a fast plan, no provider leads back to
    /// itself, and nothing but queues is shared: no circuits, and no links that are lost.
    pub(super) fn new(run: &'a RunContext<'a>, plan: usize) -> Option<Self> {
        let model = run.model;
        let stream = |stream: &TrafficStream| {
            let plans = stream.classes.iter().map(|class| FastPlan::new(model, class.plan(plan)));
            Some(Stream { rng: run.rng.of_stream(&stream.name), plans: plans.collect::<Option<_>>()? })
        };
        let streams = model.streams.iter().map(stream).collect::<Option<Vec<_>>>()?;
        let order = flow(&streams)?;
        let is_alone =
            |&provider: &usize| model.breakers[provider].is_none() && model.providers[provider].lost_links().is_empty();
        order.iter().all(is_alone).then_some(Self { run, plan, streams, order })
    }

    /// Simulates the run to the end.
    pub(super) fn run(&self, progress: &Progress) -> Result<PlanRunTally, Interrupted> {
        let model = self.run.model;
        let threads = rayon::current_num_threads();
        let mut workers: Vec<_> = (0..threads).map(|_| None).collect();
        let mut longest_queue = vec![0; model.providers.len()];
        let mut contended = false;
        // The cohorts at the first providers of each stream, then those that follow from them.
        let mut cohorts: Vec<Cohort> = (0..self.streams.len()).flat_map(|stream| self.arrivals(stream)).collect();
        for &provider in &self.order {
            let (mut here, others) = cohorts.into_iter().partition(|cohort: &Cohort| cohort.provider == provider);
            cohorts = others;
            if let Some(queue) = model.providers[provider].queue() {
                let worker = workers[0].get_or_insert_with(|| self.worker());
                let result = self.pass_queue(provider, queue, &mut here, worker, progress)?;
                longest_queue[provider] = result.longest_queue;
                contended |= result.contended;
                here.iter_mut().for_each(Cohort::unsort);
            }
            for cohort in here {
                for next in self.settle(cohort, &mut workers, progress)? {
                    let same = |other: &&mut Cohort| (other.stream, other.provider) == (next.stream, next.provider);
                    match cohorts.iter_mut().find(same) {
                        Some(other) => other.join(next),
                        None => cohorts.push(next),
                    }
                }
            }
        }
        Ok(self.tally(workers, longest_queue, contended))
    }

    /// The cohorts in which the recipients of a stream begin: one, unless segments begin at different providers.
    fn arrivals(&self, stream: usize) -> Vec<Cohort> {
        let (of_model, Stream { rng, plans }) = (&self.run.model.streams[stream], &self.streams[stream]);
        let mut firsts: Vec<_> = plans.iter().map(|plan| plan.steps[0].provider).collect();
        let of_class = firsts.clone();
        firsts.sort_unstable();
        firsts.dedup();
        let is_limited = |provider: usize| self.run.model.providers[provider].order().is_some();
        let cohort = |provider| Cohort::of_arrivals((stream, provider), &of_model.traffic, *rng, is_limited(provider));
        if let [only] = firsts.as_slice() {
            return vec![cohort(*only)];
        }
        let all = cohort(firsts[0]);
        let mut division = Division::default();
        all.divide(0..all.len(), (&of_model.segments, *rng), plans.len(), &mut division);
        let begin = |provider: usize| {
            let classes = (0..).map(Segment::new).zip(&division.members).zip(&of_class);
            let here = classes.filter(|&(_, &first)| first == provider);
            let parts = here.map(|((segment, members), _)| all.carries(&division, members, segment).collect());
            Cohort::of_carries(stream, provider, parts.collect::<Vec<_>>())
        };
        firsts.into_iter().map(begin).collect()
    }

    /// The number of the step in which each class of a stream uses a provider; `None` for those that do not.
    fn steps(&self, stream: usize, provider: usize) -> impl Iterator<Item = Option<(usize, &FastPlan)>> {
        let step = move |plan: &'_ FastPlan| plan.steps.iter().position(|step| step.provider == provider);
        self.streams[stream].plans.iter().map(move |plan| Some((step(plan)?, plan)))
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
            let stream = cohort.stream;
            let (rng, priority) = (self.streams[stream].rng, model.streams[stream].priority);
            let (phones, steps) = (self.phones(provider), self.waiting_steps(stream, provider));
            let segments = (steps.len() > 1).then_some((&model.streams[stream].segments, rng));
            waiting.push(WaitingCohort { steps, rng, priority, phones, cursor: cohort.cursor(segments) });
        }
        let mut held = |class, from, until| {
            if let Some(tally) = worker.queue(class, provider) {
                tally.released(*timeline, from, until);
            }
        };
        QueuePass::new(&model.providers[provider], queue, waiting, &mut held).pass(progress)
    }

    /// The steps in which recipients of a stream wait for a provider: one for each class where their segments matter, because the
    /// provider or their plan depends on it or its lines are counted, otherwise one.
    fn waiting_steps(&self, stream: usize, provider: usize) -> Vec<FastStep> {
        let of_classes: Vec<_> =
            self.steps(stream, provider).map(|step| step.map(|(index, plan)| plan.steps[index].clone())).collect();
        let first = of_classes.iter().flatten().next().expect("somebody uses the provider").clone();
        let spec = &self.run.model.providers[provider];
        let is_same = |step: &Option<FastStep>| {
            step.as_ref().is_some_and(|step| (step.terms, step.use_number) == (first.terms, first.use_number))
        };
        if !spec.varies() && !spec.has_lines() && of_classes.iter().all(is_same) {
            return vec![first];
        }
        of_classes.into_iter().map(|step| step.unwrap_or_else(|| first.clone())).collect()
    }

    /// Completes all attempts of a cohort; returns the cohorts of those who go on, one for each provider to which they go.
    fn settle(
        &self,
        cohort: Cohort,
        workers: &mut [Option<Box<Worker>>],
        progress: &Progress,
    ) -> Result<Vec<Cohort>, Interrupted> {
        let (stream, segments) = (&self.streams[cohort.stream], &self.run.model.streams[cohort.stream].segments);
        let provider = &self.run.model.providers[cohort.provider];
        let (phones, rng) = (self.phones(cohort.provider), stream.rng);
        let task = |(class, step): (u8, Option<(usize, &'_ FastPlan)>)| {
            let (index, plan) = step?;
            let (step, finish, segment) = (plan.steps[index].clone(), plan.finish, Segment::new(class));
            Some(Task { provider, step, index, finish, rng, phones, segment })
        };
        let tasks: Vec<_> = (0..).zip(self.steps(cohort.stream, cohort.provider)).map(task).collect();
        let threads = if cohort.len() < FEW { 1 } else { workers.len() };
        let ranges = cohort.shares(threads);
        let work = |(worker, range): (&mut Option<Box<Worker>>, std::ops::Range<usize>)| {
            let worker = worker.get_or_insert_with(|| self.worker());
            worker.settle(&cohort, range, (&tasks, segments), self.run, progress)
        };
        let parts = workers.par_iter_mut().zip(ranges).map(work).collect::<Result<Vec<Vec<Vec<StepCarry>>>, _>>()?;
        let from = cohort.stream;
        let next_of_class: Vec<_> = tasks
            .iter()
            .zip(&stream.plans)
            .map(|(task, plan)| Some(plan.steps.get(task.as_ref()?.index + 1)?.provider))
            .collect();
        // Freed before the carries of all threads are combined, since there may be many.
        drop(cohort);
        let mut by_provider: BTreeMap<usize, Vec<Vec<StepCarry>>> = BTreeMap::new();
        for part in parts {
            for (carries, next) in part.into_iter().zip(&next_of_class) {
                if let Some(provider) = next {
                    by_provider.entry(*provider).or_default().push(carries);
                }
            }
        }
        Ok(by_provider.into_iter().map(|(provider, parts)| Cohort::of_carries(from, provider, parts)).collect())
    }

    fn worker(&self) -> Box<Worker> {
        Box::new(Worker::new(self.run.model, self.run.timeline, self.plan))
    }

    fn tally(&self, workers: Vec<Option<Box<Worker>>>, longest_queue: Vec<u64>, contended: bool) -> PlanRunTally {
        let model = self.run.model;
        let mut all = self.worker();
        for worker in workers.into_iter().flatten() {
            all.add(*worker);
        }
        PlanRunTally::new(all.counts(), longest_queue, vec![0; model.providers.len()], contended)
    }
}

/// The providers that the plans use, each before all that it leads to; `None` if one leads back to itself.
fn flow(streams: &[Stream]) -> Option<Vec<usize>> {
    let providers = |plan: &FastPlan| plan.steps.iter().map(|step| step.provider).collect::<Vec<_>>();
    let chains: Vec<_> = streams.iter().flat_map(|stream| &stream.plans).map(providers).collect();
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
