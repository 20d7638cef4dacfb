//! A circuit breaker: it stops sending to a provider that fails or falls silent, and probes whether it has come back.
//!
//! The pattern is Nygard's (*Release It!*, 2007); states, words and most defaults are those of Resilience4j
//! (<https://resilience4j.readme.io/docs/circuitbreaker>), a widely used implementation.

use crate::status::{Status, StatusSet};
use crate::units::{Span, Time};
use serde::{Deserialize, Serialize};

/// The window is cut into so many slices, and slides by whole ones.
const SLICES: usize = 10;

/// When a breaker opens, and when it closes again.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct BreakerRules {
    /// How far back results are counted, to a tenth of it.
    pub window: Span,
    /// It stays closed until so many results are in the window; at least 1.
    pub at_least: u32,
    /// It opens when this share of them, or more, are failures; above 0 and at most 1.
    pub open_at: f64,
    /// It stays open for this long, then lets probes through.
    pub open_for: Span,
    /// So many probes decide whether it closes; at least 1.
    pub probes: u32,
    /// An attempt of which no final report has come this long after it left counts as a failure; so does a probe of which nothing has
    /// come this long after its permit, whether or not it has left.
    pub missing_after: Span,
    /// The final statuses that count as failures.
    pub failures: StatusSet,
}

impl BreakerRules {
    /// Resilience4j's defaults, but for the window, which there is one of 100 calls; and `failed` alone counts, since the other bad
    /// ends say something of the person, not of the provider.
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

/// What came of a permitted attempt, as a breaker hears it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CallResult {
    /// When it is known.
    pub at: Time,
    /// Whether it counts as a failure.
    pub failed: bool,
}

impl BreakerRules {
    /// When an attempt that left then, and of which no final report has come, counts as a failure.
    #[must_use]
    #[inline]
    pub const fn missing_at(&self, departed: Time) -> Time {
        departed.after(self.missing_after)
    }

    /// What a first final report at `at` says.
    #[must_use]
    #[inline]
    pub const fn result_of(&self, at: Time, status: Status) -> CallResult {
        CallResult { at, failed: self.failures.contains(status) }
    }

    /// The result of an attempt that left then, for whoever knows its first final report beforehand: that report, unless it is missing
    /// for too long. One that comes at the last moment is not.
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

/// The circuit breakers of all providers: one value, shared by all deliveries.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Breakers(Vec<Option<Circuit>>);

/// A breaker and its rules.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Circuit {
    rules: BreakerRules,
    breaker: Breaker,
}

/// Whether an attempt may be handed to a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Permission {
    /// It may; where the provider has a circuit, [`Breakers::record`] wants to hear what came of it, with this permit.
    Granted(Option<Permit>),
    /// The circuit is open.
    Denied,
}

impl Breakers {
    /// Closed breakers with these rules, one for each provider by its index; `None` for a provider without one, as for all beyond
    /// the end.
    #[must_use]
    pub fn new(rules: &[Option<BreakerRules>]) -> Self {
        let circuit = |rules: &Option<BreakerRules>| rules.map(|rules| Circuit { rules, breaker: Breaker::default() });
        Self(rules.iter().map(circuit).collect())
    }

    /// Whether an attempt may be handed to `provider` at `now`.
    #[inline]
    pub fn permit(&mut self, provider: usize, now: Time) -> Permission {
        match self.0.get_mut(provider) {
            Some(Some(Circuit { rules, breaker })) => {
                breaker.permit(rules, now).map_or(Permission::Denied, |permit| Permission::Granted(Some(permit)))
            }
            _ => Permission::Granted(None),
        }
    }

    /// The result of a permitted attempt is known; says whether it opens the circuit. Times never go back.
    pub fn record(&mut self, provider: usize, permit: Permit, result: CallResult) -> bool {
        match self.0.get_mut(provider) {
            Some(Some(Circuit { rules, breaker })) => breaker.record(rules, result.at, permit, result.failed),
            _ => false,
        }
    }

    /// The rules of the breaker before `provider`, if it has one.
    #[must_use]
    #[inline]
    pub fn rules(&self, provider: usize) -> Option<&BreakerRules> {
        self.0.get(provider).and_then(Option::as_ref).map(|circuit| &circuit.rules)
    }

    /// Whether nothing can be sent to `provider` at `now`.
    #[must_use]
    pub fn is_open(&self, provider: usize, now: Time) -> bool {
        self.0.get(provider).and_then(Option::as_ref).is_some_and(|circuit| circuit.breaker.is_open(now))
    }

