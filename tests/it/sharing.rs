//! Contended runs, compared with independent runs, with one another, and with recipients traced one by one.

use crate::build::{
    change_steps, constant, exponential, outcome, plan, provider, random_cases, scenario, secs, share, span, step,
    stream,
};
use crate::random_scenario::{case, shared_case};
use crate::three_plans::three_plans;
use failsim::engine::{self, BreakerRules, Pool, StepRules};
use failsim::provider::{Capacity, Discipline, Effect, Outage, ProviderSpec, QueueAt, Reports, When};
#[cfg(feature = "report")]
use failsim::report::{self, CsvForm};
use failsim::scenario::Scenario;
use failsim::sim::Progress;
use failsim::status::FlowStatus;
use failsim::status::Status;
use failsim::status::Status::{Delivered, Failed};
use failsim::study::{Event, Intervals, ProviderResult, RunOutput, TraceTarget, compare, trace};
use failsim::traffic::Arrivals;
use failsim::units::{Rate, Span, Time};
use proptest::prelude::*;

fn simulate(scenario: &Scenario, replications: u32) -> RunOutput {
    compare(scenario, replications, &Progress::default()).expect("nobody stops it")
}

/// More capacity than can be used.
const PLENTY: Capacity = Capacity { concurrent: Some(10_000_000), ..Capacity::UNLIMITED };

/// The scenario with more capacity at every provider than it can use.
fn with_plenty(scenario: &Scenario, order: Discipline) -> Scenario {
    let mut scenario = scenario.clone();
    scenario.providers.iter_mut().for_each(|provider| provider.capacity = Some(Capacity { order, ..PLENTY }));
    scenario
}

/// The scenario with very little capacity.
fn scarce() -> Scenario {
    let mut scenario = three_plans(3_000);
    for (i, provider) in scenario.providers.iter_mut().enumerate() {
        let rate = Rate::new(1 + i as u64, 0, Span::from_micros(1_000_000));
        provider.capacity = Some(Capacity { rate, ..Capacity::UNLIMITED });
    }
    scenario
}

// ---------------------------------------------------------------- no waiting

proptest! {
    #![proptest_config(random_cases(24))]

    /// Byte for byte, results.json and results.csv equal those of independent recipients.
    #[test]
    fn capacity_that_is_never_reached_changes_no_byte(case in case(), replications in 1..=2_u32) {
        for order in [Discipline::Fifo, Discipline::Priority] {
            let with = simulate(&with_plenty(&case.scenario, order), replications);
            let without = simulate(&case.scenario, replications);
            prop_assert!(with.results == without.results);
            #[cfg(feature = "report")]
            prop_assert!(report::json(&with.results) == report::json(&without.results));
            #[cfg(feature = "report")]
            prop_assert!(report::csv(&with.results, CsvForm::Long) == report::csv(&without.results, CsvForm::Long));
            prop_assert!(with.figure_data == without.figure_data);
        }
    }
}

/// Ensures that the property above has something to compare: capacity limits that matter change the results.
#[test]
fn capacity_that_is_reached_does_change_something() {
    let (scarce, plenty) = (scarce(), with_plenty(&scarce(), Discipline::Fifo));
    let [scarce, plenty] = [scarce, plenty].map(|scenario| simulate(&scenario, 1).results);
    assert!(scarce.plans[0].in_time.share < 0.5 * plenty.plans[0].in_time.share);
    assert_eq!(scarce.scenario.intervals, Intervals::Unknown);
    assert_eq!(plenty.scenario.intervals, Intervals::FromRecipients);
}

