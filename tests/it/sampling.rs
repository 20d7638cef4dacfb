//! Sampled distributions against the true ones, and the pinned values of all draws.
//!
//! A sampler is an increasing function of a 32-bit draw, so its distribution can be computed exactly, without sampling error: the
//! draws up to `d` are the share `(d + 1) / 2³²` of all. Spans are whole microseconds, so a value `x` stands for everything within
//! 1 µs of it (half for the value itself, half for the table knots that it lies between).

use crate::build::span;
use failsim::dist::{Dist, MAX_SPAN, Sampler, Shape};
use failsim::rng::{DrawKey, RngKey, purpose};
use failsim::traffic::{ArrivalStage, Arrivals, Timetable, Traffic};
use failsim::units::{Span, Time};
use rand_distr::Distribution;
use statrs::distribution::{ContinuousCDF, Exp, Gamma, LogNormal, Uniform, Weibull};

const DRAWS: f64 = 4_294_967_296.0;
/// The maximum error of a sampled distribution function.
const KOLMOGOROV: f64 = 1e-4;
/// The maximum relative error of a tail probability.
const TAIL: f64 = 0.002;

// ---------------------------------------------------------------- the true distributions

type Truth = Box<dyn Fn(f64) -> (f64, f64)>;

/// The probabilities below and above a number of seconds.
fn both<D: ContinuousCDF<f64, f64> + 'static>(truth: D) -> Truth {
    Box::new(move |x| (truth.cdf(x), truth.sf(x)))
}

fn truth(shape: &Shape) -> Truth {
    let sane = "the parameters are sane";
    match *shape {
        Shape::Uniform { min, max } => both(Uniform::new(min.as_secs_f64(), max.as_secs_f64()).expect(sane)),
        Shape::Exponential { mean } => both(Exp::new(1.0 / mean.as_secs_f64()).expect(sane)),
        Shape::Lognormal { median, sigma } => both(LogNormal::new(median.as_secs_f64().ln(), sigma).expect(sane)),
        Shape::Gamma { mean, cv } => {
            let shape = 1.0 / (cv * cv);
            both(Gamma::new(shape, shape / mean.as_secs_f64()).expect(sane))
        }
        Shape::Weibull { scale, shape } => both(Weibull::new(shape, scale.as_secs_f64()).expect(sane)),
        Shape::Constant(_) | Shape::Empirical(_) => unreachable!("only continuous shapes have a table"),
    }
}

/// Every continuous shape, narrow and wide, with a typical span of `unit`.
fn shapes(unit: f64) -> Vec<Shape> {
    let mean = span(unit);
    let lognormals = [0.1, 0.5, 1.0, 2.0, 3.0].map(|sigma| Shape::Lognormal { median: mean, sigma });
    let gammas = [0.2, 0.7, 1.0, 1.5, 3.0].map(|cv| Shape::Gamma { mean, cv });
    let weibulls = [0.5, 0.8, 1.0, 2.0, 5.0].map(|shape| Shape::Weibull { scale: mean, shape });
    let others = [Shape::Exponential { mean }, Shape::Uniform { min: mean, max: span(3.0 * unit) }];
    [&lognormals[..], &gammas, &weibulls, &others].concat()
}

// ---------------------------------------------------------------- reading a sampler

/// Draws spaced evenly over the whole range, and in each halving of either tail as densely as in the middle.
fn draws() -> impl Iterator<Item = u32> {
    let even = (0..40_000_u32).map(|i| i * 107_374);
    let halvings = (0..31).flat_map(|halving| (0..256_u64).map(move |i| (((256 + i) << halving) >> 8) as u32));
    let tails = halvings.flat_map(|from_the_end| [from_the_end, u32::MAX - from_the_end]);
    even.chain(tails)
}

/// The error of a sampler at one draw.
struct Deviation {
    /// The error of the distribution function.
    absolute: f64,
    /// The error of the tail probability on the draw's side, relative to it.
    relative: f64,
}

/// A sampler with the true distribution that it is compared with.
struct Reading {
    sampler: Sampler,
    truth: Truth,
    shift: f64,
    max: Span,
}

