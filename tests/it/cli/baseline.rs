//! `failsim check --baseline`: unchanged, worse and tolerated results, and results that cannot be compared.

use super::{Home, ProgramOutput, has};

/// A scenario whose results are kept in `before.json`.
fn kept() -> Home {
    let home = Home::new();
    let output = home.run("run pin.toml --no-report --format json").exits_with(0);
    home.write("before.json", output.stdout);
    home
}

/// Viber reaches fewer recipients, which makes every measure worse.
fn made_worse(home: &Home) {
    home.change("share = 0.62", "share = 0.40");
}

fn checked(home: &Home, flags: &str) -> ProgramOutput {
    home.run(&format!("check pin.toml --baseline before.json {flags}"))
}

/// The scenario with its stream named `pins`, and the same with `news` beside them.
fn with_news(home: &Home) -> (String, String) {
    let pins = home.read("pin.toml").replace("[traffic]", "[[traffic]]\nname = \"pins\"");
    let news = "[[traffic]]\nname = \"news\"\nrecipients = 500\narrivals = { blast = {} }\n\n[providers.viber]";
    let both = pins.replacen("[providers.viber]", news, 1);
    (pins, both)
}

#[test]
fn unchanged_behaviour_differs_by_exactly_zero() {
    let home = kept();
    for flags in ["", "--threads 1", "--threads 7"] {
        let output = checked(&home, flags).exits_with(0);
        has(
            &output.stdout,
            &[
                "baseline before.json: 16 measures compared, all exactly equal for 2 000 recipients\n17 passed, 0 failed",
            ],
        );
        assert_eq!(output.stderr, "");
    }
    home.run("run pin.toml --out there -q").exits_with(0);
    has(&home.run("check pin.toml --baseline there/results.json").exits_with(0).stdout, &["all exactly equal"]);
}

#[test]
fn another_version_of_the_scenario_is_reported() {
    let home = kept();
    home.write("pin.toml", home.read("pin.toml") + "\n# a remark\n");
    let output = checked(&home, "").exits_with(0);
    assert_eq!(output.stderr, "");
    has(&output.stdout, &["the baseline was made from another version of the scenario file\n", "all exactly equal"]);
}

#[test]
fn a_worse_plan_fails() {
    let home = kept();
    made_worse(&home);
    let output = checked(&home, "").exits_with(3);
    has(
        &output.stdout,
        &["FAIL          viber-first cost_per_recipient", " worse, none tolerated\n", " changed\n", " failed, "],
    );
}

#[test]
fn a_better_plan_is_ok() {
    let home = kept();
    home.change("price = { submitted = 0.045 }", "price = { submitted = 0.035 }");
    has(
        &checked(&home, "").exits_with(0).stdout,
        &["pass          sms-first cost_per_recipient", " better\n", " passed, 0 failed, "],
    );
}

#[test]
fn a_change_within_the_tolerance_does_not_fail() {
    let home = kept();
    made_worse(&home);
    let all = "--tolerance delivered=50pp,in_time=50pp --tolerance succeeded=50%rel,duplicates=0.5pp --tolerance cost=1 \
               --tolerance latency_s.p50=1m,latency_p95_s=10m,latency_s.p99=300%";
    let output = checked(&home, all).exits_with(0);
    has(
        &output.stdout,
        &[
            " points worse, 50 tolerated
",
            " s worse, 60 s tolerated
",
            " passed, 0 failed, 0 inconclusive
",
        ],
    );
    checked(&home, &all.replace("cost=1", "cost=0.1%")).exits_with(3);
    checked(&home, &format!("{all} --tolerance cost.per_recipient=0")).exits_with(3);
}

#[test]
fn invalid_tolerances_are_rejected() {
    let home = kept();
    for (tolerance, cure) in [
        ("in_time", "write MEASURE=AMOUNT, such as in_time=0.1pp"),
        ("in_time=1%", "\"1%\" is ambiguous for a share: percentage points or a relative change; write 1pp or 1%rel"),
        ("in_time=0.1", "percentage points such as 0.1pp"),
        ("in_time=-1pp", "percentage points such as 0.1pp"),
        ("latency_s.p95=1pp", "a duration such as 500ms"),
        ("latency_s.p95=5", "a duration such as 500ms"),
        ("cost=NaN", "an amount such as 0.001"),
        ("cost=", "an amount such as 0.001"),
        ("intime=1pp", "did you mean \"in_time\"?"),
        ("quality=1pp", "the measures are delivered, in_time"),
    ] {
        checked(&home, &format!("--tolerance {tolerance}")).rejects(2, &["error: ", cure]);
    }
}

