//! Turns totals into results: the results of each plan, and the comparisons of plans.

use super::estimates::{Ends, Estimate, Paired};
use super::groups::{Group, compared, models_seen, step_plans};
use super::independence::best_channel;
use super::results::{
    BestChannel, Callbacks, Comparison, Cost, Count, Difference, GroupKind, GroupResult, Interval, Intervals, Latency,
    Method, PlanResult, ProviderResult, Results, SCHEMA, ScenarioFacts, Share, StepResult,
};
use super::samples::{QUANTILE_METRICS, QUANTILES, ShareMeasure};
use super::totals::{IntervalBasis, Totals};
use crate::calendar::Moment;
use crate::scenario::{Metric, Plan, Scenario, used_by};
use crate::sim::{Ending, Interrupted, PairTally, Pairs, PlanTally, Progress, ProviderTally, StepTally};
use crate::stats::Seconds;
use crate::units::Span;
use std::collections::BTreeMap;

/// The results of each plan, and their comparisons.
pub(super) fn results(
    scenario: &Scenario,
    totals: &Totals,
    pairs: &Pairs,
    progress: &Progress,
) -> Result<Results, Interrupted> {
    let unless_stopped = |of: PlanResult| if progress.stopped() { Err(Interrupted) } else { Ok(of) };
    let plans = (0..scenario.plans.len())
        .map(|plan| unless_stopped(result_of(Estimate { scenario, totals, group: Group::All, plan })));
    let result = |of| if progress.stopped() { Err(Interrupted) } else { Ok(group(scenario, totals, pairs, of)) };
    Ok(Results {
        schema: SCHEMA.to_owned(),
        scenario: facts(scenario, totals),
        plans: plans.collect::<Result<_, _>>()?,
        comparisons: comparisons(scenario, totals, pairs, Group::All),
        groups: totals.parts().map(result).collect::<Result<_, _>>()?,
    })
}

fn facts(scenario: &Scenario, totals: &Totals) -> ScenarioFacts {
    ScenarioFacts {
        title: scenario.title.clone(),
        digest: scenario.digest.clone(),
        seed: scenario.seed,
        starts_at: scenario.starts_at.map(Moment::to_iso),
        seed_text: scenario.seed.to_string(),
        recipients: scenario.recipients(),
        replications: totals.replications(),
        currency: scenario.currency.clone(),
        deadline_s: deadline(scenario).as_secs_f64(),
        streams: scenario.streams.iter().map(|stream| stream.name.clone()).collect(),
        segments: scenario.people.segments.clone(),
        intervals: match totals.basis {
            IntervalBasis::Recipients => Intervals::FromRecipients,
            IntervalBasis::Replications => Intervals::FromReplications,
            IntervalBasis::Nothing => Intervals::Unknown,
        },
        method: Method::default(),
    }
}

/// The deadline of the results: the stream's own where there is only one stream of traffic, else the scenario's.
fn deadline(scenario: &Scenario) -> Span {
    if let [only] = scenario.streams.as_slice() { only.deadline } else { scenario.deadline }
}

/// The result of a group under a plan, with the providers that its recipients use: streams may have plans of their own.
fn result_of(estimate: Estimate<'_>) -> PlanResult {
    let Estimate { scenario, group, .. } = estimate;
    let own = scenario.streams.iter().filter_map(|stream| stream.plan.as_ref());
    let own = own.filter(|_| group.stream().is_none());
    let own = own.map(|plan| group.segment().map_or(plan, |segment| plan.in_segment(segment)));
    let plans: Vec<_> = own.chain([estimate.followed()]).collect();
    ResultBuilder(estimate).result(&plans)
}

