//! Scenario files: what loads, and what is said of files that do not.

use failsim::dist::{Dist, Shape};
use failsim::engine::{LateDelivery, StepRules};
use failsim::provider::Effect;
use failsim::scenario::{Bound, Diagnostics, LoadError, Scenario, load, parse, schema};
use failsim::traffic::Arrivals;
use failsim::units::{Money, SimTime};
use failsim::vocabulary::{Status, SuccessFloor};
use proptest::prelude::*;
use std::path::Path;

/// The reference scenario: every table of the format, and most of its keys.
const REFERENCE: &str = include_str!("scenario/reference.toml");

fn checked(text: &str) -> Result<Scenario, Diagnostics> {
    parse(text, "pin.toml", &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scenario"))
}

/// The reference scenario with `old` replaced by `new`.
fn with(old: &str, new: &str) -> String {
    assert!(REFERENCE.contains(old), "the reference scenario has no {old}");
    REFERENCE.replacen(old, new, 1)
}

/// What is said of the reference scenario with `old` replaced by `new`.
fn said_of(old: &str, new: &str) -> String {
    checked(&with(old, new)).expect_err("something is wrong").to_string()
}

/// The reference scenario with `old` replaced by `new` is refused at the line of `new`, with all of `parts` in what is said.
#[track_caller]
fn refused(old: &str, new: &str, parts: &[&str]) {
    let text = with(old, new);
    let diagnostics = checked(&text).expect_err(new);
    let said = diagnostics.to_string();
    assert_eq!(diagnostics.items().len(), 1, "{said}");
    let (line, _) = diagnostics.position(&diagnostics.items()[0]).expect("it has a place");
    let first = text.find(new).expect("it is there");
    let lines = text[..first].lines().count()..=text[..first + new.len()].lines().count();
    assert!(lines.contains(&line), "line {line} is not in {lines:?}:\n{said}");
    for part in [&format!("pin.toml:{line}:"), "^", "hint: "].into_iter().chain(parts.iter().copied()) {
        assert!(said.contains(part), "no {part:?} in\n{said}");
    }
}

fn seconds(s: f64) -> SimTime {
    SimTime::from_secs_f64(s)
}

#[test]
fn the_reference_scenario_loads() {
    let scenario = checked(REFERENCE).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((scenario.title.as_str(), scenario.seed), ("Bank PIN: Viber first or SMS first?", 20_261_127));
    assert_eq!((scenario.currency.as_str(), scenario.deadline), ("EUR", seconds(60.0)));
    assert_eq!(scenario.traffic.recipients, 1_000_000);
    assert_eq!(scenario.traffic.arrivals, Arrivals::Uniform { over: seconds(3600.0) });
    let names: Vec<_> = scenario.providers.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["viber", "sms", "voice"], "in the order of the file");
    assert_eq!(scenario.checks[0].bound, Bound::AtLeast(0.5));
    assert_eq!(scenario.digest.len(), 64);
}

#[test]
fn the_providers_are_as_written() {
    let scenario = checked(REFERENCE).unwrap();
    let [viber, sms, voice] = scenario.providers.as_slice() else { panic!("three providers") };
    assert!(!viber.honours_ttl && sms.honours_ttl);
    assert_eq!(viber.price.delivered, Money::from_micros(15_000));
    assert_eq!(viber.price.delivered_late, viber.price.delivered);
    assert_eq!(sms.price.submitted, Money::from_micros(45_000));
    assert_eq!(viber.outcomes[0].after, Dist::new(Shape::Lognormal { median: seconds(2.5), sigma: 0.8 }));
    assert_eq!(viber.outages[0].effect, Effect::Silent);
    assert_eq!((viber.outages[0].from, viber.outages[0].every), (seconds(1200.0), SimTime::NEVER));
    assert_eq!(voice.outcomes[0].status, Status::Answered);
    let shifted = Dist { shift: seconds(3.0), ..Dist::new(Shape::Exponential { mean: seconds(8.0) }) };
    assert_eq!(voice.outcomes[0].after, shifted);
    assert_eq!(voice.report_delay, Dist::constant(SimTime::ZERO));
}

