//! The finding in one sentence, for somebody who has to choose a plan.
//!
//! With one plan, the sentence states its own results. With two, it compares the cheaper plan with the one that delivers more in time. With
//! more, it names:
//! 1. the plan that delivers most in time, with its share and cost; of several that the data cannot tell apart in time, the cheapest;
//! 2. the cheapest of those within a point of it, where that saves something worth naming;
//! 3. the cheapest of all, and what it loses;
//! 4. where neither of these saves anything worth naming, the most expensive, and what the choice saves against it;
//! 5. where there is nothing to say about cost at all, the next best in time.
//!
//! Differences are paired. Where there are too many plans to compare all pairs, a difference is taken from the intervals of both plans,
//! whose lengths at worst add up. A difference that the data cannot show is not claimed.

use super::words;
use crate::study::{Difference, GroupKind, Intervals, PlanResult, Results};

/// A loss in time, as a share, that some accept to save money.
const NEARLY: f64 = 0.01;
/// The most segments that are named.
const MOST_NAMED: usize = 6;
/// The smallest difference in cost worth naming, as a share.
const WORTH_NAMING: f64 = 0.05;

/// The finding in one sentence; where there are several streams of traffic, one sentence for each stream for which plans are compared.
/// Where there are segments, it goes on with the plan to choose in each of them, and what composites save.
#[must_use]
pub fn finding(results: &Results) -> String {
    let results = &*results.preferring_exact();
    let groups = results.by_group(GroupKind::Stream);
    let mut sentences = Vec::new();
    if groups.is_empty() {
        sentences.push(of_one(results));
    }
    let is_single = results.plans.len() == 1;
    let shown = groups.iter().filter(|(group, _)| is_single || group.plan.is_none());
    sentences.extend(shown.map(|(group, view)| format!("For {}: {}", group.name, of_one(view))));
    sentences.extend(of_segments(results));
    let cheapest = first_by(results.plans.iter().filter(|plan| plan.is_composite()), |plan| plan.cost.per_recipient);
    sentences.extend(cheapest.and_then(|plan| of_composite(results, plan)));
    sentences.join(" ")
}

/// The plan to choose where money matters: the cheapest of those that deliver at most a point less in time than the best; composites are
/// left out, since they are made of the others.
pub(super) fn choice(results: &Results) -> Option<&PlanResult> {
    let plain = || results.plans.iter().filter(|plan| !plan.is_composite());
    let top = first_by(plain(), |plan| -plan.in_time.share)?;
    first_by(plain().filter(|plan| plan.in_time.share >= top.in_time.share - NEARLY), |plan| plan.cost.per_recipient)
}

/// The plan to choose in each segment.
fn of_segments(results: &Results) -> Option<String> {
    let views = results.by_group(GroupKind::Segment);
    let mut chosen: Vec<(&str, Vec<&str>)> = Vec::new();
    for (group, view) in &views {
        let Some(plan) = shown_choice(results, view) else { continue };
        let plan = plan.name.as_str();
        match chosen.iter_mut().find(|(other, _)| *other == plan) {
            Some((_, segments)) => segments.push(&group.name),
            None => chosen.push((plan, vec![&group.name])),
        }
    }
    let is_compared = results.plans.iter().filter(|plan| !plan.is_composite()).count() > 1;
    match chosen.as_slice() {
        _ if !is_compared => None,
        [] => None,
        [(plan, _)] => Some(format!("{plan} is the cheapest within a point of the most in time in every segment.")),
        several => {
            let each: Vec<_> =
                several.iter().map(|(plan, segments)| format!("{plan} in {}", some_of(segments))).collect();
            Some(format!("The cheapest within a point of the most in time: {}.", each.join("; ")))
        }
    }
}

/// The plan to choose in a segment: another than the plan to choose for all only where the data show that it costs less there.
fn shown_choice<'a>(all: &Results, segment: &'a Results) -> Option<&'a PlanResult> {
    let own = choice(segment)?;
    let name = choice(all).map(|plan| plan.name.as_str());
    let Some(usual) = segment.plans.iter().find(|plan| Some(plan.name.as_str()) == name) else { return Some(own) };
    let is_near = usual.in_time.share >= own.in_time.share - NEARLY;
    let (in_time, cost) = differences(segment, own, usual);
    let is_shown = shows(segment, &cost) || !is_near && shows(segment, &in_time);
    Some(if is_shown { own } else { usual })
}

