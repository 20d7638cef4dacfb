//! What is said of each mistake: the place, what was expected, and the cure.

use super::{checked, refused, said_of, with};
use failsim::units::Span;

#[test]
fn shares_above_one_are_refused() {
    refused("share = 0.62", "share = 62", &["`share`", "from 0 to 1", "write 0.62 for 62 %"]);
    refused("share = 0.62", "share = \"62 %\"", &["write 0.62 for 62 %"]);
    refused("share = 0.62", "share = nan", &["finite number"]);
    refused("share = 0.62", "share = -0.1", &["from 0 to 1"]);
    let said = said_of("share = 0.62", "share = 0.82");
    assert!(
        said.contains("add up to 1.1") && said.contains("lower them by 0.1") && said.contains("expected at most 1"),
        "{said}"
    );
}

#[test]
fn durations_without_unit_sign_or_sense_are_refused() {
    refused("deadline = \"60s\"", "deadline = 60", &["needs a unit", "write \"60s\"", "\"1h30m\""]);
    refused("deadline = \"60s\"", "deadline = \"60\"", &["needs a unit", "write \"60s\""]);
    refused("deadline = \"60s\"", "deadline = \"-60s\"", &["cannot be negative", "write \"60s\""]);
    refused("deadline = \"60s\"", "deadline = -60", &["cannot be negative"]);
    refused("deadline = \"60s\"", "deadline = nan", &["is no duration"]);
    refused("deadline = \"60s\"", "deadline = inf", &["is no duration"]);
    refused("deadline = \"60s\"", "deadline = \"inf\"", &["is no duration"]);
    refused("deadline = \"60s\"", "deadline = \"\"", &["empty"]);
    refused("deadline = \"60s\"", "deadline = \"400d\"", &["at most 366 days"]);
    refused("deadline = \"60s\"", "deadline = \"0s\"", &["above zero"]);
    refused("deadline = \"60s\"", "deadline = 60s", &["write \"60s\", in quotes"]);
}

#[test]
fn a_ttl_of_nothing_is_refused_and_none_is_no_limit() {
    refused("ttl = \"60s\", failover_on", "ttl = \"0s\", failover_on", &["zero", "or \"none\" for no limit"]);
    let unlimited = checked(&with("ttl = \"60s\", failover_on", "ttl = \"none\", failover_on")).unwrap();
    assert_eq!(unlimited.plans[0].flow.steps()[0].ttl, Span::UNLIMITED);
}

#[test]
fn names_that_are_not_defined_are_refused_with_the_nearest() {
    refused(
        "{ provider = \"viber\", ttl = \"60s\", f",
        "{ provider = \"vibre\", ttl = \"60s\", f",
        &["did you mean `viber`?"],
    );
    refused("plan = \"viber-first\"", "plan = \"viber-frist\"", &["did you mean `viber-first`?"]);
    refused("metric = \"in_time\"", "metric = \"in-time\"", &["did you mean `in_time`?"]);
    refused("status = \"undelivered\"", "status = \"undeliverd\"", &["did you mean `undelivered`?"]);
    refused(
        "after = { exponential = {",
        "after = { exponentail = {",
        &["unknown distribution", "did you mean `exponential`?"],
    );
    refused("after = { exponential = {", "after = { banana = {", &["unknown distribution", "`lognormal`"]);
    refused("deadline = \"60s\"", "deadlin = \"60s\"", &["unknown key `deadlin`", "did you mean `deadline`?"]);
}

#[test]
fn empty_and_doubled_plans_are_refused() {
    refused(
        "steps = [{ provider = \"sms\", ttl = \"5m\" }, { provider = \"viber\", ttl = \"60s\" }, { provider = \"voice\" }]",
        "steps = []",
        &["the list is empty", "add a step"],
    );
    refused("name = \"sms-first\"", "name = \"viber-first\" # again", &["two plans", "the first of that name"]);
    refused("name = \"sms-first\"", "name = \"\"", &["empty"]);
    let many = "steps = [{ provider = \"sms\", attempts = 16 }, { provider = \"viber\", ttl = \"60s\" }]";
    refused(
        "steps = [{ provider = \"sms\", ttl = \"5m\" }, { provider = \"viber\", ttl = \"60s\" }, { provider = \"voice\" }]",
        many,
        &["17 attempts", "at most 16"],
    );
}

