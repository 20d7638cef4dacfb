//! Playing a scenario as often as it takes, and what all replications together came to.

use super::precision::{Replications, next_round};
use super::samples::Sample;
use super::span;
use crate::rng::Luck;
use crate::scenario::{Scenario, Stream};
use crate::sim::{
    self, Cast, Interrupted, PairTally, Progress, SECTIONS, SectionQuantiles, Tally, Timeline, Way, World, WorldTally,
};
use rayon::prelude::*;

/// Recipients in worlds that are under way at one time: more would fill the memory of a small machine.
const UNDER_WAY: u64 = 1 << 25;

/// Fewer replications than this give no interval where intervals come from them.
pub const LEAST_REPLICATIONS: u32 = 10;

/// What all replications together came to.
pub(super) struct Totals {
    /// One for each stream; where there are several, one more for all of them together.
    strands: Vec<Strand>,
    pub(super) timeline: Timeline,
    pub(super) replications: u32,
    /// Where intervals come from.
    pub(super) certainty: Certainty,
    /// For each plan and provider, the most that ever waited.
    pub(super) longest: Vec<Vec<u64>>,
    /// For each plan and provider, how often its circuit opened, in all replications.
    pub(super) opened: Vec<Vec<u64>>,
    /// Whether anybody had to wait, was refused or was kept out.
    touched: bool,
}

/// What intervals are computed from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Certainty {
    /// Recipients, who are independent of one another.
    Recipients,
    /// Replications, which are, while recipients are not.
    Replications,
    /// Nothing: recipients depend on one another, and there are too few replications.
    Nothing,
}

/// The totals of one stream of traffic, or of all of them together.
pub(super) struct Strand {
    pub(super) tally: Tally,
    /// Recipients per replication.
    pub(super) recipients: u64,
    /// For each plan, the most flows that ended within one second.
    pub(super) peaks: Vec<u64>,
    /// For each plan, when the last flow ended.
    pub(super) last_ends: Vec<Mean>,
    /// For each plan and provider, when nobody had to wait any more.
    pub(super) drains: Vec<Vec<Mean>>,
    /// For each section of the first replications ...
    sections: Vec<SectionQuantiles>,
    /// ... and for each replication.
    wholes: Vec<SectionQuantiles>,
    /// For each plan, one for each replication, where intervals come from those.
    pub(super) samples: Vec<Vec<Sample>>,
    /// Whether the tally holds a replication yet.
    begun: bool,
}

/// A mean over those replications that have a value.
#[derive(Clone, Copy, Default)]
pub(super) struct Mean {
    sum: f64,
    count: u32,
}

impl Mean {
    fn add(&mut self, micros: Option<i64>) {
        if let Some(micros) = micros {
            self.sum += micros as f64 / 1e6;
            self.count += 1;
        }
    }

    /// The mean (s), if there was anything.
    pub(super) fn seconds(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
    }
}

/// Plays `scenario`, each recipient as if it were alone.
pub(super) fn alone(scenario: &Scenario, wanted: &Replications, progress: &Progress) -> Result<Totals, Interrupted> {
    let ready = Ready::new(scenario);
    let mut totals = Totals::new(&ready, Certainty::Recipients);
    while let Some(until) = next_round(&totals, wanted, 1) {
        progress.plan(ready.lives() * u64::from(until - totals.replications));
        for replication in totals.replications..until {
            totals.add(scenario, ready.alone(replication, progress)?);
        }
    }
    Ok(totals)
}

/// Plays `scenario`, whoever waits for whom.
pub(super) fn together(scenario: &Scenario, wanted: &Replications, progress: &Progress) -> Result<Totals, Interrupted> {
    let ready = Ready::new(scenario);
    let mut totals = Totals::new(&ready, Certainty::Nothing);
    totals.touched = ready.cast.has_random_outages();
    while let Some(until) = next_round(&totals, wanted, LEAST_REPLICATIONS) {
        progress.plan(ready.lives() * u64::from(until - totals.replications));
        while totals.replications < until {
            let round = ready.at_once().min(until - totals.replications);
            for replication in ready.together(totals.replications..totals.replications + round, progress)? {
                totals.add_worlds(&ready, replication);
            }
        }
        if totals.replications >= LEAST_REPLICATIONS {
            totals.certainty = Certainty::Replications;
        }
    }
    Ok(totals)
}

