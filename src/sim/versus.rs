//! Two scenarios with the same recipients, in lockstep: batch by batch, so that the results of each recipient can be compared.

use super::batch;
use super::independent::{Gathered, RunContext, SectionWork, StreamTally, WorkingMemory};
use super::model::TrafficClass;
use super::progress::{Interrupted, Progress};
use super::tally::{PairTally, Tally};
use crate::stats::Cells;
use rayon::prelude::*;

/// The results of the first recipients of a stream in two runs, under couples of plans, one plan from each run.
#[derive(Clone, PartialEq, Debug)]
pub struct Versus {
    /// The results in each run.
    pub sides: [StreamTally; 2],
    /// For each couple, the recipients whose results differ.
    pub pairs: Vec<PairTally>,
    /// For each couple, the first recipient whose results differ.
    pub differing: Vec<Option<u64>>,
}

/// Simulates the first `recipients` of a stream independently in two runs. Both runs have the stream under the same name, and so with
/// common random numbers. `couples` holds the indices of a plan of the first run and of one of the second.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn simulate_pair(
    runs: [&RunContext<'_>; 2],
    classes: [&TrafficClass; 2],
    couples: &[(usize, usize)],
    recipients: u64,
    progress: &Progress,
) -> Result<Versus, Interrupted> {
    let [one, other] = [0, 1].map(|side| SectionWork::new(runs[side], classes[side], recipients, progress));
    let shared = [one, other];
    // A stream with a plan of its own is simulated only under that plan.
    let index = |side: usize, plan: usize| if classes[side].own.is_empty() { plan } else { 0 };
    let couples: Vec<_> = couples.iter().map(|&(ours, theirs)| (index(0, ours), index(1, theirs))).collect();
    let lockstep = Lockstep { runs, shared: &shared, couples: &couples };
    let threads = rayon::current_num_threads().min(shared[0].sections);
    let work = (0..threads).into_par_iter().with_max_len(1).map(|_| lockstep.work());
    let mut parts = work.collect::<Result<Vec<_>, _>>()?.into_iter();
    let mut sum = parts.next().unwrap_or_else(|| lockstep.empty());
    parts.for_each(|part| sum.merge(part));
    sum.sections.sort_unstable_by_key(|(section, _)| *section);
    let [one, other] = sum.tallies;
    let each = |(section, [ours, theirs]): (usize, [Vec<Cells>; 2])| ((section, ours), (section, theirs));
    let (ours, theirs) = sum.sections.into_iter().map(each).unzip();
    Ok(Versus {
        sides: [StreamTally { tally: one, sections: ours }, StreamTally { tally: other, sections: theirs }],
        pairs: sum.pairs,
        differing: sum.differing,
    })
}

/// The two runs that are simulated, and the couples of plans that are compared.
struct Lockstep<'a> {
    runs: [&'a RunContext<'a>; 2],
    shared: &'a [SectionWork<'a>; 2],
    couples: &'a [(usize, usize)],
}

/// The counts of one thread.
struct Counts {
    tallies: [Tally; 2],
    sections: Vec<(usize, [Vec<Cells>; 2])>,
    pairs: Vec<PairTally>,
    differing: Vec<Option<u64>>,
}

impl Lockstep<'_> {
    fn empty(&self) -> Counts {
        let tally = |side: usize| {
            let mut tally = self.runs[side].empty_tally(&self.shared[side]);
            tally.pairs.clear();
            tally
        };
        Counts {
            tallies: [tally(0), tally(1)],
            sections: Vec::new(),
            pairs: vec![PairTally::default(); self.couples.len()],
            differing: vec![None; self.couples.len()],
        }
    }

    /// Simulates sections until none is left.
    fn work(&self) -> Result<Counts, Interrupted> {
        let mut counts = self.empty();
        let [mut one, mut other] = self.shared.each_ref().map(WorkingMemory::new);
        let [mut ours, mut theirs] = self.shared.each_ref().map(Gathered::new);
        while let Some(section) = self.shared[0].take() {
            for batch in self.shared[0].batches(section) {
                let (first, count) = batch?;
                let [our_tally, their_tally] = &mut counts.tallies;
                self.runs[0].run_batch(first, count, &self.shared[0], &mut one, our_tally);
                self.runs[1].run_batch(first, count, &self.shared[1], &mut other, their_tally);
                self.compare(first, count, [&one, &other], &mut counts);
            }
            let [our_tally, their_tally] = &mut counts.tallies;
            counts.sections.push((section, [ours.gather(our_tally), theirs.gather(their_tally)]));
        }
        let [our_tally, their_tally] = &mut counts.tallies;
        ours.restore(our_tally);
        theirs.restore(their_tally);
        Ok(counts)
    }

    fn compare(&self, first: u64, count: usize, [one, other]: [&WorkingMemory; 2], counts: &mut Counts) {
        for (i, &(ours, theirs)) in self.couples.iter().enumerate() {
            let plan = (&one.columns[ours], &one.arrivals[..count]);
            let against = (&other.columns[theirs], &other.arrivals[..count]);
            let differs = batch::compare(plan, against, &mut counts.pairs[i]).map(|index| first + index as u64);
            counts.differing[i] = first_of(counts.differing[i], differs);
        }
    }
}

impl Counts {
    fn merge(&mut self, other: Self) {
        self.tallies.iter_mut().zip(&other.tallies).for_each(|(ours, theirs)| ours.merge(theirs));
        self.sections.extend(other.sections);
        self.pairs.iter_mut().zip(&other.pairs).for_each(|(ours, theirs)| ours.merge(theirs));
        self.differing.iter_mut().zip(other.differing).for_each(|(ours, theirs)| *ours = first_of(*ours, theirs));
    }
}

/// The lower of two optional numbers; a missing one is ignored.
fn first_of(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}
