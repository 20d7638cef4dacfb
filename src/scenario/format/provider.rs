//! The tables of a provider: prices, outcomes and outages.

use super::DIST;
use crate::scenario::grammar::{Field, Kind, Range, Table};

/// A provider.
pub(super) static PROVIDER: Table = Table {
    id: "provider",
    what: "a provider",
    key: "key",
    example: "[providers.sms]",
    doc: "A simulated channel provider: its outcomes and latencies, price, capacity and outages",
    fields: &[
        Field::required("channel", Kind::Channel, "The channel: sms, viber, voice, or any other lowercase word"),
        Field::optional("price", Kind::Table(&PRICE), "What the provider charges").or("nothing"),
        Field::optional(
            "honours_ttl",
            Kind::Flag,
            "Whether the provider stops trying when the validity of a message ends",
        )
        .or("true"),
        Field::optional(
            "needs_phone",
            Kind::Flag,
            "Whether its messages arrive on the recipient's phone, so that they depend on `[people]`; false for e-mail, for example",
        )
        .or("true"),
        Field::optional(
            "when_off",
            Kind::Word(&["wait", "no_answer", "undelivered"]),
            "What becomes of an attempt that needs the phone while it is off: it waits until the phone is on or the validity ends, or it ends with this status when its outcome would have occurred",
        )
        .or("\"no_answer\" on voice, \"wait\" on other channels"),
        Field::optional("report_delay", Kind::Table(&DIST), "The delay between an event and its report").or("none"),
        Field::optional("reports", Kind::Table(&REPORTS), "How reports go wrong").or("they do not"),
        Field::optional(
            "outcomes",
            Kind::List { of: &OUTCOME, min: 0, max: 1000 },
            "How attempts end, each with its share; any remaining share is silent (no report)",
        )
        .or("all attempts are silent"),
        Field::optional(
            "outages",
            Kind::List { of: &OUTAGE, min: 0, max: 1000 },
            "When and how the provider fails or degrades",
        )
        .or("none"),
        Field::optional("capacity", Kind::Table(&CAPACITY), "How much traffic the provider can handle").or("no limit"),
        Field::optional(
            "fees",
            Kind::Table(&FEES),
            "What the provider charges for its capacity; `failsim capacity --per-month` adds it up, and other results are without it",
        )
        .or("nothing"),
        Field::optional(
            "retry_after_hint",
            Kind::Duration { zero: false },
            "How long the provider asks to wait (Retry-After) when it rejects an attempt because of its limits or an outage: a step that retries waits at least as long",
        )
        .or("it does not ask"),
        Field::optional("breaker", Kind::Table(&BREAKER), "The sender's circuit breaker in front of this provider")
            .or("none"),
    ],
    forms: &[],
};

/// What is different at a provider for a segment.
pub(super) static OVERRIDE: Table = Table {
    id: "segment_provider",
    what: "a segment's provider",
    key: "key",
    example: "{ price = { delivered = 0.011 } }",
    doc: "What is different at this provider for recipients of the segment; capacity and breaker are shared by all segments",
    fields: &[
        Field::optional("price", Kind::Table(&PRICE), "The prices that differ; the others stay").or("the same"),
        Field::optional(
            "outcomes",
            Kind::List { of: &OUTCOME, min: 0, max: 1000 },
            "How attempts end, in place of all outcomes of the provider",
        )
        .or("the same"),
        Field::optional("report_delay", Kind::Table(&DIST), "The delay between an event and its report").or("the same"),
        Field::optional(
            "honours_ttl",
            Kind::Flag,
            "Whether the provider stops trying when the validity of a message ends",
        )
        .or("the same"),
        Field::optional(
            "available",
            Kind::Flag,
            "Whether the provider serves the segment; if not, it rejects every attempt when it is submitted",
        )
        .or("true"),
    ],
    forms: &[],
};

