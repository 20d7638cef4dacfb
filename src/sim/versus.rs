//! Two scenarios with the same recipients, in lockstep: batch by batch, so that the results of each recipient can be compared.

use super::batch;
use super::independent::{Gathered, GroupTally, RunContext, SectionWork, WorkingMemory, merged};
use super::model::TrafficStream;
use super::progress::{Interrupted, Progress};
use super::tally::PairTally;
use rayon::prelude::*;

/// The results of the first recipients of a stream in two runs, under couples of plans, one plan from each run.
#[derive(Clone, PartialEq, Debug)]
pub struct Versus {
    /// The results of each class in each run.
    pub sides: [Vec<GroupTally>; 2],
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
    streams: [&TrafficStream; 2],
    couples: &[(usize, usize)],
    recipients: u64,
    progress: &Progress,
) -> Result<Versus, Interrupted> {
    let [one, other] = [0, 1].map(|side| SectionWork::new(runs[side], streams[side], recipients, progress));
    let shared = [one, other];
    // A stream with a plan of its own is simulated only under that plan.
    let index = |side: usize, plan: usize| if streams[side].has_own_plan { 0 } else { plan };
    let couples: Vec<_> = couples.iter().map(|&(ours, theirs)| (index(0, ours), index(1, theirs))).collect();
    let lockstep = Lockstep { runs, shared: &shared, couples: &couples };
    let threads = rayon::current_num_threads().min(shared[0].sections);
    let work = (0..threads).into_par_iter().with_max_len(1).map(|_| lockstep.work());
    let mut parts = work.collect::<Result<Vec<_>, _>>()?.into_iter();
    let mut sum = parts.next().unwrap_or_else(|| lockstep.empty());
    parts.for_each(|part| sum.merge(part));
    Ok(Versus { sides: sum.sides, pairs: sum.pairs, differing: sum.differing })
}

/// The two runs that are simulated, and the couples of plans that are compared.
struct Lockstep<'a> {
    runs: [&'a RunContext<'a>; 2],
    shared: &'a [SectionWork<'a>; 2],
    couples: &'a [(usize, usize)],
}

/// The counts of one thread.
struct Counts {
    /// The results of each class on each side.
    sides: [Vec<GroupTally>; 2],
    pairs: Vec<PairTally>,
    differing: Vec<Option<u64>>,
}

impl Lockstep<'_> {
    fn empty(&self) -> Counts {
        let side = |side: usize| {
            let mut classes = self.runs[side].empty_tallies(&self.shared[side]);
            classes.iter_mut().for_each(|class| class.tally.pairs.clear());
            classes
        };
        Counts {
            sides: [side(0), side(1)],
            pairs: vec![PairTally::default(); self.couples.len()],
            differing: vec![None; self.couples.len()],
        }
    }

    /// Simulates sections until none is left.
    fn work(&self) -> Result<Counts, Interrupted> {
        let mut counts = self.empty();
        let mut memories = self.shared.each_ref().map(WorkingMemory::new);
        let mut gathered = self.shared.each_ref().map(Gathered::of_classes);
        while let Some(section) = self.shared[0].take() {
            for batch in self.shared[0].batches(section) {
                let (first, count) = batch?;
                for (side, (memory, classes)) in memories.iter_mut().zip(&mut counts.sides).enumerate() {
                    self.runs[side].run_aligned(first, count, &self.shared[side], memory, classes);
                }
                self.compare(first, count, memories.each_ref(), &mut counts);
            }
            for (classes, gathered) in counts.sides.iter_mut().zip(&mut gathered) {
                for (class, gathered) in classes.iter_mut().zip(gathered) {
                    class.sections.push((section, gathered.gather(&mut class.tally)));
                }
            }
        }
        for (classes, gathered) in counts.sides.iter_mut().zip(gathered) {
            classes.iter_mut().zip(gathered).for_each(|(class, gathered)| gathered.restore(&mut class.tally));
        }
        Ok(counts)
    }

    fn compare(&self, first: u64, count: usize, [one, other]: [&WorkingMemory; 2], counts: &mut Counts) {
        for (i, &(ours, theirs)) in self.couples.iter().enumerate() {
            let plan = (&one.aligned[ours], &one.arrivals[..count]);
            let against = (&other.aligned[theirs], &other.arrivals[..count]);
            let differs = batch::compare(plan, against, &mut counts.pairs[i]).map(|index| first + index as u64);
            counts.differing[i] = first_of(counts.differing[i], differs);
        }
    }
}

impl Counts {
    fn merge(&mut self, other: Self) {
        for (ours, theirs) in self.sides.iter_mut().zip(other.sides) {
            let both = vec![std::mem::take(ours), theirs];
            *ours = merged(both).unwrap_or_default();
        }
        self.pairs.iter_mut().zip(&other.pairs).for_each(|(ours, theirs)| ours.merge(theirs));
        self.differing.iter_mut().zip(other.differing).for_each(|(ours, theirs)| *ours = first_of(*ours, theirs));
    }
}

/// The lower of two optional numbers; a missing one is ignored.
fn first_of(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}
