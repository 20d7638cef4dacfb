//! Playing a scenario as often as it takes, or two of them abreast.

use super::estimates::LEAST_REPLICATIONS;
use super::precision::{Wanted, next_round};
use super::ready::{Ready, for_each_plan};
use super::totals::{Certainty, Totals};
use crate::sim::{self, Interrupted, PairTally, Progress};

/// Plays `scenario`, each recipient as if it were alone.
pub(super) fn alone(ready: &Ready<'_>, wanted: &Wanted, progress: &Progress) -> Result<Totals, Interrupted> {
    let mut totals = Totals::new(ready, wanted.confidence, wanted.replications.most(), Certainty::Recipients);
    while let Some(until) = next_round(&totals, ready.scenario, wanted) {
        progress.plan(ready.lives() * u64::from(until - totals.replications));
        for replication in totals.replications..until {
            totals.add(ready, ready.alone(replication, progress)?);
        }
    }
    Ok(totals)
}

/// Plays `scenario` with its recipients waiting for one another.
pub(super) fn together(ready: &Ready<'_>, wanted: &Wanted, progress: &Progress) -> Result<Totals, Interrupted> {
    let mut totals = Totals::new(ready, wanted.confidence, wanted.replications.most(), Certainty::Nothing);
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
    /// For each couple of plans, the recipients who fare differently: of each stream, and where there are several, of all together.
    pub(super) pairs: Vec<Vec<PairTally>>,
    /// For each couple, the first of them who differs in anything.
    pub(super) differing: Vec<Option<First>>,
}

/// Where the first difference is: in which replication, and of which pair of streams which recipient.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct First {
    pub(super) replication: u32,
    pub(super) stream: usize,
    pub(super) recipient: u64,
}

/// Plays two scenarios with the same streams in lock-step, `replications` times, under `couples` of plans, one of each scenario.
pub(super) fn abreast(
    ready: &[Ready<'_>; 2],
    couples: &[(usize, usize)],
    wanted: &Wanted,
    replications: u32,
    progress: &Progress,
) -> Result<Abreast, Interrupted> {
    let streams = ready[0].recipients().len();
    let strands = if streams > 1 { streams + 1 } else { 1 };
    let mut played = Abreast {
        totals: ready
            .each_ref()
            .map(|ready| Totals::new(ready, wanted.confidence, wanted.replications.most(), Certainty::Recipients)),
        pairs: vec![vec![PairTally::default(); couples.len()]; strands],
        differing: vec![None; couples.len()],
    };
    ready.iter().for_each(|ready| progress.plan(ready.lives() * u64::from(replications)));
    for replication in 0..replications {
        let worlds = ready.each_ref().map(|ready| ready.world(&ready.cast, replication));
        let mut sides = [Vec::new(), Vec::new()];
        for stream in 0..streams {
            let roles = ready.each_ref().map(|ready| &ready.cast.streams[stream]);
            let recipients = ready[0].recipients()[stream];
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
