//! `failsim capacity`: how much of a provider a plan needs.

use super::{Home, has};
use serde_json::Value;

fn home() -> Home {
    Home::of(include_str!("../scenario/queue.toml"))
}

/// The JSON output.
fn found(home: &Home, flags: &str) -> Value {
    let output = home.run(&format!("capacity pin.toml --provider sms --no-report --format json {flags}")).exits_with(0);
    serde_json::from_str(&output.stdout).expect("JSON")
}

#[test]
fn the_smallest_capacity_meets_the_goal_and_the_next_smaller_does_not() {
    let home = home();
    let found = found(&home, "");
    assert_eq!((&found["schema"], &found["limit"]), (&"failsim/capacity/2".into(), &"rate_per_s".into()));
    let smallest = found["smallest"].as_f64().expect("there is one");
    // Three arrive in a second, nine at the peak.
    assert!(smallest > 3.0 && smallest < 9.0, "{smallest}");
    let trials = found["trials"].as_array().expect("trials");
    let of = |trial: &Value| (trial["capacity"].as_f64(), trial["outcome"] == "pass");
    let place = trials.iter().position(|trial| of(trial).0 == Some(smallest)).expect("it was tried");
    assert!(of(&trials[place]).1);
    let (below, passes) = of(&trials[place - 1]);
    assert!(!passes);
    // The two differ by one in the third digit.
    assert!(smallest - below.expect("a number") <= smallest * 0.01 + 1e-9);
    let capacities: Vec<_> = trials.iter().filter_map(|trial| of(trial).0).collect();
    assert!(capacities.is_sorted() && capacities.len() + 1 == trials.len(), "the last is without a limit");
    // A goal is met only when the whole interval meets it.
    let outcome = &trials[place]["outcomes"][0];
    assert!(outcome["low"].as_f64() >= Some(0.93) && outcome["value"].as_f64() > outcome["low"].as_f64());
}

#[test]
fn a_run_with_the_smallest_capacity_meets_the_goal() {
    let home = home();
    let smallest = found(&home, "")["smallest"].as_f64().expect("there is one");
    home.change("rate = \"5/s\"", &format!("rate = \"{smallest}/s\""));
    let output = home.run("check pin.toml --plan sms --replications 120").exits_with(0);
    has(&output.stdout, &["1 passed, 0 failed"]);
    home.change(&format!("rate = \"{smallest}/s\""), &format!("rate = \"{}/s\"", smallest * 0.95));
    home.run("check pin.toml --plan sms --replications 120").exits_with(3);
}

#[test]
fn lines_are_looked_for_too_and_a_report_is_written() {
    let home = home();
    let line = "capacity pin.toml --plan sms-voice --provider voice --goal in_time>=0.75 --out lines";
    let output = home.run(line).exits_with(0);
    has(
        &output.stdout,
        &["sms-voice needs ", " lines on voice to reach at least 75 % of recipients within 30 s", "pass (smallest)"],
    );
    has(&output.stderr, &["report: lines/README.md"]);
    let names = ["README.md", "capacity.json", "curve.csv", "curve.svg", "report.html", "run.json"];
    assert_eq!(home.names().iter().filter_map(|name| name.strip_prefix("lines/")).collect::<Vec<_>>(), names);
    let csv = home.read("lines/curve.csv");
    assert!(
        csv.starts_with("capacity,measure,stream,segment,value,low,high,outcome,replications,at_least,at_most,on\n")
    );
    assert_eq!(
        csv.lines().last().map(|line| line.starts_with("inf,in_time,all,all,")),
        Some(true),
        "the last is without a limit"
    );
    // It is its own folder, and may be written again; that of a run is not.
    home.run(line).exits_with(0);
    home.run("run pin.toml --out run").exits_with(0);
    let output = home.run(&line.replace("--out lines", "--out run"));
    output.rejects(1, &["README.md exists already and is not part of such a report"]);
}

#[test]
fn threads_and_repetition_change_nothing() {
    let home = home();
    let run =
        |flags: &str| home.run(&format!("capacity pin.toml --provider sms --no-report {flags}")).exits_with(0).stdout;
    assert_eq!(run("--threads 1"), run("--threads 3"));
}

#[test]
fn what_no_capacity_attains_ends_with_three() {
    let output = home().run("capacity pin.toml --provider sms --goal in_time>=0.97 --no-report").exits_with(3);
    has(
        &output.stdout,
        &["No throughput on sms is enough for sms to reach at least 97 % of recipients within 30 s", "no limit"],
    );
}

