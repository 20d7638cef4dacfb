//! `failsim sweep`: the effect of one or two values of a scenario.

use super::{Home, has};

fn home() -> Home {
    Home::of(include_str!("../scenario/queue.toml"))
}

const RATES: &str = "sweep pin.toml --vary providers.sms.capacity.rate=4/s..8/s:3 --out out";

fn points(home: &Home) -> Vec<String> {
    home.names().into_iter().filter(|name| name.starts_with("out/points/")).collect()
}

#[test]
fn every_point_is_what_a_run_with_that_value_is() {
    let home = home();
    let output = home.run(RATES).exits_with(0);
    has(&output.stdout, &["In time (30 s), by providers.sms.capacity.rate", "4/s", "6/s", "8/s", "sms-voice"]);
    let csv = home.read("out/sweep.csv");
    assert!(csv.starts_with("providers.sms.capacity.rate,plan,stream,segment,measure,value,low,high,unit\n"));
    home.change("rate = \"5/s\"", "rate = \"6/s\"");
    let run = home.run("run pin.toml --no-report --format csv").exits_with(0).stdout;
    // A sweep solves nothing.
    let simulated = |line: &str| line.rsplitn(3, ',').last().map(|line| line.replacen(',', ",all,all,", 1));
    let measure = |name: &str| run.lines().find(|line| line.starts_with(name)).and_then(simulated);
    for name in ["sms,in_time", "sms-voice,delivered", "sms-voice,failovers"] {
        let row = measure(name).expect("a run has it");
        assert!(csv.contains(&format!("6/s,{row}\n")), "{row} is not in\n{csv}");
    }
}

#[test]
fn the_folder_has_a_figure_for_each_measure() {
    let home = home();
    home.run(&format!("{RATES} --measure in_time --measure latency_s.p99,cost.total")).exits_with(0);
    let names = home.names();
    let files: Vec<_> = names.iter().filter_map(|name| name.strip_prefix("out/")).collect();
    for name in
        ["README.md", "cost_total.svg", "in_time.svg", "latency_p99_s.svg", "run.json", "sweep.csv", "sweep.json"]
    {
        assert!(files.contains(&name), "{name} is not in {files:?}");
    }
    assert!(!files.contains(&"delivered.svg"));
    let json: serde_json::Value = serde_json::from_str(&home.read("out/sweep.json")).expect("JSON");
    assert_eq!(json["schema"], "failsim/sweep/1");
    assert_eq!(json["points"].as_array().map(Vec::len), Some(3));
    assert_eq!(json["points"][1]["values"][0], "6/s");
}

#[test]
fn two_values_make_a_map() {
    let home = home();
    let line = "sweep pin.toml --vary providers.sms.capacity.rate=4/s,8/s --vary plans.sms-voice.steps.1.ttl=10s,20s,40s \
                --plan sms-voice --measure in_time --out out";
    let output = home.run(line).exits_with(0);
    has(
        &output.stdout,
        &["by providers.sms.capacity.rate (down) and plans.sms-voice.steps.1.ttl\n(across)", "10 s", "40 s"],
    );
    assert_eq!(points(&home).len(), 6);
    let csv = home.read("out/sweep.csv");
    assert!(csv.starts_with("providers.sms.capacity.rate,plans.sms-voice.steps.1.ttl,plan,"));
    has(&csv, &["\n8/s,40s,sms-voice,all,all,in_time,"]);
    has(&home.read("out/in_time.svg"), &["<svg ", "8/s"]);
    let rows = csv.lines().filter(|line| line.contains(",in_time,")).count();
    let wide = home.run(&format!("{line} --format csv --wide --quiet")).exits_with(0).stdout;
    assert_eq!(format!("\u{feff}{wide}"), home.read("out/sweep.csv"), "spreadsheets know it for UTF-8");
    has(
        &wide,
        &["plan,stream,segment,delivered (share),delivered low,delivered high,", "\n8/s,40s,sms-voice,all,all,0."],
    );
    assert_eq!(wide.lines().count(), 1 + rows, "a row for each point and plan");
}

