//! Plays every plan of a scenario on the same recipients and says what each came to and how they differ.

use super::estimates::{Ends, Estimate};
use super::over_time;
use super::pictures;
use super::precision::{Replications, is_missed};
use super::results::{
    Callbacks, Comparison, Cost, Count, Difference, Findings, Interval, Intervals, Latency, PlanResult, ProviderResult,
    Results, SCHEMA, ScenarioFacts, Share, StepResult, StreamComparison, StreamResult,
};
use super::samples::{Part, QUANTILES};
use super::totals::{self, Certainty, Strand, Totals};
use crate::scenario::{Plan, Scenario, Stream, used_by};
use crate::sim::{Ending, Interrupted, PlanTally, Progress, ProviderTally, StepTally};

/// Plays every plan of `scenario`, as often as wanted, and compares them.
///
/// Where recipients share capacity, circuits or random outages they are played together, and intervals come from replications. Where it
/// turns out that none of that made a difference to anybody, all lives were as if each had been alone: the results are then
/// those of recipients alone, with the intervals of those.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn compare(
    scenario: &Scenario,
    replications: impl Into<Replications>,
    progress: &Progress,
) -> Result<Findings, Interrupted> {
    let wanted = replications.into();
    let together = scenario.is_shared().then(|| totals::together(scenario, &wanted, progress)).transpose()?;
    let alone = match &together {
        Some(totals) if totals.is_touched() => None,
        _ => Some(totals::alone(scenario, &wanted, progress)?),
    };
    let totals = alone.as_ref().or(together.as_ref()).expect("one of them was played");
    Ok(Findings {
        results: results(scenario, totals),
        pictures: pictures::pictures(scenario, totals),
        over_time: over_time::over_time(scenario, together.as_ref().unwrap_or(totals)),
        imprecise: is_missed(totals, &wanted),
    })
}

fn results(scenario: &Scenario, totals: &Totals) -> Results {
    let plans = scenario.plans.len();
    let pairs = (1..plans).flat_map(|plan| (0..plan).map(move |against| (plan, against)));
    Results {
        schema: SCHEMA.to_owned(),
        scenario: facts(scenario, totals),
        plans: (0..plans).map(|plan| whole(scenario, totals, plan)).collect(),
        comparisons: pairs.map(|pair| pair_of_wholes(scenario, totals, pair)).collect(),
    }
}

fn facts(scenario: &Scenario, totals: &Totals) -> ScenarioFacts {
    ScenarioFacts {
        title: scenario.title.clone(),
        digest: scenario.digest.clone(),
        seed: scenario.seed,
        recipients: scenario.recipients(),
        replications: totals.replications,
        currency: scenario.currency.clone(),
        deadline_s: scenario.deadline.as_secs_f64(),
        intervals: match totals.certainty {
            Certainty::Recipients => Intervals::FromRecipients,
            Certainty::Replications => Intervals::FromReplications,
            Certainty::Nothing => Intervals::Unknown,
        },
    }
}

/// What all streams together came to under a plan.
fn whole(scenario: &Scenario, totals: &Totals, plan: usize) -> PlanResult {
    let own = scenario.streams.iter().filter_map(|stream| stream.plan.as_ref());
    let plans: Vec<_> = own.chain([&scenario.plans[plan]]).collect();
    let streams = scenario.streams.iter().zip(totals.streams());
    PlanResult {
        streams: streams.map(|(stream, strand)| of_stream(scenario, totals, (stream, strand), plan)).collect(),
        ..Teller { scenario, totals, strand: totals.whole(), plan }.result(&scenario.plans[plan], &plans)
    }
}

fn of_stream(scenario: &Scenario, totals: &Totals, (stream, strand): (&Stream, &Strand), plan: usize) -> StreamResult {
    let followed = scenario.plan_of(stream, plan);
    StreamResult {
        stream: stream.name.clone(),
        deadline_s: stream.deadline.as_secs_f64(),
        result: Teller { scenario, totals, strand, plan }.result(followed, &[followed]),
    }
}

/// Says what a strand came to under a plan.
struct Teller<'a> {
    scenario: &'a Scenario,
    totals: &'a Totals,
    strand: &'a Strand,
    plan: usize,
}

