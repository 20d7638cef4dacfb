//! The specification of a provider in a scenario.

use crate::dist::Dist;
use crate::status::{Segment, SegmentSet, Status};
use crate::units::{Money, Probability, Rate, Span, Time};

/// The specification of a provider: the outcomes of its attempts, its latencies, prices and outages.
#[derive(Clone, PartialEq, Debug)]
pub struct ProviderSpec {
    /// Its name, unique in the scenario; its draws are keyed by it.
    pub name: String,
    /// The channel it serves: `sms`, `viber`, `voice`, or any other word.
    pub channel: String,
    /// Its prices.
    pub price: Price,
    /// Whether it stops trying when a message's validity has ended.
    pub honours_ttl: bool,
    /// Whether its messages arrive on the recipient's phone, so that they depend on whether that is on.
    pub needs_phone: bool,
    /// What becomes of an attempt that needs the phone while it is off.
    pub when_off: WhenOff,
    /// The delay from an event to the arrival of its report at the engine.
    pub report_delay: Dist,
    /// How its reports go wrong.
    pub reports: Reports,
    /// The possible outcomes of an attempt; the remaining share is silence.
    pub outcomes: Vec<OutcomeSpec>,
    /// Its outages.
    pub outages: Vec<Outage>,
    /// Its capacity; `None` for no limit.
    pub capacity: Option<Capacity>,
    /// How long it asks to wait before the next attempt (`Retry-After`) when it rejects one because of its limits or an outage; zero if it does
    /// not.
    pub retry_after_hint: Span,
    /// What it charges in a month for its capacity, if that is known. Results of runs are without it.
    pub fees: Option<Fees>,
    /// For each segment that differs: the whole specification for its recipients. Only prices, `honours_ttl`, `report_delay` and outcomes
    /// may differ; where the provider is not available, every attempt is rejected at submission.
    pub segments: Vec<(Segment, ProviderSpec)>,
}

impl ProviderSpec {
    /// The specification for recipients of this segment.
    #[must_use]
    pub fn of(&self, segment: Segment) -> &Self {
        self.segments.iter().find(|(other, _)| *other == segment).map_or(self, |(_, spec)| spec)
    }

    /// The specification for everybody else, and those for the segments that differ.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.segments.iter().map(|(_, spec)| spec))
    }

    /// The share of the recipients that one attempt reaches: the sum of the shares of its deliveries, at most 1.
    #[must_use]
    pub fn reachable(&self) -> f64 {
        let reaching = self.outcomes.iter().filter(|outcome| outcome.reaches());
        reaching.map(|outcome| outcome.share.get()).sum::<f64>().min(1.0)
    }

    /// Whether any of its outages are random, so that each run has its own.
    #[must_use]
    pub fn has_random_outages(&self) -> bool {
        self.outages.iter().any(Outage::is_random)
    }
}

/// How the reports of a provider go wrong: the share of the attempts for each way.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Reports {
    /// The final report comes again, after another delay.
    pub doubled: Probability,
    /// The last two reports change places, if there are two.
    pub reordered: Probability,
    /// Just before a delivery is reported, `undelivered` is.
    pub contradicted: Probability,
}

impl Reports {
    /// None goes wrong.
    pub const RELIABLE: Self =
        Self { doubled: Probability::ZERO, reordered: Probability::ZERO, contradicted: Probability::ZERO };
}

impl Outage {
    /// Whether it occurs at random.
    #[must_use]
    pub const fn is_random(&self) -> bool {
        matches!(self.when, When::Random { .. })
    }
}

/// The capacity of a provider. At least one of `rate`, `quota` and `concurrent` is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capacity {
    /// Its throughput: the rate at which its token bucket fills. With `burst` 1, one message departs every 1/rate.
    pub rate: Option<Rate>,
    /// The tokens in a full bucket, at least 1; it is full at the start. A message departs when there are as many tokens as it has
    /// parts, or the bucket is full, and takes all of its parts. `None` for the usual number: see [`Capacity::tokens`].
    pub burst: Option<u32>,
    /// Its quota.
    pub quota: Option<Quota>,
    /// What the throughput and the quota count.
    pub counts: Counts,
    /// The number of its lines, at least 1. A line is held from departure until the provider is done with the attempt, including
    /// the talk of an answered call.
    pub concurrent: Option<u32>,
    /// The maximum number of waiting attempts; 0 for a provider that rejects what it cannot take at once.
    pub queue: u64,
    /// The queue discipline.
    pub order: Discipline,
    /// Whose queue it is; `None` for the provider's where there is a throughput or a quota, and the sender's before lines alone: a dialler's.
    pub queue_at: Option<QueueAt>,
}

