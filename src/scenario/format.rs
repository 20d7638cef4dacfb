//! The grammar of the scenario file: every table, every key, its type and its meaning.

mod latency;
mod plan;
mod provider;

use super::grammar::{Field, Kind, Range, Table};
use super::metric::COMPARED_NAMES;
use crate::status::Segment;
use crate::traffic::MAX_RECIPIENTS;

/// The maximum number of streams of traffic.
pub(super) const MAX_STREAMS: usize = 32;

/// The maximum number of replications.
pub(super) const MAX_REPLICATIONS: u64 = 100_000;

pub(super) use latency::DIST;
use plan::{CHECK, PLAN};
use provider::{OVERRIDE, PROVIDER};

/// The whole file.
pub(super) static SCENARIO: Table = Table {
    id: "scenario",
    what: "the scenario",
    key: "key",
    example: "[goal] [traffic] [providers.NAME] [[plans]]",
    doc: "A failsim scenario: recipients to reach, providers that deliver the messages, and plans to compare",
    fields: &[
        Field::optional("title", Kind::Text, "The question that the scenario answers, in one line")
            .or("the name of the file"),
        Field::optional("seed", Kind::Count { min: 0, max: u64::MAX }, "The seed of all random numbers").or("1"),
        Field::optional(
            "replications",
            Kind::Count { min: 1, max: MAX_REPLICATIONS },
            "The number of times each plan is simulated, each with different random numbers; `--replications` overrides it",
        )
        .or("1"),
        Field::optional(
            "starts_at",
            Kind::Moment,
            "When the run starts by the clock, in any time zone: outages may then be given by the clock, arrivals from a log are relative to it, quotas begin at midnight, and results over time show it",
        )
        .or("midnight of no particular day"),
        Field::optional("currency", Kind::Text, "The name of the currency").or("\"EUR\""),
        Field::required("goal", Kind::Table(&GOAL), "What the plans should achieve"),
        Field::required(
            "traffic",
            Kind::OneOrMore { of: &TRAFFIC, max: MAX_STREAMS },
            "The number of recipients and when they arrive; several streams of traffic are written as `[[traffic]]`",
        ),
        Field::optional(
            "segments",
            Kind::List { of: &SEGMENT, min: 1, max: Segment::MOST },
            "Recipients who share a country, operator or habit: outcomes, prices and plans may differ between segments",
        )
        .or("none: all recipients are alike"),
        Field::optional("people", Kind::Table(&PEOPLE), "What is so for a recipient whichever channel is used")
            .or("every phone is always on"),
        Field::required("providers", Kind::Named(&PROVIDER), "The simulated channel providers, by name"),
        Field::required("plans", Kind::List { of: &PLAN, min: 1, max: 1000 }, "The plans to compare"),
        Field::optional("webhook", Kind::Table(&WEBHOOK), "The callbacks that the sender's own service receives")
            .or("at the end of each flow"),
        Field::optional(
            "checks",
            Kind::List { of: &CHECK, min: 0, max: 1000 },
            "The bounds that `failsim check` verifies",
        )
        .or("none"),
        Field::optional("baseline", Kind::Table(&BASELINE), "How `failsim check` compares the plans with another run")
            .or("every measure, without tolerance"),
    ],
    forms: &[],
};

static WEBHOOK: Table = Table {
    id: "webhook",
    what: "[webhook]",
    key: "key",
    example: "{ strategy = \"on_change\" }",
    doc: "The callbacks that the sender's own service receives: the results have their number, and the most in a second of the clock",
    fields: &[Field::required(
        "strategy",
        Kind::Word(&["on_completion", "on_change"]),
        "When there is a callback: `on_completion` at the end of each flow; `on_change` also at each change of a message's status and whenever a ttl passes. Both are counted then; every report is simulated for that, so that a run takes several times as long",
    )],
    forms: &[],
};

static BASELINE: Table = Table {
    id: "baseline",
    what: "[baseline]",
    key: "key",
    example: "{ tolerances = { in_time = \"0.1pp\" } }",
    doc: "How `failsim check` compares the plans with another run, with `--baseline` or `--against`",
    fields: &[
        Field::optional(
            "tolerances",
            Kind::Table(&TOLERANCES),
            "How much worse each measure may be than in the other run; `--tolerance` overrides it",
        )
        .or("no tolerance"),
        Field::optional("measures", Kind::Words(&COMPARED_NAMES), "The measures to compare").or("all of them"),
    ],
    forms: &[],
};

