//! Any world, submission by submission in order of time.
//!
//! The agenda holds one entry for each recipient under way: its next submission. Queues that are first in, first out say at once
//! when an attempt leaves, so that its recipient can go on to the next submission in one go. Where priorities count, an attempt
//! may wait for others that are still to come: the agenda holds when it will be withdrawn, and beside it stand the next departures
//! from such queues.
//!
//! At equal times departures go first, since what comes free goes to those who wait; then withdrawals; then submissions, by
//! stream and recipient.

use super::WorldTally;
use super::agenda::{Agenda, Due};
use super::door::Doors;
use super::finished::Finished;
use super::places::Places;
use super::procession::March;
use super::traveller::Traveller;
use super::waiting::{Waiter, Waiting, place_of};
use crate::engine::{Command, Flow};
use crate::provider::{Fate, Terms};
use crate::rng::Luck;
use crate::sim::alone::World;
use crate::sim::cast::Part;
use crate::sim::counting::Counting;
use crate::sim::handing::{Handed, Verdict};
use crate::sim::progress::{Interrupted, Progress};
use crate::sim::stage::Stage;
use crate::sim::tally::PlanTally;
use crate::sim::witness::Witness;
use crate::stats::Bins;
use crate::units::SimTime;
use crate::vocabulary::Status;

/// So many entries of the agenda are dealt with between two looks at whether to stop.
const STRETCH: u64 = 4096;

const NO_DEPARTURE: (SimTime, usize) = (SimTime::NEVER, usize::MAX);

/// A world under way.
pub(super) struct Events<'a> {
    world: &'a World<'a>,
    streams: Vec<Stream<'a>>,
    /// The stream of the next to arrive, and the arrival as an entry of the agenda.
    arrival: Option<(usize, Entry)>,
    doors: Doors,
    agenda: Agenda<Entry>,
    /// Where priorities count: when the next can leave each provider's queue, unless somebody else comes first.
    departures: Vec<SimTime>,
    /// The first of them.
    departure: (SimTime, usize),
    travellers: Places,
    waiting: Waiting,
    /// For each stream, what became of each recipient, where all are watched.
    lives: Vec<Vec<u64>>,
}

/// Of whom more is kept than counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Watch {
    Nobody,
    /// Of this recipient of a stream every verdict.
    One(u8, u32),
    /// Of all what became of them.
    All,
}

/// What was kept.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Seen {
    pub(super) verdicts: Vec<Verdict>,
    pub(super) lives: Vec<Vec<u64>>,
}

/// A stream of traffic under way.
struct Stream<'a> {
    part: &'a Part,
    luck: Luck,
    priority: u8,
    march: March,
    arrivals: Bins,
    tally: PlanTally,
    finished: Finished,
}

/// What is to be done: the time, the kind and the stream in the high half, the recipient and the place of its traveller in the low
/// half.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry(u128);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Withdrawal,
    Submission,
}

/// The bits of a stream's number: a scenario has at most 32.
const STREAM_BITS: u32 = 5;
/// The bits below the time of an entry in its high half: one for the kind, and those of the stream.
const BELOW_TIME: u32 = 1 + STREAM_BITS;

impl Entry {
    /// A flow's times stay below 2⁵⁸ µs, 9 000 years: no span that a scenario can name is longer than 407 days, no wait between two
    /// attempts than 366, a flow makes 16 attempts at most, and a queue lets nothing leave after 142 years.
    fn new(at: SimTime, kind: Kind, stream: u8, recipient: u32, place: u32) -> Self {
        debug_assert!(at.as_micros() >> (u64::BITS - BELOW_TIME) == 0 && stream >> STREAM_BITS == 0, "{at} {stream}");
        let high = (at.as_micros() as u64) << BELOW_TIME | (kind as u64) << STREAM_BITS | u64::from(stream);
        Self(u128::from(high) << 64 | u128::from(recipient) << 32 | u128::from(place))
    }

    const fn kind(self) -> Kind {
        match (self.0 >> (64 + STREAM_BITS)) as u8 & 1 {
            0 => Kind::Withdrawal,
            _ => Kind::Submission,
        }
    }

    const fn recipient(self) -> u32 {
        (self.0 >> 32) as u32
    }

    const fn place(self) -> usize {
        self.0 as u32 as usize
    }
}

impl Due for Entry {
    #[inline]
    fn at(&self) -> SimTime {
        SimTime::from_micros((self.0 >> (64 + BELOW_TIME)) as i64)
    }
}