impl Capacity {
    /// No limit: what a limited capacity changes.
    pub const UNLIMITED: Self = Self {
        rate: None,
        burst: None,
        quota: None,
        counts: Counts::Messages,
        concurrent: None,
        queue: u64::MAX,
        order: Discipline::Fifo,
        queue_at: None,
    };

    /// The tokens in a full bucket: `burst`, or else one, but as many as come in a second, and at least one, where attempts do not wait: a
    /// limiter that rejects allows what it allows in a second at any time within it.
    #[must_use]
    pub fn tokens(&self) -> u32 {
        let in_a_second = |rate: Rate| (1_000_000 * u128::from(rate.events()) / u128::from(rate.micros())) as u32;
        let usual = self.rate.filter(|_| self.queue == 0).map_or(1, in_a_second);
        self.burst.unwrap_or(usual).max(1)
    }

    /// Whether attempts wait at the provider, which does not give them back.
    #[must_use]
    pub fn keeps_queued(&self) -> bool {
        let is_sending = self.rate.is_some() || self.quota.is_some();
        self.queue_at.map_or(is_sending, |queue_at| queue_at == QueueAt::Provider)
    }
}

/// How much a provider takes in each window of the calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quota {
    /// The most messages, or parts of messages, in a window; at least 1, and not fewer than one message has.
    pub limit: u64,
    /// The length of a window: a whole number of days, or of windows in a day.
    pub per: Span,
    /// How long after midnight the run starts. Windows are aligned to midnight.
    pub phase: Span,
    /// Whether an attempt over the limit is rejected when it is submitted; otherwise it waits for the next window. A quota that rejects
    /// counts attempts when they are submitted, the other one when they depart.
    pub rejects: bool,
}

/// What a throughput or a quota counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Counts {
    /// Each message once.
    #[default]
    Messages,
    /// Each part of a message.
    Parts,
}

impl Counts {
    /// What providers of this channel usually count.
    #[must_use]
    pub fn usual(channel: &str) -> Self {
        if channel == "sms" { Self::Parts } else { Self::Messages }
    }
}

/// Whose queue it is in which attempts wait for capacity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum QueueAt {
    /// The sender's: an attempt is recalled when the engine moves on.
    #[default]
    Sender,
    /// The provider's: an attempt cannot be recalled. It waits until its validity ends, if the provider honours that.
    Provider,
}

/// Which of the waiting attempts departs next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Discipline {
    /// The one that arrived first.
    #[default]
    Fifo,
    /// The one whose stream has the highest priority; among equals, the one that arrived first.
    Priority,
    /// The one that arrived last. (Kannel serves the messages before a link newest second first.)
    NewestFirst,
}

/// What becomes of an attempt that needs the recipient's phone while it is off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WhenOff {
    /// It waits until the phone is on again, or its validity ends.
    #[default]
    Wait,
    /// It ends with `no_answer`, at the time at which its outcome would have occurred.
    NoAnswer,
    /// It ends with `undelivered`, at the time at which its outcome would have occurred.
    Undelivered,
}

impl WhenOff {
    /// The status with which the attempt ends; `None` if it waits.
    #[must_use]
    pub const fn status(self) -> Option<Status> {
        match self {
            Self::Wait => None,
            Self::NoAnswer => Some(Status::NoAnswer),
            Self::Undelivered => Some(Status::Undelivered),
        }
    }
}

/// A possible outcome of an attempt.
#[derive(Clone, PartialEq, Debug)]
pub struct OutcomeSpec {
    /// The final status; for a delivery that may be seen, the status before `seen`; `None` for silence: nothing is ever reported.
    pub status: Option<Status>,
    /// Its probability; for a persistent outcome, the share of the recipients.
    pub share: Probability,
    /// Whether it is the person's and not the route's: all attempts for the recipient over the channel have it. One draw for each
    /// recipient and channel decides; each provider lays its persistent outcomes from 0 in their order, so that equal shares are of
    /// the same people, and a larger share contains a smaller one. The other outcomes are those of the other recipients: they are drawn
    /// anew for each attempt, with their shares divided by the share that the persistent ones leave.
    pub persistent: bool,
    /// Whether the provider rejects the attempt when it is submitted: nothing is sent, and nothing is charged. Only with `failed`.
    pub at_submission: bool,
    /// Whether a delivery reaches the recipient; if not, it is reported and charged all the same.
    pub reached: bool,
    /// The time from departure to the status.
    pub after: Dist,
    /// Whether and when a delivered message is opened.
    pub seen: Option<Seen>,
    /// The talk time of a call that the recipient or an answering machine has answered.
    pub talk: Option<Dist>,
}

