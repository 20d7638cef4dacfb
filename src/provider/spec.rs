//! What a scenario says of a provider.

use crate::dist::Dist;
use crate::status::Status;
use crate::units::{Money, Probability, Rate, Span, Time};

/// A provider as described: what its attempts come to, how fast, at what price, and when it breaks.
#[derive(Clone, PartialEq, Debug)]
pub struct ProviderSpec {
    /// Its name, unique in the scenario; its luck is keyed by it.
    pub name: String,
    /// The channel it carries: `sms`, `viber`, `voice`, or any other word.
    pub channel: String,
    /// What it charges.
    pub price: Price,
    /// Whether it stops trying when a message's validity has run out.
    pub honours_ttl: bool,
    /// From an event to the moment at which its report reaches the engine.
    pub report_delay: Dist,
    /// What an attempt can come to; what their shares leave over is silence.
    pub outcomes: Vec<OutcomeSpec>,
    /// When and how it breaks.
    pub outages: Vec<Outage>,
    /// How much it can carry; `None` for no limit.
    pub capacity: Option<Capacity>,
}

impl ProviderSpec {
    /// Whether some of its outages come at random, so that each world has its own.
    #[must_use]
    pub fn has_random_outages(&self) -> bool {
        self.outages.iter().any(Outage::is_random)
    }
}

impl Outage {
    /// Whether it comes at random.
    #[must_use]
    pub const fn is_random(&self) -> bool {
        matches!(self.when, When::Random { .. })
    }
}

/// How much a provider can carry. At least one of `rate` and `concurrent` is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capacity {
    /// Its throughput: one attempt leaves every 1/rate.
    pub rate: Option<Rate>,
    /// Its lines, at least 1: each is held from leaving until the attempt is over for the provider, and through the talk of an
    /// answered call.
    pub concurrent: Option<u32>,
    /// How many attempts can wait; 0 for a provider that rejects what it cannot take at once.
    pub queue: u64,
    /// Who is next.
    pub order: Discipline,
}

/// Which of the waiting attempts leaves next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Discipline {
    /// The one that came first.
    #[default]
    Fifo,
    /// The one whose traffic has the highest priority; of several the one that came first.
    Priority,
}

/// One thing that an attempt can come to.
#[derive(Clone, PartialEq, Debug)]
pub struct OutcomeSpec {
    /// The final status; for a delivery that may be seen, the status before that.
    pub status: Status,
    /// How likely it is.
    pub share: Probability,
    /// From the moment the message leaves the provider to the status.
    pub after: Dist,
    /// Whether and when a delivered message is opened.
    pub seen: Option<Seen>,
    /// How long an answered call lasts.
    pub talk: Option<Dist>,
}

/// The opening of a delivered message.
#[derive(Clone, PartialEq, Debug)]
pub struct Seen {
    /// How likely a delivered message is opened (and reported so).
    pub share: Probability,
    /// From delivery to opening.
    pub after: Dist,
}

/// What a provider charges, each amount per message unless said otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Price {
    /// For each part of a message that leaves the provider, whatever becomes of it.
    pub submitted: Money,
    /// How many parts a message has; at least 1.
    pub parts: u32,
    /// For a message that reaches the person within its validity.
    pub delivered: Money,
    /// For a message that reaches the person after its validity, as vendors count: what the engine waits for they do not know.
    pub delivered_late: Money,
    /// For each minute of an answered call.
    pub per_minute: Money,
    /// The span in which talk time is billed: a started one counts whole. Above zero.
    pub increment: Span,
}

impl Default for Price {
    /// Everything free, one part, talk billed by the minute.
    fn default() -> Self {
        Self {
            submitted: Money::ZERO,
            parts: 1,
            delivered: Money::ZERO,
            delivered_late: Money::ZERO,
            per_minute: Money::ZERO,
            increment: Span::from_micros(60_000_000),
        }
    }
}

/// Windows in which a provider misbehaves.
#[derive(Clone, PartialEq, Debug)]
pub struct Outage {
    /// When.
    pub when: When,
    /// What it does.
    pub effect: Effect,
    /// The share of the traffic that it hits.
    pub share: Probability,
}

/// When a provider misbehaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum When {
    /// At a known time.
    Window {
        /// It begins then.
        from: Time,
        /// It is over then: an attempt that leaves at `to` is not hit. Later than `from`.
        to: Time,
        /// It recurs with this period, which is at least `to - from`; [`Span::UNLIMITED`] for once only.
        every: Span,
    },
    /// At random, anew in each replication: an alternating renewal process of exponential spans.
    Random {
        /// The mean time from the end of one to the beginning of the next, above zero.
        between: Span,
        /// How long one lasts on average, above zero.
        lasting: Span,
    },
}

/// What an outage does to the attempts that it hits.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum Effect {
    /// Accepted and charged as submitted, and nothing more is heard.
    Silent,
    /// Refused at once with `failed`, and not charged.
    Fail,
    /// The status comes later: its latency times `factor`, plus `delay`.
    Slow {
        /// Not negative.
        factor: f64,
        /// Not negative.
        delay: Span,
    },
    /// Everything happens, and no report of it reaches the engine.
    ReportsLost,
    /// The provider carries less: its throughput, and the number of its lines, times a factor. It has no share of the traffic.
    Throttle {
        /// In millionths, from 0 to a million.
        millionths: u32,
    },
}
