//! The reference scenario, `scenarios/reference.toml`, hand-written: the baseline for a whole run.
//!
//! It is what a programmer would write who only needs this one scenario and cares for speed: a loop over recipients, a fast
//! keyed generator, tables for lognormal spans, and no counts beyond the question. Every number of the scenario is in the
//! code. Like failsim it uses common random numbers for both plans, but not failsim's own, so the results agree only within
//! sampling error. `queued` is the same with limited capacity.

pub(crate) mod queued;

use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Normal};

const NEVER: f64 = f64::INFINITY;
/// Recipients are simulated in blocks of this size, on all threads.
const BLOCK: u64 = 1 << 14;
/// The number of plans, in the order of the scenario.
const PLANS: usize = 2;

/// The results of a plan.
#[derive(Clone)]
pub(crate) struct Counts {
    /// The number of recipients with a delivery.
    pub(crate) delivered: u64,
    /// The number of recipients with a delivery within 60 s.
    pub(crate) in_time: u64,
    /// The number of recipients with more than one delivery.
    pub(crate) duplicates: u64,
    /// The total cost [millionths].
    pub(crate) cost: u64,
    /// The number of latencies in each [`bin`].
    latencies: Vec<u64>,
}

/// The number of bins: 64 for each doubling of a latency, from 2⁻¹⁴ s to 2¹⁸ s.
const BINS: usize = 32 << 6;
const SHORTEST: f64 = 1.0 / 16384.0;
/// The number of bits of an `f64` below the first six of its fraction.
const BELOW_BIN: u32 = 52 - 6;

fn bin(latency: f64) -> usize {
    let place = (latency.max(SHORTEST).to_bits() >> BELOW_BIN) - (SHORTEST.to_bits() >> BELOW_BIN);
    (place as usize).min(BINS - 1)
}

impl Counts {
    fn new() -> Self {
        Self { delivered: 0, in_time: 0, duplicates: 0, cost: 0, latencies: vec![0; BINS] }
    }

    #[inline]
    fn add(&mut self, course: Course) {
        self.cost += course.cost;
        if course.copies > 0 {
            self.delivered += 1;
            self.in_time += u64::from(course.first <= 60.0);
            self.duplicates += u64::from(course.copies > 1);
            self.latencies[bin(course.first)] += 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.in_time += other.in_time;
        self.duplicates += other.duplicates;
        self.cost += other.cost;
        self.latencies.iter_mut().zip(&other.latencies).for_each(|(a, b)| *a += b);
    }

    /// Returns the bounds of the bin that contains the 95th percentile of the latency [s].
    pub(crate) fn p95(&self) -> (f64, f64) {
        let rank = self.delivered - self.delivered / 20;
        let mut sum = 0;
        let found = self.latencies.iter().position(|count| {
            sum += count;
            sum >= rank
        });
        let edge = |bin: usize| f64::from_bits(((SHORTEST.to_bits() >> BELOW_BIN) + bin as u64) << BELOW_BIN);
        found.map_or((0.0, 0.0), |bin| (edge(bin), edge(bin + 1)))
    }
}

/// The result of one recipient under one plan.
#[derive(Clone, Copy)]
struct Course {
    /// The time of the first delivery since arrival [s].
    first: f64,
    copies: u32,
    /// The cost [millionths].
    cost: u64,
}

/// When, since submission, a message is delivered and when its failure is reported [s]; each [`NEVER`] if not.
#[derive(Clone, Copy)]
struct AttemptResult {
    delivered: f64,
    bad: f64,
}

/// Spans `median · exp(sigma · Z)` from a table of their quantiles; the outermost segments are too curved and are computed.
struct Lognormal {
    normal: Normal,
    median: f64,
    sigma: f64,
    knots: Box<[f32; PIECES + 1]>,
}

const PIECE_BITS: u32 = 10;
const PIECES: usize = 1 << PIECE_BITS;
const WITHIN_BITS: u32 = 32 - PIECE_BITS;

impl Lognormal {
    fn new(median: f64, sigma: f64) -> Self {
        let mut table = Self { normal: Normal::standard(), median, sigma, knots: Box::new([0.0; PIECES + 1]) };
        for i in 1..PIECES {
            table.knots[i] = table.quantile(i as f64 / PIECES as f64) as f32;
        }
        table
    }

