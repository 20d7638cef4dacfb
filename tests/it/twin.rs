//! The product against its naive twin: on random scenarios both count the same, field by field.
//!
//! `PROPTEST_CASES` and `PROPTEST_RNG_SEED` in the environment try more scenarios, and others.

use crate::build::secs;
use crate::naive::{self, BinsOfTime, Counts, History, PairCounts, PlanCounts, StepCounts};
use crate::random_scenario::{Case, case};
use crate::three_plans::three_plans;
use failsim::rng::Luck;
use failsim::sim::{
    Cast, Ending, PairTally, PlanTally, Progress, StepTally, Tally, Timeline, Way, World, play_alone, short_ways,
};
use failsim::stats::{Bins, Latencies};
use failsim::units::SimTime;
use failsim::vocabulary::SuccessFloor;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// A couple of hundred scenarios, the same in every run unless the environment says otherwise.
fn config() -> ProptestConfig {
    let given = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { given.cases } else { 240 };
    let rng_seed = if given.rng_seed == RngSeed::Random { RngSeed::Fixed(20_261_127) } else { given.rng_seed };
    ProptestConfig { cases, rng_seed, failure_persistence: None, max_shrink_iters: 2_000, ..given }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn random_scenarios_are_counted_as_by_the_naive_twin(case in case()) {
        both_count_the_same(&case)?;
    }

    #[test]
    fn the_short_way_counts_as_the_engine_and_the_naive_twin(case in case().prop_map(plain)) {
        let ways = short_ways(&Cast::new(&case.scenario));
        prop_assert_eq!(ways.len(), case.scenario.plans.len());
        both_count_the_same(&case)?;
    }
}

/// Without this the properties above could hold for want of anything to compare.
#[test]
fn plain_plans_do_go_the_short_way() {
    let case = plain(Case { scenario: three_plans(10), replication: 0, horizon: secs(1_000.0) });
    assert!(short_ways(&Cast::new(&case.scenario)).into_iter().all(|short| short));
}

/// The same scenario with plans that go the short way: one attempt for each step, up to delivery.
fn plain(mut case: Case) -> Case {
    for plan in &mut case.scenario.plans {
        plan.flow.give_up_after = SimTime::NEVER;
        for rules in &mut plan.flow.steps {
            rules.attempts = 1;
            rules.success = SuccessFloor::Delivered;
            rules.expire_on_delivery = false;
        }
    }
    case
}

/// Enough recipients for full batches, several for each section, and a short one at the end.
#[test]
fn a_large_run_is_counted_as_by_the_naive_twin() {
    let case = Case { scenario: three_plans(140_001), replication: 1, horizon: secs(1_000.0) };
    both_count_the_same(&case).expect("product and twin agree");
}

fn both_count_the_same(case: &Case) -> Result<(), TestCaseError> {
    let luck = Luck::new(case.scenario.seed, case.replication);
    let timeline = Timeline::over(case.horizon);
    let ours = product(case, luck, timeline);
    let bins = BinsOfTime { width: timeline.width().as_micros(), last: timeline.bins() };
    let lives: Vec<_> = (0..case.scenario.plans.len()).map(|plan| naive::play(&case.scenario, plan, luck)).collect();
    prop_assert_eq!(counts(&ours.arrivals), bins.count(naive::arrivals(&case.scenario, luck)), "arrivals");
    for (plan, lives) in lives.iter().enumerate() {
        let steps = case.scenario.plans[plan].carriers.len();
        same_plan(&ours.plans[plan], &naive::plan_counts(lives, case.scenario.deadline, bins, steps))
            .map_err(|e| TestCaseError::fail(format!("plan {plan}: {e}")))?;
    }
    same_pairs(case, &ours, &lives)
}

/// What the product counts, by whichever way.
fn product(case: &Case, luck: Luck, timeline: Timeline) -> Tally {
    let cast = Cast::new(&case.scenario);
    let play = |way| {
        let world = World { cast: &cast, traffic: &case.scenario.traffic, luck, timeline, way };
        play_alone(&world, &Progress::default()).expect("nobody stops it").0
    };
    let tally = play(Way::Shortest);
    assert_eq!(tally, play(Way::Engine), "the short way and the engine's way differ");
    tally
}

fn same_pairs(case: &Case, ours: &Tally, lives: &[Vec<History>]) -> Result<(), TestCaseError> {
    prop_assert_eq!(ours.pairs.len(), lives.len() * (lives.len() - 1) / 2);
    for later in 0..lives.len() {
        for earlier in 0..later {
            let naive = naive::pair_counts(&lives[later], &lives[earlier], case.scenario.deadline);
            let pair = pair_counts(&ours.pairs[Tally::pair(later, earlier)]);
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
    prop_assert_eq!(ours.cost, naive.cost, "cost");
    prop_assert_eq!(ours.cost_squared, naive.cost_squared, "squares of costs");
    prop_assert_eq!(ours.last_end, naive.last_end, "last end");
    prop_assert_eq!(counts(&ours.ends), naive.ends.clone(), "ends by second");
    prop_assert_eq!(counts(&ours.failovers), naive.failovers.clone(), "failovers by bin");
    same_latencies(&ours.latencies, &naive.latencies)?;
    prop_assert_eq!(ours.steps.len(), naive.steps.len());
    for (step, (ours, naive)) in ours.steps.iter().zip(&naive.steps).enumerate() {
        prop_assert_eq!(&step_counts(ours), naive, "step {}", step);
    }
    Ok(())
}

/// Count, sums and longest are exact; a quantile is the value of its rank to half a bucket, 1/2048 of it.
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
        let quantile = ours.quantile(percent as f64 / 100.0);
        prop_assert!(quantile.map_or(exact.is_none(), close), "{} %: {:?}, exactly {:?}", percent, quantile, exact);
    }
    Ok(())
}

fn counts(bins: &Bins) -> Counts {
    bins.counts().iter().copied().enumerate().filter(|&(_, count)| count > 0).collect()
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
        deliveries: counts(&step.deliveries),
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