#[test]
fn the_plans_are_as_written_with_defaults_by_channel() {
    let scenario = checked(REFERENCE).unwrap();
    let plan = &scenario.plans[0];
    assert_eq!(plan.carriers.iter().map(|c| c.provider).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!((plan.flow.steps[0].ttl, plan.carriers[0].validity), (seconds(60.0), seconds(60.0)));
    assert_eq!(plan.flow.steps[2].ttl, SimTime::NEVER);
    assert_eq!(plan.flow.steps[2].failover_on, StepRules::default_failover_on("voice"));
    assert_eq!(plan.flow.late_delivery, LateDelivery::Finish);
    assert_eq!(scenario.plans[1].flow.late_delivery, LateDelivery::Ignore);
}

#[test]
fn a_step_that_expires_on_delivery_succeeds_when_seen() {
    let text = with(
        "ttl = \"60s\", failover_on",
        "expire_on_delivery = true, attempts = 2, retry_after = \"5s\", failover_on",
    );
    let step = &checked(&text).unwrap().plans[0].flow.steps[0];
    assert_eq!((step.success, step.ttl, step.attempts), (SuccessFloor::Seen, seconds(600.0), 2));
}

#[test]
fn every_pattern_of_arrivals_loads() {
    let recipients = |arrivals: &str| {
        let text = with("arrivals = { uniform = { over = \"1h\" } }", &format!("arrivals = {arrivals}"));
        checked(&text).unwrap_or_else(|e| panic!("{e}")).traffic
    };
    assert_eq!(recipients("{ blast = {} }").arrivals, Arrivals::Blast);
    assert_eq!(recipients("{ spread = { over = \"200s\" } }").arrivals, Arrivals::Spread { over: seconds(200.0) });
    assert_eq!(recipients("{ poisson = { rate = \"18_000/min\" } }").arrivals, Arrivals::Poisson { rate_per_s: 300.0 });
    let stages =
        recipients("{ stages = [{ over = \"10m\", rate = \"50/s\" }, { over = \"5m\", rate = \"50/s..800/s\" }] }");
    assert!(matches!(&stages.arrivals, Arrivals::Stages(s) if s.len() == 2 && s[1].to_per_s == 800.0));
    assert_eq!(stages.recipients, 1_000_000);
}

#[test]
fn stages_and_files_say_how_many_people_there_are() {
    let counted = |arrivals: &str| {
        let text = with(
            "recipients = 1_000_000\narrivals = { uniform = { over = \"1h\" } }",
            &format!("arrivals = {arrivals}"),
        );
        checked(&text).unwrap_or_else(|e| panic!("{e}")).traffic
    };
    assert_eq!(counted("{ stages = [{ over = \"10m\", rate = \"50/s..100/s\" }] }").recipients, 45_000);
    let file = counted("{ file = \"arrivals.csv\", column = \"arrived_s\" }");
    let times: Vec<_> = [0.0, 1.5, 60.0].map(seconds).into();
    assert_eq!((file.recipients, file.arrivals), (3, Arrivals::Times(times.into())));
    let first = counted("{ file = \"arrivals.csv\" }");
    assert_eq!(first.arrivals, Arrivals::Times([0.0, 2.5, 3600.0].map(seconds).into()));
}

#[test]
fn every_distribution_loads() {
    for (dist, shape) in [
        ("{ constant = \"4s\" }", Shape::Constant(seconds(4.0))),
        ("{ uniform = { min = \"1s\", max = \"2s\" } }", Shape::Uniform { min: seconds(1.0), max: seconds(2.0) }),
        ("{ gamma = { mean = \"8s\", cv = 0.5, max = \"1m\" } }", Shape::Gamma { mean: seconds(8.0), cv: 0.5 }),
        ("{ weibull = { scale = \"8s\", shape = 2 } }", Shape::Weibull { scale: seconds(8.0), shape: 2.0 }),
        ("{ empirical = { file = \"arrivals.csv\" } }", Shape::Empirical([0.0, 2.5, 3600.0].map(seconds).into())),
    ] {
        let text = with("{ exponential = { mean = \"400ms\" } }", dist);
        let scenario = checked(&text).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(scenario.providers[0].outcomes[2].after.shape, shape);
    }
}

#[test]
fn percentiles_become_a_sigma() {
    let text = with("{ exponential = { mean = \"400ms\" } }", "{ lognormal = { p50 = \"2s\", p95 = \"10s\" } }");
    let scenario = checked(&text).unwrap();
    let Shape::Lognormal { median, sigma } = scenario.providers[0].outcomes[2].after.shape else { panic!("lognormal") };
    assert_eq!(median, seconds(2.0));
    assert!((sigma - 0.978_469).abs() < 1e-6, "{sigma}");
}

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
    assert_eq!(unlimited.plans[0].flow.steps[0].ttl, SimTime::NEVER);
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
    let many = format!("steps = [{{ provider = \"sms\", attempts = 16 }}, {{ provider = \"viber\", ttl = \"60s\" }}]");
    refused(
        "steps = [{ provider = \"sms\", ttl = \"5m\" }, { provider = \"viber\", ttl = \"60s\" }, { provider = \"voice\" }]",
        &many,
        &["17 attempts", "at most 16"],
    );
}

