//! Playing a scenario as often as it takes, and what all replications together came to.

use super::estimates::LEAST_REPLICATIONS;
use super::exposure::Exposure;
use super::precision::{Wanted, next_round};
use super::samples::Sample;
use super::span;
use super::versus::First;
use crate::rng::Luck;
use crate::scenario::Scenario;
use crate::sim::{
    self, Alone, Cast, FIRST, Interrupted, PairTally, PlanTally, Progress, Tally, Timeline, Way, World, WorldTally,
};
use crate::stats::{Confidence, Groups};
use rayon::prelude::*;

/// Recipients in worlds that are under way at one time: more would fill the memory of a small machine.
const UNDER_WAY: u64 = 1 << 25;

/// What all replications together came to.
pub(super) struct Totals {
    /// One for each stream; where there are several, one more for all of them together.
    strands: Vec<Strand>,
    pub(super) timeline: Timeline,
    pub(super) replications: u32,
    /// Where intervals come from.
    pub(super) certainty: Certainty,
    /// How sure intervals are.
    pub(super) confidence: Confidence,
    /// The random outages that plans can meet.
    pub(super) exposure: Exposure,
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
    /// For each plan, the latencies of groups of recipients that are independent and alike: sections, or replications.
    pub(super) groups: Vec<Groups>,
    /// For each plan, what each of the first recipients cost, over all replications, where they are independent.
    pub(super) first_costs: Vec<Vec<i64>>,
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
pub(super) fn alone(ready: &Ready<'_>, wanted: &Wanted, progress: &Progress) -> Result<Totals, Interrupted> {
    let mut totals = Totals::new(ready, wanted, Certainty::Recipients);
    while let Some(until) = next_round(&totals, ready.scenario, wanted) {
        progress.plan(ready.lives() * u64::from(until - totals.replications));
        for replication in totals.replications..until {
            totals.add(ready, ready.alone(replication, progress)?);
        }
    }
    Ok(totals)
}

/// Plays `scenario`, whoever waits for whom.
pub(super) fn together(ready: &Ready<'_>, wanted: &Wanted, progress: &Progress) -> Result<Totals, Interrupted> {
    let mut totals = Totals::new(ready, wanted, Certainty::Nothing);
    totals.touched = ready.cast.has_random_outages();
    while let Some(until) = next_round(&totals, ready.scenario, wanted) {
        progress.plan(ready.lives() * u64::from(until - totals.replications));
        while totals.replications < until {
            let round = ready.at_once().min(until - totals.replications);
            for replication in ready.together(totals.replications..totals.replications + round, progress)? {
                totals.add_worlds(ready, replication);
            }
        }
        if totals.replications >= LEAST_REPLICATIONS {
            totals.certainty = Certainty::Replications;
        }
    }
    Ok(totals)
}

/// Two scenarios abreast, of which recipients depend on nobody.
pub(super) struct Abreast {
    pub(super) totals: [Totals; 2],
    /// For each stream, and where there are several for all of them together, the recipients in whom each couple of plans differs.
    pub(super) pairs: Vec<Vec<PairTally>>,
    /// For each couple, the first of them who differs in anything.
    pub(super) differing: Vec<Option<First>>,
}

/// Plays two scenarios with the same streams in lock-step, so many replications, under `couples` of plans, one of each scenario.
pub(super) fn abreast(
    ready: &[Ready<'_>; 2],
    couples: &[(usize, usize)],
    wanted: &Wanted,
    replications: u32,
    progress: &Progress,
) -> Result<Abreast, Interrupted> {
    let streams = ready[0].recipients.len();
    let strands = if streams > 1 { streams + 1 } else { 1 };
    let mut played = Abreast {
        totals: ready.each_ref().map(|ready| Totals::new(ready, wanted, Certainty::Recipients)),
        pairs: vec![vec![PairTally::default(); couples.len()]; strands],
        differing: vec![None; couples.len()],
    };
    ready.iter().for_each(|ready| progress.plan(ready.lives() * u64::from(replications)));
    for replication in 0..replications {
        let worlds = ready.each_ref().map(|ready| ready.world(&ready.cast, replication));
        let mut sides = [Vec::new(), Vec::new()];
        for stream in 0..streams {
            let roles = ready.each_ref().map(|ready| &ready.cast.streams[stream]);
            let recipients = ready[0].recipients[stream];
            let versus = sim::play_versus(worlds.each_ref(), roles, couples, recipients, progress)?;
            for strand in [Some(stream), (strands > 1).then_some(streams)].into_iter().flatten() {
                played.pairs[strand].iter_mut().zip(&versus.pairs).for_each(|(sum, pair)| sum.merge(pair));
            }
            for (first, recipient) in played.differing.iter_mut().zip(versus.differing) {
                *first = first.or(recipient.map(|recipient| First { replication, stream, recipient }));
            }
            for (side, (alone, ready)) in sides.iter_mut().zip(versus.sides.into_iter().zip(ready)) {
                side.push(for_each_plan(alone, &ready.cast));
            }
        }
        for (totals, (ready, side)) in played.totals.iter_mut().zip(ready.iter().zip(sides)) {
            totals.add(ready, side);
        }
    }
    Ok(played)
}

/// So many replications of so many plans, with these lives in all, are played at one time on so many threads.
pub(super) fn at_once(plans: usize, lives: u64, threads: usize) -> u32 {
    let busy = (2 * threads as u64).div_ceil(plans as u64);
    busy.min(UNDER_WAY / lives).max(1) as u32
}

/// A scenario made ready to play.
pub(super) struct Ready<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) cast: Cast,
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
            cast: Cast::prepared(scenario, progress)?,
            timeline: span::timeline(scenario),
            recipients,
        };
        let (of_plans, of_own) = sim::scales(&ready.world(&ready.cast, 0), progress)?;
        ready.cast.set_scales(of_plans, &of_own);
        Ok(ready)
    }

    /// The same with the first so many recipients of each stream.
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
    fn empty_tally(&self, stream: Option<usize>) -> Tally {
        let cast = &self.cast;
        let of_plan = |plan: usize| match stream.map(|stream| cast.part(&cast.streams[stream], plan)) {
            Some(part) => PlanTally::new(part.carriers.len(), &part.scale),
            None => PlanTally::new(cast.plans[plan].carriers.len(), cast.common_scale(plan)),
        };
        Tally::new((0..cast.plans.len()).map(of_plan).collect(), cast.pairs.count())
    }

    const fn luck(&self, replication: u32) -> Luck {
        Luck::new(self.scenario.seed, replication)
    }

    const fn world<'c>(&self, cast: &'c Cast, replication: u32) -> World<'c> {
        World { cast, luck: self.luck(replication), timeline: self.timeline, way: Way::Shortest }
    }

    /// The lives of one replication.
    fn lives(&self) -> u64 {
        self.recipients.iter().sum::<u64>() * self.scenario.plans.len() as u64
    }

    /// So many replications are played at one time, all of their worlds in parallel.
    fn at_once(&self) -> u32 {
        at_once(self.scenario.plans.len(), self.lives(), rayon::current_num_threads())
    }

    fn alone(&self, replication: u32, progress: &Progress) -> Result<Vec<Alone>, Interrupted> {
        let world = self.world(&self.cast, replication);
        let play = |role| Ok(for_each_plan(sim::play_alone(&world, role, progress)?, &self.cast));
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
            let world = self.world(cast, r);
            (0..self.scenario.plans.len()).map(move |plan| (world, plan))
        });
        let worlds: Vec<_> = worlds.collect();
        let play = |(world, plan): &(World<'_>, usize)| sim::play_together(world, *plan, progress);
        let mut played = worlds.par_iter().with_max_len(1).map(play).collect::<Result<Vec<_>, _>>()?.into_iter();
        Ok(casts.iter().map(|_| played.by_ref().take(self.scenario.plans.len()).collect()).collect())
    }
}