static CAPACITY: Table = Table {
    id: "capacity",
    what: "a capacity",
    key: "key",
    example: "{ rate = \"2000/s\" }",
    doc: "How much traffic a provider can handle: `rate`, `quota`, `concurrent` or several of them",
    fields: &[
        Field::optional("rate", Kind::Rate, "Throughput: how fast the token bucket fills; with `burst = 1` attempts leave at least 1/rate apart").or("no limit"),
        Field::optional(
            "burst",
            Kind::Count { min: 1, max: 1_000_000_000 },
            "How many tokens the bucket holds; it is full at the start. A message leaves when there are as many tokens as it has parts, or the bucket is full, and takes all of its parts",
        )
        .or("1, or as many as come in a second where attempts are rejected")
        .with_key("rate"),
        Field::optional(
            "counts",
            Kind::Word(&["messages", "parts"]),
            "What `rate` and `quota` count: each message once, or each of its parts (`price.parts`)",
        )
        .or("\"parts\" for sms, \"messages\" for other channels"),
        Field::optional("quota", Kind::Table(&QUOTA), "How much the provider takes in each day, hour or other window of the clock")
            .or("no limit"),
        Field::optional(
            "concurrent",
            Kind::Count { min: 1, max: 100_000_000 },
            "The maximum number of attempts in progress at once, such as calls on phone lines; each counts until it ends, including the talk time",
        ).or("no limit"),
        Field::optional(
            "queue",
            Kind::Count { min: 0, max: u32::MAX as u64 },
            "The maximum number of attempts that wait; a further one fails immediately; not with `over_limit = \"reject\"`",
        ).or("no limit"),
        Field::optional(
            "over_limit",
            Kind::Word(&["queue", "reject"]),
            "What happens to an attempt that cannot leave immediately: it waits, or it fails",
        ).or("\"queue\""),
        Field::optional(
            "order",
            Kind::Word(&["fifo", "priority", "newest_first"]),
            "Which attempt leaves the queue first: the one that arrived first, the one whose traffic has the highest priority, or the one that arrived last; not with `over_limit = \"reject\"`",
        ).or("\"fifo\""),
        Field::optional(
            "queue_at",
            Kind::Word(&["provider", "sender"]),
            "Whose queue it is. Nobody can recall an attempt from the provider's: when the engine moves on, it waits until its validity ends, and may still leave. From the sender's it is cancelled when the engine moves on. Not with `over_limit = \"reject\"`, nor with a quota alone that rejects",
        ).or("\"provider\" where there is a `rate` or a `quota`, \"sender\" for `concurrent` alone"),
    ],
    forms: &[],
};

static QUOTA: Table = Table {
    id: "quota",
    what: "a quota",
    key: "key",
    example: "{ limit = 2000, per = \"1d\" }",
    doc: "How much a provider takes in each window of the clock; windows begin at midnight, which is when the run starts unless `starts_at` says otherwise",
    fields: &[
        Field::required(
            "limit",
            Kind::Count { min: 1, max: 1_000_000_000_000 },
            "The most messages, or parts of messages, in a window",
        ),
        Field::required(
            "per",
            Kind::Duration { zero: false },
            "The length of a window: whole days, or a part that divides a day",
        ),
        Field::optional(
            "over_limit",
            Kind::Word(&["reject", "queue"]),
            "What happens to an attempt for which a window has no room: the provider rejects it, or it waits for the next window. A quota that rejects counts attempts when they are accepted, the other one when they leave",
        )
        .or("the `over_limit` of the capacity if that is given, otherwise \"reject\""),
    ],
    forms: &[],
};

