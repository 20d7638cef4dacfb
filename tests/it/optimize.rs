//! The search for the best plan: against answers on paper, and against every plan solved one by one.

use crate::build::{constant, exponential, money, outcome, provider, scenario, share, span};
use failsim::engine::{FlowPlan, LateDelivery, Pool, StepRules};
use failsim::provider::{Capacity, Effect, Price, ProviderSpec};
use failsim::scenario::{Bound, Metric, Plan, Scenario};
use failsim::sim::Progress;
use failsim::status::Segment;
use failsim::status::Status::{Delivered, Expired, Failed, Undelivered};
use failsim::status::StatusSet;
use failsim::study::{Found, Obstacle, Optimum, Search, SearchError, Solver, Tried};
use failsim::traffic::{Arrivals, SegmentMix};
use failsim::units::Span;

fn priced(price_of_each: f64, provider: ProviderSpec) -> ProviderSpec {
    ProviderSpec { price: Price { submitted: money(price_of_each), ..Price::default() }, ..provider }
}

/// A cheap channel that reaches 60 % within an exponential time of 5 s, and a dear one that reaches 90 % after 4 s.
fn two_channels() -> Scenario {
    let cheap = vec![outcome(Delivered, 0.6, exponential(5.0)), outcome(Undelivered, 0.2, constant(2.0))];
    let cheap = priced(0.01, provider("cheap", cheap));
    let dear = priced(0.05, provider("dear", vec![outcome(Delivered, 0.9, constant(4.0))]));
    let rules = StepRules::via(Pool::single(0), "cheap").with_ttl(span(120.0));
    let flow = FlowPlan::new(vec![rules], LateDelivery::Finish, Span::UNLIMITED).expect("a plan");
    let name = "cheap".to_owned();
    let only = Plan { name, flow, by_segment: None, is_reference: false, renamed_from: None, line: 0 };
    scenario(1000, vec![cheap, dear], vec![only])
}

/// The first two providers with these waits.
fn tried(scenario: &Scenario, ttls: &[Span]) -> Vec<Tried> {
    [0, 1].map(|provider| Tried::usual(scenario, provider, ttls.to_vec())).to_vec()
}

fn search(scenario: &Scenario) -> Search<'_> {
    Search {
        scenario,
        segment: None,
        providers: tried(scenario, &(1..=6).map(|i| span(10.0 * f64::from(i))).collect::<Vec<_>>()),
        steps: 2,
        late_deliveries: vec![LateDelivery::Finish],
        objectives: vec![Metric::CostPerRecipient],
        bounds: Vec::new(),
        refines: true,
    }
}

fn run(search: &Search<'_>) -> Optimum {
    search.run(&Progress::default()).expect("it can be done")
}

fn names(optimum: &Optimum) -> Vec<&str> {
    optimum.plans.iter().map(|found| found.plan.name.as_str()).collect()
}

fn first_wait(plan: &Plan) -> f64 {
    plan.flow.steps()[0].ttl.as_secs_f64()
}

/// Without bounds the cheapest plan is the cheap channel alone.
#[test]
fn the_cheapest_plan_is_the_cheapest_channel() {
    let scenario = two_channels();
    let optimum = run(&search(&scenario));
    assert_eq!((names(&optimum)[0], optimum.candidates), ("cheap", 14));
    assert!(optimum.plans[0].meets_bounds);
}

/// With the cheap channel first, a wait of T costs 0.01 + 0.05 (0.4 + 0.6 exp(-T/5)) and delivers by 60 s with T up to 56 s: the longest wait that
/// still lets the dear one be in time is the cheapest, to the second.
#[test]
fn the_best_wait_is_found_to_the_second() {
    let scenario = two_channels();
    // At 60 s only who the cheap channel reaches by 60 s is in time, 0.6 and what the dear one adds to those who failed at 2 s.
    let bounds = vec![(Metric::InTime, Bound::AtLeast(0.95))];
    let optimum = run(&Search { bounds, ..search(&scenario) });
    let best = &optimum.plans[0];
    assert_eq!((best.plan.name.as_str(), best.meets_bounds), ("cheap-dear", true));
    assert_eq!(first_wait(&best.plan), 56.0, "{:?}", best.plan);
    let cost = best.solution.measure(Metric::CostPerRecipient).expect("it has a cost").value;
    let truth = 0.01 + 0.05 * (0.4 + 0.6 * (-56.0_f64 / 5.0).exp());
    assert!((cost - truth).abs() < 1e-6, "{cost} {truth}");
}

