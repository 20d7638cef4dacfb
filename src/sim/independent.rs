//! The executor for independent recipients, who share nothing: each is simulated to the end in turn, in batches on all cores.

use super::admission::Unlimited;
use super::batch::{self, BATCH, Columns, SectionCounts};
use super::collected::Collected;
use super::context::RecipientContext;
use super::fast_plan::{BatchExecutor, DrawBatches, RecipientBatch};
use super::group_tally::{GroupTally, merged};
use super::model::{CompiledPlan, Model, TrafficClass, TrafficStream};
use super::pending::PendingReports;
use super::progress::{Interrupted, Progress};
use super::recipient::Recipient;
use super::simulate::simulate_recipient;
use super::step_buffers::StepBuffers;
use super::tally::{FIRST, PlanSeries, PlanTally, Tally};
use super::tally_recorder::{RecipientStats, TallyRecorder};
use super::timeline::Timeline;
use crate::rng::{LANES, RngKey, Who};
use crate::stats::{Latencies, Seconds, SectionLatencies};
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

/// The usual limit of [`SectionWork::most_collected`].
const MOST_COLLECTED: usize = 1 << 18;

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

/// Simulates all recipients of a stream of `run` under all of its plans, on the threads of the current rayon pool; returns the results of
/// each class, of which the first has what happened to all of them over time. Recipients are independent: nobody waits for capacity, and no
/// circuit opens. For the distribution of latencies see [`GroupTally::whole`].
///
/// Each thread takes one section after another and counts into a tally of its own; since every count is an integer, the sum is the same
/// whichever thread simulated which section.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn simulate_independent(
    run: &RunContext<'_>,
    stream: &TrafficStream,
    progress: &Progress,
) -> Result<Vec<GroupTally>, Interrupted> {
    simulate_sections(run, stream, 0..SECTIONS, progress)
}

/// Simulates some of the sections of a stream as [`simulate_independent`] simulates all of them; ignores sections that do not exist.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn simulate_sections(
    run: &RunContext<'_>,
    stream: &TrafficStream,
    sections: impl IntoIterator<Item = usize>,
    progress: &Progress,
) -> Result<Vec<GroupTally>, Interrupted> {
    let mut shared = SectionWork::new(run, stream, stream.traffic.recipients, progress);
    shared.chosen = sections.into_iter().filter(|&section| section < shared.sections).collect();
    shared.chosen.sort_unstable();
    shared.chosen.dedup();
    let threads = rayon::current_num_threads().min(shared.chosen.len());
    let work = (0..threads).into_par_iter().with_max_len(1).map(|_| run.work(&shared));
    let of_threads = work.collect::<Result<Vec<_>, _>>()?;
    Ok(merged(of_threads).unwrap_or_else(|| run.empty_tallies(&shared)))
}

/// Simulates some of several blocks of a stream, given their numbers and how many blocks there are, one after another and on this thread. A block is made of
/// batches that are equally far apart, of one where it has not more than 1024 recipients; together the blocks are all recipients of the stream. Returns what
/// `after` makes of all that has been counted after each block: counts begin with the first block, so that no memory is cleared between them.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn simulate_blocks<T>(
    run: &RunContext<'_>,
    stream: &TrafficStream,
    (blocks, of): (&[u32], u32),
    progress: &Progress,
    mut after: impl FnMut(&[GroupTally]) -> T,
) -> Result<Vec<T>, Interrupted> {
    let mut shared = SectionWork::new(run, stream, stream.traffic.recipients, progress);
    (shared.sections, shared.chosen) = (of as usize, Vec::new());
    // Full batches, as far as blocks have so many recipients: small ones take as long.
    shared.batch_size = (stream.traffic.recipients / u64::from(of)).next_power_of_two().clamp(16, BATCH as u64);
    let (mut memory, mut tallies) = (WorkingMemory::new(&shared), run.empty_tallies(&shared));
    let each = blocks.iter().map(|&block| {
        run.section(block as usize, &shared, &mut memory, &mut tallies)?;
        run.run_collected(&shared, &mut memory, &mut tallies)?;
        Ok(after(&tallies))
    });
    each.collect()
}

/// Returns the number of sections into which this many recipients are divided.
#[must_use]
pub const fn sections_of(recipients: u64) -> usize {
    if recipients < FEW { 1 } else { SECTIONS }
}

