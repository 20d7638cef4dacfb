//! A second, deliberately plain implementation of the simulation: one heap of events for all recipients of a run, the whole
//! history of every message kept, queues that are lists, and everything counted from the histories afterwards.
//!
//! It shares with the product only the draws, the samplers, the timetable and the plain data types.

mod circuit;
mod counts;
mod engine;
mod history;
mod provider;
mod queue;

use circuit::Circuit;
use failsim::dist::Sampler;
use failsim::engine::{Pool, Strategy};
use failsim::provider::{Calendar, Counts as Counted, ProviderSpec, QueueAt, When};
use failsim::rng::{DrawKey, RngKey, purpose};
use failsim::scenario::{Plan, Scenario, Stream};
use failsim::status::{Segment, Status, SuccessFloor};
use failsim::traffic::{SegmentMix, Timetable};
use failsim::units::Time;
use history::{Attempt, Stay, Try};
use provider::{Carried, Samplers, Submitted};
use queue::ProviderQueue;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub(crate) use counts::{
    BinsOfTime, Counts, PairCounts, PlanCounts, ProviderCounts, QueueCounts, SeriesCounts, StepCounts, pair_counts,
    plan_counts,
};
pub(crate) use history::{Decision, History};

/// The order at equal times: freed capacity goes to those who wait, reports come before timers, and everything that can be known is
/// known before anything is submitted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Departure,
    PatienceEnd,
    Report,
    Timer,
    Result,
    Submission,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Event {
    at: Time,
    kind: Kind,
    /// The recipient, numbered over all streams; for a departure the provider.
    who: usize,
    attempt: usize,
    what: What,
}

/// The status of a report, or the purpose of a timer. The flow's deadline comes before that of a step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum What {
    Nothing,
    Status(Status),
    GiveUp,
    Retry,
    Ttl,
    /// The result of an attempt at this provider, permitted in this state of its circuit.
    Result {
        provider: usize,
        epoch: usize,
        failed: bool,
    },
    /// An attempt at this provider, permitted in this state of its circuit, has no final report yet.
    Missing {
        provider: usize,
        epoch: usize,
    },
}

/// The results of a run.
pub(crate) struct Simulated {
    /// For each stream, the histories of its recipients.
    pub(crate) streams: Vec<Vec<History>>,
    /// For each provider, the maximum queue length.
    pub(crate) longest: Vec<u64>,
    /// For each provider, how often its circuit opened.
    pub(crate) opened: Vec<u64>,
}

/// Simulates `scenario` with its plan number `plan` under comparison. Random outages are drawn up to `until`.
pub(crate) fn simulate(scenario: &Scenario, plan: usize, rng: RngKey, until: Time) -> Simulated {
    let mut people = Vec::new();
    for (number, stream) in scenario.streams.iter().enumerate() {
        let rng = rng.of_stream(&stream.name);
        for (recipient, arrival) in arrivals(stream, rng).into_iter().enumerate() {
            let history = History::new(arrival);
            let segment = segment_of(stream, rng, recipient as u32);
            let followed = scenario.plan_of(stream, plan);
            let plan = match &followed.by_segment {
                Some(composite) => &composite.members[composite.of_segment[segment]],
                None => followed,
            };
            people.push(Person { history, stream: number, segment, plan, rng, recipient: recipient as u32 });
        }
    }
    let providers = (0..scenario.providers.len()).map(|i| ProviderState::new(scenario, i, rng, until)).collect();
    let mut context = RunContext { scenario, providers, people, events: BinaryHeap::new() };
    for who in 0..context.people.len() {
        context.begin(who);
    }
    while let Some(Reverse(event)) = context.events.pop() {
        context.handle(event);
    }
    context.simulated()
}

/// When each recipient of a stream arrives.
pub(crate) fn arrivals(stream: &Stream, rng: RngKey) -> Vec<Time> {
    let mut times = vec![Time::ZERO; stream.traffic.recipients as usize];
    Timetable::new(&stream.traffic, rng).fill(0, &mut times);
    times
}

