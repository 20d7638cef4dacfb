//! When an outage hits an attempt, and what it does to it.

use super::spec::{Effect, Outage, When};
use crate::dist::{Dist, Sampler, Shape};
use crate::rng::{Draws, Luck, ProviderKey, purpose};
use crate::units::SimTime;

/// The windows of one outage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Windows {
    /// One, and its recurrences.
    Fixed {
        /// The first begins.
        from: SimTime,
        /// The first is over.
        to: SimTime,
        /// They recur with this period; [`SimTime::NEVER`] for one alone.
        every: SimTime,
    },
    /// These, in order, apart from one another.
    Listed(Box<[(SimTime, SimTime)]>),
}

impl Windows {
    /// Whether a window is open at `at`.
    #[must_use]
    #[inline]
    pub fn is_open(&self, at: SimTime) -> bool {
        match self {
            Self::Fixed { from, to, every } => {
                if at < *from {
                    return false;
                }
                let since = at.since(*from).as_micros();
                let within = if every.is_never() { since } else { since % every.as_micros() };
                within < to.since(*from).as_micros()
            }
            Self::Listed(windows) => {
                let next = windows.partition_point(|&(from, _)| from <= at);
                next > 0 && at < windows[next - 1].1
            }
        }
    }

    /// The first moment after `at` at which a window begins or ends; [`SimTime::NEVER`] when none does.
    #[must_use]
    pub fn next_change(&self, at: SimTime) -> SimTime {
        match self {
            Self::Fixed { from, to, every } => {
                let since = at.since(*from).as_micros();
                let past = if every.is_never() || since < 0 { 0 } else { since / every.as_micros() };
                let start = if past == 0 { *from } else { from.after(SimTime::from_micros(past * every.as_micros())) };
                let edges = [start, start.after(to.since(*from)), start.after(*every)];
                edges.into_iter().find(|&edge| edge > at).unwrap_or(SimTime::NEVER)
            }
            Self::Listed(windows) => {
                let edges = |&(from, to): &(SimTime, SimTime)| [from, to];
                let next = windows.partition_point(|&(_, to)| to <= at);
                windows[next..].iter().flat_map(edges).find(|&edge| edge > at).unwrap_or(SimTime::NEVER)
            }
        }
    }

    /// The windows that begin before `until`, the first `most` of them.
    #[must_use]
    pub fn before(&self, until: SimTime, most: usize) -> Vec<(SimTime, SimTime)> {
        match self {
            Self::Fixed { from, to, every } => {
                let length = to.since(*from);
                let starts = std::iter::successors(Some(*from), |from| Some(from.after(*every)));
                starts.take_while(|from| *from < until).take(most).map(|from| (from, from.after(length))).collect()
            }
            Self::Listed(windows) => windows.iter().take_while(|(from, _)| *from < until).take(most).copied().collect(),
        }
    }
}

impl Outage {
    /// Its windows in the world of `luck`, as the outage with this `number`, from 0, of the provider with this `key`. Random ones
    /// are drawn until one begins at `until` or later.
    ///
    /// The luck is that of a use of the provider that no recipient comes to, with the window in place of the recipient.
    #[must_use]
    pub fn windows(&self, luck: Luck, key: ProviderKey, number: u16, until: SimTime) -> Windows {
        match self.when {
            When::Window { from, to, every } => Windows::Fixed { from, to, every },
            When::Random { between, lasting } => {
                let exponential = |mean| Sampler::new(&Dist::new(Shape::Exponential { mean }));
                let (between, lasting) = (exponential(between), exponential(lasting));
                let mut over = SimTime::ZERO;
                let window = |index| {
                    let draws = luck.draws(key, index, purpose::RANDOM_OUTAGES).block(number);
                    let from = over.after(between.sample(draws[0]));
                    // A window is never empty, so that those that follow are further on.
                    over = from.after(lasting.sample(draws[1]).max(SimTime::from_micros(1)));
                    (from, over)
                };
                Windows::Listed((0..u32::MAX).map(window).take_while(|&(from, _)| from < until).collect())
            }
        }
    }
}

/// An outage that may hit attempts one by one.
#[derive(Clone, Debug)]
pub(super) struct Hazard {
    pub(super) windows: Windows,
    pub(super) effect: Effect,
    /// It hits the attempts whose draw is below this ...
    pub(super) below: u64,
    /// ... the draw for this purpose: each outage has its own, so that two that overlap hit independently.
    pub(super) purpose: u16,
}

