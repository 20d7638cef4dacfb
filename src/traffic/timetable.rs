//! Arrival times by recipient, starting from any recipient.

use super::{ArrivalStage, Arrivals, Traffic};
use crate::rng::{DrawKey, LANES, RngKey, purpose};
use crate::units::{Span, Time};
use std::sync::Arc;

/// The arrival times of one replication.
///
/// > A recipient's arrival time does not depend on which other times are requested.
#[derive(Debug)]
pub struct Timetable {
    rng: RngKey,
    recipients: u64,
    pattern: Pattern,
}

#[derive(Debug)]
enum Pattern {
    Blast,
    Spread { over: Span },
    Uniform { over: Span },
    Stages(Ramps),
    Times(Arc<[Time]>),
}

impl Timetable {
    /// The arrival times of `traffic` with the random key `rng`.
    #[must_use]
    pub fn new(traffic: &Traffic, rng: RngKey) -> Self {
        let pattern = match &traffic.arrivals {
            Arrivals::Blast => Pattern::Blast,
            Arrivals::Spread { over } => Pattern::Spread { over: *over },
            Arrivals::Uniform { over } | Arrivals::PoissonOver { over, .. } => Pattern::Uniform { over: *over },
            Arrivals::Poisson { rate_per_s } => {
                Pattern::Uniform { over: Span::from_secs_f64(traffic.recipients as f64 / rate_per_s) }
            }
            Arrivals::Stages(stages) => Pattern::Stages(Ramps::new(stages)),
            Arrivals::Times(times) => Pattern::Times(Arc::clone(times)),
        };
        Self { rng, recipients: traffic.recipients, pattern }
    }

    /// The number of recipients.
    #[must_use]
    pub const fn recipients(&self) -> u64 {
        self.recipients
    }

    /// Writes the arrival times of the recipients from `first` on, one for each element of `out`.
    pub fn fill(&self, first: u64, out: &mut [Time]) {
        match &self.pattern {
            Pattern::Blast => out.fill(Time::ZERO),
            Pattern::Spread { over } => spread(*over, self.recipients, first, out),
            Pattern::Uniform { over } => {
                let over = u128::from(over.as_micros().unsigned_abs());
                uniforms(self.rng, first, out, |u| Time::from_micros(((over * u128::from(u)) >> 64) as i64));
            }
            Pattern::Stages(ramps) => {
                uniforms(self.rng, first, out, |u| ramps.at(u as f64 / 1.844_674_407_370_955_2e19))
            }
            Pattern::Times(times) => out.copy_from_slice(&times[first as usize..][..out.len()]),
        }
    }
}

/// The i-th of n at `(2i + 1) · over / 2n`, rounded down: one division, then steps of `over / n` whose fractions accumulate.
fn spread(over: Span, n: u64, first: u64, out: &mut [Time]) {
    let (over, whole) = (u128::from(over.as_micros().unsigned_abs()), 2 * u128::from(n));
    let start = over * (2 * u128::from(first) + 1);
    let (mut at, mut rest) = ((start / whole) as i64, (start % whole) as u64);
    let (step, more, whole) = ((2 * over / whole) as i64, (2 * over % whole) as u64, whole as u64);
    for time in out {
        *time = Time::from_micros(at);
        rest += more;
        let carry = rest >= whole;
        rest -= if carry { whole } else { 0 };
        at += step + i64::from(carry);
    }
}

/// Computes each time from the recipient's own 64-bit draw, in batches.
fn uniforms(rng: RngKey, first: u64, out: &mut [Time], at: impl Fn(u64) -> Time) {
    const { assert!(purpose::ARRIVAL == 0, "the draw of two words that a block begins with") };
    let mut words = [[0; LANES]; 4];
    for (chunk, out) in out.chunks_mut(LANES).enumerate() {
        let first = first + (chunk * LANES) as u64;
        rng.draws(DrawKey::SENDER, first as u32, 0).columns(0, &mut words);
        for ((time, &high), &low) in out.iter_mut().zip(&words[0]).zip(&words[1]) {
            *time = at(u64::from(high) << 32 | u64::from(low));
        }
    }
}

/// The stages as a distribution: maps a uniform number to a time.
#[derive(Debug)]
struct Ramps {
    stages: Arc<[ArrivalStage]>,
    /// The start of each stage (s) and the expected number of arrivals before it, then the same for the end.
    starts: Vec<(f64, f64)>,
}

impl Ramps {
    fn new(stages: &Arc<[ArrivalStage]>) -> Self {
        let mut starts = vec![(0.0, 0.0)];
        let (mut start, mut before) = (0.0, 0.0);
        for stage in stages.iter() {
            start += stage.over.as_secs_f64();
            before += stage.expected();
            starts.push((start, before));
        }
        Self { stages: Arc::clone(stages), starts }
    }

