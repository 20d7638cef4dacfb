//! The vocabulary that engine and providers share: the statuses of messages and flows, and sets of statuses.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The status of one message (one attempt), as its provider reports it.
///
/// The order is by rank: a message's status moves only to a higher rank, and every status from [`Status::Undelivered`] on is a
/// final failure. `Answered` is the delivery of a voice call; it has the rank of `Delivered`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Status {
    /// The provider accepted the submission.
    Queued = 1,
    /// The provider handed the message to the network.
    Sent = 2,
    /// The message reached the handset.
    Delivered = 3,
    /// The call was answered.
    Answered = 4,
    /// The recipient opened the message.
    Seen = 5,
    /// The network gave up on the message.
    Undelivered = 6,
    /// The provider could not process the message.
    Failed = 7,
    /// The message's validity ran out.
    Expired = 8,
    /// The line was busy.
    Busy = 9,
    /// Nobody answered the call.
    NoAnswer = 10,
    /// An answering machine took the call: the call is charged, but nobody was reached.
    Machine = 11,
}

impl Status {
    /// Every status, by rank.
    pub const ALL: [Self; 11] = [
        Self::Queued,
        Self::Sent,
        Self::Delivered,
        Self::Answered,
        Self::Seen,
        Self::Undelivered,
        Self::Failed,
        Self::Expired,
        Self::Busy,
        Self::NoAnswer,
        Self::Machine,
    ];

    /// The status with this number, the inverse of `status as u8`.
    #[must_use]
    pub fn from_u8(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|&s| s as u8 == number)
    }

    /// How far a message with this status has progressed: queued 1, sent 2, delivered and answered 3, seen 4. Failures share 5,
    /// since nothing follows them.
    #[must_use]
    #[inline]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Queued => 1,
            Self::Sent => 2,
            Self::Delivered | Self::Answered => 3,
            Self::Seen => 4,
            _ => 5,
        }
    }

    /// Whether the message has failed, so that nothing more happens to it.
    #[must_use]
    #[inline]
    pub const fn is_bad(self) -> bool {
        self as u8 >= Self::Undelivered as u8
    }

    /// Whether this decides the message's result for a circuit breaker: a failure or a delivery.
    #[must_use]
    #[inline]
    pub const fn is_final(self) -> bool {
        self.is_bad() || self.is_delivery()
    }

    /// Whether the message has reached the recipient: delivered, answered or seen.
    #[must_use]
    #[inline]
    pub const fn is_delivery(self) -> bool {
        matches!(self, Self::Delivered | Self::Answered | Self::Seen)
    }

    /// The word used in files and results.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Answered => "answered",
            Self::Seen => "seen",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Machine => "machine",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A segment: recipients who share a country, operator or habit. It selects prices and outcomes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Segment(u8);

impl Segment {
    /// Everybody, in a scenario without segments.
    pub const WHOLE: Self = Self(0);

    /// The maximum number of segments.
    pub const MOST: usize = 32;

    /// The segment with this index; below [`Segment::MOST`].
    #[must_use]
    #[inline]
    pub const fn new(index: u8) -> Self {
        Self(index)
    }

    /// Its index in tables by segment.
    #[must_use]
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A set of segments.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SegmentSet(u32);

impl SegmentSet {
    /// All segments.
    pub const ALL: Self = Self(u32::MAX);

    /// Whether the set contains this segment.
    #[must_use]
    #[inline]
    pub const fn contains(self, segment: Segment) -> bool {
        self.0 >> segment.0 & 1 == 1
    }
}

impl FromIterator<Segment> for SegmentSet {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self(segments.into_iter().fold(0, |bits, segment| bits | 1 << segment.0))
    }
}

/// A set of statuses, such as those that trigger failover.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct StatusSet(u16);

impl StatusSet {
    /// No status.
    pub const EMPTY: Self = Self(0);

    /// The set of these statuses.
    #[must_use]
    pub const fn of(statuses: &[Status]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < statuses.len() {
            bits |= 1 << statuses[i] as u16;
            i += 1;
        }
        Self(bits)
    }

    /// Whether `status` is in the set.
    #[must_use]
    #[inline]
    pub const fn contains(self, status: Status) -> bool {
        self.0 >> status as u16 & 1 == 1
    }

    /// A bit for each member, at position `status as u8`.
    #[must_use]
    #[inline]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Its members, by rank.
    pub fn iter(self) -> impl Iterator<Item = Status> {
        Status::ALL.into_iter().filter(move |&s| self.contains(s))
    }
}

/// Serialised as a list of its members.
impl Serialize for StatusSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for StatusSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Status>::deserialize(deserializer).map(|statuses| statuses.into_iter().collect())
    }
}

impl FromIterator<Status> for StatusSet {
    fn from_iter<I: IntoIterator<Item = Status>>(iter: I) -> Self {
        Self(iter.into_iter().fold(0, |bits, s| bits | 1 << s as u16))
    }
}

impl fmt::Debug for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The status from which a step counts as successful.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum SuccessFloor {
    /// The provider accepted the submission (`queued` or better).
    Accepted = 1,
    /// The provider handed the message to the network.
    Sent = 2,
    /// The message reached the recipient; the usual floor.
    #[default]
    Delivered = 3,
    /// The recipient opened the message.
    Seen = 4,
}

impl SuccessFloor {
    /// Whether a message with `status` meets the floor.
    #[must_use]
    #[inline]
    pub const fn met_by(self, status: Status) -> bool {
        !status.is_bad() && status.rank() >= self as u8
    }

    /// The word used in files and results.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Seen => "seen",
        }
    }
}

/// The status of a whole flow, as the engine knows it. The terms are Routee's (<https://docs.routee.net/docs/failover-statuses>).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowStatus {
    /// A step is under way.
    InProgress,
    /// A step met its success floor.
    Succeeded,
    /// No step met its floor, and the flow has ended.
    Failed(FailureCode),
}

/// Why a flow failed. The numbers 2 and 3 are Routee's; its 0 (server error) and 1 (insufficient balance) do not arise here, and 4
/// is an addition.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum FailureCode {
    /// The last step ended with a trigger, and there is no next step.
    NoNextStep = 2,
    /// A step failed with a status that is not in its `failover_on`.
    FailoverNotTriggered = 3,
    /// The flow's `give_up_after` passed.
    GaveUp = 4,
}

impl fmt::Display for FlowStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InProgress => f.write_str("in progress"),
            Self::Succeeded => f.write_str("succeeded"),
            Self::Failed(code) => write!(f, "failed, code {} \"{code}\"", *code as u8),
        }
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoNextStep => "no next step",
            Self::FailoverNotTriggered => "failover not triggered",
            Self::GaveUp => "gave up",
        })
    }
}
