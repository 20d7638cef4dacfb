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
    doc: "An ordered list of steps, compared with the other plans",
    fields: &[
        Field::required("name", Kind::Text, "The name of the plan, unique in the scenario"),
        Field::optional(
            "steps",
            Kind::List { of: &STEP, min: 1, max: MAX_ATTEMPTS },
            "The steps, in the order in which they are tried; at most 16 attempts in total",
        ),
        Field::optional(
            "by_segment",
            Kind::NameByName,
            "A composite of other plans: the plan that the recipients of each segment follow, by its name",
        ),
        Field::optional(
            "otherwise",
            Kind::Text,
            "The plan that recipients of the other segments follow; required unless `by_segment` names all segments",
        ).with_key("by_segment"),
        Field::optional(
            "late_delivery",
            Kind::Word(&["finish", "ignore"]),
            "What happens when a delivery report arrives after the flow has moved on: the flow ends as succeeded, or nothing changes",
        ).or("\"finish\"").with_key("steps"),
        Field::optional(
            "give_up_after",
            Kind::Duration { zero: false },
            "The flow ends as failed this long after its start",
        ).or("never").with_key("steps"),
        Field::optional(
            "reference",
            Kind::Flag,
            "Whether this is the plan that the others are compared with if there are more than 20; at most one plan",
        ).or("false; the first plan is the reference"),
        Field::optional(
            "renamed_from",
            Kind::Text,
            "The name of the plan in the run that `failsim check` compares it with",
        ).or("its name"),
    ],
    forms: &[&["steps"], &["by_segment"]],
};

static STEP: Table = Table {
    id: "step",
    what: "a step",
    key: "key",
    example: "{ provider = \"sms\", ttl = \"5m\" }",
    doc: "One step of a plan: which provider, how long to wait, and when to move on to the next step",
    fields: &[
        Field::required(
            "provider",
            Kind::NameOr(&POOL),
            "The name of a provider, or a pool of several",
        ),
        Field::optional(
            "ttl",
            Kind::Limit,
            "How long the engine waits in the step, from its first attempt",
        ).or("\"10m\" on viber, \"20h\" on sms, \"none\" on other channels"),
        Field::optional(
            "validity",
            Kind::Limit,
            "How long the provider keeps trying, from each attempt",
        ).or("same as `ttl`"),
        Field::optional(
            "failover_on",
            Kind::Words(&["undelivered", "failed", "expired", "busy", "no_answer", "machine"]),
            "The statuses that move on to the next step; any other unsuccessful final status ends the flow as failed",
        ).or("busy, no_answer, machine and failed on voice; undelivered, failed and expired on other channels"),
        Field::optional(
            "success",
            Kind::Word(&["accepted", "sent", "delivered", "seen"]),
            "The step succeeds at this status or a better one",
        ).or("\"delivered\""),
        Field::optional(
            "expire_on_delivery",
            Kind::Flag,
            "Whether a message that has not been seen within the ttl expires, even if delivered; the step then succeeds only at `seen`, and requires a ttl",
        ).or("false"),
        Field::optional(
            "attempts",
            Kind::Count { min: 1, max: MAX_ATTEMPTS as u64 },
            "The maximum number of attempts in the step; failed attempts are retried",
        ).or("1"),
        Field::optional(
            "retry_after",
            Kind::Duration { zero: true },
            "How long to wait after a failed attempt before the next one; requires `attempts` above 1",
        ).or("\"0s\""),
        Field::optional(
            "backoff",
            Kind::Number(Range::of(1.0, 1_000.0)),
            "Each further wait is this many times as long as the previous one; requires `retry_after`",
        ).or("1"),
        Field::optional(
            "jitter",
            Kind::Share,
            "How much each wait varies at random: uniformly from 1 - jitter to 1 + jitter times the wait; requires `retry_after`",
        ).or("0"),
    ],
    forms: &[],
};

static POOL: Table = Table {
    id: "pool",
    what: "a pool of providers",
    key: "selection rule",
    example: "{ first_of = [\"sms-a\", \"sms-b\"] }",
    doc: "A pool of providers of one channel: when one rejects an attempt, or its circuit is open, the next one is tried",
    fields: &[
        Field::optional("first_of", Kind::Names, "Tried in this order"),
        Field::optional(
            "weighted",
            Kind::Numbers(Range::above_zero(1e9)),
            "Tried in random order, in proportion to these weights",
        ),
        Field::optional(
            "cheapest_of",
            Kind::Names,
            "Tried in order of the price of a delivered message, cheapest first; at equal prices, in this order",
        ),
        Field::optional(
            "shortest_queue_of",
            Kind::Names,
            "Tried in order of the number of attempts that wait at that moment, fewest first; at equal numbers, in this order",
        ),
    ],
    forms: &[&["first_of"], &["weighted"], &["cheapest_of"], &["shortest_queue_of"]],
};

/// A check.
pub(super) static CHECK: Table = Table {
    id: "check",
    what: "a check",
    key: "key",
    example: "{ plan = \"sms-first\", metric = \"in_time\", at_least = 0.97 }",
    doc: "A bound on a measure of a plan, which `failsim check` verifies",
    fields: &[
        Field::required("plan", Kind::Text, "The name of a plan that is compared"),
        Field::optional("stream", Kind::Text, "The name of a stream of traffic").or("all streams together"),
        Field::optional("segment", Kind::Text, "The name of a segment; not with `stream`").or("all segments together"),
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
