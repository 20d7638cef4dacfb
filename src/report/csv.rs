//! Results as tidy CSV: one row for each plan and measure, with value, interval and unit.
//!
//! A spreadsheet treats a cell as a formula when it begins with `=`, `+`, `-` or `@` and is not a number, and a formula can do more than
//! show text. In every CSV file such a cell is written with an apostrophe before it: spreadsheets then show the text, and programs that
//! need the exact name find it in the JSON.

use super::json::ten_digits;
use crate::study::{Interval, PlanResult, ProviderResult, Results, Share};
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

    fn between(self, low: Option<f64>, high: Option<f64>) -> Self {
        Self { low, high, ..self }
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
    let streams = results.streams();
    let last = if streams.is_empty() { None } else { Some("stream") };
    writer.row(["plan", "measure", "value", "low", "high", "unit"].into_iter().chain(last))?;
    write_plans(writer, results, last.map(|_| ""))?;
    streams.iter().try_for_each(|(name, view)| write_plans(writer, view, Some(name)))
}

fn write_plans(writer: &mut Writer, results: &Results, stream: Option<&str>) -> csv::Result<()> {
    for plan in &results.plans {
        for row in rows(plan, &results.scenario.currency) {
            let [value, low, high] = [row.value, row.low, row.high].map(field);
            let fields = [plan.name.as_str(), &row.measure, &value, &low, &high, &row.unit];
            writer.row(fields.into_iter().chain(stream))?;
        }
    }
    Ok(())
}

/// A number; empty for `None`.
pub(super) fn field(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or_else(String::new, |value| text::number(ten_digits(value)))
}

fn rows(plan: &PlanResult, currency: &str) -> Vec<Row> {
    let mut rows = vec![Row::new("recipients", Some(plan.recipients as f64), "recipients")];
    rows.push(share("delivered", Some(&plan.delivered)));
    rows.push(share("in_time", Some(&plan.in_time)));
    rows.push(share("succeeded", Some(&plan.succeeded)));
    rows.push(share("duplicates", Some(&plan.duplicates)));
    rows.push(share("seen", plan.seen.as_ref()));
    rows.extend(cost(plan, currency));
    rows.extend(latency(plan));
    rows.push(Row::new("failovers", Some(plan.failovers.0), "moves"));
    rows.push(Row::new("open", Some(plan.open.0), "flows"));
    rows.push(Row::new("last_end", plan.last_end_s, "s"));
    rows.extend(plan.providers.iter().flat_map(|of| provider(of, currency)));
    rows
}

/// The results of a provider: measures under its name.
fn provider(of: &ProviderResult, currency: &str) -> [Row; 9] {
    let row = |measure: &str, value, unit| Row::new(format!("{}.{measure}", of.provider), value, unit);
    [
        row("attempts", Some(of.attempts.0), "attempts"),
        row("delivered", Some(of.delivered.0), "messages"),
        row("cost", Some(of.cost), currency),
        row("wait_mean", Some(of.wait_mean_s), "s"),
        row("wait_p99", Some(of.wait_p99_s), "s"),
        row("queue_max", Some(of.queue_max as f64), "attempts"),
        row("refused", Some(of.refused.0), "attempts"),
        row("withdrawn", Some(of.withdrawn.0), "attempts"),
        row("drained", of.drained_s, "s"),
    ]
}

fn share(measure: &'static str, share: Option<&Share>) -> Row {
    let row = Row::new(measure, share.map(|share| share.share), "share");
    row.between(share.and_then(|share| share.low), share.and_then(|share| share.high))
}

fn cost(plan: &PlanResult, currency: &str) -> [Row; 3] {
    let cost = &plan.cost;
    [
        Row::new("cost_total", Some(cost.total), currency),
        Row::new("cost_per_recipient", Some(cost.per_recipient), currency).between(cost.low, cost.high),
        Row::new("cost_per_delivered", cost.per_delivered, currency),
    ]
}

fn latency(plan: &PlanResult) -> impl Iterator<Item = Row> + '_ {
    let latency = &plan.latency_s;
    let quantiles = [
        ("latency_mean", "mean", latency.mean),
        ("latency_p50", "p50", latency.p50),
        ("latency_p90", "p90", latency.p90),
        ("latency_p95", "p95", latency.p95),
        ("latency_p99", "p99", latency.p99),
        ("latency_p999", "p999", latency.p999),
        ("latency_max", "max", latency.max),
    ];
    quantiles.into_iter().map(|(measure, key, value)| {
        let ends: Option<&Interval> = latency.intervals.get(key);
        Row::new(measure, value, "s").between(ends.map(|ends| ends.low), ends.map(|ends| ends.high))
    })
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