#[test]
fn windows_must_make_sense() {
    refused("to = \"30m\"", "to = \"10m\"", &["ends before it starts", "more than \"20m\""]);
    refused("to = \"30m\"", "to = \"30m\"\nevery = \"5m\"", &["recurs before it is over", "at least \"10m\""]);
    refused("effect = \"silent\"", "effect = \"slow\"", &["how slow", "factor = 5"]);
    refused("effect = \"silent\"", "effect = \"silent\"\nfactor = 5", &["only beside effect = \"slow\""]);
    refused("effect = \"silent\"", "effect = \"throttle\"", &["not simulated by this version"]);
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
    refused("delivered = 0.015", "delivered = -0.015", &["from 0 to 1000000"]);
    refused("delivered = 0.015", "delivered = \"0.015\"", &["write 0.015, without quotes"]);
    refused("{ uniform = { over = \"1h\" } }", "{ poisson = { rate = 300 } }", &["write \"300/s\""]);
    refused("{ uniform = { over = \"1h\" } }", "{ poisson = { rate = \"0/s\" } }", &["above zero"]);
    refused("{ uniform = { over = \"1h\" } }", "{ poisson = { rate = \"1/d\" } }", &["longer than 366d"]);
    refused("{ uniform = { over = \"1h\" } }", "{ stages = [{ over = \"1h\", rate = \"0/s\" }] }", &["nobody arrives"]);
    refused("at_least = 0.5", "at_least = 50", &["write 0.5 for 50 %"]);
    refused("at_least = 0.5", "at_least = 0.5\nat_most = 0.7", &["exclude each other"]);
    refused("channel = \"viber\"", "channel = \"Viber\"", &["write \"viber\""]);
    refused(
        "channel = \"viber\"",
        "channel = \"viber\"\ncapacity = { rate = \"5/s\" }",
        &["not simulated by this version", "remove `capacity`"],
    );
}