/// A stream alone has the same results as beside another that uses other providers.
#[test]
fn streams_without_common_providers_do_not_affect_one_another() {
    let mut both = scarce();
    both.streams[0].name = "here".to_owned();
    let alone = simulate(&both, 1).results;
    both.providers.push(provider("elsewhere", vec![outcome(Delivered, 1.0, constant(1.0))]));
    both.breakers.push(None);
    let mut other = stream("there", 5_000, Arrivals::Blast);
    other.plan = Some(plan("own", vec![(both.providers.len() - 1, step(span(30.0)))]));
    both.streams.push(other);
    let results = simulate(&both, 1).results;
    let [here, there] = &results.groups[..] else { panic!("two streams") };
    assert_eq!((&here.plans, &here.comparisons), (&alone.plans, &alone.comparisons));
    assert!(there.plans.iter().all(|plan| plan.delivered.share == 1.0), "{there:?}");
    assert_eq!((&here.plan, there.plan.as_deref()), (&None, Some("own")));
}

// ---------------------------------------------------------------- threads

proptest! {
    #![proptest_config(random_cases(16))]

    #[test]
    fn any_number_of_threads_finds_the_same(case in shared_case()) {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be had");
            pool.install(|| simulate(&case.scenario, 3))
        };
        let one = with(1);
        for threads in [2, 5] {
            let many = with(threads);
            prop_assert!(many == one, "{} threads find something else than one", threads);
        }
    }
}

#[test]
fn a_contended_run_is_the_same_for_any_number_of_threads() {
    let mut scenario = scarce();
    scenario.set_recipients(150_000).expect("it can be so many");
    scenario.providers.iter_mut().for_each(|provider| {
        let rate = Rate::new(700, 0, Span::from_micros(1_000_000));
        provider.capacity = provider.capacity.map(|capacity| Capacity { rate, ..capacity });
    });
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be had");
        pool.install(|| simulate(&scenario, 1))
    };
    let one = with(1);
    assert!(one.results.plans.iter().any(|plan| plan.providers.iter().any(|p| p.wait_mean_s > 0.0)));
    assert!(with(2) == one && with(3) == one);
}

// ---------------------------------------------------------------- distant times

/// Seven attempts that all fail at once, with waits that grow tenfold from one day: the flow ends after 111 111 days, 304 years,
/// and no attempt is made before its time.
#[test]
fn attempts_centuries_ahead_are_made_at_their_time() {
    let day = span(86_400.0);
    let rules = StepRules { attempts: 7, retry_after: day, backoff: 10 * StepRules::STEADY, ..step(Span::UNLIMITED) };
    let failing = provider("a", vec![outcome(Failed, 1.0, constant(0.0))]);
    let mut scenario = scenario(500, vec![failing], vec![plan("patient", vec![(0, rules)])]);
    // With a breaker, even one that never opens, recipients are contended.
    let never_opens = BreakerRules { at_least: u32::MAX, ..BreakerRules::DEFAULT };
    scenario.breakers = vec![Some(never_opens)];
    scenario.streams[0].traffic.arrivals = Arrivals::Spread { over: span(1_000.0) };
    let plan = &simulate(&scenario, 1).results.plans[0];
    assert_eq!((plan.steps[0].attempts.0, plan.unresolved.0), (3_500.0, 0.0));
    assert_eq!(plan.last_end_s, Some(111_111.0 * 86_400.0 + 999.0));
}

// ---------------------------------------------------------------- one recipient