/// The names of a few, or how many there are.
fn some_of(segments: &[&str]) -> String {
    if segments.len() <= MOST_NAMED { words::all(segments) } else { format!("{} segments", segments.len()) }
}

/// What a composite saves against the one plan to choose for all.
fn of_composite(results: &Results, plan: &PlanResult) -> Option<String> {
    let single = choice(results).filter(|_| plan.is_composite())?;
    let (in_time, cost) = differences(results, plan, single);
    let facts = &results.scenario;
    let money = words::plain_amount((plan.cost.total - single.cost.total).abs());
    let share = (plan.cost.per_recipient / single.cost.per_recipient - 1.0).abs();
    let saves = if !shows(results, &cost) || !share.is_finite() {
        "is not shown to cost more or less than".to_owned()
    } else {
        let verb = if cost.difference < 0.0 { "saves" } else { "costs" };
        let more = if cost.difference < 0.0 { "" } else { " more" };
        let percent = words::percent(share, usize::from(share < 0.0995));
        let than = if cost.difference < 0.0 { " against" } else { " than" };
        format!("{verb} {money} {}{more} ({percent}){than}", facts.currency)
    };
    let time = if shows(results, &in_time) { delivers(&in_time) } else { no_difference(&in_time, 100.0, "time") };
    let time = if shows(results, &in_time) { format!(", and {time}") } else { format!("; {time}") };
    Some(format!("{} {saves} {}, the one plan to choose for all{time}.", plan.name, single.name))
}

/// The finding of one stream of traffic.
fn of_one(results: &Results) -> String {
    if results.plans.len() > 2 {
        return of_many(results);
    }
    let Some((plan, against)) = contenders(&results.plans) else {
        return results.plans.first().map_or_else(|| "No plan was simulated.".to_owned(), |plan| single(plan, results));
    };
    let (in_time, cost) = differences(results, plan, against);
    compared(results, (plan, against), &in_time, &cost)
}

/// The sentence for three plans or more.
fn of_many(results: &Results) -> String {
    let facts = &results.scenario;
    let Some(choice) = Choice::of(results) else { return "No plan was simulated.".to_owned() };
    let best = choice.best;
    if best.in_time.share == 0.0 {
        return format!("No plan delivers anything within {}.", words::span(facts.deadline_s));
    }
    let head = format!(
        "{} {}: {} within {}, at {} {} per recipient{}",
        best.name,
        if choice.is_distinct { "delivers most in time" } else { "is among the best in time" },
        if best.in_time.is_exact { words::share(&best.in_time) } else { words::percent(best.in_time.share, 1) },
        words::span(facts.deadline_s),
        words::plain_amount(best.cost.per_recipient),
        facts.currency,
        exactly(best),
    );
    let clauses = choice.others().into_iter().map(|(role, plan)| choice.clause(role, plan));
    [head].into_iter().chain(clauses).collect::<Vec<_>>().join("; ") + "."
}

/// A choice among three or more plans.
struct Choice<'a> {
    results: &'a Results,
    /// The plan that delivers most in time; of those that cannot be told apart from it, the cheapest.
    best: &'a PlanResult,
    /// Whether it can be told apart from all others.
    is_distinct: bool,
}

impl<'a> Choice<'a> {
    fn of(results: &'a Results) -> Option<Self> {
        let top = first_by(results.plans.iter(), |plan| -plan.in_time.share)?;
        let is_equal = |plan: &&PlanResult| {
            plan.name == top.name
                || is_level(results, &differences(results, plan, top).0)
                || plan.in_time.share == top.in_time.share
        };
        let best = first_by(results.plans.iter().filter(is_equal), |plan| plan.cost.per_recipient)?;
        let is_distinct = results.plans.iter().filter(is_equal).count() == 1;
        Some(Self { results, best, is_distinct })
    }

