//! [`Delivery`], the engine's interface for drivers: compared with the simulator, which drives flows, routes and breakers
//! directly, and in a walk over every order of events.

use crate::build::{self, change_steps, lognormal, outage, outcome, plan, provider, scenario, span, step};
use crate::random_scenario::{Case, shared_case};
use failsim::engine::{
    BreakerError, BreakerRules, Breakers, Command, Delivery, Flow, FlowPlan, Input, LateDelivery, MAX_ATTEMPTS, Notice,
    Output, Pool, StateError, StepRules, TurnedDown,
};
use failsim::provider::{self, Capacity, Effect, Queue, SingleUse, Terms};
use failsim::rng::{DrawKey, RngKey, purpose};
use failsim::scenario::Scenario;
use failsim::sim::{Ending, ExecutionMode, Model, PlanRunTally, Progress, RunContext, Timeline, simulate_contended};
use failsim::status::Status::{Delivered, Failed, Undelivered};
use failsim::status::{FlowStatus, Segment, Status, StatusSet, SuccessFloor};
use failsim::traffic::{Arrivals, Timetable};
use failsim::units::{Span, Time};
use proptest::prelude::*;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

// ---------------------------------------------------------------- a separate driver

/// The kind of the next event. At equal times: reports, then departures from queues, then timers, then arrivals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Event {
    Report { who: usize, attempt: u8, provider: usize, status: Status },
    Departs { who: usize, attempt: u8, provider: usize },
    Tick { who: usize },
    Arrives { who: usize },
}

/// What a driver can count during a run.
#[derive(Clone, PartialEq, Debug, Default)]
struct Seen {
    delivered: u64,
    duplicates: u64,
    succeeded: u64,
    unresolved: u64,
    cost: i128,
    last_end: Option<i64>,
    /// For each step: the number of attempts, and how the step ended.
    steps: Vec<(u64, Vec<u64>)>,
    /// For each provider: the number of attempts, and of those that its circuit did not permit.
    providers: Vec<(u64, u64)>,
    opened: Vec<u64>,
}

/// Drives one stream of recipients under one plan, each with a [`Delivery`], against the simulated providers.
struct Driver<'a> {
    scenario: &'a Scenario,
    model: &'a Model,
    rng: RngKey,
    plan: Arc<FlowPlan>,
    breakers: Breakers,
    queues: Vec<Option<Queue>>,
    events: BinaryHeap<Reverse<(Time, Event)>>,
    deliveries: Vec<Option<Delivery>>,
    /// For each recipient, the attempts and the providers that they reached.
    came: Vec<BTreeSet<(u8, usize)>>,
    deliveries_made: Vec<u64>,
    arrivals: Vec<Time>,
    seen: Seen,
}

impl<'a> Driver<'a> {
    fn new(scenario: &'a Scenario, model: &'a Model, rng: RngKey, plan: usize) -> Self {
        let traffic = &scenario.streams[0].traffic;
        let people = traffic.recipients as usize;
        let mut arrivals = vec![Time::ZERO; people];
        Timetable::new(traffic, rng).fill(0, &mut arrivals);
        let flow = scenario.plans[plan].flow.clone();
        let seen = Seen {
            steps: vec![(0, vec![0; Ending::COUNT]); flow.steps().len()],
            providers: vec![(0, 0); scenario.providers.len()],
            ..Seen::default()
        };
        Self {
            scenario,
            model,
            rng,
            plan: Arc::new(flow),
            breakers: Breakers::new(&scenario.breakers).expect("rules that make sense"),
            queues: model.providers.iter().map(provider::Provider::queue).collect(),
            events: arrivals.iter().zip(0..).map(|(&at, who)| Reverse((at, Event::Arrives { who }))).collect(),
            deliveries: vec![None; people],
            came: vec![BTreeSet::new(); people],
            deliveries_made: vec![0; people],
            arrivals,
            seen,
        }
    }

