//! The throughput and line limits of a provider: when the next attempt can depart.

use crate::provider::outage::Windows;
use crate::provider::spec::Capacity;
use crate::units::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Nothing departs later than this, 142 years: a later departure means never.
const FAR: i64 = 1 << 52;
/// The number of throttle changes searched for a possible departure; after that the attempt never departs.
const MAX_CHANGES: usize = 100_000;
/// The number of millionths in a whole.
const WHOLE: u64 = 1_000_000;

/// The throughput and the lines of a provider, and how much of them is in use.
///
/// > Attempts depart in order: [`Gate::earliest`] never returns a time before the last departure.
///
/// 1. [`Gate::earliest`] returns when the next attempt could depart.
/// 2. [`Gate::take`] records its departure.
/// 3. [`Gate::hold`] records how long it holds its line; call it before the next query.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pacer: Option<Pacer>,
    lines: Option<Lines>,
    throttle: Option<Throttle>,
    /// Under a throttle, nothing departs before this (µs), and lines that were released by then have been dropped.
    not_before: i64,
}

impl Gate {
    /// The gate for `capacity`, reduced while these windows are open, by their factors in millionths.
    pub(super) fn new(capacity: &Capacity, throttles: &[(Windows, u32)]) -> Self {
        let lines = |count: u32| Lines { count: count as usize, busy: BinaryHeap::new() };
        Self {
            pacer: capacity.rate.map(|rate| Pacer::new(rate.events(), rate.micros())),
            lines: capacity.concurrent.map(lines),
            throttle: (!throttles.is_empty()).then(|| Throttle::new(throttles)),
            not_before: 0,
        }
    }

    /// Whether attempts hold lines.
    pub(super) const fn has_lines(&self) -> bool {
        self.lines.is_some()
    }

    /// The first time, not before `now`, at which the next attempt can depart; [`Time::NEVER`] when there is none.
    #[inline]
    pub(super) fn earliest(&mut self, now: Time) -> Time {
        if self.throttle.is_some() {
            return self.earliest_throttled(now);
        }
        let mut at = now.as_micros();
        if let Some(pacer) = &self.pacer {
            at = at.max(pacer.next);
        }
        if let Some(lines) = &self.lines {
            at = at.max(lines.free(lines.count));
        }
        if at > FAR { Time::NEVER } else { Time::from_micros(at) }
    }

    fn earliest_throttled(&mut self, now: Time) -> Time {
        let Some(throttle) = &mut self.throttle else { return now };
        let paced = self.pacer.as_ref().map_or(i64::MIN, |pacer| pacer.next);
        let mut at = now.as_micros().max(paced).max(self.not_before);
        for _ in 0..MAX_CHANGES {
            if at > FAR {
                break;
            }
            let period = throttle.at(at);
            let lines = self.lines.as_mut().map_or(at, |lines| {
                lines.release(at);
                lines.free((lines.count as u64 * period.factor / WHOLE) as usize)
            });
            let is_blocked = period.factor == 0 || lines > at;
            if !is_blocked {
                self.not_before = at;
                return Time::from_micros(at);
            }
            at = if period.factor == 0 { period.to } else { lines.min(period.to) };
        }
        self.not_before = i64::MAX;
        Time::NEVER
    }

    /// Records a departure at `at`, which is the time that [`Gate::earliest`] returned, or later if there was no query in between.
    #[inline]
    pub(super) fn take(&mut self, at: Time) {
        if let Some(pacer) = &mut self.pacer {
            match &mut self.throttle {
                None => pacer.take(at.as_micros()),
                Some(throttle) => pacer.take_throttled(at.as_micros(), throttle),
            }
        }
    }

    /// The attempt that departed last holds its line until `released`.
    #[inline]
    pub(super) fn hold(&mut self, released: Time) {
        if let Some(lines) = &mut self.lines {
            lines.hold(released.as_micros());
        }
    }
}

/// Spaces departures by a fixed interval that need not be a whole number of microseconds. The next time is kept as a fraction, and
/// an attempt departs in the microsecond that contains it.
#[derive(Clone, Debug)]
struct Pacer {
    /// The microsecond of the next possible departure.
    next: i64,
    /// The offset within that microsecond, in units of 1/`events`; under a throttle, of 1/(`events` times its factor).
    within: u128,
    /// The number of units in a microsecond.
    events: u64,
    /// The time in which `events` attempts depart (µs).
    micros: u64,
    /// The interval between departures: whole microseconds ...
    whole: i64,
    /// ... and the remainder, in units of 1/`events`.
    rest: u64,
}