#[test]
fn another_seed_size_or_number_of_replications_is_rejected_before_simulating() {
    let home = kept();
    let long = "--recipients 4000000000";
    for (flags, cure) in [
        (format!("--seed 5 {long}"), "hint: use --seed 20261127"),
        (long.to_owned(), "hint: use --recipients 2000"),
        ("--replications 100000".to_owned(), "hint: use --replications 1\n"),
    ] {
        checked(&home, &flags).rejects(2, &["this run cannot be compared with the baseline: it was run with", cure]);
    }
}

/// A plan that the scenario no longer has is no longer checked, and that must not pass unnoticed.
#[test]
fn a_plan_that_only_the_baseline_has_fails_unless_it_goes_by_another_name() {
    let home = kept();
    home.change("name = \"sms-first\"", "name = \"sms-prima\"");
    let output = checked(&home, "").exits_with(3);
    has(
        &output.stdout,
        &[
            "FAIL          sms-first",
            "the baseline has this plan, this scenario does not: write renamed_from = \"sms-first\"",
            "not compared, because the baseline has no such plan: sms-prima\n",
            "baseline before.json: 8 measures compared, all exactly equal for 2 000 recipients\n",
            "9 passed, 1 failed, 0 inconclusive\n",
        ],
    );
    // The other plans are left out on purpose: they do not fail, but they are named.
    has(
        &checked(&home, "--plan viber-first").exits_with(0).stdout,
        &["not compared, because --plan selects other plans: sms-first of the baseline\n"],
    );
    checked(&home, "--plan sms-prima").rejects(2, &["it has none of these plans", "hint: make a new baseline"]);
    home.change("name = \"sms-prima\"", "name = \"sms-prima\"\nrenamed_from = \"sms-first\"");
    let output = checked(&home, "").exits_with(0);
    has(&output.stdout, &["16 measures compared, all exactly equal for 2 000 recipients\n", "17 passed, 0 failed"]);
    checked(&home, "--plan viber-first").exits_with(0);
    checked(&home, "--plan sms-prima").exits_with(0);
}

/// Renamed providers have other random numbers: a difference within the intervals of both runs is not worse.
#[test]
fn a_provider_by_another_name_does_not_fail() {
    let home = kept();
    let text = home
        .read("pin.toml")
        .replace("[providers.sms]", "[providers.text]")
        .replace("provider = \"sms\"", "provider = \"text\"");
    home.write("pin.toml", text.replace("[[providers.sms.outcomes]]", "[[providers.text.outcomes]]"));
    let output = checked(&home, "").exits_with(0);
    has(&output.stdout, &["the random numbers are not those of the baseline", "numbers: viber-first, sms-first\n"]);
    // A difference beyond the intervals is worse.
    made_worse(&home);
    checked(&home, "").exits_with(3);
}

/// Streams of other sizes have other recipients.
#[test]
fn streams_of_other_sizes_are_rejected() {
    let home = kept();
    let (text, two) = with_news(&home);
    home.write("pin.toml", &two);
    home.write("before.json", home.run("run pin.toml --no-report --format json").exits_with(0).stdout);
    home.write(
        "pin.toml",
        two.replace("recipients = 2_000", "recipients = 2_100").replace("recipients = 500", "recipients = 400"),
    );
    checked(&home, "").rejects(2, &["its stream pins has 2 000 recipients", "hint: make a new baseline"]);
    home.write("pin.toml", two.replace("recipients = 500", "recipients = 400"));
    checked(&home, "").rejects(2, &["2 500 recipients", "hint: make a new baseline"]);
    // The single stream has as many recipients as both streams of the baseline.
    home.write("pin.toml", text.replace("recipients = 2_000", "recipients = 2_500"));
    checked(&home, "").rejects(2, &["its stream pins has 2 000 recipients"]);
}

#[test]
fn a_plan_that_is_left_out_on_purpose_does_not_fail() {
    let home = kept();
    let output = checked(&home, "--plan viber-first").exits_with(0);
    has(
        &output.stdout,
        &[
            "--plan selects other plans: sms-first of the baseline\n",
            "8 measures compared, all exactly equal for 2 000 recipients\n",
            "9 passed, 0 failed",
        ],
    );
}

