//! The contents of the tables, shared by terminal, Markdown and HTML: captions, columns and cells as text.

use super::words;
use crate::study::{
    Callbacks, Comparison, Count, Difference, GroupKind, GroupResult, Method, PlanOverTime, PlanResult,
    ProviderOverTime, ProviderResult, QueueOverTime, Results, RunOutput, StepResult,
};
use serde::Serialize;

/// Ends of a step rarer than this share are not shown.
const RARE: f64 = 0.000_5;

/// A table of text.
#[derive(Serialize)]
pub(super) struct Grid {
    pub(super) caption: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<String>>,
    pub(super) shape: Shape,
}

/// How a grid is laid out when it is too wide for a terminal.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum Shape {
    /// One row per measure, one column per plan.
    Sheet,
    /// One row per item; a first cell that repeats the one above is left blank.
    List,
}

/// The head of a column.
#[derive(Clone, Serialize)]
pub(super) struct Column {
    pub(super) name: String,
    /// Whether the column is right-aligned, as numbers are.
    pub(super) is_number: bool,
}

impl Column {
    pub(super) fn text(name: impl Into<String>) -> Self {
        Self { name: name.into(), is_number: false }
    }

    pub(super) fn number(name: impl Into<String>) -> Self {
        Self { name: name.into(), is_number: true }
    }
}

/// The key table: a row for each measure, a column for each plan.
pub(super) fn plans(results: &Results) -> Grid {
    let names = results.plans.iter().map(|plan| Column::number(&plan.name));
    Grid {
        caption: "Plans".to_owned(),
        columns: [Column::text("")].into_iter().chain(names).collect(),
        rows: measures(results),
        shape: Shape::Sheet,
    }
}

/// The rows of the key table.
fn measures(results: &Results) -> Vec<Vec<String>> {
    let deadline = results.deadline_s().map_or_else(String::new, |s| format!(" ({})", words::span(s)));
    let mut rows = vec![
        row(results, "delivered", |plan| words::share(&plan.delivered)),
        row(results, format!("in time{deadline}"), |plan| words::share(&plan.in_time)),
        row(results, "succeeded", |plan| words::share(&plan.succeeded)),
        row(results, "duplicates", |plan| words::share(&plan.duplicates)),
    ];
    if results.plans.iter().any(|plan| plan.seen.is_some()) {
        rows.push(row(results, "seen", |plan| plan.seen.as_ref().map_or(words::NONE.to_owned(), words::share)));
    }
    rows.extend(cost_rows(results));
    rows.extend([
        row(results, "latency p50", |plan| quantile(plan, "p50", plan.latency_s.p50)),
        row(results, "latency p95", |plan| quantile(plan, "p95", plan.latency_s.p95)),
        row(results, "latency p99", |plan| quantile(plan, "p99", plan.latency_s.p99)),
        row(results, "failovers", |plan| words::count(plan.failovers.0)),
    ]);
    if results.plans.iter().any(|plan| plan.unresolved.0 > 0.0) {
        rows.push(row(results, "unresolved", |plan| words::count(plan.unresolved.0)));
    }
    rows
}

fn cost_rows(results: &Results) -> [Vec<String>; 3] {
    let currency = &results.scenario.currency;
    [
        row(results, format!("cost per recipient, {currency}"), |plan| words::cost_per_recipient(&plan.cost)),
        row(results, format!("cost per delivered, {currency}"), |plan| {
            plan.cost.per_delivered.map_or(words::NONE.to_owned(), words::plain_amount)
        }),
        row(results, format!("total cost, {currency}"), |plan| words::plain_amount(plan.cost.total)),
    ]
}

fn row(results: &Results, name: impl Into<String>, cell: impl Fn(&PlanResult) -> String) -> Vec<String> {
    [name.into()].into_iter().chain(results.plans.iter().map(cell)).collect()
}

fn quantile(plan: &PlanResult, name: &str, value: Option<f64>) -> String {
    words::latency(value, plan.latency_s.intervals.get(name))
}