static BREAKER: Table = Table {
    id: "breaker",
    what: "a breaker",
    key: "key",
    example: "{ window = \"60s\", open_at = 0.5 }",
    doc: "A circuit breaker: stops submissions to a provider that fails or stays silent, until probes show that it works again",
    fields: &[
        Field::optional("window", Kind::Duration { zero: false }, "The time window in which results are counted")
            .or("\"60s\""),
        Field::optional(
            "at_least",
            Kind::Count { min: 1, max: 1_000_000_000 },
            "The circuit stays closed until the window holds this many results",
        )
        .or("100"),
        Field::optional(
            "open_at",
            Kind::Number(Range::above_zero(1.0)),
            "The circuit opens when at least this share of the results are failures",
        )
        .or("0.5"),
        Field::optional(
            "open_for",
            Kind::Duration { zero: false },
            "How long the circuit stays open before it lets probes through",
        )
        .or("\"60s\""),
        Field::optional(
            "probes",
            Kind::Count { min: 1, max: 1_000_000 },
            "How many attempts it then lets through; their results decide whether it closes",
        )
        .or("10"),
        Field::optional(
            "missing_after",
            Kind::Duration { zero: false },
            "An attempt without a final report this long after it leaves counts as a failure",
        )
        .or("\"60s\""),
        Field::optional(
            "failures",
            Kind::Words(&["undelivered", "failed", "expired", "busy", "no_answer", "machine"]),
            "The statuses that count as failures",
        )
        .or("[\"failed\"]"),
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
        Field::optional("submitted", Kind::Money, "For each part of a message that leaves, whatever its outcome")
            .or("0"),
        Field::optional("parts", Kind::Count { min: 1, max: 255 }, "How many parts each message has").or("1"),
        Field::optional("delivered", Kind::Money, "For each message that is delivered within its validity").or("0"),
        Field::optional(
            "delivered_late",
            Kind::Money,
            "For each message that is delivered after its validity, which requires `honours_ttl = false`",
        )
        .or("same as `delivered`"),
        Field::optional(
            "per_minute",
            Kind::Money,
            "For each minute of a call that the recipient or a machine has answered",
        )
        .or("0"),
        Field::optional(
            "increment",
            Kind::Duration { zero: false },
            "The length of such a call is rounded up to a multiple of this",
        )
        .or("\"60s\""),
    ],
    forms: &[],
};

static FEES: Table = Table {
    id: "fees",
    what: "the fees",
    key: "key",
    example: "{ per_month = 900, per_rate = 12 }",
    doc: "What a provider charges in a month for its capacity, in the scenario's currency",
    fields: &[
        Field::optional("per_month", Kind::Money, "Whatever the capacity").or("0"),
        Field::optional("per_rate", Kind::Money, "For each message per second of throughput").or("0"),
        Field::optional("per_line", Kind::Money, "For each line").or("0"),
    ],
    forms: &[],
};

/// The statuses that are reported.
const REPORTED: [&str; 8] =
    ["delivered", "undelivered", "failed", "expired", "answered", "busy", "no_answer", "machine"];

static OUTCOME: Table = Table {
    id: "outcome",
    what: "an outcome",
    key: "key",
    example: "{ status = \"delivered\", share = 0.9, after = { constant = \"4s\" } }",
    doc: "One way in which attempts end",
    fields: &[
        Field::required(
            "status",
            Kind::Word(&[
                "delivered", "undelivered", "failed", "expired", "answered", "busy", "no_answer", "machine", "silent",
            ]),
            "The final status that is reported; machine: an answering machine took the call, and nobody was reached; silent: nothing is ever reported",
        ),
        Field::required(
            "share",
            Kind::ShareOrRest,
            "The share of attempts that end this way, for a persistent outcome of recipients; the shares of a provider add up to at most 1; \"rest\" is what the others leave",
        ),
        Field::optional("after", Kind::Table(&DIST), "The time from departure to this status; not with `at_submission`")
            .or("immediately")
            .with_word("status", &REPORTED),
        Field::optional(
            "persistent",
            Kind::Flag,
            "Whether it is the person's and not the route's, such as a dead number or no account: every attempt for the recipient over this channel has it, at any provider where the share is at least as large",
        )
        .or("false"),
        Field::optional(
            "at_submission",
            Kind::Flag,
            "Whether the provider rejects the attempt when it is submitted: nothing is sent or charged, no capacity is used, and a pool tries its next member",
        )
        .or("false")
        .with_word("status", &["failed"]),
        Field::optional(
            "reached",
            Kind::Flag,
            "Whether the delivery that is reported reaches the recipient; it is charged in any case; not with `seen`",
        )
        .or("true")
        .with_word("status", &["delivered", "answered"]),
        Field::optional("seen", Kind::Table(&SEEN), "Whether and when a delivered message is opened")
            .or("never")
            .with_word("status", &["delivered"]),
        Field::optional(
            "talk",
            Kind::Table(&DIST),
            "How long a call lasts that the recipient or a machine has answered",
        )
        .or("zero")
        .with_word("status", &["answered", "machine"]),
    ],
    forms: &[],
};

