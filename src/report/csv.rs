//! Results as tidy CSV: one row for each plan and measure, with value, interval and unit.
//!
//! A spreadsheet treats a cell as a formula when it begins with `=`, `+`, `-` or `@` and is not a number, and a formula can do more than
//! show text. In every CSV file such a cell is written with an apostrophe before it: spreadsheets then show the text, and programs that
//! need the exact name find it in the JSON.

use super::json::ten_digits;
use crate::scenario::{Metric, Unit};
use crate::study::{Callbacks, GroupKind, PlanResult, ProviderResult, Results, measure};
use crate::text;
use std::borrow::Cow;

/// The contents of a row after the plan's name.
struct Row {
    measure: String,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    unit: String,
}

impl Row {
    fn new(measure: impl Into<String>, value: Option<f64>, unit: &str) -> Self {
        Self { measure: measure.into(), value, low: None, high: None, unit: unit.to_owned() }
    }
}

/// `results.csv`: a header row, then one row for each plan and measure. Fields are empty where nothing is known. Where there are several
/// streams of traffic, a last column names the stream; it is empty in the rows for all of them together.
#[must_use]
pub fn csv(results: &Results) -> String {
    written(|writer| write_rows(writer, results))
}

/// Writes CSV to memory; no cell of it is read as a formula.
pub(super) struct Writer(csv::Writer<Vec<u8>>);

impl Writer {
    /// Writes one row.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) -> csv::Result<()> {
        for cell in cells {
            self.0.write_field(harmless(cell.as_ref()).as_bytes())?;
        }
        self.0.write_record(None::<&[u8]>)
    }
}