#[test]
fn the_file_may_say_what_is_tolerated_and_compared() {
    let home = kept();
    made_worse(&home);
    let text = home.read("pin.toml");
    let rules = "delivered = \"50pp\", in_time = \"50pp\", succeeded = \"50%rel\", duplicates = \"0.5pp\", \
                 cost_per_recipient = \"1\", latency_p50_s = \"1m\", latency_p95_s = \"10m\", latency_p99_s = \"300%\"";
    home.write("pin.toml", format!("{text}\n[baseline]\ntolerances = {{ {rules} }}\n"));
    has(&checked(&home, "").exits_with(0).stdout, &[" points worse, 50 tolerated\n"]);
    checked(&home, "--tolerance cost=0").exits_with(3);
    home.write(
        "pin.toml",
        format!("{text}\n[baseline]\nmeasures = [\"duplicates\"]\ntolerances = {{ duplicates = \"9pp\" }}\n"),
    );
    has(&checked(&home, "").exits_with(0).stdout, &["baseline before.json: 2 measures compared, "]);
    checked(&home, "--tolerance cost=0")
        .rejects(2, &["cost_per_recipient is not compared", "hint: they are duplicates"]);
    for (rules, parts) in [
        (
            "tolerances = { in_time = \"1%\" }",
            ["is ambiguous for a share: percentage points or a relative change", "write 1pp or 1%rel"],
        ),
        ("tolerances = { cost = \"1%\" }", ["unknown", "did you mean"]),
        (
            "measures = [\"in_time\"]\ntolerances = { delivered = \"1pp\" }",
            ["`delivered` is not in `measures`", "add \"delivered\" to `measures`"],
        ),
        ("measures = [\"seen\"]", ["seen", "expected"]),
    ] {
        home.write("pin.toml", format!("{text}\n[baseline]\n{rules}\n"));
        checked(&home, "").rejects(2, &parts);
    }
}

/// Each stream of traffic is compared with the same stream of the baseline.
#[test]
fn streams_are_compared_one_by_one() {
    let home = kept();
    let (_, two) = with_news(&home);
    home.write("pin.toml", &two);
    home.write("before.json", home.run("run pin.toml --no-report --format json").exits_with(0).stdout);
    has(&checked(&home, "").exits_with(0).stdout, &["48 measures compared, all exactly equal"]);
    // The news have a deadline of one second now: their share in time is worse, whatever all streams together show.
    let worse = two.replace("recipients = 500", "recipients = 500\ngoal = { deadline = \"1s\" }");
    home.write("pin.toml", &worse);
    has(
        &checked(&home, "").exits_with(3).stdout,
        &["FAIL          viber-first news in_time", "FAIL          viber-first in_time"],
    );
    home.write("pin.toml", two.replace("name = \"news\"", "name = \"offers\""));
    has(
        &checked(&home, "").exits_with(3).stdout,
        &["FAIL          viber-first news", "the baseline has the stream news"],
    );
}

#[test]
fn files_that_are_not_results_are_rejected() {
    let home = kept();
    let results = home.read("before.json");
    for text in [
        home.read("pin.toml"),
        "{}".to_owned(),
        String::new(),
        results.replace("failsim/results/2", "failsim/results/9"),
        results[..results.len() / 2].to_owned(),
        results.replace("\"in_time\"", "\"intime\""),
    ] {
        home.write("before.json", &text);
        checked(&home, "").rejects(2, &["before.json is not a results file of failsim", "hint: give the results.json"]);
    }
    home.write("before.json", b"\xff\xfe\x00");
    checked(&home, "").rejects(2, &["is not a results file"]);
}

/// Results of version 0.1 have other names: the hint is the command that makes new ones, and it works.
#[test]
fn results_of_an_older_version_are_rejected_with_the_command_for_new_ones() {
    let home = kept();
    home.write("before.json", home.read("before.json").replace("failsim/results/2", "failsim/results/1"));
    let line = "check pin.toml --baseline before.json --recipients 500 --seed 3 --replications 2 --plan sms-first";
    let output =
        home.run(line).rejects(2, &["before.json was written by an older version of failsim: failsim/results/1"]);
    let command = "failsim run pin.toml --recipients 500 --seed 3 --replications 2 --format json --no-report";
    has(&output.stderr, &[&format!("hint: make a new baseline: {command} > before.json\n")]);
    let made = home.run(command.strip_prefix("failsim ").expect("the program's name")).exits_with(0);
    home.write("before.json", made.stdout);
    has(&home.run(line).exits_with(0).stdout, &["8 measures compared, all exactly equal"]);
}

/// A baseline that is part of a report is made anew with the report, whether it is named from outside or inside its folder.
#[test]
fn the_command_for_a_new_baseline_renews_the_report_that_it_is_part_of() {
    let home = Home::new();
    let older = |path: &str| {
        home.run("run pin.toml --out . --quiet").exits_with(0);
        home.write(path, home.read(path).replace("failsim/results/2", "failsim/results/1"));
    };
    for path in ["results.json", "./results.json"] {
        older("results.json");
        let line = format!("check pin.toml --baseline {path}");
        let output = home.run(&line).rejects(2, &["hint: make a new baseline: failsim run pin.toml --out .\n"]);
        let hint = output.stderr.split_once("new baseline: failsim ").expect("a command").1;
        home.run(hint.trim_end()).exits_with(0);
        has(&home.run(&line).exits_with(0).stdout, &["all exactly equal"]);
    }
}