#[test]
fn stored_points_are_not_simulated_again() {
    let home = home();
    home.run(RATES).exits_with(0);
    let (first, table) = (points(&home), home.read("out/sweep.csv"));
    assert_eq!(first.len(), 3);
    let marked = first[0].clone();
    let modified = |name: &str| std::fs::metadata(home.path(name)).and_then(|known| known.modified()).expect("a time");
    let before = modified(&marked);
    // The same sweep again, and one with an additional value.
    let output = home.run(RATES).exits_with(0);
    has(&output.stderr, &["note: 3 of 3 points exist already"]);
    assert_eq!(home.read("out/sweep.csv"), table);
    let output = home.run(&RATES.replace("4/s..8/s:3", "4/s,5/s,6/s,8/s")).exits_with(0);
    has(&output.stderr, &["note: 3 of 4 points exist already"]);
    assert_eq!(modified(&marked), before);
    // A damaged point is simulated again.
    home.write(&marked, "{");
    has(&home.run(RATES).exits_with(0).stderr, &["note: 2 of 3 points exist already"]);
    assert_eq!(home.read("out/sweep.csv"), table);
}

/// A stored point is used only if it belongs to the same job and is unchanged; valid JSON is not enough.
#[test]
fn points_that_do_not_belong_to_the_job_are_simulated_again() {
    let home = home();
    home.run(RATES).exits_with(0);
    let (files, table) = (points(&home), home.read("out/sweep.csv"));
    let texts: Vec<_> = files.iter().map(|file| home.read(file)).collect();
    let again = |wrong: &str| {
        assert_ne!(wrong, texts[0]);
        home.write(&files[0], wrong);
        let output = home.run(RATES).exits_with(0);
        has(
            &output.stderr,
            &["note: 2 of 3 points exist already", "note: 1 of 3 points are damaged and will be run again"],
        );
        assert_eq!(home.read("out/sweep.csv"), table);
        assert_eq!(home.read(&files[0]), texts[0]);
    };
    // The results of another point, results in the format of earlier versions, a changed number, and another job.
    again(&texts[1]);
    let mut point: serde_json::Value = serde_json::from_str(&texts[0]).expect("JSON");
    again(&point["results"].to_string());
    point["results"]["plans"][0]["in_time"]["share"] = 0.123.into();
    again(&point.to_string());
    point = serde_json::from_str(&texts[0]).expect("JSON");
    point["job"] = "0".repeat(64).into();
    again(&point.to_string());
}

#[test]
fn a_flag_for_a_varied_value_is_rejected() {
    let home = home();
    for (vary, flag, run) in [
        ("seed=1,2", "--seed 3", "--seed and --vary seed both say seed"),
        ("replications=10,20", "--replications 12", "--replications and --vary replications both say replications"),
        ("replications=10,20", "--precision 1pp", "--precision and --vary replications both say replications"),
        (
            "traffic.recipients=100,200",
            "--recipients 50",
            "--recipients and --vary traffic.recipients both say recipients",
        ),
        ("plans.sms.steps.1.ttl=10s,20s", "--plan sms-voice", "--plan leaves out sms, whose ttl is varied"),
        ("plans.1.steps.1.ttl=10s,20s", "--plan sms-voice", "--plan leaves out sms, whose ttl is varied"),
    ] {
        let name = flag.split(' ').next().expect("a flag");
        home.run(&format!("sweep pin.toml --vary {vary} {flag} --out out"))
            .rejects(2, &[run, name, "vary something else"]);
    }
    assert_eq!(home.names(), ["pin.toml"]);
    // The varied value and the flags do not overlap here.
    home.run("sweep pin.toml --vary plans.sms.steps.1.ttl=10s,20s --plan sms --seed 3 --replications 10 --out out")
        .exits_with(0);
}

/// A title names no deadline where the deadline is varied.
#[test]
fn a_sweep_over_deadlines_is_not_headed_with_the_first() {
    let home = home();
    let output = home.run("sweep pin.toml --vary goal.deadline=10s,40s --measure in_time --out out").exits_with(0);
    assert!(
        output.stdout.contains("In time, by goal.deadline") && !output.stdout.contains("(10 s)"),
        "{}",
        output.stdout
    );
}

#[test]
fn whatever_may_lead_to_other_results_is_another_point() {
    let home = home();
    let vary = "--vary providers.voice.capacity.concurrent=3,4 --out out --quiet";
    let mut known = 0;
    for flags in ["", "--seed 8", "--replications 11", "--recipients 800", "--plan sms-voice"] {
        home.run(&format!("sweep pin.toml {vary} {flags}")).exits_with(0);
        known += 2;
        assert_eq!(points(&home).len(), known, "{flags}");
    }
    home.change("p50 = \"2s\"", "p50 = \"3s\"");
    home.run(&format!("sweep pin.toml {vary}")).exits_with(0);
    assert_eq!(points(&home).len(), known + 2);
}