    fn run(mut self) -> Seen {
        while let Some(Reverse((now, event))) = self.events.pop() {
            match event {
                Event::Arrives { who } => {
                    let choice = |attempt: usize| {
                        self.rng.draws(DrawKey::SENDER, who as u32, attempt as u16).draw(purpose::CHOICE)
                    };
                    let draws: [u32; MAX_ATTEMPTS] = std::array::from_fn(choice);
                    let delivery = Delivery::start(Arc::clone(&self.plan), now, draws, &mut self.breakers);
                    self.deliveries[who] = Some(delivery);
                    self.poll(now, who);
                }
                Event::Report { who, attempt, provider, status } => {
                    self.tell(now, who, Input::Report { attempt, provider, status });
                }
                Event::Departs { who, attempt, provider } => self.tell(now, who, Input::Departed { attempt, provider }),
                Event::Tick { who } => self.tell(now, who, Input::Tick),
            }
        }
        let flows = self.deliveries.iter().flatten().map(Delivery::status);
        let number = |wanted: FlowStatus| flows.clone().filter(|&status| status == wanted).count() as u64;
        (self.seen.succeeded, self.seen.unresolved) = (number(FlowStatus::Succeeded), number(FlowStatus::InProgress));
        for delivery in self.deliveries.iter().flatten().filter(|d| d.status() == FlowStatus::InProgress) {
            self.seen.steps[usize::from(delivery.flow().step())].1[Ending::Unresolved.index()] += 1;
        }
        self.seen.delivered = self.deliveries_made.iter().filter(|&&n| n > 0).count() as u64;
        self.seen.duplicates = self.deliveries_made.iter().filter(|&&n| n > 1).count() as u64;
        self.seen.opened = (0..self.queues.len()).map(|provider| self.breakers.opened(provider)).collect();
        self.seen
    }

    fn delivery(&mut self, who: usize) -> &mut Delivery {
        self.deliveries[who].as_mut().expect("who acts has arrived")
    }

    fn tell(&mut self, now: Time, who: usize, input: Input) {
        let delivery = self.deliveries[who].as_mut().expect("who acts has arrived");
        delivery.handle(now, input, &mut self.breakers);
        self.poll(now, who);
    }

    fn poll(&mut self, now: Time, who: usize) {
        while let Some(output) = self.delivery(who).poll() {
            match output {
                Output::Submit { attempt, step, provider } => self.submit(now, who, attempt, step, provider),
                Output::Notify { at, notice } => self.count(at, who, notice),
                _ => {}
            }
        }
        if let Some(at) = self.deliveries[who].as_ref().and_then(|delivery| delivery.wake_at(&self.breakers)) {
            self.events.push(Reverse((at, Event::Tick { who })));
        }
    }

    fn submit(&mut self, now: Time, who: usize, attempt: u8, step: u8, number: usize) {
        let flow = *self.delivery(who).flow();
        let uses = (0..attempt).filter(|&earlier| {
            let pool = &self.plan.step(flow.step_of(earlier)).pool;
            let goes_by_queues = pool.is_by_queue() && pool.members().contains(&number);
            goes_by_queues || self.came[who].contains(&(earlier, number))
        });
        let uses = uses.count();
        self.came[who].insert((attempt, number));
        let rules = self.plan.step(step).clone();
        let progress = rules.success < SuccessFloor::Delivered;
        let terms = Terms { submitted: now, ttl: rules.ttl, validity: rules.validity, progress };
        let provider = &self.model.providers[number];
        let arrival = self.arrivals[who];
        let phones = self.model.phones.as_ref();
        let of = SingleUse {
            rng: self.rng,
            recipient: who as u32,
            number: uses as u16,
            segment: Segment::WHOLE,
            phone_back: phones.map_or(Time::ZERO, |phones| phones.back(self.rng, who as u32, arrival)),
        };
        let deadline = self.delivery(who).flow().deadline();
        let patience = provider.patience(&terms, Segment::WHOLE, deadline);
        self.seen.providers[number].0 += 1;
        if let Some(rejection) = provider.rejection(&of, now) {
            let asks = rejection == provider::Rejection::Outage;
            return self.rejected(now, who, attempt, step, number, asks);
        }
        let departs = match self.queues[number]
            .as_mut()
            .map(|queue| queue.admit(now, patience, provider.parts(Segment::WHOLE)))
        {
            None => Some(now),
            Some(provider::Admission::Departs(departs)) => Some(departs),
            Some(provider::Admission::Rejected) => {
                return self.rejected(now, who, attempt, step, number, true);
            }
            Some(_) => None,
        };
        let fate = match departs {
            Some(departs) => provider.submit(departs, &terms, &of),
            None => provider.expire_in_queue(&terms, &of, deadline),
        };
        if let (Some(queue), Some(_)) = (&mut self.queues[number], departs) {
            queue.hold(fate.released);
        }
        assert!(!fate.rejected, "that is known before");
        self.seen.steps[usize::from(step)].0 += 1;
        self.seen.cost += i128::from(fate.charge.as_micros());
        self.deliveries_made[who] += u64::from(!fate.delivered.is_never());
        if departs != Some(now) && !provider.keeps_queued() {
            let delivery = self.deliveries[who].as_mut().expect("who acts has arrived");
            delivery.handle(now, Input::Waits { attempt, provider: number }, &mut self.breakers);
            if let Some(departs) = departs {
                self.events.push(Reverse((departs, Event::Departs { who, attempt, provider: number })));
            }
        }
        for report in fate.reports() {
            self.events.push(Reverse((
                report.at(),
                Event::Report { who, attempt, provider: number, status: report.status() },
            )));
        }
    }

