//! The results over time, as CSV: in each file a row for each bin of time, with a value in every column, so that other tools find the type of
//! each: arrivals by stream; what became of attempts by plan and provider; queues of limited providers, and their lines.

use super::csv::{Writer, written};
use super::json::ten_digits;
use crate::study::{OverTime, ProviderOverTime, QueueOverTime};
use crate::text;
use crate::units::Span;

/// The files and their texts. Counts are per replication. There are no queues without limited providers, and no lines without such.
#[must_use]
pub fn timeline(over_time: &OverTime) -> Vec<(&'static str, String)> {
    let file = |name, columns: &[&str], rows: Vec<Vec<String>>| (name, table(over_time, columns, rows));
    let providers: Vec<_> = over_time
        .plans
        .iter()
        .flat_map(|plan| plan.providers.iter().map(|provider| (plan.plan.as_str(), provider)))
        .collect();
    let mut files = vec![
        file("arrivals.csv", &["stream", "arrivals"], arrivals(over_time)),
        file(
            "timeline.csv",
            &["plan", "provider", "submissions", "deliveries", "failures", "cost"],
            rows(over_time, &providers, |provider, bin| Some(attempts(provider, bin))),
        ),
    ];
    // Where nobody has a throughput there is no such column: one of nothing but `inf` is a date to some readers.
    let is_paced =
        providers.iter().any(|(_, provider)| provider.queue.as_ref().is_some_and(|queue| queue.limit_per_s.is_some()));
    let queues =
        rows(over_time, &providers, |provider, bin| provider.queue.as_ref().map(|queue| waits(queue, bin, is_paced)));
    let lines = rows(over_time, &providers, |provider, bin| in_use(provider.queue.as_ref()?, bin));
    let of_queue = ["plan", "provider", "departures", "waiting", "wait_sum_s", "limit_per_s"];
    let of_queue = if is_paced { &of_queue[..] } else { &of_queue[..5] };
    files.extend((!queues.is_empty()).then(|| file("queues.csv", of_queue, queues)));
    let of_lines = ["plan", "provider", "lines_in_use", "line_limit"];
    files.extend((!lines.is_empty()).then(|| file("lines.csv", &of_lines, lines)));
    files
}

/// The name of a stream that has none.
const EVERYBODY: &str = "all";

/// A file: the header and the rows, each of which has its bin first.
fn table(over_time: &OverTime, columns: &[&str], rows: Vec<Vec<String>>) -> String {
    let clock = over_time.starts_at.map(|_| "clock");
    let write = |writer: &mut Writer| {
        writer.row(["from_s", "to_s"].into_iter().chain(clock).chain(columns.iter().copied()))?;
        rows.iter().try_for_each(|row| writer.row(row))
    };
    written(write)
}

/// When a bin begins and ends (s), and when it begins by the clock, if that is known.
fn place(over_time: &OverTime, bin: usize) -> Vec<String> {
    let edge = |bin: usize| bin as f64 * over_time.bin_s;
    let clock = over_time.starts_at.map(|starts_at| starts_at.after(Span::from_secs_f64(edge(bin))).to_iso());
    [number(edge(bin)), number(edge(bin + 1))].into_iter().chain(clock).collect()
}

fn arrivals(over_time: &OverTime) -> Vec<Vec<String>> {
    let of_stream = |(stream, arrivals): &(String, Vec<f64>)| {
        let row = |(bin, count): (usize, &f64)| {
            let name = if stream.is_empty() { EVERYBODY } else { stream.as_str() };
            place(over_time, bin).into_iter().chain([name.to_owned(), number(*count)]).collect::<Vec<_>>()
        };
        arrivals.iter().enumerate().map(row).collect::<Vec<_>>()
    };
    over_time.arrivals.iter().flat_map(of_stream).collect()
}

/// The rows of all providers for which `cells` has any.
fn rows(
    over_time: &OverTime,
    providers: &[(&str, &ProviderOverTime)],
    cells: impl Fn(&ProviderOverTime, usize) -> Option<Vec<String>>,
) -> Vec<Vec<String>> {
    let of_provider = |&(plan, provider): &(&str, &ProviderOverTime)| {
        let row = |bin: usize| {
            let names = [plan.to_owned(), provider.provider.clone()];
            Some(place(over_time, bin).into_iter().chain(names).chain(cells(provider, bin)?).collect())
        };
        (0..provider.submissions.len()).filter_map(row).collect::<Vec<_>>()
    };
    providers.iter().flat_map(of_provider).collect()
}

fn attempts(provider: &ProviderOverTime, bin: usize) -> Vec<String> {
    let ProviderOverTime { submissions, deliveries, failures, cost, .. } = provider;
    [submissions, deliveries, failures, cost].map(|series| number(series[bin])).to_vec()
}

/// What a queue did: the waits of those that departed are a sum, since a bin in which none did has no mean; without a throughput there is
/// no limit (`inf`).
fn waits(queue: &QueueOverTime, bin: usize, is_paced: bool) -> Vec<String> {
    let sum = queue.wait_s[bin].map_or(0.0, |mean| mean * queue.departures[bin]);
    let limit = || queue.limit_per_s.as_ref().map_or_else(|| "inf".to_owned(), |limit| number(limit[bin]));
    let known = [queue.departures[bin], queue.waiting[bin], sum].map(number);
    known.into_iter().chain(is_paced.then(limit)).collect()
}

fn in_use(queue: &QueueOverTime, bin: usize) -> Option<Vec<String>> {
    let (used, limit) = (queue.lines_in_use.as_ref()?, queue.line_limit.as_ref()?);
    Some(vec![number(used[bin]), number(limit[bin])])
}

/// A number that is seen to be one with a fraction: readers decide by the first rows, which may all be zero.
fn number(value: f64) -> String {
    let text = text::number(ten_digits(value));
    if text.contains(['.', 'e', 'i']) { text } else { text + ".0" }
}
