//! Made-up findings for tests: a bank's PIN sent under three plans, with an outage of Viber, and some edge cases.

use super::Run;
use crate::study::{
    Callbacks, Comparison, Cost, Count, Difference, FigureData, InTimeData, Interval, Intervals, Latency, Method,
    OutageWindow, OverTime, PlanFigureData, PlanResult, ProviderResult, Results, RunOutput, SCHEMA, ScenarioFacts,
    Share, StepResult,
};
use std::collections::BTreeMap;

const RECIPIENTS: u64 = 1_000_000;
const BINS: usize = 120;
const BIN_S: f64 = 33.0;

/// The input of the fixture for one plan: its name, its providers, the share of recipients first reached by each of them, the share in
/// time, and the cost per recipient.
struct Sketch {
    name: &'static str,
    providers: &'static [&'static str],
    first: &'static [f64],
    in_time: f64,
    cost: f64,
    median_s: f64,
}

const SKETCHES: [Sketch; 3] = [
    Sketch {
        name: "viber-first",
        providers: &["viber", "sms", "voice"],
        first: &[0.562, 0.405, 0.022],
        in_time: 0.9312,
        cost: 0.026_41,
        median_s: 4.8,
    },
    Sketch {
        name: "sms-first",
        providers: &["sms", "viber", "voice"],
        first: &[0.921, 0.044, 0.024],
        in_time: 0.9487,
        cost: 0.047_93,
        median_s: 4.2,
    },
    Sketch { name: "sms-only", providers: &["sms"], first: &[0.921], in_time: 0.9177, cost: 0.045, median_s: 4.1 },
];

/// The findings of the bank's PIN.
pub(crate) fn bank_pin() -> RunOutput {
    RunOutput {
        results: Results {
            schema: SCHEMA.to_owned(),
            scenario: facts(),
            plans: SKETCHES.iter().map(plan).collect(),
            comparisons: comparisons(),
            groups: Vec::new(),
        },
        drawn: (0..SKETCHES.len()).collect(),
        figure_data: figure_data(),
        over_time: OverTime::default(),
        imprecise: false,
    }
}

/// The bank's PIN with its first `count` plans; beyond three, they are copies under names of their own.
pub(crate) fn with_plans(count: usize) -> RunOutput {
    let mut output = bank_pin();
    let (plans, drawn) = (output.results.plans.clone(), output.figure_data.plans.clone());
    let copy = |index: usize| PlanResult {
        name: if index < 3 { plans[index].name.clone() } else { format!("{} again {index}", plans[index % 3].name) },
        ..plans[index % 3].clone()
    };
    output.results.plans = (0..count).map(copy).collect();
    output.drawn = (0..count).collect();
    output.figure_data.plans = (0..count).map(|index| drawn[index % 3].clone()).collect();
    for (_, plans) in output.figure_data.in_time.iter_mut().flat_map(|data| &mut data.streams) {
        *plans = (0..count).map(|index| plans[index % 3].clone()).collect();
    }
    if count < 3 {
        output.results.comparisons.truncate(count.saturating_sub(1));
    }
    output
}

/// Findings without recipients, messages or costs.
pub(crate) fn nobody() -> RunOutput {
    let mut output = with_plans(2);
    for plan in &mut output.results.plans {
        let none = Share { count: Count(0.0), share: 0.0, low: None, high: None, narrow: None, is_exact: false };
        (plan.delivered, plan.in_time, plan.succeeded, plan.duplicates) = (none, none, none, none);
        plan.cost =
            Cost { total: 0.0, per_recipient: 0.0, low: None, high: None, per_delivered: None, is_exact: false };
        plan.latency_s = latency(None);
        plan.steps.iter_mut().for_each(|step| step.outcomes.clear());
    }
    for pair in &mut output.results.comparisons {
        let none = Difference { difference: 0.0, low: None, high: None, is_exact: false };
        (pair.delivered, pair.in_time, pair.cost_per_recipient, pair.latency_p95_s) = (none, none, none, None);
    }
    for plan in &mut output.figure_data.plans {
        plan.curve.clear();
        plan.first_by_step.iter_mut().for_each(|share| *share = 0.0);
        plan.deliveries.iter_mut().for_each(|(_, bins)| bins.fill(0.0));
        plan.failovers.clear();
    }
    output.figure_data.arrivals = vec![0.0];
    output.figure_data.in_time = None;
    output
}

