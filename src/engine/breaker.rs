//! A circuit breaker: it stops traffic to a provider that fails or falls silent, and probes whether it has recovered.
//!
//! The pattern is Nygard's (*Release It!*, 2007); states, terms and most defaults are those of Resilience4j
//! (<https://resilience4j.readme.io/docs/circuitbreaker>), a widely used implementation.

use crate::status::{Status, StatusSet};
use crate::units::{Span, Time};
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::fmt;

/// The number of slices in the window, which slides by whole slices.
const SLICES: usize = 10;

/// When a breaker opens, and when it closes again.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct BreakerRules {
    /// How far back results are counted, to within a tenth of it.
    pub window: Span,
    /// The minimum number of results in the window before it can open; at least 1.
    pub at_least: u32,
    /// It opens when at least this share of them are failures; above 0 and at most 1.
    pub open_at: f64,
    /// How long it stays open before it lets probes through.
    pub open_for: Span,
    /// The number of probes that decide whether it closes; at least 1.
    pub probes: u32,
    /// An attempt counts as a failure when no final report has arrived this long after it departed. So does a probe this long after
    /// its permit, whether or not it has departed.
    pub missing_after: Span,
    /// The final statuses that count as failures.
    pub failures: StatusSet,
}

impl BreakerRules {
    /// Resilience4j's defaults, except for the window, which there is one of 100 calls. Only `failed` counts as a failure, since
    /// the other failures concern the recipient rather than the provider.
    pub const DEFAULT: Self = Self {
        window: Span::from_micros(60_000_000),
        at_least: 100,
        open_at: 0.5,
        open_for: Span::from_micros(60_000_000),
        probes: 10,
        missing_after: Span::from_micros(60_000_000),
        failures: StatusSet::of(&[Status::Failed]),
    };
}

/// The result of a permitted attempt, as reported to a breaker.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CallResult {
    /// When it is known.
    pub at: Time,
    /// Whether it counts as a failure.
    pub failed: bool,
}

impl BreakerRules {
    /// When an attempt that departed at this time counts as a failure if no final report has arrived.
    #[must_use]
    #[inline]
    pub const fn missing_at(&self, departed: Time) -> Time {
        departed.after(self.missing_after)
    }

    /// The result that a first final report at `at` represents.
    #[must_use]
    #[inline]
    pub const fn result_of(&self, at: Time, status: Status) -> CallResult {
        CallResult { at, failed: self.failures.contains(status) }
    }

    /// The result of an attempt that departed at this time, for callers that know its first final report in advance: that report,
    /// or a failure if it is missing for too long. A report exactly at the limit is still in time.
    #[must_use]
    #[inline]
    pub fn result(&self, departed: Time, first_final: Option<(Time, Status)>) -> CallResult {
        let missing = self.missing_at(departed);
        match first_final {
            Some((at, status)) if at <= missing => self.result_of(at, status),
            _ => CallResult { at: missing, failed: true },
        }
    }
}

/// What all deliveries share: the circuit breakers of all providers, and how many attempts wait before each. Only the breakers are saved.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<Option<Circuit>>", into = "Vec<Option<Circuit>>")]
pub struct Breakers {
    circuits: Vec<Option<Circuit>>,
    /// For each provider, how many attempts wait, as far as is known.
    waiting: Vec<u64>,
}

impl From<Breakers> for Vec<Option<Circuit>> {
    fn from(breakers: Breakers) -> Self {
        breakers.circuits
    }
}

/// A breaker and its rules.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Circuit {
    rules: BreakerRules,
    breaker: Breaker,
}

/// Whether an attempt may be submitted to a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Permission {
    /// Permitted. If there is a permit, pass it to [`Breakers::record`] with the attempt's result.
    Granted(Option<Permit>),
    /// Not permitted: the circuit is open.
    Denied,
}

/// Why rules do not make a breaker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BreakerError {
    /// `at_least` or `probes` is 0.
    Zero,
    /// `open_at` is not above 0 and at most 1.
    Share,
    /// A span is negative.
    NegativeSpan,
    /// A state that was kept has more permits or results than its rules allow.
    State,
}

impl fmt::Display for BreakerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zero => "`at_least` and `probes` of a breaker are at least 1",
            Self::Share => "`open_at` of a breaker is above 0 and at most 1",
            Self::NegativeSpan => "the spans of a breaker are not negative",
            Self::State => "the state of a breaker does not fit its rules",
        })
    }
}

impl Error for BreakerError {}

impl TryFrom<Vec<Option<Circuit>>> for Breakers {
    type Error = BreakerError;

