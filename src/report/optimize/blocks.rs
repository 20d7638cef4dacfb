//! The outcome of `failsim optimize`: the winner as a block for a scenario file, under comments that say how it compares.

use super::terms::{Names, plainly, steps, unusual_triggers};
use crate::engine::{LateDelivery, StepRules};
use crate::report::words;
use crate::scenario::{Bound, BySegment, Metric, Plan, Scenario};
use crate::study::{Found, Optimum, PlanResult, Search, SegmentOptima, measure};

/// The outcome of a search as TOML: a table in comments, then the best plan as a `[[plans]]` block, or with two objectives each plan that no other
/// beats in both. `confirmed` is the best plan as it was simulated. Ends with a line feed.
pub(super) fn optimum(search: &Search<'_>, optimum: &Optimum, confirmed: Option<&PlanResult>) -> String {
    let mut text = Comments::default();
    text.line(&headline(search, optimum));
    text.part(&table(search, optimum));
    if let (Some(best), Some(result)) = (optimum.plans.get(optimum.chosen), confirmed) {
        text.part(&confirmation(search, best, &steps(search.scenario, &best.plan), result));
        text.part(&[spent(optimum.solved, search)]);
    }
    let mut text = text.0;
    let shown = if search.objectives.len() > 1 { optimum.shown.len() } else { 1 };
    let mut used = Names::of(search.scenario);
    for found in shown_of(optimum).take(shown) {
        let block = block(search.scenario, &found.plan, &used.free(&found.plan.name));
        text.push_str(&ready(&block, found.meets_bounds));
    }
    text.replace(words::NBSP, " ")
}

/// The outcome of a search by segment as TOML: a table in comments, then the plans of the composite as `[[plans]]` blocks, and the composite.
/// `confirmed` is the composite as it was simulated. Ends with a line feed.
pub(super) fn segment_optima(search: &Search<'_>, optima: &SegmentOptima, confirmed: Option<&PlanResult>) -> String {
    let mut text = Comments::default();
    let (scenario, composite) = (search.scenario, &optima.composite);
    let candidates = words::whole(optima.single.candidates as u64);
    let (goal, condition) = asked(search);
    let of =
        format!("of {candidates} {}, solved exactly", words::plural(optima.single.candidates as f64, "plan", "plans"));
    text.line(&if composite.meets_bounds {
        format!("{goal}{condition} in each segment, {of}:")
    } else {
        format!("Not every segment has a plan{condition}, {of}. The nearest:")
    });
    let segments = &scenario.people.segments;
    let best = optima.segments.iter().map(|optimum| optimum.as_ref().and_then(|optimum| optimum.plans.first()));
    let of_segments = segments.iter().map(String::as_str).zip(best);
    let of_segments = of_segments.filter_map(|(name, found)| Some((name, found?)));
    let rows = of_segments.map(|(name, found)| row(search, vec![name.to_owned(), steps(scenario, &found.plan)], found));
    let all = |steps: String, found: &Found| row(search, vec!["(all)".to_owned(), steps], found);
    // For the one plan, the bounds hold for all together.
    let single = optima.single.plans.first();
    let misses = |found: &Found| if found.meets_bounds { "" } else { " (misses a bound)" };
    let single = single.map(|found| all(format!("one plan: {}{}", steps(scenario, &found.plan), misses(found)), found));
    let rows = [head(search, &["segment", "steps"])].into_iter().chain(rows);
    let rows: Vec<_> = rows.chain([all("by segment".to_owned(), composite)]).chain(single).collect();
    text.part(&laid_out(2, &rows));
    if let Some(result) = confirmed {
        text.part(&confirmation(search, composite, "By segment", result));
        let all = optima.segments.iter().flatten().chain([&optima.single]);
        let solved: usize = all.map(|optimum| optimum.solved).sum();
        text.part(&[spent(solved, search)]);
    }
    let mut text = text.0;
    let mut used = Names::of(scenario);
    let Some(BySegment { members, of_segment }) = &composite.plan.by_segment else { return text };
    let names: Vec<String> = members.iter().map(|member| used.free(&member.name)).collect();
    for (member, name) in members.iter().zip(&names) {
        text.push_str(&ready(&block(scenario, member, name), composite.meets_bounds));
    }
    let each =
        segments.iter().zip(of_segment).map(|(segment, &of)| format!("{} = {}", key(segment), quoted(&names[of])));
    let each = each.collect::<Vec<_>>().join(", ");
    let name = quoted(&used.free(&composite.plan.name));
    let block = format!("[[plans]]\nname = {name}\nby_segment = {{ {each} }}\n");
    text.push_str(&ready(&block, composite.meets_bounds));
    text.replace(words::NBSP, " ")
}

