//! Notes that keep a reader of the tables from wrong conclusions.

use super::words;
use crate::scenario::Metric;
use crate::study::{
    GroupKind, GroupResult, Intervals, Method, PlanResult, ProviderResult, Results, RunOutput, is_shared_out, measure,
};
use std::collections::BTreeMap;

/// The smallest difference, as a share, between what the engine believes and what was delivered that gets a note.
const BELIEF_GAP: f64 = 0.01;
/// Measures whose intervals appear only in files.
const OUTSIDE_THE_TABLE: [Metric; 3] = [Metric::LatencyMean, Metric::LatencyP90, Metric::LatencyP999];
/// The most reasons for a missing interval that are named.
const MOST_REASONS: usize = 3;
/// The most plans that a note names.
const MOST_NAMED: usize = 20;
/// The smallest share of duplicates that gets a note.
const MANY_DUPLICATES: f64 = 0.05;

/// The notes on the tables: one sentence for each subject, naming the plans.
#[must_use]
pub fn notes(results: &Results) -> Vec<String> {
    let results = &*results.preferring_exact();
    let plans = &results.plans;
    let shared = [
        intervals(results),
        not_solved(results),
        without_interval(results),
        wide(results),
        independence(plans),
        circuits(plans),
    ];
    let streams: Vec<_> = results.groups_of(GroupKind::Stream).collect();
    if streams.is_empty() {
        return shared.into_iter().chain(of_plans(plans)).flatten().collect();
    }
    let of_group = |group: &GroupResult| {
        let notes = of_plans(&group.plans).into_iter().flatten();
        notes.map(|note| format!("{}: {note}", group.name)).collect::<Vec<_>>()
    };
    shared.into_iter().flatten().chain(streams.into_iter().flat_map(of_group)).collect()
}

/// A note that says which plans the figures show, where those are not all.
pub(super) fn of_figures(output: &RunOutput) -> Option<String> {
    let (drawn, all) = (output.drawn.len(), output.results.plans.len());
    (drawn < all).then(|| {
        format!(
            "Figures, files of results over time and the capacity table show {drawn} of {} plans: the reference, and those that the fewest \
             other plans beat both in time and in cost. results.json and results.csv have all plans; select others with --plan.",
            words::count(all as f64)
        )
    })
}

fn of_plans(plans: &[PlanResult]) -> [Option<String>; 4] {
    [reach(plans), unresolved(plans), belief(plans), duplicates(plans)]
}

/// The plans for which `of` returns something, with what it returns, as a list.
fn listed(plans: &[PlanResult], of: impl Fn(&PlanResult) -> Option<String>) -> Option<String> {
    let mut named: Vec<_> = plans.iter().filter_map(|plan| Some(format!("{} {}", plan.name, of(plan)?))).collect();
    shorten(&mut named);
    (!named.is_empty()).then(|| named.join("; "))
}

/// The plans for which `of` returns the same.
fn by_what(plans: &[PlanResult], of: impl Fn(&PlanResult) -> Option<String>) -> Vec<(String, Vec<&str>)> {
    let mut all: Vec<(String, Vec<&str>)> = Vec::new();
    for plan in plans {
        let Some(what) = of(plan) else { continue };
        match all.iter_mut().find(|(other, _)| *other == what) {
            Some((_, plans)) => plans.push(&plan.name),
            None => all.push((what, vec![&plan.name])),
        }
    }
    all
}

/// The names of these plans, or how many they are.
fn few(plans: &[&str]) -> String {
    match plans.len() {
        few if few <= MOST_NAMED => words::all(plans),
        many => format!("{} plans", words::count(many as f64)),
    }
}

/// Leaves out of a long list all but the first, and says how many.
fn shorten(named: &mut Vec<String>) {
    let more = named.len().saturating_sub(MOST_NAMED);
    if more > 1 {
        named.truncate(MOST_NAMED);
        named.push(format!("and {} more", words::count(more as f64)));
    }
}

fn intervals(results: &Results) -> Option<String> {
    let text = match results.scenario.intervals {
        Intervals::FromRecipients => return None,
        Intervals::FromReplications => {
            "Recipients share capacity, circuits or random outages, so they are not independent: intervals come from the \
             differences between replications."
        }
        Intervals::Unknown => {
            "No intervals: recipients share capacity, circuits or random outages, so they are not independent. Intervals of \
             shares need at least 10 replications, those of costs and latencies at least 30 (--replications 30)."
        }
    };
    Some(text.to_owned())
}

