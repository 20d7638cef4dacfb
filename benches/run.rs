//! The whole run: recipients through every plan into all tallies, on one thread and on all; compared with a hand-written
//! kernel of the reference scenario.

mod ground;
#[allow(dead_code, reason = "the half of it that the other bench uses")]
mod kernel;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use failsim::dist::{Dist, Shape};
use failsim::provider::{OutcomeSpec, Price, ProviderSpec};
use failsim::rng::RngKey;
use failsim::scenario::Scenario;
use failsim::sim::{ExecutionMode, GroupTally, Model, Progress, RunContext, Timeline, simulate_independent};
use failsim::status::Segment;
use failsim::study::{self, PlanResult, Share};
use failsim::traffic::{PhoneOff, SegmentMix};
use failsim::units::{Money, Probability, Span, Time};
use kernel::{Counts, Kernel};
use rayon::ThreadPool;
use std::hint::black_box;
use std::time::Duration;

/// The kernel's own seed: its random numbers are not failsim's.
const SEED: u64 = 0x5EED;
/// The maximum difference between the kernel's results and failsim's, in standard errors.
const SIGMAS: f64 = 5.0;
/// The allowed error of tables, as a share of the recipients.
const TABLE_ERROR: f64 = 1e-4;

/// A scenario prepared for simulation.
struct Ready {
    scenario: Scenario,
    model: Model,
    timeline: Timeline,
}

impl Ready {
    /// Loads `file` with this number of recipients, unless the benches are only tested, and time bins up to `horizon`.
    fn load(file: &str, recipients: u64, horizon: Time) -> Self {
        let scenario = ground::load(file, recipients);
        Self { model: Model::new(&scenario), timeline: Timeline::over(horizon), scenario }
    }

    /// The tallies of each segment.
    fn run(&self, mode: ExecutionMode) -> Vec<GroupTally> {
        let rng = RngKey::new(self.scenario.seed, 0);
        let context = RunContext { model: &self.model, rng, timeline: self.timeline, mode };
        simulate_independent(&context, &self.model.streams[0], &Progress::default()).expect("nobody stops it")
    }

    /// Times both execution modes in a group whose elements are recipients times plans.
    fn time(&self, group: &mut BenchmarkGroup<'_, WallTime>, pool: &ThreadPool) {
        let recipients = self.scenario.recipients() * self.scenario.plans.len() as u64;
        group.throughput(Throughput::Elements(recipients)).sampling_mode(SamplingMode::Flat);
        group.bench_function("failsim", |bencher| bencher.iter(|| pool.install(|| self.run(ExecutionMode::Fastest))));
        group.bench_function("failsim engine", |bencher| {
            bencher.iter(|| pool.install(|| self.run(ExecutionMode::Engine)))
        });
    }
}

fn reference(criterion: &mut Criterion) {
    let ready = Ready::load("reference.toml", 1_000_000, Time::from_secs_f64(2.0 * 3600.0));
    let (kernel, recipients) = (Kernel::new(), ready.scenario.recipients());
    assert_same_answers(&ready.scenario, &kernel.run(recipients, SEED));
    for (threads, pool) in ground::pools() {
        let mut group = criterion.benchmark_group(format!("reference/{threads}"));
        ready.time(&mut group, &pool);
        group.bench_function("kernel", |bencher| {
            bencher.iter(|| pool.install(|| kernel.run(black_box(recipients), SEED)));
        });
        group.finish();
    }
}

/// The reference with what is the person's, and with segments that have their own prices, beside the reference alone.
fn people(criterion: &mut Criterion) {
    let reference = ground::load("reference.toml", 1_000_000);
    let mut off = reference.clone();
    let back_after = Dist::new(Shape::Exponential { mean: Span::from_secs(7_200) });
    off.people.phone_off = Some(PhoneOff { share: share(0.05), back_after: Some(back_after) });
    let mut persistent = reference.clone();
    for outcomes in persistent.providers.iter_mut().map(|spec| &mut spec.outcomes) {
        let is_failure = |outcome: &&mut OutcomeSpec| outcome.status.is_some_and(|status| !status.is_delivery());
        outcomes.iter_mut().filter(is_failure).take(1).for_each(|outcome| outcome.persistent = true);
    }
    let both = Scenario { people: off.people.clone(), ..persistent.clone() };
    let cases = [
        ("alone", reference.clone()),
        ("persistent outcomes", persistent),
        ("phones off", off),
        ("3 segments", in_segments(reference, 3)),
        ("all with 3 segments", in_segments(both.clone(), 3)),
        ("all with 32 segments", in_segments(both, 32)),
    ];
    let cases = cases.map(|(name, scenario)| {
        let timeline = Timeline::over(Time::from_secs_f64(2.0 * 3600.0));
        (name, Ready { model: Model::new(&scenario), timeline, scenario })
    });
    for (threads, pool) in ground::pools() {
        let mut group = criterion.benchmark_group(format!("reference with people/{threads}"));
        group.sampling_mode(SamplingMode::Flat);
        for (name, ready) in &cases {
            group.bench_function(*name, |bencher| {
                bencher.iter(|| pool.install(|| ready.run(ExecutionMode::Fastest)));
            });
        }
        group.finish();
    }
}

