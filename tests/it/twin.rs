//! The product against its naive twin: on random scenarios their counts agree, field by field.
//!
//! `PROPTEST_CASES` and `PROPTEST_RNG_SEED` in the environment set the number of scenarios and the seed.

use crate::build::{change_steps, random_cases, secs, span};
use crate::naive::{
    self, BinsOfTime, Counts, History, PairCounts, PlanCounts, ProviderCounts, QueueCounts, SeriesCounts, StepCounts,
};
use crate::random_scenario::{Case, case, shared_case, with_segments};
use crate::three_plans::three_plans;
use failsim::engine::{self, BreakerRules, Pool};
use failsim::provider::{Capacity, Discipline};
use failsim::rng::RngKey;
use failsim::scenario::{Plan, Scenario, Stream};
use failsim::sim::{
    Ending, ExecutionMode, GroupTally, Model, PairTally, PlanRunTally, PlanSeries, PlanTally, Progress, ProviderSeries,
    ProviderTally, QueueTally, RunContext, StepTally, Tally, Timeline, fast_plans, is_feed_forward, simulate_contended,
    simulate_independent,
};
use failsim::stats::{Bins, Latencies, Seconds, Sums};
use failsim::status::{Segment, SuccessFloor};
use failsim::traffic::Arrivals;
use failsim::units::{Rate, Span, Time};
use proptest::prelude::*;

proptest! {
    #![proptest_config(random_cases(240))]

    #[test]
    fn random_scenarios_are_counted_as_by_the_naive_twin(case in case()) {
        both_count_the_same(&case)?;
    }

    #[test]
    fn scenarios_with_segments_are_counted_as_by_the_naive_twin(case in case().prop_flat_map(with_segments)) {
        both_count_the_same(&case)?;
    }

    #[test]
    fn fast_plans_with_segments_are_counted_as_by_the_naive_twin(
        case in case().prop_map(plain).prop_flat_map(with_segments)
    ) {
        both_count_the_same(&case)?;
    }

    #[test]
    fn fast_plans_are_counted_as_by_the_engine_and_the_naive_twin(case in case().prop_map(plain)) {
        let ways = fast_plans(&Model::new(&case.scenario));
        prop_assert_eq!(ways.len(), case.scenario.plans.len());
        both_count_the_same(&case)?;
    }
}

/// Ensures that the properties above have something to compare.
#[test]
fn plain_plans_are_fast_plans() {
    let case = plain(Case { scenario: three_plans(10), replication: 0, horizon: secs(1_000.0) });
    assert!(fast_plans(&Model::new(&case.scenario)).into_iter().all(|short| short));
}

/// Ensures that the property for contended runs has something to compare.
#[test]
fn runs_without_loops_are_feed_forward() {
    let mut scenario = three_plans(10);
    scenario.providers[0].capacity = Some(Capacity { concurrent: Some(1), queue: 5, ..Capacity::UNLIMITED });
    let flows = |scenario: &Scenario, plan| {
        let model = Model::new(scenario);
        let context = RunContext {
            model: &model,
            rng: RngKey::new(1, 0),
            timeline: Timeline::over(secs(9.0)),
            mode: ExecutionMode::Fastest,
        };
        is_feed_forward(&context, plan)
    };
    assert_eq!([0, 1, 2].map(|plan| flows(&scenario, plan)), [true, true, false], "the last one uses sms twice");
    let mut urgent = scenario.clone();
    urgent.providers[0].capacity.as_mut().expect("it is limited").order = Discipline::Priority;
    assert!(flows(&urgent, 0), "priorities lead nowhere");
    let mut guarded = urgent.clone();
    guarded.breakers[0] = Some(BreakerRules::DEFAULT);
    assert!(!flows(&guarded, 0), "what comes of attempts decides who comes");
    let mut both = scenario.clone();
    both.streams[0].name = "pin".to_owned();
    both.streams.push(Stream {
        name: "promo".to_owned(),
        plan: Some(scenario.plans[1].clone()),
        ..both.streams[0].clone()
    });
    assert!(!flows(&both, 0), "viber leads to sms in one stream, and sms to viber in the other");
    assert!(flows(&both, 1));
}

/// The scenario with failover only to later providers, and with nothing shared but queues.
fn feed_forward_case(mut case: Case) -> Case {
    case.scenario.breakers.fill(None);
    let streams = case.scenario.streams.iter_mut().filter_map(|stream| stream.plan.as_mut());
    for plan in case.scenario.plans.iter_mut().chain(streams) {
        // The first provider of each pool, in ascending order without duplicates.
        let mut last = None;
        change_steps(plan, |steps| {
            steps.retain_mut(|rules| {
                let provider = rules.pool.members()[0];
                let is_kept = last.is_none_or(|last| provider > last);
                if is_kept {
                    (rules.pool, last) = (Pool::single(provider), Some(provider));
                }
                is_kept
            });
        });
    }
    case
}

