//! `--precision`: replications are added until intervals are narrow.

use super::{Home, has};
use serde_json::Value;

/// The results and the notes of a run with these flags.
fn simulated(home: &Home, flags: &str) -> (Value, String) {
    let output = home.run(&format!("run pin.toml --no-report --format json {flags}")).exits_with(0);
    (serde_json::from_str(&output.stdout).expect("JSON"), output.stderr)
}

/// The largest distance of the end of an interval from its value, over all plans.
fn reach(results: &Value, value: impl Fn(&Value) -> [f64; 3]) -> f64 {
    let plans = results["plans"].as_array().expect("plans");
    let reaches = plans.iter().map(&value).map(|[is, low, high]| (is - low).max(high - is));
    reaches.fold(0.0, f64::max)
}

fn numbers(of: &Value, names: [&str; 3]) -> [f64; 3] {
    names.map(|name| of[name].as_f64().expect("a number"))
}

#[test]
fn replications_are_added_until_the_intervals_of_shares_are_narrow_enough() {
    for text in [super::scenario(), include_str!("../scenario/queue.toml").to_owned()] {
        let home = Home::of(&text);
        let (results, notes) = simulated(&home, "--precision 0.5pp");
        for measure in ["delivered", "in_time"] {
            let reach = reach(&results, |plan| numbers(&plan[measure], ["share", "low", "high"]));
            assert!(reach > 0.0 && reach <= 0.005, "{measure}: {reach}");
        }
        let replications = results["scenario"]["replications"].as_u64().expect("a number");
        assert!((2..1_000).contains(&replications), "{replications}");
        assert_eq!(notes, "");
        // Intervals half as wide need about four times as many replications.
        let more = simulated(&home, "--precision 0.25pp").0["scenario"]["replications"].as_u64().expect("a number");
        assert!(more > 2 * replications && more < 8 * replications, "{replications}, {more}");
    }
}

#[test]
fn the_precision_of_the_cost_can_be_a_percentage() {
    let home = Home::of(include_str!("../scenario/queue.toml"));
    let (results, _) = simulated(&home, "--precision 1%");
    let reach = reach(&results, |plan| {
        let [is, low, high] = numbers(&plan["cost"], ["per_recipient", "low", "high"]);
        [1.0, low / is, high / is]
    });
    assert!(reach <= 0.01, "{reach}");
}

#[test]
fn the_maximum_number_of_replications_ends_the_run_with_a_note() {
    let home = Home::new();
    let (results, notes) = simulated(&home, "--precision 0.01pp --max-replications 7");
    assert_eq!(results["scenario"]["replications"], 7);
    has(&notes, &["note: after 7 replications the intervals are still wider than requested"]);
    assert_eq!(simulated(&home, "--precision 0.01pp --max-replications 7 --quiet").1, "");
}

#[test]
fn invalid_precisions_are_rejected() {
    let home = Home::new();
    for (flags, parts) in [
        ("--precision 0.1", ["write percentage points such as 0.1pp", "--help"]),
        ("--precision 1pp,1pp", ["twice", "--help"]),
        ("--precision 1pp --replications 3", ["cannot be used with", "--help"]),
        ("--max-replications 3", ["--precision <WIDTH>", "--help"]),
        ("--precision 1pp --max-replications 0", ["from 1 to 100000", "--help"]),
    ] {
        home.run(&format!("run pin.toml {flags}")).rejects(2, &parts);
    }
    home.run("check pin.toml --baseline x.json --precision 1pp").rejects(2, &["cannot be used with"]);
}
