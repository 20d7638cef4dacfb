//! The executor for any contended run: submission by submission, in order of time.
//!
//! The event queue holds one entry for each active recipient: the next submission or, while an attempt waits that cannot be recalled, the next
//! event of the flow. If a provider's queue is first in, first out, the departure time of an attempt is known at once, so that its recipient
//! can continue to the next submission immediately. In another order an attempt may wait for others that are still to come: the next event of
//! each such queue is kept beside the event queue.
//!
//! At equal times, departures from queues come first, since freed capacity goes to those who wait; then patience ends; then submissions
//! are made, by stream and recipient.

use super::active_recipient::ActiveRecipient;
use super::arena::RecipientArena;
use super::arrival_order::ArrivalCursor;
use super::event_queue::{EventQueue, Scheduled};
use super::finished::Finished;
use super::followed::{Followed, KeptReports};
use super::shared::{SentAgain, SharedState};
use super::waiters::{Waiter, Waiters};
use super::{ClassTally, Decisions, PlanRunTally};
use crate::engine::{Command, Flow};
use crate::provider::{AttemptResult, Queue, QueueEvent};
use crate::rng::RngKey;
use crate::sim::admission::{AdmissionDecision, RoutedAttempt};
use crate::sim::context::RecipientContext;
use crate::sim::independent::RunContext;
use crate::sim::model::{CompiledPlan, TrafficClass};
use crate::sim::progress::{Interrupted, Progress};
use crate::sim::recipient::{Recipient, RecipientId};
use crate::sim::recorder::Recorder;
use crate::sim::sender::Sender;
use crate::sim::simulate::{Advance, advance};
use crate::sim::tally::PlanTally;
use crate::sim::tally_recorder::TallyRecorder;
use crate::stats::Bins;
use crate::status::{FlowStatus, Status, SuccessFloor};
use crate::traffic::Segments;
use crate::units::{Span, Time};
use std::collections::BTreeMap;

/// The number of events between two checks whether to stop.
const STRETCH: u64 = 4096;

/// The next event in a queue where priorities count: when, what, and at which provider.
type NextInQueue = (Time, QueueEvent, usize);

const NOTHING: NextInQueue = (Time::NEVER, QueueEvent::Departure, usize::MAX);

/// The state of a run.
pub(super) struct EventDriven<'a> {
    run: &'a RunContext<'a>,
    streams: Vec<Stream<'a>>,
    /// The stream of the next recipient to arrive, and the arrival as an entry of the event queue.
    arrival: Option<(usize, Entry)>,
    shared: SharedState,
    event_queue: EventQueue<Entry>,
    /// For each provider, the next event in its queue, unless another attempt comes first.
    in_queues: Vec<NextInQueue>,
    /// The earliest of them.
    in_queue: NextInQueue,
    arena: RecipientArena,
    waiting: Waiters,
    /// By slot, the recipients who are followed event by event.
    followed: BTreeMap<usize, Followed>,
    /// Whether any has ever been.
    any_followed: bool,
    /// For each stream, a hash of each recipient's result, where all recipients are watched.
    course_hashes: Vec<Vec<u64>>,
}

/// Which recipients' decisions or results are kept, beside the counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Watch {
    Nobody,
    /// Every decision for this recipient.
    One(RecipientId),
    /// The result of every recipient.
    All,
}

/// What was kept for the watched recipients.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Seen {
    pub(super) decisions: Decisions,
    pub(super) course_hashes: Vec<Vec<u64>>,
}

/// The state of a stream of traffic.
struct Stream<'a> {
    rng: RngKey,
    priority: u8,
    segments: &'a Segments,
    cursor: ArrivalCursor,
    /// By segment.
    classes: Vec<Class<'a>>,
}

/// The state of the recipients of one segment in a stream.
struct Class<'a> {
    compiled: &'a CompiledPlan,
    arrivals: Bins,
    tally: PlanTally,
    finished: Finished,
}

