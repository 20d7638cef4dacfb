//! What recipients share, in scenario files: capacity, breakers, pools, random outages, and streams of traffic.

use super::{assert_rejected, checked, errors_of, with};
use failsim::engine::{BreakerRules, Pool};
use failsim::provider::{Capacity, Counts, Discipline, Effect, Quota, When};
use failsim::status::{Status, StatusSet};
use failsim::units::{Rate, Span};

/// The first key of the table of viber, followed by `more`.
fn viber(more: &str) -> String {
    format!("channel = \"viber\"\n{more}")
}

fn span(s: i64) -> Span {
    Span::from_secs(s)
}

fn capacity(text: &str) -> Capacity {
    let text = with("channel = \"viber\"", &viber(&format!("capacity = {text}")));
    checked(&text).unwrap_or_else(|e| panic!("{e}")).providers[0].capacity.expect("it is limited")
}

fn assert_capacity_rejected(text: &str, parts: &[&str]) {
    assert_rejected("channel = \"viber\"", &viber(&format!("capacity = {text}")), parts);
}

#[test]
fn a_capacity_is_a_rate_a_number_of_lines_or_both() {
    let whole = Capacity::UNLIMITED;
    let rate = Rate::new(300, 0, span(1));
    assert_eq!(capacity("{ rate = \"18_000/min\" }"), Capacity { rate, ..whole });
    assert_eq!(capacity("{ concurrent = 12 }"), Capacity { concurrent: Some(12), ..whole });
    let both = "{ rate = \"300/s\", concurrent = 12, queue = 50, order = \"priority\" }";
    assert_eq!(
        capacity(both),
        Capacity { rate, concurrent: Some(12), queue: 50, order: Discipline::Priority, ..Capacity::UNLIMITED }
    );
    assert_eq!(capacity("{ rate = \"300/s\", over_limit = \"reject\" }"), Capacity { rate, queue: 0, ..whole });
}

#[test]
fn invalid_capacities_are_rejected() {
    assert_capacity_rejected("{}", &["missing `rate`, `quota` or `concurrent`", "rate = \"100/s\""]);
    assert_capacity_rejected("{ queue = 5 }", &["missing `rate`, `quota` or `concurrent`"]);
    assert_capacity_rejected("{ rate = 300 }", &["write \"300/s\""]);
    assert_capacity_rejected("{ rate = \"0/s\" }", &["above zero"]);
    assert_capacity_rejected("{ concurrent = 0 }", &["write 1 or more"]);
    assert_capacity_rejected("{ rate = \"5/s\", bursts = 3 }", &["unknown key `bursts`", "did you mean `burst`?"]);
    assert_capacity_rejected("{ concurrent = 5, burst = 3 }", &["`burst` does not apply", "`rate`"]);
    assert_capacity_rejected("{ rate = \"5/s\", burst = 0 }", &["write 1 or more"]);
    assert_capacity_rejected("{ rate = \"5/s\", order = \"lifo\" }", &["unknown value", "did you mean `fifo`?"]);
    assert_capacity_rejected(
        "{ rate = \"5/s\", over_limit = \"reject\", queue = 9 }",
        &["attempts do not wait", "remove `queue`"],
    );
    assert_capacity_rejected("\"5/s\"", &["{ rate = \"2000/s\" }"]);
}

#[test]
fn a_capacity_can_have_a_burst_a_quota_and_a_queue_of_the_providers() {
    let day = span(86_400);
    let quota = |limit, per, rejects| Some(Quota { limit, per, phase: Span::ZERO, rejects });
    let of = |text: &str| capacity(&format!("{{ {text} }}"));
    let daily = of("quota = { limit = 2000, per = \"1d\" }");
    assert_eq!(daily, Capacity { quota: quota(2000, day, true), ..Capacity::UNLIMITED });
    assert!(daily.keeps_queued() && of("rate = \"5/s\"").keeps_queued() && !of("concurrent = 5").keeps_queued());
    assert!(!of("rate = \"5/s\", queue_at = \"sender\"").keeps_queued());
    assert!(of("concurrent = 5, queue_at = \"provider\"").keeps_queued());
    let hourly = of(
        "rate = \"5/s\", burst = 20, counts = \"parts\", quota = { limit = 9, per = \"1h\", over_limit = \"queue\" }",
    );
    let rate = Rate::new(5, 0, span(1));
    let expected = Capacity { rate, burst: Some(20), counts: Counts::Parts, ..Capacity::UNLIMITED };
    assert_eq!(hourly, Capacity { quota: quota(9, span(3600), false), ..expected });
    // The usual burst: one, but a second's worth where attempts are rejected.
    let tokens = |text: &str| of(text).tokens();
    assert_eq!(tokens("rate = \"50/s\""), 1);
    assert_eq!(tokens("rate = \"50/s\", over_limit = \"reject\""), 50);
    assert_eq!(tokens("rate = \"50/s\", queue = 0"), 50);
    assert_eq!(tokens("rate = \"50/s\", queue = 0, burst = 7"), 7);
    assert_eq!(tokens("rate = \"0.3/s\", queue = 0"), 1);
}