    fn try_from(circuits: Vec<Option<Circuit>>) -> Result<Self, BreakerError> {
        circuits.iter().flatten().try_for_each(Circuit::check)?;
        Ok(Self { circuits, waiting: Vec::new() })
    }
}

impl Circuit {
    fn check(&self) -> Result<(), BreakerError> {
        let Self { rules, breaker } = self;
        let spans = [rules.window, rules.open_for, rules.missing_after];
        match breaker.state {
            _ if rules.at_least == 0 || rules.probes == 0 => Err(BreakerError::Zero),
            _ if !(rules.open_at > 0.0 && rules.open_at <= 1.0) => Err(BreakerError::Share),
            _ if spans.iter().any(|&span| span < Span::ZERO) => Err(BreakerError::NegativeSpan),
            State::HalfOpen { permitted, done, .. } if permitted > rules.probes || done.all > permitted => {
                Err(BreakerError::State)
            }
            _ => Ok(()),
        }
    }
}

impl Breakers {
    /// Closed breakers with these rules, indexed by provider; `None` for a provider without a breaker, as for all beyond the end.
    ///
    /// # Errors
    /// [`BreakerError`] when rules make no sense.
    pub fn new(rules: &[Option<BreakerRules>]) -> Result<Self, BreakerError> {
        let circuit = |rules: &Option<BreakerRules>| rules.map(|rules| Circuit { rules, breaker: Breaker::default() });
        Self::try_from(rules.iter().map(circuit).collect::<Vec<_>>())
    }

    /// Says how many attempts wait before `provider`, for pools that go to the shortest queue; until then, none do.
    pub fn set_waiting(&mut self, provider: usize, attempts: u64) {
        if self.waiting.len() <= provider {
            self.waiting.resize(provider + 1, 0);
        }
        self.waiting[provider] = attempts;
    }

    /// How many attempts wait before `provider`, as far as is known.
    #[must_use]
    pub fn waiting(&self, provider: usize) -> u64 {
        self.waiting.get(provider).copied().unwrap_or(0)
    }

    /// Whether an attempt may be submitted to `provider` at `now`.
    #[inline]
    pub fn permit(&mut self, provider: usize, now: Time) -> Permission {
        match self.circuits.get_mut(provider) {
            Some(Some(Circuit { rules, breaker })) => {
                breaker.permit(rules, now).map_or(Permission::Denied, |permit| Permission::Granted(Some(permit)))
            }
            _ => Permission::Granted(None),
        }
    }

    /// Records the result of a permitted attempt; returns whether it opens the circuit. Times must not decrease.
    pub fn record(&mut self, provider: usize, permit: Permit, result: CallResult) -> bool {
        match self.circuits.get_mut(provider) {
            Some(Some(Circuit { rules, breaker })) => breaker.record(rules, result.at, permit, result.failed),
            _ => false,
        }
    }

    /// The rules of the breaker for `provider`, if it has one.
    #[must_use]
    #[inline]
    pub fn rules(&self, provider: usize) -> Option<&BreakerRules> {
        self.circuits.get(provider).and_then(Option::as_ref).map(|circuit| &circuit.rules)
    }

    /// Whether the breaker blocks all attempts to `provider` at `now`.
    #[must_use]
    pub fn is_open(&self, provider: usize, now: Time) -> bool {
        self.circuits.get(provider).and_then(Option::as_ref).is_some_and(|circuit| circuit.breaker.is_open(now))
    }

    /// How often the circuit of `provider` has opened.
    #[must_use]
    pub fn opened(&self, provider: usize) -> u64 {
        self.circuits.get(provider).and_then(Option::as_ref).map_or(0, |circuit| circuit.breaker.opened())
    }
}

/// The state of one provider's breaker, shared by all flows that use it.
///
/// > While open it permits nothing. While half open it permits no more than the probes, and it does not stay half open: probes that
/// > are never answered count as failures.
///
/// How to drive it:
///
/// 1. Call [`Breaker::permit`] before an attempt. Without a permit the attempt is not made, and counts as not permitted.
/// 2. Call [`Breaker::record`] when its first final report has arrived, or when [`BreakerRules::missing_after`] has passed without
///    one.
///
/// Times must not decrease. A permit's result counts only in the state that issued it: an attempt sent before the breaker opened
/// has no effect on the probes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Breaker {
    state: State,
    /// The number of changes of state.
    epoch: u32,
    /// How often it has opened.
    opened: u64,
    slices: [Slice; SLICES],
    /// The number of the latest slice, counted from time zero.
    latest: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum State {
    Closed,
    Open {
        until: Time,
    },
    /// `last` is the time of the latest permit.
    HalfOpen {
        permitted: u32,
        done: Slice,
        last: Time,
    },
}

