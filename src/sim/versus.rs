//! Two scenarios with the same recipients, in lockstep: batch by batch, so that the results of each recipient can be compared.

use super::batch::{self, Columns};
use super::group_tally::{GroupTally, merged};
use super::independent::{RunContext, SectionWork, WorkingMemory};
use super::model::TrafficStream;
use super::progress::{Interrupted, Progress};
use super::tally::PairTally;
use crate::units::Time;
use rayon::prelude::*;

/// The results of the first recipients of a stream in two runs, under couples of plans, one plan from each run.
#[derive(Clone, PartialEq, Debug)]
pub struct Versus {
    /// The results of each class in each run.
    pub sides: [Vec<GroupTally>; 2],
    /// For each class of the first run and each couple, the recipients whose results differ.
    pub pairs: Vec<Vec<PairTally>>,
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
    let (mut sum, mut sides) = (lockstep.empty(), [Vec::new(), Vec::new()]);
    for part in work.collect::<Result<Vec<_>, _>>()? {
        let pairs = sum.pairs.iter_mut().flatten().zip(part.pairs.iter().flatten());
        pairs.for_each(|(ours, theirs)| ours.merge(theirs));
        sum.differing.iter_mut().zip(part.differing).for_each(|(ours, theirs)| *ours = first_of(*ours, theirs));
        sides.iter_mut().zip(part.sides).for_each(|(all, part)| all.push(part));
    }
    let [one, other] = sides.map(|parts| merged(parts).unwrap_or_default());
    Ok(Versus { sides: [one, other], pairs: sum.pairs, differing: sum.differing })
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
    pairs: Vec<Vec<PairTally>>,
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
            pairs: vec![vec![PairTally::default(); self.couples.len()]; self.shared[0].stream.classes.len()],
            differing: vec![None; self.couples.len()],
        }
    }

    /// Simulates sections until none is left.
    fn work(&self) -> Result<Counts, Interrupted> {
        let mut counts = self.empty();
        let mut memories = self.shared.each_ref().map(WorkingMemory::new);
        let mut of_class = OneClass::new();
        while let Some(section) = self.shared[0].take() {
            for batch in self.shared[0].batches(section) {
                let (first, count) = batch?;
                for (side, (memory, classes)) in memories.iter_mut().zip(&mut counts.sides).enumerate() {
                    self.runs[side].run_aligned(first, count, &self.shared[side], memory, classes);
                }
                self.compare(first, count, memories.each_ref(), &mut of_class, &mut counts);
            }
            for (classes, memory) in counts.sides.iter_mut().zip(&mut memories) {
                let both = classes.iter_mut().zip(&mut memory.sections);
                both.for_each(|(class, latencies)| class.end_section(section, latencies));
            }
        }
        Ok(counts)
    }

    fn compare(
        &self,
        first: u64,
        count: usize,
        [one, other]: [&WorkingMemory; 2],
        of_class: &mut OneClass,
        counts: &mut Counts,
    ) {
        let Counts { pairs, differing, .. } = counts;
        if let [pairs] = pairs.as_mut_slice() {
            for ((&(ours, theirs), pair), least) in self.couples.iter().zip(pairs).zip(differing) {
                let plan = (&one.aligned[ours], &one.arrivals[..count]);
                let against = (&other.aligned[theirs], &other.arrivals[..count]);
                let differs = batch::compare(plan, against, pair).map(|index| first + index as u64);
                *least = first_of(*least, differs);
            }
            return;
        }
        for (class, pairs) in pairs.iter_mut().enumerate() {
            of_class.collect(class, &one.segments[..count], [&one.arrivals, &other.arrivals]);
            for ((&(ours, theirs), pair), least) in self.couples.iter().zip(pairs).zip(&mut *differing) {
                let differs = of_class.compare([&one.aligned[ours], &other.aligned[theirs]], pair);
                *least = first_of(*least, differs.map(|index| first + index as u64));
            }
        }
    }
}

/// The recipients of a batch who are of one class, and their results in both runs.
struct OneClass {
    /// Their positions in the batch.
    members: Vec<usize>,
    arrivals: [Vec<Time>; 2],
    columns: Box<[Columns; 2]>,
}

impl OneClass {
    fn new() -> Self {
        Self { members: Vec::new(), arrivals: Default::default(), columns: Box::new([Columns::EMPTY; 2]) }
    }

    fn collect(&mut self, class: usize, segments: &[u8], arrivals: [&[Time]; 2]) {
        let is_member = |&(_, &segment): &(usize, &u8)| usize::from(segment) == class;
        self.members.clear();
        self.members.extend(segments.iter().enumerate().filter(is_member).map(|(position, _)| position));
        for (ours, all) in self.arrivals.iter_mut().zip(arrivals) {
            ours.clear();
            ours.extend(self.members.iter().map(|&position| all[position]));
        }
    }

    /// As [`batch::compare`], for the collected recipients; the position is that in the whole batch.
    fn compare(&mut self, both: [&Columns; 2], pair: &mut PairTally) -> Option<usize> {
        for (ours, all) in self.columns.iter_mut().zip(both) {
            self.members.iter().enumerate().for_each(|(k, &position)| ours.copy_judged(k, all, position));
        }
        let [plan, against] = [0, 1].map(|side| (&self.columns[side], self.arrivals[side].as_slice()));
        batch::compare(plan, against, pair).map(|index| self.members[index])
    }
}

/// The lower of two optional numbers; a missing one is ignored.
fn first_of(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}
