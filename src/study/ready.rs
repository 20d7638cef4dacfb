//! A scenario prepared to run: its samplers are built once, and runs of any replication are made from them.

use super::groups::{Group, step_plans};
use super::horizon;
use crate::rng::RngKey;
use crate::scenario::Scenario;
use crate::sim::{
    self, ExecutionMode, GroupTally, Interrupted, Model, PairTally, PlanRunTally, PlanTally, Progress, RunContext,
    Tally, Timeline, TrafficStream,
};
use rayon::prelude::*;
use std::borrow::Cow;

/// The maximum number of recipients in concurrent runs: more would fill the memory of a small machine.
const MOST_ACTIVE: u64 = 1 << 25;

/// The number of replications run at the same time, for this many plans, simulated recipients per replication, and threads.
pub(super) fn at_once(plans: usize, simulated_recipients: u64, threads: usize) -> u32 {
    let busy = (2 * threads as u64).div_ceil(plans as u64);
    busy.min(MOST_ACTIVE / simulated_recipients).max(1) as u32
}

/// A scenario prepared to run.
pub(super) struct Ready<'a> {
    pub(super) scenario: Cow<'a, Scenario>,
    pub(super) model: Model,
    timeline: Timeline,
    /// The number of recipients simulated in each stream.
    recipients: Vec<u64>,
}

impl<'a> Ready<'a> {
    /// Builds the samplers of `scenario`, and finds the latencies that many recipients share.
    pub(super) fn new(scenario: &'a Scenario, progress: &Progress) -> Result<Self, Interrupted> {
        Self::with_timeline(Cow::Borrowed(scenario), horizon::timeline(scenario), progress)
    }

    /// As [`Ready::new`], with another timeline than its own.
    pub(super) fn with_timeline(
        scenario: Cow<'a, Scenario>,
        timeline: Timeline,
        progress: &Progress,
    ) -> Result<Self, Interrupted> {
        let mut ready = Self::unscaled(scenario, timeline, progress)?;
        let (of_plans, of_own) = sim::scales(&ready.run(&ready.model, 0), progress)?;
        ready.model.set_scales(&of_plans, &of_own);
        Ok(ready)
    }

    /// For those who only count recipients: as [`Ready::new`], without results over time, and without looking for the latencies that many recipients share.
    pub(super) fn to_count(scenario: Cow<'a, Scenario>, progress: &Progress) -> Result<Self, Interrupted> {
        let timeline = horizon::timeline(&scenario).in_one_bin();
        Self::unscaled(scenario, timeline, progress)
    }

    fn unscaled(scenario: Cow<'a, Scenario>, timeline: Timeline, progress: &Progress) -> Result<Self, Interrupted> {
        let recipients = scenario.streams.iter().map(|stream| stream.traffic.recipients).collect();
        Ok(Self { model: Model::prepared(&scenario, progress)?, scenario, timeline, recipients })
    }

    /// The timeline of the runs.
    pub(super) const fn timeline(&self) -> Timeline {
        self.timeline
    }

    /// The number of recipients simulated in each stream.
    pub(super) fn recipients(&self) -> &[u64] {
        &self.recipients
    }

    /// The same scenario with only the first `recipients` of each stream.
    pub(super) fn of_first(self, recipients: Vec<u64>) -> Self {
        Self { recipients, ..self }
    }

    /// A hash of each recipient's course, for each stream, in the contended run of a plan.
    pub(super) fn course_hashes(
        &self,
        plan: usize,
        replication: u32,
        progress: &Progress,
    ) -> Result<Vec<Vec<u64>>, Interrupted> {
        let model = self.model.in_replication(self.rng(replication), self.timeline.end());
        sim::course_hashes(&self.run(&model, replication), plan, progress)
    }