/// The number of results, and of failures among them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
struct Slice {
    all: u32,
    failed: u32,
}

/// Permission to make one attempt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Permit(u32);

impl Default for Breaker {
    fn default() -> Self {
        Self { state: State::Closed, epoch: 0, opened: 0, slices: [Slice::default(); SLICES], latest: 0 }
    }
}

impl Breaker {
    /// Returns a permit for an attempt at `now`, unless the circuit is open.
    pub fn permit(&mut self, rules: &BreakerRules, now: Time) -> Option<Permit> {
        self.count_missing_probes(rules, now);
        if let State::Open { until } = self.state {
            if now < until {
                return None;
            }
            self.enter(State::HalfOpen { permitted: 0, done: Slice::default(), last: now });
        }
        if let State::HalfOpen { permitted, last, .. } = &mut self.state {
            if *permitted == rules.probes {
                return None;
            }
            (*permitted, *last) = (*permitted + 1, now);
        }
        Some(Permit(self.epoch))
    }

    /// Records the result of a permitted attempt; returns whether it opens the circuit.
    pub fn record(&mut self, rules: &BreakerRules, now: Time, permit: Permit, failed: bool) -> bool {
        // A result exactly at the limit is not missing.
        self.count_missing_probes(rules, Time::from_micros(now.as_micros() - 1));
        if permit.0 != self.epoch {
            return false;
        }
        match &mut self.state {
            State::Closed => {
                self.slide(rules, now);
                let slice = &mut self.slices[self.latest as usize % SLICES];
                slice.add(failed);
                let sum = self.slices.iter().fold(Slice::default(), |sum, slice| sum.plus(slice));
                let opens = sum.all >= rules.at_least && sum.is_bad(rules);
                if opens {
                    self.open(rules, now);
                }
                opens
            }
            State::HalfOpen { done, .. } => {
                done.add(failed);
                let done = *done;
                done.all == rules.probes && self.decide(rules, now, done)
            }
            // No permit is issued while it is open.
            State::Open { .. } => false,
        }
    }

    /// Once all probes have their permits, those that have no result when [`BreakerRules::missing_after`] has passed since the last
    /// permit count as failures.
    fn count_missing_probes(&mut self, rules: &BreakerRules, now: Time) {
        let State::HalfOpen { permitted, done, last } = self.state else { return };
        let over = last.after(rules.missing_after);
        if permitted == rules.probes && now >= over {
            let missing = permitted.saturating_sub(done.all);
            self.decide(rules, over, done.plus(&Slice { all: missing, failed: missing }));
        }
    }

    /// Opens again or closes, now that every probe is answered or missing. Returns whether it opens.
    fn decide(&mut self, rules: &BreakerRules, now: Time, done: Slice) -> bool {
        let opens = done.is_bad(rules);
        if opens {
            self.open(rules, now)
        } else {
            self.enter(State::Closed)
        }
        opens
    }

    fn open(&mut self, rules: &BreakerRules, now: Time) {
        self.opened += 1;
        self.enter(State::Open { until: now.after(rules.open_for) });
    }

    /// How often it has opened.
    #[must_use]
    pub const fn opened(&self) -> u64 {
        self.opened
    }

    /// Whether it blocks all attempts at `now`.
    #[must_use]
    pub fn is_open(&self, now: Time) -> bool {
        matches!(self.state, State::Open { until } if now < until)
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.epoch = self.epoch.wrapping_add(1);
        self.slices = [Slice::default(); SLICES];
    }

    /// Drops the slices that have left the window.
    fn slide(&mut self, rules: &BreakerRules, now: Time) {
        let length = (rules.window.as_micros() / SLICES as i64).max(1);
        // A driver whose clock goes back a little loses nothing.
        let current = (now.as_micros() / length).max(self.latest);
        let gone = (current - self.latest).clamp(0, SLICES as i64);
        for slice in current - gone + 1..=current {
            self.slices[slice.rem_euclid(SLICES as i64) as usize] = Slice::default();
        }
        self.latest = current;
    }
}

impl Slice {
    fn add(&mut self, failed: bool) {
        self.all = self.all.saturating_add(1);
        self.failed = self.failed.saturating_add(u32::from(failed));
    }

    const fn plus(self, other: &Self) -> Self {
        Self { all: self.all.saturating_add(other.all), failed: self.failed.saturating_add(other.failed) }
    }

