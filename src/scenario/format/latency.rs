//! The latency distributions: one table for the choice among them, one for the parameters of each.

use crate::scenario::grammar::{Field, Kind, Range, Table};

/// A distribution: exactly one shape.
pub(in crate::scenario) static DIST: Table = Table {
    id: "dist",
    what: "a distribution",
    key: "distribution",
    example: "{ constant = \"4s\" }",
    doc: "How long something takes: exactly one distribution",
    fields: &[
        Field::optional("constant", Kind::Duration { zero: true }, "Always the same span [duration]"),
        Field::optional("uniform", Kind::Table(&UNIFORM), "Evenly spread between two spans"),
        Field::optional("exponential", Kind::Table(&EXPONENTIAL), "Memoryless"),
        Field::optional("lognormal", Kind::Table(&LOGNORMAL), "The usual shape of delivery times, with a long tail"),
        Field::optional("gamma", Kind::Table(&GAMMA), "A sum of memoryless stages"),
        Field::optional("weibull", Kind::Table(&WEIBULL), "With a tail that is heavier or lighter than exponential"),
        Field::optional(
            "empirical",
            Kind::Table(&EMPIRICAL),
            "Measured spans from a CSV file, each as likely as the other",
        ),
    ],
    forms: &[&["constant"], &["uniform"], &["exponential"], &["lognormal"], &["gamma"], &["weibull"], &["empirical"]],
};

/// A distribution's parameters: what each shape has of its own, moved by `shift`.
const fn parameters(
    id: &'static str,
    what: &'static str,
    example: &'static str,
    doc: &'static str,
    fields: &'static [Field],
) -> Table {
    Table { id, what, key: "parameter", example, doc, fields, forms: &[] }
}

static UNIFORM: Table = parameters(
    "uniform_dist",
    "a uniform distribution",
    "{ min = \"1s\", max = \"5s\" }",
    "Evenly spread between two spans",
    &[
        not_negative("min", "The shortest span [duration]"),
        above_zero("max", "The longest span, longer than min [duration]"),
        SHIFT,
    ],
);

static EXPONENTIAL: Table = parameters(
    "exponential",
    "an exponential distribution",
    "{ mean = \"8s\" }",
    "Memoryless",
    &[above_zero("mean", "The mean [duration]"), SHIFT, MAX],
);

static LOGNORMAL: Table = Table {
    forms: &[&["median", "sigma"], &["p50", "p95"]],
    ..parameters(
        "lognormal",
        "a lognormal distribution",
        "{ p50 = \"2.5s\", p95 = \"9s\" }",
        "Lognormal, by median and sigma or by two percentiles",
        &[
            Field::optional("median", Kind::Duration { zero: false }, "The median [duration]"),
            Field::optional(
                "sigma",
                Kind::Number(Range::above_zero(4.0)),
                "The standard deviation of the logarithm, above 0 and at most 4",
            ),
            Field::optional("p50", Kind::Duration { zero: false }, "Half take at most this long [duration]"),
            Field::optional(
                "p95",
                Kind::Duration { zero: false },
                "95 % take at most this long, longer than p50 [duration]",
            ),
            SHIFT,
            MAX,
        ],
    )
};

static GAMMA: Table = parameters(
    "gamma",
    "a gamma distribution",
    "{ mean = \"8s\", cv = 0.5 }",
    "A sum of memoryless stages",
    &[
        above_zero("mean", "The mean [duration]"),
        Field::required("cv", Kind::Number(Range::of(0.01, 3.0)), "Standard deviation over mean, from 0.01 to 3"),
        SHIFT,
        MAX,
    ],
);

static WEIBULL: Table = parameters(
    "weibull",
    "a weibull distribution",
    "{ scale = \"8s\", shape = 0.8 }",
    "P(X > x) = exp(-(x / scale)^shape)",
    &[
        above_zero("scale", "The 63.2 % quantile [duration]"),
        Field::required(
            "shape",
            Kind::Number(Range::of(0.2, 100.0)),
            "From 0.2 to 100; below 1 the tail is heavier than exponential",
        ),
        SHIFT,
        MAX,
    ],
);

static EMPIRICAL: Table = parameters(
    "empirical",
    "an empirical distribution",
    "{ file = \"latencies.csv\" }",
    "Measured spans, each as likely as the other",
    &[
        Field::required(
            "file",
            Kind::Text,
            "A CSV file with a header row, relative to the scenario's folder; its values carry a unit (\"2.5s\"), or the column's name does: _us, _ms, _s, _min, _h",
        ),
        Field::optional("column", Kind::Text, "The column of the CSV file; by default the first"),
        SHIFT,
        MAX,
    ],
);

/// A span above zero that must be given.
const fn above_zero(name: &'static str, doc: &'static str) -> Field {
    Field::required(name, Kind::Duration { zero: false }, doc)
}

/// A span that must be given and may be zero.
const fn not_negative(name: &'static str, doc: &'static str) -> Field {
    Field::required(name, Kind::Duration { zero: true }, doc)
}

/// Moves a shape.
const SHIFT: Field =
    Field::optional("shift", Kind::Duration { zero: true }, "Added to every span; by default 0s [duration]");

/// Cuts a shape off.
const MAX: Field = Field::optional(
    "max",
    Kind::Duration { zero: false },
    "A longer span becomes this, shift included; by default no bound [duration]",
);