/// The facts about the run that made the fixture.
pub(crate) fn run() -> Run {
    Run {
        command: "failsim run scenarios/bank-pin.toml --recipients 1000000".to_owned(),
        version: "0.1.0".to_owned(),
        machine: "2 cores, x86_64 Linux".to_owned(),
        threads: 2,
        seconds: 0.127,
    }
}

fn facts() -> ScenarioFacts {
    ScenarioFacts {
        title: "Bank PIN: Viber first or SMS first?".to_owned(),
        digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        seed: 20_261_127,
        starts_at: None,
        seed_text: "20261127".to_owned(),
        recipients: RECIPIENTS,
        replications: 1,
        currency: "EUR".to_owned(),
        deadline_s: 60.0,
        streams: vec![String::new()],
        segments: Vec::new(),
        intervals: Intervals::FromRecipients,
        method: Method::Simulate,
    }
}

fn share(share: f64) -> Share {
    let half = 1.96 * (share * (1.0 - share) / RECIPIENTS as f64).sqrt();
    let count = Count((share * RECIPIENTS as f64).round());
    Share {
        count,
        share,
        low: Some((share - half).max(0.0)),
        high: Some((share + half).min(1.0)),
        narrow: None,
        is_exact: false,
    }
}

fn plan(sketch: &Sketch) -> PlanResult {
    let delivered: f64 = sketch.first.iter().sum();
    let total = sketch.cost * RECIPIENTS as f64;
    PlanResult {
        name: sketch.name.to_owned(),
        recipients: Count(RECIPIENTS as f64),
        delivered: share(delivered),
        best_channel: None,
        in_time: share(sketch.in_time),
        succeeded: share(delivered - 0.004),
        duplicates: share(if sketch.first.len() > 1 { 0.0213 } else { 0.0 }),
        seen: None,
        cost: Cost {
            total,
            per_recipient: sketch.cost,
            low: Some(sketch.cost - 4e-5),
            high: Some(sketch.cost + 4e-5),
            per_delivered: Some(total / delivered / RECIPIENTS as f64),
            is_exact: false,
        },
        latency_s: latency(Some(sketch.median_s)),
        no_interval: BTreeMap::new(),
        exact: None,
        not_solved: None,
        failovers: Count(((1.0 - sketch.first[0]) * RECIPIENTS as f64).round()),
        last_end_s: Some(4_021.4),
        unresolved: Count(if sketch.first.len() > 2 { 312.0 } else { 0.0 }),
        callbacks: Callbacks {
            on_completion: Count(RECIPIENTS as f64),
            on_completion_peak_per_s: Some(412),
            on_change: None,
            on_change_peak_per_s: None,
        },
        steps: steps(sketch),
        providers: sketch.providers.iter().map(|name| queue(name)).collect(),
    }
}

fn queue(provider: &str) -> ProviderResult {
    ProviderResult { provider: provider.to_owned(), ..ProviderResult::default() }
}

fn latency(median: Option<f64>) -> Latency {
    let at = |factor: f64| median.map(|median| median * factor);
    let ends = |value: f64| Interval { low: value * 0.995, high: value * 1.005 };
    let named = [("p50", at(1.0)), ("p95", at(13.2)), ("p99", at(20.1))];
    Latency {
        mean: at(2.1),
        p50: at(1.0),
        p90: at(9.0),
        p95: at(13.2),
        p99: at(20.1),
        p999: at(60.0),
        max: at(700.0),
        intervals: named.iter().filter_map(|(name, value)| Some(((*name).to_owned(), ends((*value)?)))).collect(),
    }
}

fn steps(sketch: &Sketch) -> Vec<StepResult> {
    let mut coming = RECIPIENTS as f64;
    let step = |(index, (provider, first)): (usize, (&&str, &f64))| {
        let (attempts, delivered) = (coming, first * RECIPIENTS as f64);
        coming = (coming - delivered).max(0.0);
        StepResult {
            plan: None,
            step: index + 1,
            provider: (*provider).to_owned(),
            channel: (*provider).to_owned(),
            attempts: Count(attempts.round()),
            delivered: Count(delivered.round()),
            late: Count((delivered * 0.012).round()),
            outcomes: outcomes(delivered.round(), coming),
            cost: attempts * 0.045,
        }
    };
    sketch.providers.iter().zip(sketch.first).enumerate().map(step).collect()
}

