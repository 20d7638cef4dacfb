//! Contended runs: the reference scenario with limited capacity, on one thread and on all, compared with a hand-written kernel of
//! it. Then the same with priorities, and with circuit breakers.

mod ground;
#[allow(dead_code, reason = "the half of it that the other bench uses")]
mod kernel;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use failsim::engine::BreakerRules;
use failsim::provider::Discipline;
use failsim::rng::RngKey;
use failsim::scenario::Scenario;
use failsim::sim::{
    ExecutionMode, Model, PlanRunTally, Progress, RunContext, Timeline, is_feed_forward, simulate_contended,
};
use failsim::units::{Span, Time};
use kernel::Kernel;
use rayon::prelude::*;
use std::hint::black_box;
use std::time::Duration;

const SEED: u64 = 0x5EED;
/// The allowed difference of the kernel's shares and costs: its random numbers are its own, and it keeps time in floating point.
const ALLOWED: f64 = 0.01;

/// A scenario prepared for simulation.
struct Ready {
    model: Model,
    recipients: u64,
    plans: usize,
}

impl Ready {
    fn new(scenario: &Scenario) -> Self {
        let plans = scenario.plans.len();
        Self { model: Model::new(scenario), recipients: scenario.recipients() * plans as u64, plans }
    }

    fn context(&self, mode: ExecutionMode) -> RunContext<'_> {
        let horizon = Time::from_secs_f64(3600.0);
        RunContext { model: &self.model, rng: RngKey::new(20_261_127, 0), timeline: Timeline::over(horizon), mode }
    }

    /// Runs all plans, in parallel.
    fn run(&self, mode: ExecutionMode) -> Vec<PlanRunTally> {
        let context = self.context(mode);
        let run = |plan| simulate_contended(&context, plan, &Progress::default()).expect("nobody stops it");
        (0..self.plans).into_par_iter().with_max_len(1).map(run).collect()
    }

    fn group<'a>(&self, criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(self.recipients)).sampling_mode(SamplingMode::Flat);
        group
    }
}

fn reference() -> Scenario {
    scaled(ground::load("reference-capacity.toml", 1_000_000))
}

/// Scales the capacities, which are those for a million recipients, to the number of recipients.
fn scaled(mut scenario: Scenario) -> Scenario {
    let n = scenario.recipients();
    for provider in &mut scenario.providers {
        if let Some(capacity) = &mut provider.capacity {
            let second = Span::from_secs(1);
            let per_second = |rate: failsim::units::Rate| (rate.per_second() * n as f64 / 1e6).round() as u64;
            capacity.rate = capacity.rate.and_then(|rate| failsim::units::Rate::new(per_second(rate), 0, second));
            capacity.concurrent = capacity.concurrent.map(|lines| (u64::from(lines) * n / 1_000_000).max(1) as u32);
        }
    }
    scenario
}

fn capacity(criterion: &mut Criterion) {
    let scenario = reference();
    let (ready, kernel) = (Ready::new(&scenario), Kernel::new());
    assert!((0..ready.plans).all(|plan| is_feed_forward(&ready.context(ExecutionMode::Fastest), plan)));
    assert_same_answers(&ready, &kernel);
    let mut one = scenario.clone();
    one.plans.truncate(1);
    let one = Ready::new(&one);
    for (threads, pool) in ground::pools() {
        let mut group = ready.group(criterion, &format!("reference-capacity/{threads}"));
        group.bench_function("failsim", |bencher| bencher.iter(|| pool.install(|| ready.run(ExecutionMode::Fastest))));
        group.bench_function("failsim engine", |bencher| {
            bencher.iter(|| pool.install(|| ready.run(ExecutionMode::Engine)))
        });
        group.bench_function("kernel", |bencher| {
            bencher.iter(|| pool.install(|| kernel.play_queued(black_box(scenario.recipients()), SEED)));
        });
        group.finish();
        let mut group = one.group(criterion, &format!("one run/{threads}"));
        group.bench_function("failsim", |bencher| bencher.iter(|| pool.install(|| one.run(ExecutionMode::Fastest))));
        group.finish();
    }
}

/// The cost per recipient as their number grows.
fn sizes(criterion: &mut Criterion) {
    let (_, pool) = ground::pools().swap_remove(0);
    for recipients in [100_000, 10_000_000] {
        let ready = Ready::new(&scaled(ground::load("reference-capacity.toml", recipients)));
        let mut group = ready.group(criterion, "by size/1 thread");
        group.sample_size(10);
        group.bench_function(format!("{recipients} recipients"), |bencher| {
            bencher.iter(|| pool.install(|| ready.run(ExecutionMode::Fastest)));
        });
        group.finish();
    }
}

/// Policies under which later attempts affect earlier ones: a tenth of the recipients have priority, circuits open, or both.
fn policies(criterion: &mut Criterion) {
    let mut priorities = reference();
    let mut urgent = priorities.streams[0].clone();
    (urgent.name, urgent.priority, urgent.traffic.recipients) = ("urgent".to_owned(), 1, priorities.recipients() / 10);
    priorities.streams[0].traffic.recipients -= urgent.traffic.recipients;
    priorities.streams.push(urgent);
    for capacity in priorities.providers.iter_mut().filter_map(|provider| provider.capacity.as_mut()) {
        capacity.order = Discipline::Priority;
    }
    let with_breakers = |mut scenario: Scenario| {
        scenario.breakers.fill(Some(BreakerRules::DEFAULT));
        scenario
    };
    let (breakers, both) = (with_breakers(reference()), with_breakers(priorities.clone()));
    for (threads, pool) in ground::pools() {
        for (name, scenario) in [("with priorities", &priorities), ("with breakers", &breakers), ("with both", &both)] {
            let ready = Ready::new(scenario);
            let mut group = ready.group(criterion, &format!("reference-capacity/{threads}"));
            group.bench_function(name, |bencher| bencher.iter(|| pool.install(|| ready.run(ExecutionMode::Fastest))));
            group.finish();
        }
    }
}

/// Asserts that the kernel answers the same question; otherwise the comparison means nothing.
fn assert_same_answers(ready: &Ready, kernel: &Kernel) {
    let n = ready.recipients / ready.plans as u64;
    let theirs = kernel.play_queued(n, SEED);
    for (plan, (ours, theirs)) in ready.run(ExecutionMode::Fastest).iter().zip(&theirs).enumerate() {
        let tally = &ours.streams[0][0].tally;
        let pairs = [
            ("delivered", tally.delivered, theirs.delivered),
            ("in time", tally.in_time, theirs.in_time),
            ("duplicates", tally.duplicates, theirs.duplicates),
            ("cost", (tally.cost / 1_000_000) as u64, theirs.cost / 1_000_000),
        ];
        for (what, ours, theirs) in pairs {
            let (ours, theirs) = (ours as f64 / n as f64, theirs as f64 / n as f64);
            let allowed = if what == "cost" { ALLOWED * ours } else { ALLOWED };
            assert!((ours - theirs).abs() <= allowed, "plan {plan}, {what}: failsim {ours}, the kernel {theirs}");
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .without_plots()
        .sample_size(15)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5));
    targets = capacity, sizes, policies
}
criterion_main!(benches);