static TOLERANCES: Table = Table {
    id: "tolerances",
    what: "`tolerances`",
    key: "measure",
    example: "{ in_time = \"0.1pp\", cost_per_recipient = \"0.5%rel\" }",
    doc: "How much worse a measure may be than in the other run: an amount in the unit of the measure, or a percentage of the other run's value",
    fields: &[
        Field::optional("delivered", Kind::Text, OF_SHARE),
        Field::optional("in_time", Kind::Text, OF_SHARE),
        Field::optional("succeeded", Kind::Text, OF_SHARE),
        Field::optional("duplicates", Kind::Text, OF_SHARE),
        Field::optional(
            "cost_per_recipient",
            Kind::Text,
            "An amount of money such as \"0.001\", or a percentage such as \"0.5%rel\"",
        ),
        Field::optional("latency_p50_s", Kind::Text, OF_SPAN),
        Field::optional("latency_p95_s", Kind::Text, OF_SPAN),
        Field::optional("latency_p99_s", Kind::Text, OF_SPAN),
    ],
    forms: &[],
};

const OF_SHARE: &str = "Percentage points such as \"0.1pp\", or a percentage such as \"2%rel\"";
const OF_SPAN: &str = "A duration such as \"500ms\", or a percentage such as \"2%rel\"";

static GOAL: Table = Table {
    id: "goal",
    what: "[goal]",
    key: "key",
    example: "{ deadline = \"60s\" }",
    doc: "What the plans should achieve",
    fields: &[Field::required(
        "deadline",
        Kind::Duration { zero: false },
        "A message is in time if it is delivered within this time after the recipient's arrival",
    )],
    forms: &[],
};

static SEGMENT: Table = Table {
    id: "segment",
    what: "a segment",
    key: "key",
    example: "{ name = \"gr\", share = 0.55 }",
    doc: "A part of the recipients, with its own prices and outcomes",
    fields: &[
        Field::required("name", Kind::Text, "The name of the segment, unique in the scenario"),
        Field::required(
            "share",
            Kind::Share,
            "Its share of the recipients; the shares of all segments add up to 1; a stream may give its own `mix`",
        ),
        Field::optional("providers", Kind::Named(&OVERRIDE), "What is different at a provider, by the provider's name")
            .or("nothing"),
    ],
    forms: &[],
};

static PEOPLE: Table = Table {
    id: "people",
    what: "[people]",
    key: "key",
    example: "{ phone_off = { share = 0.05, back_after = { exponential = { mean = \"2h\" } } } }",
    doc: "What is so for a recipient whichever plan, provider or attempt: the phone that is off for one channel is off for all of them",
    fields: &[Field::optional(
        "phone_off",
        Kind::Table(&PHONE_OFF),
        "How many phones are off when the recipient arrives, and for how long; what becomes of an attempt then is up to the provider's `needs_phone` and `when_off`",
    )
    .or("every phone is always on")],
    forms: &[],
};

static PHONE_OFF: Table = Table {
    id: "phone_off",
    what: "`phone_off`",
    key: "key",
    example: "{ share = 0.05, back_after = { exponential = { mean = \"2h\" } } }",
    doc: "Phones that are off when the recipient arrives; each comes back once, for good",
    fields: &[
        Field::required("share", Kind::Share, "The share of the recipients whose phone is off when they arrive"),
        Field::optional("back_after", Kind::Table(&DIST), "The time from arrival until the phone is on")
            .or("it stays off"),
    ],
    forms: &[],
};

static TRAFFIC: Table = Table {
    id: "traffic",
    what: "[traffic]",
    key: "key",
    example: "{ recipients = 1_000_000, arrivals = { blast = {} } }",
    doc: "The number of recipients and when they arrive",
    fields: &[
        Field::optional(
            "recipients",
            Kind::Count { min: 1, max: MAX_RECIPIENTS },
            "The number of recipients; required unless `arrivals` has `stages` or a `file`; not with `over` of `poisson`",
        )
        .or("determined by the stages or the file"),
        Field::required(
            "arrivals",
            Kind::Table(&ARRIVALS),
            "When the recipients arrive, that is, when the sender requests each message",
        ),
        Field::optional("name", Kind::Text, "The name of this stream of traffic; required if there are several"),
        Field::optional(
            "plan",
            Kind::Text,
            "The name of the plan that this stream always follows; that plan is then not compared",
        )
        .or("each of the compared plans"),
        Field::optional("goal", Kind::Table(&GOAL), "The goal of this stream").or("the `[goal]` of the file"),
        Field::optional(
            "mix",
            Kind::Numbers(Range::of(0.0, 1.0)),
            "The shares of the segments in this stream, by name, which add up to 1; segments that are not named have none; not with a `segment` column in the file of arrivals",
        )
        .or("the `share` of each segment"),
        Field::optional(
            "priority",
            Kind::Count { min: 0, max: 255 },
            "The priority at a provider with `order = \"priority\"`: traffic with a higher number goes first",
        )
        .or("0"),
    ],
    forms: &[],
};