/// Sms counts parts unless told otherwise, other channels messages.
#[test]
fn what_a_limit_counts_depends_on_the_channel() {
    let sms = |more: &str| {
        let text = with("channel = \"sms\"", &format!("channel = \"sms\"\ncapacity = {{ rate = \"9/s\"{more} }}"));
        let scenario = checked(&text).unwrap_or_else(|e| panic!("{e}"));
        let sms = scenario.providers.iter().find(|provider| provider.channel == "sms").expect("there is one");
        sms.capacity.expect("it is limited").counts
    };
    assert_eq!((sms(""), sms(", counts = \"messages\"")), (Counts::Parts, Counts::Messages));
    assert_eq!(capacity("{ rate = \"9/s\" }").counts, Counts::Messages);
}

#[test]
fn a_throttle_needs_a_capacity_and_a_factor() {
    let outage = "from = \"20m\"\nto = \"30m\"\neffect = \"silent\"\nshare = 0.9";
    let throttle = |more: &str| format!("from = \"20m\"\nto = \"30m\"\neffect = \"throttle\"\n{more}");
    assert_rejected(outage, &throttle("factor = 0.5"), &["this provider has none", "add capacity"]);
    let limited =
        |outages: &str| with(outage, outages).replace("honours_ttl", "capacity = { rate = \"9/s\" }\nhonours_ttl");
    let errors = |outages: &str| checked(&limited(outages)).expect_err("it is invalid").to_string();
    assert!(errors(&throttle("")).contains("missing `factor`"));
    assert!(errors(&throttle("factor = 1.5")).contains("cannot raise"));
    assert!(errors(&throttle("factor = 0.5\nshare = 0.5")).contains("`share` does not apply here"));
    let scenario = checked(&limited(&throttle("factor = 0.25"))).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(scenario.providers[0].outages[0].effect, Effect::Throttle { millionths: 250_000 });
}

#[test]
fn random_outages_have_a_mean_time_between_and_a_mean_duration() {
    let window = "from = \"20m\"\nto = \"30m\"";
    let text = with(window, "random = { between = \"8h\", lasting = \"20m\" }");
    let scenario = checked(&text).unwrap_or_else(|e| panic!("{e}"));
    let when = When::Random { between: span(8 * 3600), lasting: span(20 * 60) };
    assert_eq!(scenario.providers[0].outages[0].when, when);
    assert!(scenario.is_shared(), "all recipients share the outages");
    assert_rejected(window, "random = { between = \"8h\" }", &["missing `lasting`"]);
    assert_rejected(
        window,
        "from = \"20m\"\nrandom = { between = \"8h\", lasting = \"1m\" }",
        &["are mutually exclusive"],
    );
    assert_rejected(
        window,
        "random = { between = \"59s\", lasting = \"1m\" }",
        &["are too frequent", "at least \"1m\""],
    );
    let effect = "effect = \"silent\"";
    assert_rejected(
        effect,
        "effect = { throttle = 0.25 }",
        &["expected a string, found a table", "write \"throttle\", and put its settings in separate keys"],
    );
    let errors = checked(&with(window, "")).expect_err("it is invalid").to_string();
    assert!(errors.contains("needs one of `from` with `to`, `from` with `lasting`, `random`"), "{errors}");
}

#[test]
fn an_outage_has_an_end_or_a_duration() {
    let outage = |window: &str| {
        let scenario = checked(&with("from = \"20m\"\nto = \"30m\"", window)).unwrap_or_else(|e| panic!("{e}"));
        scenario.providers[0].outages[0].when
    };
    assert_eq!(outage("from = \"20m\"\nlasting = \"10m\""), outage("from = \"20m\"\nto = \"30m\""));
    let (daily, shorter) = ("from = \"20m\"\nlasting = \"10m\"\nevery = \"1d\"", "every = \"9m\"");
    assert_eq!(outage(daily), outage("from = \"20m\"\nto = \"30m\"\nevery = \"1d\""));
    assert_rejected("to = \"30m\"", &format!("lasting = \"10m\"\n{shorter}"), &["recurs before it is over"]);
    assert_rejected("to = \"30m\"", "to = \"30m\"\nlasting = \"10m\"", &["`to` and `lasting` are mutually exclusive"]);
    let errors = checked(&with("to = \"30m\"\n", "")).expect_err("it never ends").to_string();
    assert!(errors.contains("missing `to` or `lasting`") && errors.contains("hint: add `to` or `lasting`"), "{errors}");
    assert_rejected(
        "from = \"20m\"\nto = \"30m\"",
        "lasting = \"10m\"",
        &["missing `from`", "`lasting` requires `from`"],
    );
    assert_rejected("to = \"30m\"", "tp = \"30m\"", &["did you mean `to`"]);
}

