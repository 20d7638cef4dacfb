//! A cohort: all recipients who come to one step of one stream, in which order, and when each attempt departs.

use super::arrival_order::ArrivalOrder;
use super::departure::Departure;
use super::time_order::TimeOrder;
use crate::rng::{LANES, RngKey, Who};
use crate::sim::batch::Columns;
use crate::sim::step_buffers::{NEVER, StepBuffers};
use crate::status::Segment;
use crate::traffic::{Segments, Timetable, Traffic};
use crate::units::Time;
use std::ops::Range;

/// The recipients of a stream who come to a provider, each in a step of the plan that they follow. They enter its queue, if there is one, in
/// order of time; at equal times, in order of recipients.
pub(super) struct Cohort {
    pub(super) stream: usize,
    pub(super) provider: usize,
    source: Source,
    /// When each attempt departs, in the order of the recipients: that in which they come while they pass the queue, and after that, the
    /// order of their step. Empty where all depart at once.
    departures: Vec<Departure>,
}

enum Source {
    /// Recipients who arrive, and their number.
    Arrivals(ArrivalOrder, u64),
    /// Recipients who come from an earlier step, and their order where it matters.
    Carries(Vec<StepCarry>, Option<TimeOrder>),
}

impl StepCarry {
    /// A recipient who arrives at `at` (µs).
    const fn new(recipient: u32, segment: Segment, at: i64) -> Self {
        let (late, first_delivery) = (NEVER, NEVER);
        Self {
            at,
            late,
            arrival: at,
            first_delivery,
            cost: 0,
            recipient,
            duplicate: 0,
            seen: 0,
            first_step: 0,
            segment,
        }
    }
}

impl Source {
    fn len(&self) -> usize {
        match self {
            Self::Arrivals(_, recipients) => *recipients as usize,
            Self::Carries(carries, _) => carries.len(),
        }
    }
}

/// What a recipient carries from one step to the next: 48 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepCarry {
    /// When the next step begins (µs).
    pub(super) at: i64,
    /// The earliest late delivery report that is still to come (µs).
    pub(super) late: i64,
    pub(super) arrival: i64,
    /// The first delivery so far (µs).
    pub(super) first_delivery: i64,
    /// The cost of the attempts so far (millionths).
    pub(super) cost: i64,
    pub(super) recipient: u32,
    pub(super) duplicate: u8,
    pub(super) seen: u8,
    pub(super) first_step: u8,
    pub(super) segment: Segment,
}

/// Consecutive recipients of a cohort, divided by class.
#[derive(Default)]
pub(super) struct Division {
    /// The rank of the first of them.
    first: usize,
    /// For each class, its recipients, by their index among them all.
    pub(super) members: Vec<Vec<u32>>,
    /// The arrival and the number of each, if they arrive here.
    arrivals: Vec<(Time, u32)>,
}

impl Cohort {
    /// The recipients who arrive, in order of time if `in_order`.
    pub(super) fn of_arrivals(
        (stream, provider): (usize, usize),
        traffic: &Traffic,
        rng: RngKey,
        in_order: bool,
    ) -> Self {
        let arrival_order = match in_order {
            true => ArrivalOrder::new(traffic, rng),
            false => ArrivalOrder::Own(Timetable::new(traffic, rng)),
        };
        let source = Source::Arrivals(arrival_order, traffic.recipients);
        Self { stream, provider, source, departures: Vec::new() }
    }

    /// The recipients who come from an earlier step, or whose segments begin at different providers.
    pub(super) fn of_carries(stream: usize, provider: usize, parts: impl IntoIterator<Item = Vec<StepCarry>>) -> Self {
        let all = parts.into_iter().reduce(|mut all, mut next| {
            all.append(&mut next);
            all
        });
        Self { stream, provider, source: Source::Carries(all.unwrap_or_default(), None), departures: Vec::new() }
    }