impl<'a> Events<'a> {
    /// The world in which the plan with this index is compared.
    pub(super) fn new(world: &'a World<'a>, plan: usize, watch: Watch) -> Self {
        let cast = world.cast;
        let lives = cast.streams.iter().map(|role| vec![0; role.traffic.recipients as usize]);
        let watched = if let Watch::One(stream, recipient) = watch { Some((stream, recipient)) } else { None };
        let streams = cast.streams.iter().map(|role| {
            let (part, luck) = (cast.part(role, plan), world.luck.of_stream(&role.name));
            let tally = PlanTally::with_queues(part.carriers.len(), &cast.providers, &part.scale);
            Stream {
                part,
                luck,
                priority: role.priority,
                march: March::new(&role.traffic, luck),
                arrivals: Bins::default(),
                tally,
                finished: Finished::new(role.deadline),
            }
        });
        Self {
            world,
            streams: streams.collect(),
            arrival: None,
            doors: Doors::new(cast, watched),
            agenda: Agenda::new(),
            departures: vec![SimTime::NEVER; cast.providers.len()],
            departure: NO_DEPARTURE,
            travellers: Places::default(),
            waiting: Waiting::default(),
            lives: if watch == Watch::All { lives.collect() } else { Vec::new() },
        }
    }

    /// Plays the world to its end; gives what it came to, and what was kept of whoever was watched.
    pub(super) fn play(mut self, progress: &Progress) -> Result<(WorldTally, Seen), Interrupted> {
        self.arrival = self.next_arrival();
        let (mut steps, mut told) = (0_u64, 0);
        while self.step() {
            steps += 1;
            if steps.is_multiple_of(STRETCH) {
                if progress.stopped() {
                    return Err(Interrupted);
                }
                let arrived = self.arrived();
                progress.add(arrived - told);
                told = arrived;
            }
        }
        progress.add(self.arrived() - told);
        self.end_waiting();
        for stream in &mut self.streams {
            stream.finished.count(&mut stream.tally);
        }
        let (streams, arrivals) = self.streams.into_iter().map(|stream| (stream.tally, stream.arrivals)).unzip();
        let (longest, opened) = (self.doors.longest(), self.doors.opened());
        let tally = WorldTally { streams, arrivals, longest, opened, touched: self.doors.touched };
        Ok((tally, Seen { verdicts: self.doors.verdicts, lives: self.lives }))
    }

    /// How many recipients have arrived.
    fn arrived(&self) -> u64 {
        self.streams.iter().map(|stream| stream.march.passed()).sum()
    }

    /// Those who still wait do so for ever; only what comes to them from elsewhere can end their flows.
    fn end_waiting(&mut self) {
        for place in self.waiting.places() {
            self.settle(place, Verdict::Withdrawn);
        }
        debug_assert!(self.agenda.is_empty(), "who waits for ever has no deadline, and so makes no attempt");
    }

    /// Does what comes next; says whether there was anything.
    fn step(&mut self) -> bool {
        let ((departure, provider), arrival) = (self.departure, self.arrival);
        let limit = arrival.map_or(SimTime::MAX, |(_, arrival)| arrival.at()).min(departure);
        let due = self.agenda.first(limit).filter(|due| due.at() < departure);
        match (due, arrival) {
            (Some(due), arrival) if arrival.is_none_or(|(_, arrival)| due < arrival) => {
                self.agenda.pop(limit);
                match due.kind() {
                    Kind::Withdrawal => self.withdraw(due.at(), due.place()),
                    Kind::Submission => self.submit(due.at(), due.place()),
                }
            }
            (_, Some((stream, arrival))) if arrival.at() < departure => self.arrive(stream, arrival),
            _ if departure.is_never() => return false,
            _ => self.depart(departure, provider),
        }
        true
    }

    #[inline]
    fn next_arrival(&mut self) -> Option<(usize, Entry)> {
        let mut first: Option<(usize, Entry)> = None;
        for (i, stream) in self.streams.iter_mut().enumerate() {
            let (at, recipient) = stream.march.peek();
            if at.is_never() {
                continue;
            }
            let entry = Entry::new(at, Kind::Submission, i as u8, recipient, 0);
            if first.is_none_or(|(_, first)| entry < first) {
                first = Some((i, entry));
            }
        }
        first
    }

    fn arrive(&mut self, stream: usize, arrival: Entry) {
        let (at, number) = (arrival.at(), stream as u8);
        let stream = &mut self.streams[stream];
        stream.march.advance();
        stream.arrivals.add(self.world.timeline.bin(at));
        self.arrival = self.next_arrival();
        let stream = &self.streams[usize::from(number)];
        let (flow, command) = Flow::start(&stream.part.flow, at);
        let Command::Submit(submission) = command else { return };
        let traveller = Traveller::new(flow, submission, (number, arrival.recipient()), at);
        let place = self.travellers.enter(traveller);
        self.submit(at, place);
    }

    /// The submission of the traveller in this place is due.
    fn submit(&mut self, now: SimTime, place: usize) {
        let traveller = &mut self.travellers[place];
        let stream = &mut self.streams[usize::from(traveller.stream)];
        let (cast, part, recipient) = (self.world.cast, stream.part, traveller.recipient);
        let stage = Stage { cast, part, luck: stream.luck, recipient };
        let memory = &mut traveller.memory;
        let mut counting = Counting { tally: &mut stream.tally, timeline: self.world.timeline, memory };
        self.doors.receive(traveller.stream, recipient);
        let due = (now, traveller.submission);
        let (handed, fate) =
            stage.hand_over(&traveller.flow, traveller.turned_down, due, &mut self.doors, &mut counting);
        if handed.verdict == Verdict::Waits {
            self.park(now, place, &handed);
        } else {
            self.go_on(place, &handed, &fate);
        }
    }

