//! When an outage affects an attempt, and how.

use super::spec::{Effect, Outage, When};
use crate::dist::{Dist, Sampler, Shape};
use crate::rng::{DrawKey, Draws, RngKey, purpose};
use crate::units::{Span, Time};
use std::sync::{Arc, Mutex, PoisonError};

/// The windows of one outage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Windows {
    /// One window, possibly recurring.
    Fixed {
        /// The start of the first window.
        from: Time,
        /// The end of the first window.
        to: Time,
        /// The period of recurrence; [`Span::UNLIMITED`] for a single window.
        every: Span,
    },
    /// Random windows.
    Random(RandomWindows),
}

impl Windows {
    /// Whether a window is open at `at`.
    #[must_use]
    #[inline]
    pub fn is_open(&self, at: Time) -> bool {
        match self {
            Self::Fixed { from, to, every } => {
                if at < *from {
                    return false;
                }
                let since = at.since(*from).as_micros();
                let within = if every.is_unlimited() { since } else { since % every.as_micros() };
                within < to.since(*from).as_micros()
            }
            Self::Random(windows) => windows.is_open(at),
        }
    }

    /// The first time after `at` at which a window begins or ends; [`Time::NEVER`] when there is none.
    #[must_use]
    pub fn next_change(&self, at: Time) -> Time {
        match self {
            Self::Fixed { from, to, every } => {
                let since = at.since(*from).as_micros();
                let past = if every.is_unlimited() || since < 0 { 0 } else { since / every.as_micros() };
                let start = if past == 0 { *from } else { from.after(Span::from_micros(past * every.as_micros())) };
                let edges = [start, start.after(to.since(*from)), start.after(*every)];
                edges.into_iter().find(|&edge| edge > at).unwrap_or(Time::NEVER)
            }
            Self::Random(windows) => windows.next_change(at),
        }
    }

    /// The first `most` windows that begin before `until`.
    #[must_use]
    pub fn before(&self, until: Time, most: usize) -> Vec<(Time, Time)> {
        match self {
            Self::Fixed { from, to, every } => {
                let length = to.since(*from);
                let starts = std::iter::successors(Some(*from), |from| Some(from.after(*every)));
                starts.take_while(|from| *from < until).take(most).map(|from| (from, from.after(length))).collect()
            }
            Self::Random(windows) => windows.before(until, most),
        }
    }
}

/// A window: its start and its end.
type Window = (Time, Time);

/// No random outage begins later than this, four years after the start; at one a minute that is two million outages.
const LAST_RANDOM: Time = Time::from_micros(4 * 366 * 86_400_000_000);

/// The random windows of one replication, drawn in order on demand. The windows do not depend on the order or extent of the
/// queries.
#[derive(Clone, Debug)]
pub struct RandomWindows {
    source: WindowSource,
    /// All windows that begin before `known`, in order and disjoint.
    listed: Arc<[Window]>,
    known: Time,
    /// The windows after those, as far as they have been queried.
    later: Arc<Mutex<Vec<Window>>>,
}

/// The source of random windows: draws for a use of the provider that no recipient reaches, with the window's index in place of the
/// recipient.
#[derive(Clone, Debug)]
struct WindowSource {
    rng: RngKey,
    key: DrawKey,
    number: u16,
    between: Sampler,
    lasting: Sampler,
}

impl WindowSource {
    /// The window with this index, following one that ended at `over`; `None` after [`LAST_RANDOM`].
    fn window(&self, index: usize, over: Time) -> Option<Window> {
        let draws = self.rng.draws(self.key, u32::try_from(index).ok()?, purpose::RANDOM_OUTAGES).block(self.number);
        let from = over.after(self.between.sample(draws[0]));
        // A window is never empty, so each one begins later than the one before.
        let to = from.after(self.lasting.sample(draws[1]).max(Span::from_micros(1)));
        (from <= LAST_RANDOM).then_some((from, to))
    }

    /// The windows from index `first` on, given that the one before ended at `over`.
    fn windows(&self, first: usize, over: Time) -> impl Iterator<Item = Window> + '_ {
        let next = move |(index, over): &mut (usize, Time)| {
            let window = self.window(*index, *over)?;
            (*index, *over) = (*index + 1, window.1);
            Some(window)
        };
        let mut state = (first, over);
        std::iter::from_fn(move || next(&mut state))
    }
}