impl Reading {
    fn of(dist: &Dist) -> Self {
        let max = dist.max.min(MAX_SPAN);
        Self { sampler: Sampler::new(dist), truth: truth(&dist.shape), shift: dist.shift.as_secs_f64(), max }
    }

    fn deviation(&self, draw: u32) -> Deviation {
        let sampled = self.sampler.sample(draw);
        assert!(sampled <= self.max, "{sampled} is longer than the longest");
        let x = sampled.as_secs_f64() - self.shift;
        let (below, above) = ((self.truth)(x - 1e-6), (self.truth)(x + 1e-6));
        // A truncated span stands for all longer ones.
        let above = if sampled == self.max { (1.0, 0.0) } else { above };
        let (from, to) = (f64::from(draw) / DRAWS, (f64::from(draw) + 1.0) / DRAWS);
        let absolute = (below.0 - to).max(from - above.0);
        let relative = if draw < 1 << 31 {
            (below.0 / to - 1.0).max(1.0 - above.0 / from)
        } else {
            (above.1 / (1.0 - from) - 1.0).max(1.0 - below.1 / (1.0 - to))
        };
        Deviation { absolute, relative }
    }

    /// The largest absolute error, and the largest relative one between 1e-8 and 1e-3 of either end.
    fn worst(&self) -> Deviation {
        let mut worst = Deviation { absolute: 0.0, relative: 0.0 };
        for draw in draws() {
            let deviation = self.deviation(draw);
            worst.absolute = worst.absolute.max(deviation.absolute);
            let from_the_end = (f64::from(draw) + 0.5).min(DRAWS - 0.5 - f64::from(draw)) / DRAWS;
            if (1e-8..=1e-3).contains(&from_the_end) {
                worst.relative = worst.relative.max(deviation.relative);
            }
        }
        worst
    }
}

fn holds(dist: &Dist) {
    let worst = Reading::of(dist).worst();
    assert!(worst.absolute < KOLMOGOROV, "{dist:?} is off by {:e}", worst.absolute);
    assert!(worst.relative < TAIL, "a tail of {dist:?} is off by {:.2} %", 100.0 * worst.relative);
}

#[test]
fn sampled_seconds_are_distributed_as_they_should() {
    shapes(1.0).into_iter().for_each(|shape| holds(&Dist::new(shape)));
}

#[test]
fn sampled_hours_are_distributed_as_they_should() {
    shapes(3_600.0).into_iter().for_each(|shape| holds(&Dist::new(shape)));
}

#[test]
fn shifted_and_cut_off_spans_are_distributed_as_they_should() {
    for shape in shapes(20.0) {
        holds(&Dist { shape, shift: span(3.0), max: span(35.0) });
    }
}

#[test]
fn longer_draws_give_longer_spans() {
    for shape in shapes(1.0) {
        let sampler = Sampler::new(&Dist::new(shape.clone()));
        let mut sorted: Vec<u32> = draws().collect();
        sorted.sort_unstable();
        assert!(sorted.is_sorted_by_key(|&draw| sampler.sample(draw)), "{shape:?}");
    }
}

// ---------------------------------------------------------------- an independent sampler

/// The largest distance between the distribution functions of two samples of equal size.
fn distance(mut ours: Vec<f64>, mut theirs: Vec<f64>) -> f64 {
    ours.sort_by(f64::total_cmp);
    theirs.sort_by(f64::total_cmp);
    let n = ours.len() as f64;
    let (mut i, mut j, mut largest) = (0, 0, 0.0_f64);
    while i < ours.len() && j < theirs.len() {
        let x = ours[i].min(theirs[j]);
        i += ours[i..].iter().take_while(|&&y| y <= x).count();
        j += theirs[j..].iter().take_while(|&&y| y <= x).count();
        largest = largest.max((i as f64 - j as f64).abs() / n);
    }
    largest
}

