//! The executor for independent recipients, who share nothing: each is simulated to the end in turn, in batches on all cores.

use super::admission::Unlimited;
use super::batch::{self, BATCH, Columns};
use super::context::RecipientContext;
use super::fast_plan::{BatchExecutor, DrawBatches, RecipientBatch};
use super::model::{CompiledPlan, Model, TrafficClass};
use super::progress::{Interrupted, Progress};
use super::recipient::Recipient;
use super::simulate::{PendingReports, simulate_recipient};
use super::step_buffers::StepBuffers;
use super::tally::{PlanTally, Tally};
use super::tally_recorder::{RecipientStats, TallyRecorder};
use super::timeline::Timeline;
use crate::rng::{LANES, RngKey, Who};
use crate::stats::{Bins, Cells, Latencies};
use crate::traffic::Timetable;
use crate::units::Time;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of sections into which recipients are divided, batch by batch, unless there are few of them. The spread of the sections'
/// quantiles shows how precise those of the whole are.
pub const SECTIONS: usize = 32;

/// Fewer recipients than this form a single section: smaller sections would be uninformative, and sharing them between threads would
/// cost more than it saves.
const FEW: u64 = 50 * SECTIONS as u64;

/// The most seconds for which memory is reserved in advance: two days.
const MOST_SECONDS: usize = 2 * 86_400;

/// The settings of a run: its model, random numbers, time bins and execution mode.
#[derive(Clone, Copy, Debug)]
pub struct RunContext<'a> {
    /// The model of the scenario.
    pub model: &'a Model,
    /// The seed and the replication.
    pub rng: RngKey,
    /// The bins of time.
    pub timeline: Timeline,
    /// How batches are executed.
    pub mode: ExecutionMode,
}

/// How batches are executed; this affects only speed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ExecutionMode {
    /// In closed form where a plan allows it, otherwise through the engine.
    #[default]
    Fastest,
    /// Always through the engine, event by event.
    Engine,
}

/// The results of the recipients of one stream.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StreamTally {
    /// All counts.
    pub tally: Tally,
    /// For each section, in order: its number, and the latencies under each plan.
    pub sections: Vec<(usize, Vec<Cells>)>,
}

/// Simulates all recipients of a stream of `run` under all of its plans, on the threads of the current rayon pool. Recipients are
/// independent: nobody waits for capacity, and no circuit opens.
///
/// Each thread takes one section after another and counts into a tally of its own; since every count is an integer, the sum is the same
/// whichever thread simulated which section.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn simulate_independent(
    run: &RunContext<'_>,
    class: &TrafficClass,
    progress: &Progress,
) -> Result<StreamTally, Interrupted> {
    simulate_sections(run, class, 0..SECTIONS, progress)
}

/// Simulates some of the sections of a stream as [`simulate_independent`] simulates all of them; ignores sections that do not exist.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn simulate_sections(
    run: &RunContext<'_>,
    class: &TrafficClass,
    sections: impl IntoIterator<Item = usize>,
    progress: &Progress,
) -> Result<StreamTally, Interrupted> {
    let mut shared = SectionWork::new(run, class, class.traffic.recipients, progress);
    shared.chosen = sections.into_iter().filter(|&section| section < shared.sections).collect();
    let threads = rayon::current_num_threads().min(shared.chosen.len());
    let work = (0..threads).into_par_iter().with_max_len(1).map(|_| run.work(&shared));
    let of_threads = work.collect::<Result<Vec<_>, _>>()?;
    let (tallies, sections): (Vec<_>, Vec<_>) = of_threads.into_iter().unzip();
    let tally = Tally::sum(tallies).unwrap_or_else(|| run.empty_tally(&shared));
    let mut sections: Vec<_> = sections.into_iter().flatten().collect();
    sections.sort_unstable_by_key(|&(section, _)| section);
    Ok(StreamTally { tally, sections })
}

/// Returns the number of sections into which this many recipients are divided.
#[must_use]
pub const fn sections_of(recipients: u64) -> usize {
    if recipients < FEW { 1 } else { SECTIONS }
}

/// The state that the threads share.
pub(super) struct SectionWork<'a> {
    pub(super) class: &'a TrafficClass,
    plans: &'a [CompiledPlan],
    rng: RngKey,
    timetable: Timetable,
    lanes: BatchExecutor,
    /// The number of recipients simulated, from the first of the stream on.
    recipients: u64,
    /// The number of sections.
    pub(super) sections: usize,
    /// The sections that are simulated.
    chosen: Vec<usize>,
    /// The number of them that have been taken.
    next: AtomicUsize,
    progress: &'a Progress,
}

