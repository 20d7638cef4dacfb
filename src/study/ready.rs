//! A scenario made ready to play: its samplers built once, and worlds of any replication made from them.

use super::horizon;
use crate::rng::RngKey;
use crate::scenario::Scenario;
use crate::sim::{
    self, ExecutionMode, Interrupted, Model, PairTally, PlanRunTally, PlanTally, Progress, RunContext, StreamTally,
    Tally, Timeline,
};
use rayon::prelude::*;

/// Recipients in worlds that are under way at one time: more would fill the memory of a small machine.
const UNDER_WAY: u64 = 1 << 25;

/// How many replications are played at one time: of `plans` plans, each replication with `lives` simulated recipients, on `threads` threads.
pub(super) fn at_once(plans: usize, lives: u64, threads: usize) -> u32 {
    let busy = (2 * threads as u64).div_ceil(plans as u64);
    busy.min(UNDER_WAY / lives).max(1) as u32
}

/// A scenario made ready to play.
pub(super) struct Ready<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) cast: Model,
    timeline: Timeline,
    /// How many recipients of each stream are played.
    recipients: Vec<u64>,
}

impl<'a> Ready<'a> {
    /// Builds the samplers of `scenario`, and finds out which latencies are shared by many.
    pub(super) fn new(scenario: &'a Scenario, progress: &Progress) -> Result<Self, Interrupted> {
        let recipients = scenario.streams.iter().map(|stream| stream.traffic.recipients).collect();
        let mut ready = Self {
            scenario,
            cast: Model::prepared(scenario, progress)?,
            timeline: horizon::timeline(scenario),
            recipients,
        };
        let (of_plans, of_own) = sim::scales(&ready.world(&ready.cast, 0), progress)?;
        ready.cast.set_scales(of_plans, &of_own);
        Ok(ready)
    }

    /// The span that is looked at.
    pub(super) const fn timeline(&self) -> Timeline {
        self.timeline
    }

    /// How many recipients of each stream are played.
    pub(super) fn recipients(&self) -> &[u64] {
        &self.recipients
    }

    /// The same with only the first of each stream: `recipients` says how many.
    pub(super) fn of_first(self, recipients: Vec<u64>) -> Self {
        Self { recipients, ..self }
    }

    /// What becomes of each recipient of each stream under a plan, in a world whose recipients depend on one another.
    pub(super) fn lives_of(
        &self,
        plan: usize,
        replication: u32,
        progress: &Progress,
    ) -> Result<Vec<Vec<u64>>, Interrupted> {
        let cast = self.cast.in_world(self.luck(replication), self.timeline.end());
        sim::lives(&self.world(&cast, replication), plan, progress)
    }

    /// An empty tally of the stream with this index, or of all of them together, under each plan that is compared.
    pub(super) fn empty_tally(&self, stream: Option<usize>) -> Tally {
        let cast = &self.cast;
        let of_plan = |plan: usize| match stream.map(|stream| cast.part(&cast.streams[stream], plan)) {
            Some(part) => PlanTally::new(part.terms.len(), &part.scale),
            None => PlanTally::new(cast.plans[plan].terms.len(), cast.common_scale(plan)),
        };
        Tally::new((0..cast.plans.len()).map(of_plan).collect(), cast.pairs.count())
    }

    const fn luck(&self, replication: u32) -> RngKey {
        RngKey::new(self.scenario.seed, replication)
    }

    pub(super) const fn world<'c>(&self, cast: &'c Model, replication: u32) -> RunContext<'c> {
        RunContext { cast, luck: self.luck(replication), timeline: self.timeline, way: ExecutionMode::Shortest }
    }

    /// The lives of one replication.
    pub(super) fn lives(&self) -> u64 {
        self.recipients.iter().sum::<u64>() * self.scenario.plans.len() as u64
    }

    /// How many replications are played at one time, all of their worlds in parallel.
    pub(super) fn at_once(&self) -> u32 {
        at_once(self.scenario.plans.len(), self.lives(), rayon::current_num_threads())
    }

    /// What each stream comes to in these sections of a replication, each recipient as if it were alone.
    pub(super) fn alone(
        &self,
        replication: u32,
        sections: &[usize],
        progress: &Progress,
    ) -> Result<Vec<StreamTally>, Interrupted> {
        let world = self.world(&self.cast, replication);
        let play = |role| {
            let alone = sim::play_sections(&world, role, sections.iter().copied(), progress)?;
            Ok(for_each_plan(alone, &self.cast))
        };
        self.cast.streams.iter().map(play).collect()
    }

    /// All worlds of these replications: for each of those, one for each plan.
    pub(super) fn together(
        &self,
        replications: std::ops::Range<u32>,
        progress: &Progress,
    ) -> Result<Vec<Vec<PlanRunTally>>, Interrupted> {
        let casts: Vec<_> =
            replications.clone().map(|r| self.cast.in_world(self.luck(r), self.timeline.end())).collect();
        let worlds = replications.zip(&casts).flat_map(|(r, cast)| {
            let world = self.world(cast, r);
            (0..self.scenario.plans.len()).map(move |plan| (world, plan))
        });
        let worlds: Vec<_> = worlds.collect();
        let play = |(world, plan): &(RunContext<'_>, usize)| sim::play_contended(world, *plan, progress);
        let mut played = worlds.par_iter().with_max_len(1).map(play).collect::<Result<Vec<_>, _>>()?.into_iter();
        Ok(casts.iter().map(|_| played.by_ref().take(self.scenario.plans.len()).collect()).collect())
    }
}

/// What a stream came to under each of the plans that are compared: the same under all, where it was played under a plan of its own.
pub(super) fn for_each_plan(mut alone: StreamTally, cast: &Model) -> StreamTally {
    let plans = cast.plans.len();
    if alone.tally.plans.len() < plans {
        alone.tally.plans.resize(plans, alone.tally.plans[0].clone());
        alone.tally.pairs = vec![PairTally::default(); cast.pairs.count()];
        alone.sections.iter_mut().for_each(|(_, cells)| cells.resize(plans, cells[0].clone()));
    }
    alone
}