/// All orders and waits of the grid, solved one by one.
#[test]
fn nothing_of_the_grid_is_better() {
    let scenario = two_channels();
    for limit in [0.5, 0.7, 0.9, 0.955] {
        let search = Search { bounds: vec![(Metric::InTime, Bound::AtLeast(limit))], ..search(&scenario) };
        let optimum = run(&search);
        let solver = Solver::new(&scenario, &[0, 1]);
        let mut least = f64::INFINITY;
        for order in [vec![0], vec![1], vec![0, 1], vec![1, 0]] {
            for &ttl in &search.providers[0].ttls {
                let step = |(place, &provider): (usize, &usize)| {
                    let name = &scenario.providers[provider].channel;
                    let usual = if provider == 0 { span(120.0) } else { StepRules::default_ttl(name) };
                    let wait = if place + 1 == order.len() { usual } else { ttl };
                    StepRules::via(Pool::single(provider), name).with_ttl(wait)
                };
                let steps = order.iter().enumerate().map(step).collect();
                let flow = FlowPlan::new(steps, LateDelivery::Finish, Span::UNLIMITED).expect("a plan");
                let plan = Plan { flow, ..scenario.plans[0].clone() };
                let solution = solver.solve(&plan).expect("nothing is shared");
                let value = |metric| solution.measure(metric).expect("it is known").value;
                if value(Metric::InTime) >= limit {
                    least = least.min(value(Metric::CostPerRecipient));
                }
            }
        }
        let best = optimum.plans[0].solution.measure(Metric::CostPerRecipient).expect("it has a cost").value;
        assert!(optimum.plans[0].meets_bounds && best <= least + 1e-6, "{limit}: {best} against {least}");
    }
}

/// No plan of the front is beaten in both objectives by another, and its ends are the best in each.
#[test]
fn two_objectives_make_a_front() {
    let scenario = two_channels();
    let objectives = vec![Metric::CostPerRecipient, Metric::InTime];
    let optimum = run(&Search { objectives, ..search(&scenario) });
    let values: Vec<(f64, f64)> = optimum
        .plans
        .iter()
        .map(|found| {
            let value = |metric| found.solution.measure(metric).expect("it is known").value;
            (value(Metric::CostPerRecipient), value(Metric::InTime))
        })
        .collect();
    assert!(values.len() > 2 && values.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1), "{values:?}");
    // What is shown has both ends, and a front of few is shown whole.
    assert_eq!(optimum.shown, (0..values.len()).collect::<Vec<_>>());
    assert_eq!(names(&optimum)[0], "cheap");
}

