//! The outcome of `failsim optimize`: the winner as a block for a scenario file, under comments that say how it compares.

use super::words;
use crate::engine::LateDelivery;
use crate::scenario::{Bound, Metric, Plan, Scenario, Unit};
use crate::study::{Found, Optimum, PlanResult, Search, measure};

/// The outcome of a search as TOML: a table in comments, then the best plan as a `[[plans]]` block, or with two objectives each plan that no other
/// beats in both. `confirmed` is the best plan as it was simulated. Ends with a line feed.
#[must_use]
pub fn optimum(search: &Search<'_>, optimum: &Optimum, confirmed: Option<&PlanResult>) -> String {
    let mut text = String::new();
    let mut comment = |line: &str| {
        text.push_str(format!("# {line}").trim_end());
        text.push('\n');
    };
    comment(&headline(search, optimum));
    comment("");
    table(search, optimum).iter().for_each(|line| comment(line));
    if let (Some(best), Some(result)) = (optimum.plans.first(), confirmed) {
        comment("");
        confirmation(search, best, result).iter().for_each(|line| comment(line));
    }
    let shown = if search.objectives.len() > 1 { optimum.plans.len() } else { 1 };
    let mut used: Vec<String> = search.scenario.plans.iter().map(|plan| plan.name.clone()).collect();
    let names: Vec<String> =
        optimum.plans.iter().take(shown).map(|found| unused(&found.plan.name, &mut used)).collect();
    for (found, name) in optimum.plans.iter().zip(&names) {
        text.push('\n');
        let block = block(search.scenario, &found.plan, name);
        // A plan that misses its bounds is not ready for use.
        let prefix = if found.meets_bounds { "" } else { "# " };
        block.lines().for_each(|line| text.push_str(&format!("{prefix}{line}\n")));
    }
    text.replace(words::NBSP, " ")
}

/// A name that no plan has yet: with a number after it, if need be.
fn unused(name: &str, used: &mut Vec<String>) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let free = [name.to_owned()].into_iter().chain(numbered).find(|name| !used.contains(name)).unwrap_or_default();
    used.push(free.clone());
    free
}

fn headline(search: &Search<'_>, optimum: &Optimum) -> String {
    let goals: Vec<String> = search
        .objectives
        .iter()
        .map(|metric| format!("the {} {metric}", if metric.more_is_better() { "most" } else { "least" }))
        .collect();
    let bounds: Vec<String> = search.bounds.iter().map(|(metric, bound)| bound_text(*metric, *bound)).collect();
    let condition = if bounds.is_empty() { String::new() } else { format!(" with {}", bounds.join(" and ")) };
    let candidates = words::whole(optimum.candidates as u64);
    let of = format!("{candidates} {}, solved exactly", words::plural(optimum.candidates as f64, "plan", "plans"));
    if optimum.plans.iter().any(|found| found.meets_bounds) {
        format!("{}{condition}, of {of}:", goals.join(" and "))
    } else {
        format!("None of {of}, has {}. The nearest:", bounds.join(" and "))
    }
}

fn bound_text(metric: Metric, bound: Bound) -> String {
    let sign = if matches!(bound, Bound::AtLeast(_)) { ">=" } else { "<=" };
    format!("{metric} {sign} {}", plainly(metric, bound.limit()))
}

/// A value of a measure; shares with two decimals, since bounds often differ in the second.
fn plainly(metric: Metric, value: f64) -> String {
    if metric.unit() == Unit::Share { words::percent(value, 2) } else { words::measured_plainly(metric.unit(), value) }
}

/// The measures that are shown.
fn shown(search: &Search<'_>) -> Vec<Metric> {
    let mut shown = search.objectives.clone();
    let usual = [Metric::InTime, Metric::Delivered, Metric::CostPerRecipient, Metric::Duplicates];
    for metric in search.bounds.iter().map(|(metric, _)| *metric).chain(usual) {
        if !shown.contains(&metric) {
            shown.push(metric);
        }
    }
    shown
}

