//! The tables of a provider: what it charges, what its attempts come to, and when it breaks.

use super::DIST;
use crate::scenario::grammar::{Field, Kind, Range, Table};

/// A provider.
pub(super) static PROVIDER: Table = Table {
    id: "provider",
    what: "a provider",
    key: "key",
    example: "[providers.sms]",
    doc: "Who carries a channel: outcomes, latencies, price and outages",
    fields: &[
        Field::required("channel", Kind::Channel, "The channel: sms, viber, voice, or any other lower-case word"),
        Field::optional("price", Kind::Table(&PRICE), "What it charges; by default nothing"),
        Field::optional(
            "honours_ttl",
            Kind::Flag,
            "Whether it stops trying when a message's validity has run out; by default true",
        ),
        Field::optional("report_delay", Kind::Table(&DIST), "From an event to its report; by default nothing"),
        Field::optional(
            "outcomes",
            Kind::List { of: &OUTCOME, min: 0, max: 1000 },
            "What an attempt can come to; what the shares leave over is silence",
        ),
        Field::optional("outages", Kind::List { of: &OUTAGE, min: 0, max: 1000 }, "When and how it breaks"),
        Field::optional("capacity", Kind::Table(&CAPACITY), "How much it can carry; by default no limit"),
        Field::optional(
            "breaker",
            Kind::Table(&BREAKER),
            "The sender's circuit breaker before this provider; by default none",
        ),
    ],
    forms: &[],
};

static CAPACITY: Table = Table {
    id: "capacity",
    what: "capacity",
    key: "key",
    example: "{ rate = \"2000/s\" }",
    doc: "How much a provider can carry: a rate, a number of lines, or both",
    fields: &[
        Field::optional("rate", Kind::Rate, "Its throughput: one attempt leaves every 1/rate [rate]"),
        Field::optional(
            "concurrent",
            Kind::Count { min: 1, max: 100_000_000 },
            "Its lines: each is held until the attempt is over, and through the talk of an answered call",
        ),
        Field::optional(
            "queue",
            Kind::Count { min: 0, max: u32::MAX as u64 },
            "How many attempts can wait; one more fails at once; by default no limit",
        ),
        Field::optional(
            "over_limit",
            Kind::Word(&["queue", "reject"]),
            "What becomes of an attempt that cannot leave at once: it waits, or it fails; by default queue",
        ),
        Field::optional(
            "order",
            Kind::Word(&["fifo", "priority"]),
            "Who leaves next: who came first, or whose traffic has the higher priority; by default fifo",
        ),
    ],
    forms: &[],
};

static BREAKER: Table = Table {
    id: "breaker",
    what: "a breaker",
    key: "key",
    example: "{ window = \"60s\", open_at = 0.5 }",
    doc: "A circuit breaker: nothing is sent to a provider that fails or falls silent, until probes find it well again",
    fields: &[
        Field::optional(
            "window",
            Kind::Duration { zero: false },
            "How far back results are counted, to a tenth of it; by default 60s [duration]",
        ),
        Field::optional(
            "at_least",
            Kind::Count { min: 1, max: 1_000_000_000 },
            "It stays closed until so many results are in the window; by default 100",
        ),
        Field::optional(
            "open_at",
            Kind::Number(Range::above_zero(1.0)),
            "It opens at this share of failures, above 0 and at most 1; by default 0.5",
        ),
        Field::optional(
            "open_for",
            Kind::Duration { zero: false },
            "How long it stays open before it lets probes through; by default 60s [duration]",
        ),
        Field::optional(
            "probes",
            Kind::Count { min: 1, max: 1_000_000 },
            "How many attempts then decide whether it closes; by default 10",
        ),
        Field::optional(
            "missing_after",
            Kind::Duration { zero: false },
            "No final report this long after leaving counts as a failure; by default 60s [duration]",
        ),
        Field::optional(
            "failures",
            Kind::Words(&["undelivered", "failed", "expired", "busy", "no_answer"]),
            "The statuses that count as failures; by default failed",
        ),
    ],
    forms: &[],
};