/// Triggers, attempts and the waits of each provider are tried in all combinations.
#[test]
fn every_rule_that_is_named_is_tried() {
    let scenario = two_channels();
    let only_failed = StatusSet::of(&[Failed, Expired]);
    let mut providers = tried(&scenario, &[span(10.0), span(20.0), span(30.0)]);
    providers[0].triggers.push(only_failed);
    providers[0].attempts.push(2);
    providers[1].ttls.truncate(1);
    let search = Search { providers, ..search(&scenario) };
    // Alone: 2 and 1; cheap before dear 3 ttls, 2 sets of triggers and 2 numbers of attempts; dear before cheap 1 ttl and 2 numbers of attempts.
    assert_eq!(run(&search).candidates, 2 + 1 + 12 + 2);
    // A status that does not trigger failover ends the flow: with `undelivered` no trigger, the 0.2 that are known to be undelivered stay so.
    let mut providers = tried(&scenario, &[span(50.0)]);
    providers[0].triggers = vec![only_failed];
    let optimum = run(&Search { providers, objectives: vec![Metric::Delivered], ..search.clone() });
    let of = |name: &str, optimum: &Optimum| {
        let found = optimum.plans.iter().find(|found| found.plan.name == name).expect("it is among them");
        found.solution.measure(Metric::Delivered).expect("it is known").value
    };
    assert!((of("cheap-dear", &optimum) - (0.6 + 0.2 * 0.9)).abs() < 1e-4, "{optimum:?}");
    // Two attempts whose result is known to be `failed`: 0.5, and half of the other half.
    let half = vec![outcome(Delivered, 0.5, constant(1.0)), outcome(Failed, 0.5, constant(1.0))];
    let mut scenario = two_channels();
    scenario.providers[0].outcomes = half;
    let twice = Tried { attempts: vec![2], ..Tried::usual(&scenario, 0, vec![span(50.0)]) };
    let search = Search { scenario: &scenario, providers: vec![twice], objectives: vec![Metric::Delivered], ..search };
    assert!((of("cheap", &run(&search)) - 0.75).abs() < 1e-6);
}

/// Many plans are within the doubt of the first look below a bound: those that meet it are found all the same, with one objective and with two.
#[test]
fn plans_that_nearly_meet_a_bound_do_not_hide_those_that_do() {
    let scenario = two_channels();
    let fine: Vec<Span> = (1..=1200).map(|i| span(0.05 * f64::from(i))).collect();
    let in_time = |found: &Found| found.solution.measure(Metric::InTime).expect("it is known").value;
    // Waits up to 56 s are in time alike; of those around a share that some wait has, many are within 3e-4 of it.
    for limit in [0.6, 0.78, 0.9, 0.945] {
        let bounds = vec![(Metric::Delivered, Bound::AtLeast(limit))];
        let of = |objectives: Vec<Metric>, refines| {
            let providers = tried(&scenario, &fine);
            let search = Search { providers, objectives, refines, bounds: bounds.clone(), ..search(&scenario) };
            run(&search)
        };
        let one = of(vec![Metric::CostPerRecipient], false);
        let two = of(vec![Metric::CostPerRecipient, Metric::InTime], true);
        assert!(one.plans[0].meets_bounds && two.plans.iter().all(|found| found.meets_bounds), "{limit}");
        let most = two.plans.iter().map(in_time).fold(0.0, f64::max);
        assert!(most >= in_time(&one.plans[0]) - 1e-9);
        assert!(two.plans.len() <= two.unbeaten && two.shown.len() <= 10 && two.shown.contains(&two.chosen));
    }
    // Without refinement waits are those that are named.
    let bounds = vec![(Metric::InTime, Bound::AtLeast(0.95))];
    let named = run(&Search { bounds, refines: false, ..search(&scenario) });
    assert_eq!(first_wait(&named.plans[0].plan), 50.0);
}

/// Retries whose waits would grow beyond what a scenario may say are not proposed.
#[test]
fn waits_before_retries_are_those_that_a_scenario_may_have() {
    let mut scenario = two_channels();
    let rules =
        StepRules { attempts: 2, retry_after: span(3600.0), backoff: 5_000_000, ..StepRules::via(Pool::single(0), "") };
    let rules = StepRules { ttl: Span::UNLIMITED, validity: Span::UNLIMITED, ..rules };
    scenario.plans[0].flow = FlowPlan::new(vec![rules], LateDelivery::Finish, Span::UNLIMITED).expect("a plan");
    let attempts = |attempts: u8| {
        let tried = Tried { attempts: vec![attempts], ..Tried::usual(&scenario, 0, Vec::new()) };
        run(&Search { providers: vec![tried], ..search(&scenario) }).candidates
    };
    assert_eq!([2, 6, 14].map(attempts), [1, 1, 0]);
}