impl<'a> SectionWork<'a> {
    /// The shared state for the first `recipients` of a stream.
    pub(super) fn new(run: &RunContext<'a>, class: &'a TrafficClass, recipients: u64, progress: &'a Progress) -> Self {
        let (plans, rng) = (run.model.plans_for(class), run.rng.of_stream(&class.name));
        Self {
            class,
            plans,
            rng,
            timetable: Timetable::new(&class.traffic, rng),
            lanes: BatchExecutor::new(run.model, plans),
            recipients,
            sections: sections_of(recipients),
            chosen: (0..sections_of(recipients)).collect(),
            next: AtomicUsize::new(0),
            progress,
        }
    }

    /// Takes the next section that no thread has taken; returns `None` when all have been taken.
    pub(super) fn take(&self) -> Option<usize> {
        self.chosen.get(self.next.fetch_add(1, Ordering::Relaxed)).copied()
    }

    /// The batches of a section, that is, every `sections`-th batch from batch number `section` on: the first recipient and the size of
    /// each. Once a stop has been requested, each remaining item is an error.
    pub(super) fn batches(&self, section: usize) -> impl Iterator<Item = Result<(u64, usize), Interrupted>> {
        let size = batch_size(self.recipients);
        let firsts = (section as u64 * size..self.recipients).step_by(self.sections * size as usize);
        firsts.map(move |first| match self.progress.stopped() {
            true => Err(Interrupted),
            false => Ok((first, size.min(self.recipients - first) as usize)),
        })
    }
}

/// Returns the latencies (µs) of those of the first `recipients` of a stream who are reached, under each of its plans.
pub(super) fn first_latencies(
    run: &RunContext<'_>,
    class: &TrafficClass,
    recipients: u64,
    progress: &Progress,
) -> Result<Vec<Vec<i64>>, Interrupted> {
    let shared = SectionWork::new(run, class, recipients, progress);
    let (mut memory, mut tally) = (WorkingMemory::new(&shared), run.empty_tally(&shared));
    let mut latencies = vec![Vec::new(); shared.plans.len()];
    for first in (0..recipients).step_by(BATCH) {
        if progress.stopped() {
            return Err(Interrupted);
        }
        let count = (recipients - first).min(BATCH as u64) as usize;
        run.run_batch(first, count, &shared, &mut memory, &mut tally);
        for (latencies, columns) in latencies.iter_mut().zip(&memory.columns) {
            let times = columns.first_delivery[..count].iter().zip(&memory.arrivals);
            let reached = times.filter(|&(&at, _)| at != Time::NEVER.as_micros());
            latencies.extend(reached.map(|(at, arrival)| at - arrival.as_micros()));
        }
    }
    Ok(latencies)
}

/// The latencies of each section that a thread has simulated, under each plan.
type Sections = Vec<(usize, Vec<Cells>)>;