#[test]
fn every_key_of_a_breaker_has_a_default() {
    let breaker = |text: &str| {
        let text = with("channel = \"viber\"", &viber(&format!("breaker = {text}")));
        checked(&text).unwrap_or_else(|e| panic!("{e}")).breakers[0].expect("it is there")
    };
    assert_eq!(breaker("{}"), BreakerRules::DEFAULT);
    let all = "{ window = \"30s\", at_least = 5, open_at = 0.2, open_for = \"1m\", probes = 3, missing_after = \"20s\", failures = [\"failed\", \"expired\"] }";
    let expected = BreakerRules {
        window: span(30),
        at_least: 5,
        open_at: 0.2,
        open_for: span(60),
        probes: 3,
        missing_after: span(20),
        failures: StatusSet::of(&[Status::Failed, Status::Expired]),
    };
    assert_eq!(breaker(all), expected);
    assert_rejected("channel = \"viber\"", &viber("breaker = { open_at = 0 }"), &["above 0"]);
    assert_rejected("channel = \"viber\"", &viber("breaker = { probes = 0 }"), &["write 1 or more"]);
    assert_rejected("channel = \"viber\"", &viber("breaker = { treshold = 0.5 }"), &["unknown key `treshold`"]);
}

/// The reference scenario with a second provider of sms, and with `choice` as the provider of the sms step of the first plan.
fn pooled(choice: &str) -> String {
    let step = "{ provider = \"sms\", ttl = \"5m\" }";
    let text = with(
        &format!("{step},\n  {{ provider = \"voice\""),
        &format!("{{ provider = {choice}, ttl = \"5m\" }},\n  {{ provider = \"voice\""),
    );
    let cheap = "[providers.cheap]\nchannel = \"sms\"\nprice = { submitted = 0.01, parts = 2, delivered = 0.005 }\n\n[providers.voice]";
    text.replacen("[providers.voice]", cheap, 1)
}

#[test]
fn a_step_can_choose_among_providers_of_one_channel() {
    let pool = |choice: &str| {
        let scenario = checked(&pooled(choice)).unwrap_or_else(|e| panic!("{e}"));
        (scenario.plans[0].flow.steps()[1].pool.clone(), scenario.plans[0].flow.steps()[1].clone())
    };
    let (sms, cheap) = (1, 2);
    assert_eq!(pool("{ first_of = [\"sms\", \"cheap\"] }").0, Pool::first_of(vec![sms, cheap]));
    assert_eq!(pool("{ cheapest_of = [\"sms\", \"cheap\"] }").0.members(), [cheap, sms]);
    let weighted = "{ weighted = { sms = 3, cheap = 1.5 } }";
    assert_eq!(pool(weighted).0, Pool::weighted(vec![(sms, 3.0), (cheap, 1.5)]));
    assert!(pool(weighted).1.failover_on.contains(Status::Undelivered), "the defaults are those of the channel");
}

#[test]
fn invalid_choices_of_providers_are_rejected() {
    let errors = |choice: &str| checked(&pooled(choice)).expect_err("it is invalid").to_string();
    let mistakes: [(&str, &[&str]); 8] = [
        ("{ first_of = [] }", &["the list is empty"]),
        ("{ first_of = [\"sms\", \"chaep\"] }", &["no provider named `chaep`", "did you mean `cheap`?"]),
        ("{ first_of = [\"sms\", \"sms\"] }", &["duplicate entry `sms`"]),
        (
            "{ first_of = [\"sms\", \"viber\"] }",
            &["`viber` has channel `viber`, but `sms` has channel `sms`", "a separate step"],
        ),
        ("{ weighted = { sms = 0, cheap = 1 } }", &["above 0"]),
        ("{ weighted = [\"sms\"] }", &["expected a table of numbers by name"]),
        ("{ frist_of = [\"sms\"] }", &["unknown selection rule", "did you mean `first_of`?"]),
        ("[\"sms\", \"cheap\"]", &["expected a string or a table, found a list", "first_of"]),
    ];
    for (choice, parts) in mistakes {
        let errors = errors(choice);
        assert!(parts.iter().all(|part| errors.contains(part)), "{choice}:\n{errors}");
    }
}

