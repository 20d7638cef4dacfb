//! The results over time, as CSV: in each file a row for each bin of time, with a value in every column, so that other tools find the type of
//! each: arrivals by stream; who was reached in time; what became of attempts by plan and provider; queues of limited providers, and their lines.

use super::cells::{ONLY, written};
use super::json::ten_digits;
use super::wide::{CsvForm, Wide};
use crate::study::{OverTime, PlanOverTime, ProviderOverTime, QueueOverTime};
use crate::text;
use crate::units::Span;

/// The files and their texts. Counts are per replication. There are no queues without limited providers, and no lines without such. In wide
/// form there is one file, with a row for each bin.
#[must_use]
pub fn timeline(over_time: &OverTime, form: CsvForm) -> Vec<(&'static str, String)> {
    let tables = tables(over_time);
    match form {
        CsvForm::Long => tables.iter().map(|table| (table.file, table.csv(over_time))).collect(),
        CsvForm::Wide => vec![("timeline.csv", wide(over_time, &tables))],
    }
}

/// The numbers of a file.
struct Table {
    file: &'static str,
    /// The names of the columns beside those that say when a bin is: first those that say what the numbers are of.
    columns: Vec<&'static str>,
    /// The number of its first columns of numbers that repeat those of another table.
    repeated: usize,
    rows: Vec<Row>,
}

/// The numbers of one bin.
struct Row {
    bin: usize,
    /// What the numbers are of.
    of: Vec<String>,
    /// The numbers; a limit is infinite where there is none.
    numbers: Vec<f64>,
}

impl Table {
    fn csv(&self, over_time: &OverTime) -> String {
        written(|writer| {
            writer.row(bin_columns(over_time).into_iter().chain(self.columns.iter().copied()))?;
            self.rows.iter().try_for_each(|Row { bin, of, numbers }| {
                let numbers: Vec<_> = numbers.iter().copied().map(number).collect();
                writer.row(bin_cells(over_time, *bin).iter().chain(of).chain(&numbers))
            })
        })
    }
}

/// All numbers of each bin in one row; where there is no limit, the cell is blank.
fn wide(over_time: &OverTime, tables: &[Table]) -> String {
    let mut wide = Wide::new(bin_columns(over_time).into_iter().map(str::to_owned).collect());
    for table in tables {
        for Row { bin, of, numbers } in &table.rows {
            let mut about = bin_cells(over_time, *bin);
            // Spreadsheets know a time by the space in it.
            about.iter_mut().for_each(|cell| *cell = cell.replace('T', " "));
            for (column, value) in table.columns[of.len()..].iter().zip(numbers).skip(table.repeated) {
                let cell = if value.is_finite() { number(*value) } else { String::new() };
                wide.put(&about, of.iter().cloned().chain([(*column).to_owned()]).collect(), cell);
            }
        }
    }
    wide.csv()
}

/// The tables, one for each file in long form.
fn tables(over_time: &OverTime) -> Vec<Table> {
    let table =
        |file, columns: &[&'static str], rows: Vec<Row>| Table { file, columns: columns.to_vec(), repeated: 0, rows };
    let providers: Vec<_> = over_time
        .plans
        .iter()
        .flat_map(|plan| plan.providers.iter().map(|provider| (plan.plan.as_str(), provider)))
        .collect();
    let mut files = vec![
        table("arrivals.csv", &["stream", "arrivals"], arrivals(over_time)),
        table(
            "timeline.csv",
            &["plan", "provider", "submissions", "deliveries", "failures", "cost"],
            rows(&providers, |provider, bin| Some(attempts(provider, bin))),
        ),
    ];
    let in_time = over_time.plans.iter().flat_map(|plan| in_time(over_time, plan)).collect();
    let in_time = table("in_time.csv", &["plan", "stream", "arrivals", "in_time"], in_time);
    files.push(Table { repeated: 1, ..in_time });
    // Where nobody has a throughput there is no such column: one of nothing but `inf` is a date to some readers.
    let is_paced =
        providers.iter().any(|(_, provider)| provider.queue.as_ref().is_some_and(|queue| queue.limit_per_s.is_some()));
    let queues = rows(&providers, |provider, bin| provider.queue.as_ref().map(|queue| waits(queue, bin, is_paced)));
    let lines = rows(&providers, |provider, bin| in_use(provider.queue.as_ref()?, bin));
    let of_queue = ["plan", "provider", "departures", "waiting", "wait_sum_s", "limit_per_s"];
    let of_queue = if is_paced { &of_queue[..] } else { &of_queue[..5] };
    files.extend((!queues.is_empty()).then(|| table("queues.csv", of_queue, queues)));
    let of_lines = ["plan", "provider", "lines_in_use", "line_limit"];
    files.extend((!lines.is_empty()).then(|| table("lines.csv", &of_lines, lines)));
    files
}

/// The columns that say when a bin is.
fn bin_columns(over_time: &OverTime) -> Vec<&'static str> {
    ["from_s", "to_s"].into_iter().chain(over_time.starts_at.map(|_| "clock")).collect()
}