proptest! {
    #![proptest_config(random_cases(48))]

    /// Recipients traced one by one add up to the counts of the run; also if all come at once, so that they meet the limits of providers, and
    /// reports go wrong on their way.
    #[test]
    fn traced_recipients_add_up_to_their_run(case in shared_case(), is_strained in any::<bool>()) {
        let mut scenario = case.scenario;
        scenario.webhook = engine::Strategy::OnChange;
        scenario.set_recipients(scenario.streams.len() as u64 * 12).expect("it can be so few");
        if is_strained {
            scenario.streams.iter_mut().for_each(|stream| stream.traffic.arrivals = Arrivals::Blast);
            let half = share(0.5);
            let reports = Reports { doubled: half, reordered: half, contradicted: half };
            scenario.providers.iter_mut().for_each(|provider| provider.reports = reports);
        }
        let found = simulate(&scenario, 1).results;
        for (p, plan) in found.plans.iter().enumerate() {
            for (s, target) in scenario.streams.iter().enumerate() {
                let of_stream = found.stream(s).map_or(plan, |group| &group.plans[p]);
                let histories = (0..target.traffic.recipients).map(|recipient| {
                    trace(&scenario, TraceTarget { plan: p, stream: s, recipient, replication: 0 })
                });
                let histories: Vec<_> = histories.collect();
                let number = |holds: &dyn Fn(&failsim::study::Trace) -> bool| histories.iter().filter(|history| holds(history)).count() as f64;
                prop_assert_eq!(number(&|history| history.deliveries > 0), of_stream.delivered.count.0);
                prop_assert_eq!(number(&|history| history.deliveries > 1), of_stream.duplicates.count.0);
                prop_assert_eq!(number(&|history| history.status == FlowStatus::Succeeded), of_stream.succeeded.count.0);
                let cost: f64 = histories.iter().map(|history| history.cost.as_micros() as f64 / 1e6).sum();
                prop_assert!((cost - of_stream.cost.total).abs() < 1e-6);
                let events = || histories.iter().flat_map(|history| &history.events).map(|(_, event)| event);
                let sum = |of: &dyn Fn(&ProviderResult) -> f64| of_stream.providers.iter().map(of).sum::<f64>();
                let expired = events().filter(|event| matches!(event, Event::ExpiredInQueue(_))).count();
                let cancelled = events().filter(|event| matches!(event, Event::Cancelled(_))).count();
                prop_assert_eq!(expired as f64, sum(&|provider| provider.expired_in_queue.0));
                prop_assert_eq!(cancelled as f64, sum(&|provider| provider.cancelled.0));
                let carried = |strategy: engine::Strategy| {
                    events().filter(|event| matches!(event, Event::Noticed(notice) if strategy.carries(notice))).count() as f64
                };
                let callbacks = of_stream.callbacks;
                prop_assert_eq!(carried(engine::Strategy::OnChange), callbacks.on_change.expect("they are counted").0);
                prop_assert_eq!(carried(engine::Strategy::OnCompletion), callbacks.on_completion.0);
            }
        }
    }
}

// ---------------------------------------------------------------- pools and outages

/// A weighted choice is made in proportion to the weights: of n attempts, the share of a provider with weight w has the standard
/// error sqrt(w (1 - w) / n).
#[test]
fn weights_share_out_the_attempts() {
    let n = 200_000;
    let names = ["a", "b", "c"];
    let providers = names.map(|name| ProviderSpec {
        channel: "sms".to_owned(),
        ..provider(name, vec![outcome(Delivered, 1.0, constant(1.0))])
    });
    let mut scenario = scenario(n, providers.into(), vec![plan("weighted", vec![(0, step(span(60.0)))])]);
    change_steps(&mut scenario.plans[0], |steps| steps[0].pool = Pool::weighted(vec![(0, 5.0), (1, 3.0), (2, 2.0)]));
    let found = simulate(&scenario, 1).results;
    for (provider, weight) in found.plans[0].providers.iter().zip([0.5, 0.3, 0.2]) {
        let bound = 4.5 * (weight * (1.0 - weight) / n as f64).sqrt();
        let share = provider.attempts.0 / n as f64;
        assert!((share - weight).abs() < bound, "{share}, not {weight} ± {bound}");
    }
}