/// The reference scenario with `traffic` instead of its own.
fn streams(traffic: &str) -> String {
    with("[traffic]\nrecipients = 1_000_000\narrivals = { uniform = { over = \"1h\" } }\n", traffic)
}

const PIN: &str =
    "[[traffic]]\nname = \"pin\"\narrivals = { stages = [{ over = \"1h\", rate = \"5/s\" }] }\npriority = 9\n";
const PROMO: &str = "[[traffic]]\nname = \"promo\"\nrecipients = 1000\narrivals = { blast = {} }\ngoal = { deadline = \"24h\" }\nplan = \"sms-first\"\n";

#[test]
fn traffic_can_have_several_streams() {
    let scenario = checked(&streams(&format!("{PIN}{PROMO}"))).unwrap_or_else(|e| panic!("{e}"));
    let [pin, promo] = scenario.streams.as_slice() else { panic!("two streams") };
    assert_eq!((pin.name.as_str(), pin.traffic.recipients, pin.priority), ("pin", 18_000, 9));
    assert_eq!((pin.deadline, promo.deadline), (span(60), span(24 * 3600)));
    assert!(pin.plan.is_none());
    assert_eq!(promo.plan.as_ref().map(|plan| plan.name.as_str()), Some("sms-first"));
    let compared: Vec<_> = scenario.plans.iter().map(|plan| plan.name.as_str()).collect();
    assert_eq!(compared, ["viber-first"], "the plan of a stream is not compared");
    assert_eq!(scenario.recipients(), 19_000);
    let mut fewer = scenario;
    fewer.set_recipients(190).expect("any number is allowed");
    assert_eq!(fewer.streams.iter().map(|s| s.traffic.recipients).collect::<Vec<_>>(), [180, 10]);
    fewer.set_recipients(1).expect("each stream keeps one recipient");
    assert_eq!(fewer.recipients(), 2);
}

#[test]
fn invalid_streams_are_rejected() {
    let errors = |traffic: &str| checked(&streams(traffic)).expect_err("it is invalid").to_string();
    let mistakes: [(String, &[&str]); 6] = [
        (format!("{PIN}{}", PROMO.replace("name = \"promo\"\n", "")), &["has no name"]),
        (format!("{PIN}{}", PROMO.replace("promo", "pin")), &["duplicate stream name `pin`"]),
        (format!("{PIN}{}", PROMO.replace("sms-first", "sms-frist")), &["did you mean `sms-first`?"]),
        (PROMO.to_owned(), &["no stream follows the plans that are compared", "remove `plan`"]),
        (
            format!("{}plan = \"viber-first\"\n{PROMO}", PIN.replace("pin", "news")) + PIN,
            &["no plan is left to compare"],
        ),
        (PIN.replace("priority = 9", "priority = 900"), &["from 0 to 255"]),
    ];
    for (traffic, parts) in mistakes {
        let errors = errors(&traffic);
        assert!(parts.iter().all(|part| errors.contains(part)), "{traffic}:\n{errors}");
    }
    let errors = errors_of("[traffic]\nrecipients = 1_000_000\narrivals = { uniform = { over = \"1h\" } }\n", "");
    assert!(errors.contains("missing `traffic`"), "{errors}");
}

#[test]
fn a_check_can_name_a_stream() {
    let both = streams(&format!("{PIN}{PROMO}"));
    // The checks of the reference scenario name a plan that is not compared here.
    let both = &both[..both.find("[[checks]]").unwrap_or(both.len())];
    let text = |check: &str| format!("{both}\n[[checks]]\n{check}\nmetric = \"in_time\"\nat_least = 0.5\n");
    let good = checked(&text("plan = \"viber-first\"\nstream = \"pin\"")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((good.checks[0].plan, good.checks[0].stream), (0, Some(0)));
    let errors = |check: &str| checked(&text(check)).expect_err("it is invalid").to_string();
    assert!(errors("plan = \"viber-first\"\nstream = \"pim\"").contains("did you mean `pin`?"));
    assert!(errors("plan = \"sms-first\"\nstream = \"pin\"").contains("a stream of traffic follows it in every run"));
}

#[test]
fn a_file_can_set_the_number_of_replications() {
    let text = with("seed = 20261127", "seed = 20261127\nreplications = 25");
    assert_eq!(checked(&text).unwrap_or_else(|e| panic!("{e}")).replications, 25);
    assert_rejected("seed = 20261127", "seed = 1\nreplications = 0", &["from 1 to 100000"]);
}
