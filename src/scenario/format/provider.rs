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
        Field::later("capacity", "limits of capacity are not simulated by this version"),
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
        Field::optional("delivered", Kind::Money, "For a message delivered within the ttl [currency]"),
        Field::optional(
            "delivered_late",
            Kind::Money,
            "For a message delivered after the ttl; by default as delivered [currency]",
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
            Kind::Word {
                words: &["delivered", "undelivered", "failed", "expired", "answered", "busy", "no_answer"],
                later: &[],
            },
            "The status that is reported",
        ),
        Field::required("share", Kind::Share, "The share of attempts that come to this, from 0 to 1"),
        Field::optional("after", Kind::Table(&DIST), "From submission to the status; by default at once"),
        Field::optional("seen", Kind::Table(&SEEN), "Whether and when a delivered message is opened")
            .with_word("status", "delivered"),
        Field::optional("talk", Kind::Table(&DIST), "How long an answered call lasts").with_word("status", "answered"),
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
    doc: "A window in which a provider misbehaves",
    fields: &[
        Field::required("from", Kind::Duration { zero: true }, "When it begins, from the start of the run [duration]"),
        Field::required("to", Kind::Duration { zero: false }, "When it is over, later than from [duration]"),
        Field::required(
            "effect",
            Kind::Word { words: &["silent", "fail", "slow", "reports_lost"], later: &["throttle"] },
            "What it does to the attempts that it hits",
        ),
        Field::optional("share", Kind::Share, "The share of the traffic that it hits, from 0 to 1; by default 1"),
        Field::optional(
            "every",
            Kind::Duration { zero: false },
            "It recurs with this period, at least to - from; by default it does not recur [duration]",
        ),
        Field::optional(
            "factor",
            Kind::Number(Range::of(0.0, 1e6)),
            "Latency times this, with effect slow; by default 1",
        )
        .with_word("effect", "slow"),
        Field::optional(
            "delay",
            Kind::Duration { zero: true },
            "Latency plus this, with effect slow; by default 0s [duration]",
        )
        .with_word("effect", "slow"),
    ],
    forms: &[],
};