    /// Adds those of another cohort who come to the same provider; neither has been sorted.
    pub(super) fn join(&mut self, other: Self) {
        if let (Source::Carries(ours, None), Source::Carries(mut theirs, None)) = (&mut self.source, other.source) {
            ours.append(&mut theirs);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.source.len()
    }

    /// Sorts the recipients by time.
    pub(super) fn sort(&mut self) {
        if let Source::Carries(carries, order) = &mut self.source {
            let mut sorted = TimeOrder::of(carries.iter().map(|carry| carry.at));
            sorted.break_ties(|position| carries[position as usize].recipient);
            *order = Some(sorted);
        }
    }

    /// Puts the recipients back into the order in which they came from their step, once they have passed the queue: what follows does not
    /// depend on the order, and reads what they carry one after another.
    pub(super) fn unsort(&mut self) {
        if let Source::Carries(_, order) = &mut self.source
            && let Some(order) = order.take()
        {
            let mut departures = vec![Departure::EXPIRED; self.departures.len()];
            for (rank, departure) in self.departures.iter().enumerate() {
                departures[order.get(rank).1 as usize] = *departure;
            }
            self.departures = departures;
        }
    }

    /// Divides the cohort into as many ranges as there are `threads`, each of whole batches.
    pub(super) fn shares(&self, threads: usize) -> Vec<Range<usize>> {
        let batches = self.len().div_ceil(LANES).div_ceil(threads.max(1));
        let edge = |share: usize| (share * batches * LANES).min(self.len());
        (0..threads).map(|share| edge(share)..edge(share + 1)).collect()
    }

    /// A cursor that takes the cohort through the queue. If the segments of recipients matter, `segments` says so for those who arrive.
    pub(super) fn cursor<'a>(&'a mut self, segments: Option<(&'a Segments, RngKey)>) -> CohortCursor<'a> {
        self.departures.reserve_exact(self.len());
        CohortCursor {
            stream: self.stream,
            cohort: &self.source,
            departures: &mut self.departures,
            segments,
            times: [0; LANES],
            of: [0; LANES],
            next: 0,
            known: 0,
        }
    }

    /// Divides the recipients of these ranks by class; those who arrive belong to `segments`.
    pub(super) fn divide(
        &self,
        ranks: Range<usize>,
        (segments, rng): (&Segments, RngKey),
        classes: usize,
        division: &mut Division,
    ) {
        let Division { first, members, arrivals: divided } = division;
        *first = ranks.start;
        members.resize_with(classes, Vec::new);
        members.iter_mut().for_each(Vec::clear);
        divided.clear();
        match &self.source {
            Source::Arrivals(arrival_order, _) => {
                let (mut arrivals, mut recipients, mut of) = ([Time::ZERO; LANES], [0; LANES], [0; LANES]);
                for rank in ranks.clone().step_by(LANES) {
                    let count = (ranks.end - rank).min(LANES);
                    arrival_order.fill(rank as u64, &mut arrivals[..count], &mut recipients[..count]);
                    segments.fill(rng, Who::List(&recipients), count, &mut of);
                    for (index, &segment) in (divided.len() as u32..).zip(&of[..count]) {
                        members[usize::from(segment)].push(index);
                    }
                    divided.extend(arrivals[..count].iter().copied().zip(recipients[..count].iter().copied()));
                }
            }
            Source::Carries(carries, _) => {
                for (index, carry) in carries[ranks].iter().enumerate() {
                    members[carry.segment.index()].push(index as u32);
                }
            }
        }
    }

    /// What the recipients at these indices of a division carry, who belong to this segment.
    pub(super) fn carries<'a>(
        &'a self,
        Division { first, arrivals, .. }: &'a Division,
        of: &'a [u32],
        segment: Segment,
    ) -> impl Iterator<Item = StepCarry> + 'a {
        of.iter().map(move |&index| match &self.source {
            Source::Arrivals(..) => {
                let (at, recipient) = arrivals[index as usize];
                StepCarry::new(recipient, segment, at.as_micros())
            }
            Source::Carries(carries, _) => carries[first + index as usize],
        })
    }

    /// Loads the recipients at these indices of a division, at most a batch, into the batch, the buffers and the columns.
    pub(super) fn load_some(
        &self,
        division: &Division,
        (some, segment): (&[u32], Segment),
        batch: &mut CohortBatch,
        buffers: &mut StepBuffers,
        columns: &mut Columns,
    ) {
        (batch.count, batch.neighbours) = (some.len(), false);
        if let Source::Arrivals(..) = &self.source {
            for ((&index, arrival), recipient) in some.iter().zip(&mut batch.arrivals).zip(&mut batch.recipients) {
                (*arrival, *recipient) = division.arrivals[index as usize];
            }
            buffers.begin(&batch.arrivals[..some.len()], columns);
        } else {
            for (k, carry) in self.carries(division, some, segment).enumerate() {
                batch.take(k, &carry, buffers, columns);
            }
            columns.succeeded.fill(0);
        }
        if self.departures.is_empty() {
            return batch.depart_at_once(buffers);
        }
        for (departure, &index) in batch.departures.iter_mut().zip(some) {
            *departure = self.departures[division.first + index as usize];
        }
    }