    /// The provider rejects an attempt; it asks to wait before the next one if that is because of a limit or an outage.
    fn rejected(&mut self, now: Time, who: usize, attempt: u8, step: u8, provider: usize, asks: bool) {
        let hint = self.scenario.providers[provider].retry_after_hint;
        let retry_after = if asks { hint } else { Span::ZERO };
        // The last provider of a pool to reject an attempt keeps it.
        let pool = &self.plan.step(step).pool;
        let tried = self.came[who].iter().filter(|&&(other, _)| other == attempt).count();
        self.seen.steps[usize::from(step)].0 += u64::from(tried == pool.members().len());
        let delivery = self.deliveries[who].as_mut().expect("who acts has arrived");
        delivery.handle(now, Input::Rejected { attempt, provider, retry_after }, &mut self.breakers);
    }

    fn count(&mut self, at: Time, who: usize, notice: Notice) {
        match notice {
            Notice::TurnedDown { attempt, provider, why } => {
                self.came[who].insert((attempt, provider));
                if why == TurnedDown::NotPermitted {
                    self.seen.providers[provider].1 += 1;
                    let flow = self.delivery(who).flow();
                    let step = flow.step_of(attempt);
                    let tried = self.came[who].iter().filter(|&&(other, _)| other == attempt).count();
                    let is_last = tried == self.plan.step(step).pool.members().len();
                    self.seen.steps[usize::from(step)].0 += u64::from(is_last);
                }
            }
            Notice::Step { step, end } => self.seen.steps[usize::from(step)].1[Ending::from(end).index()] += 1,
            Notice::Flow { .. } => self.seen.last_end = self.seen.last_end.max(Some(at.as_micros())),
            Notice::Message { .. } => {}
            other => panic!("the driver does not know {other:?}"),
        }
    }
}

/// The same counts from a run of the simulator.
fn seen_by_the_simulator(tally: &PlanRunTally, providers: usize) -> Seen {
    let plan = &tally.streams[0][0].tally;
    Seen {
        delivered: plan.delivered,
        duplicates: plan.duplicates,
        succeeded: plan.succeeded,
        unresolved: plan.unresolved,
        cost: plan.cost as i128,
        last_end: plan.last_end,
        steps: plan.steps.iter().map(|step| (step.attempts, step.endings.to_vec())).collect(),
        providers: (0..providers).map(|i| (plan.providers[i].attempts, plan.providers[i].not_permitted)).collect(),
        opened: tally.opened.clone(),
    }
}

fn both(case: &Case, plan: usize) -> (Seen, Seen) {
    let Case { scenario, replication, horizon } = case;
    let (rng, timeline) = (RngKey::new(scenario.seed, *replication), Timeline::over(*horizon));
    let model = Model::new(scenario);
    let model = model.in_replication(rng, timeline.end());
    let context = RunContext { model: &model, rng, timeline, mode: ExecutionMode::Engine };
    let tally = simulate_contended(&context, plan, &Progress::default()).expect("nobody stops it");
    let rng = rng.of_stream(&scenario.streams[0].name);
    let driver = Driver::new(scenario, &model, rng, plan);
    assert_eq!(driver.scenario.providers.len(), scenario.providers.len());
    (driver.run(), seen_by_the_simulator(&tally, scenario.providers.len()))
}

