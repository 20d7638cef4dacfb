//! The basic quantities: points and spans of virtual time, money, rates, probabilities.
//!
//! Times, spans and money are integers, so sums are exact in any order and results are byte-identical for any number of threads.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A point of virtual time, in whole microseconds (µs) since the start of the run.
///
/// A 63-bit count of microseconds covers 292 000 years, and a microsecond is a thousand times finer than any delivery report.
/// [`Time::NEVER`] is later than every other point and stays so under addition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(i64);

/// A length of virtual time, in whole microseconds (µs). [`Span::UNLIMITED`] is longer than every other and stays so under addition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(i64);

impl Time {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// Later than every event: it does not happen.
    pub const NEVER: Self = Self(i64::MAX);
    /// The latest point a scenario can reach, about 36 500 years; the sum of two such values does not overflow.
    pub const MAX: Self = Self(1 << 60);

    /// From whole microseconds (µs) since the start.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From seconds (s) since the start, rounded to the nearest microsecond. Not-a-number becomes zero, and values out of range are
    /// clamped; callers validate user input first.
    #[must_use]
    pub fn from_secs_f64(seconds: f64) -> Self {
        Self(micros_of(seconds))
    }

    /// In whole microseconds (µs) since the start.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// In seconds (s) since the start.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// This point plus `span`; [`Time::NEVER`] when this is never, or the span is unlimited.
    #[must_use]
    #[inline]
    pub const fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The span from `earlier` to this point.
    #[must_use]
    #[inline]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0 - earlier.0)
    }

    /// Whether this is [`Time::NEVER`].
    #[must_use]
    #[inline]
    pub const fn is_never(self) -> bool {
        self.0 == i64::MAX
    }
}

impl Span {
    /// The empty span.
    pub const ZERO: Self = Self(0);
    /// Longer than every other span: "no limit".
    pub const UNLIMITED: Self = Self(i64::MAX);

    /// From whole microseconds (µs).
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds (s).
    #[must_use]
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds * 1_000_000)
    }

    /// From seconds (s), rounded to the nearest microsecond. Not-a-number becomes zero, and values out of range are clamped;
    /// callers validate user input first.
    #[must_use]
    pub fn from_secs_f64(seconds: f64) -> Self {
        Self(micros_of(seconds))
    }

    /// In whole microseconds (µs).
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// In seconds (s).
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The sum of both spans; [`Span::UNLIMITED`] when either is.
    #[must_use]
    #[inline]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Whether this is [`Span::UNLIMITED`].
    #[must_use]
    #[inline]
    pub const fn is_unlimited(self) -> bool {
        self.0 == i64::MAX
    }
}

fn micros_of(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Formats the time since the start for people: `never`, `400ms`, `2.5s`, `1h30m`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Span(self.0), f)
    }
}

/// Formats the span for people: `never`, `400ms`, `2.5s`, `1h30m`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_unlimited() {
            return f.write_str("never");
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        let micros = self.0.unsigned_abs();
        match micros {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{sign}{micros}us"),
            1_000..1_000_000 => write!(f, "{sign}{}ms", trimmed(micros, 1_000)),
            1_000_000..60_000_000 => write!(f, "{sign}{}s", trimmed(micros, 1_000_000)),
            _ => {
                f.write_str(sign)?;
                let (days, rest) = (micros / 86_400_000_000, micros % 86_400_000_000);
                let (hours, rest) = (rest / 3_600_000_000, rest % 3_600_000_000);
                let (minutes, rest) = (rest / 60_000_000, rest % 60_000_000);
                for (count, unit) in [(days, "d"), (hours, "h"), (minutes, "m")] {
                    if count > 0 {
                        write!(f, "{count}{unit}")?;
                    }
                }
                if rest > 0 {
                    write!(f, "{}s", trimmed(rest, 1_000_000))?;
                }
                Ok(())
            }
        }
    }
}

/// `value / unit` as a decimal number without trailing zeros; `unit` is a power of ten.
fn trimmed(value: u64, unit: u64) -> String {
    let digits = unit.ilog10() as usize;
    let text = format!("{}.{:0digits$}", value / unit, value % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// An amount of money in millionths of the scenario's currency, so that sums are exact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Money(i64);

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// From millionths of the currency.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From units of the currency, rounded to the nearest millionth.
    #[must_use]
    pub fn from_units(units: f64) -> Self {
        Self((units * 1e6).round() as i64)
    }

    /// In millionths of the currency.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// In units of the currency.
    #[must_use]
    pub fn as_units(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl std::ops::Add for Money {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::AddAssign for Money {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, std::ops::Add::add)
    }
}

/// A rate: a number of events per span of time, as a fraction in lowest terms, so that the time for a million events is exact.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rate {
    events: u64,
    micros: u64,
}

impl Rate {
    /// The rate of `count / 10^decimals` events per `span`; `None` when that is not above zero, or needs more than 63 bits.
    #[must_use]
    pub fn new(count: u64, decimals: u32, span: Span) -> Option<Self> {
        let micros = u128::from(span.as_micros().unsigned_abs()) * 10_u128.checked_pow(decimals)?;
        let common = gcd(u128::from(count), micros);
        if count == 0 || micros == 0 {
            return None;
        }
        let fits = |number: u128| u64::try_from(number / common).ok().filter(|&n| n < 1 << 63);
        Some(Self { events: fits(u128::from(count))?, micros: fits(micros)? })
    }

    /// The numerator: the number of events in [`Rate::micros`].
    #[must_use]
    pub const fn events(self) -> u64 {
        self.events
    }

    /// The denominator: the time (µs) for [`Rate::events`] events.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.micros
    }

    /// Events per second (1/s).
    #[must_use]
    pub fn per_second(self) -> f64 {
        self.events as f64 * 1e6 / self.micros as f64
    }
}

/// Formats the rate for people: `300/s`, `4.5/s`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.per_second())
    }
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A probability, or a share of a whole: a number from 0 to 1.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct Probability(f64);

impl Probability {
    /// Impossible.
    pub const ZERO: Self = Self(0.0);
    /// Certain.
    pub const ONE: Self = Self(1.0);

    /// `Some` when `value` is a number from 0 to 1.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// As a number from 0 to 1.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The threshold `t` for which a uniform 32-bit `u` satisfies `u < t` with this probability, to the nearest 2⁻³².
    #[must_use]
    pub fn threshold(self) -> u64 {
        (self.0 * 4_294_967_296.0).round() as u64
    }
}
