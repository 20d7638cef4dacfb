//! Exact answers on one thread: one plan of the reference scenario, compared with its simulation in the same run; the best plan of bank-pin's 939, and
//! of ten thousand; a race of simulations.

mod ground;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use failsim::engine::LateDelivery;
use failsim::scenario::{Bound, Metric, Scenario};
use failsim::sim::Progress;
use failsim::study::{Optimum, Search, Solver, Tried, simulate};
use failsim::units::Span;
use rayon::ThreadPool;
use std::hint::black_box;
use std::time::Duration;

fn one_thread() -> ThreadPool {
    ground::pools().swap_remove(0).1
}

/// A plan solved, with and without quantiles, and simulated for a million recipients. For ±0.001 points in time at 95 % it would take 7 100 million.
fn plan(criterion: &mut Criterion) {
    let mut scenario = ground::load("reference.toml", 1_000_000);
    scenario.plans.truncate(1);
    let pool = one_thread();
    let mut group = criterion.benchmark_group("viber-first of the reference/1 thread");
    group.sampling_mode(SamplingMode::Flat).measurement_time(Duration::from_secs(4));
    group.bench_function("prepare", |bencher| bencher.iter(|| Solver::new(black_box(&scenario), &[0, 1, 2])));
    let solver = Solver::new(&scenario, &[0, 1, 2]);
    group.bench_function("solve", |bencher| bencher.iter(|| solver.solve_plainly(black_box(&scenario.plans[0]))));
    let with_quantiles = "solve, with quantiles of the latency";
    group.bench_function(with_quantiles, |bencher| bencher.iter(|| solver.solve(black_box(&scenario.plans[0]))));
    group.sample_size(10).throughput(Throughput::Elements(scenario.recipients()));
    group.bench_function("simulate", |bencher| {
        let run = || simulate(&scenario, 1, &Progress::default()).expect("nobody stops it").ledger();
        bencher.iter(|| pool.install(run));
    });
    group.finish();
}

fn search(scenario: &Scenario, ttls: impl Iterator<Item = i64>) -> Search<'_> {
    let ttls: Vec<Span> = ttls.map(Span::from_secs).collect();
    Search {
        segment: None,
        scenario,
        providers: [0, 1, 2].map(|provider| Tried::usual(scenario, provider, ttls.clone())).to_vec(),
        steps: 3,
        late_deliveries: vec![LateDelivery::Finish],
        objectives: vec![Metric::CostPerRecipient],
        bounds: vec![(Metric::InTime, Bound::AtLeast(0.98))],
        refines: true,
    }
}

fn best(search: &Search<'_>) -> Optimum {
    search.run(&Progress::default()).expect("its recipients share nothing")
}

/// The best plan of a grid.
fn grid(criterion: &mut Criterion) {
    let scenario = ground::load("bank-pin.toml", 1_000_000);
    let pool = one_thread();
    let mut group = criterion.benchmark_group("best plan of bank-pin/1 thread");
    group.sampling_mode(SamplingMode::Flat).sample_size(10).measurement_time(Duration::from_secs(8));
    let twelve = search(&scenario, (1..=12).map(|i| 5 * i));
    let forty = search(&scenario, (1..=40).map(|i| 3 * i / 2));
    let grids: &[(&str, &Search<'_>, usize)] = &[("939 plans", &twelve, 939), ("9 843 plans", &forty, 9_843)];
    for (name, search, candidates) in &grids[..if ground::testing() { 1 } else { 2 }] {
        let found = pool.install(|| best(search));
        assert!(found.candidates == *candidates && found.plans[0].meets_bounds, "{found:?}");
        group.throughput(Throughput::Elements(*candidates as u64));
        group.bench_function(*name, |bencher| bencher.iter(|| pool.install(|| best(black_box(search)))));
    }
    group.finish();
}

/// A race of 63 plans for the most in time, to 0.05 points, as if they could not be solved; the exact winner is within that.
fn race(criterion: &mut Criterion) {
    let scenario = ground::load("bank-pin.toml", 1_000_000);
    let pool = one_thread();
    let mut group = criterion.benchmark_group("race of bank-pin/1 thread");
    group.sampling_mode(SamplingMode::Flat).sample_size(10).measurement_time(Duration::from_secs(8));
    let search = Search {
        steps: 2,
        objectives: vec![Metric::InTime],
        bounds: Vec::new(),
        ..search(&scenario, (1..=10).map(|i| 5 * i))
    };
    let race = || search.race(Some(0.000_5), &Progress::default()).expect("it has one objective");
    let found = pool.install(race);
    let exact = best(&search);
    let solver = Solver::new(&scenario, &[0, 1, 2]);
    let in_time =
        |plan| solver.solve_plainly(plan).expect("nothing is shared").measure(Metric::InTime).expect("known").value;
    let lost = in_time(&exact.plans[0].plan) - in_time(&found.plans[0].plan);
    assert!(found.candidates == 63 && found.is_decided && lost < 0.000_5, "{lost} {found:?}");
    group.throughput(Throughput::Elements(found.simulated));
    group.bench_function("63 plans", |bencher| bencher.iter(|| pool.install(race)));
    group.finish();
}

criterion_group!(benches, plan, grid, race);
criterion_main!(benches);
