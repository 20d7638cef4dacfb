//! What keeps a plan from being solved.

use std::fmt;

/// Why a plan cannot be solved exactly, so that it has to be simulated. Providers are named.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum Obstacle {
    /// Recipients share the capacity of this provider.
    Capacity(String),
    /// Recipients share the circuit of this provider.
    Breaker(String),
    /// This provider has random outages.
    RandomOutages(String),
    /// Reports of this provider are late during outages.
    LateReports(String),
    /// Reports of this provider come twice, in another order or contradict one another.
    UnreliableReports(String),
    /// This provider may report that a message has been seen before it reports that it is delivered: its reports are delayed by different spans.
    SeenFirst(String),
    /// Outages of this provider recur too often.
    ManyOutages(String),
    /// A step succeeds when the message is sent.
    SentFloor,
    /// There are too many ways through the plan.
    Paths,
    /// The persistent outcomes of the channels that the plan uses several times divide the recipients into too many kinds.
    PersistentStates,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capacity(provider) => write!(f, "recipients share the capacity of `{provider}`"),
            Self::Breaker(provider) => write!(f, "recipients share the circuit of `{provider}`"),
            Self::RandomOutages(provider) => write!(f, "`{provider}` has random outages"),
            Self::LateReports(provider) => write!(f, "reports of `{provider}` are late during outages"),
            Self::UnreliableReports(provider) => {
                write!(f, "reports of `{provider}` are doubled, reordered or contradicted")
            }
            Self::SeenFirst(provider) => {
                write!(f, "`{provider}` may report `seen` before `delivered`, since the delays of its reports vary")
            }
            Self::ManyOutages(provider) => write!(f, "outages of `{provider}` recur more than 1000 times"),
            Self::SentFloor => f.write_str("a step succeeds with `sent`"),
            Self::Paths => f.write_str("there are too many ways through its attempts"),
            Self::PersistentStates => f.write_str("persistent outcomes divide the recipients into more than 64 kinds"),
        }
    }
}
