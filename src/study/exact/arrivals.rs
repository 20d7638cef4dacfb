//! When recipients arrive, as a distribution, and who of them meets an outage.

use crate::provider::{Effect, Outage, When};
use crate::status::Segment;
use crate::traffic::{Arrivals, Traffic};
use crate::units::Span;

/// A span as µs; infinite if it is unlimited.
pub(super) fn micros(span: Span) -> f64 {
    if span.is_unlimited() { f64::INFINITY } else { span.as_micros() as f64 }
}

/// The distribution of the arrival of a recipient. Times in µs.
#[derive(Clone, Debug)]
pub(super) struct ArrivalLaw {
    pattern: Pattern,
    /// No recipient arrives later.
    last: f64,
}

#[derive(Clone, Debug)]
enum Pattern {
    Blast,
    /// This number of recipients, evenly spaced.
    Spread(f64),
    Uniform,
    /// For each stage: its start, the share that arrives before it, the rates at its start, and its growth (shares per µs, and per µs²).
    Stages(Vec<(f64, f64, f64, f64)>),
    /// In ascending order.
    Times(Vec<f64>),
}

impl ArrivalLaw {
    pub(super) fn new(traffic: &Traffic) -> Self {
        let last = traffic.last_arrival().as_micros() as f64;
        let pattern = match &traffic.arrivals {
            Arrivals::Blast => Pattern::Blast,
            Arrivals::Spread { .. } => Pattern::Spread(traffic.recipients as f64),
            Arrivals::Uniform { .. } | Arrivals::PoissonOver { .. } | Arrivals::Poisson { .. } => Pattern::Uniform,
            Arrivals::Stages(stages) => {
                let all: f64 = stages.iter().map(|stage| stage.expected()).sum();
                let (mut start, mut before) = (0.0, 0.0);
                let stage = |stage: &crate::traffic::ArrivalStage| {
                    let over = micros(stage.over);
                    let [from, to] = [stage.from_per_s, stage.to_per_s].map(|rate| rate / 1e6 / all);
                    let entry = (start, before, from, (to - from) / over);
                    start += over;
                    before += stage.expected() / all;
                    entry
                };
                Pattern::Stages(stages.iter().map(stage).collect())
            }
            Arrivals::Times(times) => {
                let times = times.iter().take(traffic.recipients as usize);
                let mut times: Vec<f64> = times.map(|time| time.as_micros() as f64).collect();
                times.sort_by(f64::total_cmp);
                Pattern::Times(times)
            }
        };
        Self { pattern, last }
    }

    /// The share of the recipients who arrive before `time`.
    pub(super) fn before(&self, time: f64) -> f64 {
        if time <= 0.0 {
            return 0.0;
        }
        match &self.pattern {
            Pattern::Blast => 1.0,
            _ if time > self.last => 1.0,
            // The i-th of n arrives at (i + 1/2) / n of the span.
            Pattern::Spread(n) => (n * time / self.last - 0.5).ceil().clamp(0.0, *n) / n,
            Pattern::Uniform => time / self.last,
            Pattern::Stages(stages) => {
                let after = stages.partition_point(|stage| stage.0 < time);
                let (start, before, rate, growth) = stages[after.max(1) - 1];
                let within = time - start;
                (before + within * (rate + 0.5 * growth * within)).clamp(0.0, 1.0)
            }
            Pattern::Times(times) => times.partition_point(|&other| other < time) as f64 / times.len() as f64,
        }
    }

    /// The share of the recipients who arrive from `from` to `to`, exclusive.
    pub(super) fn between(&self, from: f64, to: f64) -> f64 {
        (self.before(to) - self.before(from)).max(0.0)
    }

    /// The last arrival.
    pub(super) const fn last(&self) -> f64 {
        self.last
    }

    /// Whether all arrive at once, so that outages begin and end at known times of a flow.
    pub(super) const fn is_blast(&self) -> bool {
        matches!(self.pattern, Pattern::Blast)
    }
}

/// A known outage that affects the attempts that depart in its windows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hazard {
    /// The first window (µs) ...
    pub(super) from: f64,
    pub(super) to: f64,
    /// ... and the time from one to the next; infinite for a single one.
    every: f64,
    pub(super) effect: Effect,
    /// The share of the attempts that it affects.
    pub(super) share: f64,
}

