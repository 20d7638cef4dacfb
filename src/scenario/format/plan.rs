//! The tables of plans and of the checks that they are held to.

use crate::engine::MAX_ATTEMPTS;
use crate::scenario::grammar::{Field, Kind, Range, Table};
use crate::scenario::metric::SPELLINGS;

/// A plan.
pub(super) static PLAN: Table = Table {
    id: "plan",
    what: "a plan",
    key: "key",
    example: "{ name = \"sms-only\", steps = [{ provider = \"sms\" }] }",
    doc: "An ordered list of steps; the thing that is compared",
    fields: &[
        Field::required("name", Kind::Text, "Its name, unique in the scenario"),
        Field::required(
            "steps",
            Kind::List { of: &STEP, min: 1, max: MAX_ATTEMPTS },
            "The steps, in the order in which they are tried",
        ),
        Field::optional(
            "late_delivery",
            Kind::Word(&["finish", "ignore"]),
            "What a delivery report does that comes after the flow has moved on; by default finish",
        ),
        Field::optional(
            "give_up_after",
            Kind::Duration { zero: false },
            "The flow ends as failed this long after its start; by default never [duration]",
        ),
        Field::optional(
            "reference",
            Kind::Flag,
            "Whether it is the plan that others are held against where there are more than 20; by default the first is",
        ),
        Field::optional(
            "renamed_from",
            Kind::Text,
            "What the plan was called when a baseline was made: `failsim check` then compares it with that",
        ),
    ],
    forms: &[],
};

static STEP: Table = Table {
    id: "step",
    what: "a step",
    key: "key",
    example: "{ provider = \"sms\", ttl = \"5m\" }",
    doc: "One provider, with what to wait for and what moves on to the next step",
    fields: &[
        Field::required(
            "provider",
            Kind::NameOr(&POOL),
            "The name of a provider of this scenario, or several to choose from",
        ),
        Field::optional(
            "ttl",
            Kind::Limit,
            "How long the engine waits, or \"none\"; by default 10m on viber, 20h on sms, none elsewhere [duration]",
        ),
        Field::optional(
            "validity",
            Kind::Limit,
            "How long the provider itself keeps trying, or \"none\"; by default as ttl [duration]",
        ),
        Field::optional(
            "failover_on",
            Kind::Words(&["undelivered", "failed", "expired", "busy", "no_answer"]),
            "The statuses that move on; by default busy, no_answer, failed on voice, else undelivered, failed, expired",
        ),
        Field::optional(
            "success",
            Kind::Word(&["accepted", "sent", "delivered", "seen"]),
            "The status from which on the step counts as successful; by default delivered",
        ),
        Field::optional(
            "expire_on_delivery",
            Kind::Flag,
            "Whether a message that is not seen within the ttl expires, delivered or not, so that a later `seen` is stale; by default false",
        ),
        Field::optional(
            "attempts",
            Kind::Count { min: 1, max: MAX_ATTEMPTS as u64 },
            "How many submissions at the most, while they fail; by default 1",
        ),
        Field::optional(
            "retry_after",
            Kind::Duration { zero: true },
            "How long to wait after a failed before the next attempt; by default 0s [duration]",
        ),
        Field::optional(
            "backoff",
            Kind::Number(Range::of(1.0, 1_000.0)),
            "After each further failed the wait is so many times as long; by default 1",
        ),
    ],
    forms: &[],
};

static POOL: Table = Table {
    id: "pool",
    what: "a choice of providers",
    key: "way to choose",
    example: "{ first_of = [\"sms-a\", \"sms-b\"] }",
    doc: "Providers of one channel to choose from: the next is tried when one refuses or its circuit is open",
    fields: &[
        Field::optional("first_of", Kind::Names, "In this order"),
        Field::optional("weighted", Kind::Numbers(Range::above_zero(1e9)), "At random, in proportion to these weights"),
        Field::optional(
            "cheapest_of",
            Kind::Names,
            "The one whose delivered message costs least, then the next; of equals the one that stands first",
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
    doc: "A bound that a measure of a plan is held to",
    fields: &[
        Field::required("plan", Kind::Text, "The name of a plan of this scenario"),
        Field::optional("stream", Kind::Text, "The name of a stream of traffic; by default all of them together"),
        Field::required("metric", Kind::Word(&SPELLINGS), "The measure"),
        Field::optional("at_least", Kind::Number(Range::ALL), "The measure must not be lower; shares from 0 to 1"),
        Field::optional("at_most", Kind::Number(Range::ALL), "The measure must not be higher; shares from 0 to 1"),
    ],
    forms: &[&["at_least"], &["at_most"]],
};