proptest! {
    #![proptest_config(build::random_cases(120))]

    /// All kinds of pools, outages, retries and success floors: for independent recipients, with any number of events at the same
    /// time.
    #[test]
    fn deliveries_fare_as_the_simulator_says(mut case in shared_case()) {
        case.scenario.breakers.fill(None);
        case.scenario.providers.iter_mut().for_each(|provider| provider.capacity = None);
        case.scenario.streams.truncate(1);
        case.scenario.streams[0].plan = None;
        for plan in 0..case.scenario.plans.len() {
            let (driven, simulated) = both(&case, plan);
            prop_assert_eq!(driven, simulated, "plan {}", plan);
        }
    }
}

/// Two gateways with breakers, one with frequent outages and one with few lines, in a weighted pool; then a third.
#[test]
fn deliveries_that_share_circuits_and_queues_fare_as_the_simulator_says() {
    let outcomes = || vec![outcome(Delivered, 0.7, lognormal(3.0, 0.9)), outcome(Failed, 0.2, lognormal(1.0, 0.5))];
    let mut first = provider("first", outcomes());
    first.outages = vec![outage(100.0, 400.0, Effect::Fail, 0.9), outage(900.0, 1_000.0, Effect::Silent, 1.0)];
    let mut second = provider("second", outcomes());
    second.capacity = Some(Capacity { concurrent: Some(9), queue: 6, ..Capacity::UNLIMITED });
    let third = provider("third", vec![outcome(Delivered, 0.9, lognormal(5.0, 0.4))]);
    let mut plan = plan("pooled", vec![(0, step(span(20.0))), (2, step(span(90.0)))]);
    change_steps(&mut plan, |steps| {
        (steps[0].pool, steps[0].attempts) = (Pool::weighted(vec![(0, 2.0), (1, 1.0)]), 2);
    });
    let mut scenario = scenario(3_000, vec![first, second, third], vec![plan]);
    scenario.streams[0].traffic.arrivals = Arrivals::Poisson { rate_per_s: 2.0 };
    let rules = BreakerRules { at_least: 20, missing_after: span(30.0), open_for: span(15.0), ..BreakerRules::DEFAULT };
    scenario.breakers = vec![Some(rules), Some(rules), None];
    let case = Case { scenario, replication: 0, horizon: Time::from_secs_f64(2_000.0) };
    let (driven, simulated) = both(&case, 0);
    assert!(simulated.opened[0] > 3 && simulated.providers[0].1 > 100, "circuits do open: {simulated:?}");
    assert!(simulated.steps[0].1.iter().sum::<u64>() == 3_000);
    assert_eq!(driven, simulated);
}

// ---------------------------------------------------------------- every order of events

/// One state of the walk: the delivery, its breakers, the state that the rules predict, and the time.
#[derive(Clone)]
struct State {
    delivery: Delivery,
    breakers: Breakers,
    /// A flow that only learns of a rejection once the whole pool has rejected an attempt.
    flow: Flow,
    /// For each attempt, the providers that rejected it, and the one that has it.
    turned_down: Vec<Vec<usize>>,
    holders: Vec<Option<usize>>,
    now: i64,
}

struct Walk {
    plan: Arc<FlowPlan>,
    known: BTreeSet<String>,
    ahead: Vec<State>,
    edges: u64,
    reached: BTreeMap<&'static str, u64>,
}

fn at(ticks: i64) -> Time {
    Time::from_micros(ticks)
}

fn ticks(count: i64) -> Span {
    Span::from_micros(count)
}

impl Walk {
    fn over(plan: FlowPlan, breakers: Breakers) -> Self {
        let plan = Arc::new(plan);
        let mut walk = Self {
            plan: Arc::clone(&plan),
            known: BTreeSet::new(),
            ahead: Vec::new(),
            edges: 0,
            reached: BTreeMap::new(),
        };
        let (flow, _) = Flow::start(&plan, at(0));
        let mut breakers = breakers;
        let delivery = Delivery::start(Arc::clone(&plan), at(0), [0; MAX_ATTEMPTS], &mut breakers);
        let mut first = State { delivery, breakers, flow, turned_down: Vec::new(), holders: Vec::new(), now: 0 };
        walk.settle(&mut first);
        walk.come_to(first);
        while let Some(state) = walk.ahead.pop() {
            walk.try_everything(&state);
        }
        walk
    }

