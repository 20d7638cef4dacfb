//! The scenario file: every table, every key, what it holds, and what it means.

mod latency;
mod plan;
mod provider;

use super::grammar::{Field, Kind, Table};
use super::metric::COMPARED_NAMES;
use crate::traffic::MAX_RECIPIENTS;

/// The most streams of traffic.
pub(super) const MAX_STREAMS: usize = 32;

/// The most replications.
pub(super) const MAX_REPLICATIONS: u64 = 100_000;

pub(super) use latency::DIST;
use plan::{CHECK, PLAN};
use provider::PROVIDER;

/// The whole file.
pub(super) static SCENARIO: Table = Table {
    id: "scenario",
    what: "a scenario",
    key: "key",
    example: "[goal] [traffic] [providers.NAME] [[plans]]",
    doc: "A failsim scenario: people to reach, providers that carry messages, and plans to compare",
    fields: &[
        Field::optional("title", Kind::Text, "One line that says what the scenario asks; by default the file's name"),
        Field::optional(
            "seed",
            Kind::Count { min: 0, max: u64::MAX },
            "The seed of all luck, a whole number; by default 1",
        ),
        Field::optional(
            "replications",
            Kind::Count { min: 1, max: MAX_REPLICATIONS },
            "How often it is played, each time with luck of its own, unless the command line says otherwise; by default 1",
        ),
        Field::optional("currency", Kind::Text, "The name of the money; by default EUR"),
        Field::required("goal", Kind::Table(&GOAL), "What the plans are to achieve"),
        Field::required(
            "traffic",
            Kind::OneOrMore { of: &TRAFFIC, max: MAX_STREAMS },
            "How many people are to be reached, and when; several streams of them in double brackets",
        ),
        Field::required("providers", Kind::Named(&PROVIDER), "Who carries the channels, by name"),
        Field::required("plans", Kind::List { of: &PLAN, min: 1, max: 1000 }, "The plans that are compared"),
        Field::optional(
            "checks",
            Kind::List { of: &CHECK, min: 0, max: 1000 },
            "What `failsim check` holds the plans to",
        ),
        Field::optional("baseline", Kind::Table(&BASELINE), "How `failsim check` holds the plans to another run"),
    ],
    forms: &[],
};

static BASELINE: Table = Table {
    id: "baseline",
    what: "[baseline]",
    key: "key",
    example: "{ tolerances = { in_time = \"0.1pp\" } }",
    doc: "How `failsim check` holds the plans to another run: with --baseline or --against",
    fields: &[
        Field::optional(
            "tolerances",
            Kind::Table(&TOLERANCES),
            "By how much measures may be worse; by default not at all. --tolerance goes before",
        ),
        Field::optional(
            "measures",
            Kind::Words(&COMPARED_NAMES),
            "The measures that are compared; by default all of them",
        ),
    ],
    forms: &[],
};

static TOLERANCES: Table = Table {
    id: "tolerances",
    what: "a table of tolerances",
    key: "measure",
    example: "{ in_time = \"0.1pp\", cost_per_recipient = \"0.5%rel\" }",
    doc: "By how much a measure may be worse than in the other run: percentage points of a share, an amount, or a part of that run's value",
    fields: &[
        Field::optional("delivered", Kind::Text, OF_SHARE),
        Field::optional("in_time", Kind::Text, OF_SHARE),
        Field::optional("succeeded", Kind::Text, OF_SHARE),
        Field::optional("duplicates", Kind::Text, OF_SHARE),
        Field::optional("cost_per_recipient", Kind::Text, "Such as \"0.001\" or \"0.5%rel\""),
        Field::optional("latency_p50_s", Kind::Text, OF_SPAN),
        Field::optional("latency_p95_s", Kind::Text, OF_SPAN),
        Field::optional("latency_p99_s", Kind::Text, OF_SPAN),
    ],
    forms: &[],
};

const OF_SHARE: &str = "Such as \"0.1pp\" or \"2%rel\"";
const OF_SPAN: &str = "Such as \"500ms\" or \"2%rel\"";

static GOAL: Table = Table {
    id: "goal",
    what: "[goal]",
    key: "key",
    example: "{ deadline = \"60s\" }",
    doc: "What the plans are to achieve",
    fields: &[Field::required(
        "deadline",
        Kind::Duration { zero: false },
        "A delivery within this span of the recipient's arrival is in time [duration]",
    )],
    forms: &[],
};