fn outcomes(delivered: f64, rest: f64) -> BTreeMap<String, Count> {
    let parts =
        [("delivered", delivered), ("undelivered", rest * 0.5), ("failed", rest * 0.1), ("expired", rest * 0.4)];
    parts.into_iter().map(|(status, count)| (status.to_owned(), Count(count.round()))).collect()
}

fn comparisons() -> Vec<Comparison> {
    let pairs = [(1, 0), (2, 0), (2, 1)];
    pairs.into_iter().map(|(plan, against)| comparison(&SKETCHES[plan], &SKETCHES[against])).collect()
}

fn comparison(plan: &Sketch, against: &Sketch) -> Comparison {
    let reached = |sketch: &Sketch| sketch.first.iter().sum::<f64>();
    Comparison {
        plan: plan.name.to_owned(),
        against: against.name.to_owned(),
        delivered: difference(reached(plan) - reached(against), 0.000_4),
        in_time: difference(plan.in_time - against.in_time, 0.000_5),
        succeeded: difference(reached(plan) - reached(against), 0.000_4),
        duplicates: difference(0.001, 0.000_2),
        cost_per_recipient: difference(plan.cost - against.cost, 0.000_05),
        latency_p50_s: Some(difference(plan.median_s - against.median_s, 0.02)),
        latency_p95_s: Some(difference(13.0 * (plan.median_s - against.median_s), 0.4)),
    }
}

/// A difference with a symmetric interval.
pub(crate) fn difference(value: f64, half: f64) -> Difference {
    Difference { difference: value, low: Some(value - half), high: Some(value + half), is_exact: false }
}

fn figure_data() -> FigureData {
    let outage = |provider: &str, effect: &str, from_s, to_s, share| OutageWindow {
        provider: provider.to_owned(),
        effect: effect.to_owned(),
        from_s,
        to_s,
        share,
    };
    FigureData {
        in_time: Some(in_time()),
        plans: SKETCHES.iter().map(data).collect(),
        bin_s: BIN_S,
        arrivals: (0..BINS).map(|bin| if bin < 109 { 9_174.0 + wobble(bin) } else { 0.0 }).collect(),
        outages: vec![outage("viber", "silent", 1_200.0, 1_800.0, 0.9), outage("sms", "slow", 1_500.0, 2_700.0, 1.0)],
        groups: Vec::new(),
    }
}

fn data(sketch: &Sketch) -> PlanFigureData {
    let reached: f64 = sketch.first.iter().sum();
    let curve = (0..160).map(|index| {
        let seconds = 0.2 * 1.055f64.powi(index);
        let spread = (seconds / sketch.median_s).ln() / 1.1;
        let bump = if sketch.first.len() > 1 { 0.25 / (1.0 + (-(seconds - 62.0) / 3.0).exp()) } else { 0.25 };
        (seconds, reached * (0.75 + bump) / (1.0 + (-1.7 * spread).exp()))
    });
    let channel = |(name, first): (&&str, &f64)| ((*name).to_owned(), bins(first * 9_174.0, *name == "viber"));
    PlanFigureData {
        curve: curve.collect(),
        deliveries: sketch.providers.iter().zip(sketch.first).map(channel).collect(),
        failovers: bins(9_174.0 * (1.0 - sketch.first[0]), false),
        first_by_step: sketch.first.to_vec(),
    }
}

fn bins(level: f64, is_hit: bool) -> Vec<f64> {
    let factor = |bin: usize| match bin {
        0 | 110 => 0.6,
        111.. => 0.0,
        36..55 if is_hit => 0.1,
        _ => 1.0,
    };
    (0..BINS).map(|bin| (level * factor(bin) + wobble(bin) * factor(bin)).max(0.0)).collect()
}

/// A value that looks random.
fn wobble(bin: usize) -> f64 {
    ((bin * 7_919 + 13) % 191) as f64 - 95.0
}

fn in_time() -> InTimeData {
    let of_plan = |sketch: &Sketch| {
        let share = |bin: usize| match bin {
            109.. => None,
            36..55 if sketch.providers[0] == "viber" => Some(0.8 * sketch.in_time),
            _ => Some(sketch.in_time),
        };
        (0..BINS).map(share).collect()
    };
    InTimeData { bin_s: BIN_S, streams: vec![(String::new(), SKETCHES.iter().map(of_plan).collect())] }
}