/// The results for a stream of traffic or a segment.
fn group(scenario: &Scenario, totals: &Totals, pairs: &Pairs, group: Group) -> GroupResult {
    let plan = |plan: usize| result_of(Estimate { scenario, totals, group, plan });
    let stream = group.stream().map(|stream| &scenario.streams[stream]);
    let (kind, name) = match (stream, group.segment()) {
        (None, Some(segment)) => (GroupKind::Segment, scenario.people.segments[segment.index()].clone()),
        _ => (GroupKind::Stream, stream.map_or_else(String::new, |stream| stream.name.clone())),
    };
    let mut deadlines = scenario.streams.iter().map(|stream| stream.deadline);
    let common = deadlines.next().filter(|first| deadlines.all(|other| other == *first));
    let recipients = totals.group(group).simulated() as f64 / f64::from(totals.replications());
    GroupResult {
        kind,
        name,
        recipients: Count(round(recipients)),
        deadline_s: stream.map(|stream| stream.deadline).or(common).map(Span::as_secs_f64),
        plan: stream.and_then(|stream| stream.plan.as_ref()).map(|own| own.name.clone()),
        plans: (0..scenario.plans.len()).map(plan).collect(),
        comparisons: comparisons(scenario, totals, pairs, group),
    }
}

/// Builds the result of a group under a plan.
struct ResultBuilder<'a>(Estimate<'a>);