/// The state that the threads share.
pub(super) struct SectionWork<'a> {
    pub(super) stream: &'a TrafficStream,
    rng: RngKey,
    timetable: Timetable,
    /// For each class, the executor of its plans.
    executors: Vec<BatchExecutor>,
    /// For each class, the number below which its recipients are among the first, whose costs are kept.
    first: Vec<u64>,
    /// The number of recipients simulated, from the first of the stream on.
    recipients: u64,
    /// The number of sections.
    pub(super) sections: usize,
    /// The recipients of a batch.
    batch_size: u64,
    /// The sections that are simulated.
    chosen: Vec<usize>,
    /// The number of them that have been taken.
    next: AtomicUsize,
    /// Once this many recipients have been collected, they are simulated when their section ends, or at twice as many: 12 bytes for each.
    most_collected: usize,
    progress: &'a Progress,
}

impl<'a> SectionWork<'a> {
    /// The shared state for the first `recipients` of a stream.
    pub(super) fn new(
        run: &RunContext<'a>,
        stream: &'a TrafficStream,
        recipients: u64,
        progress: &'a Progress,
    ) -> Self {
        let rng = run.rng.of_stream(&stream.name);
        Self {
            stream,
            rng,
            timetable: Timetable::new(&stream.traffic, rng),
            executors: stream.classes.iter().map(|class| BatchExecutor::new(run.model, &class.plans)).collect(),
            first: stream.classes.iter().map(|class| first_recipients(rng, class.share, recipients)).collect(),
            recipients,
            sections: sections_of(recipients),
            batch_size: batch_size(recipients, SECTIONS),
            chosen: (0..sections_of(recipients)).collect(),
            next: AtomicUsize::new(0),
            most_collected: MOST_COLLECTED,
            progress,
        }
    }

    /// The number of plans under which each class is simulated.
    pub(super) fn plans(&self) -> usize {
        self.stream.classes[0].plans.len()
    }

    /// Takes the next section that no thread has taken; returns `None` when all have been taken.
    pub(super) fn take(&self) -> Option<usize> {
        self.chosen.get(self.next.fetch_add(1, Ordering::Relaxed)).copied()
    }

    /// The batches of a section, that is, every `sections`-th batch from batch number `section` on: the first recipient and the size of
    /// each. Once a stop has been requested, each remaining item is an error.
    pub(super) fn batches(&self, section: usize) -> impl Iterator<Item = Result<(u64, usize), Interrupted>> {
        let size = self.batch_size;
        let firsts = (section as u64 * size..self.recipients).step_by(self.sections * size as usize);
        firsts.map(move |first| match self.progress.stopped() {
            true => Err(Interrupted),
            false => Ok((first, size.min(self.recipients - first) as usize)),
        })
    }
}

/// Returns the number below which the recipients of a class, with this share of the recipients of its stream, are among the first [`FIRST`];
/// 0 in a replication before which enough have been kept.
fn first_recipients(rng: RngKey, share: f64, recipients: u64) -> u64 {
    let before = f64::from(rng.replication()) * (share * recipients as f64).floor().min(FIRST as f64);
    if before < FIRST as f64 { (FIRST as f64 / share).ceil() as u64 } else { 0 }
}

/// Returns the latencies (µs) of those of the first `recipients` of a stream who are reached, under each of its plans.
pub(super) fn first_latencies(
    run: &RunContext<'_>,
    stream: &TrafficStream,
    recipients: u64,
    progress: &Progress,
) -> Result<Vec<Vec<i64>>, Interrupted> {
    let shared = SectionWork::new(run, stream, recipients, progress);
    let (mut memory, mut tallies) = (WorkingMemory::new(&shared), run.empty_tallies(&shared));
    let mut latencies = vec![Vec::new(); shared.plans()];
    for first in (0..recipients).step_by(BATCH) {
        if progress.stopped() {
            return Err(Interrupted);
        }
        let count = (recipients - first).min(BATCH as u64) as usize;
        run.run_aligned(first, count, &shared, &mut memory, &mut tallies);
        for (latencies, columns) in latencies.iter_mut().zip(&memory.aligned) {
            let times = columns.first_delivery[..count].iter().zip(&memory.arrivals);
            let reached = times.filter(|&(&at, _)| at != Time::NEVER.as_micros());
            latencies.extend(reached.map(|(at, arrival)| at - arrival.as_micros()));
        }
    }
    Ok(latencies)
}

