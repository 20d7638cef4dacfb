//! Plays every plan of a scenario on the same recipients and says what each came to and how they differ.

use super::pictures;
use super::results::{
    Callbacks, Comparison, Cost, Count, Difference, Findings, Interval, Latency, PlanResult, ProviderResult, Results,
    SCHEMA, ScenarioFacts, Share, StepResult,
};
use crate::rng::Luck;
use crate::scenario::{Plan, Scenario};
use crate::sim::{
    self, Cast, Ending, Interrupted, PairTally, PlanTally, Progress, SECTIONS, SectionQuantiles, StepTally, Tally,
    Timeline, Way, World,
};
use crate::stats;

/// What all replications together came to.
pub(super) struct Totals {
    pub(super) tally: Tally,
    pub(super) timeline: Timeline,
    pub(super) replications: u32,
    /// For each plan, the most flows that ended within one second.
    peaks: Vec<u64>,
    /// For each plan, the sum over replications of when the last flow ended (s), and how many had one.
    last_ends: Vec<(f64, u32)>,
    /// For each section of each replication; where there are many replications, for each of those.
    quantiles: Vec<SectionQuantiles>,
    /// Whether the tally holds a replication yet.
    begun: bool,
}

/// Plays every plan of `scenario`, `replications` times over, and compares them.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn compare(scenario: &Scenario, replications: u32, progress: &Progress) -> Result<Findings, Interrupted> {
    let totals = play(scenario, replications, progress)?;
    let results = Results {
        schema: SCHEMA.to_owned(),
        scenario: facts(scenario, replications),
        plans: (0..scenario.plans.len()).map(|i| plan_result(scenario, &totals, i)).collect(),
        comparisons: comparisons(scenario, &totals),
    };
    Ok(Findings { results, pictures: pictures::pictures(scenario, &totals) })
}

fn play(scenario: &Scenario, replications: u32, progress: &Progress) -> Result<Totals, Interrupted> {
    let cast = Cast::new(scenario);
    let timeline = Timeline::over(pictures::horizon(scenario));
    let mut totals = Totals::new(scenario, timeline, replications);
    for replication in 0..replications {
        let luck = Luck::new(scenario.seed, replication);
        let world = World { cast: &cast, traffic: &scenario.traffic, luck, timeline, way: Way::default() };
        let (tally, quantiles) = sim::play_alone(&world, progress)?;
        totals.add(tally, quantiles);
    }
    Ok(totals)
}

impl Totals {
    fn new(scenario: &Scenario, timeline: Timeline, replications: u32) -> Self {
        let plans = scenario.plans.len();
        Self {
            tally: Tally::new(scenario.plans.iter().map(|plan| plan.carriers.len())),
            timeline,
            replications,
            peaks: vec![0; plans],
            last_ends: vec![(0.0, 0); plans],
            quantiles: Vec::new(),
            begun: false,
        }
    }

    fn add(&mut self, mut tally: Tally, quantiles: Vec<SectionQuantiles>) {
        for (i, plan) in tally.plans.iter_mut().enumerate() {
            // Of the seconds only the fullest is of interest: they need not be added up.
            self.peaks[i] = self.peaks[i].max(std::mem::take(&mut plan.ends).peak());
            if let Some(end) = plan.last_end {
                self.last_ends[i].0 += end as f64 / 1e6;
                self.last_ends[i].1 += 1;
            }
        }
        if self.replications as usize >= SECTIONS {
            self.quantiles.push(sim::quantiles(&tally));
        } else {
            self.quantiles.extend(quantiles);
        }
        if std::mem::replace(&mut self.begun, true) {
            self.tally.merge(&tally);
        } else {
            self.tally = tally;
        }
    }

    /// A count as a mean per replication.
    fn count(&self, count: u64) -> Count {
        Count(round(count as f64 / f64::from(self.replications)))
    }

    /// An amount of millionths as a mean per replication, in units.
    fn units(&self, micros: u128) -> f64 {
        round(micros as f64 / 1e6 / f64::from(self.replications))
    }
}

fn facts(scenario: &Scenario, replications: u32) -> ScenarioFacts {
    ScenarioFacts {
        title: scenario.title.clone(),
        digest: scenario.digest.clone(),
        seed: scenario.seed,
        recipients: scenario.traffic.recipients,
        replications,
        currency: scenario.currency.clone(),
        deadline_s: scenario.deadline.as_secs_f64(),
    }
}