#[test]
fn invalid_questions_are_rejected_with_a_hint() {
    let home = home();
    for (flags, parts) in [
        ("--provider smss", ["no provider named \"smss\"", "used are sms"]),
        ("--provider voice --plan sms", ["does not use the provider \"voice\"", "used are sms"]),
        ("--provider sms --plan sms --plan sms-voice", ["more than one plan", "one plan at a time"]),
        ("--provider sms --goal in_time>0.9", ["in_time>=0.99", "--help"]),
        ("--provider sms --goal in_time<=0.9", ["write in_time>=0.9", "--help"]),
        ("--provider sms --goal speed>=1", ["no measure named \"speed\"", "the measures are delivered"]),
        ("--provider sms --plan sms-voice", ["has no goal", "--goal 'in_time>=0.99'"]),
        ("--provider sms --stream pins", ["no stream of traffic named \"pins\"", "leave --stream out"]),
        ("--provider sms --rate --concurrent", ["cannot be used with", "--concurrent"]),
        ("--provider sms --replications 9", ["--replications", "from 10 to"]),
    ] {
        home.run(&format!("capacity pin.toml {flags} --no-report")).rejects(2, &parts);
    }
    home.change("capacity = { rate = \"5/s\" }\n", "");
    home.run("capacity pin.toml --provider sms")
        .rejects(2, &["has neither a throughput nor lines in this scenario", "--rate"]);
    assert_eq!(home.names(), ["pin.toml"]);
    // With --rate the search works without a limit in the file.
    home.run("capacity pin.toml --provider sms --rate --no-report").exits_with(0);
}

/// Shares of replications, headroom, fees and two providers, as a planner asks for them.
#[test]
fn a_planner_asks_for_days_headroom_and_costs() {
    let home = home();
    home.change(
        "capacity = { rate = \"5/s\" }\n",
        "capacity = { rate = \"5/s\" }\nfees = { per_month = 100, per_rate = 40 }\n",
    );
    let line = "capacity pin.toml --plan sms --provider sms --headroom --per-month 30 --goal";
    let output =
        home.failsim(&[line.split(' ').collect::<Vec<_>>(), vec!["in_time>=0.4 on 90%"]].concat()).exits_with(0);
    let words: Vec<&str> = output.stdout.split_whitespace().collect();
    has(
        &words.join(" "),
        &[
            "sms needs ",
            "at least 40 % of recipients within 30 s in at least 90 % of",
            "The 5 msg/s of the scenario are enough for ",
            "The cheapest that is enough is ",
            "in time ≥ 40 %",
            "(most)",
            "more than the cheapest",
        ],
    );
    let page = home.read("reports/pin-capacity/report.html");
    for part in [
        "<h2>More traffic, with 5",
        "<h2>Costs of a month of 30 replications in EUR",
        "Assumptions",
        "100 a month, 40 for each message per second",
    ] {
        assert!(page.contains(part), "no {part:?}");
    }
    let json: Value = serde_json::from_str(&home.read("reports/pin-capacity/capacity.json")).expect("JSON");
    assert_eq!(json["goals"][0]["on"], 0.9);
    assert!(json["headroom"]["growth"].as_f64() > Some(0.1), "{}", json["headroom"]["growth"]);
    assert!(json["cheapest"]["capacity"].as_f64() >= json["smallest"].as_f64());
    assert!(json["cheapest"]["fees_per_month"].as_f64() > Some(100.0));
}

/// Pairs of capacities, with their folder; the plan is the first that uses both.
#[test]
fn two_providers_are_sized_together() {
    let home = home();
    let line = "capacity pin.toml --provider sms --provider voice --goal in_time>=0.9 --out pairs";
    let output = home.run(&format!("{line} --threads 1")).exits_with(0);
    has(&output.stdout, &["sms-voice needs ", " on sms and ", " on voice", ", or "]);
    let names = ["README.md", "frontier.csv", "frontier.json", "frontier.svg", "report.html", "run.json"];
    assert_eq!(home.names().iter().filter_map(|name| name.strip_prefix("pairs/")).collect::<Vec<_>>(), names);
    let json: Value = serde_json::from_str(&home.read("pairs/frontier.json")).expect("JSON");
    let pairs = json["pairs"].as_array().expect("a list");
    assert_eq!(home.read("pairs/frontier.csv").lines().count(), pairs.len() + 1);
    assert!(pairs.len() > 1 && pairs.iter().all(|pair| pair["outcome"] == "pass"), "{pairs:?}");
    assert_eq!(home.run(&format!("{line} --threads 3")).exits_with(0).stdout, output.stdout);
    for (flags, parts) in [
        ("--provider sms", ["the two providers are the same", "two different ones"]),
        ("--provider voice --headroom", ["headroom is that of one provider", "leave --headroom out"]),
        ("--provider voice --per-month 30", ["no fees that could be added up", "fees = {"]),
        ("--provider voice --per-month 0", ["--per-month", "above 0"]),
    ] {
        home.run(&format!("capacity pin.toml --provider sms {flags} --goal in_time>=0.9 --no-report"))
            .rejects(2, &parts);
    }
}
