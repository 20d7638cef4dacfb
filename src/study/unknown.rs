//! Why no interval is printed: none is better than one that does not hold.

use std::fmt;

/// Why a measure has no interval.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Unknown {
    /// Recipients depend on one another, and there are fewer replications than this.
    Replications { needed: u64 },
    /// There are fewer recipients than this, too few to tell how skewed their values are.
    Recipients { needed: u64 },
    /// So few recipients came to this step, from 1, that one more or less would move the mean.
    RareStep { step: usize, recipients: u64 },
    /// So few recipients came to this step, from 1, that one replication in which all do would move the mean.
    RareStepInReplications { step: usize, needed: Option<u64> },
    /// So few were talked to at this step, from 1, that the longest calls have not been met.
    RareCalls { step: usize, calls: u64, needed: u64 },
    /// Random outages of a provider are met by too few replications.
    Outages { provider: String, met: u64, of: u64, needed: u64 },
    /// There are too few deliveries beyond the quantile.
    FewBeyond,
    /// Nobody was reached.
    Nobody,
    /// The sum of squares is larger than any number that is kept.
    TooLarge,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replications { needed } => write!(f, "needs {needed} replications"),
            Self::Recipients { needed } => write!(f, "needs {needed} recipients"),
            Self::RareStep { step, recipients } => {
                write!(f, "{recipients} recipients came to step {step}: one more or less would move it")
            }
            Self::RareStepInReplications { step, needed: None } => {
                write!(f, "nobody came to step {step}: one bad replication would change it")
            }
            Self::RareStepInReplications { step, needed: Some(needed) } => {
                write!(f, "few came to step {step}, and one bad replication would change it: needs {needed}")
            }
            Self::RareCalls { step, calls, needed } => {
                write!(f, "{calls} calls were answered at step {step}: {needed} tell how long they can be")
            }
            Self::Outages { provider, met, of, needed } => {
                write!(f, "{met} of {of} replications met a random outage of {provider}: needs about {needed}")
            }
            Self::FewBeyond => f.write_str("too few deliveries beyond it"),
            Self::Nobody => f.write_str("nobody was reached"),
            Self::TooLarge => f.write_str("its squares are too large to be summed"),
        }
    }
}
