//! The answer in a sentence, and the curve as a table.

use super::terms::{
    about, capacity, group_name, limit, measured_name, no_limit, phrase, sentence, value, word_and_need,
};
use crate::report::grid::{Column, Grid, Shape};
use crate::report::table::{heading, section};
use crate::report::{Terminal, words};
use crate::study::{Cheapest, CheckOutcome, Headroom, Priced, Question, Sizing, Trial};

/// An answer: the smallest capacity, and what else was asked.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The question.
    pub question: &'a Question<'a>,
    /// The smallest capacity.
    pub sizing: &'a Sizing,
    /// How much more traffic a capacity bears, if that was asked.
    pub headroom: Option<&'a Headroom>,
    /// The cheapest capacity, if that was asked.
    pub cheapest: Option<&'a Cheapest>,
}

/// The answer and the curve, for a terminal. Ends with a line feed.
#[must_use]
pub fn table(answer: &Answer<'_>, terminal: Terminal) -> String {
    let mut text = heading(&finding(answer), terminal);
    for grid in [Some(grid(answer)), more_traffic(answer), by_month(answer)].into_iter().flatten() {
        text.push_str(&section(grid, terminal));
    }
    text.replace(words::NBSP, " ")
}

/// The answer in one sentence, and in another one what else was asked.
#[must_use]
pub fn finding(answer: &Answer<'_>) -> String {
    let parts = [Some(smallest(answer)), holds(answer), costs(answer)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// How much more traffic a capacity bears.
pub(super) fn holds(answer: &Answer<'_>) -> Option<String> {
    let Headroom { capacity: bearing, is_of_scenario, growth, is_most, .. } = *answer.headroom?;
    let capacity = capacity(answer.question.limit, bearing);
    let of = if is_of_scenario { format!("The {capacity} of the scenario") } else { format!("These {capacity}") };
    let percent = format!("{}{}%", words::decimal(100.0 * growth, 0), words::NBSP);
    Some(match growth {
        0.0 => format!("{of} are not shown to bear more traffic."),
        _ if is_most => format!("{of} are enough for at least {percent} more traffic."),
        _ => format!("{of} are enough for {percent} more traffic."),
    })
}

/// Which capacity is the cheapest.
pub(super) fn costs(answer: &Answer<'_>) -> Option<String> {
    let cheapest = answer.cheapest?;
    let currency = &answer.question.scenario.currency;
    let limit = answer.question.limit;
    let alike =
        cheapest.trials.iter().filter(|priced| priced.may_be_cheapest() && priced.capacity != cheapest.capacity);
    let alike: Vec<f64> = alike.map(|priced| priced.capacity).collect();
    let range = match (alike.first(), alike.last()) {
        (Some(first), Some(last)) => {
            let [low, high] = [first.min(cheapest.capacity), last.max(cheapest.capacity)];
            format!(" From {} to {}, none is shown to be dearer.", capacity(limit, low), capacity(limit, high))
        }
        _ => String::new(),
    };
    Some(format!(
        "The cheapest that is enough is {}: {} {currency} a month, {} for fees and {} for messages.{range}",
        capacity(limit, cheapest.capacity),
        words::decimal(cheapest.fees + cheapest.messages, 2),
        words::decimal(cheapest.fees, 2),
        words::decimal(cheapest.messages, 2)
    ))
}

/// The smallest capacity that is enough.
pub(super) fn smallest(answer: &Answer<'_>) -> String {
    let Answer { question, sizing, .. } = *answer;
    let plan = &question.scenario.plans[0].name;
    let goals = question.goals.iter().map(|goal| phrase(question, goal)).collect::<Vec<_>>().join(" and ");
    let provider = &question.scenario.providers[question.provider].name;
    if let Some(smallest) = sizing.smallest {
        if question.is_least(smallest) {
            return format!("Any {} on {provider} is enough for {plan} to {goals}.", limit(question.limit));
        }
        let capacity = capacity(question.limit, smallest);
        return format!("{plan} needs {capacity} on {provider} to {goals} (95{}% confidence).", words::NBSP);
    }
    let is = question
        .goals
        .iter()
        .zip(&sizing.unlimited.outcomes)
        .filter(|(_, (_, outcome))| *outcome != CheckOutcome::Pass);
    let is = is.map(|(goal, (measured, _))| format!("{} {}", measured_name(goal), value(goal, measured.as_ref())));
    let is = is.collect::<Vec<_>>().join(", ");
    let why = if is.is_empty() {
        "not even the largest value tried is enough".to_owned()
    } else {
        format!("without {}: {is}", no_limit(question))
    };
    format!("No {} on {provider} is enough for {plan} to {goals}; {why}.", limit(question.limit))
}

/// The trials in rising order of capacity, ending with the one without a limit.
pub(super) fn grid(answer: &Answer<'_>) -> Grid {
    let Answer { question, sizing, .. } = *answer;
    let caption = format!("{} {}", sentence(&question.scenario.title), about(question));
    let first = &question.scenario.providers[question.provider].name;
    let name = |trial: &Trial| {
        let here = if sizing.smallest.is_some() && trial.capacity == sizing.smallest { " (smallest)" } else { "" };
        let name = trial.capacity.map_or("no limit".to_owned(), |value| capacity(question.limit, value));
        (name, here)
    };
    let trials = sizing.trials.iter().chain([&sizing.unlimited]).map(|trial| (name(trial), trial));
    trials_of(question, (caption, first), trials)
}

/// The trials with more traffic.
pub(super) fn more_traffic(answer: &Answer<'_>) -> Option<Grid> {
    let headroom = answer.headroom?;
    let caption = format!("More traffic, with {}", capacity(answer.question.limit, headroom.capacity));
    let percent = |growth: f64| format!("{}{}%", words::decimal(100.0 * growth, 0), words::NBSP);
    let here = |growth: f64| if growth == headroom.growth { " (most)" } else { "" };
    let trials = headroom.trials.iter().map(|(growth, trial)| ((percent(*growth), here(*growth)), trial));
    Some(trials_of(answer.question, (caption, "more traffic"), trials))
}

/// What capacities cost in a month.
pub(super) fn by_month(answer: &Answer<'_>) -> Option<Grid> {
    let (question, cheapest) = (answer.question, answer.cheapest?);
    let currency = &question.scenario.currency;
    let row = |priced: &Priced| {
        let (low, high) = priced.interval;
        let more = if priced.capacity == cheapest.capacity {
            "cheapest".to_owned()
        } else {
            words::amount(priced.more, Some(low), Some(high))
        };
        vec![capacity(question.limit, priced.capacity), words::decimal(priced.cost, 2), more]
    };
    Some(Grid {
        caption: format!(
            "Costs of a month of {} replications in {currency}; ± and ranges are 95 % intervals",
            words::count(cheapest.per_month)
        ),
        columns: vec![
            Column::text(&question.scenario.providers[question.provider].name),
            Column::number("cost"),
            Column::number("more than the cheapest"),
        ],
        rows: cheapest.trials.iter().map(row).collect(),
        shape: Shape::Sheet,
    })
}

/// A table of trials under this caption: their names under `first`, what they measured, and the outcome with what else is said about it.
fn trials_of<'t>(
    question: &Question<'_>,
    (caption, first): (String, &str),
    trials: impl Iterator<Item = ((String, &'static str), &'t Trial)>,
) -> Grid {
    let mut columns = vec![Column::text(first)];
    for goal in question.goals {
        let whose = group_name(question, goal).map(|name| format!(", {name}"));
        columns.push(Column::number(format!("{}{}", measured_name(goal), whose.unwrap_or_default())));
    }
    columns.extend([Column::number("replications"), Column::text("outcome")]);
    let row = |((name, here), trial): ((String, &str), &Trial)| {
        let cells =
            question.goals.iter().zip(&trial.outcomes).map(|(goal, (measured, _))| value(goal, measured.as_ref()));
        let ends = [words::count(f64::from(trial.replications)), format!("{}{here}", word_and_need(trial))];
        [name].into_iter().chain(cells).chain(ends).collect()
    };
    let rows = trials.map(row).collect();
    Grid { caption, columns, rows, shape: Shape::Sheet }
}
