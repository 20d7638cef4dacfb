//! Any world, submission by submission in order of time.
//!
//! The agenda holds one entry for each recipient under way: its next submission. Queues that are first in, first out say at once
//! when an attempt leaves, so that its recipient can go on to the next submission in one go. Where priorities count, an attempt
//! may wait for others that are still to come: it is parked, and the agenda holds the queue's next departure, and when the attempt
//! will be withdrawn.
//!
//! At equal times departures go first, since what comes free goes to those who wait; then withdrawals; then submissions, by
//! stream and recipient.

use super::WorldTally;
use super::door::Doors;
use super::finished::Finished;
use super::procession::March;
use super::traveller::Traveller;
use crate::engine::{Command, Flow, Permit};
use crate::provider::Fate;
use crate::rng::Luck;
use crate::sim::alone::{Interrupted, Progress, World};
use crate::sim::cast::Part;
use crate::sim::counting::Counting;
use crate::sim::handing::{Handed, Stage, Verdict};
use crate::sim::life::Witness;
use crate::sim::tally::PlanTally;
use crate::stats::Bins;
use crate::units::SimTime;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// So many entries of the agenda are dealt with between two looks at whether to stop.
const STRETCH: u64 = 4096;

/// A world under way.
pub(super) struct Events<'a> {
    world: &'a World<'a>,
    streams: Vec<Stream<'a>>,
    doors: Doors,
    agenda: BinaryHeap<Reverse<Entry>>,
    travellers: Vec<Traveller>,
    /// Those who wait where priorities count, by the place of their traveller.
    parked: Vec<Option<Parked>>,
    /// The places of travellers who have come to their end.
    free: Vec<u32>,
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

/// Somebody who waits for others who may still come.
struct Parked {
    turn: u64,
    handed: Handed,
    permit: Option<Permit>,
}

/// What is to be done: the time, the kind and the stream in the high half, the recipient and the place of its traveller in the low
/// half. For a departure the recipient is the provider.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry(u128);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Departure,
    Withdrawal,
    Submission,
}

impl Entry {
    /// Times of flows stay below 2⁵³ µs.
    fn new(at: SimTime, kind: Kind, stream: u8, recipient: u32, place: u32) -> Self {
        let high = (at.as_micros() as u64) << 11 | (kind as u64) << 8 | u64::from(stream);
        Self(u128::from(high) << 64 | u128::from(recipient) << 32 | u128::from(place))
    }

    const fn at(self) -> SimTime {
        SimTime::from_micros((self.0 >> 75) as i64)
    }