/// The scenario with plans that qualify for the fast plan: one attempt for each step, up to delivery.
fn plain(mut case: Case) -> Case {
    let streams = case.scenario.streams.iter_mut().filter_map(|stream| stream.plan.as_mut());
    for plan in case.scenario.plans.iter_mut().chain(streams) {
        plan.flow = plan.flow.clone().with_give_up_after(Span::UNLIMITED).expect("a span");
        change_steps(plan, |steps| {
            for rules in steps {
                rules.attempts = 1;
                rules.success = SuccessFloor::Delivered;
                rules.expire_on_delivery = false;
            }
        });
    }
    case
}

/// Enough recipients for full batches, several for each section, and a short one at the end.
#[test]
fn a_large_run_is_counted_as_by_the_naive_twin() {
    let case = Case { scenario: three_plans(140_001), replication: 1, horizon: secs(1_000.0) };
    both_count_the_same(&case).expect("product and twin agree");
}

fn rng(case: &Case) -> RngKey {
    RngKey::new(case.scenario.seed, case.replication)
}

fn bins(timeline: Timeline) -> BinsOfTime {
    BinsOfTime { width: timeline.width().as_micros(), last: timeline.bins() }
}

fn both_count_the_same(case: &Case) -> Result<(), TestCaseError> {
    let timeline = Timeline::over(case.horizon);
    let ours = product(case, timeline);
    let bins = bins(timeline);
    let stream = &case.scenario.streams[0];
    let simulate = |plan| naive::simulate(&case.scenario, plan, rng(case), Time::ZERO).streams.remove(0);
    let histories: Vec<_> = (0..case.scenario.plans.len()).map(simulate).collect();
    let queues = vec![None; case.scenario.providers.len()];
    prop_assert_eq!(ours.len(), case.scenario.segment_count());
    for (segment, ours) in ours.iter().enumerate() {
        let histories: Vec<Vec<&History>> =
            histories.iter().map(|all| of_segment(all, stream, rng(case), segment)).collect();
        prop_assert_eq!(counts(&ours.arrivals), bins.count(histories[0].iter().map(|h| h.arrival)), "arrivals");
        for (plan, histories) in histories.iter().enumerate() {
            let steps = case.scenario.plans[plan].in_segment(Segment::new(segment as u8)).flow.steps().len();
            prop_assert_eq!(ours.plans[plan].changes.is_some(), case.scenario.webhook == engine::Strategy::OnChange);
            same_plan(&ours.plans[plan], &naive::plan_counts(histories, stream.deadline, bins, steps, &queues))
                .map_err(|e| TestCaseError::fail(format!("segment {segment}, plan {plan}: {e}")))?;
        }
        same_pairs(case, ours, &histories)?;
    }
    for (plan, histories) in histories.iter().enumerate() {
        let all: Vec<_> = histories.iter().collect();
        same_series(
            ours.iter().map(|class| &class.plans[plan]),
            &naive::plan_counts(&all, stream.deadline, bins, 0, &queues),
        )
        .map_err(|e| TestCaseError::fail(format!("plan {plan}: {e}")))?;
    }
    Ok(())
}

/// The histories of the recipients of a stream who belong to this segment.
fn of_segment<'a>(all: &'a [History], stream: &Stream, rng: RngKey, segment: usize) -> Vec<&'a History> {
    let mine = (0..).zip(all).filter(|&(recipient, _)| naive::segment_of(stream, rng, recipient) == segment);
    mine.map(|(_, history)| history).collect()
}

/// The product's counts of each segment, in any execution mode.
fn product(case: &Case, timeline: Timeline) -> Vec<Tally> {
    let model = Model::new(&case.scenario);
    let simulate = |mode| {
        let context = RunContext { model: &model, rng: rng(case), timeline, mode };
        let classes = simulate_independent(&context, &model.streams[0], &Progress::default());
        classes.expect("nobody stops it").into_iter().map(GroupTally::whole).collect::<Vec<_>>()
    };
    let tally = simulate(ExecutionMode::Fastest);
    assert!(tally == simulate(ExecutionMode::Engine), "the short way and the engine's way differ");
    tally
}