/// The purpose of the draw for the outage with this number.
pub(super) const fn purpose_of(number: usize) -> u16 {
    if number == 0 { purpose::FIRST_OUTAGE } else { purpose::FURTHER_OUTAGES + number as u16 - 1 }
}

/// The longest latency that outages make of one, over two years: the times of a flow then stay below 2⁵³ µs.
const SLOWEST: SimTime = SimTime::from_micros(1 << 46);

/// What all outages together do to one attempt.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Trouble {
    pub refused: bool,
    pub silent: bool,
    pub reports_lost: bool,
    factor: f64,
    delay: SimTime,
}

impl Trouble {
    pub(super) const NONE: Self =
        Self { refused: false, silent: false, reports_lost: false, factor: 1.0, delay: SimTime::ZERO };

    /// The latency under this trouble.
    #[inline]
    pub(super) fn stretch(&self, latency: SimTime) -> SimTime {
        let slowed = if self.factor == 1.0 {
            latency
        } else {
            SimTime::from_micros((latency.as_micros() as f64 * self.factor).round() as i64)
        };
        slowed.min(SLOWEST).after(self.delay).min(SLOWEST)
    }

    fn add(&mut self, effect: Effect) {
        match effect {
            Effect::Silent => self.silent = true,
            Effect::Fail => self.refused = true,
            Effect::ReportsLost => self.reports_lost = true,
            Effect::Slow { factor, delay } => {
                // Bounded, so that no product is infinite.
                self.factor = (self.factor * factor).min(1e12);
                self.delay = self.delay.after(delay).min(SLOWEST);
            }
            // It slows the provider down, not the attempt.
            Effect::Throttle { .. } => {}
        }
    }
}

/// What `hazards` do to an attempt that leaves the provider at `at`. `first` is the draw for the first outage, which comes with
/// the attempt's own.
#[inline]
pub(super) fn trouble(hazards: &[Hazard], at: SimTime, first: u32, draws: Draws) -> Trouble {
    let mut trouble = Trouble::NONE;
    for hazard in hazards {
        if hazard.windows.is_open(at) {
            let is_first = hazard.purpose == purpose::FIRST_OUTAGE;
            let draw = if is_first { first } else { draws.draw(hazard.purpose) };
            if u64::from(draw) < hazard.below {
                trouble.add(hazard.effect);
            }
        }
    }
    trouble
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Probability;

    fn secs(s: f64) -> SimTime {
        SimTime::from_secs_f64(s)
    }

    /// What the next change should be, by trying every second.
    fn next_by_trying(windows: &Windows, at: i64) -> Option<i64> {
        let open = |s: i64| windows.is_open(secs(s as f64));
        (at + 1..200).find(|&s| open(s) != open(s - 1))
    }

    #[test]
    fn changes_are_where_windows_begin_and_end() {
        let fixed = |every| Windows::Fixed { from: secs(10.0), to: secs(25.0), every };
        let listed = Windows::Listed([(3.0, 5.0), (40.0, 41.0)].map(|(from, to)| (secs(from), secs(to))).into());
        for windows in [fixed(SimTime::NEVER), fixed(secs(30.0)), listed] {
            for at in 0..100 {
                let next = windows.next_change(secs(at as f64));
                let expected = next_by_trying(&windows, at).map_or(SimTime::NEVER, |s| secs(s as f64));
                assert_eq!(next, expected, "{windows:?} at {at}");
            }
        }
    }

    /// In the long run an alternating renewal process is down for a share lasting / (between + lasting), here a tenth. Over n cycles
    /// the standard error of that share is 0.09 · sqrt(2 / n).
    #[test]
    fn random_windows_are_open_for_their_share_of_the_time() {
        let when = When::Random { between: secs(900.0), lasting: secs(100.0) };
        let outage = Outage { when, effect: Effect::Silent, share: Probability::ONE };
        let key = ProviderKey::of_name("viber");
        let until = secs(1e7);
        let windows = outage.windows(Luck::new(1, 0), key, 0, until).before(until, usize::MAX);
        let down: f64 = windows.iter().map(|(from, to)| to.since(*from).as_secs_f64()).sum();
        let n = windows.len() as f64;
        assert!((n - 1e4).abs() < 5.0 * 100.0, "{n}");
        assert!((down / 1e7 - 0.1).abs() < 5.0 * 0.09 * (2.0 / n).sqrt(), "{}", down / 1e7);
        assert!(windows.windows(2).all(|pair| pair[0].1 <= pair[1].0));
        let others = outage.windows(Luck::new(1, 1), key, 0, until).before(until, usize::MAX);
        assert_ne!(windows, others, "another replication has outages of its own");
    }
}