    /// Loads the recipients from this rank on, `batch.count` of them, into the batch, the buffers and the columns.
    pub(super) fn load(&self, rank: usize, batch: &mut CohortBatch, buffers: &mut StepBuffers, columns: &mut Columns) {
        let count = batch.count;
        match &self.source {
            Source::Arrivals(arrival_order, _) => {
                let (arrivals, recipients) = (&mut batch.arrivals[..count], &mut batch.recipients[..count]);
                arrival_order.fill(rank as u64, arrivals, recipients);
                batch.neighbours = matches!(arrival_order, ArrivalOrder::Own(_));
                buffers.begin(arrivals, columns);
            }
            Source::Carries(carries, _) => {
                batch.neighbours = false;
                for (k, carry) in carries[rank..rank + count].iter().enumerate() {
                    batch.take(k, carry, buffers, columns);
                }
                columns.succeeded.fill(0);
            }
        }
        match self.departures.get(rank..rank + count) {
            Some(known) => batch.departures[..count].copy_from_slice(known),
            None => batch.depart_at_once(buffers),
        }
    }
}

/// The position of the recipient of this rank among the carries.
#[inline]
fn position(order: Option<&TimeOrder>, rank: usize) -> usize {
    order.map_or(rank, |order| order.get(rank).1 as usize)
}

/// A batch of recipients of a cohort.
pub(super) struct CohortBatch {
    pub(super) count: usize,
    pub(super) recipients: [u32; LANES],
    pub(super) arrivals: [Time; LANES],
    pub(super) departures: [Departure; LANES],
    /// Whether the numbers of the recipients are consecutive.
    pub(super) neighbours: bool,
}

impl CohortBatch {
    pub(super) const EMPTY: Self = Self {
        count: 0,
        recipients: [0; LANES],
        arrivals: [Time::ZERO; LANES],
        departures: [Departure::EXPIRED; LANES],
        neighbours: false,
    };

    /// Lets all attempts depart when they are submitted.
    fn depart_at_once(&mut self, buffers: &StepBuffers) {
        let departures = self.departures[..self.count].iter_mut().zip(&buffers.at);
        departures.for_each(|(departure, &at)| *departure = Departure::at(Time::from_micros(at)));
    }

    #[inline]
    fn take(&mut self, k: usize, carry: &StepCarry, buffers: &mut StepBuffers, columns: &mut Columns) {
        self.recipients[k] = carry.recipient;
        self.arrivals[k] = Time::from_micros(carry.arrival);
        (buffers.lanes[k], buffers.at[k], buffers.late[k]) = (k as u16, carry.at, carry.late);
        buffers.first_step[k] = carry.first_step;
        (columns.cost[k], columns.first_delivery[k]) = (carry.cost, carry.first_delivery);
        (columns.duplicate[k], columns.seen[k]) = (carry.duplicate, carry.seen);
    }

    /// The step carry of the recipient at index `lane` of the batch, who enters the next step as entry `k` of `buffers` says.
    #[inline]
    pub(super) fn carry(
        &self,
        k: usize,
        lane: usize,
        segment: Segment,
        buffers: &StepBuffers,
        columns: &Columns,
    ) -> StepCarry {
        StepCarry {
            segment,
            at: buffers.at[k],
            late: buffers.late[k],
            arrival: self.arrivals[lane].as_micros(),
            first_delivery: columns.first_delivery[lane],
            cost: columns.cost[lane],
            recipient: self.recipients[lane],
            duplicate: columns.duplicate[lane],
            seen: columns.seen[lane],
            first_step: buffers.first_step[lane],
        }
    }
}