    /// How often the circuit of `provider` has opened.
    #[must_use]
    pub fn opened(&self, provider: usize) -> u64 {
        self.0.get(provider).and_then(Option::as_ref).map_or(0, |circuit| circuit.breaker.opened())
    }
}

/// The state of one provider's breaker, shared by all flows that use it.
///
/// > While it is open nothing is sent; while it is half open, no more than the probes, and not for ever: probes that are never answered
/// > decide as well.
///
/// How to drive it:
///
/// 1. [`Breaker::permit`] before an attempt: without a permit it is not made, and counts as refused.
/// 2. [`Breaker::record`] when its first final report is in, or [`BreakerRules::missing_after`] has passed without one.
///
/// Times never go back. A permit's result is heard only by the state that gave it: what was sent before the breaker opened
/// decides nothing about the probes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Breaker {
    state: State,
    /// Counts the changes of state.
    epoch: u32,
    /// How often it has opened.
    opened: u64,
    slices: [Slice; SLICES],
    /// The number of the latest slice since time began.
    latest: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum State {
    Closed,
    Open {
        until: Time,
    },
    /// `last` is when the latest permit was given.
    HalfOpen {
        permitted: u32,
        done: Slice,
        last: Time,
    },
}

/// Results, and how many of them are failures.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
struct Slice {
    all: u32,
    failed: u32,
}

/// Leave to make one attempt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Permit(u32);

impl Default for Breaker {
    fn default() -> Self {
        Self { state: State::Closed, epoch: 0, opened: 0, slices: [Slice::default(); SLICES], latest: 0 }
    }
}

impl Breaker {
    /// Leave to make an attempt at `now`, unless the circuit is open.
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

    /// The result of a permitted attempt is in; says whether it opens the circuit.
    pub fn record(&mut self, rules: &BreakerRules, now: Time, permit: Permit, failed: bool) -> bool {
        // What comes at the last moment is no longer missing.
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
            // No permit is given while it is open.
            State::Open { .. } => false,
        }
    }

    /// Once all probes have their permits, those that are still without a result when [`BreakerRules::missing_after`] has passed since
    /// the last of them have failed.
    fn count_missing_probes(&mut self, rules: &BreakerRules, now: Time) {
        let State::HalfOpen { permitted, done, last } = self.state else { return };
        let over = last.after(rules.missing_after);
        if permitted == rules.probes && now >= over {
            let missing = permitted.saturating_sub(done.all);
            self.decide(rules, over, done.plus(&Slice { all: missing, failed: missing }));
        }
    }

    /// All probes are answered, or missing: it opens again, or closes. Says whether it opens.
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

    /// Whether nothing can be sent at `now`.
    #[must_use]
    pub fn is_open(&self, now: Time) -> bool {
        matches!(self.state, State::Open { until } if now < until)
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.epoch = self.epoch.wrapping_add(1);
        self.slices = [Slice::default(); SLICES];
    }

    /// Forgets the slices that have left the window.
    fn slide(&mut self, rules: &BreakerRules, now: Time) {
        let length = (rules.window.as_micros() / SLICES as i64).max(1);
        let current = now.as_micros() / length;
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

    /// Sends one attempt a second from `from` on, each with a result at once.
    fn send(breaker: &mut Breaker, from: i64, results: &[bool]) -> Vec<bool> {
        let one = |(i, &failed): (usize, &bool)| {
            let now = secs(from + i as i64);
            breaker.permit(&RULES, now).is_some_and(|permit| breaker.record(&RULES, now, permit, failed))
        };
        results.iter().enumerate().map(one).collect()
    }

    #[test]
    fn it_opens_when_half_of_enough_results_are_failures() {
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

    /// Two probes are sent; one is never answered, as when it waits for ever. A minute after the last permit it has failed, and the
    /// circuit opens for 30 s from then on; an answer that comes later is not heard.
    #[test]
    fn probes_that_are_never_answered_do_not_leave_it_half_open_for_ever() {
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
    fn results_of_before_decide_nothing_about_the_probes() {
        let mut breaker = Breaker::default();
        let old = breaker.permit(&RULES, secs(0)).expect("closed");
        send(&mut breaker, 0, &[true; 4]);
        let probes = [0, 0].map(|_| breaker.permit(&RULES, secs(40)).expect("half open"));
        assert!(!breaker.record(&RULES, secs(41), old, true));
        assert!(probes.iter().all(|&probe| !breaker.record(&RULES, secs(42), probe, false)));
        assert!(breaker.permit(&RULES, secs(43)).is_some(), "closed");
    }
}