impl<'a> Stream<'a> {
    /// The class of this recipient.
    #[inline]
    fn class(&self, active: &ActiveRecipient) -> &Class<'a> {
        &self.classes[active.segment.index()]
    }

    /// The class of this recipient.
    #[inline]
    fn class_mut(&mut self, active: &ActiveRecipient) -> &mut Class<'a> {
        &mut self.classes[active.segment.index()]
    }
}

/// A submission to be made: the time and the stream in the high half, the recipient and the slot in the low half.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry(u128);

/// The bits of a stream's number: a scenario has at most 32.
const STREAM_BITS: u32 = 5;

/// The stream of a slot without a recipient.
const NO_STREAM: u8 = u8::MAX;

impl Entry {
    /// A flow's times stay below 2⁵⁸ µs, 9 000 years: no span in a scenario is longer than 407 days, no wait between two attempts
    /// longer than 366 days, a flow makes at most 16 attempts, and nothing departs from a queue after 142 years.
    fn new(at: Time, who: RecipientId, slot: usize) -> Self {
        let RecipientId { stream, index } = who;
        debug_assert!(at.as_micros() >> (u64::BITS - STREAM_BITS) == 0 && stream >> STREAM_BITS == 0, "{at} {stream}");
        let high = (at.as_micros() as u64) << STREAM_BITS | u64::from(stream);
        Self(u128::from(high) << 64 | u128::from(index) << 32 | slot as u128)
    }

    const fn recipient(self) -> u32 {
        (self.0 >> 32) as u32
    }

    const fn stream(self) -> u8 {
        (self.0 >> 64) as u8 & ((1 << STREAM_BITS) - 1)
    }

    const fn slot(self) -> usize {
        self.0 as u32 as usize
    }
}

impl Scheduled for Entry {
    #[inline]
    fn at(&self) -> Time {
        Time::from_micros((self.0 >> (64 + STREAM_BITS)) as i64)
    }
}

/// Simulates the run of the plan with this index to the end; returns its tally, and what was kept for the watched recipients.
///
/// Which attempts are in flight when a link is lost is known only when it is; what becomes of them was known when they departed. So the run
/// is simulated again until it says of each link what was assumed: once more for each link.
pub(super) fn simulate(
    run: &RunContext<'_>,
    plan: usize,
    watch: Watch,
    progress: &Progress,
) -> Result<(PlanRunTally, Seen), Interrupted> {
    let (mut again, mut first) = (SentAgain::new(), true);
    loop {
        let (tally, mut seen, in_flight) = EventDriven::new(run, plan, watch, again.clone()).run(progress, first)?;
        if in_flight == again {
            if let Watch::One(watched) = watch {
                let of_watched = in_flight.iter().filter(|((_, who, _), _)| *who == watched);
                seen.decisions.again =
                    of_watched.map(|(&(provider, _, attempt), &at)| (provider, attempt, at)).collect();
            }
            return Ok((tally, seen));
        }
        (again, first) = (in_flight, false);
    }
}