proptest! {
    #![proptest_config(random_cases(240))]

    #[test]
    fn random_contended_runs_are_counted_as_by_the_naive_twin(case in shared_case()) {
        runs_are_the_same(&case)?;
    }

    #[test]
    fn callbacks_are_counted_as_by_the_naive_twin(mut case in case().prop_flat_map(with_segments), mut shared in shared_case()) {
        case.scenario.webhook = engine::Strategy::OnChange;
        both_count_the_same(&case)?;
        shared.scenario.webhook = engine::Strategy::OnChange;
        runs_are_the_same(&shared)?;
    }

    #[test]
    fn contended_runs_with_segments_are_counted_as_by_the_naive_twin(case in shared_case().prop_flat_map(with_segments)) {
        runs_are_the_same(&case)?;
    }

    #[test]
    fn feed_forward_runs_with_segments_are_counted_as_by_the_naive_twin(
        case in shared_case().prop_map(|case| feed_forward_case(plain(case))).prop_flat_map(with_segments)
    ) {
        runs_are_the_same(&case)?;
    }

    #[test]
    fn feed_forward_runs_are_counted_as_by_the_engine_and_the_naive_twin(
        case in shared_case().prop_map(|case| feed_forward_case(plain(case)))
    ) {
        runs_are_the_same(&case)?;
    }
}

/// A departure, an expiry and an arrival in the same microsecond, at a full queue.
#[test]
fn what_happens_at_one_time_happens_in_one_order() {
    for order in [Discipline::Fifo, Discipline::Priority] {
        for (every, queue) in [(15.0, 5), (10.0, 1), (7.0, 3), (400.0, 6)] {
            let mut scenario = three_plans(120);
            scenario.streams[0].traffic.arrivals = Arrivals::Spread { over: span(120.0) };
            let rate = Rate::new(1, 0, span(every));
            scenario.providers[0].capacity = Some(Capacity { rate, queue, order, ..Capacity::UNLIMITED });
            scenario.providers[1].capacity = scenario.providers[0].capacity;
            let case = Case { scenario, replication: 0, horizon: secs(1_000.0) };
            let same = runs_are_the_same(&case);
            assert!(same.is_ok(), "{order:?}, one every {every} s, {queue} wait: {same:?}");
        }
    }
}

/// Runs every plan of a case in both execution modes and compares the results.
fn runs_are_the_same(case: &Case) -> Result<(), TestCaseError> {
    let timeline = Timeline::over(case.horizon);
    let model = Model::new(&case.scenario);
    let model = model.in_replication(rng(case), timeline.end());
    let lines = |capacity: Capacity| capacity.concurrent.is_some();
    let queues: Vec<_> = case.scenario.providers.iter().map(|provider| provider.capacity.map(lines)).collect();
    for plan in 0..case.scenario.plans.len() {
        let simulate = |mode| {
            let context = RunContext { model: &model, rng: rng(case), timeline, mode };
            simulate_contended(&context, plan, &Progress::default()).expect("nobody stops it")
        };
        let ours = simulate(ExecutionMode::Fastest);
        prop_assert!(
            ours == simulate(ExecutionMode::Engine),
            "plan {}: the short way and the engine's way differ",
            plan
        );
        let theirs = naive::simulate(&case.scenario, plan, rng(case), stragglers(&case.scenario, &timeline));
        prop_assert_eq!(&ours.longest_queue, &theirs.longest, "longest queues under plan {}", plan);
        prop_assert_eq!(&ours.opened, &theirs.opened, "opened circuits under plan {}", plan);
        same_streams(case, plan, &ours, &theirs.streams, (bins(timeline), &queues))
            .map_err(|e| TestCaseError::fail(format!("plan {plan}, {e}")))?;
    }
    Ok(())
}

/// How far the naive twin draws random outages: later than any event of these runs, even if each attempt waits for a single line that
/// silent calls hold for three minutes, and none is recalled.
fn stragglers(scenario: &Scenario, timeline: &Timeline) -> Time {
    let has_lines = scenario.providers.iter().any(|spec| spec.capacity.is_some_and(|c| c.concurrent.is_some()));
    let plans = scenario.plans.iter().chain(scenario.streams.iter().filter_map(|stream| stream.plan.as_ref()));
    let attempts = |plan: &Plan| plan.flow.steps().iter().map(|rules| i64::from(rules.attempts)).sum::<i64>();
    let most = plans.flat_map(Plan::members).map(attempts).max().unwrap_or(0);
    let calls = if has_lines { scenario.recipients() as i64 * most } else { 0 };
    Time::from_micros(1000 * timeline.end().as_micros() + calls * 180_000_000)
}