    /// The plans to name beside the best, each with the reason for naming it.
    fn others(&self) -> Vec<(&'static str, &'a PlanResult)> {
        let plans = || self.results.plans.iter().filter(|plan| plan.name != self.best.name);
        let cost = |plan: &PlanResult| plan.cost.per_recipient;
        let nearly = plans().filter(|plan| differences(self.results, plan, self.best).0.difference >= -NEARLY);
        let near = first_by(nearly, cost).filter(|plan| self.saving(plan) >= WORTH_NAMING);
        // A plan that reaches no recipient saves nothing.
        let reaching = plans().filter(|plan| plan.delivered.count.0 > 0.0);
        let cheapest = first_by(reaching, cost).filter(|plan| cost(plan) < cost(self.best));
        let most_expensive = first_by(plans(), |plan| -cost(plan)).filter(|plan| -self.saving(plan) >= WORTH_NAMING);
        let mut named = Vec::new();
        if let Some(plan) = near.filter(|near| cheapest.is_none_or(|plan| plan.name != near.name)) {
            named.push(("", plan));
        }
        named.extend(cheapest.map(|plan| ("the cheapest, ", plan)));
        if named.iter().all(|(_, plan)| self.saving(plan) < WORTH_NAMING) {
            named.extend(most_expensive.map(|plan| ("the most expensive, ", plan)));
        }
        if named.is_empty() {
            named.extend(first_by(plans(), |plan| -plan.in_time.share).map(|plan| ("the next, ", plan)));
        }
        named
    }

    /// How much less `plan` costs than the best, as a share of the best plan's cost.
    fn saving(&self, plan: &PlanResult) -> f64 {
        let cost = self.best.cost.per_recipient;
        if cost > 0.0 { 1.0 - plan.cost.per_recipient / cost } else { 0.0 }
    }

    /// "viber-only, the cheapest, delivers 15.0 points less and costs 46 % less".
    fn clause(&self, role: &str, plan: &PlanResult) -> String {
        let (difference, cost) = differences(self.results, plan, self.best);
        let points = 100.0 * difference.difference.abs();
        let delivers = if !shows(self.results, &difference) {
            "is not shown to deliver more or less in time".to_owned()
        } else if points < 0.005 {
            "delivers as much in time".to_owned()
        } else {
            let direction = if difference.difference < 0.0 { "less" } else { "more" };
            let size = words::decimal(points, if points < 0.095 { 2 } else { 1 });
            format!("delivers {size} points {direction} in time")
        };
        let comma = if role.is_empty() { "" } else { "," };
        format!("{}{comma} {role}{delivers} and {}", plan.name, self.costs(plan, &cost))
    }

    /// As the function [`costs`], without the plan it is compared with, where the data show a difference.
    fn costs(&self, plan: &PlanResult, cost: &Difference) -> String {
        if self.saving(plan).abs() < 0.000_5 {
            return "costs the same".to_owned();
        }
        if !shows(self.results, cost) {
            return "is not shown to cost more or less".to_owned();
        }
        let text = costs(plan, self.best);
        let ends = [" than", " as", ", unlike"];
        ends.iter().find_map(|end| text.strip_suffix(end)).unwrap_or(&text).to_owned()
    }
}

/// The differences in time and in cost of `plan` minus `against`.
fn differences(results: &Results, plan: &PlanResult, against: &PlanResult) -> (Difference, Difference) {
    let (one, other) = (plan.name.as_str(), against.name.as_str());
    let pair = results.comparisons.iter().find_map(|pair| match (pair.plan.as_str(), pair.against.as_str()) {
        names if names == (one, other) => Some((pair.in_time, pair.cost_per_recipient)),
        names if names == (other, one) => Some((reversed(pair.in_time), reversed(pair.cost_per_recipient))),
        _ => None,
    });
    let of = |plan: &PlanResult| {
        let (in_time, cost) = (&plan.in_time, &plan.cost);
        [
            Difference { difference: in_time.share, low: in_time.low, high: in_time.high, is_exact: in_time.is_exact },
            Difference { difference: cost.per_recipient, low: cost.low, high: cost.high, is_exact: cost.is_exact },
        ]
    };
    pair.unwrap_or_else(|| {
        let ([in_time, cost], [their_time, their_cost]) = (of(plan), of(against));
        (unpaired(in_time, their_time), unpaired(cost, their_cost))
    })
}