impl RunContext<'_> {
    /// Returns an empty tally for each class. Unless recipients are few, or divided into segments, bins of time have memory reserved for the
    /// expected seconds, up to `MOST_SECONDS`.
    pub(super) fn empty_tallies(&self, shared: &SectionWork<'_>) -> Vec<GroupTally> {
        let pairs = if shared.stream.has_own_plan { 0 } else { self.model.pairs.count() };
        let seconds = (self.timeline.width().as_secs_f64() * self.timeline.bins() as f64) as usize;
        let class = |class: &TrafficClass| {
            let mut tally = Tally::new(class.plans.iter().map(PlanTally::of).collect(), pairs);
            // A few blocks have too few ends to fill the room.
            if shared.chosen.len() > 1 && shared.executors.len() == 1 {
                tally.plans.iter_mut().for_each(|plan| plan.ends = Seconds::with_room(seconds.min(MOST_SECONDS)));
            }
            GroupTally { tally, ..GroupTally::default() }
        };
        shared.stream.classes.iter().map(class).collect()
    }

    /// Simulates sections until none is left.
    fn work(&self, shared: &SectionWork<'_>) -> Result<Vec<GroupTally>, Interrupted> {
        let mut memory = WorkingMemory::new(shared);
        let mut tallies = self.empty_tallies(shared);
        while let Some(section) = shared.take() {
            self.section(section, shared, &mut memory, &mut tallies)?;
        }
        self.run_collected(shared, &mut memory, &mut tallies)?;
        if let [first, _, ..] = tallies.as_mut_slice() {
            first.tally.swap_series(&mut memory.series);
        }
        Ok(tallies)
    }

    /// Simulates a section; some of its recipients may wait to be simulated with those of the next.
    fn section(
        &self,
        section: usize,
        shared: &SectionWork<'_>,
        memory: &mut WorkingMemory,
        tallies: &mut [GroupTally],
    ) -> Result<(), Interrupted> {
        for batch in shared.batches(section) {
            let (first, count) = batch?;
            match tallies {
                [class] => self.run_consecutive(first, count, shared, memory, &mut class.tally),
                _ => self.collect(first, count, shared, memory),
            }
            if memory.collected.recipients >= 2 * shared.most_collected {
                self.run_collected(shared, memory, tallies)?;
            }
        }
        memory.collected.end_section(section);
        if tallies.len() == 1 || memory.collected.recipients >= shared.most_collected {
            self.run_collected(shared, memory, tallies)?;
        }
        Ok(())
    }

    /// Simulates consecutive recipients, all of one class, under all plans, and counts them.
    fn run_consecutive(
        &self,
        first: u64,
        count: usize,
        shared: &SectionWork<'_>,
        memory: &mut WorkingMemory,
        tally: &mut Tally,
    ) {
        let arrivals = &mut memory.arrivals[..count];
        shared.timetable.fill(first, arrivals);
        let mut sections = SectionCounts::within(&mut memory.sections[0]);
        let batch = (Who::From(first as u32), &*arrivals);
        self.run_batch(batch, 0, shared, &mut memory.batch, (tally, &mut sections));
    }

    /// Collects consecutive recipients by class.
    fn collect(&self, first: u64, count: usize, shared: &SectionWork<'_>, memory: &mut WorkingMemory) {
        let WorkingMemory { arrivals, segments, collected, .. } = memory;
        let arrivals = &mut arrivals[..count];
        shared.timetable.fill(first, arrivals);
        shared.stream.segments.fill(shared.rng, Who::From(first as u32), count, segments);
        collected.add(first, &**segments, arrivals);
    }

    /// Simulates the recipients who have been collected, one class after another, so that the counts of a class stay in the processor's
    /// cache.
    fn run_collected(
        &self,
        shared: &SectionWork<'_>,
        memory: &mut WorkingMemory,
        tallies: &mut [GroupTally],
    ) -> Result<(), Interrupted> {
        let WorkingMemory { collected, lanes, batch: batch_memory, sections, buffers, series, .. } = memory;
        for (class, (members, group)) in collected.members.iter().zip(tallies).enumerate() {
            let current = &mut sections[class];
            if members.is_empty() {
                collected.ended.iter().for_each(|&section| group.end_section(section, current));
                continue;
            }
            group.tally.swap_series(series);
            for range in members.batches() {
                if shared.progress.stopped() {
                    return Err(Interrupted);
                }
                let (ended, ends) = members.ends_in(&range);
                let mut counts = SectionCounts {
                    current,
                    ends: &ends,
                    ended: vec![Vec::new(); ends.len()],
                    buffers: Some(&mut *buffers),
                };
                let batch = members.batch(range, lanes);
                self.run_batch(batch, class, shared, batch_memory, (&mut group.tally, &mut counts));
                group.sections.extend(collected.ended[ended].iter().copied().zip(counts.ended));
            }
            group.take_latencies(buffers);
            group.tally.swap_series(series);
        }
        collected.clear();
        Ok(())
    }

    /// Simulates consecutive recipients under all plans at once, and counts them. Writes their results into `memory.aligned`, in their order.
    pub(super) fn run_aligned(
        &self,
        first: u64,
        count: usize,
        shared: &SectionWork<'_>,
        memory: &mut WorkingMemory,
        tallies: &mut [GroupTally],
    ) {
        memory.aligned.resize(shared.plans(), Columns::EMPTY);
        if let [class] = tallies {
            self.run_consecutive(first, count, shared, memory, &mut class.tally);
            std::mem::swap(&mut memory.aligned, &mut memory.batch.columns);
            return;
        }
        self.collect(first, count, shared, memory);
        let WorkingMemory { collected, lanes, batch: batch_memory, aligned, sections, .. } = memory;
        let present = collected.members.iter().zip(tallies).enumerate().filter(|(_, (members, _))| !members.is_empty());
        for (class, (members, group)) in present {
            let batch = members.batch(0..members.recipients.len(), lanes);
            let mut section = SectionCounts::within(&mut sections[class]);
            self.run_batch(batch, class, shared, batch_memory, (&mut group.tally, &mut section));
            for (aligned, columns) in aligned.iter_mut().zip(&batch_memory.columns) {
                for (k, &recipient) in members.recipients.iter().enumerate() {
                    aligned.copy_judged((u64::from(recipient) - first) as usize, columns, k);
                }
            }
        }
        collected.clear();
    }

    /// Simulates a batch of a class under all plans, and counts it.
    fn run_batch(
        &self,
        (who, arrivals): (Who<'_>, &[Time]),
        class: usize,
        shared: &SectionWork<'_>,
        memory: &mut BatchMemory,
        (tally, sections): (&mut Tally, &mut SectionCounts<'_>),
    ) {
        let BatchMemory { columns, pending, buffers, draw_batches, phones, bins } = memory;
        for (bin, &at) in bins.iter_mut().zip(arrivals) {
            *bin = self.timeline.bin(at) as u16;
            tally.arrivals.add(usize::from(*bin));
        }
        let (executor, of_class) = (&shared.executors[class], &shared.stream.classes[class]);
        draw_batches.begin(executor);
        let phones = self.model.phones.as_ref().map(|all| {
            all.fill(shared.rng, who, arrivals, phones);
            &**phones
        });
        let segment = of_class.segment;
        let batch = RecipientBatch { rng: shared.rng, who, segment, arrivals, phones, timeline: self.timeline };
        for (i, (columns, plan)) in columns.iter_mut().zip(&mut tally.plans).enumerate() {
            let (providers, buffers) = (&self.model.providers, (&mut *buffers, &mut *draw_batches));
            let short =
                self.mode == ExecutionMode::Fastest && executor.run(providers, i, batch, buffers, columns, plan);
            if !short {
                self.run_plan(&of_class.plans[i], batch, pending, columns, plan);
            }
        }
        for (columns, plan) in columns.iter().zip(&mut tally.plans) {
            plan.keep_first(who, &columns.cost[..arrivals.len()], shared.first[class]);
        }
        let of = (shared.stream.deadline, &bins[..arrivals.len()]);
        batch::count(columns, arrivals, of, &self.model.pairs, (tally, sections));
        shared.progress.add((arrivals.len() * columns.len()) as u64);
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
            let recipient = Recipient::new(batch.who.at(i as u16), batch.segment);
            // Where nothing is shared, the index of the stream is not used.
            let context =
                RecipientContext { model: self.model, compiled, rng: batch.rng, stream: 0, recipient, arrival };
            let mut stats = RecipientStats::BLANK;
            let (plan, timeline) = (&compiled.flow, self.timeline);
            let mut recorder = TallyRecorder { tally: &mut *tally, plan, timeline, stats: &mut stats };
            let flow = simulate_recipient(&context, pending, &mut admission, &mut recorder);
            columns.set(i, stats.finish(flow.status(), tally));
        }
    }
}

