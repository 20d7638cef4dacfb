//! Counting: latencies into their histogram, events into bins, and merging of tallies; compared with `hdrhistogram`.

mod each;

use criterion::{Criterion, criterion_group, criterion_main};
use each::each;
use failsim::dist::{Dist, Sampler, Shape};
use failsim::rng::{DrawKey, LANES, RngKey};
use failsim::stats::{Bins, Latencies};
use failsim::units::Span;
use hdrhistogram::Histogram;
use std::hint::black_box;
use std::time::Duration;

/// The number of batches of latencies used in turn, so that the processor's branch predictor does not learn one by heart.
const BATCHES: usize = 64;

/// Latencies of an sms [µs]: lognormal with a median of 4 s and sigma 1.
fn latencies() -> Vec<[i64; LANES]> {
    let sampler = Sampler::new(&Dist::new(Shape::Lognormal { median: Span::from_secs_f64(4.0), sigma: 1.0 }));
    let mut words = [[0; LANES]; 4];
    let batch = |i| {
        let first = (i * LANES) as u32;
        RngKey::new(20_261_127, 0).draws(DrawKey::of_name("sms"), first, 0).columns(0, &mut words);
        words[0].map(|draw| sampler.sample(draw).as_micros())
    };
    (0..BATCHES).map(batch).collect()
}

/// Creates a histogram with the same bounds and precision as failsim's.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 1 << 45, 3).expect("the bounds are in order")
}

// Both are compiled for the vector extensions that a run would use: see `sim::batch`.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx512cd", "x86_64+avx2"))]
fn record_ours(latencies: &mut Latencies, micros: &[i64]) {
    latencies.record_all(micros);
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx512cd", "x86_64+avx2"))]
fn record_theirs(histogram: &mut Histogram<u64>, micros: &[i64]) {
    for &latency in micros {
        histogram.record(latency as u64).expect("latencies are within bounds");
    }
}

fn recording(criterion: &mut Criterion) {
    let batches = latencies();
    let mut group = criterion.benchmark_group("recording, per latency");
    group.bench_function("failsim", |bencher| {
        let mut ours = Latencies::default();
        each(bencher, LANES * BATCHES, || batches.iter().for_each(|batch| record_ours(&mut ours, black_box(batch))));
        black_box(ours);
    });
    group.bench_function("hdrhistogram", |bencher| {
        let mut theirs = histogram();
        each(bencher, LANES * BATCHES, || {
            batches.iter().for_each(|batch| record_theirs(&mut theirs, black_box(batch)));
        });
        black_box(theirs);
    });
    group.finish();
}

fn bins(criterion: &mut Criterion) {
    let indices: Vec<usize> = latencies()[0].iter().map(|&latency| (latency >> 20) as usize).collect();
    let mut bins = Bins::default();
    criterion.bench_function("bins, per event", |bencher| {
        each(bencher, LANES, || black_box(&indices).iter().for_each(|&index| bins.add(index)));
    });
    black_box(bins);
}

fn merging(criterion: &mut Criterion) {
    let (mut ours, mut theirs) = (Latencies::default(), histogram());
    for batch in latencies() {
        record_ours(&mut ours, &batch);
        record_theirs(&mut theirs, &batch);
    }
    let mut group = criterion.benchmark_group("merging, per pair of histograms");
    group.bench_function("failsim", |bencher| {
        let mut sum = ours.clone();
        bencher.iter(|| sum.merge(black_box(&ours)));
    });
    group.bench_function("hdrhistogram", |bencher| {
        let mut sum = theirs.clone();
        bencher.iter(|| sum.add(black_box(&theirs)).expect("they have the same bounds"));
    });
    group.finish();
}

/// The work at the end of a section of a run: the quantiles of all its latencies.
fn quantiles(criterion: &mut Criterion) {
    let (mut ours, mut theirs) = (Latencies::default(), histogram());
    for batch in latencies() {
        record_ours(&mut ours, &batch);
        record_theirs(&mut theirs, &batch);
    }
    let mut group = criterion.benchmark_group("quantile, the 95th percentile");
    group.bench_function("failsim", |bencher| bencher.iter(|| black_box(&ours).quantile(0.95)));
    group.bench_function("hdrhistogram", |bencher| bencher.iter(|| black_box(&theirs).value_at_quantile(0.95)));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = recording, bins, merging, quantiles
}
criterion_main!(benches);