/// The difference of two values, each taken as a difference from nothing, from their own intervals; it holds for any dependence between them.
fn unpaired(ours: Difference, theirs: Difference) -> Difference {
    let less = |end: Option<f64>, by: Option<f64>| Some(end? - by?);
    Difference {
        difference: ours.difference - theirs.difference,
        low: less(ours.low, theirs.high),
        high: less(ours.high, theirs.low),
        is_exact: ours.is_exact && theirs.is_exact,
    }
}

/// The two plans to compare, normally the cheaper first: the cheapest and the best in time, or, where one plan is both, that plan and the
/// next best in time.
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

fn reversed(pair: Difference) -> Difference {
    Difference { difference: -pair.difference, low: pair.high.map(|end| -end), high: pair.low.map(|end| -end), ..pair }
}

/// Whether two plans are as good in time: the data show no difference, or an exact one is below a two-hundredth of a point.
fn is_level(results: &Results, pair: &Difference) -> bool {
    !shows(results, pair) || pair.is_exact && pair.difference.abs() < 0.000_05
}

/// Whether the data show a difference. Where no intervals are known at all, which a note says, any difference counts.
fn shows(results: &Results, pair: &Difference) -> bool {
    match (pair.low, pair.high) {
        (Some(low), Some(high)) => low > 0.0 || high < 0.0,
        _ => pair.difference != 0.0 && results.scenario.intervals == Intervals::Unknown,
    }
}

/// The results of a single plan.
fn single(plan: &PlanResult, results: &Results) -> String {
    let facts = &results.scenario;
    if plan.delivered.count.0 == 0.0 {
        return format!("{} reaches no recipient.", plan.name);
    }
    format!(
        "{} reaches {} of {} {}, {} within {}, at {} {} per recipient{}.",
        plan.name,
        words::share(&plan.delivered),
        words::count(plan.recipients.0),
        words::plural(plan.recipients.0, "recipient", "recipients"),
        words::share(&plan.in_time),
        words::span(facts.deadline_s),
        words::plain_amount(plan.cost.per_recipient),
        facts.currency,
        exactly(plan),
    )
}

/// Says after its figures that those of a plan are exact.
const fn exactly(plan: &PlanResult) -> &'static str {
    if plan.in_time.is_exact { " (exact)" } else { "" }
}