#[test]
fn bad_rows_of_a_csv_file_are_named() {
    let arrivals = "{ uniform = { over = \"1h\" } }";
    refused(arrivals, "{ file = \"missing.csv\" }", &["cannot read", "missing.csv"]);
    refused(arrivals, "{ file = \"arrivals.csv\", column = \"arived_s\" }", &["did you mean `arrived_s`?"]);
    let said = said_of(arrivals, "{ file = \"arrivals.csv\" }");
    assert!(said.contains("has 3 rows") && said.contains("write recipients = 3"), "{said}");
    refused(arrivals, "{ file = \"empty.csv\" }", &["no rows"]);
    refused(arrivals, "{ file = \".\" }", &["not a regular file"]);
    let said = said_of(arrivals, "{ file = \"bad.csv\" }");
    assert!(said.contains("bad.csv, line 3: `5 parsecs`") && said.contains("bad.csv, line 5: `-1s`"), "{said}");
    assert_eq!(said.matches("bad.csv, line").count(), 3, "no more than three: {said}");
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let text = REFERENCE
        .replace("share = 0.62", "share = 62")
        .replace("sigma = 0.6", "sigma = 0")
        .replace("to = \"30m\"", "to = \"10m\"")
        .replace("{ provider = \"voice\" }", "{ provider = \"voise\" }")
        .replace("deadline", "deadlin");
    let diagnostics = checked(&text).unwrap_err();
    let lines: Vec<_> = diagnostics.items().iter().map(|d| diagnostics.position(d).unwrap().0).collect();
    assert_eq!(lines.len(), 6, "{diagnostics}");
    assert!(lines.is_sorted(), "in the order of the file: {lines:?}");
}

#[test]
fn broken_lines_do_not_hide_what_is_wrong_elsewhere() {
    let text = REFERENCE.replace("deadline = \"60s\"", "deadline = 60s").replace("share = 0.62", "share = 62");
    let text = text.replace("price = { delivered = 0.015 }", "price = ");
    let diagnostics = checked(&text).unwrap_err();
    let said = diagnostics.to_string();
    assert_eq!(diagnostics.items().len(), 3, "{said}");
    assert!(said.contains("write \"60s\", in quotes") && said.contains("write 0.62 for 62 %"), "{said}");
}

#[test]
fn keys_and_tables_that_are_doubled_are_refused() {
    refused("seed = 20261127", "seed = 20261127\nseed = 2", &["duplicate key"]);
    refused("[providers.sms]", "[providers.viber] # again", &["duplicate key"]);
    refused("[providers.sms]", "[providers.sms", &["unclosed table"]);
}

#[test]
fn brackets_of_the_wrong_kind_are_explained() {
    let said = said_of("[goal]", "[[goal]]");
    assert!(said.contains("write [goal], in single brackets"), "{said}");
    let said = checked("[plans]\nname = \"x\"\n").unwrap_err().to_string();
    assert!(said.contains("write [[plans]], in double brackets"), "{said}");
}

#[test]
fn an_empty_file_is_told_what_it_lacks() {
    let said = checked("").unwrap_err().to_string();
    for key in ["goal", "traffic", "providers", "plans"] {
        assert!(said.contains(&format!("`{key}` is missing")), "{said}");
    }
}

#[test]
fn no_more_than_twenty_are_shown() {
    let text: String = (0..50).map(|i| format!("nonsense{i} = 1\n")).collect();
    let said = checked(&text).unwrap_err().to_string();
    assert_eq!(said.matches("error: ").count(), 20);
    assert!(said.contains("and 34 more"), "{said}");
}

#[test]
fn long_lines_are_trimmed() {
    let said = checked(&format!("title = [{}]", "1, ".repeat(100_000))).unwrap_err().to_string();
    assert!(said.contains("pin.toml:1:9") && said.lines().all(|l| l.chars().count() < 300), "{said}");
}

fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

#[test]
fn the_file_names_the_scenario_that_has_no_title() {
    let text = with("title = \"Bank PIN: Viber first or SMS first?\"\n", "");
    let (_folder, path) = written("my-question.toml", text.as_bytes());
    assert_eq!(load(&path).unwrap().title, "my-question");
}

#[test]
fn files_that_are_no_scenario_are_refused() {
    let invalid = |path: &Path| match load(path) {
        Err(LoadError::Invalid(diagnostics)) => diagnostics.to_string(),
        other => panic!("{other:?}"),
    };
    let (folder, latin1) = written("latin1.toml", b"a = 1\ntitle = \"caf\xe9\"\n");
    let said = invalid(&latin1);
    assert!(
        said.contains("not UTF-8") && said.contains(":2:13") && said.contains("0xe9") && said.contains("save the file"),
        "{said}"
    );
    assert!(invalid(folder.path()).contains("this is a folder"));
    let missing = load(&folder.path().join("missing.toml")).unwrap_err();
    assert!(matches!(missing, LoadError::Io { .. }) && missing.to_string().contains("missing.toml"));
}

