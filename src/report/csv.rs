//! Results as tidy CSV: one row for each plan and measure, with value, interval and unit; or, for spreadsheets, one row for each plan.

use super::cells::{Writer, blank, everybody, field, written};
use super::wide::{CsvForm, Wide};
use crate::scenario::{Metric, Unit};
use crate::study::{Exact, GroupKind, PlanResult, ProviderResult, Results, measure};

/// The contents of a row after the plan's name.
struct Row {
    measure: String,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    unit: String,
    exact: Option<Exact>,
}

impl Row {
    fn new(measure: impl Into<String>, value: Option<f64>, unit: &str) -> Self {
        Self { measure: measure.into(), value, low: None, high: None, unit: unit.to_owned(), exact: None }
    }
}

/// `results.csv`: a header row, then one row for each plan and measure, with `NaN` where nothing is known; in wide form one row for each
/// plan. A measure that is solved has its exact value and its numeric error beside what was simulated. Where there are several streams of traffic or segments, further columns name them; `all` are all of them together.
#[must_use]
pub fn csv(results: &Results, form: CsvForm) -> String {
    match form {
        CsvForm::Long => written(|writer| write_rows(writer, results)),
        CsvForm::Wide => wide(results),
    }
}

fn write_rows(writer: &mut Writer, results: &Results) -> csv::Result<()> {
    let (columns, groups) = groups(results);
    let heads = ["plan", "measure", "value", "low", "high", "unit", "exact", "error"];
    writer.row(heads.into_iter().chain(columns))?;
    for (names, plans) in groups {
        for plan in plans {
            for row in rows(plan, &results.scenario.currency) {
                let [value, low, high] = [row.value, row.low, row.high].map(field);
                let (exact, error) = row.exact.map(|Exact { value, error }| (value, error)).unzip();
                let [exact, error] = [exact, error].map(field);
                let fields = [plan.name.as_str(), &row.measure, &value, &low, &high, &row.unit, &exact, &error];
                writer.row(fields.into_iter().chain(names.iter().map(String::as_str)))?;
            }
        }
    }
    Ok(())
}

/// The results in wide form: one row for each plan and group of recipients.
fn wide(results: &Results) -> String {
    let (columns, groups) = groups(results);
    let mut wide = Wide::new(["plan"].into_iter().chain(columns).map(str::to_owned).collect());
    for (names, plans) in groups {
        for plan in plans {
            let about: Vec<_> = [&plan.name].into_iter().chain(&names).cloned().collect();
            for row in rows(plan, &results.scenario.currency) {
                put_measure(&mut wide, &about, (&row.measure, &row.unit), [row.value, row.low, row.high]);
                if let Some(Exact { value, error }) = row.exact {
                    wide.put(&about, vec![format!("{} exact", row.measure)], blank(Some(value)));
                    wide.put(&about, vec![format!("{} error", row.measure)], blank(Some(error)));
                }
            }
        }
    }
    wide.csv()
}

/// Puts a measure and the ends of its interval into the row about this.
pub(super) fn put_measure(
    wide: &mut Wide,
    about: &[String],
    (measure, unit): (&str, &str),
    [value, low, high]: [Option<f64>; 3],
) {
    let head = if measure == unit { measure.to_owned() } else { format!("{measure} ({unit})") };
    wide.put(about, vec![head], blank(value));
    wide.put(about, vec![format!("{measure} low")], blank(low));
    wide.put(about, vec![format!("{measure} high")], blank(high));
}

/// The results of a group of recipients, with its names in the columns for streams and segments.
type Named<'a> = (Vec<String>, &'a [PlanResult]);

/// The columns that name groups of recipients, and the groups: first everybody.
fn groups(results: &Results) -> (Vec<&'static str>, Vec<Named<'_>>) {
    let kinds = [(GroupKind::Stream, "stream"), (GroupKind::Segment, "segment")];
    let present: Vec<_> =
        kinds.into_iter().filter(|(kind, _)| results.groups.iter().any(|group| group.kind == *kind)).collect();
    let all = everybody(results.groups.iter().map(|group| group.name.as_str()));
    let of_everybody = (vec![all.clone(); present.len()], &results.plans[..]);
    let groups = results.groups.iter().map(|group| {
        let name = |(kind, _): &(GroupKind, _)| if *kind == group.kind { group.name.clone() } else { all.clone() };
        (present.iter().map(name).collect(), &group.plans[..])
    });
    (present.iter().map(|(_, column)| *column).collect(), [of_everybody].into_iter().chain(groups).collect())
}

fn rows(plan: &PlanResult, currency: &str) -> Vec<Row> {
    let mut rows = vec![Row::new("recipients", Some(plan.recipients.0), "recipients")];
    rows.extend(Metric::all().map(|metric| measured(plan, metric, currency)));
    rows.push(Row::new("unresolved", Some(plan.unresolved.0), "flows"));
    rows.extend(plan.providers.iter().flat_map(|of| provider(of, currency)));
    rows
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
    let exact = plan.exact.as_ref().and_then(|exact| exact.get(metric.name())).copied();
    Row { measure: metric.name().to_owned(), value, low, high, unit: unit_of(metric, currency).to_owned(), exact }
}

/// The unit of a measure in CSV and JSON files.
pub(super) fn unit_of(metric: Metric, currency: &str) -> &str {
    match (metric, metric.unit()) {
        (Metric::CallbacksOnCompletion | Metric::CallbacksOnChange, _) => "callbacks",
        (Metric::CallbacksOnCompletionPeak | Metric::CallbacksOnChangePeak, _) => "1/s",
        (_, Unit::Share) => "share",
        (_, Unit::Money) => currency,
        (_, Unit::Seconds) => "s",
        (_, Unit::Count) => "moves",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn names_are_no_formulas() {
        let mut results = fixture::bank_pin().results;
        results.plans[0].name = "=HYPERLINK(\"x\")".to_owned();
        results.scenario.currency = "@SUM(A1)".to_owned();
        let text = csv(&results, CsvForm::Long);
        assert!(
            text.contains("\n\"'=HYPERLINK(\"\"x\"\")\",cost_total,") && text.contains(",'@SUM(A1),NaN,NaN\n"),
            "{text}"
        );
    }

    #[test]
    fn every_plan_has_every_measure_and_names_may_hold_anything() {
        let mut results = fixture::bank_pin().results;
        results.plans[0].name = "viber, \"first\"\nof all".to_owned();
        let text = csv(&results, CsvForm::Long);
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
