//! Random numbers and latencies: draws of the counter-based generator, and time spans sampled from them, in time per draw;
//! compared with `rand_distr` on a fast generator.

mod each;

use criterion::{Criterion, criterion_group, criterion_main};
use each::each;
use failsim::dist::{Dist, Entry, QuantileTables, Sampler, Shape};
use failsim::rng::{DrawKey, Draws, LANES, RngKey};
use failsim::units::Span;
use rand::rand_core::{Infallible, TryRng, utils};
use rand_distr::{Distribution, Exp, Gamma, LogNormal, Uniform, Weibull};
use std::hint::black_box;
use std::time::Duration;

/// xoshiro256++ (Blackman, Vigna: "Scrambled linear pseudorandom number generators", 2021).
struct Xoshiro([u64; 4]);

impl Xoshiro {
    /// Any state except zero is good enough for timing.
    const SEEDED: Self =
        Self([0x9E37_79B9_7F4A_7C15, 0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB, 0x2545_F491_4F6C_DD1D]);

    #[inline]
    fn next(&mut self) -> u64 {
        let Self([s0, s1, s2, s3]) = self;
        let result = s0.wrapping_add(*s3).rotate_left(23).wrapping_add(*s0);
        let t = *s1 << 17;
        *s2 ^= *s0;
        *s3 ^= *s1;
        *s1 ^= *s2;
        *s0 ^= *s3;
        *s2 ^= t;
        *s3 = s3.rotate_left(45);
        result
    }
}

impl TryRng for Xoshiro {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next() >> 32) as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        utils::fill_bytes_via_next_word(bytes, || self.try_next_u64())
    }
}

fn span(seconds: f64) -> Span {
    Span::from_secs_f64(seconds)
}

fn draws() -> Draws {
    RngKey::new(20_261_127, 0).draws(DrawKey::of_name("sms"), 0, 0)
}

/// Returns one draw for each lane.
fn lane_draws() -> [u32; LANES] {
    let mut words = [[0; LANES]; 4];
    draws().columns(0, &mut words);
    words[0]
}

/// A block of Philox returns four draws, which all count.
fn generators(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("draws, per draw of 32 bits");
    group.bench_function("philox, one block at a time", |bencher| {
        let rng = RngKey::new(20_261_127, 0);
        each(bencher, 4 * LANES, || {
            for recipient in 0..LANES as u32 {
                black_box(rng.draws(black_box(DrawKey::SENDER), recipient, 0).block(0));
            }
        });
    });
    group.bench_function("philox, by column", |bencher| {
        let mut words = [[0; LANES]; 4];
        each(bencher, 4 * LANES, || {
            black_box(draws()).columns(0, &mut words);
            black_box(&words);
        });
    });
    group.bench_function("xoshiro256++", |bencher| {
        let mut generator = Xoshiro::SEEDED;
        each(bencher, 4 * LANES, || {
            for _ in 0..2 * LANES {
                black_box(generator.next());
            }
        });
    });
    group.finish();
}

/// The reference scenario's sms distribution and similar ones, each with its `rand_distr` counterpart in seconds.
fn distributions(criterion: &mut Criterion) {
    let bounds = "the parameters are in range";
    let shape = Shape::Uniform { min: span(1.0), max: span(3.0) };
    compare(criterion, "uniform", shape, &Uniform::new(1.0, 3.0).expect(bounds));
    let shape = Shape::Exponential { mean: span(8.0) };
    compare(criterion, "exponential", shape, &Exp::new(1.0 / 8.0).expect(bounds));
    let shape = Shape::Lognormal { median: span(4.0), sigma: 1.0 };
    compare(criterion, "lognormal", shape, &LogNormal::new(4.0_f64.ln(), 1.0).expect(bounds));
    let shape = Shape::Gamma { mean: span(8.0), cv: 0.5 };
    compare(criterion, "gamma", shape, &Gamma::new(4.0, 2.0).expect(bounds));
    let shape = Shape::Weibull { scale: span(8.0), shape: 0.7 };
    compare(criterion, "weibull", shape, &Weibull::new(8.0, 0.7).expect(bounds));
    ours(criterion, "constant", Shape::Constant(span(4.0)));
    ours(criterion, "empirical", Shape::Empirical((1..=10_000).map(|i| span(0.01 * f64::from(i))).collect()));
}

fn compare(criterion: &mut Criterion, name: &str, shape: Shape, theirs: &impl Distribution<f64>) {
    ours(criterion, name, shape);
    let mut generator = Xoshiro::SEEDED;
    let mut spans = [0.0; LANES];
    criterion.benchmark_group(format!("sampling, per span/{name}")).bench_function("rand_distr", |bencher| {
        each(bencher, LANES, || {
            for span in &mut spans {
                *span = theirs.sample(&mut generator);
            }
            black_box(&spans);
        });
    });
}

/// The table alone, with existing draws; and with draws included, two of every block, as attempts use them.
fn ours(criterion: &mut Criterion, name: &str, shape: Shape) {
    let sampler = Sampler::new(&Dist::new(shape));
    let known = lane_draws();
    let mut spans = [Span::ZERO; LANES];
    let mut group = criterion.benchmark_group(format!("sampling, per span/{name}"));
    group.bench_function("failsim", |bencher| {
        each(bencher, LANES, || {
            let sampler = black_box(&sampler);
            for (span, &draw) in spans.iter_mut().zip(black_box(&known)) {
                *span = sampler.sample(draw);
            }
            black_box(&spans);
        });
    });
    group.bench_function("failsim with its draws", |bencher| {
        let mut words = [[0; LANES]; 4];
        each(bencher, 4 * LANES, || {
            let sampler = black_box(&sampler);
            black_box(draws()).columns(0, &mut words);
            for column in &words {
                for (span, &draw) in spans.iter_mut().zip(column) {
                    *span = sampler.sample(draw);
                }
                black_box(&spans);
            }
        });
    });
    group.finish();
}

/// The latencies of the reference scenario's Viber, sampled as a batch.
fn quantile_tables(criterion: &mut Criterion) {
    let mut quantile_tables = QuantileTables::default();
    let mut add =
        |shape| quantile_tables.add(&Sampler::new(&Dist::new(shape))).expect("a continuous shape has a table");
    let entries = [
        add(Shape::Lognormal { median: span(2.5), sigma: 0.8 }),
        add(Shape::Lognormal { median: span(6.0), sigma: 0.6 }),
        add(Shape::Exponential { mean: span(0.4) }),
        add(Shape::Constant(Span::ZERO)),
    ];
    let (mut choices, draws) = ([0; LANES], lane_draws());
    for (choice, draw) in choices.iter_mut().zip(draws) {
        // The last bits of the draw, which hardly change its span.
        *choice = [62, 85, 90].iter().filter(|&&below| draw % 100 >= below).count() as u8;
    }
    let mut group = criterion.benchmark_group("sampling, per span/atlas");
    let mut spans = [0; LANES];
    group.bench_function("one distribution", |bencher| {
        each(bencher, LANES, || {
            black_box(&quantile_tables).read(black_box(entries[0]), black_box(&draws), &mut spans);
            black_box(&spans);
        });
    });
    group.bench_function("a mixture of four", |bencher| {
        each(bencher, LANES, || {
            let entries: &[Entry] = black_box(&entries);
            black_box(&quantile_tables).read_by(entries, black_box(&choices), black_box(&draws), &mut spans);
            black_box(&spans);
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = generators, distributions, quantile_tables
}
criterion_main!(benches);