/// When the first of two rejects, the second takes over: of 20 evenly spaced attempts in a second, a provider of 10/s accepts every
/// other one, one of 5/s every other of the rest, and a quarter is rejected by both.
#[test]
fn the_second_provider_takes_what_the_first_rejects() {
    let per_second = |rate: u64| Capacity {
        rate: Rate::new(rate, 0, Span::from_micros(1_000_000)),
        burst: Some(1),
        queue: 0,
        ..Capacity::UNLIMITED
    };
    let named = |name: &str, rate| ProviderSpec {
        channel: "sms".to_owned(),
        capacity: Some(per_second(rate)),
        ..provider(name, vec![outcome(Delivered, 1.0, constant(1.0))])
    };
    let mut scenario =
        scenario(20_000, vec![named("a", 10), named("b", 5)], vec![plan("pool", vec![(0, step(span(60.0)))])]);
    scenario.streams[0].traffic.arrivals = Arrivals::Spread { over: span(1_000.0) };
    change_steps(&mut scenario.plans[0], |steps| steps[0].pool = Pool::first_of(vec![0, 1]));
    let plan = simulate(&scenario, 1).results.plans.remove(0);
    assert!((plan.delivered.count.0 - 15_000.0).abs() <= 2.0, "{:?}", plan.delivered);
    let [a, b] = &plan.providers[..] else { panic!("two providers") };
    assert!((a.rejected.0 - 10_000.0).abs() <= 2.0 && (b.rejected.0 - 5_000.0).abs() <= 2.0, "{a:?} {b:?}");
    assert!((a.delivered.0 - 10_000.0).abs() <= 2.0 && (b.delivered.0 - 5_000.0).abs() <= 2.0);
}

/// Random outages of 100 s on average, 900 s apart, hit a tenth of the attempts in the long run. Over 60 replications of 100 cycles
/// that share has the standard error 0.09 sqrt(2 / 6000) = 0.0016, and each replication has its own outages.
#[test]
fn random_outages_take_their_share() {
    let when = When::Random { between: span(900.0), lasting: span(100.0) };
    let mut provider = provider("sms", vec![outcome(Delivered, 1.0, constant(0.001))]);
    provider.outages =
        vec![Outage { when, effect: Effect::Fail, share: share(1.0), segments: failsim::status::SegmentSet::ALL }];
    let mut scenario = scenario(20_000, vec![provider], vec![plan("p", vec![(0, step(span(60.0)))])]);
    scenario.streams[0].traffic.arrivals = Arrivals::Uniform { over: span(100_000.0) };
    let results = simulate(&scenario, 60).results;
    let delivered = &results.plans[0].delivered;
    assert_eq!(results.scenario.intervals, Intervals::FromReplications);
    // A run starts without an outage, which delays the first by less than one cycle in a hundred.
    assert!((delivered.share - 0.9).abs() < 4.5 * 0.0016 + 0.001, "{delivered:?}");
    let reach = delivered.high.zip(delivered.low).map(|(high, low)| (high - low) / 2.0).expect("replications tell");
    assert!(reach > 0.0016 && reach < 0.006, "the interval is that of outages, not of recipients: {reach}");
}

/// All recipients arrive in the first hour, but attempts are made for weeks: the outages of that time must not depend on which other
/// plans are simulated, and how long those take. Each of twenty attempts meets an outage with probability 1/10, and a plan delivers
/// nothing except with its last attempt.
#[test]
fn outages_of_stragglers_do_not_depend_on_other_plans() {
    let when = When::Random { between: span(9_000.0), lasting: span(1_000.0) };
    let mut late = provider("late", vec![outcome(Delivered, 1.0, constant(0.001))]);
    late.outages =
        vec![Outage { when, effect: Effect::Fail, share: share(1.0), segments: failsim::status::SegmentSet::ALL }];
    let slow = provider("slow", vec![outcome(Failed, 1.0, exponential(600_000.0))]);
    let straggling = plan("straggling", vec![(1, step(Span::UNLIMITED)), (0, step(span(60.0)))]);
    let patient = plan("patient", vec![(0, step(span(3_000_000.0))), (1, step(span(3_000_000.0)))]);
    let both = scenario(20_000, vec![late, slow], vec![straggling, patient]);
    let mut alone = both.clone();
    alone.keep_plans(&["straggling".to_owned()]).expect("it is there");
    let [both, alone] = [both, alone].map(|scenario| simulate(&scenario, 20).results.plans.remove(0));
    assert_eq!(both, alone);
    // One in twenty outage cycles is met by most recipients: over 20 replications some 5 000 cycles are met.
    let bound = 4.5 * 0.09 * (2.0 / 5_000.0_f64).sqrt() + 0.003;
    assert!((alone.delivered.share - 0.9).abs() < bound, "{:?} ± {bound}", alone.delivered.share);
}