fn same_streams(
    case: &Case,
    plan: usize,
    ours: &PlanRunTally,
    theirs: &[Vec<History>],
    (bins, queues): (BinsOfTime, &[Option<bool>]),
) -> Result<(), TestCaseError> {
    for (i, stream) in case.scenario.streams.iter().enumerate() {
        prop_assert_eq!(ours.streams[i].len(), case.scenario.segment_count());
        for (segment, ours) in ours.streams[i].iter().enumerate() {
            let theirs = of_segment(&theirs[i], stream, rng(case).of_stream(&stream.name), segment);
            let arrivals = theirs.iter().map(|history| history.arrival);
            prop_assert_eq!(counts(&ours.arrivals), bins.count(arrivals), "arrivals of stream {}", i);
            let followed = case.scenario.plan_of(stream, plan).in_segment(Segment::new(segment as u8));
            let steps = followed.flow.steps().len();
            prop_assert_eq!(ours.tally.changes.is_some(), case.scenario.webhook == engine::Strategy::OnChange);
            same_plan(&ours.tally, &naive::plan_counts(&theirs, stream.deadline, bins, steps, queues))
                .map_err(|e| TestCaseError::fail(format!("stream {i}, segment {segment}: {e}")))?;
        }
        let all: Vec<_> = theirs[i].iter().collect();
        let ours = ours.streams[i].iter().map(|class| &class.tally);
        same_series(ours, &naive::plan_counts(&all, stream.deadline, bins, 0, queues))
            .map_err(|e| TestCaseError::fail(format!("stream {i}: {e}")))?;
    }
    Ok(())
}

/// Compares what happened to all classes of a stream over time.
fn same_series<'a>(classes: impl Iterator<Item = &'a PlanTally>, naive: &PlanCounts) -> Result<(), TestCaseError> {
    let mut ours = PlanSeries::default();
    classes.for_each(|class| ours.merge(&class.series));
    prop_assert_eq!(counts(&ours.failovers), naive.failovers.clone(), "failovers by bin");
    prop_assert_eq!(counts(&ours.missed), naive.missed.clone(), "missed by bin of arrival");
    for (i, naive) in naive.series.iter().enumerate() {
        let ProviderSeries { submissions, deliveries, failures } = &ours.providers[i];
        let ours = SeriesCounts {
            submissions: numbers(submissions),
            deliveries: counts(deliveries),
            failures: counts(failures),
            costs: amounts(submissions),
        };
        prop_assert_eq!(&ours, naive, "provider {} over time", i);
    }
    Ok(())
}

fn same_pairs(case: &Case, ours: &Tally, histories: &[Vec<&History>]) -> Result<(), TestCaseError> {
    prop_assert_eq!(ours.pairs.len(), histories.len() * (histories.len() - 1) / 2);
    let mut pairs = ours.pairs.iter();
    for later in 0..histories.len() {
        for earlier in 0..later {
            let deadline = case.scenario.streams[0].deadline;
            let naive = naive::pair_counts(&histories[later], &histories[earlier], deadline);
            let pair = pair_counts(pairs.next().expect("as many pairs"));
            prop_assert_eq!(pair, naive, "plan {} against {}", later, earlier);
        }
    }
    Ok(())
}

fn same_plan(ours: &PlanTally, naive: &PlanCounts) -> Result<(), TestCaseError> {
    prop_assert_eq!(ours.delivered, naive.delivered, "delivered");
    prop_assert_eq!(ours.in_time, naive.in_time, "in time");
    prop_assert_eq!(ours.succeeded, naive.succeeded, "succeeded");
    prop_assert_eq!(ours.duplicates, naive.duplicates, "duplicates");
    prop_assert_eq!(ours.seen, naive.seen, "seen");
    prop_assert_eq!(ours.unresolved, naive.unresolved, "unresolved");
    prop_assert_eq!(ours.cost, naive.cost, "cost");
    prop_assert_eq!(ours.cost_squared, naive.cost_squared, "squares of costs");
    prop_assert_eq!(ours.last_end, naive.last_end, "last end");
    prop_assert_eq!(seconds(&ours.ends), naive.ends.clone(), "ends by second");
    if let Some(changes) = &ours.changes {
        prop_assert_eq!(seconds(changes), naive.changes.clone(), "changes by second");
    }
    prop_assert_eq!(ours.failovers, naive.failovers.values().sum::<u64>(), "failovers");
    same_latencies(&ours.latencies, &naive.latencies)?;
    prop_assert_eq!(ours.steps.len(), naive.steps.len());
    for (step, (ours, naive)) in ours.steps.iter().zip(&naive.steps).enumerate() {
        prop_assert_eq!(&step_counts(ours), naive, "step {}", step);
    }
    for (i, naive) in naive.providers.iter().enumerate() {
        let ours = provider_counts(&ours.providers[i]);
        // Nothing is stored for a provider without attempts, not even an empty queue.
        let is_untouched = ours.attempts == 0 && ours.not_permitted == 0 && ours.queue.is_none();
        let naive_is = naive.attempts == 0 && naive.not_permitted == 0;
        prop_assert!(is_untouched && naive_is || &ours == naive, "provider {}: {:?}, naively {:?}", i, ours, naive);
    }
    prop_assert!(ours.providers.iter().all(|(provider, _)| provider < naive.providers.len()));
    Ok(())
}

