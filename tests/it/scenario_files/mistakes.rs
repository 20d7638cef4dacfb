//! The diagnostics of single mistakes: the position, what was expected, and a hint.

use super::{assert_rejected, checked, errors_of, with};
use failsim::units::Span;

#[test]
fn shares_outside_0_to_1_are_rejected() {
    assert_rejected("share = 0.62", "share = 62", &["`share`", "from 0 to 1", "write 0.62 for 62 %"]);
    assert_rejected("share = 0.62", "share = \"62 %\"", &["write 0.62 for 62 %"]);
    assert_rejected("share = 0.62", "share = nan", &["finite number"]);
    assert_rejected("share = 0.62", "share = -0.1", &["from 0 to 1"]);
    let errors = errors_of("share = 0.62", "share = 0.82");
    assert!(
        errors.contains("add up to 1.1")
            && errors.contains("lower them by 0.1")
            && errors.contains("expected at most 1"),
        "{errors}"
    );
}

#[test]
fn durations_without_a_unit_or_out_of_range_are_rejected() {
    assert_rejected("deadline = \"60s\"", "deadline = 60", &["needs a unit", "write \"60s\"", "\"1h30m\""]);
    assert_rejected("deadline = \"60s\"", "deadline = \"60\"", &["needs a unit", "write \"60s\""]);
    assert_rejected("deadline = \"60s\"", "deadline = \"-60s\"", &["cannot be negative", "write \"60s\""]);
    assert_rejected("deadline = \"60s\"", "deadline = -60", &["cannot be negative"]);
    assert_rejected("deadline = \"60s\"", "deadline = nan", &["invalid duration `nan`"]);
    assert_rejected("deadline = \"60s\"", "deadline = inf", &["invalid duration `inf`"]);
    assert_rejected("deadline = \"60s\"", "deadline = \"inf\"", &["invalid duration `inf`"]);
    assert_rejected("deadline = \"60s\"", "deadline = \"\"", &["empty"]);
    assert_rejected("deadline = \"60s\"", "deadline = \"400d\"", &["at most 366 days"]);
    assert_rejected("deadline = \"60s\"", "deadline = \"0s\"", &["above zero"]);
    assert_rejected("deadline = \"60s\"", "deadline = 60s", &["write \"60s\", in quotes"]);
}

#[test]
fn a_ttl_of_zero_is_rejected_and_none_means_no_limit() {
    assert_rejected("ttl = \"60s\", failover_on", "ttl = \"0s\", failover_on", &["zero", "or \"none\" for no limit"]);
    let unlimited = checked(&with("ttl = \"60s\", failover_on", "ttl = \"none\", failover_on")).unwrap();
    assert_eq!(unlimited.plans[0].flow.steps()[0].ttl, Span::UNLIMITED);
}

#[test]
fn unknown_names_are_rejected_with_the_nearest_known_one() {
    assert_rejected(
        "{ provider = \"viber\", ttl = \"60s\", f",
        "{ provider = \"vibre\", ttl = \"60s\", f",
        &["did you mean `viber`?"],
    );
    assert_rejected("plan = \"viber-first\"", "plan = \"viber-frist\"", &["did you mean `viber-first`?"]);
    assert_rejected("metric = \"in_time\"", "metric = \"in-time\"", &["did you mean `in_time`?"]);
    assert_rejected("status = \"undelivered\"", "status = \"undeliverd\"", &["did you mean `undelivered`?"]);
    assert_rejected(
        "after = { exponential = {",
        "after = { exponentail = {",
        &["unknown distribution", "did you mean `exponential`?"],
    );
    assert_rejected("after = { exponential = {", "after = { banana = {", &["unknown distribution", "`lognormal`"]);
    assert_rejected("deadline = \"60s\"", "deadlin = \"60s\"", &["unknown key `deadlin`", "did you mean `deadline`?"]);
}

#[test]
fn empty_duplicate_and_too_long_plans_are_rejected() {
    assert_rejected(
        "steps = [{ provider = \"sms\", ttl = \"5m\" }, { provider = \"viber\", ttl = \"60s\" }, { provider = \"voice\" }]",
        "steps = []",
        &["the list is empty", "add a step"],
    );
    assert_rejected(
        "name = \"sms-first\"",
        "name = \"viber-first\" # again",
        &["duplicate plan name `viber-first`", "first used here"],
    );
    assert_rejected("name = \"sms-first\"", "name = \"\"", &["empty"]);
    let many = "steps = [{ provider = \"sms\", attempts = 16 }, { provider = \"viber\", ttl = \"60s\" }]";
    assert_rejected(
        "steps = [{ provider = \"sms\", ttl = \"5m\" }, { provider = \"viber\", ttl = \"60s\" }, { provider = \"voice\" }]",
        many,
        &["17 attempts", "at most 16"],
    );
}

