//! `failsim run`: formats, folders, plans, and numbers from flags.

use super::{Home, has};
use failsim::study::Results;

fn results(json: &str) -> Results {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in\n{json}"))
}

const REPORT: [&str; 11] = [
    "README.md",
    "arrivals.csv",
    "cost.svg",
    "latency.svg",
    "report.html",
    "results.csv",
    "results.json",
    "run.json",
    "steps.svg",
    "timeline.csv",
    "timeline.svg",
];

#[test]
fn a_report_appears_under_the_scenarios_name() {
    let home = Home::new();
    let output = home.run("run pin.toml").exits_with(0);
    has(&output.stdout, &["viber-first", "Plans: 2 000 recipients", "Differences between two plans", "Steps"]);
    assert_eq!(output.stderr, "report: reports/pin/report.html\n");
    let inside = REPORT.map(|name| format!("reports/pin/{name}"));
    let all: Vec<_> = ["pin.toml", "reports", "reports/pin"].map(str::to_owned).into_iter().chain(inside).collect();
    assert_eq!(home.names(), all);
}

#[test]
fn another_folder_may_be_named_and_is_made_with_its_parents() {
    let home = Home::new();
    home.run("run pin.toml --out a/b/c --quiet").exits_with(0);
    assert!(home.path("a/b/c/results.json").is_file() && !home.path("reports").exists());
    home.write("a/b/c/mine.txt", "mine");
    home.run("run pin.toml --out a/b/c --quiet --seed 2").exits_with(0);
    assert_eq!(home.read("a/b/c/mine.txt"), "mine");
    assert_eq!(results(&home.read("a/b/c/results.json")).scenario.seed, 2, "the earlier report is replaced");
    assert_eq!(home.names().len(), 1 + 3 + REPORT.len() + 1, "nothing else is left: {:?}", home.names());
}

#[test]
fn without_a_report_nothing_is_written() {
    let home = Home::new();
    let output = home.run("run pin.toml --no-report").exits_with(0);
    assert_eq!(output.stderr, "");
    assert_eq!(home.names(), ["pin.toml"]);
}

#[test]
fn quiet_says_results_only() {
    let home = Home::new();
    let output = home.run("run pin.toml --quiet").exits_with(0);
    assert_eq!(output.stderr, "");
    assert_eq!(output.stdout, home.run("run pin.toml -q --no-report").exits_with(0).stdout);
}

#[test]
fn json_is_the_results_file_and_fits_its_schema() {
    let home = Home::new();
    let output = home.run("run pin.toml --format json").exits_with(0);
    assert_eq!(output.stdout, home.read("reports/pin/results.json"));
    let found = results(&output.stdout);
    assert_eq!((found.plans.len(), found.comparisons.len()), (2, 1));
    assert_eq!((found.scenario.recipients, found.scenario.seed), (2_000, 20_261_127));
    let schema = serde_json::from_str(&home.run("schema --results").exits_with(0).stdout).expect("a schema");
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    let json = serde_json::from_str(&output.stdout).expect("JSON");
    if let Err(error) = validator.validate(&json) {
        panic!("{error} at {}", error.instance_path());
    }
    assert!(!validator.is_valid(&serde_json::json!({ "schema": "failsim/results/2" })));
}

#[test]
fn csv_is_the_results_table() {
    let home = Home::new();
    let output = home.run("run pin.toml --format csv").exits_with(0);
    assert_eq!(output.stdout, home.read("reports/pin/results.csv"));
    has(
        &output.stdout,
        &["plan,measure,value,low,high,unit\n", "\nviber-first,in_time,0.", "\nsms-first,latency_p95_s,"],
    );
}

/// Spreadsheets compute what begins with one of these, unless it is a number.
#[test]
fn no_csv_file_has_a_formula() {
    let mut text = include_str!("../scenario/queue.toml").replace("[providers.sms]", "[providers.\"=sms\"]");
    for key in ["name", "provider", "plan"] {
        text = text.replace(&format!("{key} = \"sms\""), &format!("{key} = \"=sms\""));
    }
    let home = Home::of(&text);
    home.run("run pin.toml --out run").exits_with(0);
    home.run("sweep pin.toml --vary providers.voice.capacity.concurrent=3,4 --out sweep").exits_with(0);
    home.run("capacity pin.toml --provider =sms --plan =sms --out capacity").exits_with(0);
    let is_formula = |cell: &str| cell.starts_with(['=', '+', '-', '@']) && cell.parse::<f64>().is_err();
    let files = [
        "run/results.csv",
        "run/timeline.csv",
        "run/queues.csv",
        "run/lines.csv",
        "sweep/sweep.csv",
        "capacity/curve.csv",
        "run/arrivals.csv",
    ];
    for file in files {
        let text = home.read(file);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        for row in reader.records() {
            let row = row.expect("well-formed");
            assert!(!row.iter().any(is_formula), "{file}: {row:?}");
        }
    }
    assert!(files[..2].iter().all(|file| home.read(file).contains(",'=sms,") || home.read(file).contains("\n'=sms,")));
}