/// How many recipients were played, over all replications.
fn played(scenario: &Scenario, totals: &Totals) -> f64 {
    scenario.traffic.recipients as f64 * f64::from(totals.replications)
}

fn plan_result(scenario: &Scenario, totals: &Totals, index: usize) -> PlanResult {
    let (plan, tally) = (&scenario.plans[index], &totals.tally.plans[index]);
    let n = played(scenario, totals);
    let share = |count| share(totals, count, n);
    let (ends, replications_with_end) = totals.last_ends[index];
    let open = tally.steps.iter().map(|step| step.endings[Ending::Open.index()]).sum();
    PlanResult {
        name: plan.name.clone(),
        recipients: scenario.traffic.recipients,
        delivered: share(tally.delivered),
        in_time: share(tally.in_time),
        succeeded: share(tally.succeeded),
        duplicates: share(tally.duplicates),
        seen: models_seen(scenario, plan).then(|| share(tally.seen)),
        cost: cost(totals, tally, n),
        latency_s: latency(tally),
        failovers: totals.count(tally.steps.iter().skip(1).flat_map(|step| step.endings).sum()),
        last_end_s: (replications_with_end > 0).then(|| round(ends / f64::from(replications_with_end))),
        open: totals.count(open),
        callbacks: Callbacks {
            on_completion: totals.count(n as u64 - open),
            on_completion_peak_per_s: totals.peaks[index],
        },
        steps: (0..plan.carriers.len()).map(|i| step_result(scenario, totals, plan, i, &tally.steps[i])).collect(),
        providers: providers(scenario, plan),
    }
}

fn share(totals: &Totals, count: u64, n: f64) -> Share {
    let (low, high) = ends(stats::wilson(count as f64, n));
    Share { count: totals.count(count), share: round(count as f64 / n), low, high }
}

fn models_seen(scenario: &Scenario, plan: &Plan) -> bool {
    let outcomes = plan.carriers.iter().flat_map(|carrier| &scenario.providers[carrier.provider].outcomes);
    outcomes.into_iter().any(|outcome| outcome.seen.is_some())
}

fn cost(totals: &Totals, tally: &PlanTally, n: f64) -> Cost {
    let sum = tally.cost as f64 / 1e6;
    let (low, high) = ends(millionths(stats::mean_interval(n as u64, tally.cost as i128, tally.cost_squared)));
    Cost {
        total: totals.units(tally.cost),
        per_recipient: round(sum / n),
        low,
        high,
        per_delivered: (tally.delivered > 0).then(|| round(sum / tally.delivered as f64)),
    }
}

/// The quantiles of the results, with their names.
const QUANTILES: [(&str, f64); 5] = [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)];

fn latency(tally: &PlanTally) -> Latency {
    let latencies = &tally.latencies;
    let quantile = |p| latencies.quantile(p).map(round);
    let (n, sum) = (latencies.count() as f64, latencies.sum() as f64 / 1e6);
    let mean = millionths(stats::mean_interval(latencies.count(), latencies.sum() as i128, latencies.sum_of_squares()));
    let intervals = QUANTILES.into_iter().map(|(name, p)| (name, latencies.quantile_interval(p)));
    Latency {
        mean: (n > 0.0).then(|| round(sum / n)),
        p50: quantile(0.5),
        p90: quantile(0.9),
        p95: quantile(0.95),
        p99: quantile(0.99),
        p999: quantile(0.999),
        max: latencies.longest().map(|longest| longest.as_secs_f64()),
        intervals: std::iter::once(("mean", mean)).chain(intervals).filter_map(named_interval).collect(),
    }
}

fn named_interval((name, interval): (&str, Option<(f64, f64)>)) -> Option<(String, Interval)> {
    let (low, high) = interval?;
    Some((name.to_owned(), Interval { low: round(low), high: round(high) }))
}

fn step_result(scenario: &Scenario, totals: &Totals, plan: &Plan, index: usize, tally: &StepTally) -> StepResult {
    let provider = &scenario.providers[plan.carriers[index].provider];
    let possible = |ending: Ending| matches!(ending, Ending::Status(status) if plan.flow.steps[index].failover_on.contains(status));
    let outcomes = Ending::all().map(|ending| (ending, tally.endings[ending.index()]));
    StepResult {
        step: index + 1,
        provider: provider.name.clone(),
        channel: provider.channel.clone(),
        attempts: totals.count(tally.attempts),
        delivered: totals.count(tally.delivered),
        late: totals.count(tally.late),
        outcomes: outcomes
            .filter(|&(ending, count)| count > 0 || possible(ending))
            .map(|(ending, count)| (ending.word().to_owned(), totals.count(count)))
            .collect(),
        cost: totals.units(tally.cost),
    }
}

