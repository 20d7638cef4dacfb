//! The outcome of `failsim optimize` where plans cannot be solved: what a race of simulations shows.

use super::blocks::{Comments, asked, block, laid_out, ready};
use super::terms::{Names, difference, interval, steps};
use crate::report::words;
use crate::scenario::Metric;
use crate::study::{Exact, Obstacle, Race, Raced, Search};

/// The outcome of a race as TOML: in comments a table of the plans that are left and what is shown, then the winner as a `[[plans]]` block. `obstacles` are
/// what kept the plans from being solved. Ends with a line feed.
pub(super) fn race(search: &Search<'_>, race: &Race, obstacles: &[Obstacle]) -> String {
    let mut text = Comments::default();
    text.line(&headline(search, race));
    let row = |raced: &Raced| {
        let value = |&(metric, value, reach): &(Metric, f64, f64)| {
            words::measured(metric.unit(), &interval(metric, Exact { value, error: reach }))
        };
        [steps(search.scenario, &raced.plan)].into_iter().chain(raced.measures.iter().map(value)).collect()
    };
    let measures = race.plans.iter().take(1).flat_map(|raced| &raced.measures).map(|(metric, ..)| metric.name());
    let head = ["steps"].into_iter().chain(measures).map(str::to_owned).collect();
    let rows: Vec<Vec<String>> = [head].into_iter().chain(race.plans.iter().map(row)).collect();
    text.part(&laid_out(1, &rows));
    text.part(&shown(search, race));
    let why: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
    text.line(&format!("Simulated, because plans cannot be solved exactly: {}.", why.join("; ")));
    text.line(&format!("Spent: {} simulated recipients.", words::whole(race.simulated)));
    let mut text = text.0;
    if let Some(winner) = race.plans.first() {
        let name = Names::of(search.scenario).free(&winner.plan.name);
        let block = block(search.scenario, &winner.plan, &name);
        text.push_str(&ready(&block, winner.seems_to_meet_bounds));
    }
    text.replace(words::NBSP, " ")
}

fn headline(search: &Search<'_>, race: &Race) -> String {
    let (goal, condition) = asked(search);
    let blocks = words::whole(u64::from(race.blocks));
    let blocks = match race.recipients {
        Some(recipients) => format!("{blocks} blocks of {} recipients", words::whole(recipients)),
        None => format!("{blocks} replications"),
    };
    let candidates = words::whole(race.candidates as u64);
    let of = format!("{candidates} {}", words::plural(race.candidates as f64, "plan", "plans"));
    match race.plans.first() {
        Some(winner) if winner.meets_bounds == Some(false) => {
            format!("None of {of}, raced on {blocks}, has{}. The nearest:", condition.replacen(" with", "", 1))
        }
        _ => format!("{goal}{condition}, of {of}, raced on {blocks}:"),
    }
}

/// What is shown, and what is not.
pub(super) fn shown(search: &Search<'_>, race: &Race) -> Vec<String> {
    let Some(winner) = race.plans.first() else { return Vec::new() };
    let amount = |value: f64| difference(search.objectives[0], value);
    let out = race.candidates - race.left;
    let out = match out {
        0 => "No plan has left the race.".to_owned(),
        _ => format!(
            "{} of {} plans are shown to miss a bound or to be worse.",
            words::whole(out as u64),
            words::whole(race.candidates as u64)
        ),
    };
    let most = race.plans[1..].iter().map(|other| other.may_be_better_by).fold(0.0, f64::max);
    if winner.meets_bounds == Some(false) {
        return vec!["Every plan is shown to miss a bound, with 95 % confidence for all together.".to_owned()];
    }
    let verdict = match winner.meets_bounds {
        _ if race.is_decided && race.left == 1 => "The plan is shown to be the best of them.".to_owned(),
        _ if race.is_decided => {
            format!("No other plan is better than the first by more than {}.", amount(race.indifference))
        }
        Some(true) => {
            format!("Not decided: another plan may be better than the first by up to {}.", amount(most))
        }
        _ if winner.seems_to_meet_bounds => {
            "Not decided: the first plan is not shown to meet the bounds, though its means do.".to_owned()
        }
        _ => "Not decided: no plan is shown to meet the bounds, and the means of the first do not.".to_owned(),
    };
    let stopped = race.is_stopped.then(|| "The race was stopped.".to_owned());
    let level = "All of this holds together with 95 % confidence; ± and ranges are as wide as that takes.".to_owned();
    stopped.into_iter().chain([verdict, out, level]).collect()
}
