//! What all replications of a scenario together came to.

use super::classes::Talks;
use super::exposure::Exposure;
use super::ready::Ready;
use super::samples::Sample;
use crate::sim::{Alone, FIRST, Tally, Timeline, WorldTally};
use crate::stats::{Confidence, Groups};

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
    /// What calls cost for their length.
    pub(super) talks: Talks,
    /// For each plan and provider, the most that ever waited.
    pub(super) longest: Vec<Vec<u64>>,
    /// For each plan and provider, how often its circuit opened, in all replications.
    pub(super) opened: Vec<Vec<u64>>,
    /// Whether anything that recipients share made a difference to any of them.
    pub(super) touched: bool,
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

impl Totals {
    /// Those of no replication yet, of at most `most`.
    pub(super) fn new(ready: &Ready<'_>, confidence: Confidence, most: u32, certainty: Certainty) -> Self {
        let scenario = ready.scenario;
        let mut strands: Vec<_> = (0..scenario.streams.len()).map(|stream| Strand::new(ready, Some(stream))).collect();
        if strands.len() > 1 {
            strands.push(Strand::new(ready, None));
        }
        let none = vec![vec![0; scenario.providers.len()]; scenario.plans.len()];
        let exposure =
            if ready.cast.has_random_outages() { Exposure::new(scenario, most) } else { Exposure::default() };
        Self {
            strands,
            timeline: ready.timeline(),
            replications: 0,
            certainty,
            confidence,
            exposure,
            talks: Talks::new(scenario.providers.len()),
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

    /// Adds one replication: what each stream came to.
    pub(super) fn add(&mut self, ready: &Ready<'_>, streams: Vec<Alone>) {
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
    pub(super) fn add_worlds(&mut self, ready: &Ready<'_>, worlds: Vec<WorldTally>) {
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
    let all = ready.recipients().iter().sum::<u64>().max(1) as f64;
    let share = |recipients: u64| (FIRST as f64 * (recipients as f64 / all)).ceil().max(1.0) as usize;
    for (plan, sum) in whole.plans.iter_mut().enumerate() {
        let first = streams.iter().zip(ready.recipients()).flat_map(|(stream, &recipients)| {
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
            recipients: stream.map_or_else(|| ready.recipients().iter().sum(), |stream| ready.recipients()[stream]),
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