#[test]
fn a_hundred_megabytes_of_garbage_are_refused_at_once() {
    let (_folder, path) = written("garbage.toml", b"");
    std::fs::File::options().write(true).open(&path).unwrap().set_len(100 << 20).unwrap();
    let said = load(&path).unwrap_err().to_string();
    assert!(said.contains("too long for a scenario"), "{said}");
}

/// What a JSON reader would see of a TOML text.
fn as_json(text: &str) -> serde_json::Value {
    toml::from_str(text).unwrap()
}

#[test]
fn the_schema_accepts_what_loads_and_refuses_what_it_can_know() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    if let Err(error) = schema.validate(&as_json(REFERENCE)) {
        panic!("{error} at {}", error.instance_path());
    }
    for (old, new) in [
        ("deadline = \"60s\"", "deadline = 60"),
        ("deadline = \"60s\"", "deadline = \"0s\""),
        ("deadline = \"60s\"", "deadlin = \"60s\""),
        ("share = 0.62", "share = 62"),
        ("sigma = 0.8", "sigma = 0"),
        ("sigma = 0.8", "p95 = \"5s\""),
        ("status = \"delivered\"", "status = \"delivred\""),
        ("effect = \"silent\"", "effect = \"silent\"\nfactor = 5"),
        ("at_least = 0.5", "at_least = 0.5\nat_most = 0.7"),
        ("{ uniform = { over = \"1h\" } }", "{ blast = {}, uniform = { over = \"1h\" } }"),
        ("{ uniform = { over = \"1h\" } }", "{ poisson = { rate = \"300\" } }"),
    ] {
        assert!(!schema.is_valid(&as_json(&with(old, new))), "{new}");
    }
}

#[test]
fn the_schema_is_a_schema() {
    jsonschema::draft202012::meta::validate(&schema()).unwrap_or_else(|e| panic!("{e}"));
}

/// `text` with a stretch replaced.
fn mutated(text: &str, at: usize, length: usize, new: &str) -> String {
    let start = text.floor_char_boundary(at % text.len());
    let end = text.ceil_char_boundary((start + length).min(text.len()));
    format!("{}{new}{}", &text[..start], &text[end..])
}

proptest! {
    #[test]
    fn random_text_never_panics(text in "(?s).{0,300}") {
        if let Err(diagnostics) = checked(&text) {
            prop_assert!(!diagnostics.render(true).is_empty());
        }
    }

    #[test]
    fn random_toml_never_panics(text in r#"(\[{1,2}(goal|traffic|plans|providers\.[a-z"]{0,3}|checks)\]{1,2}\n|(name|steps|arrivals|seed|goal\.deadline|channel|é) = ("[0-9smhd./ -]{0,8}"|[0-9._e+-]{1,6}|nan|\{[a-z =]{0,9}\}|\[[0-9, ]{0,9}\])\n){0,12}"#) {
        if let Err(diagnostics) = checked(&text) {
            prop_assert!(!diagnostics.render(true).is_empty());
        }
    }

    #[test]
    fn a_scenario_with_random_mistakes_never_panics(
        edits in prop::collection::vec((any::<usize>(), 0_usize..30, r#"[\[\]{}"=.,#a-z0-9\n é-]{0,6}"#), 1..6),
    ) {
        let text = edits.iter().fold(REFERENCE.to_owned(), |t, (at, length, new)| mutated(&t, *at, *length, new));
        if let Err(diagnostics) = checked(&text) {
            prop_assert!(!diagnostics.items().is_empty());
            prop_assert!(diagnostics.to_string().contains("pin.toml"));
        }
    }
}