/// Lines of comments in a TOML file.
#[derive(Default)]
pub(super) struct Comments(pub(super) String);

impl Comments {
    pub(super) fn line(&mut self, line: &str) {
        self.0.push_str(format!("# {line}").trim_end());
        self.0.push('\n');
    }

    /// These lines, after an empty one.
    pub(super) fn part(&mut self, lines: &[String]) {
        self.line("");
        lines.iter().for_each(|line| self.line(line));
    }
}

/// A block after a blank line: commented out if its plan misses its bounds and is not ready for use.
pub(super) fn ready(block: &str, meets_bounds: bool) -> String {
    let prefix = if meets_bounds { "" } else { "# " };
    let lines = block.lines().map(|line| format!("{prefix}{line}\n"));
    format!("\n{}", lines.collect::<String>())
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A key of a TOML table, in quotes if need be.
fn key(name: &str) -> String {
    let is_bare = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quoted(name) }
}

/// What is sought, such as `the least cost_per_recipient`, and the condition, such as ` with in_time >= 99.00 %`.
pub(super) fn asked(search: &Search<'_>) -> (String, String) {
    let goals: Vec<String> = search
        .objectives
        .iter()
        .map(|metric| format!("the {} {metric}", if metric.more_is_better() { "most" } else { "least" }))
        .collect();
    let bounds: Vec<String> = search.bounds.iter().map(|(metric, bound)| bound_text(*metric, *bound)).collect();
    let condition = if bounds.is_empty() { String::new() } else { format!(" with {}", bounds.join(" and ")) };
    (goals.join(" and "), condition)
}

fn headline(search: &Search<'_>, optimum: &Optimum) -> String {
    let (goal, condition) = asked(search);
    let candidates = words::whole(optimum.candidates as u64);
    let of = format!("{candidates} {}, solved exactly", words::plural(optimum.candidates as f64, "plan", "plans"));
    if optimum.plans.iter().any(|found| found.meets_bounds) {
        let shown = match (optimum.shown.len(), optimum.unbeaten) {
            (shown, all) if shown < all => format!(" {shown} of the {} that no other beats", words::whole(all as u64)),
            _ => String::new(),
        };
        format!("{goal}{condition}, of {of}:{shown}")
    } else {
        format!("None of {of}, has {}. The nearest:", condition.trim_start_matches(" with "))
    }
}

fn bound_text(metric: Metric, bound: Bound) -> String {
    let sign = if matches!(bound, Bound::AtLeast(_)) { ">=" } else { "<=" };
    format!("{metric} {sign} {}", plainly(metric, bound.limit()))
}

/// The plans that are shown.
fn shown_of(optimum: &Optimum) -> impl Iterator<Item = &Found> {
    optimum.shown.iter().map(|&place| &optimum.plans[place])
}

/// A row for each plan, under a head.
fn table(search: &Search<'_>, optimum: &Optimum) -> Vec<String> {
    let row = |found: &Found| row(search, vec![steps(search.scenario, &found.plan)], found);
    let rows: Vec<_> = [head(search, &["steps"])].into_iter().chain(shown_of(optimum).map(row)).collect();
    laid_out(1, &rows)
}

/// The head of a table: these names, and the measures.
fn head(search: &Search<'_>, names: &[&str]) -> Vec<String> {
    let measures = search.measures();
    names.iter().copied().chain(measures.iter().map(|metric| metric.name())).map(str::to_owned).collect()
}

/// A row about a plan: these names, and its measures.
fn row(search: &Search<'_>, names: Vec<String>, found: &Found) -> Vec<String> {
    let value = |metric: Metric| {
        let exact = found.solution.measure(metric);
        exact.map_or(words::NONE.to_owned(), |exact| plainly(metric, exact.value))
    };
    names.into_iter().chain(search.measures().into_iter().map(value)).collect()
}