/// The sentence for two plans, depending on which differences the data show.
fn compared(
    results: &Results,
    (plan, against): (&PlanResult, &PlanResult),
    in_time: &Difference,
    cost: &Difference,
) -> String {
    let (name, other) = (&plan.name, &against.name);
    match (shows(results, in_time), shows(results, cost)) {
        (true, true) => format!("{name} {} and {} {other}.", delivers(in_time), costs(plan, against)),
        (true, false) => format!("{name} {} than {other}; {}.", delivers(in_time), no_difference(cost, 1.0, "cost")),
        (false, true) => {
            format!("{name} {} {other}; {}.", costs(plan, against), no_difference(in_time, 100.0, "time"))
        }
        (false, false) if in_time.is_exact => {
            format!("There is no difference between {name} and {other}, in time or in cost.")
        }
        (false, false) => {
            format!("The data show no difference between {name} and {other}, in time or in cost.")
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

/// "costs 34 % less than", or how many times as much, or a comparison with a cost of zero.
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

/// "the data show no difference in time (−0.02 to +0.05 points)".
fn no_difference(pair: &Difference, scale: f64, what: &str) -> String {
    let unit = if scale == 100.0 { " points" } else { "" };
    if pair.difference == 0.0 || pair.is_exact {
        return format!("there is no difference in {what}");
    }
    let range = words::range(pair, scale).map_or_else(String::new, |range| format!(" ({range}{unit})"));
    format!("the data show no difference in {what}{range}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{self, difference};
    use crate::study::Exact;

    /// The finding for two plans of the fixture with these differences of `sms-first` minus `viber-first`, and these costs.
    fn of_two(in_time: Difference, cost: Difference, costs: [f64; 2]) -> String {
        let mut results = fixture::with_plans(2).results;
        results.comparisons[0].in_time = in_time;
        results.comparisons[0].cost_per_recipient = cost;
        for (plan, cost) in results.plans.iter_mut().zip(costs) {
            plan.cost.per_recipient = cost;
        }
        finding(&results).replace(words::NBSP, " ")
    }

    /// The finding for the fixture's three plans with these shares in time and costs.
    fn of_three(shares: [f64; 3], costs: [f64; 3]) -> String {
        let mut results = fixture::bank_pin().results;
        for (plan, (share, cost)) in results.plans.iter_mut().zip(shares.into_iter().zip(costs)) {
            plan.in_time.share = share;
            plan.cost.per_recipient = cost;
        }
        for (pair, (plan, against)) in results.comparisons.iter_mut().zip([(1, 0), (2, 0), (2, 1)]) {
            pair.in_time = difference(shares[plan] - shares[against], 0.000_5);
        }
        finding(&results).replace(words::NBSP, " ")
    }

    #[test]
    fn of_many_plans_the_best_is_named_and_what_others_save() {
        assert_eq!(
            of_three([0.99, 0.997, 0.8], [0.0189, 0.0387, 0.0074]),
            "sms-first delivers most in time: 99.7 % within 1 min, at 0.03870 EUR per recipient; \
             viber-first delivers 0.7 points less in time and costs 51 % less; \
             sms-only, the cheapest, delivers 19.7 points less in time and costs 81 % less."
        );
        assert_eq!(
            of_three([0.96, 0.997, 0.83], [0.0169, 0.017, 0.0166]),
            "sms-first delivers most in time: 99.7 % within 1 min, at 0.01700 EUR per recipient; \
             sms-only, the cheapest, delivers 16.7 points less in time and costs 2.4 % less."
        );
    }

    #[test]
    fn a_best_that_hardly_costs_more_is_compared_with_the_most_expensive() {
        assert_eq!(
            of_three([0.95, 0.997, 0.988], [0.0169, 0.017, 0.0387]),
            "sms-first delivers most in time: 99.7 % within 1 min, at 0.01700 EUR per recipient; \
             viber-first, the cheapest, delivers 4.7 points less in time and costs 0.6 % less; \
             sms-only, the most expensive, delivers 0.9 points less in time and costs 2.3 times as much."
        );
    }

    #[test]
    fn of_plans_equal_in_time_the_cheapest_is_named() {
        assert_eq!(
            of_three([0.9901, 0.99, 0.84], [0.09, 0.054, 0.029]),
            "sms-first is among the best in time: 99.0 % within 1 min, at 0.05400 EUR per recipient; \
             sms-only, the cheapest, delivers 15.0 points less in time and costs 46 % less."
        );
        assert_eq!(
            of_three([0.99, 0.98, 0.97], [0.05; 3]),
            "viber-first delivers most in time: 99.0 % within 1 min, at 0.05000 EUR per recipient; \
             sms-first, the next, delivers 1.0 points less in time and costs the same."
        );
    }

    #[test]
    fn many_plans_that_cost_or_reach_nothing_are_spoken_of() {
        assert_eq!(of_three([0.0; 3], [0.01, 0.02, 0.03]), "No plan delivers anything within 1 min.");
        let free = of_three([0.9, 0.8, 0.7], [0.0; 3]);
        assert!(free.ends_with("sms-first, the next, delivers 10.0 points less in time and costs the same."), "{free}");
        let free = of_three([0.9, 0.8, 0.7], [0.01, 0.0, 0.02]);
        assert!(
            free.ends_with("sms-first, the cheapest, delivers 10.0 points less in time and costs nothing."),
            "{free}"
        );
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
        assert!(
            sentence.ends_with("The data show no difference between sms-first and viber-first, in time or in cost."),
            "{sentence}"
        );
        let sentence = of_two(difference(0.0002, 0.0005), difference(0.01, 0.001), [0.0297, 0.045]);
        assert_eq!(
            sentence,
            "viber-first costs 34 % less than sms-first; \
             the data show no difference in time (−0.07 to +0.03 points)."
        );
    }

    #[test]
    fn where_no_interval_is_known_differences_are_taken_as_they_are() {
        let unknown = |value| Difference { difference: value, low: None, high: None, is_exact: false };
        let sentence = of_two(unknown(0.01), difference(0.1, 0.001), [0.01, 0.11]);
        let expected = "viber-first costs 91 % less than sms-first; the data show no difference in time.";
        assert_eq!(sentence, expected);
        let mut results = fixture::with_plans(2).results;
        results.scenario.intervals = Intervals::Unknown;
        results.comparisons[0].in_time = unknown(0.01);
        results.comparisons[0].cost_per_recipient = unknown(0.01);
        let sentence = finding(&results).replace(words::NBSP, " ");
        assert!(sentence.starts_with("viber-first delivers 1.0 points less in time and costs"), "{sentence}");
    }

    #[test]
    fn exact_figures_are_said_to_be_so() {
        let mut output = fixture::with_plans(3);
        let exact = |value: f64| Exact { value, error: value * 1e-7 };
        let values = [(0.990_01, 0.026_41), (0.990_04, 0.047_93), (0.98, 0.045)];
        for (plan, (in_time, cost)) in output.results.plans.iter_mut().zip(values) {
            let all = [("in_time", in_time), ("cost_per_recipient", cost)]
                .map(|(name, value)| (name.to_owned(), exact(value)));
            plan.exact = Some(all.into());
        }
        let sentence = finding(&output.results).replace(words::NBSP, " ");
        let expected = "viber-first is among the best in time: 99.001 % within 1 min, at 0.02641 EUR per recipient (exact); \
                        sms-first, the most expensive, delivers as much in time and costs 81 % more.";
        assert_eq!(sentence, expected, "a two-hundredth of a point is no reason to choose a plan");
        output.results.plans.truncate(1);
        let sentence = finding(&output.results).replace(words::NBSP, " ");
        assert!(sentence.ends_with("99.001 % within 1 min, at 0.02641 EUR per recipient (exact)."), "{sentence}");
    }

    #[test]
    fn plans_without_a_pair_are_told_apart_only_where_their_intervals_are_apart() {
        let mut results = fixture::bank_pin().results;
        results.comparisons.clear();
        let (shares, costs) =
            ([(0.95, 0.02), (0.96, 0.02), (0.9, 0.02)], [(0.03, 0.001), (0.04, 0.001), (0.02, 0.001)]);
        for (plan, ((share, half), (cost, cost_half))) in results.plans.iter_mut().zip(shares.into_iter().zip(costs)) {
            let ends = |value: f64, half: f64| (Some(value - half), Some(value + half));
            plan.in_time.share = share;
            (plan.in_time.low, plan.in_time.high) = ends(share, half);
            plan.cost.per_recipient = cost;
            (plan.cost.low, plan.cost.high) = ends(cost, cost_half);
        }
        assert_eq!(
            finding(&results).replace(words::NBSP, " "),
            "viber-first is among the best in time: 95.0 % within 1 min, at 0.03000 EUR per recipient; \
             sms-only, the cheapest, delivers 5.0 points less in time and costs 33 % less."
        );
        results.plans[2].in_time.high = Some(0.935);
        let sentence = finding(&results).replace(words::NBSP, " ");
        assert!(
            sentence.contains("sms-only, the cheapest, is not shown to deliver more or less in time and costs"),
            "{sentence}"
        );
    }

    #[test]
    fn a_free_plan_has_no_ratio() {
        let sentence = of_two(difference(0.003, 0.0005), difference(0.045, 0.001), [0.0, 0.045]);
        assert!(sentence.contains("costs nothing, unlike sms-first"), "{sentence}");
    }

    #[test]
    fn one_plan_states_its_own_figures() {
        let sentence = finding(&fixture::with_plans(1).results).replace(words::NBSP, " ");
        let expected = "viber-first reaches 98.90 % ±0.02 of 1 000 000 recipients, 93.12 % ±0.05 within 1 min, at 0.02641 EUR per recipient.";
        assert_eq!(sentence, expected);
        assert_eq!(finding(&fixture::with_plans(0).results), "No plan was simulated.");
    }
}