/// No call lasts longer than a day; even at the highest price that a scenario can state, sums of charges then stay exact.
const LONGEST_CALL: Span = Span::from_micros(86_400_000_000);

impl OutcomeSpec {
    /// The talk time of a call, which is a day at the most.
    #[must_use]
    pub fn talk_time(&self) -> Option<Dist> {
        self.talk.as_ref().map(|talk| Dist { max: talk.max.min(LONGEST_CALL), ..talk.clone() })
    }

    /// Whether the message reaches the recipient.
    #[must_use]
    pub fn reaches(&self) -> bool {
        self.reached && self.status.is_some_and(Status::is_delivery)
    }

    /// Whether only the recipient's phone can bring it about.
    #[must_use]
    pub fn needs_phone(&self) -> bool {
        use Status::{Answered, Busy, Delivered, Machine, NoAnswer, Seen};
        let of_phone = matches!(self.status, Some(Delivered | Seen | Answered | Machine | Busy | NoAnswer));
        // A persistent bad outcome holds whether or not the phone is on.
        of_phone && !(self.persistent && self.status.is_some_and(Status::is_bad))
    }
}

/// The opening of a delivered message.
#[derive(Clone, PartialEq, Debug)]
pub struct Seen {
    /// The probability that a delivered message is opened (and reported as such).
    pub share: Probability,
    /// The time from delivery to opening.
    pub after: Dist,
}

/// The prices of a provider, each amount per message unless noted otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Price {
    /// For each part of a message that departs from the provider, whatever the outcome.
    pub submitted: Money,
    /// The number of parts in a message; at least 1.
    pub parts: u32,
    /// For a message that reaches the recipient within its validity.
    pub delivered: Money,
    /// For a message that reaches the recipient after its validity. Vendors count by validity because they do not know how long the
    /// engine waits.
    pub delivered_late: Money,
    /// For each minute of an answered call.
    pub per_minute: Money,
    /// The billing increment of talk time: each started increment is charged in full. Above zero.
    pub increment: Span,
}

impl Default for Price {
    /// Everything free, one part per message, talk billed by the minute.
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

/// What a provider charges in a month for its capacity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fees {
    /// Whatever the capacity.
    pub per_month: Money,
    /// For each message per second of throughput.
    pub per_rate: Money,
    /// For each line.
    pub per_line: Money,
}

/// An outage: windows during which a provider misbehaves.
#[derive(Clone, PartialEq, Debug)]
pub struct Outage {
    /// When it occurs.
    pub when: When,
    /// Its effect.
    pub effect: Effect,
    /// The share of the attempts that it affects.
    pub share: Probability,
    /// The segments whose recipients it affects; all of them where it reduces the capacity.
    pub segments: SegmentSet,
}

/// When a provider misbehaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum When {
    /// At a known time.
    Window {
        /// The start.
        from: Time,
        /// The end: an attempt that departs at `to` is not affected. Later than `from`.
        to: Time,
        /// The period of recurrence, at least `to - from`; [`Span::UNLIMITED`] for a single window.
        every: Span,
    },
    /// At random, drawn anew in each replication: an alternating renewal process of exponential spans.
    Random {
        /// The mean time from the end of one window to the start of the next, above zero.
        between: Span,
        /// The mean length of a window, above zero.
        lasting: Span,
    },
}

/// The effect of an outage on the attempts concerned.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum Effect {
    /// The attempt is accepted and charged as submitted, and no report follows.
    Silent,
    /// The attempt is rejected at once with `failed`, and not charged.
    Fail,
    /// The status occurs later: the latency is multiplied by `factor`, then `delay` is added.
    Slow {
        /// Not negative.
        factor: f64,
        /// Not negative.
        delay: Span,
    },
    /// Everything happens as usual, but no report of it reaches the engine.
    ReportsLost,
    /// Everything happens as usual, but a report that would leave the provider meanwhile leaves later: at the end of the window, if
    /// `until_end`, and then `delay` later.
    ReportsLate {
        /// Not negative.
        delay: Span,
        /// Whether reports are held until the window ends.
        until_end: bool,
    },
    /// The link is lost: nothing departs meanwhile. The last attempts that have departed and have no result yet are submitted again when it is
    /// back: their first copies go on, but no report of them arrives. (Kannel keeps the messages of its window, and sends them twice.)
    Dropped {
        /// The most attempts in flight: the window of the link.
        in_flight: u32,
    },
    /// The capacity is reduced: throughput and number of lines are multiplied by a factor. This applies to all traffic, not a share
    /// of it.
    Throttle {
        /// The factor in millionths, from 0 to a million.
        millionths: u32,
    },
}