    /// When the share `u` of all recipients has arrived.
    fn at(&self, u: f64) -> Time {
        let wanted = u * self.starts[self.stages.len()].1;
        let stage = self.starts[1..self.stages.len()].partition_point(|&(_, before)| before <= wanted);
        let (start, before) = self.starts[stage];
        let within = self.stages[stage].time_of(wanted - before);
        Time::from_secs_f64(start + within)
    }
}

impl ArrivalStage {
    /// The time into the stage (s) at which `count` recipients have arrived: the root of `from·t + (to - from)·t²/(2·over)`.
    fn time_of(&self, count: f64) -> f64 {
        let over = self.over.as_secs_f64();
        let growth = (self.to_per_s - self.from_per_s) / over;
        let root = (self.from_per_s * self.from_per_s + 2.0 * growth * count).max(0.0).sqrt();
        let time = if self.from_per_s + root > 0.0 { 2.0 * count / (self.from_per_s + root) } else { 0.0 };
        time.min(over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::SegmentMix;

    fn times(arrivals: Arrivals, recipients: u64) -> Vec<Time> {
        let timetable =
            Timetable::new(&Traffic { recipients, arrivals, segments: SegmentMix::Whole }, RngKey::new(1, 0));
        let mut out = vec![Time::ZERO; recipients as usize];
        timetable.fill(0, &mut out);
        let mut parts = vec![Time::ZERO; recipients as usize];
        for (k, part) in parts.chunks_mut(100).enumerate() {
            timetable.fill(100 * k as u64, part);
        }
        assert_eq!(out, parts, "a recipient's time depends on which others are asked for");
        out
    }

    fn secs(s: f64) -> Time {
        Time::from_secs_f64(s)
    }

    fn span(s: f64) -> Span {
        Span::from_secs_f64(s)
    }

    #[test]
    fn a_spread_is_even() {
        assert_eq!(times(Arrivals::Spread { over: span(4.0) }, 4), [0.5, 1.5, 2.5, 3.5].map(secs));
        let over = 7_777_777_777_777;
        for (i, time) in (0..).zip(times(Arrivals::Spread { over: Span::from_micros(over) }, 3_001)) {
            assert_eq!(i128::from(time.as_micros()), (2 * i + 1) * i128::from(over) / 6_002);
        }
    }

    #[test]
    fn a_blast_is_at_once() {
        assert!(times(Arrivals::Blast, 10).iter().all(|&t| t == Time::ZERO));
    }

    /// The mean of n uniforms has standard deviation 1/sqrt(12 n); five of them are allowed.
    #[test]
    fn uniform_times_fill_the_span() {
        let n = 10_000;
        let all = times(Arrivals::Uniform { over: span(3600.0) }, n);
        let mean = all.iter().map(|t| t.as_secs_f64()).sum::<f64>() / n as f64;
        assert!((mean / 3600.0 - 0.5).abs() < 5.0 / (12.0 * n as f64).sqrt());
        assert!(all.iter().all(|&t| t < secs(3600.0)));
    }

    /// Conditional on their number, the arrivals of a Poisson process are independent and uniform; sorted, a share 1/e of their
    /// gaps is longer than the mean.
    #[test]
    fn poisson_arrivals_come_at_their_rate_with_exponential_gaps() {
        let n = 20_000;
        let mut all = times(Arrivals::Poisson { rate_per_s: 250.0 }, n);
        all.sort_unstable();
        assert!(all[n as usize - 1] <= secs(n as f64 / 250.0));
        let long = all.windows(2).filter(|pair| pair[1].since(pair[0]) > span(1.0 / 250.0)).count() as f64;
        let share = (-1.0_f64).exp();
        assert!((long / n as f64 - share).abs() < 5.0 * (share * (1.0 - share) / n as f64).sqrt());
    }

    /// A ramp from 0 to r: a share u has arrived after sqrt(u) of its length.
    #[test]
    fn a_ramp_fills_up_as_its_area() {
        let stage = |over, from_per_s, to_per_s| ArrivalStage { over: span(over), from_per_s, to_per_s };
        let ramps = Ramps::new(&Arc::from([stage(100.0, 0.0, 8.0), stage(50.0, 8.0, 8.0), stage(10.0, 0.0, 0.0)]));
        assert_eq!(ramps.at(0.0), Time::ZERO);
        assert_eq!(ramps.at(0.125), secs(50.0));
        assert_eq!(ramps.at(0.5), secs(100.0));
        assert_eq!(ramps.at(0.75), secs(125.0));
        assert_eq!(ramps.at(1.0), secs(150.0));
        let all = times(Arrivals::Stages(Arc::clone(&ramps.stages)), 5_000);
        let early = all.iter().filter(|&&t| t < secs(100.0)).count() as f64 / 5_000.0;
        assert!((early - 0.5).abs() < 5.0 * 0.5 / 5_000_f64.sqrt(), "{early}");
    }
}