/// The plans that are not solved, and why, unless it is said already.
fn not_solved(results: &Results) -> Option<String> {
    let facts = &results.scenario;
    if facts.method == Method::Simulate && facts.intervals != Intervals::FromRecipients {
        return None;
    }
    let reasons = by_what(&results.plans, |plan| plan.not_solved.clone());
    let mut each: Vec<_> = reasons.iter().map(|(reason, plans)| format!("{} ({reason})", few(plans))).collect();
    shorten(&mut each);
    (!each.is_empty()).then(|| format!("Simulated, because they cannot be solved exactly: {}.", each.join("; ")))
}

/// The results whose tables have every measure: each plan for all recipients, then each plan for each stream.
fn shown(results: &Results) -> impl Iterator<Item = &PlanResult> {
    results.plans.iter().chain(results.groups_of(GroupKind::Stream).flat_map(|group| &group.plans))
}

/// The measures of the table that have no interval, and why.
fn without_interval(results: &Results) -> Option<String> {
    let mut reasons: BTreeMap<&str, Vec<Metric>> = BTreeMap::new();
    for (measure, reason) in shown(results).flat_map(|plan| &plan.no_interval) {
        let measures = reasons.entry(reason).or_default();
        let shown = Metric::named(measure).filter(|metric| !OUTSIDE_THE_TABLE.contains(metric));
        measures.extend(shown.filter(|metric| !measures.contains(metric)));
    }
    let sentence = |(reason, measures): (&str, Vec<Metric>)| {
        let names: Vec<_> = measures.into_iter().map(words::name_of).collect();
        format!("{} ({reason})", names.join("; "))
    };
    let said: Vec<_> = reasons.into_iter().filter(|(_, measures)| !measures.is_empty()).map(sentence).collect();
    let more = said.len().saturating_sub(MOST_REASONS);
    let others = if more > 0 { format!("; {more} more reasons are in results.json") } else { String::new() };
    let named = said.into_iter().take(MOST_REASONS).collect::<Vec<_>>().join("; ");
    (!named.is_empty()).then(|| format!("No valid interval: {named}{others}."))
}

/// The shares whose intervals are wide because a single replication made up of exceptions could change them.
fn wide(results: &Results) -> Option<String> {
    let replications = results.scenario.replications;
    if results.scenario.intervals != Intervals::FromReplications {
        return None;
    }
    let all: Vec<_> = shown(results).collect();
    let is_wide = |plan: &PlanResult, metric: Metric| {
        let measured = measure(plan, metric);
        measured.is_some_and(|share| {
            share.interval.is_some_and(|(low, high)| low < high) && !is_shared_out(share.value, replications)
        })
    };
    let shares = [Metric::Delivered, Metric::InTime, Metric::Succeeded, Metric::Duplicates];
    let wide = shares.into_iter().filter(|metric| all.iter().any(|plan| is_wide(plan, *metric)));
    let named: Vec<_> = wide.map(words::name_of).collect();
    (!named.is_empty()).then(|| {
        format!(
            "Wide intervals, because one bad replication in {replications} would move a share so close to 0 or 100{}%: {}.",
            words::NBSP,
            named.join(", ")
        )
    })
}

/// The plans whose channels are taken as independent, and what the best single channel of each could reach.
#[must_use]
pub fn independence(plans: &[PlanResult]) -> Option<String> {
    let said = |plan: &PlanResult| {
        plan.best_channel.as_ref().map(|best| format!("{} ({})", words::percent(best.reach, 1), best.channel))
    };
    let best = by_what(plans, said);
    let mut best: Vec<_> = best.iter().map(|(said, plans)| format!("{said} under {}", few(plans))).collect();
    shorten(&mut best);
    (!best.is_empty()).then(|| {
        format!(
            "Channels are taken as independent, which flatters failover (see [people] and `persistent`); the best single channel could \
             reach {}.",
            best.join(", ")
        )
    })
}

