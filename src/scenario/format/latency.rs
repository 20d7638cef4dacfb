//! The tables of latency distributions: one for the choice of shape, one for the parameters of each.

use crate::scenario::grammar::{Field, Kind, Range, Table};

/// A distribution: exactly one shape.
pub(in crate::scenario) static DIST: Table = Table {
    id: "dist",
    what: "a distribution",
    key: "distribution",
    example: "{ constant = \"4s\" }",
    doc: "A distribution of durations: exactly one shape",
    fields: &[
        Field::optional("constant", Kind::Duration { zero: true }, "Always the same value"),
        Field::optional("uniform", Kind::Table(&UNIFORM), "Uniform between two values"),
        Field::optional("exponential", Kind::Table(&EXPONENTIAL), "Exponential, given its mean"),
        Field::optional(
            "lognormal",
            Kind::Table(&LOGNORMAL),
            "Lognormal, the usual shape of delivery times, with a long tail",
        ),
        Field::optional("gamma", Kind::Table(&GAMMA), "Gamma, given its mean and its coefficient of variation"),
        Field::optional(
            "weibull",
            Kind::Table(&WEIBULL),
            "Weibull, with a heavier or lighter tail than an exponential",
        ),
        Field::optional("empirical", Kind::Table(&EMPIRICAL), "Measured values from a CSV file, each equally likely"),
    ],
    forms: &[&["constant"], &["uniform"], &["exponential"], &["lognormal"], &["gamma"], &["weibull"], &["empirical"]],
};

/// A distribution's parameters: those of its shape, and `shift`.
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
    "Uniform between two values",
    &[not_negative("min", "The minimum"), above_zero("max", "The maximum, above `min`"), SHIFT],
);

static EXPONENTIAL: Table = parameters(
    "exponential",
    "an exponential distribution",
    "{ mean = \"8s\" }",
    "Exponential, given its mean",
    &[above_zero("mean", "The mean, before `shift` and `max`"), SHIFT, MAX],
);

static LOGNORMAL: Table = Table {
    forms: &[&["median", "sigma"], &["p50", "p95"]],
    ..parameters(
        "lognormal",
        "a lognormal distribution",
        "{ p50 = \"2.5s\", p95 = \"9s\" }",
        "Lognormal, given its median and sigma, or two percentiles",
        &[
            Field::optional("median", Kind::Duration { zero: false }, "The median"),
            Field::optional("sigma", Kind::Number(Range::above_zero(4.0)), "The standard deviation of the logarithm"),
            Field::optional(
                "p50",
                Kind::Duration { zero: false },
                "The median: half of the values are at most this long",
            ),
            Field::optional("p95", Kind::Duration { zero: false }, "The 95th percentile, above `p50`"),
            SHIFT,
            MAX,
        ],
    )
};

static GAMMA: Table = parameters(
    "gamma",
    "a gamma distribution",
    "{ mean = \"8s\", cv = 0.5 }",
    "Gamma, given its mean and its coefficient of variation",
    &[
        above_zero("mean", "The mean, before `shift` and `max`"),
        Field::required(
            "cv",
            Kind::Number(Range::of(0.01, 3.0)),
            "The coefficient of variation: the standard deviation divided by the mean",
        ),
        SHIFT,
        MAX,
    ],
);

static WEIBULL: Table = parameters(
    "weibull",
    "a Weibull distribution",
    "{ scale = \"8s\", shape = 0.8 }",
    "Weibull: P(X > x) = exp(-(x / scale)^shape)",
    &[
        above_zero("scale", "The scale: 63.2 % of the values are at most this long"),
        Field::required(
            "shape",
            Kind::Number(Range::of(0.2, 100.0)),
            "The shape: below 1, the tail is heavier than that of an exponential",
        ),
        SHIFT,
        MAX,
    ],
);

static EMPIRICAL: Table = parameters(
    "empirical",
    "an empirical distribution",
    "{ file = \"latencies.csv\" }",
    "Measured values, each equally likely",
    &[
        Field::required(
            "file",
            Kind::Text,
            "The path of a CSV file with a header row, relative to the scenario's folder; its values have a unit (\"2.5s\"), or the column's name ends in one: _us, _ms, _s, _min or _h",
        ),
        Field::optional("column", Kind::Text, "The column of the CSV file").or("the first"),
        SHIFT,
        MAX,
    ],
);

/// A required span above zero.
const fn above_zero(name: &'static str, doc: &'static str) -> Field {
    Field::required(name, Kind::Duration { zero: false }, doc)
}

/// A required span that may be zero.
const fn not_negative(name: &'static str, doc: &'static str) -> Field {
    Field::required(name, Kind::Duration { zero: true }, doc)
}

/// Shifts a distribution.
const SHIFT: Field = Field::optional("shift", Kind::Duration { zero: true }, "Added to every value").or("\"0s\"");

/// Truncates a distribution.
const MAX: Field = Field::optional(
    "max",
    Kind::Duration { zero: false },
    "The upper limit: longer values, `shift` included, are cut to this",
)
.or("no limit");