/// Ten messages at once, of which one departs each second. The engine waits 5 s for them, or 8 s with a validity of 5 s: those that
/// would depart after 6 to 9 s are recalled, or expire. Without a ttl, those of a provider that stops for good after 5.5 s stay queued.
#[test]
fn attempts_that_wait_in_vain_count_by_what_ends_their_wait() {
    let orders = [Discipline::Fifo, Discipline::Priority, Discipline::NewestFirst];
    for order in orders {
        let counts = |queue_at, ttl, validity, stops: bool| {
            let queue_at = Some(queue_at);
            let mut sms = provider("sms", vec![outcome(Delivered, 1.0, constant(0.0))]);
            let rate = Rate::new(1, 0, Span::from_micros(1_000_000));
            sms.capacity = Some(Capacity { rate, order, queue_at, ..Capacity::UNLIMITED });
            if stops {
                let at = |s: f64| Time::ZERO.after(span(s));
                let when = When::Window { from: at(5.5), to: at(15.5), every: span(10.0) };
                sms.outages = vec![Outage {
                    when,
                    effect: Effect::Throttle { millionths: 0 },
                    share: share(1.0),
                    segments: failsim::status::SegmentSet::ALL,
                }];
            }
            let mut scenario = scenario(10, vec![sms], vec![plan("p", vec![(0, step(ttl))])]);
            change_steps(&mut scenario.plans[0], |steps| steps[0].validity = validity);
            let of = simulate(&scenario, 1).results.plans.remove(0).providers.remove(0);
            assert_eq!(of.attempts.0, 10.0);
            [of.departed, of.expired_in_queue, of.cancelled, of.still_queued].map(|count| count.0)
        };
        let (five, eight, no_end) = (span(5.0), span(8.0), Span::UNLIMITED);
        let (sender, provider) = (QueueAt::Sender, QueueAt::Provider);
        assert_eq!(counts(sender, five, five, false), [6.0, 0.0, 4.0, 0.0], "{order:?}");
        assert_eq!(counts(sender, five, no_end, false), [6.0, 0.0, 4.0, 0.0], "{order:?}");
        assert_eq!(counts(sender, eight, five, false), [6.0, 4.0, 0.0, 0.0], "{order:?}");
        assert_eq!(counts(sender, no_end, no_end, true), [6.0, 0.0, 0.0, 4.0], "{order:?}");
        // Nobody can recall them: they expire when their validity ends, or depart.
        assert_eq!(counts(provider, five, five, false), [6.0, 4.0, 0.0, 0.0], "{order:?}");
        assert_eq!(counts(provider, five, no_end, false), [10.0, 0.0, 0.0, 0.0], "{order:?}");
        assert_eq!(counts(provider, five, eight, false), [9.0, 1.0, 0.0, 0.0], "{order:?}");
        assert_eq!(counts(provider, five, no_end, true), [6.0, 0.0, 0.0, 4.0], "{order:?}");
    }
}

// ---------------------------------------------------------------- circuit breakers

/// One message in ten leaves a provider of 1/s before the step's ttl of 10 s is over; each message that leaves is delivered at once.
fn overloaded(failures: &[Status]) -> Scenario {
    let mut sms = provider("sms", vec![outcome(Delivered, 1.0, constant(0.0))]);
    let rate = Rate::new(1, 0, Span::from_micros(1_000_000));
    sms.capacity = Some(Capacity { rate, ..Capacity::UNLIMITED });
    let mut scenario = scenario(10_000, vec![sms], vec![plan("p", vec![(0, step(span(10.0)))])]);
    scenario.streams[0].traffic.arrivals = Arrivals::Spread { over: span(1_000.0) };
    let failures = failures.iter().copied().collect();
    scenario.breakers = vec![Some(BreakerRules { at_least: 10, failures, ..BreakerRules::DEFAULT })];
    scenario
}