impl RandomWindows {
    /// Lists the windows that begin before `known`; later ones are drawn on demand.
    fn new(source: WindowSource, known: Time) -> Self {
        let listed = source.windows(0, Time::ZERO).take_while(|&(from, _)| from < known).collect();
        Self { source, listed, known, later: Arc::default() }
    }

    #[inline]
    fn is_open(&self, at: Time) -> bool {
        if at < self.known { holds(&self.listed, at) } else { self.is_open_later(at) }
    }

    #[cold]
    fn is_open_later(&self, at: Time) -> bool {
        // The last listed window may extend beyond the end of the list.
        holds(&self.listed, at) || self.with_later(at, |later| holds(later, at))
    }

    fn next_change(&self, at: Time) -> Time {
        let listed = next_edge(&self.listed, at);
        if listed.is_never() { self.with_later(at, |later| next_edge(later, at)) } else { listed }
    }

    fn before(&self, until: Time, most: usize) -> Vec<Window> {
        self.source.windows(0, Time::ZERO).take_while(|&(from, _)| from < until).take(most).collect()
    }

    /// Calls `look` with the windows after the list, drawn until one reaches beyond `at` or there are no more.
    fn with_later<T>(&self, at: Time, look: impl FnOnce(&[Window]) -> T) -> T {
        // If a thread panicked while drawing, the windows it left are complete.
        let mut later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        let last = later.last().or(self.listed.last()).copied().unwrap_or_default();
        if last.0 <= at {
            for window in self.source.windows(self.listed.len() + later.len(), last.1) {
                later.push(window);
                if window.0 > at {
                    break;
                }
            }
        }
        look(&later)
    }
}

/// Two are equal if they come from the same draws.
impl PartialEq for RandomWindows {
    fn eq(&self, other: &Self) -> bool {
        let draws = |windows: &Self| (windows.source.rng, windows.source.key, windows.source.number);
        draws(self) == draws(other) && self.before(self.known, 2) == other.before(self.known, 2)
    }
}

impl Eq for RandomWindows {}

/// Whether one of these windows, which are in order, is open at `at`.
#[inline]
fn holds(windows: &[Window], at: Time) -> bool {
    let next = windows.partition_point(|&(from, _)| from <= at);
    next > 0 && at < windows[next - 1].1
}

/// The first time after `at` at which one of these windows begins or ends.
fn next_edge(windows: &[Window], at: Time) -> Time {
    let next = windows.partition_point(|&(_, to)| to <= at);
    let edges = windows[next..].iter().flat_map(|&(from, to)| [from, to]);
    edges.into_iter().find(|&edge| edge > at).unwrap_or(Time::NEVER)
}

/// The schedule of an outage, from which its windows are derived. The samplers of random outages are the same in every replication.
#[derive(Clone, Debug)]
pub struct Calendar(Recurrence);

#[derive(Clone, Debug)]
enum Recurrence {
    Known(Windows),
    /// The time from the end of one window to the start of the next, and the length of a window.
    Random {
        between: Sampler,
        lasting: Sampler,
    },
}

impl Calendar {
    /// The calendar of `outage`.
    #[must_use]
    pub fn new(outage: &Outage) -> Self {
        let exponential = |mean| Sampler::new(&Dist::new(Shape::Exponential { mean }));
        Self(match outage.when {
            When::Window { from, to, every } => Recurrence::Known(Windows::Fixed { from, to, every }),
            When::Random { between, lasting } => {
                Recurrence::Random { between: exponential(between), lasting: exponential(lasting) }
            }
        })
    }

    /// When the first window begins in the run with key `rng`, for outage `number` of the provider with this `key`; [`Time::NEVER`]
    /// if there is none.
    #[must_use]
    pub fn begins(&self, rng: RngKey, key: DrawKey, number: u16) -> Time {
        self.windows(rng, key, number, Time::ZERO).before(Time::NEVER, 1).first().map_or(Time::NEVER, |first| first.0)
    }