/// The index of the segment of a recipient of a stream.
pub(crate) fn segment_of(stream: &Stream, rng: RngKey, recipient: u32) -> usize {
    match &stream.traffic.segments {
        SegmentMix::Whole => 0,
        SegmentMix::Listed(all) => usize::from(all[recipient as usize]),
        SegmentMix::Shares(shares) => {
            let chance =
                f64::from(rng.draws(DrawKey::of_name("person/segment"), recipient, 0).draw(0)) / 4_294_967_296.0;
            let mut sum = 0.0;
            let found = shares.iter().position(|share| {
                sum += share.get();
                chance < sum
            });
            // Decimal fractions may add up to a little less than 1.
            found.unwrap_or_else(|| shares.iter().rposition(|share| share.get() > 0.0).expect("somebody has a segment"))
        }
    }
}

struct Person<'a> {
    history: History,
    stream: usize,
    segment: usize,
    plan: &'a Plan,
    rng: RngKey,
    recipient: u32,
}

/// A provider with its shared state.
struct ProviderState {
    /// For each segment.
    samplers: Vec<Samplers>,
    windows: Vec<provider::Windows>,
    queue: Option<ProviderQueue>,
    circuit: Option<Circuit>,
}

impl ProviderState {
    fn new(scenario: &Scenario, index: usize, rng: RngKey, until: Time) -> Self {
        let spec = &scenario.providers[index];
        let key = DrawKey::of_name(&spec.name);
        let windows = spec.outages.iter().enumerate().map(|(number, outage)| match outage.when {
            When::Window { from, to, every } => provider::Windows::Fixed { from, to, every },
            When::Random { .. } => provider::Windows::Drawn(
                Calendar::new(outage).windows(rng, key, number as u16, Time::ZERO).before(until, usize::MAX),
            ),
            other => panic!("the twin does not know {other:?}"),
        });
        let windows: Vec<_> = windows.collect();
        Self {
            samplers: scenario.segments().map(|segment| Samplers::new(spec.of(segment))).collect(),
            queue: spec.capacity.map(|capacity| ProviderQueue::new(capacity, spec, &windows)),
            circuit: scenario.breakers[index].map(Circuit::new),
            windows,
        }
    }
}

struct RunContext<'a> {
    scenario: &'a Scenario,
    providers: Vec<ProviderState>,
    people: Vec<Person<'a>>,
    events: BinaryHeap<Reverse<Event>>,
}