/// A message that expires in the queue is a failure where `failures` contains that status, and not otherwise.
#[test]
fn a_breaker_counts_attempts_that_never_left_by_their_status() {
    for order in [Discipline::Fifo, Discipline::Priority] {
        let opened = |failures: &[Status]| {
            let mut scenario = overloaded(failures);
            scenario.providers[0].capacity = scenario.providers[0].capacity.map(|c| Capacity { order, ..c });
            let provider = simulate(&scenario, 1).results.plans.remove(0).providers.remove(0);
            assert!(provider.expired_in_queue.0 > 100.0, "{provider:?}");
            provider.circuit_opened.0
        };
        assert_eq!(opened(&[Failed]), 0.0);
        assert_eq!(opened(&[Failed, Status::Undelivered]), 0.0);
        assert!(opened(&[Failed, Status::Expired]) > 0.0);
    }
}

/// Everything fails for a minute, and the circuit opens. Then the capacity is zero: the probes wait indefinitely, without a ttl. They
/// count as failed a minute after they were sent; once the provider has recovered, new ones close the circuit.
#[test]
fn probes_that_wait_indefinitely_do_not_keep_a_circuit_half_open() {
    let mut sms = provider("sms", vec![outcome(Delivered, 1.0, constant(0.0))]);
    let window = |from_s, to_s| When::Window { from: secs(from_s), to: secs(to_s), every: Span::UNLIMITED };
    sms.outages = vec![
        Outage {
            when: window(0.0, 60.0),
            effect: Effect::Fail,
            share: share(1.0),
            segments: failsim::status::SegmentSet::ALL,
        },
        Outage {
            when: window(60.0, 1_000.0),
            effect: Effect::Throttle { millionths: 0 },
            share: share(1.0),
            segments: failsim::status::SegmentSet::ALL,
        },
    ];
    // Waiting messages hold both places of the queue; all others are rejected, and that is not a failure.
    sms.capacity = Some(Capacity { concurrent: Some(5), queue: 2, order: Discipline::Priority, ..Capacity::UNLIMITED });
    let mut scenario = scenario(2_000, vec![sms], vec![plan("p", vec![(0, step(Span::UNLIMITED))])]);
    scenario.streams[0].traffic.arrivals = Arrivals::Spread { over: span(2_000.0) };
    let rules = BreakerRules { at_least: 10, probes: 2, open_for: span(30.0), ..BreakerRules::DEFAULT };
    scenario.breakers = vec![Some(rules)];
    let plan = simulate(&scenario, 1).results.plans.remove(0);
    // From 1 000 s on, plus at most one more round of 30 s and one of 60 s, everything is delivered.
    assert!(plan.delivered.count.0 >= 900.0, "{:?}, blocked {:?}", plan.delivered, plan.providers[0].not_permitted);
    assert!(plan.providers[0].circuit_opened.0 > 3.0);
}

// ---------------------------------------------------------------- intervals

/// One plan delivers to everybody, the other only to those that its provider with one line can serve: none, or one of five. The mean
/// difference is close to 1, and no difference of shares is larger than that.
#[test]
fn no_interval_of_a_difference_goes_beyond_one() {
    let sure = provider("sure", vec![outcome(Delivered, 1.0, constant(1.0))]);
    let mut rare = provider("rare", vec![outcome(Delivered, 0.1, constant(1.0))]);
    rare.capacity = Some(Capacity { concurrent: Some(1), queue: 0, ..Capacity::UNLIMITED });
    let plans = vec![plan("rare", vec![(1, step(span(9.0)))]), plan("sure", vec![(0, step(span(9.0)))])];
    let results = simulate(&scenario(5, vec![sure, rare], plans), 12).results;
    assert_eq!(results.scenario.intervals, Intervals::FromReplications);
    let pair = &results.comparisons[0];
    for difference in [pair.delivered, pair.in_time, pair.succeeded] {
        let (low, high) = difference.low.zip(difference.high).expect("twelve replications tell");
        assert!(difference.difference > 0.9 && low < difference.difference && high <= 1.0, "{difference:?}");
    }
}
