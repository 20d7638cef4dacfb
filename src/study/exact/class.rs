//! A plan for recipients who are alike: those of one segment, and of one state over each channel.

use super::arrivals::micros;
use super::behaviour::Behaviour;
use super::fates::{MOST_BREAKS, Slot};
use super::obstacle::Obstacle;
use super::quadrature::Level;
use crate::engine::{FlowPlan, LateDelivery, StepRules};
use crate::status::SuccessFloor;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most combinations of states over the channels of a plan: for each channel, the pieces into which the persistent outcomes of its providers
/// divide the draw of a recipient.
const MOST_STATES: usize = 64;

/// A plan for recipients who are alike.
#[derive(Clone, Debug)]
pub(super) struct ClassPlan {
    pub(super) steps: Vec<StepPlan>,
    /// The flow ends so long after its start (µs).
    pub(super) give_up: f64,
    /// Whether a late delivery ends the flow.
    pub(super) finishes: bool,
}

/// A step of it.
#[derive(Clone, Debug)]
pub(super) struct StepPlan {
    pub(super) rules: StepRules,
    /// How long it waits (µs).
    pub(super) ttl: f64,
    /// An attempt at each member of the pool, in the order in which they are tried, or with weights.
    pub(super) members: Vec<Slot>,
    /// Whether an attempt succeeds as soon as it is accepted.
    pub(super) succeeds_at_once: bool,
    /// Whether an attempt of a later step may meet an outage.
    pub(super) later_looks: bool,
    /// When a flow that is in the step since then may behave differently from one that is in it since a moment later (µs since arrival).
    pub(super) breaks: Vec<f64>,
}

/// A plan for the recipients of each combination of states, with their share.
pub(super) fn classes(
    flow: &FlowPlan,
    behaviours: &[Option<Arc<Behaviour>>],
    (times, has_off, is_blast): (&[f64], bool, bool),
    level: Level,
) -> Result<Vec<(f64, ClassPlan)>, Obstacle> {
    let behaviour = |provider: usize| prepared(behaviours, provider);
    let cells = shared_cells(flow, behaviours)?;
    let states: usize = cells.values().map(Vec::len).product();
    let state = |number: usize| {
        let mut rest = number;
        let mut share = 1.0;
        let mut cell_of = BTreeMap::new();
        for (&channel, ends) in &cells {
            let place = rest % ends.len();
            rest /= ends.len();
            let cell = (if place == 0 { 0.0 } else { ends[place - 1] }, ends[place]);
            share *= cell.1 - cell.0;
            cell_of.insert(channel, cell);
        }
        (share, class(flow, &behaviour, &cell_of, (times, has_off, is_blast), level))
    };
    Ok((0..states).map(state).filter(|(share, _)| *share > 0.0).collect())
}

/// For each channel whose persistent outcomes may be met more than once, the upper ends of the pieces of the recipient's draw.
pub(super) fn shared_cells<'a>(
    flow: &FlowPlan,
    behaviours: &'a [Option<Arc<Behaviour>>],
) -> Result<BTreeMap<&'a str, Vec<f64>>, Obstacle> {
    let mut uses: BTreeMap<&str, (u32, Vec<f64>)> = BTreeMap::new();
    for rules in flow.steps() {
        for &member in rules.pool.members() {
            let behaviour = prepared(behaviours, member);
            let (count, ends) = uses.entry(&behaviour.channel).or_default();
            *count += u32::from(rules.attempts);
            ends.extend(behaviour.persistent_ends());
        }
    }
    let shared = uses.into_iter().filter(|(_, (count, ends))| *count > 1 && !ends.is_empty());
    let cells = |(channel, (_, mut ends)): (_, (u32, Vec<f64>))| {
        ends.push(1.0);
        ends.sort_by(f64::total_cmp);
        ends.dedup_by(|a, b| *a - *b < 1e-12);
        (channel, ends)
    };
    let cells: BTreeMap<_, _> = shared.map(cells).collect();
    let states = cells.values().try_fold(1_usize, |states, ends: &Vec<f64>| states.checked_mul(ends.len()));
    if states.is_some_and(|states| states <= MOST_STATES) { Ok(cells) } else { Err(Obstacle::PersistentStates) }
}

/// The behaviour of a provider that the solver was prepared for.
fn prepared(behaviours: &[Option<Arc<Behaviour>>], provider: usize) -> &Arc<Behaviour> {
    behaviours[provider].as_ref().expect("the provider is prepared")
}

fn class<'a>(
    flow: &FlowPlan,
    behaviour: &impl Fn(usize) -> &'a Arc<Behaviour>,
    cell_of: &BTreeMap<&str, (f64, f64)>,
    (times, has_off, is_blast): (&[f64], bool, bool),
    level: Level,
) -> ClassPlan {
    let step = |rules: &StepRules| {
        let member = |&member: &usize| {
            let behaviour = behaviour(member);
            let cell = cell_of.get(&*behaviour.channel).copied();
            Slot::new(behaviour, rules, cell, has_off, level)
        };
        StepPlan {
            rules: rules.clone(),
            ttl: micros(rules.ttl),
            members: rules.pool.members().iter().map(member).collect(),
            succeeds_at_once: rules.success == SuccessFloor::Accepted,
            later_looks: false,
            breaks: Vec::new(),
        }
    };
    let mut steps: Vec<StepPlan> = flow.steps().iter().map(step).collect();
    let give_up = micros(flow.give_up_after());
    let mut later_looks = false;
    for step in steps.iter_mut().rev() {
        step.later_looks = later_looks;
        later_looks |= step.members.iter().any(|slot| !slot.behaviour.hazards.is_empty());
    }
    set_breaks(&mut steps, times, give_up, is_blast);
    ClassPlan { steps, give_up, finishes: flow.late_delivery() == LateDelivery::Finish }
}

/// Finds when a flow that starts each step then behaves differently from one that starts it a little later: where deliveries are just in time for
/// one of `times`, and where outages begin and end if all recipients arrive at once.
fn set_breaks(steps: &mut [StepPlan], times: &[f64], give_up: f64, is_blast: bool) {
    let mut later: Vec<f64> = Vec::new();
    for step in steps.iter_mut().rev() {
        let mut breaks: Vec<f64> = later.iter().map(|at| at - step.ttl).collect();
        breaks.push(give_up);
        for slot in &step.members {
            let hazards = slot.behaviour.hazards.iter().filter(|_| is_blast);
            breaks.extend(hazards.flat_map(|hazard| [hazard.from, hazard.to]));
            for happening in &slot.on.happenings {
                let reached = happening.reached;
                let from = if reached { times } else { &later };
                breaks.extend(from.iter().flat_map(|at| happening.marks.iter().map(move |mark| at - mark)));
                if reached {
                    breaks.extend(times.iter().map(|at| at - slot.on.valid()));
                }
            }
        }
        breaks.retain(|&at| at > 0.0 && at.is_finite());
        breaks.sort_by(f64::total_cmp);
        breaks.dedup();
        breaks.truncate(MOST_BREAKS);
        step.breaks.clone_from(&breaks);
        later = breaks;
    }
}