#[test]
fn plans_may_be_picked() {
    let home = Home::new();
    let picked = |flags: &str| {
        let output = home.run(&format!("run pin.toml --no-report --format json {flags}")).exits_with(0);
        results(&output.stdout).plans.into_iter().map(|plan| plan.name).collect::<Vec<_>>()
    };
    assert_eq!(picked("--plan sms-first"), ["sms-first"]);
    assert_eq!(picked("--plan sms-first --plan viber-first"), ["viber-first", "sms-first"], "as in the file");
    assert_eq!(picked("--plan sms-first --plan sms-first"), ["sms-first"]);
}

#[test]
fn a_plan_alone_has_the_same_results_as_beside_others() {
    let home = Home::new();
    let together = results(&home.run("run pin.toml --no-report --format json").exits_with(0).stdout);
    let alone = results(&home.run("run pin.toml --no-report --format json --plan sms-first").exits_with(0).stdout);
    assert_eq!(alone.plans[0], together.plans[1]);
}

#[test]
fn flags_change_what_is_simulated() {
    let home = Home::new();
    let output =
        home.run("run pin.toml --no-report --format json --recipients 1_234 --seed 7 --replications 3").exits_with(0);
    let facts = results(&output.stdout).scenario;
    assert_eq!((facts.recipients, facts.seed, facts.replications), (1_234, 7, 3));
    let one = home.run("run pin.toml --no-report --recipients 1").exits_with(0);
    has(&one.stdout, &["Plans: 1 recipient,"]);
    let three = home.run("run pin.toml --no-report --replications 3").exits_with(0);
    has(&three.stdout, &["means of 3 replications of 2 000 recipients"]);
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let home = Home::with("2_000", "20_000");
    let simulated = |threads: u32| {
        let line =
            format!("run pin.toml --quiet --format json --replications 2 --out out{threads} --threads {threads}");
        let output = home.run(&line).exits_with(0);
        let files = REPORT.iter().filter(|name| !["README.md", "report.html", "run.json"].contains(name));
        (output.stdout, files.map(|name| home.read(&format!("out{threads}/{name}"))).collect::<Vec<_>>())
    };
    let one = simulated(1);
    assert!(one == simulated(2) && one == simulated(7));
}

#[test]
fn many_plans_are_set_against_the_first() {
    let home = Home::new();
    let mut text = home.read("pin.toml");
    for name in ["third", "fourth"] {
        text += &format!("\n[[plans]]\nname = \"{name}\"\nsteps = [{{ provider = \"sms\" }}]\n");
    }
    home.write("pin.toml", text);
    let output = home.run("run pin.toml").exits_with(0);
    has(&output.stdout, &["Differences to viber-first", "All pairs of plans are in the report"]);
    assert_eq!(results(&home.read("reports/pin/results.json")).comparisons.len(), 6);
    assert_eq!(home.read("reports/pin/README.md").matches("\n| fourth |").count(), 3 + 1, "each pair, and its step");
}

/// Readers of JSON keep numbers to 2^53.
#[test]
fn a_seed_stands_in_the_results_as_text_too() {
    let home = Home::new();
    let seed = 9_007_199_254_740_993_u64;
    for line in ["run pin.toml --no-report --format json", "check pin.toml --format json"] {
        let json: serde_json::Value =
            serde_json::from_str(&home.run(&format!("{line} --seed {seed}")).exits_with(0).stdout).expect("JSON");
        let facts = json.get("scenario").unwrap_or(&json);
        assert_eq!(
            (facts["seed"].as_u64(), facts["seed_text"].as_str()),
            (Some(seed), Some("9007199254740993")),
            "{line}"
        );
    }
}