static ARRIVALS: Table = Table {
    id: "arrivals",
    what: "`arrivals`",
    key: "arrival pattern",
    example: "{ uniform = { over = \"1h\" } }",
    doc: "When the recipients arrive: exactly one pattern",
    fields: &[
        Field::optional("blast", Kind::Table(&BLAST), "All at the start"),
        Field::optional("spread", Kind::Table(&SPREAD), "Evenly spaced"),
        Field::optional("uniform", Kind::Table(&UNIFORM), "Independent times, uniformly distributed over a time span"),
        Field::optional("poisson", Kind::Table(&POISSON), "Independent arrivals at a constant mean rate"),
        Field::optional(
            "stages",
            Kind::List { of: &STAGE, min: 1, max: 1000 },
            "Consecutive stages, each with a rate that is constant or changes linearly; with `recipients`, the rates are scaled to that total",
        ),
        Field::optional(
            "file",
            Kind::Text,
            "The path of a CSV file with one arrival time per row, relative to the scenario's folder: durations; numbers, in a column whose name ends in `_us`, `_ms`, `_s`, `_min` or `_h`; clock times such as 2026-11-27T08:00, with an offset or without; or seconds since 1970. Clock times count from `starts_at` if the scenario has it, otherwise from the first. Columns may be separated by `,`, by tabs, or by `;` with decimal commas; rows without a time are left out. A column `count` says how many arrive evenly from this time until that of the next row, the last as long as the one before; where the scenario has segments, a column `segment` names that of each recipient",
        ),
        Field::optional("column", Kind::Text, "The column of the CSV file").or("the first").with_key("file"),
    ],
    forms: &[&["blast"], &["spread"], &["uniform"], &["poisson"], &["stages"], &["file"]],
};

static BLAST: Table = Table {
    id: "blast",
    what: "`blast`",
    key: "key",
    example: "{}",
    doc: "All recipients arrive at the start",
    fields: &[],
    forms: &[],
};

static SPREAD: Table = Table {
    id: "spread",
    what: "`spread`",
    key: "key",
    example: "{ over = \"200s\" }",
    doc: "Evenly spaced: recipient i of n, counted from 0, arrives at (i + 0.5) * over / n",
    fields: &[OVER],
    forms: &[],
};

static UNIFORM: Table = Table {
    id: "uniform_arrivals",
    what: "uniform arrivals",
    key: "key",
    example: "{ over = \"1h\" }",
    doc: "Each recipient arrives at an independent time, uniformly distributed over the time span",
    fields: &[OVER],
    forms: &[],
};

static POISSON: Table = Table {
    id: "poisson",
    what: "Poisson arrivals",
    key: "key",
    example: "{ rate = \"300/s\" }",
    doc: "Independent arrivals at a constant mean rate",
    fields: &[
        Field::required("rate", Kind::Rate, "The mean rate of arrivals"),
        Field::optional(
            "over",
            Kind::Duration { zero: false },
            "How long recipients arrive, in place of `recipients`: where they are simulated together, how many come is drawn anew in each replication, as on days of different load",
        )
        .or("until all `recipients` have arrived"),
    ],
    forms: &[],
};

static STAGE: Table = Table {
    id: "stage",
    what: "a stage",
    key: "key",
    example: "{ over = \"5m\", rate = \"50/s..800/s\" }",
    doc: "A stage of arrivals, with a rate that is constant or changes linearly",
    fields: &[
        OVER,
        Field::required(
            "rate",
            Kind::Ramp,
            "The rate of arrivals, such as \"50/s\", or the rates at the start and at the end, such as \"50/s..800/s\"",
        ),
    ],
    forms: &[],
};

/// The time span over which recipients arrive.
const OVER: Field =
    Field::required("over", Kind::Duration { zero: false }, "The time span over which the recipients arrive");

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn table_ids_are_unique_and_forms_name_keys_of_their_table() {
        let (mut known, mut open) = (BTreeMap::new(), vec![&SCENARIO]);
        while let Some(table) = open.pop() {
            let first: &&Table = known.entry(table.id).or_insert(table);
            assert!(std::ptr::eq(*first, table), "duplicate id {}", table.id);
            assert!(table.forms.iter().copied().flatten().all(|k| table.field(k).is_some()), "{}", table.id);
            open.extend(table.fields.iter().filter_map(Field::table).filter(|t| !known.contains_key(t.id)));
        }
    }
}