#[test]
fn waits_between_attempts_do_not_outgrow_the_calendar() {
    let step = "steps = [{ provider = \"sms\", ttl = \"5m\" }, { provider = \"viber\", ttl = \"60s\" }, { provider = \"voice\" }]";
    let endless =
        "steps = [{ provider = \"sms\", attempts = 12, retry_after = \"10s\", backoff = 10, ttl = \"none\" }]";
    refused(step, endless, &["before attempt 12 grows to 3169 years", "at most 366 days", "a smaller `backoff`"]);
    let days = "steps = [{ provider = \"sms\", attempts = 3, retry_after = \"300d\", backoff = 1.3, ttl = \"none\" }]";
    refused(step, days, &["grows to 1 years", "at most 366 days"]);
    // The ttl, or the end of the flow, comes first: such waits are never waited for.
    for over in ["ttl = \"20h\" }]", "ttl = \"none\" }]\ngive_up_after = \"2d\""] {
        let bounded = endless.replace("ttl = \"none\" }]", over);
        assert!(checked(&with(step, &bounded)).is_ok(), "{bounded}");
    }
}

/// 32-bit FNV-1a hashes `costarring` and `liquid` alike.
#[test]
fn names_that_would_share_their_random_numbers_are_refused() {
    let text = |first: &str, second: &str, traffic: &str| {
        format!(
            "{traffic}\n[goal]\ndeadline = \"60s\"\n[providers.{first}]\nchannel = \"sms\"\n[providers.{second}]\n\
             channel = \"sms\"\n[[plans]]\nname = \"p\"\nsteps = [{{ provider = \"{first}\" }}]\n"
        )
    };
    let alone = "[traffic]\nrecipients = 10\narrivals = { blast = {} }";
    let stream =
        |name: &str| format!("[[traffic]]\nname = \"{name}\"\nrecipients = 10\narrivals = {{ blast = {{}} }}\n");
    for traffic in [alone.to_owned(), stream("pin") + &stream("promo")] {
        let said = checked(&text("costarring", "liquid", &traffic)).expect_err("a collision");
        assert_eq!(said.items().len(), 1, "{said}");
        let place = said.position(&said.items()[0]).expect("it has a place");
        let said = said.to_string();
        assert!(said.contains("`costarring` and `liquid` would share all their random numbers"), "{said}");
        assert!(said.contains("give one of them another name"), "{said}");
        assert!(place.0 > 5, "{said}");
        assert!(checked(&text("costarring", "liquid-2", &traffic)).is_ok());
    }
    let said =
        checked(&text("a", "b", &(stream(STREAMS[0]) + &stream(STREAMS[1])))).expect_err("a collision").to_string();
    let expected = format!("in the stream `{}`", STREAMS[0]);
    assert!(said.contains(&expected) && said.contains("would share all their random numbers"), "{said}");
}

/// In streams of these names `a` and `b` have one key.
const STREAMS: [&str; 2] = ["s30949", "s52168"];

#[test]
fn windows_must_make_sense() {
    refused("to = \"30m\"", "to = \"10m\"", &["ends before it starts", "more than \"20m\""]);
    refused("to = \"30m\"", "to = \"30m\"\nevery = \"5m\"", &["recurs before it is over", "at least \"10m\""]);
    refused("effect = \"silent\"", "effect = \"slow\"", &["how slow", "factor = 5"]);
    refused(
        "effect = \"silent\"",
        "effect = \"silent\"\nfactor = 5",
        &["only beside effect = \"slow\" or effect = \"throttle\""],
    );
}

#[test]
fn parameters_must_make_sense() {
    let exponential = "exponential = { mean = \"400ms\" }";
    refused("sigma = 0.8", "sigma = 0", &["above 0"]);
    refused("sigma = 0.8", "sigma = -1.5", &["above 0"]);
    refused("sigma = 0.8", "sigma = inf", &["finite"]);
    refused(
        exponential,
        "lognormal = { p50 = \"5s\", p95 = \"5s\" }",
        &["`p95` is not above `p50`", "more than \"5s\""],
    );
    refused(exponential, "lognormal = { p50 = \"5s\" }", &["`p95` is missing"]);
    refused(exponential, "lognormal = { p50 = \"5s\", p95 = \"9s\", sigma = 1 }", &["exclude each other"]);
    refused(exponential, "uniform = { min = \"5s\", max = \"5s\" }", &["`max` is not above `min`", "constant"]);
    refused(exponential, "exponential = { mean = \"4s\", shift = \"5s\", max = \"5s\" }", &["constant"]);
    refused(exponential, "constant = \"4s\", exponential = { mean = \"4s\" }", &["exclude each other"]);
    refused("after = { exponential = { mean = \"400ms\" } }", "after = {}", &["names no distribution"]);
    refused("after = { exponential = { mean = \"400ms\" } }", "after = \"4s\"", &["{ constant = \"4s\" }"]);
}

