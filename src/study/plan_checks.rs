//! Whether an experiment can have certain plans and pairs of plans.

use crate::scenario::{BySegment, Scenario};
use crate::sim::Interrupted;
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;

/// Why an experiment cannot have these plans or pairs of plans.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PlansError {
    /// The run was asked to stop.
    Interrupted,
    /// Two plans would have this name.
    DuplicateName(String),
    /// The plan of this name uses a provider with this index, which the scenario does not have.
    UnknownProvider(String, usize),
    /// The composite of this name is made of another composite, or does not have one of its members for each segment of the scenario.
    InvalidComposite(String),
    /// These are not the indices of two plans, or, where plans are added, none of them is new.
    InvalidPair(usize, usize),
}

impl fmt::Display for PlansError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupted => Interrupted.fmt(f),
            Self::DuplicateName(name) => write!(f, "duplicate plan name `{name}`"),
            Self::UnknownProvider(plan, provider) => {
                write!(f, "plan `{plan}`: the scenario has no provider {provider}")
            }
            Self::InvalidComposite(plan) => {
                write!(
                    f,
                    "plan `{plan}`: a composite needs one of its members, none of them a composite, for each segment"
                )
            }
            Self::InvalidPair(plan, against) => {
                write!(f, "({plan}, {against}) is not a pair of plans, or none of them is new")
            }
        }
    }
}

impl Error for PlansError {}

impl From<Interrupted> for PlansError {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

/// Checks the plans of a scenario from `first` on.
pub(super) fn check_plans(scenario: &Scenario, first: usize) -> Result<(), PlansError> {
    let own = scenario.streams.iter().filter_map(|stream| stream.plan.as_ref()).chain(&scenario.left_out);
    let mut names: BTreeSet<_> = own.chain(&scenario.plans[..first]).map(|plan| &plan.name).collect();
    for plan in &scenario.plans[first..] {
        if !names.insert(&plan.name) {
            return Err(PlansError::DuplicateName(plan.name.clone()));
        }
        let is_plain = plan.members().iter().all(|member| member.by_segment.is_none());
        let is_complete = plan.by_segment.as_ref().is_none_or(|BySegment { members, of_segment }| {
            of_segment.len() == scenario.segment_count() && of_segment.iter().all(|&member| member < members.len())
        });
        if plan.by_segment.is_some() && !(is_plain && is_complete) {
            return Err(PlansError::InvalidComposite(plan.name.clone()));
        }
        let steps = plan.members().iter().flat_map(|member| member.flow.steps());
        let mut members = steps.flat_map(|rules| rules.pool.members());
        if let Some(&provider) = members.find(|&&provider| provider >= scenario.providers.len()) {
            return Err(PlansError::UnknownProvider(plan.name.clone(), provider));
        }
    }
    Ok(())
}

/// Checks that each pair is of two plans, one of them with an index of at least `first`.
pub(super) fn check_pairs(scenario: &Scenario, first: usize, pairs: &[(usize, usize)]) -> Result<(), PlansError> {
    let is_valid = |&&(plan, against): &&(usize, usize)| {
        let later = plan.max(against);
        plan != against && (first..scenario.plans.len()).contains(&later)
    };
    let invalid = pairs.iter().find(|pair| !is_valid(pair));
    invalid.map_or(Ok(()), |&(plan, against)| Err(PlansError::InvalidPair(plan, against)))
}
