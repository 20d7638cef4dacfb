//! The finding in one sentence.
//!
//! With two plans or more, the sentence compares the cheapest plan with the one that delivers most in time: the choice
//! that somebody has to make. Where one plan is both, it is compared with the next best.

use super::words;
use crate::study::{Comparison, Difference, PlanResult, Results};

/// The finding in one sentence.
#[must_use]
pub fn finding(results: &Results) -> String {
    let Some((plan, against)) = contenders(&results.plans) else {
        return results.plans.first().map_or_else(|| "No plan was played.".to_owned(), |plan| alone(plan, results));
    };
    match paired(&results.comparisons, &plan.name, &against.name) {
        Some((in_time, cost)) => compared(plan, against, &in_time, &cost),
        None => alone(plan, results),
    }
}

/// The plans that matter: the cheapest, or where it is also best the best, and what it is compared with.
fn contenders(plans: &[PlanResult]) -> Option<(&PlanResult, &PlanResult)> {
    let best = first_by(plans.iter(), |plan| -plan.in_time.share)?;
    let cheapest = first_by(plans.iter(), |plan| plan.cost.per_recipient)?;
    if best.name != cheapest.name && best.cost.per_recipient > cheapest.cost.per_recipient {
        let is_trade = best.in_time.share > cheapest.in_time.share;
        return Some(if is_trade { (cheapest, best) } else { (best, cheapest) });
    }
    let others = plans.iter().filter(|plan| plan.name != best.name);
    Some((best, first_by(others, |plan| -plan.in_time.share)?))
}

/// The first plan with the least `key`.
fn first_by<'a>(
    plans: impl Iterator<Item = &'a PlanResult>,
    key: impl Fn(&PlanResult) -> f64,
) -> Option<&'a PlanResult> {
    plans.min_by(|a, b| key(a).total_cmp(&key(b)))
}

/// The differences in time and in cost of `plan` minus `against`, whichever way round they were taken.
fn paired(comparisons: &[Comparison], plan: &str, against: &str) -> Option<(Difference, Difference)> {
    comparisons.iter().find_map(|pair| {
        if pair.plan == plan && pair.against == against {
            Some((pair.in_time, pair.cost_per_recipient))
        } else if pair.plan == against && pair.against == plan {
            Some((reversed(pair.in_time), reversed(pair.cost_per_recipient)))
        } else {
            None
        }
    })
}

fn reversed(pair: Difference) -> Difference {
    Difference { difference: -pair.difference, low: pair.high.map(|end| -end), high: pair.low.map(|end| -end) }
}

/// What the data say of a difference.
fn shows(pair: &Difference) -> bool {
    match (pair.low, pair.high) {
        (Some(low), Some(high)) => low > 0.0 || high < 0.0,
        _ => pair.difference != 0.0,
    }
}

/// One plan's own figures.
fn alone(plan: &PlanResult, results: &Results) -> String {
    let facts = &results.scenario;
    if plan.delivered.count.0 == 0.0 {
        return format!("{} reaches nobody.", plan.name);
    }
    format!(
        "{} reaches {} of {} {}, {} within {}, for {} {} each.",
        plan.name,
        words::share(&plan.delivered),
        words::count(plan.recipients as f64),
        words::plural(plan.recipients as f64, "recipient", "recipients"),
        words::share(&plan.in_time),
        words::span(facts.deadline_s),
        words::plain_amount(plan.cost.per_recipient),
        facts.currency,
    )
}

/// The sentence for two plans, by which differences the data show.
fn compared(plan: &PlanResult, against: &PlanResult, in_time: &Difference, cost: &Difference) -> String {
    let (name, other) = (&plan.name, &against.name);
    match (shows(in_time), shows(cost)) {
        (true, true) => format!("{name} {} and {} {other}.", delivers(in_time), costs(plan, against)),
        (true, false) => format!("{name} {} than {other}; in cost there is {}.", delivers(in_time), nothing(cost, 1.0)),
        (false, true) => {
            format!("{name} {} {other}; in time there is {}.", costs(plan, against), nothing(in_time, 100.0))
        }
        (false, false) => {
            format!("Between {name} and {other} there is no difference that the data can show, in time or in cost.")
        }
    }
}

