//! Latencies that many recipients share: where steps and latencies are constants, whole fractions of the recipients are reached after
//! exactly the same time, and a quantile can fall on that value.

use super::independent::{RunContext, first_latencies};
use super::model::{CompiledPlan, Model, TrafficStream};
use super::progress::{Interrupted, Progress};
use crate::stats::{MAX_ATOMS, Scale};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The number of recipients whose latencies are examined.
const LOOKED_AT: u64 = 1 << 13;

/// At least this many equal latencies among them are no coincidence: latencies that differ by a millionth of a second count as
/// different.
const MANY: u32 = 3;

/// How often each latency (µs) occurs that many recipients share.
type Shared = BTreeMap<i64, u32>;

/// Returns the scales on which the latencies of a run are told apart. They have a cell for each value that many of the first recipients
/// share: one scale for each plan, and one for the plans that streams of traffic have for themselves, whose values are on all scales.
/// The recipients are simulated independently; where no latency is a constant, none is simulated.
///
/// A scale depends on the scenario, its seed and its plan, but not on the other plans, so that those do not affect the results of the
/// plan.
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn scales(run: &RunContext<'_>, progress: &Progress) -> Result<(Vec<Arc<Scale>>, Arc<Scale>), Interrupted> {
    let model = run.model;
    let (mut of_plans, mut own) = (vec![Shared::new(); model.plans], Shared::new());
    for stream in &model.streams {
        let places = if stream.has_own_plan { std::slice::from_mut(&mut own) } else { &mut of_plans[..] };
        add_shared(run, stream, places, progress)?;
    }
    let own = most_frequent(&own);
    let scale = |shared: &Shared| Arc::new(Scale::new(own.iter().copied().chain(most_frequent(shared))));
    Ok((of_plans.iter().map(scale).collect(), Arc::new(Scale::new(own.clone()))))
}

/// Adds the latencies that recipients of a stream share under each of its plans.
fn add_shared(
    run: &RunContext<'_>,
    stream: &TrafficStream,
    counts: &mut [Shared],
    progress: &Progress,
) -> Result<(), Interrupted> {
    let mut plans = stream.classes.iter().flat_map(|class| &class.plans);
    if !plans.any(|compiled| has_atoms(run.model, compiled)) {
        return Ok(());
    }
    let recipients = stream.traffic.recipients.min(LOOKED_AT);
    for (mut latencies, counts) in first_latencies(run, stream, recipients, progress)?.into_iter().zip(counts) {
        latencies.sort_unstable();
        let equal = latencies.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len() as u32));
        equal.filter(|&(_, count)| count >= MANY).for_each(|(value, count)| *counts.entry(value).or_default() += count);
    }
    Ok(())
}

fn has_atoms(model: &Model, compiled: &CompiledPlan) -> bool {
    let mut providers = compiled.flow.steps().iter().flat_map(|rules| rules.pool.members());
    providers.any(|&provider| model.providers[provider].has_atoms())
}

/// Returns the most frequent values, as many as fit; of equally frequent values, the shortest come first.
fn most_frequent(shared: &Shared) -> Vec<i64> {
    let mut all: Vec<_> = shared.iter().map(|(&value, &count)| (Reverse(count), value)).collect();
    all.sort_unstable();
    all.into_iter().take(MAX_ATOMS).map(|(_, value)| value).collect()
}