    fn quantile(&self, p: f64) -> f64 {
        self.median * (self.sigma * self.normal.inverse_cdf(p)).exp()
    }

    #[inline]
    fn sample(&self, draw: u32) -> f64 {
        let piece = (draw >> WITHIN_BITS) as usize;
        if piece == 0 || piece == PIECES - 1 {
            return self.outermost(draw);
        }
        let within = f64::from(draw & ((1 << WITHIN_BITS) - 1)) / f64::from(1 << WITHIN_BITS);
        let (from, to) = (f64::from(self.knots[piece]), f64::from(self.knots[piece + 1]));
        from + (to - from) * within
    }

    #[cold]
    fn outermost(&self, draw: u32) -> f64 {
        self.quantile(share(draw))
    }
}

/// Converts a draw to a number between 0 and 1, both excluded.
fn share(draw: u32) -> f64 {
    (f64::from(draw) + 0.5) / 4_294_967_296.0
}

fn exponential(mean: f64, draw: u32) -> f64 {
    -mean * share(draw).ln()
}

/// Returns the limit below which a draw means that an event with this share happens.
const fn below(share: f64) -> u32 {
    (share * 4_294_967_296.0) as u32
}

/// What a draw is for.
#[derive(Clone, Copy)]
enum Purpose {
    Arrival = 1,
    Viber,
    Outage,
    Sms,
    Voice,
}

/// The random numbers of one recipient.
#[derive(Clone, Copy)]
struct Person {
    key: u64,
}

impl Person {
    /// Returns the recipient's two draws for a purpose: wyhash of both numbers (Wang Yi, <https://github.com/wangyi-fudan/wyhash>).
    #[inline]
    fn draws(self, purpose: Purpose) -> (u32, u32) {
        const SECRET: [u64; 2] = [0x2D35_8DCC_AA6C_78A5, 0x8BB8_4B93_962E_ACC9];
        let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
        let mixed = product(self.key ^ SECRET[0], purpose as u64 ^ SECRET[1]);
        let mixed = product(mixed as u64 ^ SECRET[0], (mixed >> 64) as u64 ^ SECRET[1]);
        let draw = mixed as u64 ^ (mixed >> 64) as u64;
        ((draw >> 32) as u32, draw as u32)
    }
}

/// The reference scenario with its tables.
pub(crate) struct Kernel {
    viber_delivered: Lognormal,
    viber_undelivered: Lognormal,
    sms_delivered: Lognormal,
    sms_undelivered: Lognormal,
}

impl Kernel {
    pub(crate) fn new() -> Self {
        Self {
            viber_delivered: Lognormal::new(2.5, 0.8),
            viber_undelivered: Lognormal::new(6.0, 0.6),
            sms_delivered: Lognormal::new(4.0, 1.0),
            sms_undelivered: Lognormal::new(30.0, 0.8),
        }
    }

    /// Simulates this number of recipients under both plans, on the threads of the current rayon pool.
    pub(crate) fn run(&self, recipients: u64, seed: u64) -> [Counts; PLANS] {
        let empty = || [(); PLANS].map(|()| Counts::new());
        let blocks = (0..recipients.div_ceil(BLOCK)).into_par_iter();
        let counted = blocks.fold(empty, |mut counts, block| {
            let (first, end) = (block * BLOCK, recipients.min((block + 1) * BLOCK));
            for recipient in first..end {
                let person = Person { key: seed.wrapping_add(recipient) };
                let arrival = 3600.0 * share(person.draws(Purpose::Arrival).0);
                counts[0].add(self.viber_first(person, arrival));
                counts[1].add(self.sms_first(person, arrival));
            }
            counts
        });
        counted.reduce(empty, |mut sum, more| {
            sum.iter_mut().zip(&more).for_each(|(a, b)| a.merge(b));
            sum
        })
    }