/// The paired differences, one row for each pair; `None` with fewer than two plans.
pub(super) fn comparisons(results: &Results) -> Option<Grid> {
    (!results.comparisons.is_empty()).then(|| Grid {
        caption: format!("Differences between two plans, {}", paired(results)),
        columns: vec![
            Column::text("plan"),
            Column::text("minus"),
            Column::number("delivered, points"),
            Column::number("in time, points"),
            Column::number(format!("cost per recipient, {}", results.scenario.currency)),
            Column::number("latency p95, s"),
        ],
        rows: results.comparisons.iter().map(comparison).collect(),
        shape: Shape::List,
    })
}

/// The paired differences between each plan and the first; `None` with fewer than two plans.
pub(super) fn differences_to_first(results: &Results) -> Option<Grid> {
    let first = &results.plans.first()?.name;
    let mut grid = comparisons(results)?;
    grid.caption = format!("Differences to {first}, {}", paired(results));
    grid.columns.remove(1);
    grid.rows.retain(|row| row.get(1) == Some(first));
    grid.rows.iter_mut().for_each(|row| drop(row.remove(1)));
    Some(grid)
}

/// How plans are compared.
fn paired(results: &Results) -> &'static str {
    match results.scenario.method {
        Method::Simulate => "on the same recipients with common random numbers",
        Method::Mixed => "exact or on the same recipients with common random numbers",
        Method::Exact => "exact; latencies on the same recipients with common random numbers",
    }
}

fn comparison(pair: &Comparison) -> Vec<String> {
    let latency = |difference: &Difference| words::difference(difference, 1.0);
    vec![
        pair.plan.clone(),
        pair.against.clone(),
        words::difference(&pair.delivered, 100.0),
        words::difference(&pair.in_time, 100.0),
        words::difference(&pair.cost_per_recipient, 1.0),
        pair.latency_p95_s.as_ref().map_or(words::NONE.to_owned(), latency),
    ]
}

/// The results of the steps: a row for each step of each plan.
pub(super) fn steps(results: &Results) -> Grid {
    let rows = results.plans.iter().flat_map(|plan| plan.steps.iter().map(|step| step_row(plan, step)));
    let is_simulated = results.scenario.method == Method::Simulate;
    Grid {
        caption: if is_simulated { "Steps" } else { "Steps, as simulated" }.to_owned(),
        columns: vec![
            Column::text("plan"),
            Column::text("step"),
            Column::number("attempts"),
            Column::number("delivered"),
            Column::number("late"),
            Column::number(format!("cost, {}", results.scenario.currency)),
            Column::text("how the step ended"),
        ],
        rows: rows.collect(),
        shape: Shape::List,
    }
}

fn step_row(plan: &PlanResult, step: &StepResult) -> Vec<String> {
    vec![
        plan.name.clone(),
        step_name(step),
        words::count(step.attempts.0),
        words::count(step.delivered.0),
        words::count(step.late.0),
        words::plain_amount(step.cost),
        outcomes(step),
    ]
}

/// With more rows than this, only the plan to choose is shown for each segment.
const MOST_SEGMENT_ROWS: usize = 40;

/// The plans in each segment; `None` without segments.
pub(super) fn segments(results: &Results) -> Option<Grid> {
    let groups = results.by_group(GroupKind::Segment);
    let all = groups.len() * results.plans.len();
    let shown = |view: &Results| match super::finding::choice(view) {
        Some(choice) if all > MOST_SEGMENT_ROWS => vec![choice.clone()],
        _ => {
            let plain: Vec<_> = view.plans.iter().filter(|plan| !plan.is_composite()).cloned().collect();
            if plain.is_empty() { view.plans.clone() } else { plain }
        }
    };
    let row = |group: &GroupResult, plan: &PlanResult| {
        vec![
            group.name.clone(),
            plan.name.clone(),
            words::share(&plan.delivered),
            words::share(&plan.in_time),
            words::cost_per_recipient(&plan.cost),
            words::plain_amount(plan.cost.total),
        ]
    };
    let rows = groups.iter().flat_map(|(group, view)| {
        let plans = shown(view);
        plans.iter().map(|plan| row(group, plan)).collect::<Vec<_>>()
    });
    let currency = &results.scenario.currency;
    let caption = match all > MOST_SEGMENT_ROWS {
        true => "Segments: in each, the cheapest plan within a point of the most in time",
        false => "Segments",
    };
    (!groups.is_empty()).then(|| Grid {
        caption: caption.to_owned(),
        columns: vec![
            Column::text("segment"),
            Column::text("plan"),
            Column::number("delivered"),
            Column::number("in time"),
            Column::number(format!("cost per recipient, {currency}")),
            Column::number(format!("total cost, {currency}")),
        ],
        rows: rows.collect(),
        shape: Shape::List,
    })
}

