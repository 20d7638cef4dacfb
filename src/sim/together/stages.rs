//! Worlds whose work flows one way: provider by provider, all attempts of a step at once, column by column.
//!
//! Where no provider is used again after another that it leads to, all attempts at a provider are known before any at the next
//! one. Two passes bring a provider's attempts to their ends:
//!
//! 1. in order of time, when each leaves: that alone depends on the others;
//! 2. on all threads, what becomes of it, and when its recipient comes to the next step: that depends on nothing else.
//!
//! It is the short way of recipients alone (`sim/lanes.rs`) with a queue before each provider, and gives the tallies that `events`
//! gives (tested on random scenarios).

use super::WorldTally;
use super::line::{Line, LineMarch, REFUSED, Ticket, WITHDRAWN};
use super::worker::{Task, Worker};
use crate::provider::{Admission, Order, Provider, Queue, Terms};
use crate::rng::{LANES, Luck};
use crate::sim::alone::{Interrupted, Progress, World};
use crate::sim::lanes::Shortcut;
use crate::sim::room::LaneStep;
use crate::stats::Bins;
use crate::units::SimTime;
use rayon::prelude::*;

/// Fewer attempts than this are not shared between threads.
const FEW: usize = 1 << 15;

/// A world that flows one way.
pub(super) struct Stages<'a> {
    world: &'a World<'a>,
    /// One for each stream.
    streams: Vec<Stream>,
    /// The providers that are used, each before all that it leads to.
    order: Vec<usize>,
}

struct Stream {
    luck: Luck,
    shortcut: Shortcut,
}

impl<'a> Stages<'a> {
    /// The world in which the plan with this index is compared, if it flows one way: every plan goes the short way, and nothing but
    /// queues that are first in, first out is shared.
    pub(super) fn new(world: &'a World<'a>, plan: usize) -> Option<Self> {
        let cast = world.cast;
        let stream = |role: &crate::sim::cast::Role| {
            let shortcut = Shortcut::new(cast, cast.part(role, plan))?;
            Some(Stream { luck: world.luck.of_stream(&role.name), shortcut })
        };
        let streams = cast.streams.iter().map(stream).collect::<Option<Vec<_>>>()?;
        let order = flow(&streams)?;
        let plain = |&i: &usize| cast.breakers[i].is_none() && cast.providers[i].order() != Some(Order::Priority);
        order.iter().all(plain).then_some(Self { world, streams, order })
    }

    /// Plays the world to its end.
    pub(super) fn play(&self, progress: &Progress) -> Result<WorldTally, Interrupted> {
        let cast = self.world.cast;
        let threads = rayon::current_num_threads();
        let mut workers: Vec<_> = (0..threads).map(|_| None).collect();
        let mut longest = vec![0; cast.providers.len()];
        let mut touched = false;
        // The lines before the first step of each stream, then those that come of them.
        let mut lines: Vec<Line> = (0..self.streams.len()).map(|stream| self.arrivals(stream)).collect();
        for &provider in &self.order {
            let (mut here, others) = lines.into_iter().partition(|line: &Line| self.provider_of(line) == provider);
            lines = others;
            if let Some(queue) = cast.providers[provider].queue() {
                let worker = workers[0].get_or_insert_with(|| self.worker());
                let (most, waited) = self.let_through(provider, queue, &mut here, worker, progress)?;
                longest[provider] = most;
                touched |= waited;
            }
            for line in here {
                lines.extend(self.settle(line, &mut workers, progress)?);
            }
        }
        Ok(self.tally(workers, longest, touched))
    }

    fn arrivals(&self, stream: usize) -> Line {
        let role = &self.world.cast.streams[stream];
        let first = self.streams[stream].shortcut.steps[0].provider;
        let is_limited = self.world.cast.providers[first].order().is_some();
        Line::of_arrivals(stream, &role.traffic, self.streams[stream].luck, is_limited)
    }

    fn step(&self, line: &Line) -> &LaneStep {
        &self.streams[line.stream].shortcut.steps[line.step]
    }

    fn provider_of(&self, line: &Line) -> usize {
        self.step(line).provider
    }