static REPORTS: Table = Table {
    id: "reports",
    what: "`reports`",
    key: "key",
    example: "{ doubled = 0.02 }",
    doc: "How the reports of a provider go wrong, each with the share of the attempts to which it happens",
    fields: &[
        Field::optional("doubled", Kind::Share, "The final report comes again, another `report_delay` after it came")
            .or("0"),
        Field::optional(
            "reordered",
            Kind::Share,
            "The last two reports change places, if there are two: the earlier comes just after the later",
        )
        .or("0"),
        Field::optional("contradicted", Kind::Share, "Just before a delivery is reported, `undelivered` is").or("0"),
    ],
    forms: &[],
};

static SEEN: Table = Table {
    id: "seen",
    what: "`seen`",
    key: "key",
    example: "{ share = 0.7, after = { exponential = { mean = \"40s\" } } }",
    doc: "Whether and when a delivered message is opened",
    fields: &[
        Field::required("share", Kind::Share, "The share of delivered messages that are opened"),
        Field::required("after", Kind::Table(&DIST), "The time from delivery to opening"),
    ],
    forms: &[],
};

static OUTAGE: Table = Table {
    id: "outage",
    what: "an outage",
    key: "key",
    example: "{ from = \"20m\", to = \"30m\", effect = \"silent\" }",
    doc: "A period in which a provider fails or degrades: a fixed window, or random windows",
    fields: &[
        Field::optional(
            "from",
            Kind::When,
            "When it starts: how long after the start of the run, or by the clock (a time of day is the first one from the start on)",
        ),
        Field::optional("to", Kind::When, "When it ends, later than `from`"),
        Field::optional("lasting", Kind::Duration { zero: false }, "How long it lasts, in place of `to`"),
        Field::optional("random", Kind::Table(&RANDOM), "Random windows, different in each replication"),
        Field::required(
            "effect",
            Kind::Word(&["silent", "fail", "slow", "reports_lost", "reports_late", "dropped", "throttle"]),
            "What happens: attempts stay silent, are rejected when they are submitted (fail), take longer (slow) or go unreported (reports_lost); reports that would leave meanwhile leave later (reports_late); the link is lost, nothing leaves, and what was in flight is submitted again when it is back (dropped); throttle lowers the capacity",
        ),
        Field::optional("share", Kind::Share, "The share of the attempts in the window that are affected")
            .or("1")
            .with_word("effect", &["silent", "fail", "slow", "reports_lost", "reports_late"]),
        Field::optional("segments", Kind::Names, "The segments whose recipients are affected")
            .or("all of them")
            .with_word("effect", &["silent", "fail", "slow", "reports_lost", "reports_late"]),
        Field::optional(
            "every",
            Kind::Duration { zero: false },
            "It recurs with this period, at least as long as it lasts",
        )
        .or("does not recur")
        .with_key("from"),
        Field::optional(
            "factor",
            Kind::Number(Range::of(0.0, 1e6)),
            "The factor applied to latency (slow) or to capacity (throttle); throttle requires it, from 0 to 1",
        )
        .or("1")
        .with_word("effect", &["slow", "throttle"]),
        Field::optional(
            "delay",
            Kind::Duration { zero: true },
            "Added to the latency (slow), or to the time at which reports leave (reports_late)",
        )
        .or("\"0s\"")
        .with_word("effect", &["slow", "reports_late"]),
        Field::optional(
            "in_flight",
            Kind::Count { min: 1, max: 1_000_000 },
            "How many attempts are submitted again at most: the last that left before and have no result yet",
        )
        .or("10")
        .with_word("effect", &["dropped"]),
        Field::optional(
            "until",
            Kind::Word(&["end"]),
            "Reports are held until the window ends, and then all leave at once",
        )
        .or("they are not held")
        .with_word("effect", &["reports_late"]),
    ],
    forms: &[&["from", "to"], &["from", "lasting"], &["random"]],
};

static RANDOM: Table = Table {
    id: "random_outage",
    what: "a random outage",
    key: "key",
    example: "{ between = \"8h\", lasting = \"20m\" }",
    doc: "Random outages: the times between them and their durations are exponentially distributed",
    fields: &[
        Field::required(
            "between",
            Kind::Duration { zero: false },
            "The mean time from the end of one outage to the start of the next, at least \"1m\"",
        ),
        Field::required("lasting", Kind::Duration { zero: false }, "The mean duration"),
    ],
    forms: &[],
};
