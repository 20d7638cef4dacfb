//! The share in time over time: a panel for each stream of traffic, a line for each plan.

use super::panels::{self, Look, Panel, Series, TimeAxis, Unit};
use super::timeline::outages_of_any;
use super::{Figure, FigureError};
use crate::report::words;
use crate::study::{GroupKind, RunOutput};

const FILE: &str = "in_time.svg";

/// Draws the figure; there is none where all recipients arrive at once.
pub(super) fn figure(output: &RunOutput) -> Result<Option<Figure>, FigureError> {
    let Some(data) = &output.figure_data.in_time else { return Ok(None) };
    let results = &output.results;
    let windows = outages_of_any(&results.plans.iter().collect::<Vec<_>>(), &output.figure_data.outages);
    let shaded = if windows.is_empty() { "" } else { " Shaded: outages of providers that the plans use." };
    let caption = format!(
        "The share reached within the deadline of those who arrive in each {}, under each plan; where all shares are high, the axis \
         begins above 0.{shaded}",
        words::span(data.bin_s)
    );
    let panel = |(name, plans): &(String, Vec<Vec<Option<f64>>>)| {
        let group = results.groups_of(GroupKind::Stream).find(|group| group.name == *name);
        let deadline = group.and_then(|group| group.deadline_s).unwrap_or(results.scenario.deadline_s);
        let own = group.and_then(|group| group.plan.as_ref());
        let own = own.map_or_else(String::new, |plan| format!("; always follows {plan}"));
        let name = if name.is_empty() { "all recipients" } else { name.as_str() };
        let line = |(place, (plan, bins)): (usize, (&crate::study::PlanResult, &Vec<Option<f64>>))| Series {
            name: plan.name.clone(),
            bins: bins.iter().map(|share| share.unwrap_or(f64::NAN)).collect(),
            look: Look::Thing(place),
        };
        Panel {
            title: format!("{name} (deadline {}{own})", words::span(deadline)),
            windows: windows.clone(),
            series: results.plans.iter().zip(plans).enumerate().map(line).collect(),
            unit: Unit::Share,
        }
    };
    let panels: Vec<_> = data.streams.iter().map(panel).collect();
    let time = TimeAxis { bin_s: data.bin_s, starts_at: output.over_time.starts_at };
    let svg = panels::sheet(FILE, &panels, time, false, &caption)?;
    Ok(Some(Figure { file: FILE.to_owned(), title: "In time by time of arrival".to_owned(), caption, svg }))
}