/// `1 viber`, or `1 acme (sms)` where the provider is not named for its channel; in a composite with its plan: `viber-first, 1 viber`.
pub(super) fn step_name(step: &StepResult) -> String {
    if let Some(plan) = &step.plan {
        return format!("{plan}, {}", step_name(&StepResult { plan: None, ..step.clone() }));
    }
    if step.provider == step.channel {
        format!("{} {}", step.step, step.provider)
    } else {
        format!("{} {} ({})", step.step, step.provider, step.channel)
    }
}

/// How a step ended, most frequent first: `62 % delivered, 23 % undelivered`. Shares that would be shown as 0.0 % are left out.
fn outcomes(step: &StepResult) -> String {
    let all: f64 = step.outcomes.values().map(|count| count.0).sum();
    let mut parts: Vec<_> = step.outcomes.iter().filter(|(_, count)| count.0 >= RARE * all && count.0 > 0.0).collect();
    parts.sort_by(|a, b| b.1.0.total_cmp(&a.1.0));
    if parts.is_empty() {
        return "no recipient reached this step".to_owned();
    }
    let part = |(status, count): (&String, &Count)| {
        let share = count.0 / all;
        let is_fine = !(0.0995..0.9).contains(&share) && share < 1.0;
        let share = words::percent(share, usize::from(is_fine));
        format!("{share}{}{}", words::NBSP, status.replace('_', "\u{a0}"))
    };
    parts.into_iter().map(part).collect::<Vec<_>>().join(", ")
}

/// The load of callbacks; `None` where only those at the ends of flows are counted.
pub(super) fn callbacks(results: &Results) -> Option<Grid> {
    let row = |plan: &PlanResult| {
        let Callbacks { on_completion, on_completion_peak_per_s, on_change, on_change_peak_per_s } = plan.callbacks;
        let count = |count: Count| words::count(count.0);
        let peak = |peak: Option<u64>| peak.map_or(words::NONE.to_owned(), |peak| words::count(peak as f64));
        Some(vec![
            plan.name.clone(),
            count(on_completion),
            peak(on_completion_peak_per_s),
            count(on_change?),
            peak(on_change_peak_per_s),
        ])
    };
    let rows: Vec<_> = results.plans.iter().filter_map(row).collect();
    (!rows.is_empty()).then(|| Grid {
        caption: "Callbacks (peak: the most in a second of the clock)".to_owned(),
        columns: vec![
            Column::text("plan"),
            Column::number("on completion"),
            Column::number("peak on completion"),
            Column::number("on change"),
            Column::number("peak on change"),
        ],
        rows,
        shape: Shape::List,
    })
}

/// How the capacity of each provider was used; `None` where no provider is limited.
pub(super) fn capacity(output: &RunOutput) -> Option<Grid> {
    let plans = output.drawn.iter().zip(&output.over_time.plans);
    let rows: Vec<_> = plans.flat_map(|(&plan, over_time)| capacity_rows(&output.results, plan, over_time)).collect();
    let mut grid = Grid {
        caption: "Capacity (used: while recipients arrived; waits: of attempts that departed)".to_owned(),
        columns: vec![
            Column::text("plan"),
            Column::text("provider"),
            Column::number("limit"),
            Column::number("used"),
            Column::number("departed at once"),
            Column::number("wait mean"),
            Column::number("wait p99"),
            Column::number("longest queue"),
            Column::number("rejected"),
            Column::number("expired in queue"),
            Column::number("cancelled"),
            Column::number("still queued"),
            Column::number("backlog cleared at"),
        ],
        rows,
        shape: Shape::List,
    };
    for (column, of) in NEVER_DEPARTED.iter().enumerate().rev() {
        let all = output.results.plans.iter().flat_map(|plan| &plan.providers);
        if all.map(of).all(|count| count.0 == 0.0) {
            grid.columns.remove(FIRST_NEVER_DEPARTED + column);
            grid.rows.iter_mut().for_each(|row| drop(row.remove(FIRST_NEVER_DEPARTED + column)));
        }
    }
    (!grid.rows.is_empty()).then_some(grid)
}