fn provider_counts(provider: &ProviderTally) -> ProviderCounts {
    ProviderCounts {
        attempts: provider.attempts,
        delivered: provider.delivered,
        cost: provider.cost,
        rejected: provider.rejected,
        not_permitted: provider.not_permitted,
        queue: provider.queue.as_deref().map(queue_counts),
    }
}

fn numbers(sums: &Sums) -> Counts {
    sums.rising().into_iter().map(|(bin, count, _)| (bin, count)).collect()
}

/// In these runs no amount of a bin is large.
fn amounts(sums: &Sums) -> Counts {
    let amounts = sums.rising().into_iter().filter(|(.., amount)| *amount > 0);
    amounts.map(|(bin, _, amount)| (bin, u64::try_from(amount).expect("prices are low"))).collect()
}

fn queue_counts(queue: &QueueTally) -> QueueCounts {
    QueueCounts {
        expired: queue.expired,
        cancelled: queue.cancelled,
        still_queued: queue.still_queued,
        waits: queue.waits.sum(),
        at_once: queue.waits.zeros(),
        longest_wait: queue.waits.longest().map(Time::as_micros),
        wasted: queue.wasted,
        held: queue.held,
        backlog_cleared: queue.backlog_cleared,
        rejections: counts(&queue.rejections),
        departures: numbers(&queue.departures),
        left_unserved: counts(&queue.left_unserved),
        waits_by_departure: amounts(&queue.departures),
        releases: counts(&queue.releases),
    }
}

/// Count, sums and maximum are exact; a quantile is the value of its rank to half a bucket, 1/2048 of it.
fn same_latencies(ours: &Latencies, all: &[u64]) -> Result<(), TestCaseError> {
    prop_assert_eq!(ours.count(), all.len() as u64, "latencies");
    prop_assert_eq!(ours.sum(), all.iter().map(|&x| u128::from(x)).sum::<u128>(), "sum of latencies");
    prop_assert_eq!(
        ours.sum_of_squares(),
        all.iter().map(|&x| u128::from(x).pow(2)).sum::<u128>(),
        "squares of latencies"
    );
    prop_assert_eq!(ours.longest().map(|x| x.as_micros() as u64), all.last().copied(), "longest latency");
    for percent in [1, 10, 50, 90, 95, 99, 100] {
        let rank = (percent * all.len()).div_ceil(100).max(1);
        let exact = all.get(rank - 1).map(|&x| x as f64 / 1e6);
        let close = |x: f64| exact.is_some_and(|exact| (x - exact).abs() <= exact / 2048.0 + 1e-9);
        let quantile = ours.quantile(percent as f64 / 100.0).map(|quantile| quantile.value);
        prop_assert!(quantile.map_or(exact.is_none(), close), "{} %: {:?}, exactly {:?}", percent, quantile, exact);
    }
    Ok(())
}

fn counts(bins: &Bins) -> Counts {
    bins.rising().into_iter().collect()
}

/// What comes after the seconds that are told apart has the number after them.
fn seconds(of: &Seconds) -> Counts {
    counts(&of.within).into_iter().chain((of.beyond > 0).then_some((1 << 20, of.beyond))).collect()
}

fn step_counts(step: &StepTally) -> StepCounts {
    let endings = Ending::all().map(|ending| (ending.word(), step.endings[ending.index()]));
    StepCounts {
        attempts: step.attempts,
        delivered: step.delivered,
        late: step.late,
        first: step.first,
        endings: endings.filter(|&(_, count)| count > 0).collect(),
        cost: step.cost,
    }
}

fn pair_counts(pair: &PairTally) -> PairCounts {
    PairCounts {
        delivered: pair.delivered,
        in_time: pair.in_time,
        succeeded: pair.succeeded,
        duplicates: pair.duplicates,
        cost_difference_squared: pair.cost_difference_squared,
    }
}