    /// An empty tally of a group, under each plan that is compared.
    pub(super) fn empty_tally(&self, group: Group) -> Tally {
        let model = &self.model;
        let of_plan = |plan: usize| {
            let steps = step_plans(&self.scenario, group, plan).iter().map(|plan| plan.flow.steps().len()).sum();
            let scale = match group.stream() {
                Some(stream) => &model.streams[stream].classes[0].plan(plan).scale,
                None => model.common_scale(plan),
            };
            PlanTally::new(steps, scale)
        };
        Tally::new((0..model.plans).map(of_plan).collect(), model.pairs.count())
    }

    fn rng(&self, replication: u32) -> RngKey {
        RngKey::new(self.scenario.seed, replication)
    }

    pub(super) fn run<'c>(&self, model: &'c Model, replication: u32) -> RunContext<'c> {
        RunContext { model, rng: self.rng(replication), timeline: self.timeline, mode: ExecutionMode::Fastest }
    }

    /// The number of simulated recipients in one replication.
    pub(super) fn simulated_recipients(&self) -> u64 {
        self.recipients.iter().sum::<u64>() * self.scenario.plans.len() as u64
    }

    /// The number of replications run at the same time, with all their runs in parallel.
    pub(super) fn at_once(&self) -> u32 {
        at_once(self.scenario.plans.len(), self.simulated_recipients(), rayon::current_num_threads())
    }

    /// The tallies of the classes of each stream for these sections of a replication, with independent recipients.
    pub(super) fn independent_run(
        &self,
        replication: u32,
        sections: &[usize],
        progress: &Progress,
    ) -> Result<Vec<Vec<GroupTally>>, Interrupted> {
        let run = self.run(&self.model, replication);
        self.of_streams(|stream| sim::simulate_sections(&run, stream, sections.iter().copied(), progress))
    }

    /// The tallies of the classes of each stream.
    fn of_streams(
        &self,
        simulate: impl Fn(&TrafficStream) -> Result<Vec<GroupTally>, Interrupted>,
    ) -> Result<Vec<Vec<GroupTally>>, Interrupted> {
        let of_stream = |stream| {
            let classes = simulate(stream)?.into_iter();
            Ok(classes.map(|class| for_each_plan(class, &self.model)).collect())
        };
        self.model.streams.iter().map(of_stream).collect()
    }

    /// The contended runs of these replications: for each replication, one for each plan.
    pub(super) fn contended_runs(
        &self,
        replications: std::ops::Range<u32>,
        progress: &Progress,
    ) -> Result<Vec<Vec<PlanRunTally>>, Interrupted> {
        let models: Vec<_> =
            replications.clone().map(|r| self.model.in_replication(self.rng(r), self.timeline.end())).collect();
        let runs = replications.zip(&models).flat_map(|(r, model)| {
            let run = self.run(model, r);
            (0..self.scenario.plans.len()).map(move |plan| (run, plan))
        });
        let runs: Vec<_> = runs.collect();
        let simulate = |(run, plan): &(RunContext<'_>, usize)| sim::simulate_contended(run, *plan, progress);
        let mut simulated = runs.par_iter().with_max_len(1).map(simulate).collect::<Result<Vec<_>, _>>()?.into_iter();
        Ok(models.iter().map(|_| simulated.by_ref().take(self.scenario.plans.len()).collect()).collect())
    }
}

/// The tally of a class under each of the plans that are compared: the same under all, if its stream has its own plan.
pub(super) fn for_each_plan(mut of_class: GroupTally, model: &Model) -> GroupTally {
    let plans = model.plans;
    if of_class.tally.plans.len() < plans {
        of_class.tally.plans.resize(plans, of_class.tally.plans[0].clone());
        of_class.tally.pairs = vec![PairTally::default(); model.pairs.count()];
        let lists = of_class.cells.iter_mut().chain(of_class.sections.iter_mut().map(|(_, cells)| cells));
        lists.for_each(|cells| cells.resize(plans, cells[0].clone()));
    }
    of_class
}