/// The counts of attempts that never departed; a column is left out if its count is always 0.
const NEVER_DEPARTED: [fn(&ProviderResult) -> Count; 4] =
    [|of| of.rejected, |of| of.expired_in_queue, |of| of.cancelled, |of| of.still_queued];
/// The first column of [`NEVER_DEPARTED`].
const FIRST_NEVER_DEPARTED: usize = 8;

/// A row for each provider with limited capacity, and one for each stream of traffic where several share it.
fn capacity_rows(results: &Results, index: usize, over_time: &PlanOverTime) -> Vec<Vec<String>> {
    let plan = &results.plans[index];
    let rows = |provider: &ProviderOverTime| {
        let queue = provider.queue.as_ref()?;
        let of = |plan: &PlanResult| plan.providers.iter().find(|result| result.provider == provider.provider).cloned();
        let streams =
            results.groups_of(GroupKind::Stream).filter_map(|group| Some((&group.name, of(&group.plans[index])?)));
        let streams: Vec<_> = streams.filter(|(_, result)| result.attempts.0 > 0.0).collect();
        let whole = capacity_row(&plan.name, provider.provider.clone(), Some(queue), &of(plan)?);
        let each = streams.iter().filter(|_| streams.len() > 1);
        let each = each.map(|(stream, result)| capacity_row(&plan.name, format!("– {stream}"), None, result));
        Some(std::iter::once(whole).chain(each).collect::<Vec<_>>())
    };
    over_time.providers.iter().filter_map(rows).flatten().collect()
}

/// The results of a provider's queue; without `queue`, the cells that hold only for all streams together are blank.
fn capacity_row(plan: &str, name: String, queue: Option<&QueueOverTime>, result: &ProviderResult) -> Vec<String> {
    let share = |share: Option<f64>| share.map_or(words::NONE.to_owned(), |share| words::percent(share, 0));
    let cleared = match result.backlog_cleared_s {
        _ if result.still_queued.0 > 0.0 => "never".to_owned(),
        cleared => cleared.map_or(words::NONE.to_owned(), words::span),
    };
    let whole = |text: &dyn Fn(&QueueOverTime) -> String| queue.map_or_else(String::new, text);
    [
        plan.to_owned(),
        name,
        whole(&limit),
        whole(&|queue| share(queue.utilisation)),
        whole(&|queue| share(queue.at_once)),
        words::span(result.wait_mean_s),
        words::span(result.wait_p99_s),
        whole(&|_| words::count(result.queue_max as f64)),
    ]
    .into_iter()
    .chain(NEVER_DEPARTED.map(|of| words::count(of(result).0)))
    .chain([cleared])
    .collect()
}

/// `500/s`, `5/s with burst 20`, `2 000 per 24 h`, `120 lines`, or several of them; with a quota or a burst of parts `2 000 parts`.
fn limit(queue: &QueueOverTime) -> String {
    let counted = |count: f64| match queue.counts_parts {
        true => format!("{}{}{}", words::count(count), words::NBSP, words::plural(count, "part", "parts")),
        false => words::count(count),
    };
    let burst = queue.burst.map_or_else(String::new, |burst| format!(" with burst {}", counted(f64::from(burst))));
    let rate = queue.rate_per_s.map(|rate| words::rate(rate) + &burst);
    let quota = queue.quota.map(|(limit, per)| format!("{} per {}", counted(limit as f64), words::span(per)));
    let lines = queue.concurrent.map(|lines| {
        let lines = f64::from(lines);
        format!("{}{}{}", words::count(lines), words::NBSP, words::plural(lines, "line", "lines"))
    });
    [rate, quota, lines].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