fn circuits(plans: &[PlanResult]) -> Option<String> {
    let opened = |plan: &PlanResult| {
        let provider = |provider: &ProviderResult| {
            let (times, not_permitted) =
                (words::count(provider.circuit_opened.0), words::count(provider.not_permitted.0));
            let plural = words::plural(provider.circuit_opened.0, "time", "times");
            (provider.circuit_opened.0 > 0.0)
                .then(|| format!("{} {times} {plural}, {not_permitted} attempts not permitted", provider.provider))
        };
        let all: Vec<_> = plan.providers.iter().filter_map(provider).collect();
        (!all.is_empty()).then(|| all.join(", "))
    };
    Some(format!("Circuits opened: {}.", listed(plans, opened)?))
}

fn reach(plans: &[PlanResult]) -> Option<String> {
    let nobody = plans.iter().filter(|plan| plan.delivered.count.0 == 0.0).map(|plan| plan.name.clone());
    let mut names: Vec<_> = nobody.collect();
    shorten(&mut names);
    (!names.is_empty()).then(|| format!("No recipient is reached by {}.", names.join(", ")))
}

fn unresolved(plans: &[PlanResult]) -> Option<String> {
    let unresolved = |plan: &PlanResult| (plan.unresolved.0 > 0.0).then(|| words::count(plan.unresolved.0));
    Some(format!(
        "Unresolved flows, because their last step has no ttl and got no final report: {}.",
        listed(plans, unresolved)?
    ))
}

fn belief(plans: &[PlanResult]) -> Option<String> {
    let gap = |plan: &PlanResult| {
        let (believed, reached) = (plan.succeeded.share, plan.delivered.share);
        let words = || format!("succeeded {}, delivered {}", words::percent(believed, 1), words::percent(reached, 1));
        ((believed - reached).abs() > BELIEF_GAP).then(words)
    };
    let plans = listed(plans, gap)?;
    Some(format!(
        "The engine counts more or fewer successes than deliveries, because reports are late or lost, or because the plan \
         asks for more or less than delivery: {plans}."
    ))
}

fn duplicates(plans: &[PlanResult]) -> Option<String> {
    let many =
        |plan: &PlanResult| (plan.duplicates.share > MANY_DUPLICATES).then(|| words::percent(plan.duplicates.share, 1));
    Some(format!("Many recipients get the message more than once: {}.", listed(plans, many)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::study::Count;

    #[test]
    fn notes_say_what_a_table_hides() {
        let mut results = fixture::with_plans(1).results;
        results.plans[0].succeeded.share = 0.9;
        results.plans[0].unresolved = Count(1.0);
        results.plans[0].duplicates.share = 0.071;
        let notes = notes(&results).join("\n").replace(words::NBSP, " ");
        for part in [
            "no final report: viber-first 1.",
            "viber-first succeeded 90.0 %, delivered 98.9 %",
            "more than once: viber-first 7.1 %.",
        ] {
            assert!(notes.contains(part), "{part} is missing in:\n{notes}");
        }
    }

    #[test]
    fn what_has_no_interval_or_a_wide_one_is_named_with_its_reason() {
        let mut results = fixture::with_plans(1).results;
        let wide = |results: &Results| super::wide(results).map(|note| note.replace(words::NBSP, " "));
        assert_eq!((without_interval(&results), wide(&results)), (None, None));
        let reasons = [
            ("latency_p99_s", "needs 100 replications"),
            ("latency_p95_s", "needs 30 replications"),
            ("cost_per_recipient", "needs 30 replications"),
            ("latency_p999_s", "is not in the table"),
        ];
        let plan = &mut results.plans[0];
        plan.no_interval = reasons.map(|(measure, reason)| (measure.to_owned(), reason.to_owned())).into();
        (plan.duplicates.share, plan.duplicates.low, plan.duplicates.high) = (0.0, Some(0.0), Some(0.11));
        results.scenario.replications = 30;
        assert_eq!(wide(&results), None, "from recipients");
        results.scenario.intervals = Intervals::FromReplications;
        let note = without_interval(&results).expect("a note").replace(words::NBSP, " ");
        assert_eq!(
            note,
            "No valid interval: latency p99 (needs 100 replications); cost per recipient; latency p95 (needs 30 \
             replications)."
        );
        let note = wide(&results).expect("a note");
        assert!(note.ends_with("so close to 0 or 100 %: duplicates."), "{note}");
    }
}