impl Pacer {
    fn new(events: u64, micros: u64) -> Self {
        Self { next: 0, within: 0, events, micros, whole: (micros / events) as i64, rest: micros % events }
    }

    #[inline]
    fn take(&mut self, at: i64) {
        let within = if at > self.next { 0 } else { self.within as u64 } + self.rest;
        let carry = within >= self.events;
        self.within = u128::from(if carry { within - self.events } else { within });
        self.next = at.saturating_add(self.whole).saturating_add(i64::from(carry));
    }

    /// One departure is `micros` times a million units of work; each microsecond does `events` times the factor in millionths.
    fn take_throttled(&mut self, at: i64, throttle: &mut Throttle) {
        let mut work = u128::from(self.micros) * u128::from(WHOLE);
        if at > self.next {
            (self.next, self.within) = (at, 0);
        }
        for _ in 0..MAX_CHANGES {
            let period = throttle.at(self.next);
            let speed = u128::from(self.events) * u128::from(period.factor);
            let left = (period.to as i128 - i128::from(self.next)).unsigned_abs();
            let total = self.within + work;
            if speed > 0 && total / speed < left {
                self.next += (total / speed) as i64;
                self.within = total % speed;
                return;
            }
            work = total - speed * left;
            (self.next, self.within) = (period.to, 0);
            if self.next > FAR {
                return;
            }
        }
        self.next = i64::MAX;
    }
}

/// The lines of a provider, and when those in use are released.
#[derive(Clone, Debug)]
struct Lines {
    count: usize,
    /// When each line that has been taken is released; some may have been released already.
    busy: BinaryHeap<Reverse<i64>>,
}

impl Lines {
    /// When one of `count` lines is free; `i64::MIN` when fewer than `count` are listed in `busy`.
    #[inline]
    fn free(&self, count: usize) -> i64 {
        if self.busy.len() < count { i64::MIN } else { self.busy.peek().map_or(i64::MAX, |line| line.0) }
    }

    /// Drops the lines that were released by `at`.
    fn release(&mut self, at: i64) {
        while self.busy.peek().is_some_and(|line| line.0 <= at) {
            self.busy.pop();
        }
    }

    #[inline]
    fn hold(&mut self, released: i64) {
        match self.busy.len() < self.count {
            true => self.busy.push(Reverse(released)),
            // All lines were taken; reuse the one that was released first.
            false => {
                if let Some(mut first) = self.busy.peek_mut() {
                    *first = Reverse(released);
                }
            }
        }
    }
}

/// When a provider's capacity is reduced.
#[derive(Clone, Debug)]
struct Throttle {
    /// The windows, with their factors [millionths].
    windows: Vec<(Windows, u32)>,
    /// The period examined last.
    period: Period,
}

/// A period with a constant factor.
#[derive(Clone, Copy, Debug)]
struct Period {
    from: i64,
    to: i64,
    /// The product of the factors of the open windows [millionths].
    factor: u64,
}

impl Throttle {
    fn new(windows: &[(Windows, u32)]) -> Self {
        Self { windows: windows.to_vec(), period: Period { from: 0, to: 0, factor: WHOLE } }
    }

