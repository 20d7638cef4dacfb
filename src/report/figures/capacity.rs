//! Capacity over time: usage against its limit, and the number waiting; a panel for each provider, a line for each plan.

use super::panels::{self, Look, Panel, Series, TimeAxis, Unit};
use super::timeline::outages_of_any;
use super::{Figure, FigureError};
use crate::study::{OutageWindow, ProviderOverTime, QueueOverTime, RunOutput};

const USE: &str = "capacity.svg";
const QUEUES: &str = "queues.svg";

/// The figures: none where no capacity is limited, and none of queues where nobody waited.
pub(super) fn figures(output: &RunOutput) -> Result<Vec<Figure>, FigureError> {
    let names = limited(output);
    let time = TimeAxis { bin_s: output.over_time.bin_s, starts_at: output.over_time.starts_at };
    let used: Vec<_> = names.iter().flat_map(|name| panels_of_use(output, name)).collect();
    let waiting: Vec<_> = names.iter().filter_map(|name| panel_of_waiting(output, name)).collect();
    let mut figures = Vec::new();
    let any = used.iter().chain(&waiting).any(|panel| !panel.windows.is_empty());
    let shaded = if any { " Shaded: outages that affect these plans." } else { "" };
    if !used.is_empty() {
        let caption = format!(
            "Departures from each provider with limited capacity, and its lines in use, under each plan. Dotted: the \
             limit.{shaded}"
        );
        let svg = panels::sheet(USE, &used, time, false, &caption)?;
        figures.push(Figure { file: USE.to_owned(), title: "Capacity in use".to_owned(), caption, svg });
    }
    if !waiting.is_empty() {
        let caption = format!(
            "Attempts waiting for each provider, under each plan; providers for which hardly any waited are left \
             out.{shaded}"
        );
        let svg = panels::sheet(QUEUES, &waiting, time, false, &caption)?;
        figures.push(Figure { file: QUEUES.to_owned(), title: "Queue lengths".to_owned(), caption, svg });
    }
    Ok(figures)
}

/// The providers with limited capacity, in order of first use.
fn limited(output: &RunOutput) -> Vec<&String> {
    let providers = output.over_time.plans.iter().flat_map(|plan| &plan.providers);
    super::order_of(providers.filter(|provider| provider.queue.is_some()).map(|provider| &provider.provider))
}

/// The plans that use a provider, each with its index and the provider's queue over time.
fn queues<'a>(output: &'a RunOutput, name: &str) -> Vec<(usize, &'a String, &'a QueueOverTime)> {
    let plans = output.over_time.plans.iter().enumerate();
    let is_it = |provider: &&ProviderOverTime| provider.provider == *name;
    let queue = |(position, plan): (usize, &'a crate::study::PlanOverTime)| {
        Some((position, &plan.plan, plan.providers.iter().find(is_it)?.queue.as_ref()?))
    };
    plans.filter_map(queue).collect()
}

/// The outages of every provider in the plans that use this one, since traffic fails over to it from elsewhere.
fn outages_of<'a>(output: &'a RunOutput, name: &str) -> Vec<&'a OutageWindow> {
    let plans: Vec<_> = queues(output, name).iter().map(|&(position, ..)| &output.results.plans[position]).collect();
    outages_of_any(&plans, &output.figure_data.outages)
}

/// A panel for the throughput and one for the lines in use, each only where it is limited.
fn panels_of_use<'a>(output: &'a RunOutput, name: &str) -> Vec<Panel<'a>> {
    let queues = queues(output, name);
    let panel = |title: String, unit, series: &dyn Fn(&QueueOverTime) -> Option<Vec<f64>>, limit: Option<Vec<f64>>| {
        let mut all: Vec<_> = queues
            .iter()
            .filter_map(|(position, plan, queue)| {
                Some(Series { name: (*plan).clone(), bins: series(queue)?, look: Look::Thing(*position) })
            })
            .collect();
        all.push(Series { name: "limit".to_owned(), bins: limit?, look: Look::Dotted });
        Some(Panel { title, windows: outages_of(output, name), series: all, unit })
    };
    let Some((_, _, first)) = queues.first() else { return Vec::new() };
    let bin_s = output.over_time.bin_s;
    let per_bin = |limit: &Vec<f64>| limit.iter().map(|per_s| per_s * bin_s).collect();
    let rate = first.limit_per_s.as_ref().map(per_bin);
    let throughput = panel(format!("{name}, departing"), Unit::Events, &|queue| Some(queue.departures.clone()), rate);
    let lines = first.line_limit.clone();
    let busy = panel(format!("{name}, lines"), Unit::There("in use"), &|queue| queue.lines_in_use.clone(), lines);
    [throughput, busy].into_iter().flatten().collect()
}

/// A panel of the number waiting, where its mean over all replications reached one at any time.
fn panel_of_waiting<'a>(output: &'a RunOutput, name: &str) -> Option<Panel<'a>> {
    let queues = queues(output, name);
    let waited = queues.iter().any(|(_, _, queue)| queue.waiting.iter().any(|count| *count >= 1.0));
    let series = queues.iter().map(|(position, plan, queue)| Series {
        name: (*plan).clone(),
        bins: queue.waiting.clone(),
        look: Look::Thing(*position),
    });
    let series = series.collect();
    let unit = Unit::There("waiting");
    waited.then(|| Panel { title: name.to_owned(), windows: outages_of(output, name), series, unit })
}