impl Hazard {
    /// The hazard of `outage` for recipients of `segment`; `None` if it does not concern single attempts, or none of theirs.
    pub(super) fn new(outage: &Outage, segment: Segment) -> Option<Self> {
        let When::Window { from, to, every } = outage.when else { return None };
        let concerns =
            matches!(outage.effect, Effect::Silent | Effect::Fail | Effect::Slow { .. } | Effect::ReportsLost);
        (concerns && outage.segments.contains(segment) && outage.share.get() > 0.0).then(|| Self {
            from: from.as_micros() as f64,
            to: to.as_micros() as f64,
            every: micros(every),
            effect: outage.effect,
            share: outage.share.get(),
        })
    }

    /// The number of windows that begin before `until`.
    pub(super) fn windows_before(&self, until: f64) -> f64 {
        if self.every.is_finite() { ((until - self.from) / self.every).max(0.0).ceil() } else { 1.0 }
    }

    /// The windows that overlap the time from `from` to `to`, in order.
    pub(super) fn windows(self, from: f64, to: f64) -> impl Iterator<Item = (f64, f64)> {
        let first = if self.every.is_finite() { ((from - self.to) / self.every).floor().max(0.0) } else { 0.0 };
        let count = if self.every.is_finite() { u32::MAX } else { 1 };
        let window = move |k: u32| {
            // Not `0 · ∞`.
            let shift = if self.every.is_finite() { (first + f64::from(k)) * self.every } else { 0.0 };
            (self.from + shift, self.to + shift)
        };
        (0..count).map(window).take_while(move |window| window.0 < to).filter(move |window| window.1 > from)
    }
}

/// Some of the recipients, by when they arrive.
#[derive(Clone, Copy, Debug)]
pub(super) enum ArrivalSet {
    /// Everybody.
    All,
    /// Those who arrive in these intervals of the list, from the first number to the second, exclusive: a share of all.
    Listed { first: usize, end: usize, share: f64 },
}

impl ArrivalSet {
    const fn share(self) -> f64 {
        match self {
            Self::All => 1.0,
            Self::Listed { share, .. } => share,
        }
    }
}

/// The intervals of sets of arrivals, one set after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct IntervalList(Vec<(f64, f64)>);

impl IntervalList {
    /// Forgets all intervals but the first ones.
    pub(super) fn truncate(&mut self, count: usize) {
        self.0.truncate(count);
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Of the recipients of `set`, those who come to an attempt `since` their arrival while a window of `hazard` is open, and the others, each with
    /// their share of the set. If nobody asks again who they are, `keep` is false, and both are everybody.
    pub(super) fn split(
        &mut self,
        law: &ArrivalLaw,
        set: ArrivalSet,
        (hazard, since): (&Hazard, f64),
        keep: bool,
    ) -> [(ArrivalSet, f64); 2] {
        let whole = [(0.0, law.last() + 1.0)];
        let parts = match set {
            ArrivalSet::All => 0..1,
            ArrivalSet::Listed { first, end, .. } => first..end,
        };
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        let mut met = 0.0;
        for part in parts {
            let (from, to) = if matches!(set, ArrivalSet::All) { whole[0] } else { self.0[part] };
            let mut rest = from;
            for (opens, closes) in hazard.windows(from + since, to + since) {
                let (opens, closes) = ((opens - since).max(from), (closes - since).min(to));
                met += law.between(opens, closes);
                if keep {
                    outside.push((rest, opens));
                    inside.push((opens, closes));
                    rest = closes;
                }
            }
            if keep {
                outside.push((rest, to));
            }
        }
        let all = set.share();
        let mut listed = |intervals: Vec<(f64, f64)>, share: f64| {
            let first = self.0.len();
            self.0.extend(intervals.into_iter().filter(|interval| interval.0 < interval.1));
            ArrivalSet::Listed { first, end: self.0.len(), share }
        };
        let share = if all > 0.0 { (met / all).min(1.0) } else { 0.0 };
        if !keep {
            return [(ArrivalSet::All, share), (ArrivalSet::All, 1.0 - share)];
        }
        [(listed(inside, met), share), (listed(outside, (all - met).max(0.0)), 1.0 - share)]
    }
}