/// A cohort on its way through a queue.
pub(super) struct CohortCursor<'a> {
    pub(super) stream: usize,
    cohort: &'a Source,
    departures: &'a mut Vec<Departure>,
    segments: Option<(&'a Segments, RngKey)>,
    /// The segments of the recipients at `times`, if they matter.
    of: [u8; LANES],
    /// The times (µs) of the next recipients, as far as they have been read; those before `next` have passed.
    times: [i64; LANES],
    next: usize,
    known: usize,
}

impl CohortCursor<'_> {
    /// When the next recipient comes (µs); [`i64::MAX`] when all have passed.
    pub(super) fn peek(&mut self) -> i64 {
        if self.next == self.known {
            self.look();
        }
        if self.known == 0 { i64::MAX } else { self.times[self.next] }
    }

    /// Reads the times of the recipients after those that have passed.
    fn look(&mut self) {
        let rank = self.departures.len();
        let len = self.cohort.len();
        (self.next, self.known) = (0, (len - rank).min(LANES));
        let times = &mut self.times[..self.known];
        match self.cohort {
            Source::Arrivals(arrival_order, _) => {
                let (mut all, mut numbers) = ([Time::ZERO; LANES], [0; LANES]);
                arrival_order.fill(rank as u64, &mut all[..times.len()], &mut numbers[..times.len()]);
                if let Some((segments, rng)) = self.segments {
                    segments.fill(rng, Who::List(&numbers), times.len(), &mut self.of);
                }
                times.iter_mut().zip(all).for_each(|(time, at)| *time = at.as_micros());
            }
            Source::Carries(carries, order) => {
                for (k, time) in times.iter_mut().enumerate() {
                    *time = order.as_ref().map_or_else(|| carries[rank + k].at, |order| order.get(rank + k).0);
                }
            }
        }
    }

    /// The times (µs) of the next recipients who come before `until` (µs), as far as they have been read.
    pub(super) fn before(&self, until: i64) -> &[i64] {
        let times = &self.times[self.next..self.known];
        &times[..times.partition_point(|&at| at < until)]
    }

    /// The number of recipients that have passed.
    pub(super) fn rank(&self) -> usize {
        self.departures.len()
    }

    /// The recipient of this rank.
    pub(super) fn recipient(&self, rank: usize) -> u32 {
        match self.cohort {
            Source::Arrivals(ArrivalOrder::Own(_), _) => rank as u32,
            Source::Arrivals(ArrivalOrder::Sorted(order), _) => order.get(rank).1,
            Source::Carries(carries, order) => carries[position(order.as_ref(), rank)].recipient,
        }
    }

    /// The segment of the recipient of this rank, if it matters; otherwise any.
    #[inline]
    pub(super) fn segment(&self, rank: usize) -> Segment {
        let Some((segments, rng)) = self.segments else { return Segment::WHOLE };
        match self.cohort {
            Source::Arrivals(..) => match (rank + self.next).checked_sub(self.rank()) {
                Some(known) if known < self.known => Segment::new(self.of[known]),
                _ => segments.of(rng, self.recipient(rank)),
            },
            Source::Carries(carries, order) => carries[position(order.as_ref(), rank)].segment,
        }
    }

    /// When the recipient of this rank arrived.
    pub(super) fn arrival(&self, rank: usize) -> Time {
        match self.cohort {
            Source::Arrivals(..) => self.comes(rank),
            Source::Carries(carries, order) => Time::from_micros(carries[position(order.as_ref(), rank)].arrival),
        }
    }

    /// When the recipient of this rank comes.
    pub(super) fn comes(&self, rank: usize) -> Time {
        match self.cohort {
            Source::Arrivals(arrival_order, _) => {
                let (mut at, mut recipient) = ([Time::ZERO], [0]);
                arrival_order.fill(rank as u64, &mut at, &mut recipient);
                at[0]
            }
            Source::Carries(carries, order) => {
                Time::from_micros(order.as_ref().map_or_else(|| carries[rank].at, |order| order.get(rank).0))
            }
        }
    }

    /// Sets the departure of the recipient of this rank, who has passed already.
    pub(super) fn settle(&mut self, rank: usize, departure: Departure) {
        self.departures[rank] = departure;
    }

    /// Lets the next recipients pass, with these departures.
    pub(super) fn pass(&mut self, departures: &[Departure]) {
        self.departures.extend_from_slice(departures);
        self.next += departures.len();
    }
}