fn share(value: f64) -> Probability {
    Probability::new(value).expect("a share from 0 to 1")
}

/// The scenario in equal segments, each with its own price of the first provider.
fn in_segments(mut scenario: Scenario, segments: u8) -> Scenario {
    scenario.people.segments = (0..segments).map(|segment| format!("s{segment}")).collect();
    let shares: Vec<_> = (0..segments).map(|_| share(1.0 / f64::from(segments))).collect();
    scenario.streams[0].traffic.segments = SegmentMix::Shares(shares.into());
    let first = scenario.providers[0].clone();
    let own = |segment: u8| {
        let delivered = Money::from_micros(15_000 + 1_000 * i64::from(segment));
        (Segment::new(segment), ProviderSpec { price: Price { delivered, ..first.price }, ..first.clone() })
    };
    scenario.providers[0].segments = (1..segments).map(own).collect();
    scenario
}

fn bank_pin(criterion: &mut Criterion) {
    let ready = Ready::load("bank-pin.toml", 200_000, Time::from_secs_f64(25.0 * 3600.0));
    for (threads, pool) in ground::pools() {
        let mut group = criterion.benchmark_group(format!("bank-pin/{threads}"));
        ready.time(&mut group, &pool);
        group.finish();
    }
}

/// The components of a small run: reading and checking the scenario, building its tables, and the whole run with its results.
fn small(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("10 000 recipients of bank-pin");
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function("read", |bencher| bencher.iter(|| ground::load("bank-pin.toml", 10_000)));
    let scenario = ground::load("bank-pin.toml", 10_000);
    group.bench_function("prepare", |bencher| bencher.iter(|| Model::new(black_box(&scenario))));
    group.bench_function("prepare, simulate, compare", |bencher| {
        bencher.iter(|| study::compare(black_box(&scenario), 1, &Progress::default()));
    });
    group.finish();
}

/// Asserts that the kernel answers the same question; otherwise the comparison means nothing.
fn assert_same_answers(scenario: &Scenario, kernel: &[Counts]) {
    let findings = study::compare(scenario, 1, &Progress::default()).expect("nobody stops it");
    let n = scenario.recipients() as f64;
    for (plan, counts) in findings.results.plans.iter().zip(kernel) {
        assert_same_share(plan, "delivered", &plan.delivered, counts.delivered, n);
        assert_same_share(plan, "in time", &plan.in_time, counts.in_time, n);
        assert_same_share(plan, "duplicates", &plan.duplicates, counts.duplicates, n);
        assert_same_cost(plan, counts.cost as f64 / 1e6 / n);
        assert_same_p95(plan, counts.p95());
    }
}

fn assert_same_share(plan: &PlanResult, what: &str, ours: &Share, theirs: u64, n: f64) {
    let (ours, theirs) = (ours.share, theirs as f64 / n);
    let both = 0.5 * (ours + theirs);
    let allowed = SIGMAS * (2.0 * both * (1.0 - both) / n).sqrt() + TABLE_ERROR;
    assert!((ours - theirs).abs() <= allowed, "{}, {what}: failsim {ours}, the kernel {theirs}", plan.name);
}

fn assert_same_cost(plan: &PlanResult, theirs: f64) {
    let ours = plan.cost.per_recipient;
    let most_expensive = 0.09;
    let allowed = of_two(plan.cost.low.zip(plan.cost.high)) + TABLE_ERROR * most_expensive;
    assert!((ours - theirs).abs() <= allowed, "{}, cost: failsim {ours}, the kernel {theirs}", plan.name);
}

fn assert_same_p95(plan: &PlanResult, (from, to): (f64, f64)) {
    let ours = plan.latency_s.p95.expect("somebody was reached");
    let allowed = of_two(plan.latency_s.intervals.get("p95").map(|interval| (interval.low, interval.high)));
    assert!(
        (from - allowed..to + allowed).contains(&ours),
        "{}, p95: failsim {ours}, the kernel {from} to {to}",
        plan.name
    );
}

/// The maximum distance between two samples, each with a 95 % interval like this.
fn of_two(interval: Option<(f64, f64)>) -> f64 {
    let (low, high) = interval.expect("the sample is large");
    SIGMAS * 2.0_f64.sqrt() * 0.5 * (high - low) / 1.96
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .without_plots()
        .sample_size(15)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5));
    targets = reference, people, bank_pin, small
}
criterion_main!(benches);