impl ResultBuilder<'_> {
    /// The result; its providers are those of `plans`.
    fn result(&self, plans: &[&Plan]) -> PlanResult {
        let tally = self.tally();
        let followed = step_plans(self.0.scenario, self.0.group, self.0.plan);
        let is_composite = compared(self.0.scenario, self.0.group, self.0.plan).by_segment.is_some();
        let all_steps = followed.iter().flat_map(|plan| (0..plan.flow.steps().len()).map(move |index| (*plan, index)));
        let models_seen = plans.iter().any(|plan| models_seen(self.0.scenario, plan));
        PlanResult {
            name: self.0.scenario.plans[self.0.plan].name.clone(),
            recipients: self.count(self.0.simulated()),
            delivered: self.share(ShareMeasure::Delivered),
            best_channel: best_channel(self.0).map(|best| BestChannel { reach: round(best.reach), ..best }),
            in_time: self.share(ShareMeasure::InTime),
            succeeded: self.share(ShareMeasure::Succeeded),
            duplicates: self.share(ShareMeasure::Duplicates),
            seen: models_seen.then(|| self.share(ShareMeasure::Seen)),
            cost: self.cost(),
            latency_s: self.latency(),
            no_interval: self.unknown(models_seen),
            exact: None,
            not_solved: None,
            failovers: self.count(tally.failovers),
            last_end_s: self.0.ledger().last_end.seconds().map(round),
            unresolved: self.count(tally.unresolved),
            callbacks: self.callbacks(),
            steps: all_steps
                .zip(&tally.steps)
                .map(|((plan, index), tally)| self.step((plan, is_composite), index, tally))
                .collect(),
            providers: self.providers(plans),
        }
    }

    /// Why measures have no interval, by their names; empty where no measure has one, which the `intervals` of the scenario facts state.
    fn unknown(&self, models_seen: bool) -> BTreeMap<String, String> {
        if self.0.totals.basis == IntervalBasis::Nothing {
            return BTreeMap::new();
        }
        let shares = ShareMeasure::ALL.into_iter().filter(|part| models_seen || *part != ShareMeasure::Seen);
        let shares = shares.map(|part| (part.name().to_owned(), self.0.share(part).0));
        let quantiles = QUANTILE_METRICS
            .into_iter()
            .zip(0..)
            .map(|(metric, position)| (metric.name().to_owned(), self.0.quantile(position)));
        let means = [(Metric::CostPerRecipient, self.0.cost()), (Metric::LatencyMean, self.0.mean_latency())];
        let all = shares.chain(means.map(|(metric, ends)| (metric.name().to_owned(), ends))).chain(quantiles);
        all.filter_map(|(name, ends)| Some((name, ends.err()?.to_string()))).collect()
    }

    fn callbacks(&self) -> Callbacks {
        let (tally, ledger) = (self.tally(), self.0.ledger());
        let ends = self.0.simulated() - tally.unresolved;
        let changes = tally.changes.as_deref();
        let is_known = |seconds: &Seconds| seconds.beyond == 0;
        Callbacks {
            on_completion: self.count(ends),
            on_completion_peak_per_s: is_known(&tally.ends).then_some(ledger.peak),
            on_change: changes.map(|changes| self.count(ends + ledger.changes + changes.beyond)),
            on_change_peak_per_s: changes
                .filter(|changes| is_known(&tally.ends) && is_known(changes))
                .map(|_| ledger.peak_of_changes),
        }
    }

    fn tally(&self) -> &PlanTally {
        &self.0.group().tally.plans[self.0.plan]
    }

    /// A count as a mean per replication.
    fn count(&self, count: u64) -> Count {
        Count(round(count as f64 / f64::from(self.0.totals.replications())))
    }

    /// An amount in millionths as a mean per replication, in units.
    fn units(&self, micros: u128) -> f64 {
        round(micros as f64 / 1e6 / f64::from(self.0.totals.replications()))
    }

    fn share(&self, part: ShareMeasure) -> Share {
        let count = part.count(self.tally());
        let (interval, narrow) = self.0.share(part);
        let (low, high) = ends(interval);
        let share = round(count as f64 / self.0.simulated() as f64);
        Share { count: self.count(count), share, low, high, narrow, is_exact: false }
    }

    fn cost(&self) -> Cost {
        let tally = self.tally();
        let sum = tally.cost as f64 / 1e6;
        let (low, high) = ends(self.0.cost());
        Cost {
            total: self.units(tally.cost),
            per_recipient: round(sum / self.0.simulated() as f64),
            low,
            high,
            per_delivered: (tally.delivered > 0).then(|| round(sum / tally.delivered as f64)),
            is_exact: false,
        }
    }

    fn latency(&self) -> Latency {
        let latencies = &self.tally().latencies;
        let quantile = |p| latencies.quantile(p).map(|quantile| round(quantile.value));
        let (n, sum) = (latencies.count() as f64, latencies.sum() as f64 / 1e6);
        let mean = ("mean", self.0.mean_latency());
        let intervals = QUANTILES.iter().enumerate().map(|(position, (name, _))| (*name, self.0.quantile(position)));
        Latency {
            mean: (n > 0.0).then(|| round(sum / n)),
            p50: quantile(0.5),
            p90: quantile(0.9),
            p95: quantile(0.95),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: latencies.longest().map(|longest| longest.as_secs_f64()),
            intervals: std::iter::once(mean).chain(intervals).filter_map(named_interval).collect(),
        }
    }

    fn step(&self, (plan, is_member): (&Plan, bool), index: usize, tally: &StepTally) -> StepResult {
        let failover_on = plan.flow.steps()[index].failover_on;
        let possible = |ending: Ending| matches!(ending, Ending::Status(status) if failover_on.contains(status));
        let outcomes = Ending::all().map(|ending| (ending, tally.endings[ending.index()]));
        let members = plan.flow.steps()[index].pool.members();
        let names: Vec<_> = members.iter().map(|&i| self.0.scenario.providers[i].name.as_str()).collect();
        StepResult {
            plan: is_member.then(|| plan.name.clone()),
            step: index + 1,
            provider: names.join(", "),
            channel: self.0.scenario.providers[members[0]].channel.clone(),
            attempts: self.count(tally.attempts),
            delivered: self.count(tally.delivered),
            late: self.count(tally.late),
            outcomes: outcomes
                .filter(|&(ending, count)| count > 0 || possible(ending))
                .map(|(ending, count)| (ending.word().to_owned(), self.count(count)))
                .collect(),
            cost: self.units(tally.cost),
        }
    }

    /// The providers that any of `plans` uses.
    fn providers(&self, plans: &[&Plan]) -> Vec<ProviderResult> {
        let used = used_by(plans.iter().copied());
        used.into_iter().map(|i| self.provider(i, &self.tally().providers[i])).collect()
    }

    fn provider(&self, index: usize, tally: &ProviderTally) -> ProviderResult {
        let queue = tally.queue.as_deref();
        let waits = queue.map(|queue| &queue.waits).filter(|waits| waits.count() > 0);
        let ends = queue.is_none_or(|queue| queue.still_queued == 0);
        let cleared = self.0.ledger().backlog_cleared.get(index).filter(|_| ends);
        ProviderResult {
            provider: self.0.scenario.providers[index].name.clone(),
            attempts: self.count(tally.attempts),
            departed: self.count(tally.attempts - tally.rejected - queue.map_or(0, |queue| queue.unserved())),
            delivered: self.count(tally.delivered),
            cost: self.units(tally.cost),
            wait_mean_s: waits.map_or(0.0, |waits| round(waits.sum() as f64 / 1e6 / waits.count() as f64)),
            wait_p99_s: waits.and_then(|waits| waits.quantile(0.99)).map_or(0.0, |wait| round(wait.value)),
            queue_max: self.0.totals.ledger.longest_queue[self.0.plan][index],
            rejected: self.count(tally.rejected),
            expired_in_queue: self.count(queue.map_or(0, |queue| queue.expired)),
            cancelled: self.count(queue.map_or(0, |queue| queue.cancelled)),
            still_queued: self.count(queue.map_or(0, |queue| queue.still_queued)),
            not_permitted: self.count(tally.not_permitted),
            circuit_opened: self.count(self.0.totals.ledger.opened[self.0.plan][index]),
            backlog_cleared_s: cleared.and_then(|mean| mean.seconds()).map(round),
        }
    }
}