    fn at(&mut self, at: i64) -> Period {
        if !(self.period.from..self.period.to).contains(&at) {
            let now = Time::from_micros(at);
            let open = self.windows.iter().filter(|(windows, _)| windows.is_open(now));
            let factor = open.fold(WHOLE, |product, (_, factor)| product * u64::from(*factor) / WHOLE);
            let changes = self.windows.iter().map(|(windows, _)| windows.next_change(now).as_micros());
            self.period = Period { from: at, to: changes.min().unwrap_or(i64::MAX), factor };
        }
        self.period
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Discipline;
    use crate::units::{Rate, Span};

    fn rate(count: u64, decimals: u32) -> Capacity {
        let rate = Rate::new(count, decimals, Span::from_secs(1));
        Capacity { rate, concurrent: None, queue: u64::MAX, order: Discipline::Fifo }
    }

    fn lines(count: u32) -> Capacity {
        Capacity { rate: None, concurrent: Some(count), ..rate(1, 0) }
    }

    /// The departure times [µs] of `count` attempts that all wait from the start.
    fn departures(gate: &mut Gate, count: usize, hold: i64) -> Vec<i64> {
        let leave = |_| {
            let at = gate.earliest(Time::ZERO);
            gate.take(at);
            gate.hold(at.after(Span::from_micros(hold)));
            at.as_micros()
        };
        (0..count).map(leave).collect()
    }

    #[test]
    fn departures_keep_their_rate_without_drift() {
        let at = departures(&mut Gate::new(&rate(3, 0), &[]), 3_000_001, 0);
        assert_eq!(at[..4], [0, 333_333, 666_666, 1_000_000]);
        assert_eq!(at[3_000_000], 1_000_000_000_000);
        let fast = departures(&mut Gate::new(&rate(7_000_000, 0), &[]), 7_001, 0);
        assert_eq!((fast[6], fast[7], fast[7_000]), (0, 1, 1000));
    }

    #[test]
    fn an_idle_gate_is_passed_at_once_and_saves_nothing_up() {
        let mut gate = Gate::new(&rate(10, 0), &[]);
        for (now, departs) in [(0, 0), (250_000, 250_000), (250_000, 350_000), (900_000, 900_000), (950_000, 1_000_000)]
        {
            let at = gate.earliest(Time::from_micros(now));
            assert_eq!(at.as_micros(), departs);
            gate.take(at);
        }
    }

    #[test]
    fn lines_are_held_until_they_are_released() {
        assert_eq!(departures(&mut Gate::new(&lines(2), &[]), 6, 10), [0, 0, 10, 10, 20, 20]);
        let both = Capacity { concurrent: Some(2), ..rate(250_000, 0) };
        assert_eq!(departures(&mut Gate::new(&both, &[]), 6, 10), [0, 4, 10, 14, 20, 24]);
    }

    fn window(from: i64, to: i64, every: i64) -> Windows {
        let ([from, to], every) = ([from, to].map(Time::from_micros), Span::from_micros(every));
        Windows::Fixed { from, to, every }
    }

    #[test]
    fn a_throttle_slows_departures_down_while_its_window_is_open() {
        let half = [(window(2_000_000, 4_000_000, i64::MAX), 500_000)];
        let at = departures(&mut Gate::new(&rate(2, 0), &half), 9, 0);
        let seconds = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 4.5, 5.0];
        assert_eq!(at, seconds.map(|s: f64| (s * 1e6) as i64));
        let shut = [(window(1_250_000, 3_000_000, i64::MAX), 0)];
        let at = departures(&mut Gate::new(&rate(1, 0), &shut), 4, 0);
        assert_eq!(at, [0, 1_000_000, 3_750_000, 4_750_000], "a quarter of the way was gone before the window");
        let third = [(window(0, 1_000_000, 2_000_000), 333_333)];
        let at = departures(&mut Gate::new(&rate(1_000_000, 0), &third), 2_000_000, 0);
        assert!((at[1_999_999] - 3_333_333).abs() <= 5, "{}", at[1_999_999]);
    }

    #[test]
    fn a_throttle_takes_lines_out_of_service() {
        let half = [(window(15, 45, i64::MAX), 500_000)];
        assert_eq!(departures(&mut Gate::new(&lines(2), &half), 8, 10), [0, 0, 10, 10, 20, 30, 40, 45]);
    }

    #[test]
    fn queries_have_no_side_effects() {
        let half = [(window(5, 45, i64::MAX), 500_000)];
        for throttles in [&half[..], &[]] {
            let mut gate = Gate::new(&lines(1), throttles);
            gate.hold(Time::from_micros(10));
            let asked = [0, 1, 9, 10, 14].map(|now| gate.earliest(Time::from_micros(now)).as_micros());
            assert_eq!(asked, if throttles.is_empty() { [10, 10, 10, 10, 14] } else { [45; 5] });
        }
    }

    #[test]
    fn a_permanently_closed_gate_lets_nothing_depart() {
        let shut = [(window(0, 10, 10), 0)];
        for capacity in [rate(5, 0), lines(3)] {
            assert!(Gate::new(&capacity, &shut).earliest(Time::ZERO).is_never());
        }
        assert!(departures(&mut Gate::new(&rate(1, 9), &[]), 9, 0).contains(&i64::MAX), "one in 31 years");
    }
}