/// "delivers 0.3 points less in time (±0.05)".
fn delivers(in_time: &Difference) -> String {
    let (size, error) = words::size_and_error(in_time, 100.0);
    let direction = if in_time.difference < 0.0 { "less" } else { "more" };
    let error = if error.is_empty() { error } else { format!(" ({error})") };
    let unit = if size == "1" { "point" } else { "points" };
    format!("delivers {size} {unit} {direction} in time{error}")
}

/// "costs 34 % less than", or by how many times as much, or from nothing.
fn costs(plan: &PlanResult, against: &PlanResult) -> String {
    let (mine, other) = (plan.cost.per_recipient, against.cost.per_recipient);
    let ratio = mine / other;
    if mine == 0.0 {
        "costs nothing, unlike".to_owned()
    } else if other == 0.0 {
        format!("costs {} each, unlike", words::plain_amount(mine))
    } else if ratio >= 2.0 {
        format!("costs {} times as much as", words::decimal(ratio, usize::from(ratio < 10.0)))
    } else {
        let change = (ratio - 1.0).abs();
        let direction = if ratio < 1.0 { "less" } else { "more" };
        format!("costs {} {direction} than", words::percent(change, usize::from(change < 0.0995)))
    }
}

/// "no difference that the data can show (−0.02 to +0.05)".
fn nothing(pair: &Difference, scale: f64) -> String {
    let unit = if scale == 100.0 { " points" } else { "" };
    match words::range(pair, scale).filter(|_| pair.difference != 0.0) {
        Some(range) => format!("no difference that the data can show ({range}{unit})"),
        None => "no difference".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{self, difference};

    /// The finding of two plans of the fixture with these differences of `sms-first` minus `viber-first`, and costs.
    fn of_two(in_time: Difference, cost: Difference, costs: [f64; 2]) -> String {
        let mut results = fixture::with_plans(2).results;
        results.comparisons[0].in_time = in_time;
        results.comparisons[0].cost_per_recipient = cost;
        for (plan, cost) in results.plans.iter_mut().zip(costs) {
            plan.cost.per_recipient = cost;
        }
        finding(&results).replace(words::NBSP, " ")
    }

    #[test]
    fn the_cheapest_plan_is_set_against_the_one_that_delivers_most_in_time() {
        let sentence = of_two(difference(0.003, 0.0005), difference(0.01, 0.001), [0.0297, 0.045]);
        assert_eq!(
            sentence,
            "viber-first delivers 0.30 points less in time (±0.05) and costs 34 % less than sms-first."
        );
    }

    #[test]
    fn what_the_data_cannot_show_is_not_claimed() {
        let sentence = of_two(difference(0.0002, 0.0005), difference(0.0, 0.001), [0.045, 0.045]);
        assert!(sentence.ends_with("there is no difference that the data can show, in time or in cost."), "{sentence}");
        let sentence = of_two(difference(0.0002, 0.0005), difference(0.01, 0.001), [0.0297, 0.045]);
        assert_eq!(
            sentence,
            "viber-first costs 34 % less than sms-first; \
             in time there is no difference that the data can show (−0.07 to +0.03 points)."
        );
    }

    #[test]
    fn an_unknown_interval_is_left_out_and_noted() {
        let unknown = |value| Difference { difference: value, low: None, high: None };
        let sentence = of_two(unknown(0.01), unknown(0.1), [0.01, 0.11]);
        assert_eq!(sentence, "viber-first delivers 1.0 points less in time and costs 91 % less than sms-first.");
    }

    #[test]
    fn a_free_plan_has_no_ratio() {
        let sentence = of_two(difference(0.003, 0.0005), difference(0.045, 0.001), [0.0, 0.045]);
        assert!(sentence.contains("costs nothing, unlike sms-first"), "{sentence}");
    }

    #[test]
    fn one_plan_states_its_own_figures() {
        let sentence = finding(&fixture::with_plans(1).results).replace(words::NBSP, " ");
        let expected = "viber-first reaches 98.90 % ±0.02 of 1 000 000 recipients, 93.12 % ±0.05 within 1 min, for 0.02641 EUR each.";
        assert_eq!(sentence, expected);
        assert_eq!(finding(&fixture::with_plans(0).results), "No plan was played.");
    }
}