static PRICE: Table = Table {
    id: "price",
    what: "a price",
    key: "key",
    example: "{ submitted = 0.045 }",
    doc: "What a provider charges, in the scenario's currency",
    fields: &[
        Field::optional(
            "submitted",
            Kind::Money,
            "For each part of a message that leaves, whatever becomes of it [currency]",
        ),
        Field::optional("parts", Kind::Count { min: 1, max: 255 }, "How many parts a message has; by default 1"),
        Field::optional("delivered", Kind::Money, "For a message delivered within its validity [currency]"),
        Field::optional(
            "delivered_late",
            Kind::Money,
            "For a message delivered after its validity (the step's, else its ttl), which takes honours_ttl = false; by default as delivered [currency]",
        ),
        Field::optional("per_minute", Kind::Money, "For each minute of an answered call [currency]"),
        Field::optional(
            "increment",
            Kind::Duration { zero: false },
            "Talk time is billed in whole spans of this length; by default 60s [duration]",
        ),
    ],
    forms: &[],
};

static OUTCOME: Table = Table {
    id: "outcome",
    what: "an outcome",
    key: "key",
    example: "{ status = \"delivered\", share = 0.9, after = { constant = \"4s\" } }",
    doc: "One thing that an attempt can come to",
    fields: &[
        Field::required(
            "status",
            Kind::Word(&["delivered", "undelivered", "failed", "expired", "answered", "busy", "no_answer"]),
            "The status that is reported",
        ),
        Field::required("share", Kind::Share, "The share of attempts that come to this, from 0 to 1"),
        Field::optional("after", Kind::Table(&DIST), "From submission to the status; by default at once"),
        Field::optional("seen", Kind::Table(&SEEN), "Whether and when a delivered message is opened")
            .with_word("status", &["delivered"]),
        Field::optional("talk", Kind::Table(&DIST), "How long an answered call lasts")
            .with_word("status", &["answered"]),
    ],
    forms: &[],
};

static SEEN: Table = Table {
    id: "seen",
    what: "seen",
    key: "key",
    example: "{ share = 0.7, after = { exponential = { mean = \"40s\" } } }",
    doc: "Whether and when a delivered message is opened",
    fields: &[
        Field::required("share", Kind::Share, "The share of delivered messages that are opened, from 0 to 1"),
        Field::required("after", Kind::Table(&DIST), "From delivery to opening"),
    ],
    forms: &[],
};

static OUTAGE: Table = Table {
    id: "outage",
    what: "an outage",
    key: "key",
    example: "{ from = \"20m\", to = \"30m\", effect = \"silent\" }",
    doc: "A window in which a provider misbehaves, or random ones",
    fields: &[
        Field::optional("from", Kind::Duration { zero: true }, "When it begins, from the start of the run [duration]"),
        Field::optional("to", Kind::Duration { zero: false }, "When it is over, later than from [duration]"),
        Field::optional("random", Kind::Table(&RANDOM), "It comes at random, anew in each replication"),
        Field::required(
            "effect",
            Kind::Word(&["silent", "fail", "slow", "reports_lost", "throttle"]),
            "What it does to the attempts that it hits; throttle lowers the capacity",
        ),
        Field::optional("share", Kind::Share, "The share of the traffic that it hits, from 0 to 1; by default 1")
            .with_word("effect", &["silent", "fail", "slow", "reports_lost"]),
        Field::optional(
            "every",
            Kind::Duration { zero: false },
            "It recurs with this period, at least to - from; by default it does not recur [duration]",
        )
        .with_key("from"),
        Field::optional(
            "factor",
            Kind::Number(Range::of(0.0, 1e6)),
            "Latency times this, with effect slow, by default 1; capacity times this, from 0 to 1, with effect throttle",
        )
        .with_word("effect", &["slow", "throttle"]),
        Field::optional(
            "delay",
            Kind::Duration { zero: true },
            "Latency plus this, with effect slow; by default 0s [duration]",
        )
        .with_word("effect", &["slow"]),
    ],
    forms: &[&["from", "to"], &["random"]],
};

static RANDOM: Table = Table {
    id: "random_outage",
    what: "a random outage",
    key: "key",
    example: "{ between = \"8h\", lasting = \"20m\" }",
    doc: "Outages at random: exponential times between them, exponential durations",
    fields: &[
        Field::required(
            "between",
            Kind::Duration { zero: false },
            "The mean time from the end of one to the beginning of the next, at least 1m [duration]",
        ),
        Field::required("lasting", Kind::Duration { zero: false }, "How long one lasts on average [duration]"),
    ],
    forms: &[],
};