impl<'a> EventDriven<'a> {
    /// The run of the plan with this index.
    fn new(run: &'a RunContext<'a>, plan: usize, watch: Watch, again: SentAgain) -> Self {
        let model = run.model;
        let course_hashes = model.streams.iter().map(|class| vec![0; class.traffic.recipients as usize]);
        let watched = if let Watch::One(who) = watch { Some(who) } else { None };
        let streams = model.streams.iter().map(|stream| {
            let rng = run.rng.of_stream(&stream.name);
            let class = |class: &'a TrafficClass| {
                let compiled = class.plan(plan);
                let tally = PlanTally::with_queues(compiled, &model.providers);
                Class {
                    compiled,
                    arrivals: Bins::default(),
                    tally,
                    finished: Finished::new(stream.deadline, run.timeline),
                }
            };
            Stream {
                rng,
                priority: stream.priority,
                segments: &stream.segments,
                cursor: ArrivalCursor::new(&stream.traffic, rng),
                classes: stream.classes.iter().map(class).collect(),
            }
        });
        Self {
            run,
            streams: streams.collect(),
            arrival: None,
            shared: SharedState::new(model, watched, again),
            event_queue: EventQueue::new(),
            in_queues: vec![NOTHING; model.providers.len()],
            in_queue: NOTHING,
            arena: RecipientArena::default(),
            waiting: Waiters::default(),
            followed: BTreeMap::new(),
            any_followed: false,
            course_hashes: if watch == Watch::All { course_hashes.collect() } else { Vec::new() },
        }
    }

    /// Simulates the run to the end; returns its tally, what was kept for the watched recipients, and which attempts were in flight when their
    /// links were lost. Recipients count as progress once only, if this is not the `first` time.
    fn run(mut self, progress: &Progress, first: bool) -> Result<(PlanRunTally, Seen, SentAgain), Interrupted> {
        let count = |recipients: u64| progress.add(if first { recipients } else { 0 });
        self.arrival = self.next_arrival();
        let (mut steps, mut drawn) = (0_u64, 0);
        while self.step() {
            steps += 1;
            if steps.is_multiple_of(STRETCH) {
                if progress.stopped() {
                    return Err(Interrupted);
                }
                let arrived = self.arrived();
                count(arrived - drawn);
                drawn = arrived;
            }
        }
        count(self.arrived() - drawn);
        self.end_waiting();
        let class = |mut class: Class<'_>| {
            class.finished.count(&mut class.tally);
            ClassTally { tally: class.tally, arrivals: class.arrivals }
        };
        let stream = |stream: Stream<'_>| stream.classes.into_iter().map(class).collect();
        let streams = self.streams.into_iter().map(stream).collect();
        let (longest_queue, opened) = (self.shared.longest_queue(), self.shared.opened());
        let tally = PlanRunTally::new(streams, longest_queue, opened, self.shared.contended);
        let in_flight = self.shared.were_in_flight();
        let decisions = Decisions { made: self.shared.decisions, waiting: self.shared.seen_waiting, again: Vec::new() };
        Ok((tally, Seen { decisions, course_hashes: self.course_hashes }, in_flight))
    }

    /// The number of recipients that have arrived.
    fn arrived(&self) -> u64 {
        self.streams.iter().map(|stream| stream.cursor.arrived()).sum()
    }

    /// Ends the attempts that still wait: they wait without end, and only other reports can end their flows.
    fn end_waiting(&mut self) {
        for provider in 0..self.shared.queues.len() {
            while let Some(token) = self.shared.queues[provider].as_mut().and_then(Queue::take_stuck) {
                self.expire(token, Time::NEVER);
            }
        }
        debug_assert!(self.event_queue.is_empty(), "who waits without end has no deadline, and so makes no attempt");
    }

    /// Handles the next event; returns whether there was one.
    fn step(&mut self) -> bool {
        let (in_queue, arrival) = (self.in_queue.0, self.arrival);
        let limit = arrival.map_or(Time::MAX, |(_, arrival)| arrival.at()).min(in_queue);
        let due = self.event_queue.first(limit).filter(|due| due.at() < in_queue);
        match (due, arrival) {
            (Some(due), arrival) if arrival.is_none_or(|(_, arrival)| due < arrival) => {
                self.event_queue.pop(limit);
                self.due(due);
            }
            (_, Some((stream, arrival))) if arrival.at() < in_queue => self.arrive(stream, arrival),
            _ if in_queue.is_never() => return false,
            _ => self.advance_queue(),
        }
        true
    }

    #[inline]
    fn next_arrival(&mut self) -> Option<(usize, Entry)> {
        let mut first: Option<(usize, Entry)> = None;
        for (i, stream) in self.streams.iter_mut().enumerate() {
            let (at, index) = stream.cursor.peek();
            if at.is_never() {
                continue;
            }
            let entry = Entry::new(at, RecipientId { stream: i as u8, index }, 0);
            if first.is_none_or(|(_, first)| entry < first) {
                first = Some((i, entry));
            }
        }
        first
    }

    fn arrive(&mut self, stream: usize, arrival: Entry) {
        let (at, who) = (arrival.at(), RecipientId { stream: stream as u8, index: arrival.recipient() });
        let of_stream = &mut self.streams[stream];
        of_stream.cursor.advance();
        let segment = of_stream.segments.of(of_stream.rng, who.index);
        let class = &mut of_stream.classes[segment.index()];
        class.arrivals.add(self.run.timeline.bin(at));
        let (flow, command) = Flow::start(&class.compiled.flow, at);
        self.arrival = self.next_arrival();
        let Command::Submit(submission) = command else { return };
        let slot = self.arena.enter(ActiveRecipient::new(flow, submission, (who, segment), at));
        self.submit(at, slot);
    }

    /// What is due for the recipient in this slot: a submission, or the next event of one who is followed.
    #[inline]
    fn due(&mut self, due: Entry) {
        if self.any_followed {
            return self.due_among_followed(due);
        }
        self.submit(due.at(), due.slot());
    }

    /// As [`Self::due`]: an event may have been put off or brought forward, and the slot may have a new recipient.
    fn due_among_followed(&mut self, due: Entry) {
        let (now, slot) = (due.at(), due.slot());
        if self.arena[slot].recipient != due.recipient() || self.arena[slot].stream != due.stream() {
            return;
        }
        if let Some(followed) = self.followed.get_mut(&slot) {
            if followed.wake != now {
                return;
            }
            if !std::mem::take(&mut followed.is_submitting) {
                return self.follow(slot, now);
            }
        }
        self.submit(now, slot);
    }

    /// Makes the submission that is due for the recipient in this slot.
    #[inline(always)]
    fn submit(&mut self, now: Time, slot: usize) {
        let active = &mut self.arena[slot];
        let stream = &mut self.streams[usize::from(active.stream)];
        let context = context(self.run, stream, active);
        let Class { tally, compiled, .. } = stream.class_mut(active);
        let stats = &mut active.stats;
        let mut recorder = TallyRecorder { tally, plan: &compiled.flow, timeline: self.run.timeline, stats };
        let due = (now, active.submission);
        let (attempt, result) = context.submit(&mut active.flow, due, &mut self.shared, &mut recorder);
        if attempt.decision == AdmissionDecision::Waits {
            recorder.waits(due.1, &attempt);
            self.wait(now, slot, &attempt);
            return;
        }
        let sender = context.sender(&attempt);
        if self.any_followed
            && let Some(followed) = self.followed.get_mut(&slot)
        {
            followed.reports = KeptReports::new(active.submission.attempt, &result, active.late);
            followed.hint = sender.hint;
            return self.follow(slot, now);
        }
        self.go_on(slot, &result, sender);
    }

    /// Continues the recipient in this slot to the next submission, or to the end.
    fn go_on(&mut self, slot: usize, result: &AttemptResult, sender: Sender) {
        let active = &mut self.arena[slot];
        let stream = &mut self.streams[usize::from(active.stream)];
        let class = stream.class_mut(active);
        let mut stats = active.stats;
        let (plan, timeline) = (&class.compiled.flow, self.run.timeline);
        let mut recorder = TallyRecorder { tally: &mut class.tally, plan, timeline, stats: &mut stats };
        let next = active.go_on((plan, sender), result, &mut recorder);
        active.stats = stats;
        match next {
            Some(at) => self.event_queue.push(Entry::new(at, active.who(), slot)),
            None => self.finish(slot),
        }
    }

    /// Counts the recipient in this slot, whose course is complete, and frees the slot.
    #[inline(always)]
    fn finish(&mut self, slot: usize) {
        let active = &self.arena[slot];
        let class = self.streams[usize::from(active.stream)].class_mut(active);
        let row = active.stats.finish(active.flow.status(), &mut class.tally);
        if let Some(course_hashes) = self.course_hashes.get_mut(usize::from(active.stream)) {
            let deadline = self.run.model.streams[usize::from(active.stream)].deadline;
            course_hashes[active.recipient as usize] = row.hashed(active.arrival, deadline);
        }
        class.finished.add(active.arrival, row, &mut class.tally);
        // What is out of date in the event queue finds nobody here.
        self.arena[slot].stream = NO_STREAM;
        self.arena.leave(slot);
    }

    /// Puts the attempt of the recipient in this slot into the queue, where it waits.
    fn wait(&mut self, now: Time, slot: usize, attempt: &RoutedAttempt) {
        let &RoutedAttempt { provider, patience, parts, permit, .. } = attempt;
        let active = &self.arena[slot];
        let (submission, deadline) = (active.submission, active.flow.deadline());
        let (slot_number, decision) = (slot as u32, self.shared.decisions.len());
        let waiter = Waiter {
            slot: slot_number,
            submission,
            submitted: now,
            deadline,
            provider: provider as u32,
            permit,
            decision,
        };
        let token = self.waiting.enter(waiter);
        self.shared.waits(&attempt.request(active.who()));
        let stream = &self.streams[usize::from(active.stream)];
        if let Some(queue) = &mut self.shared.queues[provider] {
            queue.enter(stream.priority, patience, (token, parts));
        }
        // A flow whose step is content with an accepted message has ended.
        let floor = stream.class(active).compiled.flow.step(submission.step).success;
        let outlasts = patience > deadline && floor != SuccessFloor::Accepted;
        let reports = KeptReports::of_waiting(submission.attempt, now, active.late);
        if let Some(followed) = self.followed.get_mut(&slot) {
            (followed.waiting, followed.reports, followed.hint) = (followed.waiting + 1, reports, Span::ZERO);
            self.follow(slot, now);
        } else if outlasts {
            self.any_followed = true;
            self.followed.insert(slot, Followed::new(reports));
            self.follow(slot, now);
        }
        self.look_ahead(now, provider);
    }

    /// Continues the followed recipient in this slot up to `now`: later events may change what comes after.
    fn follow(&mut self, slot: usize, now: Time) {
        let active = &mut self.arena[slot];
        let stream = &mut self.streams[usize::from(active.stream)];
        let rng = stream.rng;
        let class = stream.class_mut(active);
        let plan = &class.compiled.flow;
        let Some(followed) = self.followed.get_mut(&slot) else { return };
        let sender = Sender { rng, recipient: active.recipient, hint: followed.hint };
        loop {
            let mut stats = active.stats;
            let timeline = self.run.timeline;
            let mut recorder = TallyRecorder { tally: &mut class.tally, plan, timeline, stats: &mut stats };
            let ended = active.flow.status() != FlowStatus::InProgress;
            let next = match ended {
                true => Advance::Never,
                false => advance((plan, sender), &mut active.flow, &mut followed.reports, &mut recorder, now),
            };
            active.stats = stats;
            match next {
                Advance::Told(_, Command::Submit(submission)) => {
                    followed.reports.late = followed.reports.late(plan, &active.flow);
                    (active.late, active.submission) = (followed.reports.late, submission);
                    (followed.wake, followed.is_submitting) = (now, true);
                    return self.event_queue.push(Entry::new(now, active.who(), slot));
                }
                Advance::Told(..) => {}
                Advance::Later(at) => {
                    followed.wake = at;
                    return self.event_queue.push(Entry::new(at, active.who(), slot));
                }
                Advance::Never if followed.waiting > 0 => return,
                Advance::Never => {
                    self.followed.remove(&slot);
                    return self.finish(slot);
                }
            }
        }
    }

    /// Finds the next event in the queue of `provider`.
    fn look_ahead(&mut self, now: Time, provider: usize) {
        let next = self.shared.queues[provider].as_mut().and_then(|queue| queue.next_event(now));
        let before =
            std::mem::replace(&mut self.in_queues[provider], next.map_or(NOTHING, |(at, event)| (at, event, provider)));
        if self.in_queue == before {
            self.in_queue = self.in_queues.iter().copied().min().unwrap_or(NOTHING);
        } else {
            self.in_queue = self.in_queue.min(self.in_queues[provider]);
        }
    }

    /// Handles the next event in the queues.
    fn advance_queue(&mut self) {
        let (now, event, provider) = self.in_queue;
        let token = self.shared.queues[provider].as_mut().and_then(|queue| queue.take(now, event));
        match (token, event) {
            (Some(token), QueueEvent::Departure) => self.depart(token, now),
            (Some(token), QueueEvent::Expiry) => self.expire(token, now),
            (None, _) => {}
        }
        self.look_ahead(now, provider);
    }

    /// Lets the attempt that waits under this token depart.
    fn depart(&mut self, token: u64, now: Time) {
        let waiter = self.waiting.leave(token);
        let active = &self.arena[waiter.slot as usize];
        let stream = &self.streams[usize::from(active.stream)];
        let attempt =
            waiter.attempt(&stream.class(active).compiled.terms, AdmissionDecision::Departs(now), Time::NEVER);
        let context = context(self.run, stream, active);
        let result = context.depart(&active.flow, &attempt, now, &mut self.shared);
        self.settle(now, &waiter, &attempt, &result);
    }

    /// Ends the patience of the attempt that waits under this token, which expires.
    fn expire(&mut self, token: u64, patience: Time) {
        let waiter = self.waiting.leave(token);
        let active = &self.arena[waiter.slot as usize];
        let stream = &self.streams[usize::from(active.stream)];
        let attempt = waiter.attempt(&stream.class(active).compiled.terms, AdmissionDecision::Expires, patience);
        let context = context(self.run, stream, active);
        let result = context.expire(&active.flow, &attempt, waiter.deadline, &mut self.shared);
        self.settle(patience, &waiter, &attempt, &result);
    }

    /// Records the result of an attempt that has waited until `now`, and continues its recipient.
    fn settle(&mut self, now: Time, waiter: &Waiter, attempt: &RoutedAttempt, result: &AttemptResult) {
        let (slot, submission) = (waiter.slot as usize, waiter.submission);
        let active = &mut self.arena[slot];
        self.shared.settle(active.who(), waiter.decision, attempt.decision);
        let stream = &mut self.streams[usize::from(active.stream)];
        let rng = stream.rng;
        let class = stream.class_mut(active);
        let mut stats = active.stats;
        let (plan, timeline) = (&class.compiled.flow, self.run.timeline);
        let mut recorder = TallyRecorder { tally: &mut class.tally, plan, timeline, stats: &mut stats };
        let is_current = active.flow.current_attempt() == Some(submission.attempt);
        if is_current {
            recorder.submitted(submission, attempt, result);
        } else {
            let late = plan.step(submission.step).success != SuccessFloor::Accepted;
            let is_over = active.flow.message(submission.attempt).is_some_and(Status::is_bad);
            recorder.submitted_before(submission, attempt, result, (late, is_over));
        }
        active.stats = stats;
        let Some(followed) = self.followed.get_mut(&slot) else {
            // An attempt that has waited was not rejected.
            let sender = Sender { rng, recipient: active.recipient, hint: Span::ZERO };
            return self.go_on(slot, result, sender);
        };
        followed.waiting -= 1;
        if is_current {
            followed.reports = KeptReports::new(submission.attempt, result, followed.reports.late);
        } else {
            followed.reports.add_late(plan, &active.flow, submission.attempt, result);
            active.late = followed.reports.late;
        }
        if now.is_never() {
            return self.follow(slot, now);
        }
        // Others may leave queues at the same time: that comes first.
        followed.wake = now;
        self.event_queue.push(Entry::new(now, active.who(), slot));
    }
}

/// The context of the recipient under its plan.
fn context<'a>(run: &RunContext<'a>, stream: &Stream<'a>, active: &ActiveRecipient) -> RecipientContext<'a> {
    let recipient = Recipient::new(active.recipient, active.segment);
    let (compiled, rng) = (stream.class(active).compiled, stream.rng);
    RecipientContext { model: run.model, compiled, rng, stream: active.stream, recipient, arrival: active.arrival }
}