/// A scenario made ready to play.
struct Ready<'a> {
    scenario: &'a Scenario,
    cast: Cast,
    timeline: Timeline,
}

impl<'a> Ready<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        Self { scenario, cast: Cast::new(scenario), timeline: span::timeline(scenario) }
    }

    const fn luck(&self, replication: u32) -> Luck {
        Luck::new(self.scenario.seed, replication)
    }

    /// The lives of one replication.
    fn lives(&self) -> u64 {
        self.scenario.recipients() * self.scenario.plans.len() as u64
    }

    /// So many replications are played at one time, all of their worlds in parallel.
    fn at_once(&self) -> u32 {
        let worlds = self.scenario.plans.len() as u64;
        let busy = (2 * rayon::current_num_threads() as u64).div_ceil(worlds);
        busy.min(UNDER_WAY / self.lives()).max(1) as u32
    }

    fn alone(&self, replication: u32, progress: &Progress) -> Result<Vec<(Tally, Vec<SectionQuantiles>)>, Interrupted> {
        let luck = self.luck(replication);
        let world = World { cast: &self.cast, luck, timeline: self.timeline, way: Way::default() };
        let plans = self.scenario.plans.len();
        let play = |role| Ok(for_each_plan(sim::play_alone(&world, role, progress)?, plans));
        self.cast.streams.iter().map(play).collect()
    }

    /// All worlds of these replications: for each of those, one for each plan.
    fn together(
        &self,
        replications: std::ops::Range<u32>,
        progress: &Progress,
    ) -> Result<Vec<Vec<WorldTally>>, Interrupted> {
        let casts: Vec<_> =
            replications.clone().map(|r| self.cast.in_world(self.luck(r), self.timeline.end())).collect();
        let worlds = replications.zip(&casts).flat_map(|(r, cast)| {
            let world = World { cast, luck: self.luck(r), timeline: self.timeline, way: Way::default() };
            (0..self.scenario.plans.len()).map(move |plan| (world, plan))
        });
        let worlds: Vec<_> = worlds.collect();
        let play = |(world, plan): &(World<'_>, usize)| sim::play_together(world, *plan, progress);
        let mut played = worlds.par_iter().with_max_len(1).map(play).collect::<Result<Vec<_>, _>>()?.into_iter();
        Ok(casts.iter().map(|_| played.by_ref().take(self.scenario.plans.len()).collect()).collect())
    }
}

impl Totals {
    fn new(ready: &Ready<'_>, certainty: Certainty) -> Self {
        let scenario = ready.scenario;
        let mut strands: Vec<_> = scenario.streams.iter().map(|stream| Strand::new(scenario, Some(stream))).collect();
        if strands.len() > 1 {
            strands.push(Strand::new(scenario, None));
        }
        let none = vec![vec![0; scenario.providers.len()]; scenario.plans.len()];
        Self {
            strands,
            timeline: ready.timeline,
            replications: 0,
            certainty,
            longest: none.clone(),
            opened: none,
            touched: false,
        }
    }

    /// All streams together.
    pub(super) fn whole(&self) -> &Strand {
        self.strands.last().expect("a scenario has traffic")
    }

    /// The streams one by one, where there are several.
    pub(super) fn streams(&self) -> &[Strand] {
        &self.strands[..self.strands.len() - 1]
    }

    /// The stream with this index.
    pub(super) fn stream(&self, index: usize) -> &Strand {
        &self.strands[index]
    }

    /// Whether anything that recipients share made a difference to any of them.
    pub(super) const fn is_touched(&self) -> bool {
        self.touched
    }

    /// Adds one replication: what each stream came to.
    fn add(&mut self, scenario: &Scenario, streams: Vec<(Tally, Vec<SectionQuantiles>)>) {
        self.replications += 1;
        if streams.len() > 1 {
            let tallies = scenario.streams.iter().zip(&streams).map(|(stream, (tally, _))| (stream, tally));
            let whole = sum(scenario, tallies);
            self.strands[streams.len()].add(whole, Vec::new(), self.certainty);
        }
        for (strand, (tally, quantiles)) in self.strands.iter_mut().zip(streams) {
            strand.add(tally, quantiles, self.certainty);
        }
    }