    fn try_everything(&mut self, state: &State) {
        for attempt in 0..=state.delivery.flow().attempts() {
            for status in [Status::Queued, Delivered, Undelivered, Failed] {
                let holder = state.holders.get(usize::from(attempt)).copied().flatten();
                self.try_input(state, Input::Report { attempt, provider: holder.unwrap_or(9), status });
            }
            for provider in 0..3 {
                self.try_input(state, Input::Rejected { attempt, provider, retry_after: Span::ZERO });
            }
        }
        self.try_input(state, Input::Tick);
        if state.delivery.wake_at(&state.breakers).is_some_and(|wake| at(state.now) < wake) {
            self.edges += 1;
            self.come_to(State { now: state.now + 1, ..state.clone() });
        }
    }

    fn try_input(&mut self, state: &State, input: Input) {
        self.edges += 1;
        let mut next = state.clone();
        let (now, holder) = (at(state.now), |attempt: u8| state.holders.get(usize::from(attempt)).copied().flatten());
        match input {
            Input::Report { attempt, status, .. } => {
                self.tell_flow(&mut next, |flow, plan| flow.report(plan, now, attempt, status, &mut ()))
            }
            Input::Tick => self.tell_flow(&mut next, |flow, plan| flow.timeout(plan, now, &mut ())),
            Input::Rejected { attempt, provider, .. }
                if holder(attempt) == Some(provider) && !state.flow.message(attempt).is_some_and(Status::is_final) =>
            {
                next.turned_down[usize::from(attempt)].push(provider);
                next.holders[usize::from(attempt)] = None;
                let is_current = state.flow.current_attempt() == Some(attempt) && state.flow.message(attempt).is_none();
                if !is_current {
                    self.tell_flow(&mut next, |flow, plan| flow.report(plan, now, attempt, Failed, &mut ()));
                }
            }
            _ => {}
        }
        next.delivery.handle(now, input, &mut next.breakers);
        self.settle(&mut next);
        let is_stale = matches!(input, Input::Rejected { attempt, provider, .. }
            if holder(attempt) != Some(provider) || state.flow.message(attempt).is_some_and(Status::is_final));
        assert!(!is_stale || next.delivery == state.delivery, "who does not have an attempt cannot reject it");
        self.come_to(next);
    }

    fn tell_flow(&self, state: &mut State, tell: impl FnOnce(&mut Flow, &FlowPlan) -> Command) {
        let _ = tell(&mut state.flow, &self.plan);
    }

    /// Takes the delivery's outputs and checks them against the rules.
    fn settle(&mut self, state: &mut State) {
        let was_over = state.flow.status() != FlowStatus::InProgress;
        while let Some(output) = state.delivery.poll() {
            match output {
                Output::Submit { attempt, step, provider } => {
                    self.note("submitted");
                    let place = self.attempt(state, attempt);
                    assert!(!was_over, "nothing is submitted after the end");
                    assert_eq!(state.holders[place], None, "an attempt is with one provider at a time");
                    let members = self.plan.step(step).pool.members();
                    let tried = state.turned_down[place].len();
                    assert_eq!(&members[..tried], &state.turned_down[place][..], "in the order of the pool");
                    assert_eq!(members[tried], provider, "the first that has not turned it down");
                    state.holders[place] = Some(provider);
                }
                Output::Notify {
                    notice: Notice::TurnedDown { attempt, provider, why: TurnedDown::NotPermitted },
                    ..
                } => {
                    self.note("not permitted");
                    assert!(state.breakers.rules(provider).is_some(), "only a circuit denies");
                    let place = self.attempt(state, attempt);
                    state.turned_down[place].push(provider);
                }
                Output::Cancel { attempt, provider } => {
                    self.note("cancelled");
                    assert_eq!(state.holders[usize::from(attempt)], Some(provider), "who has it is told");
                }
                _ => {}
            }
            self.all_turned_down(state);
        }
        self.all_turned_down(state);
        let (ours, theirs) = (state.delivery.flow(), &state.flow);
        let facts = |flow: &Flow| {
            let messages: Vec<_> = (0..flow.attempts()).map(|a| (flow.step_of(a), flow.message(a))).collect();
            (flow.status(), flow.step(), flow.deadline(), messages)
        };
        assert_eq!(facts(ours), facts(theirs), "a flow that hears of failures alone is where the delivery is");
        let waits_for_a_report = ours.status() == FlowStatus::InProgress;
        let can_go_on = state.delivery.is_over() || state.delivery.wake_at(&state.breakers).is_some();
        assert!(can_go_on || waits_for_a_report, "a driver would wait for nothing: {:?}", state.delivery);
        match ours.status() {
            FlowStatus::Succeeded => self.note("succeeded"),
            FlowStatus::Failed(_) => self.note("failed"),
            FlowStatus::InProgress => {}
        }
    }

