//! The tables of plans and of checks.

use crate::engine::MAX_ATTEMPTS;
use crate::scenario::grammar::{Field, Kind, Range, Table};
use crate::scenario::metric::SPELLINGS;

/// A plan.
pub(super) static PLAN: Table = Table {
    id: "plan",
    what: "a plan",
    key: "key",
    example: "{ name = \"sms-only\", steps = [{ provider = \"sms\" }] }",
    doc: "An ordered list of steps: what is compared",
    fields: &[
        Field::required("name", Kind::Text, "The name of the plan, unique in the scenario"),
        Field::required(
            "steps",
            Kind::List { of: &STEP, min: 1, max: MAX_ATTEMPTS },
            "The steps, in the order in which they are tried; at most 16 attempts in all",
        ),
        Field::optional(
            "late_delivery",
            Kind::Word(&["finish", "ignore"]),
            "What a delivery report does that comes after the flow has moved on: it ends the flow as succeeded, or changes nothing",
        ).or("\"finish\""),
        Field::optional(
            "give_up_after",
            Kind::Duration { zero: false },
            "The flow ends as failed this long after its start",
        ).or("never"),
        Field::optional(
            "reference",
            Kind::Flag,
            "Whether this is the plan that the others are compared with where there are more than 20; one plan at most",
        ).or("false; the first plan is the reference"),
        Field::optional(
            "renamed_from",
            Kind::Text,
            "What the plan is called in the run that `failsim check` compares it with",
        ).or("its name"),
    ],
    forms: &[],
};

static STEP: Table = Table {
    id: "step",
    what: "a step",
    key: "key",
    example: "{ provider = \"sms\", ttl = \"5m\" }",
    doc: "One step of a plan: which provider, how long to wait, and what moves on to the next step",
    fields: &[
        Field::required(
            "provider",
            Kind::NameOr(&POOL),
            "The name of a provider, or a choice of several",
        ),
        Field::optional(
            "ttl",
            Kind::Limit,
            "How long the engine waits in the step, from its first attempt on",
        ).or("\"10m\" on viber, \"20h\" on sms, \"none\" on other channels"),
        Field::optional(
            "validity",
            Kind::Limit,
            "How long the provider keeps trying, from each attempt on",
        ).or("as `ttl`"),
        Field::optional(
            "failover_on",
            Kind::Words(&["undelivered", "failed", "expired", "busy", "no_answer"]),
            "The statuses that move on to the next step; after any other bad end the flow has failed",
        ).or("busy, no_answer and failed on voice; undelivered, failed and expired on other channels"),
        Field::optional(
            "success",
            Kind::Word(&["accepted", "sent", "delivered", "seen"]),
            "The step succeeds with this status, or a better one",
        ).or("\"delivered\""),
        Field::optional(
            "expire_on_delivery",
            Kind::Flag,
            "Whether a message that has not been seen within the ttl expires, delivered or not; the step then succeeds with `seen` alone, and needs a ttl",
        ).or("false"),
        Field::optional(
            "attempts",
            Kind::Count { min: 1, max: MAX_ATTEMPTS as u64 },
            "How many attempts the step makes at most, while they fail",
        ).or("1"),
        Field::optional(
            "retry_after",
            Kind::Duration { zero: true },
            "How long to wait after a failed attempt before the next one; requires `attempts` above 1",
        ).or("\"0s\""),
        Field::optional(
            "backoff",
            Kind::Number(Range::of(1.0, 1_000.0)),
            "Each further wait is this many times as long as the one before; requires `retry_after`",
        ).or("1"),
    ],
    forms: &[],
};

static POOL: Table = Table {
    id: "pool",
    what: "a choice of providers",
    key: "way to choose",
    example: "{ first_of = [\"sms-a\", \"sms-b\"] }",
    doc: "A choice of providers of one channel: when one refuses an attempt, or its circuit is open, the next one is tried",
    fields: &[
        Field::optional("first_of", Kind::Names, "In this order"),
        Field::optional(
            "weighted",
            Kind::Numbers(Range::above_zero(1e9)),
            "In random order, in proportion to these weights",
        ),
        Field::optional(
            "cheapest_of",
            Kind::Names,
            "By the price of a delivered message, the cheapest first; at equal prices in this order",
        ),
    ],
    forms: &[&["first_of"], &["weighted"], &["cheapest_of"]],
};

/// A check.
pub(super) static CHECK: Table = Table {
    id: "check",
    what: "a check",
    key: "key",
    example: "{ plan = \"sms-first\", metric = \"in_time\", at_least = 0.97 }",
    doc: "A bound on a measure of a plan, which `failsim check` holds it to",
    fields: &[
        Field::required("plan", Kind::Text, "The name of a plan that is compared"),
        Field::optional("stream", Kind::Text, "The name of a stream of traffic").or("all streams together"),
        Field::required("metric", Kind::Word(&SPELLINGS), "The measure"),
        Field::optional(
            "at_least",
            Kind::Number(Range::ALL),
            "The measure must not be lower; shares are from 0 to 1, latencies in seconds",
        ),
        Field::optional(
            "at_most",
            Kind::Number(Range::ALL),
            "The measure must not be higher; shares are from 0 to 1, latencies in seconds",
        ),
    ],
    forms: &[&["at_least"], &["at_most"]],
};