#[test]
fn a_bound_that_nothing_meets_gives_the_nearest_plan() {
    let scenario = two_channels();
    let bounds = vec![(Metric::InTime, Bound::AtLeast(0.999))];
    let optimum = run(&Search { bounds, ..search(&scenario) });
    assert!(optimum.plans.iter().all(|found| !found.meets_bounds));
    let most = optimum.plans[0].solution.measure(Metric::InTime).expect("it is known").value;
    assert!(most > 0.95, "{most}");
}

#[test]
fn what_cannot_be_searched_is_said() {
    let mut scenario = two_channels();
    let nothing = run(&Search { providers: Vec::new(), ..search(&scenario) });
    assert_eq!((nothing.plans.len(), nothing.candidates), (0, 0));
    let objectives = vec![Metric::LatencyP95];
    let failed = |search: Search<'_>| search.run(&Progress::default()).expect_err("it cannot be done");
    let wrong = Search { objectives, ..search(&scenario) };
    assert_eq!(failed(wrong), SearchError::Objective(Metric::LatencyP95));
    let bounds = vec![(Metric::LastEnd, Bound::AtMost(3.0))];
    assert_eq!(failed(Search { bounds, ..search(&scenario) }), SearchError::Bound(Metric::LastEnd));
    let ttls: Vec<Span> = (1..=200_000).map(Span::from_secs).collect();
    let providers = tried(&scenario, &ttls);
    assert_eq!(
        failed(Search { providers, ..search(&scenario) }),
        SearchError::Candidates { count: 400_002, most: 200_000 }
    );
    // Nothing is ever seen.
    let objectives = vec![Metric::Seen];
    assert_eq!(failed(Search { objectives, ..search(&scenario) }), SearchError::NoValue(Metric::Seen));
    scenario.providers[1].capacity = Some(Capacity { concurrent: Some(3), ..Capacity::UNLIMITED });
    let obstacles = vec![Obstacle::Capacity("dear".to_owned())];
    assert_eq!(failed(search(&scenario)), SearchError::Obstacles(obstacles));
}

/// Splits the recipients into halves; in the second, these are the providers.
fn two_segments(scenario: &mut Scenario, of_second: Vec<ProviderSpec>) {
    scenario.people.segments = ["first", "second"].map(str::to_owned).to_vec();
    scenario.streams[0].traffic.segments = SegmentMix::Shares(vec![share(0.5); 2].into());
    for (provider, of_second) in scenario.providers.iter_mut().zip(of_second) {
        provider.segments = vec![(Segment::new(1), of_second)];
    }
}

/// A country where the cheap channel costs what the dear one does elsewhere, and the other way round: each has the plan of its own prices, and together
/// they cost less than any plan for both.
#[test]
fn each_segment_gets_the_plan_that_is_best_for_it() {
    let mut scenario = two_channels();
    let swapped = |index: usize, price: f64| {
        let mut of_segment = scenario.providers[index].clone();
        of_segment.price.submitted = money(price);
        of_segment
    };
    let (first, second) = (swapped(0, 0.05), swapped(1, 0.01));
    two_segments(&mut scenario, vec![first, second]);
    let bounds = vec![(Metric::InTime, Bound::AtLeast(0.59))];
    let optima = Search { bounds, ..search(&scenario) }.by_segment(&Progress::default()).expect("it can be done");
    let best: Vec<&str> = optima.segments.iter().flatten().map(|optimum| names(optimum)[0]).collect();
    assert_eq!(best, ["cheap", "dear"]);
    let cost = |found: &Found| found.solution.measure(Metric::CostPerRecipient).expect("it has a cost").value;
    // Half of the recipients pay 0.01 for the first channel, the others 0.01 for the second.
    assert!((cost(&optima.composite) - 0.01).abs() < 1e-6 && optima.composite.meets_bounds);
    assert!((cost(&optima.single.plans[0]) - 0.03).abs() < 1e-6, "either channel alone costs 0.03 on average");
    let total = Search { bounds: vec![(Metric::CostTotal, Bound::AtMost(1.0))], ..search(&scenario) };
    assert_eq!(total.by_segment(&Progress::default()), Err(SearchError::Total(Metric::CostTotal)));
}

