//! Quotas: how many messages, or parts of messages, a provider takes in each window of the calendar.

use crate::provider::spec;
use crate::units::Time;

/// How much of a quota is left in the window in use. Windows are aligned to the clock: the k-th lasts from k to k + 1 periods after a
/// midnight.
#[derive(Clone, Debug)]
pub(super) struct Quota {
    limit: u64,
    /// The length of a window, and how long the one of time zero has lasted by then (µs).
    per: i64,
    phase: i64,
    /// The window in use, and how much of its limit has been taken.
    window: i64,
    taken: u64,
}

impl Quota {
    pub(super) const fn new(spec: &spec::Quota) -> Self {
        Self { limit: spec.limit, per: spec.per.as_micros(), phase: spec.phase.as_micros(), window: i64::MIN, taken: 0 }
    }

    const fn window(&self, at: i64) -> i64 {
        at.saturating_add(self.phase).div_euclid(self.per)
    }

    /// How much has been taken in this window, which is not before the one in use.
    const fn taken_in(&self, window: i64) -> u64 {
        if window == self.window { self.taken } else { 0 }
    }

    /// Whether the window of `now` has room for an attempt of `parts` parts.
    pub(super) const fn has_room(&self, now: Time, parts: u32) -> bool {
        self.taken_in(self.window(now.as_micros())) + parts as u64 <= self.limit
    }

    /// The first time (µs), not before `at` and not before the window in use, whose window has room for an attempt of `parts` parts;
    /// [`i64::MAX`] when none has.
    pub(super) fn ready(&self, at: i64, parts: u32) -> i64 {
        let window = self.window(at).max(self.window);
        let room = |window: i64| self.taken_in(window) + u64::from(parts) <= self.limit;
        match (room(window), room(window.saturating_add(1))) {
            (true, _) => at.max(self.start(window)),
            (false, true) => self.start(window.saturating_add(1)),
            (false, false) => i64::MAX,
        }
    }

    /// When this window begins (µs).
    const fn start(&self, window: i64) -> i64 {
        window.saturating_mul(self.per).saturating_sub(self.phase)
    }

    /// An attempt of `parts` parts takes its share at `at` (µs).
    pub(super) const fn take(&mut self, at: i64, parts: u32) {
        let window = self.window(at);
        (self.taken, self.window) = (self.taken_in(window) + parts as u64, window);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Span;

    #[test]
    fn windows_begin_at_midnight() {
        // 22:00 at time zero, in units of an hour.
        let hour = |hours: i64| hours * 3_600_000_000;
        let [day, since_midnight] = [24, 22].map(|hours| Span::from_micros(hour(hours)));
        let mut quota = Quota::new(&spec::Quota { limit: 3, per: day, phase: since_midnight, rejects: true });
        assert_eq!(quota.ready(hour(1), 3), hour(1));
        quota.take(hour(1), 2);
        assert!(quota.has_room(Time::from_micros(hour(1)), 1) && !quota.has_room(Time::from_micros(hour(1)), 2));
        assert_eq!([1, 2].map(|parts| quota.ready(hour(1), parts)), [hour(1), hour(2)]);
        quota.take(hour(2), 3);
        assert_eq!([hour(0), hour(2), hour(25)].map(|at| quota.ready(at, 1)), [hour(26); 3]);
        assert_eq!(quota.ready(hour(30), 3), hour(30));
        assert_eq!(quota.ready(hour(2), 4), i64::MAX, "more than the limit");
    }
}