/// Kolmogorov and Smirnov: two samples of n from one distribution are further apart than `sqrt(-ln(α / 2) / n)` with probability α;
/// here once in a thousand.
fn agrees_with(shape: Shape, theirs: impl Distribution<f64>) {
    const N: u32 = 40_000;
    let rng = RngKey::new(20_261_127, 0);
    let sampler = Sampler::new(&Dist::new(shape.clone()));
    let draw = |i| rng.draws(DrawKey::of_name("ours"), i, 0).draw(purpose::AFTER);
    let ours: Vec<f64> = (0..N).map(|i| sampler.sample(draw(i)).as_secs_f64()).collect();
    let mut stream = rng.draws(DrawKey::of_name("theirs"), 0, 0).stream();
    // Theirs in whole microseconds too: a gamma distribution of cv 2 has 2 % of its values below half of one.
    let theirs = (0..N).map(|_| span(theirs.sample(&mut stream)).as_secs_f64()).collect();
    let (distance, critical) = (distance(ours, theirs), (-(0.001_f64 / 2.0).ln() / f64::from(N)).sqrt());
    assert!(distance < critical, "{shape:?}: {distance}, critical {critical}");
}

#[test]
fn samples_agree_with_those_of_rand_distr() {
    let sane = "the parameters are sane";
    let second = span(1.0);
    let lognormal = rand_distr::LogNormal::new(0.0, 1.0).expect(sane);
    agrees_with(Shape::Lognormal { median: second, sigma: 1.0 }, lognormal);
    agrees_with(Shape::Exponential { mean: second }, rand_distr::Exp::new(1.0).expect(sane));
    agrees_with(Shape::Gamma { mean: second, cv: 0.5 }, rand_distr::Gamma::new(4.0, 0.25).expect(sane));
    agrees_with(Shape::Gamma { mean: second, cv: 2.0 }, rand_distr::Gamma::new(0.25, 4.0).expect(sane));
    agrees_with(Shape::Weibull { scale: second, shape: 1.7 }, rand_distr::Weibull::new(1.0, 1.7).expect(sane));
    agrees_with(Shape::Uniform { min: second, max: span(3.0) }, rand_distr::Uniform::new(1.0, 3.0).expect(sane));
}

// ---------------------------------------------------------------- random numbers

/// Draws that differ in one component of their key are independent: their correlation over n recipients is normal with standard
/// deviation `1 / sqrt(n)`.
#[test]
fn draws_for_different_things_are_uncorrelated() {
    const N: u32 = 100_000;
    let (viber, sms) = (DrawKey::of_name("viber"), DrawKey::of_name("sms"));
    let uniform = |draw: u32| f64::from(draw) / DRAWS - 0.5;
    let base = |i| RngKey::new(1, 0).draws(viber, i, 0).draw(purpose::OUTCOME);
    type Other<'a> = (&'a str, &'a dyn Fn(u32) -> u32);
    let others: [Other<'_>; 7] = [
        ("purpose", &|i| RngKey::new(1, 0).draws(viber, i, 0).draw(purpose::AFTER)),
        ("block", &|i| RngKey::new(1, 0).draws(viber, i, 0).draw(purpose::SEEN)),
        ("use", &|i| RngKey::new(1, 0).draws(viber, i, 1).draw(purpose::OUTCOME)),
        ("provider", &|i| RngKey::new(1, 0).draws(sms, i, 0).draw(purpose::OUTCOME)),
        ("recipient", &|i| RngKey::new(1, 0).draws(viber, i + 1, 0).draw(purpose::OUTCOME)),
        ("replication", &|i| RngKey::new(1, 1).draws(viber, i, 0).draw(purpose::OUTCOME)),
        ("seed", &|i| RngKey::new(2, 0).draws(viber, i, 0).draw(purpose::OUTCOME)),
    ];
    for (what, other) in others {
        let correlation = (0..N).map(|i| uniform(base(i)) * uniform(other(i))).sum::<f64>() * 12.0 / f64::from(N);
        assert!(correlation.abs() < 4.5 / f64::from(N).sqrt(), "{what}: {correlation}");
    }
}

// ---------------------------------------------------------------- value stability
//
// These numbers were printed once and pinned. Any change to them changes the random numbers of every scenario: results stay
// correct but are no longer comparable with stored ones, so it must be noted in CHANGELOG.md and stored baselines regenerated.

