//! The naive twin's queue: a list of waiting attempts, a list of lines in use, and the throughput used since time zero.

use super::provider::Windows;
use failsim::provider::{Capacity, Discipline, Effect, ProviderSpec};
use failsim::units::Time;

pub(super) struct ProviderQueue {
    capacity: Capacity,
    calendar: Calendar,
    waiting: Vec<Waiting>,
    /// When each attempt that has departed frees its line (µs).
    lines: Vec<i64>,
    /// The throughput used so far, in the unit of [`Calendar::supply`].
    used: i128,
    /// Whether nothing can depart any more.
    shut: bool,
    /// When the next departure is checked; never when none can happen.
    pub(super) due: Time,
    pub(super) longest: u64,
}

struct Waiting {
    who: usize,
    attempt: usize,
    priority: u8,
}

/// The search for a departure ends this much later (µs), 2 years.
const FAR: i64 = 1 << 46;

impl ProviderQueue {
    pub(super) fn new(capacity: Capacity, spec: &ProviderSpec, windows: &[Windows]) -> Self {
        let throttle = |(outage, windows): (&failsim::provider::Outage, &Windows)| match outage.effect {
            Effect::Throttle { millionths } => Some((windows.clone(), millionths)),
            _ => None,
        };
        let throttles = spec.outages.iter().zip(windows).filter_map(throttle).collect();
        let events = i128::from(capacity.rate.map_or(0, |rate| rate.events()));
        let calendar = Calendar { throttles, events, known: vec![(0, 0)], until: 0 };
        Self {
            capacity,
            calendar,
            waiting: Vec::new(),
            lines: Vec::new(),
            used: 0,
            shut: false,
            due: Time::NEVER,
            longest: 0,
        }
    }

    /// Whether the queue is empty.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() as u64 >= self.capacity.queue
    }

    pub(super) fn wait(&mut self, who: usize, attempt: usize, priority: u8) {
        self.waiting.push(Waiting { who, attempt, priority });
        self.longest = self.longest.max(self.waiting.len() as u64);
    }

    /// Removes the attempt from the queue. Returns whether it was there.
    pub(super) fn give_up(&mut self, who: usize, attempt: usize) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|one| (one.who, one.attempt) != (who, attempt));
        self.waiting.len() < before
    }

    /// Removes the next attempt.
    pub(super) fn next(&mut self) -> (usize, usize) {
        let highest = self.waiting.iter().map(|one| one.priority).max();
        let is_next = |one: &Waiting| self.capacity.order == Discipline::Fifo || Some(one.priority) == highest;
        let place = self.waiting.iter().position(is_next).expect("somebody waits");
        let next = self.waiting.remove(place);
        (next.who, next.attempt)
    }

    /// An attempt departs at `now` and frees its line at `released`.
    pub(super) fn leaves(&mut self, now: Time, released: Time) {
        let now = now.as_micros();
        if let Some(rate) = self.capacity.rate {
            self.used = self.used.max(self.calendar.supply(now)) + i128::from(rate.micros()) * 1_000_000;
        }
        self.lines.retain(|&line| line > now);
        self.lines.push(released.as_micros());
    }

    /// Returns when the throughput used so far has been supplied: the microsecond within which that happens, not before `now`.
    fn paced(&mut self, now: i64) -> i64 {
        if self.capacity.rate.is_none() {
            return now;
        }
        let target = self.used.max(self.calendar.supply(now));
        let mut reach = 1_000_000;
        while self.calendar.supply(now + reach) <= target {
            reach *= 2;
            if reach > FAR {
                return i64::MAX;
            }
        }
        let (mut low, mut high) = (now, now + reach);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.calendar.supply(middle + 1) > target {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    fn has_line(&self, at: i64) -> bool {
        let taken = self.lines.iter().filter(|&&line| line > at).count() as u64;
        let factor = self.calendar.factor(at);
        let count = self.capacity.concurrent.map_or(u64::MAX, |lines| u64::from(lines) * factor / 1_000_000);
        taken < count
    }

    /// Returns when the next attempt can depart, if nothing else does first.
    pub(super) fn free_at(&mut self, now: Time) -> Time {
        let now = now.as_micros();
        let earliest = now.max(self.paced(now));
        let mut reach = 1_000_000;
        while reach <= FAR && !self.shut {
            let edges = self.calendar.edges(earliest, earliest.saturating_add(reach));
            // After this many windows without a departure there will never be one.
            self.shut = edges.len() > 4_000;
            let mut moments: Vec<i64> = self.lines.iter().copied().chain(edges).chain([earliest]).collect();
            moments.sort_unstable();
            let possible =
                |&at: &i64| (earliest..FAR).contains(&at) && self.calendar.factor(at) > 0 && self.has_line(at);
            // An edge beyond those checked can only be later.
            if let Some(first) = moments.into_iter().find(possible)
                && (self.calendar.throttles.is_empty() || first <= earliest + reach)
            {
                self.shut = false;
                return Time::from_micros(first);
            }
            reach *= 4;
        }
        Time::NEVER
    }
}

/// The capacity of a provider over time.
struct Calendar {
    /// The throttles, with the millionths of capacity left while they are active.
    throttles: Vec<(Windows, u32)>,
    /// The events of the rate.
    events: i128,
    /// The supply at each known start or end of a throttle.
    known: Vec<(i64, i128)>,
    until: i64,
}

impl Calendar {
    /// Returns the millionths of capacity left at `at`.
    fn factor(&self, at: i64) -> u64 {
        let open = self.throttles.iter().filter(|(windows, _)| windows.holds(at));
        open.fold(1_000_000, |product, (_, factor)| product * u64::from(*factor) / 1_000_000)
    }

    /// Returns every time after `from` and up to `until` at which a throttle begins or ends, in order.
    fn edges(&self, from: i64, until: i64) -> Vec<i64> {
        let mut all: Vec<i64> = self.throttles.iter().flat_map(|(windows, _)| windows.edges(from, until)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Returns the throughput supplied from time zero until `at`. A departure needs a million times the microseconds of the rate; each
    /// microsecond supplies the events of the rate times the millionths of its factor.
    fn supply(&mut self, at: i64) -> i128 {
        if at > self.until {
            let until = (2 * at).max(1_000_000);
            for edge in self.edges(self.until, until) {
                let supply = self.extrapolate(edge);
                self.known.push((edge, supply));
            }
            self.until = until;
        }
        self.extrapolate(at)
    }

    /// Extrapolates from the last edge known before `at`, at the rate that holds there.
    fn extrapolate(&self, at: i64) -> i128 {
        let (edge, supply) = self.known[self.known.partition_point(|&(edge, _)| edge <= at) - 1];
        supply + i128::from(at - edge) * i128::from(self.factor(edge)) * self.events
    }
}