#[test]
fn the_number_of_people_must_fit() {
    refused("recipients = 1_000_000", "recipients = 0", &["from 1 to 4294967296", "write 1 or more"]);
    refused("recipients = 1_000_000", "recipients = 5_000_000_000", &["from 1 to 4294967296"]);
    refused("recipients = 1_000_000", "recipients = 99999999999999999999999999999999999999999999", &["or less"]);
    let said = said_of("recipients = 1_000_000\n", "");
    assert!(said.contains("`recipients` is missing in [traffic]") && said.contains("pin.toml:9:1"), "{said}");
}

#[test]
fn steps_must_make_sense() {
    let step = "ttl = \"60s\", failover_on";
    refused(step, "success = \"sent\", expire_on_delivery = true, failover_on", &["only `seen`"]);
    refused(step, "ttl = \"none\", expire_on_delivery = true, failover_on", &["needs a ttl"]);
    refused(step, "retry_after = \"5s\", failover_on", &["attempts = 2"]);
    refused("[\"undelivered\", \"failed\", \"expired\"]", "[\"failed\", \"failed\"]", &["twice", "remove the second"]);
    refused(
        "[\"undelivered\", \"failed\", \"expired\"]",
        "[\"delivered\"]",
        &["unknown word", "did you mean `undelivered`?"],
    );
    assert!(checked(&with("[\"undelivered\", \"failed\", \"expired\"]", "[]")).is_ok());
}

#[test]
fn money_rates_and_checks_must_make_sense() {
    refused("delivered = 0.015", "delivered = -0.015", &["from 0 to 100000"]);
    refused("delivered = 0.015", "delivered = \"0.015\"", &["write 0.015, without quotes"]);
    refused("{ uniform = { over = \"1h\" } }", "{ poisson = { rate = 300 } }", &["write \"300/s\""]);
    refused("{ uniform = { over = \"1h\" } }", "{ poisson = { rate = \"0/s\" } }", &["above zero"]);
    refused("{ uniform = { over = \"1h\" } }", "{ poisson = { rate = \"1/d\" } }", &["longer than 366d"]);
    refused("{ uniform = { over = \"1h\" } }", "{ stages = [{ over = \"1h\", rate = \"0/s\" }] }", &["nobody arrives"]);
    refused("at_least = 0.5", "at_least = 50", &["write 0.5 for 50 %"]);
    refused("at_least = 0.5", "at_least = 0.5\nat_most = 0.7", &["exclude each other"]);
    refused("channel = \"viber\"", "channel = \"Viber\"", &["write \"viber\""]);
}

#[test]
fn a_name_of_before_belongs_to_one_plan() {
    let former = |one: &str, other: &str| {
        let one = format!("name = \"viber-first\"\n{one}");
        let other = format!("name = \"sms-first\"\n{other}");
        checked(&with("name = \"viber-first\"\n", &one).replace("name = \"sms-first\"\n", &other))
    };
    let said =
        former("renamed_from = \"old\"\n", "renamed_from = \"old\"\n").expect_err("they both had it").to_string();
    assert!(said.contains("two plans were called `old` before"), "{said}");
    let said = former("renamed_from = \"sms-first\"\n", "").expect_err("it is there").to_string();
    assert!(said.contains("a plan is called `sms-first` now too"), "{said}");
    former("renamed_from = \"sms-first\"\n", "renamed_from = \"old\"\n").expect("names can be handed on");
    let (one, other) = ("renamed_from = \"sms-first\"\n", "renamed_from = \"viber-first\"\n");
    let said = former(one, other).expect_err("nobody knows which was which").to_string();
    assert!(said.contains("plans that have taken each other's names"), "{said}");
}