/// A segment in which nobody is takes the plan for all.
#[test]
fn an_empty_segment_does_not_matter() {
    let mut scenario = two_channels();
    let providers = scenario.providers.clone();
    two_segments(&mut scenario, providers);
    scenario.streams[0].traffic.segments = SegmentMix::Shares([1.0, 0.0].map(share).into());
    let optima = search(&scenario).by_segment(&Progress::default()).expect("it can be done");
    assert_eq!(optima.segments[1], None);
    assert!(optima.composite.solution.measure(Metric::Delivered).is_some_and(|exact| exact.value > 0.0));
}

// ---------------------------------------------------------------- racing

/// The exact values of the objective and of in time.
fn exactly(scenario: &Scenario, plan: &Plan) -> (f64, f64) {
    let solution = Solver::new(scenario, &[0, 1]).solve_plainly(plan).expect("nothing is shared");
    let value = |metric| solution.measure(metric).expect("it is known").value;
    (value(Metric::CostPerRecipient), value(Metric::InTime))
}

/// In at least 95 of 100 races, what is shown is true: the winner meets the bound, and costs at most a twentieth of a cent more than the cheapest plan
/// that does. The truth is that of the solver.
#[test]
fn races_are_right_as_often_as_they_say() {
    let mut scenario = two_channels();
    let bounds = vec![(Metric::InTime, Bound::AtLeast(0.93))];
    let least = {
        let search = Search { bounds: bounds.clone(), ..search(&scenario) };
        run(&search).plans[0].solution.measure(Metric::CostPerRecipient).expect("it has a cost").value
    };
    let (mut right, mut decided) = (0, 0);
    for seed in 0..100 {
        scenario.seed = seed;
        let search = Search { bounds: bounds.clone(), ..search(&scenario) };
        let race = search.race(Some(0.000_5), &Progress::default()).expect("it can be done");
        let (cost, in_time) = exactly(&scenario, &race.plans[0].plan);
        decided += usize::from(race.is_decided);
        right += usize::from(race.is_decided && in_time >= 0.93 && cost <= least + 0.000_5);
    }
    assert_eq!(decided, 100, "nothing is close to its bound");
    assert!(right >= 95, "{right} of 100 races");
}

/// Blocks are samples of the whole stream, whatever the hour: means over them are those of all recipients, within what is said.
#[test]
fn blocks_are_samples_of_all_recipients() {
    let path = format!("{}/scenarios/bank-pin.toml", env!("CARGO_MANIFEST_DIR"));
    let mut scenario = failsim::scenario::load(std::path::Path::new(&path)).expect("it is shipped");
    scenario.set_recipients(200_000).expect("its arrivals are not from a file");
    let search = Search {
        providers: tried(&scenario, &[span(20.0), span(40.0)]),
        objectives: vec![Metric::InTime],
        ..search(&scenario)
    };
    let race = search.race(Some(1e-4), &Progress::default()).expect("it can be done");
    assert!(race.is_decided && race.recipients.is_some_and(|of| (1024..1100).contains(&of)), "{race:?}");
    // However the blocks are shared out.
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        assert_eq!(pool.install(|| search.race(Some(1e-4), &Progress::default())).as_ref(), Ok(&race), "{threads}");
    }
    for raced in &race.plans {
        let (cost, in_time) = exactly(&scenario, &raced.plan);
        for &(metric, mean, reach) in &raced.measures {
            let truth = match metric {
                Metric::InTime => in_time,
                Metric::CostPerRecipient => cost,
                _ => continue,
            };
            assert!((mean - truth).abs() <= reach, "{} {metric}: {mean} ±{reach}, not {truth}", raced.plan.name);
        }
    }
    let best = run(&search).plans.iter().map(|found| exactly(&scenario, &found.plan).1).fold(0.0, f64::max);
    assert!(exactly(&scenario, &race.plans[0].plan).1 >= best - 1e-4);
}