    /// An attempt rejected by the whole pool has failed.
    fn all_turned_down(&mut self, state: &mut State) {
        for attempt in 0..state.turned_down.len() {
            let members = self.plan.step(state.flow.step_of(attempt as u8)).pool.members().len();
            if state.turned_down[attempt].len() == members && state.flow.message(attempt as u8).is_none() {
                self.note("turned down by all");
                let now = at(state.now);
                self.tell_flow(state, |flow, plan| flow.report(plan, now, attempt as u8, Failed, &mut ()));
            }
        }
    }

    fn attempt(&self, state: &mut State, attempt: u8) -> usize {
        let place = usize::from(attempt);
        state.turned_down.resize(state.turned_down.len().max(place + 1), Vec::new());
        state.holders.resize(state.holders.len().max(place + 1), None);
        place
    }

    fn note(&mut self, what: &'static str) {
        *self.reached.entry(what).or_default() += 1;
    }

    fn come_to(&mut self, state: State) {
        let json =
            serde_json::to_string(&(state.delivery.state(), &state.breakers, state.now)).expect("it is plain data");
        let (kept, breakers, _): (_, Breakers, i64) = serde_json::from_str(&json).expect("what was written is read");
        let again = Delivery::resume(Arc::clone(&self.plan), kept, &breakers).expect("a state of this plan");
        assert!(again == state.delivery && breakers == state.breakers, "what is kept comes back: {json}");
        if self.known.insert(json) {
            self.ahead.push(state);
        }
    }
}

/// Two gateways and a spare one; circuits open at the first failure, for two ticks. Then a step over two of them.
#[test]
fn every_delivery_keeps_the_rules_in_every_order_of_events() {
    let rules = BreakerRules {
        window: ticks(10),
        at_least: 1,
        open_at: 0.5,
        open_for: ticks(2),
        probes: 1,
        missing_after: ticks(2),
        failures: StatusSet::of(&[Failed]),
    };
    let via = |members: Vec<usize>| StepRules::via(Pool::first_of(members), "sms").with_ttl(ticks(3));
    let plan = |steps| FlowPlan::new(steps, LateDelivery::Finish, Span::UNLIMITED).expect("rules that make sense");
    let plans = [
        plan(vec![via(vec![0, 1, 2])]),
        plan(vec![via(vec![1, 0]), via(vec![0, 2])]),
        plan(vec![StepRules { attempts: 2, retry_after: ticks(1), ..via(vec![0, 1]) }]),
    ];
    let circuits = [vec![], vec![Some(rules)], vec![Some(rules), Some(rules)], vec![Some(rules), None, Some(rules)]];
    let (mut states, mut edges, mut reached) = (0, 0, BTreeMap::new());
    for plan in plans {
        for circuits in &circuits {
            let walk = Walk::over(plan.clone(), Breakers::new(circuits).expect("rules that make sense"));
            (states, edges) = (states + walk.known.len(), edges + walk.edges);
            walk.reached.into_iter().for_each(|(what, count)| *reached.entry(what).or_insert(0) += count);
        }
    }
    assert!(states >= 5_000 && edges >= 100_000, "the walk has shrunk: {states} states, {edges} edges");
    for what in ["submitted", "not permitted", "turned down by all", "cancelled", "succeeded", "failed"] {
        assert!(reached.contains_key(what), "never {what}: {reached:?}");
    }
}

// ---------------------------------------------------------------- breakers, and saved state