impl RunContext<'_> {
    fn begin(&mut self, who: usize) {
        let Person { history, plan, .. } = &self.people[who];
        let (arrival, give_up_after) = (history.arrival, plan.flow.give_up_after());
        self.timer(arrival.after(give_up_after), who, 0, What::GiveUp);
        // The first step is entered, and its attempt made, when this event is due.
        self.event(arrival, Kind::Submission, who, 0, What::Nothing);
    }

    fn event(&mut self, at: Time, kind: Kind, who: usize, attempt: usize, what: What) {
        if at != Time::NEVER {
            self.events.push(Reverse(Event { at, kind, who, attempt, what }));
        }
    }

    fn timer(&mut self, at: Time, who: usize, attempt: usize, what: What) {
        self.event(at, Kind::Timer, who, attempt, what);
    }

    fn enter(&mut self, now: Time, who: usize, step: usize) {
        let Person { history, plan, .. } = &mut self.people[who];
        assert_eq!(history.steps.len(), step, "steps are entered in order");
        history.steps.push(Stay { entered: now, left: None, tries: 0 });
        let first_attempt = history.attempts.len();
        let ttl = plan.flow.steps()[step].ttl;
        self.timer(now.after(ttl), who, first_attempt, What::Ttl);
        self.event(now, Kind::Submission, who, first_attempt, What::Nothing);
    }

    fn handle(&mut self, event: Event) {
        let Event { at, kind, who, attempt, what } = event;
        match (kind, what) {
            (Kind::Departure, _) => self.departures(at, who),
            (Kind::PatienceEnd, _) => self.patience_ends(at, who, attempt),
            (Kind::Submission, _) => self.submit(at, who, attempt),
            (_, What::Status(status)) => self.hear(at, who, attempt, status),
            (_, What::GiveUp) => self.give_up(at, who),
            (_, What::Retry) => self.retry(at, who, attempt),
            (_, What::Ttl) => self.time_out(at, who, attempt),
            (_, What::Result { provider, epoch, failed }) => {
                if let Some(circuit) = &mut self.providers[provider].circuit {
                    circuit.result(at, epoch, failed);
                }
            }
            (_, What::Missing { provider, epoch }) => {
                if let Some(circuit) = &mut self.providers[provider].circuit
                    && !self.people[who].history.attempts[attempt].has_result
                {
                    circuit.result(at, epoch, true);
                }
            }
            (_, What::Nothing) => unreachable!("a report says something and a timer is for something"),
        }
    }

    /// Submits an attempt, unless the flow is over.
    fn submit(&mut self, now: Time, who: usize, attempt: usize) {
        if self.people[who].history.steps.is_empty() {
            return self.enter(now, who, 0);
        }
        let draw = self.choice(who, attempt);
        let Person { history, plan, .. } = &mut self.people[who];
        assert_eq!(history.attempts.len(), attempt, "attempts are made in order");
        let step = history.steps.len() - 1;
        history.steps[step].tries += 1;
        let pool = &plan.flow.steps()[step].pool;
        let mut order = order_of(pool, draw);
        if pool.is_by_queue() {
            let waiting = |provider: &usize| self.providers[*provider].queue.as_ref().map_or(0, ProviderQueue::length);
            order.sort_by_key(waiting);
        }
        let entered = history.steps[step].entered;
        let rules = &plan.flow.steps()[step];
        let deadline = entered.after(rules.ttl).min(history.arrival.after(plan.flow.give_up_after()));
        history.attempts.push(Attempt::new(step, now, deadline));
        for provider in order {
            let keeps = self.spec(who, provider).honours_ttl;
            let kept = self.is_kept(provider);
            let validity = self.people[who].plan.flow.steps()[step].validity;
            let valid_until = if keeps { now.after(validity) } else { Time::NEVER };
            let patience = if kept { valid_until } else { deadline.min(valid_until) };
            let decision = self.arrive_at(now, who, attempt, provider, patience);
            let attempt = &mut self.people[who].history.attempts[attempt];
            attempt.tries.push(Try { provider, decision, patience, kept });
            attempt.provider = provider;
            match decision {
                Decision::NotPermitted | Decision::Rejected => {}
                Decision::Departs(_) | Decision::Waits | Decision::Unserved => return,
            }
        }
        self.event(now, Kind::Report, who, attempt, What::Status(Status::Failed));
    }

    /// The draw of a recipient's attempt by which a weighted pool chooses.
    fn choice(&self, who: usize, attempt: usize) -> u32 {
        let Person { rng, recipient, .. } = &self.people[who];
        rng.draws(DrawKey::SENDER, *recipient, attempt as u16).draw(purpose::CHOICE)
    }

    /// Submits an attempt to a provider.
    fn arrive_at(&mut self, now: Time, who: usize, attempt: usize, provider: usize, patience: Time) -> Decision {
        let epoch = match &mut self.providers[provider].circuit {
            None => 0,
            Some(circuit) => match circuit.permit(now) {
                None => return Decision::NotPermitted,
                Some(epoch) => epoch,
            },
        };
        self.people[who].history.attempts[attempt].epoch = epoch;
        if self.submitted(now, who, attempt, provider).is_turned_away() {
            let fails = self.counts_as_failure(provider, Status::Failed);
            self.result(now, who, attempt, provider, fails);
            return Decision::Rejected;
        }
        let parts = self.parts(who, provider);
        let Some(queue) = &mut self.providers[provider].queue else {
            return self.leave(now, who, attempt, provider);
        };
        let is_next = queue.is_idle() && queue.free_at(now, parts) <= now;
        if !queue.is_within_quota(now, parts) || !is_next && queue.is_full() {
            let fails = self.counts_as_failure(provider, Status::Failed);
            self.result(now, who, attempt, provider, fails);
            return Decision::Rejected;
        }
        queue.accepts(now, parts);
        if is_next {
            return self.leave(now, who, attempt, provider);
        }
        let priority = self.scenario.streams[self.people[who].stream].priority;
        queue.wait(who, attempt, priority, parts);
        if let Some(rules) = self.scenario.breakers[provider].filter(|_| self.is_kept(provider)) {
            // The sender has handed it over, and knows no more.
            self.people[who].history.attempts[attempt].has_result = false;
            self.event(now.after(rules.missing_after), Kind::Result, who, attempt, What::Missing { provider, epoch });
        }
        self.event(patience, Kind::PatienceEnd, who, attempt, What::Nothing);
        self.look_for_departure(now, provider);
        if self.hears_progress(who, attempt) {
            self.event(now, Kind::Report, who, attempt, What::Status(Status::Queued));
        }
        Decision::Waits
    }

    /// Whether attempts wait at the provider itself.
    fn is_kept(&self, provider: usize) -> bool {
        self.scenario.providers[provider].capacity.is_some_and(|capacity| match capacity.queue_at {
            Some(queue_at) => queue_at == QueueAt::Provider,
            None => capacity.rate.is_some() || capacity.quota.is_some(),
        })
    }

    /// The parts of a message as the provider's limits count them.
    fn parts(&self, who: usize, provider: usize) -> u32 {
        let spec = self.spec(who, provider);
        let counts = self.scenario.providers[provider].capacity.map(|capacity| capacity.counts);
        if counts == Some(Counted::Parts) { spec.price.parts } else { 1 }
    }

    /// Whether the sender hears every report.
    fn hears_all(&self) -> bool {
        self.scenario.webhook == Strategy::OnChange
    }

    fn hears_progress(&self, who: usize, attempt: usize) -> bool {
        let Person { history, plan, .. } = &self.people[who];
        plan.flow.steps()[history.attempts[attempt].step].success < SuccessFloor::Delivered || self.hears_all()
    }

    /// Schedules the next departure from a queue.
    fn look_for_departure(&mut self, now: Time, provider: usize) {
        let Some(queue) = &mut self.providers[provider].queue else { return };
        let next = queue.next_free_at(now);
        if next < queue.due {
            queue.due = next;
            self.event(next, Kind::Departure, provider, 0, What::Nothing);
        }
    }

    /// Lets everything depart that can leave a queue now.
    fn departures(&mut self, now: Time, provider: usize) {
        if let Some(queue) = &mut self.providers[provider].queue
            && queue.due == now
        {
            queue.due = Time::NEVER;
        }
        loop {
            let Some(queue) = &mut self.providers[provider].queue else { return };
            if queue.is_idle() || queue.next_free_at(now) > now {
                break;
            }
            let (who, attempt) = queue.next();
            let decision = self.leave(now, who, attempt, provider);
            self.people[who].history.attempts[attempt].tries.last_mut().expect("it waited somewhere").decision =
                decision;
        }
        let queue = self.providers[provider].queue.as_ref();
        if queue.is_some_and(|queue| !queue.is_idle()) {
            self.look_for_departure(now, provider);
        }
    }

    /// The patience of an attempt has run out; if it still waits it leaves the queue.
    fn patience_ends(&mut self, now: Time, who: usize, attempt: usize) {
        let provider = self.people[who].history.attempts[attempt].provider;
        let waits = self.providers[provider].queue.as_mut().is_some_and(|queue| queue.give_up(who, attempt));
        if !waits {
            return;
        }
        // Whoever is next now may need less.
        self.look_for_departure(now, provider);
        let message = &mut self.people[who].history.attempts[attempt];
        let came = message.tries.last_mut().expect("it waited somewhere");
        came.decision = Decision::Unserved;
        let is_reported = came.kept || now < message.deadline;
        let (kept, submitted) = (came.kept, message.submitted);
        let fails = self.counts_as_failure(provider, Status::Expired);
        if !kept {
            self.result(now, who, attempt, provider, fails);
        }
        if is_reported {
            let carried = self.submitted(now, who, attempt, provider);
            let mut reports = vec![carried.reported(now, purpose::REPORT_DELAY)];
            if carried.is_doubled() {
                reports.push(carried.once_more(reports[0]));
            }
            let first = *reports.iter().min().expect("one");
            let missing = self.scenario.breakers[provider].map(|rules| submitted.after(rules.missing_after));
            if kept && missing.is_some_and(|missing| first <= missing) {
                self.result(first, who, attempt, provider, fails);
            }
            for at in reports {
                self.people[who].history.attempts[attempt].bad_reports.push(at);
                self.event(at, Kind::Report, who, attempt, What::Status(Status::Expired));
            }
        }
    }

    /// The draws of a recipient's attempt at a provider, keyed by its earlier uses of the provider, including those that were rejected.
    fn draws(&self, who: usize, attempt: usize, provider: usize) -> failsim::rng::Draws {
        let Person { history, rng, recipient, plan, .. } = &self.people[who];
        let came = |earlier: &&Attempt| {
            let pool = &plan.flow.steps()[earlier.step].pool;
            let goes_by_queues = pool.is_by_queue() && pool.members().contains(&provider);
            goes_by_queues || earlier.tries.iter().any(|came| came.provider == provider)
        };
        let used_before = history.attempts[..attempt].iter().filter(came).count();
        let key = DrawKey::of_name(&self.scenario.providers[provider].name);
        rng.draws(key, *recipient, used_before as u16)
    }

    /// An attempt as it departs from a provider now.
    fn submitted(&self, now: Time, who: usize, attempt: usize, provider: usize) -> Submitted<'_> {
        let draws = self.draws(who, attempt, provider);
        let Person { history, plan, rng, recipient, .. } = &self.people[who];
        let message = &history.attempts[attempt];
        let rules = &plan.flow.steps()[message.step];
        let spec = self.spec(who, provider);
        let channel = rng.draws(DrawKey::of_name(&format!("channel/{}", spec.channel)), *recipient, 0).draw(0);
        let back = self.phone_back(*rng, *recipient, history.arrival);
        Submitted {
            spec,
            samplers: &self.providers[provider].samplers[self.people[who].segment],
            segment: Segment::new(self.people[who].segment as u8),
            kept: self.is_kept(provider),
            windows: &self.providers[provider].windows,
            submitted: message.submitted,
            now,
            validity: rules.validity,
            progress: rules.success < SuccessFloor::Delivered || self.hears_all(),
            draws,
            person: provider::Person { back, channel: f64::from(channel) / 4_294_967_296.0 },
        }
    }

    /// What the provider is for this recipient.
    fn spec(&self, who: usize, provider: usize) -> &ProviderSpec {
        self.scenario.providers[provider].of(Segment::new(self.people[who].segment as u8))
    }

    /// When the phone of a recipient who arrived at `arrival` is on.
    fn phone_back(&self, rng: RngKey, recipient: u32, arrival: Time) -> Time {
        let Some(off) = &self.scenario.people.phone_off else { return Time::ZERO };
        let draws = rng.draws(DrawKey::of_name("person/phone"), recipient, 0);
        if f64::from(draws.draw(0)) / 4_294_967_296.0 >= off.share.get() {
            return Time::ZERO;
        }
        off.back_after.as_ref().map_or(Time::NEVER, |after| arrival.after(Sampler::new(after).sample(draws.draw(1))))
    }

    /// An attempt departs.
    fn leave(&mut self, now: Time, who: usize, attempt: usize, provider: usize) -> Decision {
        let carried = self.submitted(now, who, attempt, provider).carry_out();
        let parts = self.parts(who, provider);
        if let Some(queue) = &mut self.providers[provider].queue {
            queue.leaves(now, carried.released, parts);
        }
        self.result_of(now, who, attempt, provider, &carried);
        // A message that waited has already been reported as queued.
        for &(at, status) in carried.reports.iter().filter(|(at, _)| *at >= now) {
            self.event(at, Kind::Report, who, attempt, What::Status(status));
        }
        let message = &mut self.people[who].history.attempts[attempt];
        (message.delivered, message.seen, message.charge) = (carried.delivered, carried.seen, carried.charge);
        message.held.push((provider, now, carried.released));
        message.bad_reports = carried.reports.iter().filter(|(_, status)| status.is_bad()).map(|r| r.0).collect();
        Decision::Departs(now)
    }

    fn counts_as_failure(&self, provider: usize, status: Status) -> bool {
        self.scenario.breakers[provider].is_some_and(|rules| rules.failures.iter().any(|failure| failure == status))
    }

    /// Schedules the result that the circuit will get for an attempt that departs now.
    fn result_of(&mut self, now: Time, who: usize, attempt: usize, provider: usize, carried: &Carried) {
        let Some(rules) = self.scenario.breakers[provider] else { return };
        let submitted = self.people[who].history.attempts[attempt].submitted;
        let waited_there = self.is_kept(provider) && submitted < now;
        let missing = if waited_there { submitted } else { now }.after(rules.missing_after);
        let is_final = |status: Status| status.is_bad() || engine::is_delivery(status);
        let first = carried.reports.iter().copied().filter(|&(_, status)| is_final(status)).min();
        let (at, failed) = match first {
            Some((at, status)) if at <= missing => (at, self.counts_as_failure(provider, status)),
            // That is noticed when it is due.
            _ if waited_there => return,
            _ => (missing, true),
        };
        self.result(at, who, attempt, provider, failed);
    }

    fn result(&mut self, at: Time, who: usize, attempt: usize, provider: usize, failed: bool) {
        if self.providers[provider].circuit.is_some() {
            self.people[who].history.attempts[attempt].has_result = true;
            let epoch = self.people[who].history.attempts[attempt].epoch;
            self.event(at, Kind::Result, who, attempt, What::Result { provider, epoch, failed });
        }
    }

    fn simulated(self) -> Simulated {
        let mut streams: Vec<Vec<History>> = self.scenario.streams.iter().map(|_| Vec::new()).collect();
        for person in self.people {
            streams[person.stream].push(person.history);
        }
        let longest = |provided: &ProviderState| provided.queue.as_ref().map_or(0, |queue| queue.longest);
        let opened = |provided: &ProviderState| provided.circuit.as_ref().map_or(0, |circuit| circuit.opened);
        let (longest, opened) =
            (self.providers.iter().map(longest).collect(), self.providers.iter().map(opened).collect());
        Simulated { streams, longest, opened }
    }
}

/// The providers of a pool in the order in which an attempt with this draw tries them: each in proportion to its weight among those
/// left, using what the uniform number leaves over from the previous choice.
fn order_of(pool: &Pool, draw: u32) -> Vec<usize> {
    if pool.weights().is_empty() {
        return pool.members().to_vec();
    }
    let mut left: Vec<(usize, f64)> = pool.members().iter().copied().zip(pool.weights().iter().copied()).collect();
    let mut uniform = (f64::from(draw) + 0.5) / 2_f64.powi(32);
    let mut order = Vec::new();
    while !left.is_empty() {
        let mut point = uniform * left.iter().map(|(_, weight)| weight).sum::<f64>();
        let mut chosen = 0;
        while chosen + 1 < left.len() && point >= left[chosen].1 {
            point -= left[chosen].1;
            chosen += 1;
        }
        let (provider, weight) = left.remove(chosen);
        uniform = (point / weight).clamp(0.0, 1.0);
        order.push(provider);
    }
    order
}