    /// Adds one replication: what each plan came to in its world.
    fn add_worlds(&mut self, ready: &Ready<'_>, worlds: Vec<WorldTally>) {
        for (plan, world) in worlds.iter().enumerate() {
            self.touched |= world.touched;
            self.longest[plan].iter_mut().zip(&world.longest).for_each(|(a, b)| *a = (*a).max(*b));
            self.opened[plan].iter_mut().zip(&world.opened).for_each(|(a, b)| *a += b);
        }
        let streams = (0..ready.scenario.streams.len()).map(|stream| {
            let mut tally = Tally { arrivals: worlds[0].arrivals[stream].clone(), ..Tally::default() };
            tally.plans.extend(worlds.iter().map(|world| world.streams[stream].clone()));
            (tally, Vec::new())
        });
        self.add(ready.scenario, streams.collect());
    }
}

/// What a stream came to under each of so many plans: the same under all, where it was played under a plan of its own alone.
fn for_each_plan(
    (mut tally, mut quantiles): (Tally, Vec<SectionQuantiles>),
    plans: usize,
) -> (Tally, Vec<SectionQuantiles>) {
    if tally.plans.len() < plans {
        tally.plans.resize(plans, tally.plans[0].clone());
        tally.pairs = vec![PairTally::default(); plans * (plans - 1) / 2];
        quantiles.iter_mut().for_each(|section| section.resize(plans, section[0]));
    }
    (tally, quantiles)
}

/// The tallies of several streams as one. Its steps are those of the plan that is compared, and count the streams that follow it.
fn sum<'a>(scenario: &Scenario, streams: impl Iterator<Item = (&'a Stream, &'a Tally)>) -> Tally {
    let steps = scenario.plans.iter().map(|plan| plan.carriers.len());
    let mut whole = Tally::new(steps, scenario.providers.len());
    for (stream, tally) in streams {
        let mut tally = tally.clone();
        if stream.plan.is_some() {
            tally.plans.iter_mut().for_each(|plan| plan.steps.clear());
        }
        whole.merge(&tally);
    }
    whole
}

impl Strand {
    /// Of this stream, or of all of them together.
    fn new(scenario: &Scenario, stream: Option<&Stream>) -> Self {
        let plans = scenario.plans.len();
        let plan = |plan| stream.map_or(&scenario.plans[plan], |stream| scenario.plan_of(stream, plan));
        let steps = (0..plans).map(|i| plan(i).carriers.len());
        Self {
            tally: Tally::new(steps, scenario.providers.len()),
            recipients: stream.map_or_else(|| scenario.recipients(), |stream| stream.traffic.recipients),
            peaks: vec![0; plans],
            last_ends: vec![Mean::default(); plans],
            drains: vec![vec![Mean::default(); scenario.providers.len()]; plans],
            sections: Vec::new(),
            wholes: Vec::new(),
            samples: vec![Vec::new(); plans],
            begun: false,
        }
    }

    /// The quantiles of parts of the recipients that are independent and alike: sections, or replications where there are `many` of
    /// those.
    pub(super) fn sections(&self, many: bool) -> &[SectionQuantiles] {
        if many { &self.wholes } else { &self.sections }
    }

    fn add(&mut self, mut tally: Tally, quantiles: Vec<SectionQuantiles>, certainty: Certainty) {
        for (i, plan) in tally.plans.iter_mut().enumerate() {
            // Of the seconds only the fullest is of interest: they need not be added up.
            self.peaks[i] = self.peaks[i].max(std::mem::take(&mut plan.ends).peak());
            self.last_ends[i].add(plan.last_end);
            for (drain, provider) in self.drains[i].iter_mut().zip(&plan.providers) {
                drain.add(provider.queue.as_ref().and_then(|queue| queue.drained));
            }
            if certainty != Certainty::Recipients {
                self.samples[i].push(Sample::of(plan, self.recipients));
            }
        }
        if self.wholes.len() < SECTIONS {
            self.sections.extend(quantiles);
        }
        self.wholes.push(sim::quantiles(&tally));
        if std::mem::replace(&mut self.begun, true) {
            self.tally.merge(&tally);
        } else {
            self.tally = tally;
        }
    }
}