/// When a bin begins and ends (s), and when it begins by the clock, if that is known.
fn bin_cells(over_time: &OverTime, bin: usize) -> Vec<String> {
    let edge = |bin: usize| bin as f64 * over_time.bin_s;
    let clock = over_time.starts_at.map(|starts_at| {
        let step = Span::from_secs_f64(over_time.bin_s);
        starts_at.after(Span::from_secs_f64(edge(bin))).to_iso_in_steps(starts_at, step)
    });
    [number(edge(bin)), number(edge(bin + 1))].into_iter().chain(clock).collect()
}

fn arrivals(over_time: &OverTime) -> Vec<Row> {
    let of_stream = |(stream, arrivals): &(String, Vec<f64>)| {
        let row = |(bin, count): (usize, &f64)| Row { bin, of: vec![named(stream)], numbers: vec![*count] };
        arrivals.iter().enumerate().map(row).collect::<Vec<_>>()
    };
    over_time.arrivals.iter().flat_map(of_stream).collect()
}

/// For each stream, those who arrive in each bin, up to the last in which anybody does, and those of them who are reached in time under a plan.
fn in_time(over_time: &OverTime, plan: &PlanOverTime) -> Vec<Row> {
    let last =
        over_time.arrivals.iter().filter_map(|(_, arrivals)| arrivals.iter().rposition(|came| *came > 0.0)).max();
    let of_stream = |((stream, arrivals), in_time): (&(String, Vec<f64>), &Vec<f64>)| {
        let row = |(bin, (&came, &in_time)): (usize, (&f64, &f64))| Row {
            bin,
            of: vec![plan.plan.clone(), named(stream)],
            numbers: vec![came, in_time],
        };
        arrivals.iter().zip(in_time).enumerate().take(last.map_or(0, |last| last + 1)).map(row).collect::<Vec<_>>()
    };
    over_time.arrivals.iter().zip(&plan.in_time).flat_map(of_stream).collect()
}

/// The name of a stream, or what stands for one without a name.
fn named(stream: &str) -> String {
    if stream.is_empty() { ONLY } else { stream }.to_owned()
}

/// The rows of all providers for which `numbers` has any.
fn rows(
    providers: &[(&str, &ProviderOverTime)],
    numbers: impl Fn(&ProviderOverTime, usize) -> Option<Vec<f64>>,
) -> Vec<Row> {
    let of_provider = |&(plan, provider): &(&str, &ProviderOverTime)| {
        let row = |bin: usize| {
            Some(Row { bin, of: vec![plan.to_owned(), provider.provider.clone()], numbers: numbers(provider, bin)? })
        };
        (0..provider.submissions.len()).filter_map(row).collect::<Vec<_>>()
    };
    providers.iter().flat_map(of_provider).collect()
}

fn attempts(provider: &ProviderOverTime, bin: usize) -> Vec<f64> {
    let ProviderOverTime { submissions, deliveries, failures, cost, .. } = provider;
    [submissions, deliveries, failures, cost].map(|series| series[bin]).to_vec()
}

/// What a queue did: the waits of those that departed are a sum, since a bin in which none did has no mean.
fn waits(queue: &QueueOverTime, bin: usize, is_paced: bool) -> Vec<f64> {
    let sum = queue.wait_s[bin].map_or(0.0, |mean| mean * queue.departures[bin]);
    let limit = || queue.limit_per_s.as_ref().map_or(f64::INFINITY, |limit| limit[bin]);
    [queue.departures[bin], queue.waiting[bin], sum].into_iter().chain(is_paced.then(limit)).collect()
}

fn in_use(queue: &QueueOverTime, bin: usize) -> Option<Vec<f64>> {
    let (used, limit) = (queue.lines_in_use.as_ref()?, queue.line_limit.as_ref()?);
    Some(vec![used[bin], limit[bin]])
}

/// A number that is seen to be one with a fraction: readers decide by the first rows, which may all be zero.
fn number(value: f64) -> String {
    let text = text::number(ten_digits(value));
    if text.contains(['.', 'e', 'i']) { text } else { text + ".0" }
}