/// Rows in columns, the head first: some have text, the others numbers.
pub(super) fn laid_out(named: usize, rows: &[Vec<String>]) -> Vec<String> {
    let widths: Vec<usize> =
        (0..rows[0].len()).map(|place| rows.iter().map(|row| words::width(&row[place])).max().unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(place, (cell, width))| {
            let blank = " ".repeat(width - words::width(cell));
            if place < named { format!("{cell}{blank}") } else { format!("{blank}{cell}") }
        });
        cells.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect()
}

/// What the simulation of the best plan, of this name, says.
fn confirmation(search: &Search<'_>, best: &Found, name: &str, result: &PlanResult) -> Vec<String> {
    let said = search.measures().into_iter().filter_map(|metric| {
        let measured = measure(result, metric)?;
        Some(format!("  {metric} {}", words::measured(metric.unit(), &measured)))
    });
    let recipients = words::count(result.recipients.0);
    let head = format!("{name}, simulated for {recipients} recipients:");
    [head].into_iter().chain(said).chain(disagreement(search, best, result)).collect()
}

/// On what the simulation of a plan does not agree with its solution, if there is anything.
pub(super) fn disagreement(search: &Search<'_>, best: &Found, result: &PlanResult) -> Option<String> {
    let disagrees = |metric: &Metric| {
        let (exact, simulated) = (best.solution.measure(*metric), measure(result, *metric));
        let Some(((exact, simulated), (low, high))) =
            exact.zip(simulated).and_then(|both| Some((both, both.1.interval?)))
        else {
            return false;
        };
        (exact.value - simulated.value).abs() > 2.5 * 0.5 * (high - low) + exact.error
    };
    let wrong: Vec<&str> = search.measures().into_iter().filter(disagrees).map(|metric| metric.name()).collect();
    let warning =
        format!("The simulation does not agree with the exact answer on {}: trust the simulation.", words::all(&wrong));
    (!wrong.is_empty()).then_some(warning)
}

/// How much work it was.
fn spent(solved: usize, search: &Search<'_>) -> String {
    let scenario = search.scenario;
    let recipients = scenario.recipients().saturating_mul(u64::from(scenario.replications));
    format!("Spent: {} solutions, and {} simulated recipients.", words::whole(solved as u64), words::whole(recipients))
}

/// A plan as a block of a scenario file.
pub(super) fn block(scenario: &Scenario, plan: &Plan, name: &str) -> String {
    let mut text = format!("[[plans]]\nname = {}\n", quoted(name));
    if plan.flow.late_delivery() == LateDelivery::Ignore {
        text.push_str("late_delivery = \"ignore\"\n");
    }
    text.push_str("steps = [\n");
    for rules in plan.flow.steps() {
        let provider = quoted(&scenario.providers[rules.pool.members()[0]].name);
        let ttl = if rules.ttl.is_unlimited() { "none".to_owned() } else { rules.ttl.to_string() };
        let mut keys = vec![format!("provider = {provider}"), format!("ttl = {}", quoted(&ttl))];
        if let Some(triggers) = unusual_triggers(scenario, rules) {
            let triggers: Vec<String> = triggers.into_iter().map(quoted).collect();
            keys.push(format!("failover_on = [{}]", triggers.join(", ")));
        }
        keys.extend(retries(rules));
        text.push_str(&format!("  {{ {} }},\n", keys.join(", ")));
    }
    text.push_str("]\n");
    text
}

/// The keys of a step that retries.
fn retries(rules: &StepRules) -> Vec<String> {
    if rules.attempts < 2 {
        return Vec::new();
    }
    let part = |millionths: u32| words::without_zeros(&format!("{:.6}", f64::from(millionths) / 1e6)).to_owned();
    let mut keys = vec![format!("attempts = {}", rules.attempts)];
    if rules.retry_after > crate::units::Span::ZERO {
        keys.push(format!("retry_after = {}", quoted(&rules.retry_after.to_string())));
        if rules.backoff != StepRules::STEADY {
            keys.push(format!("backoff = {}", part(rules.backoff)));
        }
        if rules.jitter > 0 {
            keys.push(format!("jitter = {}", part(rules.jitter)));
        }
    }
    keys
}
