//! When an outage hits an attempt, and what it does to it.

use super::spec::{Effect, Outage, When};
use crate::dist::{Dist, Sampler, Shape};
use crate::rng::{Draws, ProviderKey, RngKey, purpose};
use crate::units::{Span, Time};
use std::sync::{Arc, Mutex, PoisonError};

/// The windows of one outage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Windows {
    /// One, and its recurrences.
    Fixed {
        /// The first begins.
        from: Time,
        /// The first is over.
        to: Time,
        /// They recur with this period; [`Span::UNLIMITED`] for one alone.
        every: Span,
    },
    /// At random.
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

    /// The first moment after `at` at which a window begins or ends; [`Time::NEVER`] when none does.
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

    /// The windows that begin before `until`, the first `most` of them.
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

/// A window: when it begins and when it is over.
type Window = (Time, Time);

/// No random outage begins later than this, four years after the start: with one a minute that is two million of them.
const LAST_RANDOM: Time = Time::from_micros(4 * 366 * 86_400_000_000);

/// Random windows of one replication, drawn one after the other as far as somebody asks: which windows there are depends on neither
/// who asks nor how far others have asked.
#[derive(Clone, Debug)]
pub struct RandomWindows {
    source: WindowSource,
    /// All that begin before `known`, in order, apart from one another.
    listed: Arc<[Window]>,
    known: Time,
    /// Those that follow, as far as stragglers have asked for them.
    later: Arc<Mutex<Vec<Window>>>,
}

/// From where random windows are drawn: the draws of a use of the provider that no recipient comes to, with the window in place of the
/// recipient.
#[derive(Clone, Debug)]
struct WindowSource {
    rng: RngKey,
    key: ProviderKey,
    number: u16,
    between: Sampler,
    lasting: Sampler,
}

impl WindowSource {
    /// The window with this index, which follows one that was over at `over`; none after [`LAST_RANDOM`].
    fn window(&self, index: usize, over: Time) -> Option<Window> {
        let draws = self.rng.draws(self.key, u32::try_from(index).ok()?, purpose::RANDOM_OUTAGES).block(self.number);
        let from = over.after(self.between.sample(draws[0]));
        // A window is never empty, so that those that follow are further on.
        let to = from.after(self.lasting.sample(draws[1]).max(Span::from_micros(1)));
        (from <= LAST_RANDOM).then_some((from, to))
    }

    /// The windows after so many that were over at `over`.
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
    /// Lists those that begin before `known`; later ones are drawn when somebody asks for them.
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
        // The last that is listed may reach beyond the end of the list.
        holds(&self.listed, at) || self.with_later(at, |later| holds(later, at))
    }

    fn next_change(&self, at: Time) -> Time {
        let listed = next_edge(&self.listed, at);
        if listed.is_never() { self.with_later(at, |later| next_edge(later, at)) } else { listed }
    }

    fn before(&self, until: Time, most: usize) -> Vec<Window> {
        self.source.windows(0, Time::ZERO).take_while(|&(from, _)| from < until).take(most).collect()
    }

    /// What `look` sees in the windows after the list, which reach beyond `at` if there are any.
    fn with_later<T>(&self, at: Time, look: impl FnOnce(&[Window]) -> T) -> T {
        // A thread that panicked while it drew has left whole windows behind.
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

/// They are the same if they come from the same draws.
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

/// The first moment after `at` at which one of these windows begins or ends.
fn next_edge(windows: &[Window], at: Time) -> Time {
    let next = windows.partition_point(|&(_, to)| to <= at);
    let edges = windows[next..].iter().flat_map(|&(from, to)| [from, to]);
    edges.into_iter().find(|&edge| edge > at).unwrap_or(Time::NEVER)
}

/// When an outage happens, ready to be asked for its windows: the samplers of random ones are the same in every replication.
#[derive(Clone, Debug)]
pub struct Calendar(Recurrence);

#[derive(Clone, Debug)]
enum Recurrence {
    Known(Windows),
    /// From the end of one to the beginning of the next, and how long it lasts.
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

    /// When the first of its windows in the world of `rng` begins, as of the outage with this `number` of the provider with this `key`;
    /// [`Time::NEVER`] for none.
    #[must_use]
    pub fn begins(&self, rng: RngKey, key: ProviderKey, number: u16) -> Time {
        self.windows(rng, key, number, Time::ZERO).before(Time::NEVER, 1).first().map_or(Time::NEVER, |first| first.0)
    }

    /// Its windows in the world of `rng`, as the outage with this `number`, from 0, of the provider with this `key`. Random ones that
    /// begin before `known` are drawn at once, later ones when somebody asks for them.
    #[must_use]
    pub fn windows(&self, rng: RngKey, key: ProviderKey, number: u16, known: Time) -> Windows {
        match &self.0 {
            Recurrence::Known(windows) => windows.clone(),
            Recurrence::Random { between, lasting } => {
                let (between, lasting) = (between.clone(), lasting.clone());
                Windows::Random(RandomWindows::new(WindowSource { rng, key, number, between, lasting }, known))
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
const SLOWEST: Span = Span::from_micros(1 << 46);

/// What all outages together do to one attempt.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Trouble {
    pub refused: bool,
    pub silent: bool,
    pub reports_lost: bool,
    factor: f64,
    delay: Span,
}

impl Trouble {
    pub(super) const NONE: Self =
        Self { refused: false, silent: false, reports_lost: false, factor: 1.0, delay: Span::ZERO };

    /// The latency under this trouble.
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
            Effect::Fail => self.refused = true,
            Effect::ReportsLost => self.reports_lost = true,
            Effect::Slow { factor, delay } => {
                // Bounded, so that no product is infinite.
                self.factor = (self.factor * factor).min(1e12);
                self.delay = self.delay.plus(delay).min(SLOWEST);
            }
            // It slows the provider down, not the attempt.
            Effect::Throttle { .. } => {}
        }
    }
}

/// What `hazards` do to an attempt that leaves the provider at `at`. `first` is the draw for the first outage, which comes with
/// the attempt's own.
#[inline]
pub(super) fn trouble(hazards: &[Hazard], at: Time, first: u32, draws: Draws) -> Trouble {
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
        let outage = Outage { when, effect: Effect::Silent, share: Probability::ONE };
        Calendar::new(&outage).windows(RngKey::new(1, 0), ProviderKey::of_name("viber"), 0, secs(known))
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

    /// Whatever is listed beforehand, and in whatever order they are asked: the windows are the same.
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

    /// In the long run an alternating renewal process is down for a share lasting / (between + lasting), here a tenth. Over n cycles
    /// the standard error of that share is 0.09 · sqrt(2 / n).
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
        let outage = Outage { when, effect: Effect::Silent, share: Probability::ONE };
        let others = Calendar::new(&outage).windows(RngKey::new(1, 1), ProviderKey::of_name("viber"), 0, until);
        let others = others.before(until, usize::MAX);
        assert_ne!(windows, others, "another replication has outages of its own");
    }
}