#[test]
fn the_order_and_the_threads_make_no_difference() {
    let home = home();
    home.run(&format!("{RATES} --threads 1 --quiet")).exits_with(0);
    home.run(&format!("{} --threads 3 --quiet", RATES.replace("--out out", "--out other"))).exits_with(0);
    for file in ["sweep.csv", "sweep.json", "in_time.svg"] {
        assert_eq!(home.read(&format!("out/{file}")), home.read(&format!("other/{file}")), "{file}");
    }
}

#[test]
fn what_cannot_be_varied_is_rejected_before_anything_is_simulated() {
    let home = home();
    for (vary, parts) in [
        ("--vary providers.sms.capacity.rat=1/s,2/s", ["did you mean \"rate\"?", "--help"]),
        ("--vary providers.sms.capacity.rate=1,2", ["invalid value \"1\" for providers.sms.capacity.rate", "--help"]),
        ("--vary plans.nobody.steps.1.ttl=1s,2s", ["no entry named `nobody`", "sms-voice"]),
        ("--vary plans.sms.steps.2.ttl=1s,2s", ["index 2 is out of range", "a number from 1 to 1"]),
        ("--vary providers.sms.outcomes.1.share=0.95,0.97", ["1.01", "hint"]),
        ("--vary seed=1,2 --vary seed=3,4", ["seed is varied twice", "one --vary"]),
        ("--vary seed=1..200:200 --vary recipients=1", ["no key \"recipients\"", "--help"]),
        ("--vary seed=1..200:200 --vary traffic.recipients=1..200:200", ["40 000 points", "at most 10 000"]),
        ("--vary seed=1 --vary replications=1 --vary traffic.recipients=1", ["3 values are varied", "one or two"]),
        ("--vary providers.voice.capacity.concurrent=1..3:9", ["has only 3 distinct values", "--help"]),
        ("--vary plans.sms.steps.1.ttl=1s,1000ms", ["are the same value", "--help"]),
        ("--vary seed=1 --measure speed", ["no measure named \"speed\"", "the measures are delivered"]),
        ("--vary seed=1 --stream pins", ["no stream of traffic named \"pins\"", "leave --stream out"]),
    ] {
        home.run(&format!("sweep pin.toml {vary} --out out")).rejects(2, &parts);
    }
    home.run("sweep pin.toml --out out").rejects(2, &["--vary <PATH=VALUES>"]);
    home.run("sweep pin.toml --vary providers.sms.outcomes.1.share=0.1,1 --out out")
        .rejects(2, &["wrong with providers.sms.outcomes.1.share = 1\n", "add up to"]);
    assert_eq!(home.names(), ["pin.toml"]);
}

#[test]
fn the_folder_of_somebody_else_is_left_alone() {
    let home = home();
    std::fs::create_dir(home.path("out")).expect("a folder");
    home.write("out/README.md", "mine");
    home.run(RATES).rejects(1, &["README.md exists already and is not part of such a report", "--out"]);
    assert_eq!(home.names(), ["out", "out/README.md", "pin.toml"]);
    home.run(&RATES.replace("--out out", "--out pin.toml")).rejects(1, &["pin.toml is not a folder"]);
}

#[test]
fn missing_intervals_and_unreached_precisions_are_reported() {
    let home = home();
    let few = home.run(&format!("{RATES} --replications 2")).exits_with(0);
    has(&few.stderr, &["no intervals are known at 3 of 3 points", "fewer than 10 replications"]);
    let bounded = home.run("sweep pin.toml --vary providers.sms.capacity.rate=4/s,5/s --precision 0.0001pp --max-replications 11 --out far");
    has(&bounded.exits_with(0).stderr, &["2 of 2 points reached --max-replications"]);
    let fewer = home.run("sweep pin.toml --vary providers.sms.capacity.rate=40/s,50/s --recipients 100 --out fewer");
    has(&fewer.exits_with(0).stderr, &["--recipients changes the load but not the capacity of the providers"]);
}

#[test]
fn what_cannot_be_told_from_the_best_is_counted() {
    let home = home();
    let output = home
        .run("sweep pin.toml --vary providers.sms.capacity.rate=1000/s,2000/s,3000/s --plan sms --out out")
        .exits_with(0);
    has(&output.stdout, &["under sms with", "intervals of 2 other"]);
}

/// A varied value can create a table in which a required key is missing.
#[test]
fn a_varied_value_with_a_missing_key_is_reported() {
    let home = home();
    let vary = "providers.sms.outcomes.1.seen.share=0.5,0.6";
    home.run(&format!("sweep pin.toml --vary {vary} --out out")).rejects(
        2,
        &["wrong with providers.sms.outcomes.1.seen.share = 0.5", "error: missing `after` in `seen`", "hint: "],
    );
}