/// The providers of a plan, none of which has a queue.
fn providers(scenario: &Scenario, plan: &Plan) -> Vec<ProviderResult> {
    let used = |i: &usize| plan.carriers.iter().any(|carrier| carrier.provider == *i);
    let idle = |i: usize| ProviderResult {
        provider: scenario.providers[i].name.clone(),
        wait_mean_s: 0.0,
        wait_p99_s: 0.0,
        queue_max: 0,
    };
    (0..scenario.providers.len()).filter(used).map(idle).collect()
}

fn comparisons(scenario: &Scenario, totals: &Totals) -> Vec<Comparison> {
    let pairs = (1..scenario.plans.len()).flat_map(|plan| (0..plan).map(move |against| (plan, against)));
    pairs.map(|(plan, against)| comparison(scenario, totals, plan, against)).collect()
}

fn comparison(scenario: &Scenario, totals: &Totals, plan: usize, against: usize) -> Comparison {
    let n = played(scenario, totals);
    let pair = &totals.tally.pairs[Tally::pair(plan, against)];
    let shares = |[ours, theirs]: [u64; 2]| {
        let (ours, theirs) = (ours as f64, theirs as f64);
        difference((ours - theirs) / n, stats::paired_share_difference(ours, theirs, n))
    };
    Comparison {
        plan: scenario.plans[plan].name.clone(),
        against: scenario.plans[against].name.clone(),
        delivered: shares(pair.delivered),
        in_time: shares(pair.in_time),
        succeeded: shares(pair.succeeded),
        duplicates: shares(pair.duplicates),
        cost_per_recipient: cost_difference(totals, pair, plan, against, n),
        latency_p50_s: quantile_difference(totals, plan, against, 0, 0.5),
        latency_p95_s: quantile_difference(totals, plan, against, 1, 0.95),
    }
}

fn cost_difference(totals: &Totals, pair: &PairTally, plan: usize, against: usize, n: f64) -> Difference {
    let cost = |i: usize| totals.tally.plans[i].cost as i128;
    let sum = cost(plan) - cost(against);
    let interval = stats::mean_interval(n as u64, sum, pair.cost_difference_squared);
    difference(sum as f64 / 1e6 / n, millionths(interval))
}

/// A section needs so many deliveries for its quantiles to tell anything.
const LEAST_PER_SECTION: u64 = 40;

/// The difference of a quantile of latency; its interval from the differences within the sections (or replications), which are
/// independent, alike, and each as large as the whole over their number: the batch-means method.
fn quantile_difference(totals: &Totals, plan: usize, against: usize, which: usize, p: f64) -> Option<Difference> {
    let (ours, theirs) = (&totals.tally.plans[plan].latencies, &totals.tally.plans[against].latencies);
    let whole = ours.quantile(p)? - theirs.quantile(p)?;
    let sections = totals.quantiles.len() as u64;
    let enough = ours.count().min(theirs.count()) >= LEAST_PER_SECTION * sections;
    let within = |section: &SectionQuantiles| Some(section[plan]?[which] - section[against]?[which]);
    let differences: Option<Vec<f64>> = totals.quantiles.iter().map(within).collect();
    let spread = differences.filter(|_| enough).and_then(|all| stats::student_interval(&all));
    let half = spread.map(|(low, high)| 0.5 * (high - low));
    Some(difference(whole, half.map(|half| (whole - half, whole + half))))
}

fn difference(difference: f64, interval: Option<(f64, f64)>) -> Difference {
    let (low, high) = ends(interval);
    Difference { difference: round(difference), low, high }
}

/// An interval of millionths in units.
fn millionths(interval: Option<(f64, f64)>) -> Option<(f64, f64)> {
    interval.map(|(low, high)| (low / 1e6, high / 1e6))
}

fn ends(interval: Option<(f64, f64)>) -> (Option<f64>, Option<f64>) {
    interval.map_or((None, None), |(low, high)| (Some(round(low)), Some(round(high))))
}

/// To ten significant digits: what lies beyond them may depend on how a system computes logarithms, and equal runs are to
/// give equal bytes.
fn round(x: f64) -> f64 {
    format!("{x:.9e}").parse().unwrap_or(x)
}