    const fn kind(self) -> Kind {
        match (self.0 >> 72) as u8 & 7 {
            0 => Kind::Departure,
            1 => Kind::Withdrawal,
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

impl<'a> Events<'a> {
    /// The world in which the plan with this index is compared; of `watched`, a stream and a recipient, every verdict is kept.
    pub(super) fn new(world: &'a World<'a>, plan: usize, watched: Option<(u8, u32)>) -> Self {
        let cast = world.cast;
        let streams = cast.streams.iter().map(|role| {
            let (part, luck) = (cast.part(role, plan), world.luck.of_stream(&role.name));
            let tally = PlanTally::with_queues(part.carriers.len(), &cast.providers);
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
            doors: Doors::new(cast, watched),
            agenda: BinaryHeap::new(),
            travellers: Vec::new(),
            parked: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Plays the world to its end; gives what it came to, and the verdicts on whoever was watched.
    pub(super) fn play(mut self, progress: &Progress) -> Result<(WorldTally, Vec<Verdict>), Interrupted> {
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
        Ok((tally, self.doors.verdicts))
    }

    /// How many recipients have arrived.
    fn arrived(&self) -> u64 {
        self.streams.iter().map(|stream| stream.march.passed()).sum()
    }

    /// Those who still wait do so for ever; only what comes to them from elsewhere can end their flows.
    fn end_waiting(&mut self) {
        for place in 0..self.parked.len() {
            if let Some(parked) = self.parked[place].take() {
                self.settle(place, parked, Verdict::Withdrawn);
            }
        }
        debug_assert!(self.agenda.is_empty(), "who waits for ever has no deadline, and so makes no attempt");
    }

    /// Does what comes next; says whether there was anything.
    fn step(&mut self) -> bool {
        let arrival = self.next_arrival();
        let due = self.agenda.peek().map(|Reverse(entry)| *entry);
        match (arrival, due) {
            (Some((stream, arrival)), due) if due.is_none_or(|due| arrival < due) => self.arrive(stream, arrival),
            (_, Some(due)) => {
                self.agenda.pop();
                match due.kind() {
                    Kind::Submission => self.submit(due.at(), due.place()),
                    Kind::Departure => self.depart(due.at(), due.recipient() as usize),
                    Kind::Withdrawal => self.withdraw(due.at(), due.place()),
                }
            }
            (_, None) => return false,
        }
        true
    }

    /// The stream of the next to arrive, and the arrival as an entry of the agenda.
    #[inline]
    fn next_arrival(&mut self) -> Option<(usize, Entry)> {
        let mut first: Option<(usize, Entry)> = None;
        for (i, stream) in self.streams.iter_mut().enumerate() {
            let (at, recipient) = stream.march.peek();
            let entry = Entry::new(at.min(SimTime::MAX), Kind::Submission, i as u8, recipient, 0);
            if !at.is_never() && first.is_none_or(|(_, first)| entry < first) {
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
        let (flow, command) = Flow::start(&stream.part.flow, at);
        let Command::Submit(submission) = command else { return };
        let traveller = Traveller::new(flow, submission, (number, arrival.recipient()), at);
        let place = self.take_place(traveller);
        self.submit(at, place);
    }

    fn take_place(&mut self, traveller: Traveller) -> usize {
        if let Some(place) = self.free.pop() {
            self.travellers[place as usize] = traveller;
            return place as usize;
        }
        self.travellers.push(traveller);
        self.travellers.len() - 1
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
        let (handed, fate) = stage.hand_over(&traveller.flow, traveller.carried, due, &mut self.doors, &mut counting);
        if handed.verdict == Verdict::Waits {
            self.park(now, place, handed);
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
            self.agenda.push(Reverse(entry));
            return;
        }
        let row = memory.finish(traveller.flow.status(), &mut stream.tally);
        stream.finished.add(traveller.arrival, row, &mut stream.tally);
        self.free.push(place as u32);
    }

    /// The traveller in this place waits.
    fn park(&mut self, now: SimTime, place: usize, handed: Handed) {
        let traveller = &self.travellers[place];
        let priority = self.streams[usize::from(traveller.stream)].priority;
        let Some(queue) = &mut self.doors.doors[handed.provider].queue else { return };
        let turn = queue.enter(priority, place as u32);
        if !handed.patience.is_never() {
            let (stream, recipient) = (traveller.stream, traveller.recipient);
            let entry = Entry::new(handed.patience, Kind::Withdrawal, stream, recipient, place as u32);
            self.agenda.push(Reverse(entry));
        }
        if self.parked.len() <= place {
            self.parked.resize_with(place + 1, || None);
        }
        self.parked[place] = Some(Parked { turn, handed, permit: self.doors.permit.take() });
        self.schedule(now, handed.provider);
    }

    /// Puts the next departure from the queue of `provider` into the agenda, unless it stands there.
    fn schedule(&mut self, now: SimTime, provider: usize) {
        let door = &mut self.doors.doors[provider];
        let Some(queue) = door.queue.as_mut().filter(|_| !door.is_due) else { return };
        let at = queue.next_departure(now);
        if !at.is_never() {
            door.is_due = true;
            self.agenda.push(Reverse(Entry::new(at, Kind::Departure, 0, provider as u32, 0)));
        }
    }

    /// Lets the next of those who wait for `provider` leave.
    fn depart(&mut self, now: SimTime, provider: usize) {
        let door = &mut self.doors.doors[provider];
        door.is_due = false;
        let Some(queue) = &mut door.queue else { return };
        let parked = &mut self.parked;
        let is_present = |place: u32, turn: u64| {
            parked[place as usize].as_ref().is_some_and(|p| p.turn == turn && p.handed.provider == provider)
        };
        if queue.next_departure(now) <= now
            && let Some(place) = queue.depart(now, is_present)
            && let Some(parked) = self.parked[place as usize].take()
        {
            self.settle(place as usize, parked, Verdict::Leaves(now));
        }
        self.schedule(now, provider);
    }

    /// The patience of whoever waits in this place runs out now, if it is still the one that was meant.
    fn withdraw(&mut self, now: SimTime, place: usize) {
        let is_meant = |parked: &&mut Option<Parked>| parked.as_ref().is_some_and(|p| p.handed.patience == now);
        let parked = self.parked.get_mut(place).filter(is_meant).and_then(Option::take);
        if let Some(parked) = parked {
            if let Some(queue) = &mut self.doors.doors[parked.handed.provider].queue {
                queue.withdraw();
            }
            self.settle(place, parked, Verdict::Withdrawn);
        }
    }

    /// What becomes of somebody who waited is known at last.
    fn settle(&mut self, place: usize, parked: Parked, verdict: Verdict) {
        let traveller = &mut self.travellers[place];
        let stream = &mut self.streams[usize::from(traveller.stream)];
        let (cast, part, recipient) = (self.world.cast, stream.part, traveller.recipient);
        let stage = Stage { cast, part, luck: stream.luck, recipient };
        let handed = Handed { verdict, ..parked.handed };
        self.doors.receive(traveller.stream, recipient);
        self.doors.permit = parked.permit;
        self.doors.settle(verdict);
        let (flow, carried, submission) = (&traveller.flow, traveller.carried, traveller.submission);
        let fate = match verdict {
            Verdict::Leaves(leaves) => stage.leave(flow, carried, submission, &handed, leaves, &mut self.doors),
            _ => {
                self.doors.result(handed.provider, handed.patience, true);
                stage.withdraw(flow, carried, submission, &handed)
            }
        };
        let memory = &mut traveller.memory;
        Counting { tally: &mut stream.tally, timeline: self.world.timeline, memory }
            .submitted(submission, &handed, &fate);
        self.go_on(place, &handed, &fate);
    }
}