#[test]
fn waits_between_attempts_are_at_most_366_days() {
    let step = "steps = [{ provider = \"sms\", ttl = \"5m\" }, { provider = \"viber\", ttl = \"60s\" }, { provider = \"voice\" }]";
    let endless =
        "steps = [{ provider = \"sms\", attempts = 12, retry_after = \"10s\", backoff = 10, ttl = \"none\" }]";
    assert_rejected(
        step,
        endless,
        &["before attempt 12 grows to 3169 years", "at most 366 days", "a smaller `backoff`"],
    );
    let days = "steps = [{ provider = \"sms\", attempts = 3, retry_after = \"300d\", backoff = 1.3, ttl = \"none\" }]";
    assert_rejected(step, days, &["grows to 1 years", "at most 366 days"]);
    // Where the ttl or `give_up_after` comes first, the long waits never happen.
    for over in ["ttl = \"20h\" }]", "ttl = \"none\" }]\ngive_up_after = \"2d\""] {
        let bounded = endless.replace("ttl = \"none\" }]", over);
        assert!(checked(&with(step, &bounded)).is_ok(), "{bounded}");
    }
}

/// `costarring` and `liquid` have the same 32-bit FNV-1a hash.
#[test]
fn names_with_the_same_hash_are_rejected() {
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
        let errors = checked(&text("costarring", "liquid", &traffic)).expect_err("a collision");
        assert_eq!(errors.items().len(), 1, "{errors}");
        let place = errors.position(&errors.items()[0]).expect("it has a position");
        let errors = errors.to_string();
        assert!(errors.contains("`costarring` and `liquid` would use the same random numbers"), "{errors}");
        assert!(errors.contains("give one of them another name"), "{errors}");
        assert!(place.0 > 5, "{errors}");
        assert!(checked(&text("costarring", "liquid-2", &traffic)).is_ok());
    }
    let errors =
        checked(&text("a", "b", &(stream(STREAMS[0]) + &stream(STREAMS[1])))).expect_err("a collision").to_string();
    let expected = format!("in the stream `{}`", STREAMS[0]);
    assert!(errors.contains(&expected) && errors.contains("would use the same random numbers"), "{errors}");
}

/// Names of streams: one of the providers `a` and `b` has the same key in the first as the other has in the second.
const STREAMS: [&str; 2] = ["s30949", "s52168"];

#[test]
fn inconsistent_outages_are_rejected() {
    assert_rejected("to = \"30m\"", "to = \"10m\"", &["ends before it starts", "more than \"20m\""]);
    assert_rejected("to = \"30m\"", "to = \"30m\"\nevery = \"5m\"", &["recurs before it is over", "at least \"10m\""]);
    assert_rejected("effect = \"silent\"", "effect = \"slow\"", &["missing `factor` or `delay`", "factor = 5"]);
    assert_rejected(
        "effect = \"silent\"",
        "effect = \"silent\"\nfactor = 5",
        &["only allowed with effect = \"slow\" or effect = \"throttle\""],
    );
}

#[test]
fn invalid_distributions_are_rejected() {
    let exponential = "exponential = { mean = \"400ms\" }";
    assert_rejected("sigma = 0.8", "sigma = 0", &["above 0"]);
    assert_rejected("sigma = 0.8", "sigma = -1.5", &["above 0"]);
    assert_rejected("sigma = 0.8", "sigma = inf", &["finite"]);
    assert_rejected(
        exponential,
        "lognormal = { p50 = \"5s\", p95 = \"5s\" }",
        &["`p95` is not above `p50`", "more than \"5s\""],
    );
    assert_rejected(exponential, "lognormal = { p50 = \"5s\" }", &["missing `p95`"]);
    assert_rejected(exponential, "lognormal = { p50 = \"5s\", p95 = \"9s\", sigma = 1 }", &["are mutually exclusive"]);
    assert_rejected(exponential, "uniform = { min = \"5s\", max = \"5s\" }", &["`max` is not above `min`", "constant"]);
    assert_rejected(exponential, "exponential = { mean = \"4s\", shift = \"5s\", max = \"5s\" }", &["constant"]);
    assert_rejected(exponential, "constant = \"4s\", exponential = { mean = \"4s\" }", &["are mutually exclusive"]);
    assert_rejected("after = { exponential = { mean = \"400ms\" } }", "after = {}", &["no distribution given"]);
    assert_rejected("after = { exponential = { mean = \"400ms\" } }", "after = \"4s\"", &["{ constant = \"4s\" }"]);
}