    /// The windows in the run with key `rng`, for outage `number` (from 0) of the provider with this `key`. Random windows that
    /// begin before `known` are drawn at once, later ones on demand.
    #[must_use]
    pub fn windows(&self, rng: RngKey, key: DrawKey, number: u16, known: Time) -> Windows {
        match &self.0 {
            Recurrence::Known(windows) => windows.clone(),
            Recurrence::Random { between, lasting } => {
                let (between, lasting) = (between.clone(), lasting.clone());
                Windows::Random(RandomWindows::new(WindowSource { rng, key, number, between, lasting }, known))
            }
        }
    }
}

/// An outage that may affect individual attempts.
#[derive(Clone, Debug)]
pub(super) struct Hazard {
    pub(super) windows: Windows,
    pub(super) effect: Effect,
    /// It affects the attempts whose draw is below this ...
    pub(super) below: u64,
    /// ... where the draw is the one for this purpose. Each outage has its own, so overlapping outages affect attempts
    /// independently.
    pub(super) purpose: u16,
    /// Whether it affects the attempts that are submitted while its windows are open, rather than those that depart.
    pub(super) at_submission: bool,
}

/// The purpose of the draw for the outage with this number.
pub(super) const fn purpose_of(number: usize) -> u16 {
    if number == 0 { purpose::FIRST_OUTAGE } else { purpose::FURTHER_OUTAGES + number as u16 - 1 }
}

/// The longest latency that outages can produce, over two years: the times of a flow then stay below 2⁵³ µs.
const SLOWEST: Span = Span::from_micros(1 << 46);

/// The combined effect of all outages on one attempt.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct OutageEffect {
    pub rejected: bool,
    pub silent: bool,
    pub reports_lost: bool,
    factor: f64,
    delay: Span,
}

impl OutageEffect {
    pub(super) const NONE: Self =
        Self { rejected: false, silent: false, reports_lost: false, factor: 1.0, delay: Span::ZERO };

    /// The latency under these effects.
    #[inline]
    pub(super) fn stretch(&self, latency: Span) -> Span {
        let slowed = if self.factor == 1.0 {
            latency
        } else {
            Span::from_micros((latency.as_micros() as f64 * self.factor).round() as i64)
        };
        slowed.min(SLOWEST).plus(self.delay).min(SLOWEST)
    }

    fn add(&mut self, effect: Effect) {
        match effect {
            Effect::Silent => self.silent = true,
            Effect::Fail => self.rejected = true,
            Effect::ReportsLost => self.reports_lost = true,
            Effect::Slow { factor, delay } => {
                // Bounded, so that no product is infinite.
                self.factor = (self.factor * factor).min(1e12);
                self.delay = self.delay.plus(delay).min(SLOWEST);
            }
            // These concern reports, or all attempts: not this one when it departs.
            Effect::ReportsLate { .. } | Effect::Dropped { .. } | Effect::Throttle { .. } => {}
        }
    }
}

/// The effects of `hazards` on an attempt that is submitted and departs at these times. `first` is the draw for the first outage, which
/// is in the same block as the attempt's own draws.
#[inline]
pub(super) fn outage_effect(
    hazards: &[Hazard],
    (submitted, departs): (Time, Time),
    first: u32,
    draws: Draws,
) -> OutageEffect {
    let mut outage_effect = OutageEffect::NONE;
    for hazard in hazards {
        if hazard.windows.is_open(if hazard.at_submission { submitted } else { departs }) {
            let is_first = hazard.purpose == purpose::FIRST_OUTAGE;
            let draw = if is_first { first } else { draws.draw(hazard.purpose) };
            if u64::from(draw) < hazard.below {
                outage_effect.add(hazard.effect);
            }
        }
    }
    outage_effect
}

