//! The throughput, the quota and the lines of a provider: when the next attempt can depart.

use super::bucket::{Bucket, ThrottledBucket};
use super::quota::Quota;
use super::throttle::{Throttle, WHOLE};
use super::{FAR, MAX_CHANGES};
use crate::provider::outage::Windows;
use crate::provider::spec::Capacity;
use crate::units::{Rate, Time};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The throughput, the quota and the lines of a provider, and how much of them is in use.
///
/// > Attempts depart in order: [`Gate::earliest`] never returns a time before the last departure.
///
/// 1. [`Gate::earliest`] returns when the next attempt could depart.
/// 2. [`Gate::take`] records its departure.
/// 3. [`Gate::hold`] records how long it holds its line; call it before the next query.
///
/// The times of queries ascend. Attempts have parts: as many tokens and as much of the quota as they take.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pace: Pace,
    quota: Option<Quota>,
    lines: Option<Lines>,
    /// The last departure (µs).
    last: i64,
    /// An attempt with this many parts or more never departs.
    never: u32,
}

/// What limits the throughput.
#[derive(Clone, Debug)]
enum Pace {
    Steady(Option<Bucket>),
    Throttled(Option<ThrottledBucket>, Throttle),
}

impl Pace {
    fn new(rate: Option<(Rate, u32)>, throttles: &[(Windows, u32)]) -> Self {
        match throttles {
            [] => Self::Steady(rate.map(|(rate, burst)| Bucket::new(rate, burst))),
            _ => Self::Throttled(rate.map(|(rate, burst)| ThrottledBucket::new(rate, burst)), Throttle::new(throttles)),
        }
    }
}

impl Gate {
    /// The gate for `capacity`, reduced while these windows are open, by their factors in millionths.
    pub(super) fn new(capacity: &Capacity, throttles: &[(Windows, u32)]) -> Self {
        let lines = |count: u32| Lines { count: count as usize, busy: BinaryHeap::new() };
        Self {
            pace: Pace::new(capacity.rate.map(|rate| (rate, capacity.tokens())), throttles),
            quota: capacity.quota.as_ref().filter(|quota| !quota.rejects).map(Quota::new),
            lines: capacity.concurrent.map(lines),
            last: 0,
            never: u32::MAX,
        }
    }

    /// Whether attempts hold lines.
    pub(super) const fn has_lines(&self) -> bool {
        self.lines.is_some()
    }

    /// The first time, not before `now`, at which the next attempt, of `parts` parts, can depart; [`Time::NEVER`] if it cannot.
    #[inline(always)]
    pub(super) fn earliest(&mut self, now: Time, parts: u32) -> Time {
        let from = now.as_micros().max(self.last);
        let at = match &mut self.pace {
            Pace::Steady(bucket) => {
                let mut at = from;
                if let Some(bucket) = bucket {
                    at = at.max(bucket.ready(parts));
                }
                if let Some(lines) = &self.lines {
                    at = at.max(lines.free(lines.count));
                }
                // When a later window begins, what was there before still is.
                self.quota.as_ref().map_or(at, |quota| quota.ready(at, parts))
            }
            Pace::Throttled(..) => self.earliest_throttled(now.as_micros(), from, parts),
        };
        if at > FAR { Time::NEVER } else { Time::from_micros(at) }
    }

    #[inline(never)]
    fn earliest_throttled(&mut self, now: i64, from: i64, parts: u32) -> i64 {
        let Pace::Throttled(bucket, throttle) = &mut self.pace else { return from };
        if parts >= self.never {
            return i64::MAX;
        }
        if let Some(lines) = &mut self.lines {
            lines.release(now);
        }
        let mut at = bucket.as_mut().map_or(from, |bucket| bucket.ready(from, parts, throttle));
        for _ in 0..MAX_CHANGES {
            at = self.quota.as_ref().map_or(at, |quota| quota.ready(at, parts));
            if at > FAR {
                break;
            }
            let period = throttle.at(at);
            let lines = self
                .lines
                .as_ref()
                .map_or(at, |lines| lines.free((lines.count as u64 * period.factor / WHOLE) as usize));
            if period.factor > 0 && lines <= at {
                return at;
            }
            at = if period.factor == 0 { period.to } else { lines.min(period.to) };
        }
        self.never = parts;
        i64::MAX
    }

    /// Records a departure at `at`, which is the time that [`Gate::earliest`] returned, or later if there was no query in between.
    #[inline(always)]
    pub(super) fn take(&mut self, at: Time, parts: u32) {
        let at = at.as_micros();
        self.last = at;
        match &mut self.pace {
            Pace::Steady(Some(bucket)) => bucket.take(at, parts),
            Pace::Throttled(Some(bucket), throttle) => bucket.take(at, parts, throttle),
            Pace::Steady(None) | Pace::Throttled(None, _) => {}
        }
        if let Some(quota) = &mut self.quota {
            quota.take(at, parts);
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
        if self.busy.len() < count {
            return i64::MIN;
        }
        match self.busy.len() - count {
            0 => self.busy.peek().map_or(i64::MAX, |line| line.0),
            _ if count == 0 => i64::MAX,
            beyond => {
                let mut all: Vec<i64> = self.busy.iter().map(|line| line.0).collect();
                *all.select_nth_unstable(beyond).1
            }
        }
    }

    /// Drops the lines that were released by `now`.
    fn release(&mut self, now: i64) {
        while self.busy.peek().is_some_and(|line| line.0 <= now) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Span;

    fn rate(count: u64, decimals: u32) -> Capacity {
        Capacity { rate: Rate::new(count, decimals, Span::from_secs(1)), ..Capacity::UNLIMITED }
    }

    fn lines(count: u32) -> Capacity {
        Capacity { rate: None, concurrent: Some(count), ..rate(1, 0) }
    }

    /// The departure times [µs] of `count` attempts that all wait from the start.
    fn departures(gate: &mut Gate, count: usize, hold: i64) -> Vec<i64> {
        let leave = |_| {
            let at = gate.earliest(Time::ZERO, 1);
            gate.take(at, 1);
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
            let at = gate.earliest(Time::from_micros(now), 1);
            assert_eq!(at.as_micros(), departs);
            gate.take(at, 1);
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
            let asked = [0, 1, 9, 10, 14].map(|now| gate.earliest(Time::from_micros(now), 1).as_micros());
            assert_eq!(asked, if throttles.is_empty() { [10, 10, 10, 10, 14] } else { [45; 5] });
        }
    }

    #[test]
    fn a_permanently_closed_gate_lets_nothing_depart() {
        let shut = [(window(0, 10, 10), 0)];
        for capacity in [rate(5, 0), lines(3)] {
            assert!(Gate::new(&capacity, &shut).earliest(Time::ZERO, 1).is_never());
        }
        assert!(departures(&mut Gate::new(&rate(1, 9), &[]), 9, 0).contains(&i64::MAX), "one in 31 years");
    }
}
