//! Why no interval is printed: no interval is better than an invalid one.

use std::fmt;

/// Why a measure has no interval.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Unknown {
    /// Recipients depend on one another, and there are fewer replications than this.
    Replications { needed: u64 },
    /// There are fewer recipients than this, too few to tell how skewed their values are.
    Recipients { needed: u64 },
    /// So few recipients reached this step, from 1, that one more or less would move the mean.
    RareStep { step: usize, recipients: u64 },
    /// So few deliveries at this step, from 1, or so few attempts without one, that one more or less would move the mean cost.
    RareCharge { step: usize, recipients: u64 },
    /// So few attempts were rejected at this step, from 1, or so few were not, that one more or less would move the mean cost.
    RareRejection { step: usize, recipients: u64 },
    /// So few recipients reached this step, from 1, that one replication in which all of them do would move the mean.
    RareStepInReplications { step: usize, needed: Option<u64> },
    /// So few calls were answered at this step, from 1, that the longest calls may not have been observed.
    RareCalls { step: usize, calls: u64, needed: u64 },
    /// Too few replications have met the random outages of a provider.
    Outages { provider: String, met: u64, of: u64, needed: u64 },
    /// There are too few deliveries beyond the quantile.
    FewBeyond,
    /// No recipient was reached.
    Nobody,
    /// The sum of squares exceeds the largest number that can be stored.
    TooLarge,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replications { needed } => write!(f, "needs {needed} replications"),
            Self::Recipients { needed } => write!(f, "needs {needed} recipients"),
            Self::RareStep { step, recipients } => {
                write!(f, "only {recipients} recipients reached step {step}")
            }
            Self::RareCharge { step, recipients } => {
                write!(
                    f,
                    "at step {step}, only {recipients} recipients differ from the others in whether a delivery is charged"
                )
            }
            Self::RareRejection { step, recipients } => {
                write!(
                    f,
                    "at step {step}, only {recipients} recipients differ from the others in whether they are rejected"
                )
            }
            Self::RareStepInReplications { step, needed: None } => {
                write!(f, "no recipient reached step {step}")
            }
            Self::RareStepInReplications { step, needed: Some(needed) } => {
                write!(f, "few recipients reached step {step}: needs about {needed} replications")
            }
            Self::RareCalls { step, calls, needed } => {
                write!(f, "only {calls} calls were answered at step {step}: needs about {needed}")
            }
            Self::Outages { provider, met, of, needed } => {
                write!(
                    f,
                    "{met} of {of} replications had a random outage of {provider}: needs about {needed} replications"
                )
            }
            Self::FewBeyond => f.write_str("too few deliveries beyond the quantile"),
            Self::Nobody => f.write_str("no recipient was reached"),
            Self::TooLarge => f.write_str("the sum of squares is too large"),
        }
    }
}