#[test]
fn mistakes_in_a_baseline_are_reported_with_their_position() {
    let home = kept();
    let results = home.read("before.json");
    let line_of = |text: &str, part: &str| text.split_once(part).expect("it is there").0.lines().count();
    let other = results.replace("failsim/results/2", "failsim/results/9");
    let lacking = results.replacen("\"in_time\"", "\"intime\"", 1);
    let place = format!("line {}, column ", line_of(&results, "\"in_time\""));
    let half = &results[..results.len() / 2];
    let end = format!("line {}, column ", half.lines().count());
    for (text, parts) in [
        (other.as_str(), ["its schema is \"failsim/results/9\"", ""]),
        (&lacking, [place.as_str(), "unknown field `intime`"]),
        (half, [end.as_str(), "EOF while parsing"]),
        ("{ \"schema\": \"failsim/results/2\",\n  oops }", ["line 2, column 3", ""]),
        ("{\n}", ["line 2, column 1: missing field `schema`", ""]),
        ("", ["line 1, column 0: EOF", ""]),
    ] {
        home.write("before.json", text);
        let output = checked(&home, "").rejects(2, &parts);
        has(
            &output.stderr,
            &["before.json is not a results file of failsim (failsim/results/2): ", "hint: give the results.json"],
        );
    }
    // A long text of the file is not repeated in full.
    home.write("before.json", results.replacen("\"in_time\"", &format!("\"{}\"", "x".repeat(100_000)), 1));
    assert!(checked(&home, "").rejects(2, &["unknown field"]).stderr.len() < 1_000);
}

#[test]
fn a_baseline_that_cannot_be_read_is_reported() {
    let home = Home::new();
    for name in ["before.json", "."] {
        let output = home.run(&format!("check pin.toml --baseline {name}"));
        output.rejects(1, &[&format!("cannot read {name}: "), "hint: give the results.json of a report folder"]);
    }
}

#[test]
fn a_baseline_is_enough_without_checks() {
    let home = kept();
    let text = home.read("pin.toml");
    home.write("pin.toml", text.split("[[checks]]").next().expect("the rest"));
    home.run("check pin.toml").rejects(2, &["there is nothing to check"]);
    let output = checked(&home, "").exits_with(0);
    assert!(
        output.stdout.ends_with("all exactly equal for 2 000 recipients\n16 passed, 0 failed, 0 inconclusive\n"),
        "{}",
        output.stdout
    );
}

/// A single stream has its own deadline and random numbers.
#[test]
fn a_single_streams_deadline_and_name_count() {
    let home = Home::new();
    let text =
        home.read("pin.toml").replace("[traffic]", "[[traffic]]\nname = \"pins\"\ngoal = { deadline = \"30s\" }");
    home.write("pin.toml", &text);
    has(&home.run("run pin.toml --no-report").exits_with(0).stdout, &["in time (30 s)"]);
    home.write("before.json", home.run("run pin.toml --no-report --format json").exits_with(0).stdout);
    home.write("pin.toml", text.replace("deadline = \"30s\"", "deadline = \"40s\""));
    has(
        &checked(&home, "").exits_with(0).stdout,
        &["inconclusive  viber-first in_time", "the deadline is 40s here, and 30s"],
    );
    home.write("pin.toml", text.replace("name = \"pins\"", "name = \"codes\""));
    has(
        &checked(&home, "").exits_with(0).stdout,
        &["are not those of the baseline", "numbers: viber-first, sms-first\n"],
    );
}

/// The order of streams does not matter.
#[test]
fn streams_may_stand_in_another_order() {
    let home = kept();
    let stream = |name: &str, deadline: &str| {
        format!(
            "[[traffic]]\nname = \"{name}\"\nrecipients = 500\narrivals = {{ blast = {{}} }}\ngoal = {{ deadline = \"{deadline}\" }}\n"
        )
    };
    let text = home.read("pin.toml");
    let (before, rest) = text.split_once("[traffic]").expect("there is traffic");
    let after = &rest[rest.find("[providers.").expect("there are providers")..];
    let [x, y] = [stream("x", "30s"), stream("y", "60s")];
    home.write("pin.toml", format!("{before}{x}{y}{after}"));
    home.write("before.json", home.run("run pin.toml --no-report --format json").exits_with(0).stdout);
    home.write("pin.toml", format!("{before}{y}{x}{after}"));
    has(&checked(&home, "--strict").exits_with(0).stdout, &["all exactly equal"]);
}