#[test]
fn draws_are_pinned() {
    let viber = RngKey::new(20_261_127, 0).draws(DrawKey::of_name("viber"), 7, 0);
    let pinned = [
        (purpose::OUTCOME, 2_676_190_725),
        (purpose::AFTER, 2_504_962_333),
        (purpose::REPORT_DELAY, 3_857_886_422),
        (purpose::FIRST_OUTAGE, 898_399_441),
        (purpose::SEEN, 902_049_377),
        (purpose::SEEN_AFTER, 1_790_393_636),
        (purpose::SEEN_REPORT_DELAY, 3_588_310_639),
        (purpose::TALK, 1_222_006_491),
        (purpose::SENT_REPORT_DELAY, 622_328_641),
        (purpose::FURTHER_OUTAGES, 3_667_015_162),
    ];
    assert_eq!(pinned.map(|(purpose, _)| viber.draw(purpose)), pinned.map(|(_, draw)| draw));
    let voice = RngKey::new(u64::MAX, 3).draws(DrawKey::of_name("voice"), u32::MAX, 2);
    assert_eq!(voice.draw(purpose::OUTCOME), 2_776_377_078);
    let sender = RngKey::new(20_261_127, 0).draws(DrawKey::SENDER, 7, 0);
    assert_eq!(sender.draw_u64(purpose::ARRIVAL), 7_399_122_256_610_685_394);
}

#[test]
fn sampled_spans_are_pinned() {
    const DRAWS: [u32; 6] = [1, 1 << 20, 1 << 30, 1 << 31, 4_000_000_000, u32::MAX];
    let mean = span(4.0);
    let pinned = [
        (
            Shape::Uniform { min: mean, max: span(12.0) },
            [4_000_000, 4_001_953, 6_000_000, 8_000_000, 11_450_581, 12_000_000],
        ),
        (Shape::Exponential { mean }, [0, 977, 1_150_728, 2_772_589, 10_713_427, 91_495_428]),
        (
            Shape::Lognormal { median: mean, sigma: 1.0 },
            [7_876, 122_357, 2_037_665, 4_000_000, 17_672_733, 2_262_559_822],
        ),
        (Shape::Gamma { mean, cv: 0.5 }, [8_661, 293_300, 2_535_320, 3_672_061, 7_271_248, 31_531_624]),
        (Shape::Gamma { mean, cv: 2.0 }, [0, 0, 42_275, 698_781, 15_881_792, 309_252_678]),
        (Shape::Weibull { scale: mean, shape: 1.5 }, [2, 15_626, 1_743_152, 3_132_879, 7_714_456, 32_231_926]),
    ];
    for (shape, micros) in pinned {
        let sampler = Sampler::new(&Dist::new(shape.clone()));
        assert_eq!(DRAWS.map(|draw| sampler.sample(draw).as_micros()), micros, "{shape:?}");
    }
}

#[test]
fn arrival_times_are_pinned() {
    let stage = |over, from_per_s, to_per_s| ArrivalStage { over: span(over), from_per_s, to_per_s };
    let stages = [stage(60.0, 0.0, 50.0), stage(30.0, 50.0, 50.0)];
    let pinned = [
        (Arrivals::Spread { over: span(100.0) }, [16_666, 50_000, 50_016_666, 99_983_333]),
        (Arrivals::Uniform { over: span(3600.0) }, [3_382_908_721, 1_518_669_324, 1_300_453_139, 1_254_050_612]),
        (Arrivals::Poisson { rate_per_s: 300.0 }, [9_396_968, 4_218_525, 3_612_369, 3_483_473]),
        (Arrivals::Stages(stages.into()), [86_381_812, 55_112_055, 50_999_081, 50_080_947]),
    ];
    for (arrivals, micros) in pinned {
        let timetable = Timetable::new(
            &Traffic { recipients: 3_000, arrivals, segments: failsim::traffic::SegmentMix::Whole },
            RngKey::new(20_261_127, 0),
        );
        let mut times = vec![Time::ZERO; 3_000];
        timetable.fill(0, &mut times);
        assert_eq!([0, 1, 1_500, 2_999].map(|i: usize| times[i].as_micros()), micros);
    }
}