/// Returns the number of recipients in a batch, between 16 and [`BATCH`]: small enough that every section has some.
fn batch_size(recipients: u64, sections: usize) -> u64 {
    (recipients / (sections as u64 * 8)).next_power_of_two().clamp(16, BATCH as u64)
}

/// The working memory of one thread.
pub(super) struct WorkingMemory {
    pub(super) arrivals: Vec<Time>,
    /// The results of consecutive recipients under each plan: see [`RunContext::run_aligned`].
    pub(super) aligned: Vec<Columns>,
    /// The segment of each of them, where there are several classes.
    pub(super) segments: Box<[u8; LANES]>,
    collected: Collected,
    /// The recipients of a batch.
    lanes: Box<[u32; LANES]>,
    /// For each class, the latencies of the current section under each plan.
    pub(super) sections: Vec<Vec<SectionLatencies>>,
    /// For each plan, what takes the latencies of one class after another.
    buffers: Vec<Latencies>,
    /// For each plan, what happened over time to those who have been collected and simulated, whatever their class.
    series: Vec<PlanSeries>,
    batch: BatchMemory,
}

/// The memory for one batch.
struct BatchMemory {
    columns: Vec<Columns>,
    pending: PendingReports,
    buffers: StepBuffers,
    draw_batches: DrawBatches,
    /// When each phone is on again (µs), if any is ever off.
    phones: Box<[i64; LANES]>,
    /// The bin of each arrival.
    bins: Box<[u16; LANES]>,
}