/// Each permit gets one result: the first final report or, without one, a failure after `missing_after`; later reports are ignored.
#[test]
fn a_permit_is_answered_once() {
    let rules = BreakerRules { at_least: 2, missing_after: span(10.0), ..BreakerRules::DEFAULT };
    let step = StepRules::via(Pool::single(0), "sms").with_ttl(Span::UNLIMITED);
    let plan = Arc::new(FlowPlan::new(vec![step], LateDelivery::Finish, Span::UNLIMITED).expect("a plan"));
    let seconds = |s: f64| Time::from_secs_f64(s);
    let mut breakers = Breakers::new(&[Some(rules)]).expect("rules that make sense");
    let mut all: Vec<_> =
        (0..2).map(|_| Delivery::start(Arc::clone(&plan), seconds(0.0), [0; MAX_ATTEMPTS], &mut breakers)).collect();
    assert!(all.iter().all(|delivery| delivery.wake_at(&breakers) == Some(seconds(10.0))));
    all[0].handle(seconds(10.0), Input::Tick, &mut breakers);
    all[0].handle(seconds(11.0), Input::Report { attempt: 0, provider: 0, status: Failed }, &mut breakers);
    assert!(!breakers.is_open(0, seconds(11.0)), "one failure is one failure");
    all.iter_mut().for_each(|delivery| while delivery.poll().is_some() {});
    assert!(all[0].is_over() && !all[1].is_over());
    all[1].handle(seconds(12.0), Input::Waits { attempt: 0, provider: 0 }, &mut breakers);
    assert_eq!(all[1].wake_at(&breakers), None, "what waits in the sender's own queue is not missing");
    all[1].handle(seconds(20.0), Input::Departed { attempt: 0, provider: 0 }, &mut breakers);
    assert_eq!(all[1].wake_at(&breakers), Some(seconds(30.0)));
    all[1].handle(seconds(30.0), Input::Tick, &mut breakers);
    assert!(breakers.is_open(0, seconds(30.0)));
}

#[test]
fn a_step_that_stops_waiting_recalls_its_attempt() {
    let steps = [0, 1].map(|provider| StepRules::via(Pool::single(provider), "voice").with_ttl(span(5.0)));
    let triggers = StatusSet::of(&[Status::Expired]);
    let steps = steps.map(|rules| StepRules { failover_on: triggers, ..rules }).to_vec();
    let plan = Arc::new(FlowPlan::new(steps, LateDelivery::Finish, Span::UNLIMITED).expect("a plan"));
    let mut breakers = Breakers::default();
    let mut delivery = Delivery::start(plan, Time::ZERO, [0; MAX_ATTEMPTS], &mut breakers);
    while delivery.poll().is_some() {}
    delivery.handle(Time::from_secs_f64(5.0), Input::Tick, &mut breakers);
    let said: Vec<_> = std::iter::from_fn(|| delivery.poll()).filter(|o| !matches!(o, Output::Notify { .. })).collect();
    let expected = [Output::Cancel { attempt: 0, provider: 0 }, Output::Submit { attempt: 1, step: 1, provider: 1 }];
    assert_eq!(said, expected);
}

#[test]
fn a_state_of_another_plan_is_rejected() {
    let step = || StepRules::via(Pool::single(0), "sms").with_ttl(span(5.0));
    let plan = |steps| Arc::new(FlowPlan::new(steps, LateDelivery::Finish, Span::UNLIMITED).expect("a plan"));
    let mut breakers = Breakers::default();
    let mut delivery = Delivery::start(plan(vec![step(), step()]), Time::ZERO, [0; MAX_ATTEMPTS], &mut breakers);
    delivery.handle(Time::from_secs_f64(5.0), Input::Tick, &mut breakers);
    assert_eq!(Delivery::resume(plan(vec![step()]), delivery.state().clone(), &breakers), Err(StateError::Step));
}

/// A state from which a changed plan could make more attempts than a flow may is rejected on resuming.
#[test]
fn a_state_that_would_make_too_many_attempts_is_rejected() {
    let step = |attempts| StepRules { attempts, ..StepRules::via(Pool::single(0), "sms").with_ttl(span(5.0)) };
    let plan = |steps| Arc::new(FlowPlan::new(steps, LateDelivery::Finish, Span::UNLIMITED).expect("a plan"));
    let mut breakers = Breakers::default();
    let mut delivery = Delivery::start(plan(vec![step(12), step(1)]), Time::ZERO, [0; MAX_ATTEMPTS], &mut breakers);
    for attempt in 0..11 {
        delivery.handle(Time::ZERO, Input::Report { attempt, provider: 0, status: Failed }, &mut breakers);
    }
    assert_eq!(delivery.flow().attempts(), 12);
    let resume = |steps| Delivery::resume(plan(steps), delivery.state().clone(), &breakers).map(|_| ());
    assert_eq!(resume(vec![step(12), step(1)]), Ok(()));
    assert_eq!(resume(vec![step(1), step(12)]), Err(StateError::Attempts));
}

