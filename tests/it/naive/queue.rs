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
    /// The supply with which the bucket is full again, in the unit of [`Calendar::supply`].
    used: i128,
    /// What counts towards the quota: when, and how many parts.
    counted: Vec<(i64, u64)>,
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
    parts: u32,
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
            counted: Vec::new(),
            shut: false,
            due: Time::NEVER,
            longest: 0,
        }
    }

    /// Whether the queue is empty.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn length(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() as u64 >= self.capacity.queue
    }

    pub(super) fn wait(&mut self, who: usize, attempt: usize, priority: u8, parts: u32) {
        self.waiting.push(Waiting { who, attempt, priority, parts });
        self.longest = self.longest.max(self.waiting.len() as u64);
    }

    /// Removes the attempt from the queue. Returns whether it was there.
    pub(super) fn give_up(&mut self, who: usize, attempt: usize) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|one| (one.who, one.attempt) != (who, attempt));
        self.waiting.len() < before
    }

    /// The place of the next attempt.
    fn next_place(&self) -> usize {
        let highest = self.waiting.iter().map(|one| one.priority).max();
        let place = match self.capacity.order {
            Discipline::Fifo => Some(0),
            Discipline::Priority => self.waiting.iter().position(|one| Some(one.priority) == highest),
            _ => self.waiting.len().checked_sub(1),
        };
        place.expect("somebody waits")
    }

    /// Removes the next attempt.
    pub(super) fn next(&mut self) -> (usize, usize) {
        let next = self.waiting.remove(self.next_place());
        (next.who, next.attempt)
    }

    /// Returns when the next attempt that waits can depart, if nothing else does first.
    pub(super) fn next_free_at(&mut self, now: Time) -> Time {
        if self.is_idle() {
            return Time::NEVER;
        }
        let parts = self.waiting[self.next_place()].parts;
        self.free_at(now, parts)
    }

    /// Whether the quota has room, if it is one that rejects.
    pub(super) fn is_within_quota(&self, now: Time, parts: u32) -> bool {
        self.capacity.quota.is_none_or(|quota| !quota.rejects || self.has_room(now.as_micros(), parts))
    }

    /// The attempt is not rejected: it counts towards a quota that rejects.
    pub(super) fn accepts(&mut self, now: Time, parts: u32) {
        if self.capacity.quota.is_some_and(|quota| quota.rejects) {
            self.counted.push((now.as_micros(), u64::from(parts)));
        }
    }

    /// Whether the window of `at` (µs) has room for `parts` parts.
    fn has_room(&self, at: i64, parts: u32) -> bool {
        self.capacity.quota.is_none_or(|quota| {
            let window = |at: i64| (at + quota.phase.as_micros()).div_euclid(quota.per.as_micros());
            let here = self.counted.iter().filter(|counted| window(counted.0) == window(at));
            here.map(|counted| counted.1).sum::<u64>() + u64::from(parts) <= quota.limit
        })
    }

    /// The work of `tokens` tokens, in the unit of [`Calendar::supply`].
    fn work(&self, tokens: u32) -> i128 {
        i128::from(self.capacity.rate.map_or(0, |rate| rate.micros())) * 1_000_000 * i128::from(tokens)
    }

    /// An attempt departs at `now` and frees its line at `released`.
    pub(super) fn leaves(&mut self, now: Time, released: Time, parts: u32) {
        let now = now.as_micros();
        if self.capacity.rate.is_some() {
            self.used = self.used.max(self.calendar.supply(now)) + self.work(parts);
        }
        if self.capacity.quota.is_some_and(|quota| !quota.rejects) {
            self.counted.push((now, u64::from(parts)));
        }
        self.lines.retain(|&line| line > now);
        self.lines.push(released.as_micros());
    }

    /// Returns when the bucket has enough for `parts` parts: the microsecond within which that happens, not before `now`.
    fn paced(&mut self, now: i64, parts: u32) -> i64 {
        if self.capacity.rate.is_none() {
            return now;
        }
        let burst = self.capacity.burst.unwrap_or_else(|| {
            // What is supplied in a second, where nothing waits.
            let rate = self.capacity.rate.map_or(0.0, |rate| rate.events() as f64 * 1e6 / rate.micros() as f64);
            if self.capacity.queue == 0 { (rate as u32).max(1) } else { 1 }
        });
        let missing = self.used - self.work(burst - parts.min(burst));
        let target = missing.max(self.calendar.supply(now));
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
    pub(super) fn free_at(&mut self, now: Time, parts: u32) -> Time {
        let now = now.as_micros();
        let earliest = now.max(self.paced(now, parts));
        let mut reach = 1_000_000;
        while reach <= FAR && !self.shut {
            let edges = self.calendar.edges(earliest, earliest.saturating_add(reach));
            // After this many windows without a departure there will never be one.
            self.shut = edges.len() > 4_000;
            let mut moments: Vec<i64> = self.lines.iter().copied().chain(edges).chain([earliest]).collect();
            // The windows of the quota that begin soon: one of them has room.
            let windows = self.capacity.quota.filter(|quota| !quota.rejects).map(|quota| {
                let (per, phase) = (quota.per.as_micros(), quota.phase.as_micros());
                let first = (earliest + phase).div_euclid(per);
                (first + 1..first + 50).map(move |window| window * per - phase)
            });
            moments.extend(windows.into_iter().flatten());
            moments.sort_unstable();
            let possible = |&at: &i64| {
                let has_room = self.capacity.quota.is_none_or(|quota| quota.rejects) || self.has_room(at, parts);
                (earliest..FAR).contains(&at) && self.calendar.factor(at) > 0 && self.has_line(at) && has_room
            };
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