impl Teller<'_> {
    /// The result, the steps being those of `plan` and the providers those of `plans`.
    fn result(&self, plan: &Plan, plans: &[&Plan]) -> PlanResult {
        let tally = self.tally();
        let n = self.estimate().played();
        let share = |part| self.share(part);
        PlanResult {
            name: plan.name.clone(),
            recipients: self.strand.recipients,
            delivered: share(Part::Delivered),
            in_time: share(Part::InTime),
            succeeded: share(Part::Succeeded),
            duplicates: share(Part::Duplicates),
            seen: plans.iter().any(|plan| models_seen(self.scenario, plan)).then(|| share(Part::Seen)),
            cost: self.cost(),
            latency_s: self.latency(),
            failovers: self.count(failovers(tally)),
            last_end_s: self.strand.last_ends[self.plan].seconds().map(round),
            open: self.count(tally.open),
            callbacks: Callbacks {
                on_completion: self.count(n - tally.open),
                on_completion_peak_per_s: self.strand.peaks[self.plan],
            },
            steps: (0..plan.carriers.len()).map(|i| self.step(plan, i, &tally.steps[i])).collect(),
            providers: self.providers(plans),
            streams: Vec::new(),
        }
    }

    fn tally(&self) -> &PlanTally {
        &self.strand.tally.plans[self.plan]
    }

    fn estimate(&self) -> Estimate<'_> {
        Estimate::new(self.totals, self.strand)
    }

    /// A count as a mean per replication.
    fn count(&self, count: u64) -> Count {
        Count(round(count as f64 / f64::from(self.totals.replications)))
    }

    /// An amount of millionths as a mean per replication, in units.
    fn units(&self, micros: u128) -> f64 {
        round(micros as f64 / 1e6 / f64::from(self.totals.replications))
    }

    fn share(&self, part: Part) -> Share {
        let count = part.count(self.tally());
        let (low, high) = ends(self.estimate().share(self.plan, part));
        Share { count: self.count(count), share: round(count as f64 / self.estimate().played() as f64), low, high }
    }

    fn cost(&self) -> Cost {
        let tally = self.tally();
        let sum = tally.cost as f64 / 1e6;
        let (low, high) = ends(self.estimate().cost(self.plan));
        Cost {
            total: self.units(tally.cost),
            per_recipient: round(sum / self.estimate().played() as f64),
            low,
            high,
            per_delivered: (tally.delivered > 0).then(|| round(sum / tally.delivered as f64)),
        }
    }

    fn latency(&self) -> Latency {
        let latencies = &self.tally().latencies;
        let quantile = |p| latencies.quantile(p).map(round);
        let (n, sum) = (latencies.count() as f64, latencies.sum() as f64 / 1e6);
        let estimate = self.estimate();
        let mean = ("mean", estimate.mean_latency(self.plan));
        let intervals =
            QUANTILES.iter().enumerate().map(|(place, (name, _))| (*name, estimate.quantile(self.plan, place)));
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

    fn step(&self, plan: &Plan, index: usize, tally: &StepTally) -> StepResult {
        let failover_on = plan.flow.steps[index].failover_on;
        let possible = |ending: Ending| matches!(ending, Ending::Status(status) if failover_on.contains(status));
        let outcomes = Ending::all().map(|ending| (ending, tally.endings[ending.index()]));
        let members = plan.carriers[index].pool.members();
        let names: Vec<_> = members.iter().map(|&i| self.scenario.providers[i].name.as_str()).collect();
        StepResult {
            step: index + 1,
            provider: names.join(", "),
            channel: self.scenario.providers[members[0]].channel.clone(),
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

    /// The providers that one of `plans` uses.
    fn providers(&self, plans: &[&Plan]) -> Vec<ProviderResult> {
        let used = used_by(plans.iter().copied());
        let all = self.tally().providers.iter().enumerate();
        all.filter(|(i, _)| used.contains(i)).map(|(i, tally)| self.provider(i, tally)).collect()
    }

    fn provider(&self, index: usize, tally: &ProviderTally) -> ProviderResult {
        let queue = tally.queue.as_deref();
        let waits = queue.map(|queue| &queue.waits).filter(|waits| waits.count() > 0);
        ProviderResult {
            provider: self.scenario.providers[index].name.clone(),
            attempts: self.count(tally.attempts),
            delivered: self.count(tally.delivered),
            cost: self.units(tally.cost),
            wait_mean_s: waits.map_or(0.0, |waits| round(waits.sum() as f64 / 1e6 / waits.count() as f64)),
            wait_p99_s: waits.and_then(|waits| waits.quantile(0.99)).map_or(0.0, round),
            queue_max: self.totals.longest[self.plan][index],
            refused: self.count(queue.map_or(0, |queue| queue.refused)),
            withdrawn: self.count(queue.map_or(0, |queue| queue.withdrawn)),
            blocked: self.count(tally.blocked),
            circuit_opened: self.count(self.totals.opened[self.plan][index]),
            drained_s: self.strand.drains[self.plan][index].seconds().map(round),
        }
    }
}

/// Moves to a next step.
fn failovers(tally: &PlanTally) -> u64 {
    tally.failovers.counts().iter().sum()
}

fn models_seen(scenario: &Scenario, plan: &Plan) -> bool {
    let outcomes = used_by([plan]).into_iter().flat_map(|provider| &scenario.providers[provider].outcomes);
    outcomes.into_iter().any(|outcome| outcome.seen.is_some())
}

fn named_interval((name, interval): (&str, Ends)) -> Option<(String, Interval)> {
    let (low, high) = interval?;
    Some((name.to_owned(), Interval { low: round(low), high: round(high) }))
}

/// A pair of plans, for all streams together and for each.
fn pair_of_wholes(scenario: &Scenario, totals: &Totals, pair: (usize, usize)) -> Comparison {
    let streams = scenario.streams.iter().zip(totals.streams());
    let of_stream = |(stream, strand): (&Stream, &Strand)| StreamComparison {
        stream: stream.name.clone(),
        comparison: comparison(scenario, totals, strand, pair),
    };
    Comparison { streams: streams.map(of_stream).collect(), ..comparison(scenario, totals, totals.whole(), pair) }
}

fn comparison(scenario: &Scenario, totals: &Totals, strand: &Strand, pair: (usize, usize)) -> Comparison {
    let estimate = Estimate::new(totals, strand);
    let (plan, against) = pair;
    let [ours, theirs] = [plan, against].map(|i| &strand.tally.plans[i]);
    let n = estimate.played() as f64;
    let share = |part: Part| {
        let value = (part.count(ours) as f64 - part.count(theirs) as f64) / n;
        difference(value, estimate.share_difference(pair, part))
    };
    let quantile = |place: usize| {
        let p = QUANTILES[place].1;
        let value = ours.latencies.quantile(p)? - theirs.latencies.quantile(p)?;
        Some(difference(value, estimate.quantile_difference(pair, place)))
    };
    let cost = (ours.cost as i128 - theirs.cost as i128) as f64 / 1e6 / n;
    Comparison {
        plan: scenario.plans[plan].name.clone(),
        against: scenario.plans[against].name.clone(),
        delivered: share(Part::Delivered),
        in_time: share(Part::InTime),
        succeeded: share(Part::Succeeded),
        duplicates: share(Part::Duplicates),
        cost_per_recipient: difference(cost, estimate.cost_difference(pair)),
        latency_p50_s: quantile(0),
        latency_p95_s: quantile(2),
        streams: Vec::new(),
    }
}

fn difference(difference: f64, interval: Ends) -> Difference {
    let (low, high) = ends(interval);
    Difference { difference: round(difference), low, high }
}

fn ends(interval: Ends) -> (Option<f64>, Option<f64>) {
    interval.map_or((None, None), |(low, high)| (Some(round(low)), Some(round(high))))
}

/// To ten significant digits: what lies beyond them may depend on how a system computes logarithms, and equal runs are to
/// give equal bytes.
fn round(x: f64) -> f64 {
    format!("{x:.9e}").parse().unwrap_or(x)
}