    /// Viber for 60 s, sms for 5 min, voice; a late Viber delivery ends the flow.
    #[inline]
    fn viber_first(&self, person: Person, arrival: f64) -> Course {
        let viber = self.viber(person, arrival);
        let reached = viber.delivered < NEVER;
        let mut course =
            Course { first: viber.delivered, copies: u32::from(reached), cost: VIBER * u64::from(reached) };
        if viber.delivered <= 60.0 {
            return course;
        }
        let submitted = viber.bad.min(60.0);
        course.cost += SMS;
        let sms = self.sms(person);
        if sms.delivered < NEVER {
            course.first = course.first.min(submitted + sms.delivered);
            course.copies += 1;
            return course;
        }
        let submitted = submitted + sms.bad.min(300.0);
        if viber.delivered <= submitted { course } else { call(person, submitted, course) }
    }

    /// Sms for 5 min, Viber for 60 s, voice; a late Viber delivery does not prevent the call.
    #[inline]
    fn sms_first(&self, person: Person, arrival: f64) -> Course {
        let sms = self.sms(person);
        if sms.delivered < NEVER {
            return Course { first: sms.delivered, copies: 1, cost: SMS };
        }
        let submitted = sms.bad.min(300.0);
        let viber = self.viber(person, arrival + submitted);
        let reached = viber.delivered < NEVER;
        let cost = SMS + VIBER * u64::from(reached);
        let course = Course { first: submitted + viber.delivered, copies: u32::from(reached), cost };
        if viber.delivered <= 60.0 { course } else { call(person, submitted + viber.bad.min(60.0), course) }
    }

    /// 62 % delivered, 23 % undelivered, 5 % failed, 10 % silent; nine in ten silent from 20 to 30 min.
    #[inline]
    fn viber(&self, person: Person, at: f64) -> AttemptResult {
        let silent = AttemptResult { delivered: NEVER, bad: NEVER };
        if (1200.0..1800.0).contains(&at) && person.draws(Purpose::Outage).0 < const { below(0.9) } {
            return silent;
        }
        let (outcome, after) = person.draws(Purpose::Viber);
        if outcome < const { below(0.62) } {
            AttemptResult { delivered: self.viber_delivered.sample(after), ..silent }
        } else if outcome < const { below(0.85) } {
            AttemptResult { bad: self.viber_undelivered.sample(after), ..silent }
        } else if outcome < const { below(0.90) } {
            AttemptResult { bad: exponential(0.4, after), ..silent }
        } else {
            silent
        }
    }

    /// 93 % delivered unless that takes longer than the ttl, 4 % undelivered, 2 % failed, 1 % silent.
    #[inline]
    fn sms(&self, person: Person) -> AttemptResult {
        let silent = AttemptResult { delivered: NEVER, bad: NEVER };
        let (outcome, after) = person.draws(Purpose::Sms);
        if outcome < const { below(0.93) } {
            let delivered = self.sms_delivered.sample(after);
            if delivered <= 300.0 { AttemptResult { delivered, ..silent } } else { silent }
        } else if outcome < const { below(0.97) } {
            AttemptResult { bad: self.sms_undelivered.sample(after), ..silent }
        } else if outcome < const { below(0.99) } {
            AttemptResult { bad: exponential(0.5, after), ..silent }
        } else {
            silent
        }
    }
}

/// Prices [millionths]: of a Viber message delivered, an sms submitted, a call answered.
const VIBER: u64 = 15_000;
const SMS: u64 = 45_000;
const VOICE: u64 = 90_000;

/// 68 % answer after 3 s and an exponential span.
fn call(person: Person, submitted: f64, course: Course) -> Course {
    let (outcome, after) = person.draws(Purpose::Voice);
    if outcome >= const { below(0.68) } {
        return course;
    }
    let answered = submitted + 3.0 + exponential(8.0, after);
    Course { first: course.first.min(answered), copies: course.copies + 1, cost: course.cost + VOICE }
}