/// The characters that begin a formula, including the full-width forms of East Asian keyboards.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// `cell` in a form that a spreadsheet shows and does not evaluate.
fn harmless(cell: &str) -> Cow<'_, str> {
    let is_number = || cell.parse::<f64>().is_ok_and(f64::is_finite);
    if cell.starts_with(FORMULA) && !is_number() { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The text written by `write`.
pub(super) fn written(write: impl FnOnce(&mut Writer) -> csv::Result<()>) -> String {
    let mut writer = Writer(csv::Writer::from_writer(Vec::new()));
    let written = write(&mut writer);
    let bytes = written.ok().and_then(|()| writer.0.into_inner().ok());
    String::from_utf8(bytes.expect("memory takes every write")).expect("only text was written")
}

fn write_rows(writer: &mut Writer, results: &Results) -> csv::Result<()> {
    let kinds = [(GroupKind::Stream, "stream"), (GroupKind::Segment, "segment")];
    let present: Vec<_> =
        kinds.into_iter().filter(|(kind, _)| results.groups.iter().any(|group| group.kind == *kind)).collect();
    let columns = present.iter().map(|(_, column)| *column);
    writer.row(["plan", "measure", "value", "low", "high", "unit"].into_iter().chain(columns))?;
    let currency = &results.scenario.currency;
    write_plans(writer, &results.plans, currency, &vec![""; present.len()])?;
    results.groups.iter().try_for_each(|group| {
        let name = |(kind, _): &(GroupKind, &str)| if *kind == group.kind { group.name.as_str() } else { "" };
        write_plans(writer, &group.plans, currency, &present.iter().map(name).collect::<Vec<_>>())
    })
}

fn write_plans(writer: &mut Writer, plans: &[PlanResult], currency: &str, groups: &[&str]) -> csv::Result<()> {
    for plan in plans {
        for row in rows(plan, currency) {
            let [value, low, high] = [row.value, row.low, row.high].map(field);
            let fields = [plan.name.as_str(), &row.measure, &value, &low, &high, &row.unit];
            writer.row(fields.into_iter().chain(groups.iter().copied()))?;
        }
    }
    Ok(())
}

/// A number; empty for `None`.
pub(super) fn field(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or_else(String::new, |value| text::number(ten_digits(value)))
}

fn rows(plan: &PlanResult, currency: &str) -> Vec<Row> {
    let mut rows = vec![Row::new("recipients", Some(plan.recipients.0), "recipients")];
    rows.extend(Metric::all().map(|metric| measured(plan, metric, currency)));
    rows.push(Row::new("unresolved", Some(plan.unresolved.0), "flows"));
    rows.extend(callbacks(&plan.callbacks));
    rows.extend(plan.providers.iter().flat_map(|of| provider(of, currency)));
    rows
}

/// The load of callbacks, under each strategy that is counted.
fn callbacks(of: &Callbacks) -> impl Iterator<Item = Row> + use<> {
    let strategies = [
        ("on_completion", Some(of.on_completion), Some(of.on_completion_peak_per_s)),
        ("on_change", of.on_change, of.on_change_peak_per_s),
    ];
    strategies.into_iter().filter(|(_, count, _)| count.is_some()).flat_map(|(strategy, count, peak)| {
        [
            Row::new(format!("callbacks_{strategy}"), count.map(|count| count.0), "callbacks"),
            Row::new(format!("callbacks_{strategy}_peak_per_s"), peak.map(|peak| peak as f64), "1/s"),
        ]
    })
}

/// The results of a provider: measures under its name.
fn provider(of: &ProviderResult, currency: &str) -> [Row; 14] {
    let row = |measure: &str, value, unit| Row::new(format!("{}.{measure}", of.provider), value, unit);
    [
        row("attempts", Some(of.attempts.0), "attempts"),
        row("departed", Some(of.departed.0), "attempts"),
        row("delivered", Some(of.delivered.0), "messages"),
        row("cost", Some(of.cost), currency),
        row("wait_mean_s", Some(of.wait_mean_s), "s"),
        row("wait_p99_s", Some(of.wait_p99_s), "s"),
        row("queue_max", Some(of.queue_max as f64), "attempts"),
        row("rejected", Some(of.rejected.0), "attempts"),
        row("expired_in_queue", Some(of.expired_in_queue.0), "attempts"),
        row("cancelled", Some(of.cancelled.0), "attempts"),
        row("still_queued", Some(of.still_queued.0), "attempts"),
        row("not_permitted", Some(of.not_permitted.0), "attempts"),
        row("circuit_opened", Some(of.circuit_opened.0), "times"),
        row("backlog_cleared_s", of.backlog_cleared_s, "s"),
    ]
}

/// A measure of the plan with its interval.
fn measured(plan: &PlanResult, metric: Metric, currency: &str) -> Row {
    let measured = measure(plan, metric);
    let (low, high) = measured.and_then(|measured| measured.interval).unzip();
    let value = measured.map(|measured| measured.value);
    Row { measure: metric.name().to_owned(), value, low, high, unit: unit_of(metric.unit(), currency).to_owned() }
}

/// The unit of a measure in CSV and JSON files.
pub(super) fn unit_of(unit: Unit, currency: &str) -> &str {
    match unit {
        Unit::Share => "share",
        Unit::Money => currency,
        Unit::Seconds => "s",
        Unit::Count => "moves",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn no_cell_is_a_formula() {
        let text =
            written(|writer| writer.row(["=1+1", "+a", "-b", "@c", "＝1", "a=b", "-0.5", "+2", "1e5", "-inf", ""]));
        assert_eq!(text, "'=1+1,'+a,'-b,'@c,'＝1,a=b,-0.5,+2,1e5,'-inf,\n");
        let mut results = fixture::bank_pin().results;
        results.plans[0].name = "=HYPERLINK(\"x\")".to_owned();
        results.scenario.currency = "@SUM(A1)".to_owned();
        let text = csv(&results);
        assert!(text.contains("\n\"'=HYPERLINK(\"\"x\"\")\",cost_total,") && text.contains(",'@SUM(A1)\n"), "{text}");
    }

    #[test]
    fn every_plan_has_every_measure_and_names_may_hold_anything() {
        let mut results = fixture::bank_pin().results;
        results.plans[0].name = "viber, \"first\"\nof all".to_owned();
        let text = csv(&results);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let records: Vec<_> = reader.records().map(|record| record.expect("well-formed")).collect();
        assert_eq!(records.len(), results.plans.iter().map(|plan| rows(plan, "EUR").len()).sum::<usize>());
        assert_eq!(&records[0][0], "viber, \"first\"\nof all");
        let in_time = records.iter().find(|record| &record[1] == "in_time").expect("a row for in_time");
        let value: f64 = in_time[2].parse().expect("a number");
        assert!((value - results.plans[0].in_time.share).abs() < 1e-9);
        assert_eq!(&in_time[5], "share");
    }
}