    fn is_bad(self, rules: &BreakerRules) -> bool {
        f64::from(self.failed) >= rules.open_at * f64::from(self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(s: i64) -> Time {
        Time::from_micros(s * 1_000_000)
    }

    const RULES: BreakerRules = BreakerRules {
        window: Span::from_micros(10_000_000),
        at_least: 4,
        open_at: 0.5,
        open_for: Span::from_micros(30_000_000),
        probes: 2,
        ..BreakerRules::DEFAULT
    };

    /// Sends one attempt a second from `from` on, each with an immediate result.
    fn send(breaker: &mut Breaker, from: i64, results: &[bool]) -> Vec<bool> {
        let one = |(i, &failed): (usize, &bool)| {
            let now = secs(from + i as i64);
            breaker.permit(&RULES, now).is_some_and(|permit| breaker.record(&RULES, now, permit, failed))
        };
        results.iter().enumerate().map(one).collect()
    }

    #[test]
    fn it_opens_at_the_failure_share() {
        let mut breaker = Breaker::default();
        assert_eq!(send(&mut breaker, 0, &[true, false, true]), [false; 3], "three results are too few");
        assert_eq!(send(&mut breaker, 3, &[false]), [true], "two of four");
        assert!(breaker.is_open(secs(32)) && !breaker.is_open(secs(33)));
        assert_eq!(breaker.permit(&RULES, secs(32)), None);
    }

    #[test]
    fn what_has_left_the_window_is_forgotten() {
        let mut breaker = Breaker::default();
        send(&mut breaker, 0, &[true, true, true]);
        assert_eq!(send(&mut breaker, 13, &[true, false, false]), [false; 3]);
        assert_eq!(send(&mut breaker, 16, &[true]), [true], "two of the last four");
    }

    #[test]
    fn probes_close_it_or_open_it_again() {
        let mut breaker = Breaker::default();
        send(&mut breaker, 0, &[true; 4]);
        assert_eq!(send(&mut breaker, 33, &[true, false]), [false, true], "one of two probes failed");
        assert!(breaker.is_open(secs(63)));
        assert_eq!(send(&mut breaker, 64, &[false, false]), [false, false]);
        assert_eq!(send(&mut breaker, 66, &[true; 3]), [false; 3], "closed, and all is forgotten");
    }

    #[test]
    fn no_more_probes_than_agreed_are_let_through() {
        let mut breaker = Breaker::default();
        send(&mut breaker, 0, &[true; 4]);
        let permits: Vec<_> = (0..4).map(|_| breaker.permit(&RULES, secs(40)).is_some()).collect();
        assert_eq!(permits, [true, true, false, false]);
    }

    /// Two probes are sent; one is never answered, for example because it waits without end. A minute after the last permit it
    /// counts as a failure, and the circuit opens for 30 s from that moment; an answer that arrives later is ignored.
    #[test]
    fn unanswered_probes_count_as_failures() {
        let mut breaker = Breaker::default();
        send(&mut breaker, 0, &[true; 4]);
        let probes = [40, 45].map(|s| breaker.permit(&RULES, secs(s)).expect("half open"));
        assert!(!breaker.record(&RULES, secs(50), probes[0], false));
        assert_eq!(breaker.permit(&RULES, secs(104)), None, "no more than the probes");
        assert_eq!(breaker.permit(&RULES, secs(106)), None, "open since 105 s");
        assert!(breaker.is_open(secs(134)) && !breaker.is_open(secs(135)));
        assert!(!breaker.record(&RULES, secs(110), probes[1], false));
        assert_eq!(breaker.opened(), 2);
        assert_eq!(send(&mut breaker, 135, &[false, false, true]), [false; 3], "closed");
    }

    #[test]
    fn a_probe_that_is_answered_at_the_last_moment_is_heard() {
        let mut breaker = Breaker::default();
        send(&mut breaker, 0, &[true; 4]);
        let probes = [40, 40].map(|s| breaker.permit(&RULES, secs(s)).expect("half open"));
        assert!(probes.iter().all(|&probe| !breaker.record(&RULES, secs(100), probe, false)));
        assert!(breaker.permit(&RULES, secs(100)).is_some(), "closed");
    }

    #[test]
    fn stale_results_do_not_affect_probes() {
        let mut breaker = Breaker::default();
        let old = breaker.permit(&RULES, secs(0)).expect("closed");
        send(&mut breaker, 0, &[true; 4]);
        let probes = [0, 0].map(|_| breaker.permit(&RULES, secs(40)).expect("half open"));
        assert!(!breaker.record(&RULES, secs(41), old, true));
        assert!(probes.iter().all(|&probe| !breaker.record(&RULES, secs(42), probe, false)));
        assert!(breaker.permit(&RULES, secs(43)).is_some(), "closed");
    }
}
