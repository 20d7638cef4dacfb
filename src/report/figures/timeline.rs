//! The results over time: a panel for each plan with arrivals, deliveries by channel and failovers, outages shaded.

use super::panels::{self, Look, Panel, Series, TimeAxis, Unit};
use super::{Figure, FigureError};
use crate::report::words;
use crate::study::{OutageWindow, PlanFigureData, PlanResult, RunOutput};

const FILE: &str = "timeline.svg";

/// Draws the figure.
pub(super) fn figure(output: &RunOutput) -> Result<Figure, FigureError> {
    let figure_data = &output.figure_data;
    let shaded = if figure_data.outages.is_empty() {
        ""
    } else {
        " Shaded: outages of providers that the plan uses, with the share of the traffic that they affect."
    };
    let time = TimeAxis { bin_s: figure_data.bin_s, starts_at: output.over_time.starts_at };
    let by = if time.starts_at.is_some() { "the clock" } else { "virtual time" };
    let caption = format!("Arrivals, deliveries by channel, and failovers to a next step, by {by}.{shaded}");
    let channels = super::order_of(figure_data.plans.iter().flat_map(|plan| &plan.deliveries).map(|(name, _)| name));
    let panel = |(plan, data): (&PlanResult, &PlanFigureData)| Panel {
        title: plan.name.clone(),
        windows: outages_of(plan, &figure_data.outages),
        series: series(data, &figure_data.arrivals, &channels),
        unit: Unit::Events,
    };
    let panels: Vec<_> = output.results.plans.iter().zip(&figure_data.plans).map(panel).collect();
    let svg = panels::sheet(FILE, &panels, time, true, &caption)?;
    Ok(Figure { file: FILE.to_owned(), title: "Arrivals, deliveries and failovers over time".to_owned(), caption, svg })
}

/// A channel with a longer name than this appears in the legend without "delivered by".
const LONG: usize = 6;

fn series(plan: &PlanFigureData, arrivals: &[f64], channels: &[&String]) -> Vec<Series> {
    let mut all = vec![Series { name: "arrivals".to_owned(), bins: arrivals.to_vec(), look: Look::Background }];
    for (name, bins) in &plan.deliveries {
        let index = channels.iter().position(|channel| *channel == name).unwrap_or(0);
        let name = if words::width(name) > LONG { name.clone() } else { format!("delivered by {name}") };
        all.push(Series { name, bins: bins.clone(), look: Look::Thing(index) });
    }
    if plan.deliveries.len() > 1 || plan.failovers.iter().any(|count| *count > 0.0) {
        all.push(Series { name: "failovers".to_owned(), bins: plan.failovers.clone(), look: Look::Dotted });
    }
    all
}

/// The outages of the providers that a plan uses.
fn outages_of<'a>(plan: &PlanResult, outages: &'a [OutageWindow]) -> Vec<&'a OutageWindow> {
    outages.iter().filter(|outage| uses(plan, &outage.provider)).collect()
}

/// The outages of the providers that any of these plans uses; identical outages once.
pub(super) fn outages_of_any<'a>(plans: &[&PlanResult], outages: &'a [OutageWindow]) -> Vec<&'a OutageWindow> {
    let what = |one: &OutageWindow| (one.effect.clone(), one.from_s, one.to_s, one.share);
    let mut shown: Vec<&OutageWindow> = Vec::new();
    for outage in outages.iter().filter(|outage| plans.iter().any(|plan| uses(plan, &outage.provider))) {
        if !shown.iter().any(|other| what(other) == what(outage)) {
            shown.push(outage);
        }
    }
    shown
}

/// Whether a plan uses a provider.
fn uses(plan: &PlanResult, provider: &str) -> bool {
    plan.providers.iter().any(|used| used.provider == provider)
}