impl RunContext<'_> {
    /// Returns an empty tally. Unless recipients are few, its bins of time have memory reserved for the expected seconds, up to
    /// `MOST_SECONDS`.
    pub(super) fn empty_tally(&self, shared: &SectionWork<'_>) -> Tally {
        let pairs = if shared.plans.len() == self.model.plans.len() { self.model.pairs.count() } else { 0 };
        let plans = shared.plans.iter().map(|compiled| PlanTally::new(compiled.terms.len(), &compiled.scale));
        let mut tally = Tally::new(plans.collect(), pairs);
        let seconds = (self.timeline.width().as_secs_f64() * self.timeline.bins() as f64) as usize;
        if shared.sections > 1 {
            tally.plans.iter_mut().for_each(|plan| plan.ends = Bins::with_room(seconds.min(MOST_SECONDS)));
        }
        tally
    }

    /// Simulates sections until none is left.
    fn work(&self, shared: &SectionWork<'_>) -> Result<(Tally, Sections), Interrupted> {
        let mut memory = WorkingMemory::new(shared);
        let (mut tally, mut sections) = (self.empty_tally(shared), Vec::new());
        let mut all = Gathered::new(shared);
        while let Some(section) = shared.take() {
            for batch in shared.batches(section) {
                let (first, count) = batch?;
                self.run_batch(first, count, shared, &mut memory, &mut tally);
            }
            sections.push((section, all.gather(&mut tally)));
        }
        all.restore(&mut tally);
        Ok((tally, sections))
    }

    /// Simulates a batch under all plans, and counts it.
    pub(super) fn run_batch(
        &self,
        first: u64,
        count: usize,
        shared: &SectionWork<'_>,
        memory: &mut WorkingMemory,
        tally: &mut Tally,
    ) {
        let WorkingMemory { arrivals, columns, pending, buffers, draw_batches, phones } = memory;
        let arrivals = &mut arrivals[..count];
        shared.timetable.fill(first, arrivals);
        arrivals.iter().for_each(|&at| tally.arrivals.add(self.timeline.bin(at)));
        draw_batches.forget();
        let first_recipient = first as u32;
        let phones = self.model.phones.as_ref().map(|all| {
            all.fill(shared.rng, Who::From(first_recipient), arrivals, phones);
            &**phones
        });
        let batch =
            RecipientBatch { rng: shared.rng, first: first_recipient, arrivals, phones, timeline: self.timeline };
        for (i, (columns, plan)) in columns.iter_mut().zip(&mut tally.plans).enumerate() {
            let (providers, buffers) = (&self.model.providers, (&mut *buffers, &mut *draw_batches));
            let short =
                self.mode == ExecutionMode::Fastest && shared.lanes.run(providers, i, batch, buffers, columns, plan);
            if !short {
                self.run_plan(&shared.plans[i], batch, pending, columns, plan);
            }
        }
        for (columns, plan) in columns.iter().zip(&mut tally.plans) {
            plan.keep_first(first, &columns.cost[..count]);
        }
        batch::count(columns, arrivals, shared.class.deadline, &self.model.pairs, tally);
        shared.progress.add(count as u64 * shared.plans.len() as u64);
    }

    /// Simulates a batch under one plan, one recipient after another through the engine.
    fn run_plan(
        &self,
        compiled: &CompiledPlan,
        batch: RecipientBatch<'_>,
        pending: &mut PendingReports,
        columns: &mut Columns,
        tally: &mut PlanTally,
    ) {
        let mut admission = Unlimited::default();
        for (i, &arrival) in batch.arrivals.iter().enumerate() {
            let recipient = Recipient::new(batch.first + i as u32);
            // Where nothing is shared, the index of the stream is not used.
            let context =
                RecipientContext { model: self.model, compiled, rng: batch.rng, stream: 0, recipient, arrival };
            let mut stats = RecipientStats::BLANK;
            let mut recorder = TallyRecorder { tally: &mut *tally, timeline: self.timeline, stats: &mut stats };
            let flow = simulate_recipient(&context, pending, &mut admission, &mut recorder);
            columns.set(i, stats.finish(flow.status(), tally));
        }
    }
}

/// Returns the number of recipients in a batch, between 16 and [`BATCH`]: small enough that every section has some.
fn batch_size(recipients: u64) -> u64 {
    (recipients / (SECTIONS as u64 * 8)).next_power_of_two().clamp(16, BATCH as u64)
}

/// The latencies, under each plan, of the sections that a thread has simulated; the tally holds only those of the current section.
pub(super) struct Gathered(Vec<Latencies>);

impl Gathered {
    pub(super) fn new(shared: &SectionWork<'_>) -> Self {
        Self(shared.plans.iter().map(|compiled| Latencies::on(&compiled.scale)).collect())
    }

    /// Moves the latencies of a section out of the tally, and returns them as cells.
    pub(super) fn gather(&mut self, tally: &mut Tally) -> Vec<Cells> {
        let take = |(plan, all): (&mut PlanTally, &mut Latencies)| {
            let cells = plan.latencies.cells();
            all.merge(&plan.latencies);
            plan.latencies.clear();
            cells
        };
        tally.plans.iter_mut().zip(&mut self.0).map(take).collect()
    }

    /// Puts the latencies of all sections into the tally.
    pub(super) fn restore(self, tally: &mut Tally) {
        tally.plans.iter_mut().zip(self.0).for_each(|(plan, all)| plan.latencies = all);
    }
}

/// The working memory of one thread.
pub(super) struct WorkingMemory {
    pub(super) arrivals: Vec<Time>,
    pub(super) columns: Vec<Columns>,
    pending: PendingReports,
    buffers: StepBuffers,
    draw_batches: DrawBatches,
    /// When each phone is on again (µs), if any is ever off.
    phones: Box<[i64; LANES]>,
}

impl WorkingMemory {
    pub(super) fn new(shared: &SectionWork<'_>) -> Self {
        let lanes = &shared.lanes;
        Self {
            arrivals: vec![Time::ZERO; BATCH],
            columns: vec![Columns::EMPTY; shared.plans.len()],
            pending: PendingReports::default(),
            buffers: StepBuffers::new(),
            draw_batches: lanes.draw_batches(),
            phones: Box::new([0; LANES]),
        }
    }
}