impl Totals {
    fn new(ready: &Ready<'_>, wanted: &Wanted, certainty: Certainty) -> Self {
        let scenario = ready.scenario;
        let mut strands: Vec<_> = (0..scenario.streams.len()).map(|stream| Strand::new(ready, Some(stream))).collect();
        if strands.len() > 1 {
            strands.push(Strand::new(ready, None));
        }
        let none = vec![vec![0; scenario.providers.len()]; scenario.plans.len()];
        let exposure = if ready.cast.has_random_outages() {
            Exposure::new(scenario, wanted.replications.most())
        } else {
            Exposure::default()
        };
        Self {
            strands,
            timeline: ready.timeline,
            replications: 0,
            certainty,
            confidence: wanted.confidence,
            exposure,
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
    fn add(&mut self, ready: &Ready<'_>, streams: Vec<Alone>) {
        self.replications += 1;
        if streams.len() > 1 {
            let whole = sum(ready, &streams);
            self.strands[streams.len()].add(whole, self.certainty);
        }
        for (strand, stream) in self.strands.iter_mut().zip(streams) {
            strand.add(stream, self.certainty);
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
            let plans = worlds.iter().map(|world| world.streams[stream].clone()).collect();
            let tally = Tally { arrivals: worlds[0].arrivals[stream].clone(), plans, pairs: Vec::new() };
            Alone { sections: vec![tally.plans.iter().map(|plan| plan.latencies.cells()).collect()], tally }
        });
        let streams = streams.collect();
        self.add(ready, streams);
    }
}

/// What a stream came to under each of the plans that are compared: the same under all, where it was played under a plan of its own.
fn for_each_plan(mut alone: Alone, cast: &Cast) -> Alone {
    let plans = cast.plans.len();
    if alone.tally.plans.len() < plans {
        alone.tally.plans.resize(plans, alone.tally.plans[0].clone());
        alone.tally.pairs = vec![PairTally::default(); cast.pairs.count()];
        alone.sections.iter_mut().for_each(|section| section.resize(plans, section[0].clone()));
    }
    alone
}

/// The tallies of several streams as one. Its steps are those of the plan that is compared, and count the streams that follow it.
fn sum(ready: &Ready<'_>, streams: &[Alone]) -> Alone {
    let mut whole = ready.empty_tally(None);
    for (stream, Alone { tally, .. }) in ready.scenario.streams.iter().zip(streams) {
        let mut tally = tally.clone();
        for plan in &mut tally.plans {
            // The first recipients of each stream are not those of all.
            plan.first_costs.clear();
            if stream.plan.is_some() {
                plan.steps.clear();
            }
        }
        whole.merge(&tally);
    }
    // As many of each stream as it has of all recipients, at least one.
    let all = ready.recipients.iter().sum::<u64>().max(1) as f64;
    let share = |recipients: u64| (FIRST as f64 * (recipients as f64 / all)).ceil().max(1.0) as usize;
    for (plan, sum) in whole.plans.iter_mut().enumerate() {
        let first = streams.iter().zip(&ready.recipients).flat_map(|(stream, &recipients)| {
            stream.tally.plans[plan].first_costs.iter().take(if all > FIRST as f64 { share(recipients) } else { FIRST })
        });
        sum.first_costs = first.copied().collect();
    }
    let sections = whole.plans.iter().map(|plan| plan.latencies.cells()).collect();
    Alone { tally: whole, sections: vec![sections] }
}

impl Strand {
    /// Of the stream with this index, or of all of them together.
    fn new(ready: &Ready<'_>, stream: Option<usize>) -> Self {
        let scenario = ready.scenario;
        let plans = scenario.plans.len();
        Self {
            tally: ready.empty_tally(stream),
            recipients: stream.map_or_else(|| ready.recipients.iter().sum(), |stream| ready.recipients[stream]),
            peaks: vec![0; plans],
            last_ends: vec![Mean::default(); plans],
            drains: vec![vec![Mean::default(); scenario.providers.len()]; plans],
            groups: vec![Groups::default(); plans],
            first_costs: vec![Vec::new(); plans],
            samples: vec![Vec::new(); plans],
            begun: false,
        }
    }

    fn add(&mut self, Alone { mut tally, sections }: Alone, certainty: Certainty) {
        for (i, plan) in tally.plans.iter_mut().enumerate() {
            // Of the seconds only the fullest is of interest: they need not be added up.
            self.peaks[i] = self.peaks[i].max(std::mem::take(&mut plan.ends).peak());
            self.last_ends[i].add(plan.last_end);
            for (provider, tally) in plan.providers.iter() {
                self.drains[i][provider].add(tally.queue.as_ref().and_then(|queue| queue.drained));
            }
            let room = FIRST - self.first_costs[i].len();
            self.first_costs[i].extend(std::mem::take(&mut plan.first_costs).into_iter().take(room));
            if certainty != Certainty::Recipients {
                self.samples[i].push(Sample::of(plan, self.recipients));
            }
        }
        for section in sections {
            self.groups.iter_mut().zip(section).for_each(|(groups, cells)| groups.add(cells));
        }
        if std::mem::replace(&mut self.begun, true) {
            self.tally.merge(&tally);
        } else {
            self.tally = tally;
        }
    }
}