/// A late delivery ends the flow while another attempt waits for a line. The attempt is recalled when the step would have ended.
#[test]
fn an_attempt_that_waits_is_recalled_though_the_flow_has_ended() {
    let rules = BreakerRules { at_least: 1, failures: StatusSet::of(&[Status::Expired]), ..BreakerRules::DEFAULT };
    let steps = [0, 1].map(|provider| StepRules::via(Pool::single(provider), "sms").with_ttl(span(5.0)));
    let plan = Arc::new(FlowPlan::new(steps.to_vec(), LateDelivery::Finish, Span::UNLIMITED).expect("a plan"));
    let mut breakers = Breakers::new(&[None, Some(rules)]).expect("rules that make sense");
    let seconds = |s: f64| Time::from_secs_f64(s);
    let mut delivery = Delivery::start(plan, seconds(0.0), [0; MAX_ATTEMPTS], &mut breakers);
    delivery.handle(seconds(5.0), Input::Tick, &mut breakers);
    delivery.handle(seconds(5.0), Input::Waits { attempt: 1, provider: 1 }, &mut breakers);
    delivery.handle(seconds(6.0), Input::Report { attempt: 0, provider: 0, status: Delivered }, &mut breakers);
    while delivery.poll().is_some() {}
    assert_eq!((delivery.status(), delivery.is_over()), (FlowStatus::Succeeded, false));
    assert_eq!(delivery.wake_at(&breakers), Some(seconds(10.0)));
    delivery.handle(seconds(10.0), Input::Tick, &mut breakers);
    assert_eq!(delivery.poll(), Some(Output::Cancel { attempt: 1, provider: 1 }));
    assert!(delivery.is_over() && breakers.is_open(1, seconds(10.0)));
}

/// A report from a provider that rejected the attempt updates the message, and does not count for the breaker of the next provider.
#[test]
fn a_breaker_hears_only_of_its_own_attempts() {
    let rules = BreakerRules { at_least: 1, ..BreakerRules::DEFAULT };
    let step = StepRules::via(Pool::first_of(vec![0, 1]), "sms").with_ttl(span(60.0));
    let plan = Arc::new(FlowPlan::new(vec![step], LateDelivery::Finish, Span::UNLIMITED).expect("a plan"));
    let mut breakers = Breakers::new(&[None, Some(rules)]).expect("rules that make sense");
    let mut delivery = Delivery::start(plan, Time::ZERO, [0; MAX_ATTEMPTS], &mut breakers);
    delivery.handle(Time::ZERO, Input::Rejected { attempt: 0, provider: 0, retry_after: Span::ZERO }, &mut breakers);
    delivery.handle(Time::ZERO, Input::Report { attempt: 0, provider: 0, status: Failed }, &mut breakers);
    assert!(!breakers.is_open(1, Time::ZERO));
    assert_eq!(delivery.flow().message(0), Some(Failed));
}

#[test]
fn invalid_breaker_rules_are_rejected() {
    let with = |change: fn(&mut BreakerRules)| {
        let mut rules = BreakerRules::DEFAULT;
        change(&mut rules);
        Breakers::new(&[Some(rules)]).map(|_| ())
    };
    assert_eq!(with(|_| {}), Ok(()));
    assert_eq!(with(|rules| rules.probes = 0), Err(BreakerError::Zero));
    assert_eq!(with(|rules| rules.open_at = f64::NAN), Err(BreakerError::Share));
    assert_eq!(with(|rules| rules.window = Span::from_micros(-1)), Err(BreakerError::NegativeSpan));
    let kept =
        serde_json::to_string(&Breakers::new(&[Some(BreakerRules::DEFAULT)]).expect("sound")).expect("plain data");
    assert!(serde_json::from_str::<Breakers>(&kept).is_ok());
    assert!(serde_json::from_str::<Breakers>(&kept.replace("\"probes\":10", "\"probes\":0")).is_err());
}