static TRAFFIC: Table = Table {
    id: "traffic",
    what: "[traffic]",
    key: "key",
    example: "{ recipients = 1_000_000, arrivals = { blast = {} } }",
    doc: "How many people are to be reached, and when",
    fields: &[
        Field::optional(
            "recipients",
            Kind::Count { min: 1, max: MAX_RECIPIENTS },
            "How many people; can be left out with arrivals in stages or from a file",
        ),
        Field::required("arrivals", Kind::Table(&ARRIVALS), "When the sender asks for each message"),
        Field::optional("name", Kind::Text, "The name of this stream; required where there are several"),
        Field::optional(
            "plan",
            Kind::Text,
            "The name of the plan that this stream always follows, which is then not compared; by default each of those that are",
        ),
        Field::optional("goal", Kind::Table(&GOAL), "What this stream is to achieve; by default as [goal]"),
        Field::optional(
            "priority",
            Kind::Count { min: 0, max: 255 },
            "The higher goes first at providers that serve by priority; by default 0",
        ),
    ],
    forms: &[],
};

static ARRIVALS: Table = Table {
    id: "arrivals",
    what: "arrivals",
    key: "pattern of arrivals",
    example: "{ uniform = { over = \"1h\" } }",
    doc: "When the sender asks for each message: exactly one pattern",
    fields: &[
        Field::optional("blast", Kind::Table(&BLAST), "Everyone at the start"),
        Field::optional("spread", Kind::Table(&SPREAD), "Evenly spaced"),
        Field::optional("uniform", Kind::Table(&UNIFORM), "Each at a time of its own, uniform over the span"),
        Field::optional("poisson", Kind::Table(&POISSON), "At random, so many a second on average"),
        Field::optional(
            "stages",
            Kind::List { of: &STAGE, min: 1, max: 1000 },
            "Stretches of time, one after the other, each with a rate that stays or changes evenly",
        ),
        Field::optional(
            "file",
            Kind::Text,
            "A CSV file with a time for each recipient, relative to the scenario's folder",
        ),
        Field::optional("column", Kind::Text, "The column of the CSV file; by default the first").with_key("file"),
    ],
    forms: &[&["blast"], &["spread"], &["uniform"], &["poisson"], &["stages"], &["file"]],
};

static BLAST: Table = Table {
    id: "blast",
    what: "a blast",
    key: "key",
    example: "{}",
    doc: "Everyone at the start",
    fields: &[],
    forms: &[],
};

static SPREAD: Table = Table {
    id: "spread",
    what: "a spread",
    key: "key",
    example: "{ over = \"200s\" }",
    doc: "Evenly spaced: the i-th of n at (i + 0.5) * over / n",
    fields: &[OVER],
    forms: &[],
};

static UNIFORM: Table = Table {
    id: "uniform_arrivals",
    what: "uniform arrivals",
    key: "key",
    example: "{ over = \"1h\" }",
    doc: "Each at a time of its own, uniform over the span",
    fields: &[OVER],
    forms: &[],
};

static POISSON: Table = Table {
    id: "poisson",
    what: "poisson arrivals",
    key: "key",
    example: "{ rate = \"300/s\" }",
    doc: "At random, so many a second on average",
    fields: &[Field::required("rate", Kind::Rate, "How many arrive per time [rate]")],
    forms: &[],
};

static STAGE: Table = Table {
    id: "stage",
    what: "a stage",
    key: "key",
    example: "{ over = \"5m\", rate = \"50/s..800/s\" }",
    doc: "A stretch of time whose rate of arrivals stays or changes evenly",
    fields: &[
        OVER,
        Field::required("rate", Kind::Ramp, "How many arrive per time: \"50/s\", or \"50/s..800/s\" [rate]"),
    ],
    forms: &[],
};

/// The span that arrivals fill.
const OVER: Field =
    Field::required("over", Kind::Duration { zero: false }, "The span that the arrivals fill [duration]");

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_table_has_a_name_of_its_own_and_forms_of_its_own_keys() {
        let (mut known, mut open) = (BTreeMap::new(), vec![&SCENARIO]);
        while let Some(table) = open.pop() {
            let first: &&Table = known.entry(table.id).or_insert(table);
            assert!(std::ptr::eq(*first, table), "{} twice", table.id);
            assert!(table.forms.iter().copied().flatten().all(|k| table.field(k).is_some()), "{}", table.id);
            open.extend(table.fields.iter().filter_map(Field::table).filter(|t| !known.contains_key(t.id)));
        }
    }
}