#[test]
fn the_number_of_recipients_is_required_and_limited() {
    assert_rejected("recipients = 1_000_000", "recipients = 0", &["from 1 to 4294967296", "write 1 or more"]);
    assert_rejected("recipients = 1_000_000", "recipients = 5_000_000_000", &["from 1 to 4294967296"]);
    assert_rejected(
        "recipients = 1_000_000",
        "recipients = 99999999999999999999999999999999999999999999",
        &["or less"],
    );
    let errors = errors_of("recipients = 1_000_000\n", "");
    assert!(errors.contains("missing `recipients` in [traffic]") && errors.contains("pin.toml:9:1"), "{errors}");
}

#[test]
fn inconsistent_steps_are_rejected() {
    let step = "ttl = \"60s\", failover_on";
    assert_rejected(
        step,
        "success = \"sent\", expire_on_delivery = true, failover_on",
        &["requires success = \"seen\""],
    );
    assert_rejected(step, "ttl = \"none\", expire_on_delivery = true, failover_on", &["needs a ttl"]);
    assert_rejected(step, "retry_after = \"5s\", failover_on", &["attempts = 2"]);
    assert_rejected(
        "[\"undelivered\", \"failed\", \"expired\"]",
        "[\"failed\", \"failed\"]",
        &["duplicate entry `failed`", "remove the second"],
    );
    assert_rejected(
        "[\"undelivered\", \"failed\", \"expired\"]",
        "[\"delivered\"]",
        &["unknown value", "did you mean `undelivered`?"],
    );
    assert!(checked(&with("[\"undelivered\", \"failed\", \"expired\"]", "[]")).is_ok());
}

#[test]
fn invalid_prices_rates_checks_and_channels_are_rejected() {
    assert_rejected("delivered = 0.015", "delivered = -0.015", &["from 0 to 100000"]);
    assert_rejected("delivered = 0.015", "delivered = \"0.015\"", &["write 0.015, without quotes"]);
    assert_rejected("{ uniform = { over = \"1h\" } }", "{ poisson = { rate = 300 } }", &["write \"300/s\""]);
    assert_rejected("{ uniform = { over = \"1h\" } }", "{ poisson = { rate = \"0/s\" } }", &["above zero"]);
    assert_rejected("{ uniform = { over = \"1h\" } }", "{ poisson = { rate = \"1/d\" } }", &["longer than 366d"]);
    assert_rejected(
        "{ uniform = { over = \"1h\" } }",
        "{ stages = [{ over = \"1h\", rate = \"0/s\" }] }",
        &["no recipients arrive"],
    );
    assert_rejected("at_least = 0.5", "at_least = 50", &["write 0.5 for 50 %"]);
    assert_rejected("at_least = 0.5", "at_least = 0.5\nat_most = 0.7", &["are mutually exclusive"]);
    assert_rejected("channel = \"viber\"", "channel = \"Viber\"", &["write \"viber\""]);
}

#[test]
fn a_former_name_belongs_to_one_plan() {
    let former = |one: &str, other: &str| {
        let one = format!("name = \"viber-first\"\n{one}");
        let other = format!("name = \"sms-first\"\n{other}");
        checked(&with("name = \"viber-first\"\n", &one).replace("name = \"sms-first\"\n", &other))
    };
    let errors =
        former("renamed_from = \"old\"\n", "renamed_from = \"old\"\n").expect_err("two plans claim it").to_string();
    assert!(errors.contains("two plans are renamed from `old`"), "{errors}");
    let errors = former("renamed_from = \"sms-first\"\n", "").expect_err("a plan still has that name").to_string();
    assert!(errors.contains("a plan named `sms-first` still exists"), "{errors}");
    former("renamed_from = \"sms-first\"\n", "renamed_from = \"old\"\n").expect("a name may pass to another plan");
    let (one, other) = ("renamed_from = \"sms-first\"\n", "renamed_from = \"viber-first\"\n");
    let errors = former(one, other).expect_err("plans cannot swap names").to_string();
    assert!(errors.contains("form a cycle"), "{errors}");
}