/// When a report leaves the provider that would leave at `at`: held until the latest end of the open windows of `hazards` that hold reports,
/// and then later by the sum of all delays.
pub(super) fn leaves(hazards: &[Hazard], at: Time, draws: Draws) -> Time {
    let (mut leaves, mut delays) = (at, Span::ZERO);
    for hazard in hazards {
        if let Effect::ReportsLate { delay, until_end } = hazard.effect
            && hazard.windows.is_open(at)
            && u64::from(draws.draw(hazard.purpose)) < hazard.below
        {
            leaves = if until_end { leaves.max(hazard.windows.next_change(at)) } else { leaves };
            delays = delays.plus(delay).min(SLOWEST);
        }
    }
    leaves.after(delays)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::SegmentSet;
    use crate::units::Probability;

    fn secs(s: f64) -> Time {
        Time::from_secs_f64(s)
    }

    fn span(s: f64) -> Span {
        Span::from_secs_f64(s)
    }

    fn just_before(at: Time) -> Time {
        Time::from_micros(at.as_micros() - 1)
    }

    /// Windows with these mean spans (s), of which those before `known` (s) are listed.
    fn random(between: f64, lasting: f64, known: f64) -> Windows {
        let when = When::Random { between: span(between), lasting: span(lasting) };
        let outage = Outage { when, effect: Effect::Silent, share: Probability::ONE, segments: SegmentSet::ALL };
        Calendar::new(&outage).windows(RngKey::new(1, 0), DrawKey::of_name("viber"), 0, secs(known))
    }

    #[test]
    fn changes_are_where_windows_begin_and_end() {
        let fixed = |every| Windows::Fixed { from: secs(10.0), to: secs(25.0), every };
        for windows in [fixed(Span::UNLIMITED), fixed(span(30.0)), random(900.0, 100.0, 0.0)] {
            let mut at = Time::ZERO;
            for (from, to) in windows.before(secs(3e5), 50) {
                for edge in [from, to] {
                    assert!(!windows.is_open(just_before(from)) && windows.is_open(from), "{windows:?}");
                    assert!(windows.is_open(just_before(to)) && !windows.is_open(to), "{windows:?}");
                    assert_eq!(windows.next_change(at), edge, "{windows:?} at {at}");
                    assert_eq!(windows.next_change(just_before(edge)), edge, "{windows:?}");
                    at = edge;
                }
            }
        }
    }

    /// The windows are the same whatever is listed beforehand and in whatever order they are queried.
    #[test]
    fn random_windows_do_not_depend_on_who_asks() {
        let listed = random(900.0, 100.0, 1e6);
        let edges = listed.before(secs(1e6), 200);
        for known in [0.0, 17.0, 5e4, 2e5] {
            let windows = random(900.0, 100.0, known);
            let asks = |&(from, to): &Window| {
                let middle = Time::from_micros((from.as_micros() + to.as_micros()) / 2);
                windows.is_open(middle) && windows.next_change(middle) == to && !windows.is_open(to)
            };
            assert!(edges.iter().rev().step_by(7).all(asks) && edges.iter().all(asks), "known until {known}");
            assert_eq!(windows.before(secs(1e6), 200), edges);
        }
        assert!(random(900.0, 100.0, 0.0).next_change(LAST_RANDOM.after(span(1e4))).is_never());
    }

    /// In the long run an alternating renewal process is down for a share lasting / (between + lasting), here a tenth. Over n
    /// cycles the standard error of that share is 0.09 · sqrt(2 / n).
    #[test]
    fn random_windows_are_open_for_their_share_of_the_time() {
        let until = secs(1e7);
        let windows = random(900.0, 100.0, 1e7).before(until, usize::MAX);
        let down: f64 = windows.iter().map(|(from, to)| to.since(*from).as_secs_f64()).sum();
        let n = windows.len() as f64;
        assert!((n - 1e4).abs() < 5.0 * 100.0, "{n}");
        assert!((down / 1e7 - 0.1).abs() < 5.0 * 0.09 * (2.0 / n).sqrt(), "{}", down / 1e7);
        assert!(windows.windows(2).all(|pair| pair[0].1 <= pair[1].0));
        let when = When::Random { between: span(900.0), lasting: span(100.0) };
        let outage = Outage { when, effect: Effect::Silent, share: Probability::ONE, segments: SegmentSet::ALL };
        let others = Calendar::new(&outage).windows(RngKey::new(1, 1), DrawKey::of_name("viber"), 0, until);
        let others = others.before(until, usize::MAX);
        assert_ne!(windows, others, "another replication has outages of its own");
    }
}
