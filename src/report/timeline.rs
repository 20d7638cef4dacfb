//! The results over time, as CSV: a row for each bin of time, for each stream of traffic, and for each provider under each plan.

use super::csv::{Writer, written};
use super::json::ten_digits;
use crate::study::{OverTime, ProviderOverTime};
use crate::text;

/// The header row. Counts are per replication; `waiting` and `lines_in_use` are those at the end of the bin.
const COLUMNS: [&str; 16] = [
    "from_s",
    "to_s",
    "plan",
    "provider",
    "stream",
    "arrivals",
    "submissions",
    "deliveries",
    "failures",
    "cost",
    "departures",
    "waiting",
    "lines_in_use",
    "wait_s",
    "limit_per_s",
    "line_limit",
];

/// `timeline.csv`: fields are empty where nothing is known or nothing is limited.
#[must_use]
pub fn timeline(over_time: &OverTime) -> String {
    written(|writer| write_rows(writer, over_time))
}

fn write_rows(writer: &mut Writer, over_time: &OverTime) -> csv::Result<()> {
    writer.row(COLUMNS)?;
    let edge = |bin: usize| number(bin as f64 * over_time.bin_s);
    for (stream, arrivals) in &over_time.arrivals {
        for (bin, count) in arrivals.iter().enumerate() {
            let place = [edge(bin), edge(bin + 1), String::new(), String::new(), stream.clone(), number(*count)];
            writer.row(place.into_iter().chain(std::iter::repeat_n(String::new(), COLUMNS.len() - 6)))?;
        }
    }
    for plan in &over_time.plans {
        for provider in &plan.providers {
            for bin in 0..provider.submissions.len() {
                let place = [edge(bin), edge(bin + 1), plan.plan.clone(), provider.provider.clone()];
                let nothing = [String::new(), String::new()];
                writer.row(place.into_iter().chain(nothing).chain(fields(provider, bin)))?;
            }
        }
    }
    Ok(())
}

fn fields(provider: &ProviderOverTime, bin: usize) -> [String; 10] {
    let queue = provider.queue.as_ref();
    let known = |series: Option<&Vec<f64>>| series.map_or_else(String::new, |series| number(series[bin]));
    [
        number(provider.submissions[bin]),
        number(provider.deliveries[bin]),
        number(provider.failures[bin]),
        number(provider.cost[bin]),
        known(queue.map(|queue| &queue.departures)),
        known(queue.map(|queue| &queue.waiting)),
        known(queue.and_then(|queue| queue.lines_in_use.as_ref())),
        queue.and_then(|queue| queue.wait_s[bin]).map_or_else(String::new, number),
        known(queue.and_then(|queue| queue.limit_per_s.as_ref())),
        known(queue.and_then(|queue| queue.line_limit.as_ref())),
    ]
}

fn number(value: f64) -> String {
    text::number(ten_digits(value))
}