    /// The traveller in this place goes on to its next submission, or to its end.
    fn go_on(&mut self, place: usize, handed: &Handed, fate: &Fate) {
        let traveller = &mut self.travellers[place];
        let stream = &mut self.streams[usize::from(traveller.stream)];
        let mut memory = traveller.memory;
        let mut counting = Counting { tally: &mut stream.tally, timeline: self.world.timeline, memory: &mut memory };
        let next = traveller.go_on(&stream.part.flow, handed, fate, &mut counting);
        traveller.memory = memory;
        if let Some(at) = next {
            let entry = Entry::new(at, Kind::Submission, traveller.stream, traveller.recipient, place as u32);
            self.agenda.push(entry);
            return;
        }
        let row = memory.finish(traveller.flow.status(), &mut stream.tally);
        if let Some(lives) = self.lives.get_mut(usize::from(traveller.stream)) {
            let deadline = self.world.cast.streams[usize::from(traveller.stream)].deadline;
            lives[traveller.recipient as usize] = row.hashed(traveller.arrival, deadline);
        }
        stream.finished.add(traveller.arrival, row, &mut stream.tally);
        self.travellers.leave(place);
    }

    /// The traveller in this place waits.
    fn park(&mut self, now: SimTime, place: usize, handed: &Handed) {
        let &Handed { provider, rank, patience, .. } = handed;
        let Traveller { stream, recipient, .. } = self.travellers[place];
        let Some(queue) = &mut self.doors.doors[provider].queue else { return };
        let permit = self.doors.permit.take();
        let waiter = Waiter { submitted: now, provider: provider as u32, permit, rank };
        let token = self.waiting.begin(place, waiter, patience);
        queue.enter(self.streams[usize::from(stream)].priority, token);
        if !patience.is_never() {
            self.agenda.push(Entry::new(patience, Kind::Withdrawal, stream, recipient, place as u32));
        }
        self.schedule(now, provider);
    }

    /// Plans the next departure from the queue of `provider`, unless that is done.
    fn schedule(&mut self, now: SimTime, provider: usize) {
        let Some(queue) = &mut self.doors.doors[provider].queue else { return };
        if self.departures[provider].is_never() {
            let at = queue.next_departure(now);
            self.departures[provider] = at;
            self.departure = self.departure.min((at, provider));
        }
    }

    /// Lets the next of those who wait for `provider` leave.
    fn depart(&mut self, now: SimTime, provider: usize) {
        self.departures[provider] = SimTime::NEVER;
        let others = self.departures.iter().zip(0..).map(|(&at, provider)| (at, provider));
        self.departure = others.min().unwrap_or(NO_DEPARTURE);
        let Some(queue) = &mut self.doors.doors[provider].queue else { return };
        let waiting = &self.waiting;
        if queue.next_departure(now) <= now
            && let Some(token) = queue.depart(now, |token| waiting.holds(token))
        {
            self.settle(place_of(token), Verdict::Leaves(now));
        }
        self.schedule(now, provider);
    }

    /// The patience of whoever waits in this place runs out now, if it is still the one that was meant.
    fn withdraw(&mut self, now: SimTime, place: usize) {
        if self.waiting.is_until(place, now) {
            self.settle(place, Verdict::Withdrawn);
        }
    }

    /// What becomes of whoever waits in this place is known at last.
    fn settle(&mut self, place: usize, verdict: Verdict) {
        let (Waiter { submitted, provider, permit, rank }, patience) = self.waiting.end(place);
        let provider = provider as usize;
        let traveller = &mut self.travellers[place];
        let stream = &mut self.streams[usize::from(traveller.stream)];
        let (cast, part, recipient) = (self.world.cast, stream.part, traveller.recipient);
        let stage = Stage { cast, part, luck: stream.luck, recipient };
        let (flow, turned_down, submission) = (&traveller.flow, traveller.turned_down, traveller.submission);
        let terms = Terms { submitted, ..part.carriers[usize::from(submission.step)].terms };
        let handed = Handed { provider, rank, terms, verdict, patience };
        self.doors.receive(traveller.stream, recipient);
        self.doors.permit = permit;
        self.doors.settle(verdict);
        let fate = match verdict {
            Verdict::Leaves(leaves) => stage.leave(flow, turned_down, submission, &handed, leaves, &mut self.doors),
            _ => {
                if let Some(queue) = &mut self.doors.doors[provider].queue {
                    queue.withdraw();
                }
                self.doors.never_left(provider, patience, Status::Expired);
                stage.withdraw(flow, turned_down, submission, &handed)
            }
        };
        let memory = &mut traveller.memory;
        Counting { tally: &mut stream.tally, timeline: self.world.timeline, memory }
            .submitted(submission, &handed, &fate);
        self.go_on(place, &handed, &fate);
    }
}