/// A row for each plan, under a head.
fn table(search: &Search<'_>, optimum: &Optimum) -> Vec<String> {
    let metrics = shown(search);
    let head = ["steps".to_owned()].into_iter().chain(metrics.iter().map(|metric| metric.name().to_owned())).collect();
    let row = |found: &Found| {
        let value = |metric: &Metric| {
            let exact = found.solution.measure(*metric);
            exact.map_or(words::NONE.to_owned(), |exact| plainly(*metric, exact.value))
        };
        [steps(search.scenario, &found.plan)].into_iter().chain(metrics.iter().map(value)).collect()
    };
    let rows: Vec<Vec<String>> = [head].into_iter().chain(optimum.plans.iter().map(row)).collect();
    let widths: Vec<usize> =
        (0..rows[0].len()).map(|place| rows.iter().map(|row| words::width(&row[place])).max().unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(place, (cell, width))| {
            let blank = " ".repeat(width - words::width(cell));
            if place == 0 { format!("{cell}{blank}") } else { format!("{blank}{cell}") }
        });
        cells.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect()
}

/// The steps of a plan in short: `viber 30s, sms 5m`.
fn steps(scenario: &Scenario, plan: &Plan) -> String {
    let all: Vec<String> = plan
        .flow
        .steps()
        .iter()
        .enumerate()
        .map(|(place, rules)| {
            let name = &scenario.providers[rules.pool.members()[0]].name;
            let is_last = place + 1 == plan.flow.steps().len();
            if is_last { name.clone() } else { format!("{name} {}", rules.ttl) }
        })
        .collect();
    let ignores = plan.flow.late_delivery() == LateDelivery::Ignore && plan.flow.steps().len() > 1;
    format!("{}{}", all.join(", "), if ignores { " (ignores late deliveries)" } else { "" })
}

/// What the simulation of the best plan says.
fn confirmation(search: &Search<'_>, best: &Found, result: &PlanResult) -> Vec<String> {
    let said = shown(search).into_iter().filter_map(|metric| {
        let measured = measure(result, metric)?;
        Some(format!("  {metric} {}", words::measured(metric.unit(), &measured)))
    });
    let disagrees = |metric: &Metric| {
        let (exact, simulated) = (best.solution.measure(*metric), measure(result, *metric));
        let Some(((exact, simulated), (low, high))) =
            exact.zip(simulated).and_then(|both| Some((both, both.1.interval?)))
        else {
            return false;
        };
        (exact.value - simulated.value).abs() > 2.5 * 0.5 * (high - low) + exact.error
    };
    let wrong: Vec<&str> = shown(search).into_iter().filter(disagrees).map(|metric| metric.name()).collect();
    let warning =
        format!("The simulation does not agree with the exact answer on {}: trust the simulation.", words::all(&wrong));
    let warning = (!wrong.is_empty()).then_some(warning);
    let recipients = words::count(result.recipients.0);
    let head = format!("{}, simulated for {recipients} recipients:", steps(search.scenario, &best.plan));
    [head].into_iter().chain(said).chain(warning).collect()
}

/// A plan as a block of a scenario file.
fn block(scenario: &Scenario, plan: &Plan, name: &str) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut text = format!("[[plans]]\nname = {}\n", quoted(name));
    if plan.flow.late_delivery() == LateDelivery::Ignore {
        text.push_str("late_delivery = \"ignore\"\n");
    }
    text.push_str("steps = [\n");
    for rules in plan.flow.steps() {
        let provider = quoted(&scenario.providers[rules.pool.members()[0]].name);
        let ttl = if rules.ttl.is_unlimited() { "none".to_owned() } else { rules.ttl.to_string() };
        text.push_str(&format!("  {{ provider = {provider}, ttl = {} }},\n", quoted(&ttl)));
    }
    text.push_str("]\n");
    text
}