impl WorkingMemory {
    pub(super) fn new(shared: &SectionWork<'_>) -> Self {
        let classes = &shared.stream.classes;
        Self {
            arrivals: vec![Time::ZERO; BATCH],
            aligned: Vec::new(),
            segments: Box::new([0; LANES]),
            collected: Collected::new(classes.len()),
            lanes: Box::new([0; LANES]),
            sections: classes.iter().map(|class| vec![SectionLatencies::default(); class.plans.len()]).collect(),
            buffers: classes[0].plans.iter().map(|compiled| Latencies::on(&compiled.scale)).collect(),
            series: vec![PlanSeries::default(); shared.plans()],
            batch: BatchMemory {
                columns: vec![Columns::EMPTY; shared.plans()],
                pending: PendingReports::default(),
                buffers: StepBuffers::new(),
                draw_batches: DrawBatches::default(),
                phones: Box::new([0; LANES]),
                bins: Box::new([0; LANES]),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;
    use crate::units::Span;
    use std::path::Path;

    const THREE_SEGMENTS: &str = r#"
goal = { deadline = "60s" }
traffic = { recipients = 20_000, arrivals = { uniform = { over = "1h" } } }
segments = [{ name = "a", share = 0.6 }, { name = "b", share = 0.399 }, { name = "c", share = 0.001 }]

[providers.sms]
channel = "sms"
price = { submitted = 0.04 }
outcomes = [{ status = "delivered", share = 0.7, after = { exponential = { mean = "5s" } } }]

[providers.voice]
channel = "voice"
price = { delivered = 0.1 }
outcomes = [{ status = "answered", share = 0.6, after = { exponential = { mean = "9s" } } }]

[[plans]]
name = "sms-voice"
steps = [{ provider = "sms", ttl = "10s" }, { provider = "voice", ttl = "1m" }]

[[plans]]
name = "voice"
steps = [{ provider = "voice", ttl = "1m" }]
"#;

    /// However many recipients are collected at a time, in the middle of a section or over many, and whoever takes the sections.
    #[test]
    fn portions_make_no_difference() {
        let scenario = parse(THREE_SEGMENTS, "pin.toml", Path::new(".")).unwrap_or_else(|errors| panic!("{errors}"));
        let (model, progress) = (Model::new(&scenario), Progress::default());
        let timeline = Timeline::over(Time::ZERO.after(Span::from_secs(7_200)));
        let run = RunContext { model: &model, rng: RngKey::new(7, 0), timeline, mode: ExecutionMode::Fastest };
        let simulate = |most: usize, threads: usize| {
            let part = |thread: usize| {
                let mut shared = SectionWork::new(&run, &model.streams[0], 20_000, &progress);
                shared.most_collected = most;
                shared.chosen = (thread..SECTIONS).step_by(threads).rev().collect();
                run.work(&shared).expect("nobody stops it")
            };
            let classes = merged((0..threads).map(part).collect()).expect("there are threads").into_iter();
            classes.map(|class| (class.sections.clone(), class.whole())).collect::<Vec<_>>()
        };
        let at_once = simulate(1 << 40, 1);
        assert!(at_once.iter().all(|(sections, tally)| sections.len() == SECTIONS && tally.arrivals.total() > 0));
        for (most, threads) in [(1, 1), (100, 1), (300, 2), (2_000, 1), (1 << 40, 2)] {
            assert!(simulate(most, threads) == at_once, "{most} at a time, {threads} threads");
        }
    }
}