    /// Lets all attempts at a provider through its queue, in order of time; those at one time in order of streams and recipients.
    /// Gives the longest that the queue was, and whether anybody waited or was refused.
    fn let_through(
        &self,
        provider: usize,
        mut queue: Queue,
        lines: &mut [Line],
        worker: &mut Worker,
        progress: &Progress,
    ) -> Result<(u64, bool), Interrupted> {
        let (cast, mut held) = (self.world.cast, Held::new());
        lines.iter_mut().for_each(Line::sort);
        lines.sort_by_key(|line| line.stream);
        let mut marches: Vec<_> = lines.iter_mut().map(|line| (self.step(line).clone(), line.march())).collect();
        let mut touched = false;
        loop {
            if progress.stopped() {
                return Err(Interrupted);
            }
            // The line whose next attempt is first, and until when no other has one.
            let mut firsts: Vec<_> = marches.iter_mut().enumerate().map(|(i, (_, march))| (march.peek(), i)).collect();
            firsts.sort_unstable();
            let (at, which) = firsts[0];
            if at == i64::MAX {
                break;
            }
            let until = firsts.get(1).map_or(i64::MAX, |&(other, i)| other.saturating_add(i64::from(i > which)));
            let (step, march) = &mut marches[which];
            let luck = self.streams[march.stream].luck;
            held.clear();
            touched |= admit(&mut queue, &cast.providers[provider], step, march, (luck, until), &mut held);
            if let Some(tally) = worker.queue(march.stream, provider) {
                held.iter().for_each(|&(leaves, released)| tally.released(self.world.timeline, leaves, released));
            }
        }
        drop(marches);
        Ok((queue.longest(), touched))
    }

    /// Brings all attempts of a line to their ends; gives the line of those who go on to the next step, if there is one.
    fn settle(
        &self,
        line: Line,
        workers: &mut [Option<Box<Worker>>],
        progress: &Progress,
    ) -> Result<Option<Line>, Interrupted> {
        let stream = &self.streams[line.stream];
        let step = &stream.shortcut.steps[line.step];
        let provider = &self.world.cast.providers[step.provider];
        let threads = if line.len() < FEW { 1 } else { workers.len() };
        let ranges = line.shares(threads);
        let task = Task { provider, step, finish: stream.shortcut.finish, luck: stream.luck };
        let work = |(worker, range): (&mut Option<Box<Worker>>, std::ops::Range<usize>)| {
            let worker = worker.get_or_insert_with(|| self.worker());
            worker.settle(&line, range, &task, self.world, progress)
        };
        let parts = workers.par_iter_mut().zip(ranges).map(work).collect::<Result<Vec<Vec<Ticket>>, _>>()?;
        let next = (line.stream, line.step + 1);
        // Before the tickets of all threads are put together: there may be many.
        drop(line);
        Ok((!step.last).then(|| Line::of_tickets(next.0, next.1, parts)))
    }

    fn worker(&self) -> Box<Worker> {
        Box::new(Worker::new(self.world.cast, self.streams.iter().map(|stream| stream.shortcut.steps.len())))
    }

    fn tally(&self, workers: Vec<Option<Box<Worker>>>, longest: Vec<u64>, touched: bool) -> WorldTally {
        let cast = self.world.cast;
        let mut all = self.worker();
        for worker in workers.into_iter().flatten() {
            all.add(*worker);
        }
        let (streams, arrivals): (Vec<_>, Vec<Bins>) = all.counts().unzip();
        WorldTally { streams, arrivals, longest, opened: vec![0; cast.providers.len()], touched }
    }
}

/// The providers that the plans use, each before all that it leads to; `None` where one leads back to itself.
fn flow(streams: &[Stream]) -> Option<Vec<usize>> {
    let providers = |stream: &Stream| stream.shortcut.steps.iter().map(|step| step.provider).collect::<Vec<_>>();
    let chains: Vec<_> = streams.iter().map(providers).collect();
    let mut left: Vec<usize> = chains.iter().flatten().copied().collect();
    left.sort_unstable();
    left.dedup();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let follows = |&provider: &usize| {
            let mut pairs = chains.iter().flat_map(|chain| chain.windows(2));
            pairs.any(|pair| pair[1] == provider && left.contains(&pair[0]))
        };
        let place = left.iter().position(|provider| !follows(provider))?;
        order.push(left.remove(place));
    }
    Some(order)
}

/// When attempts took lines, and until when they held them.
type Held = Vec<(SimTime, SimTime)>;

/// Lets those of a line's next attempts that come before `until` through the queue; says whether anybody waited or was refused.
fn admit(
    queue: &mut Queue,
    provider: &Provider,
    step: &LaneStep,
    march: &mut LineMarch<'_>,
    (luck, until): (Luck, i64),
    held: &mut Held,
) -> bool {
    let (mut leaves, mut count, mut touched) = ([0; LANES], 0, false);
    let has_lines = queue.has_lines();
    for &at in march.before(until) {
        let submitted = SimTime::from_micros(at);
        let terms = Terms { submitted, ..step.terms };
        let admission = queue.admit(submitted, provider.patience(&terms, submitted.after(terms.ttl)));
        touched |= admission != Admission::Leaves(submitted);
        leaves[count] = match admission {
            Admission::Leaves(leaves) => {
                if has_lines {
                    let draws = luck.draws(provider.key(), march.recipient(count), step.use_number);
                    let released = provider.submit(leaves, &terms, draws).released;
                    queue.hold(released);
                    held.push((leaves, released));
                }
                leaves.as_micros()
            }
            Admission::Withdrawn | Admission::Waits => WITHDRAWN,
            Admission::Refused => REFUSED,
        };
        count += 1;
    }
    march.pass(&leaves[..count]);
    touched
}