/// The cheap channel takes 5 a second of the 50 that come: it can only be the best where time does not matter.
#[test]
fn plans_that_share_capacity_race_on_replications() {
    let mut scenario = two_channels();
    scenario.streams[0].traffic.arrivals = Arrivals::Spread { over: span(20.0) };
    scenario.providers[0].capacity = Some(crate::build::paced(5));
    let limited = Search { steps: 1, bounds: vec![(Metric::InTime, Bound::AtLeast(0.8))], ..search(&scenario) };
    assert!(matches!(limited.run(&Progress::default()), Err(SearchError::Obstacles(_))));
    let race = limited.race(None, &Progress::default()).expect("it can be done");
    assert_eq!((race.plans[0].plan.name.as_str(), race.left, race.is_decided), ("dear", 1, true), "{race:?}");
    assert_eq!((race.recipients, race.blocks), (None, 16));
    let free = Search { bounds: Vec::new(), ..limited };
    assert_eq!(free.race(None, &Progress::default()).expect("it can be done").plans[0].plan.name, "cheap");
    let two = Search { objectives: vec![Metric::InTime, Metric::CostPerRecipient], ..search(&scenario) };
    assert_eq!(two.race(None, &Progress::default()), Err(SearchError::Objectives));
    let p95 = Search { bounds: vec![(Metric::LatencyP95, Bound::AtMost(30.0))], ..search(&scenario) };
    assert_eq!(p95.race(None, &Progress::default()), Err(SearchError::Race(Metric::LatencyP95)));
    let progress = Progress::default();
    progress.stop();
    assert_eq!(search(&scenario).race(None, &progress), Err(SearchError::Interrupted), "nothing is known yet");
}

/// What counts is what the candidates use, not the plans of the scenario.
#[test]
fn a_limited_provider_that_no_plan_of_the_scenario_uses_is_limited() {
    let mut scenario = two_channels();
    scenario.streams[0].traffic.arrivals = Arrivals::Spread { over: span(20.0) };
    scenario.providers[1].capacity = Some(crate::build::paced(1));
    assert!(!scenario.is_shared());
    let search = Search { steps: 1, objectives: vec![Metric::InTime], ..search(&scenario) };
    let race = search.race(None, &Progress::default()).expect("it can be done");
    assert_eq!((race.plans[0].plan.name.as_str(), race.recipients), ("cheap", None), "the dear one takes 1 a second");
}

/// Evenly spaced arrivals are in the order of time: an outage in the middle is met by the first blocks as by the others.
#[test]
fn blocks_do_not_begin_with_those_who_come_first() {
    let mut scenario = two_channels();
    scenario.set_recipients(300_000).expect("its arrivals are not from a file");
    scenario.streams[0].traffic.arrivals = Arrivals::Spread { over: span(8000.0) };
    // In each eighth of the time but its beginning, the dear channel is silent.
    scenario.providers[1].outages = (0..8)
        .map(|part| {
            crate::build::outage(1000.0 * f64::from(part) + 300.0, 1000.0 * f64::from(part + 1), Effect::Silent, 1.0)
        })
        .collect();
    let search = Search { steps: 1, objectives: vec![Metric::Delivered], ..search(&scenario) };
    let race = search.race(None, &Progress::default()).expect("it can be done");
    let best = &race.plans[0];
    let delivered = best.measures.iter().find(|(metric, ..)| *metric == Metric::Delivered).expect("it is raced by");
    // The dear one delivers 0.9 of three tenths, the cheap one 0.6.
    assert_eq!((best.plan.name.as_str(), race.left), ("cheap", 1));
    assert!((delivered.1 - 0.6).abs() <= delivered.2, "{delivered:?}");
}

/// The same for any number of threads.
#[test]
fn a_race_does_not_depend_on_threads() {
    let scenario = two_channels();
    let race = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be had");
        pool.install(|| search(&scenario).race(None, &Progress::default()).expect("it can be done"))
    };
    assert_eq!(race(1), race(3));
}