fn named_interval((name, interval): (&str, Ends)) -> Option<(String, Interval)> {
    let (low, high) = interval.ok()?;
    Some((name.to_owned(), Interval { low: round(low), high: round(high) }))
}

/// A pair of plans, with its index among all pairs.
type Pair = (usize, (usize, usize));

/// The comparisons of the plans for a group of recipients.
fn comparisons(scenario: &Scenario, totals: &Totals, pairs: &Pairs, group: Group) -> Vec<Comparison> {
    pairs.iter().enumerate().map(|pair| comparison(scenario, totals, group, pair)).collect()
}

fn comparison(scenario: &Scenario, totals: &Totals, group: Group, (position, (plan, against)): Pair) -> Comparison {
    let estimates = [plan, against].map(|plan| Estimate { scenario, totals, group, plan });
    let [ours, theirs] = estimates.map(|estimate| estimate.tally());
    let nothing = PairTally::default();
    let pair = estimates[0].group().tally.pairs.get(position).unwrap_or(&nothing);
    let paired = Paired { plan: estimates[0], against: estimates[1], pair };
    let n = paired.plan.simulated() as f64;
    let share = |part: ShareMeasure| {
        let value = (part.count(ours) as f64 - part.count(theirs) as f64) / n;
        difference(value, paired.share(part))
    };
    let quantile = |position: usize| {
        let p = QUANTILES[position].1;
        let value = ours.latencies.quantile(p)?.value - theirs.latencies.quantile(p)?.value;
        Some(difference(value, paired.quantile(position)))
    };
    let cost = (ours.cost as i128 - theirs.cost as i128) as f64 / 1e6 / n;
    Comparison {
        plan: scenario.plans[plan].name.clone(),
        against: scenario.plans[against].name.clone(),
        delivered: share(ShareMeasure::Delivered),
        in_time: share(ShareMeasure::InTime),
        succeeded: share(ShareMeasure::Succeeded),
        duplicates: share(ShareMeasure::Duplicates),
        cost_per_recipient: difference(cost, paired.cost()),
        latency_p50_s: quantile(0),
        latency_p95_s: quantile(2),
    }
}

fn difference(difference: f64, interval: Ends) -> Difference {
    let (low, high) = ends(interval);
    Difference { difference: round(difference), low, high, is_exact: false }
}

fn ends(interval: Ends) -> (Option<f64>, Option<f64>) {
    interval.map_or((None, None), |(low, high)| (Some(round(low)), Some(round(high))))
}

/// Rounds to ten significant digits: digits beyond those may depend on how a system computes logarithms, and equal runs must produce equal
/// bytes.
pub(super) fn round(x: f64) -> f64 {
    format!("{x:.9e}").parse().unwrap_or(x)
}
