//! `failsim run`: formats, folders, plans, and numbers from flags.

use super::{Home, has};
use failsim::study::Results;

fn results(json: &str) -> Results {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in\n{json}"))
}

const REPORT: [&str; 13] = [
    "README.md",
    "arrivals.csv",
    "cost.svg",
    "in_time.csv",
    "in_time.svg",
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
        &["plan,measure,value,low,high,unit,exact,error\n", "\nviber-first,in_time,0.", "\nsms-first,latency_p95_s,"],
    );
}

/// Plans whose recipients share nothing are solved too, unless that is not wanted; where it is a must, a plan that cannot be solved is an error.
#[test]
fn plans_are_solved_as_the_method_says() {
    let home = Home::new();
    let exact = |flags: &str| {
        let output = home.run(&format!("run pin.toml --no-report --format json {flags}")).exits_with(0);
        results(&output.stdout).plans.iter().filter(|plan| plan.exact.is_some()).count()
    };
    assert_eq!([exact(""), exact("--method exact"), exact("--method simulate")], [2, 2, 0]);
    let shown = home.run("run pin.toml --no-report").exits_with(0).stdout;
    has(&shown, &["(exact) and costs", "; exact except latencies; ± and ranges are 95 % intervals", "98.940 %"]);
    let shown = home.run("run pin.toml --no-report --method simulate").exits_with(0).stdout;
    assert!(!shown.contains("exact"), "{shown}");
    let home = Home::of(include_str!("../scenario/queue.toml"));
    let output = home.run("run pin.toml --method exact");
    output.rejects(2, &["--method exact: the plan `sms` cannot be solved", "the capacity of `sms`", "--method auto"]);
    assert_eq!(home.names(), ["pin.toml"], "no report");
    home.run("check pin.toml --method exact").rejects(2, &["cannot be solved"]);
}

/// The cells of a CSV file by row, under its heads.
fn cells(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let mut rows = rows.records().map(|row| row.expect("well-formed").iter().map(str::to_owned).collect());
    (rows.next().expect("heads"), rows.collect())
}

/// Readers decide by the first rows whether a column has numbers: in each, all cells are numbers (among them `NaN` and `inf`, by just these
/// names), or none is.
#[test]
fn each_column_of_each_csv_file_has_numbers_or_text() {
    // Two streams, one of which has the name that stands for both, and segments.
    let traffic =
        "[[traffic]]\nname = \"all\"\nrecipients = 50\narrivals = { blast = {} }\n\n[[traffic]]\nname = \"pins\"\n";
    let segments = "segments = [{ name = \"gr\", share = 0.5 }, { name = \"ro\", share = 0.5 }]\n";
    let text = include_str!("../scenario/queue.toml").replace("[traffic]\n", traffic);
    let home = Home::of(&text.replace("goal = ", &format!("{segments}goal = ")));
    home.run("run pin.toml --out run").exits_with(0);
    home.run("sweep pin.toml --vary providers.voice.capacity.concurrent=3,4 --out sweep").exits_with(0);
    home.run("capacity pin.toml --provider sms --plan sms --out capacity").exits_with(0);
    let of_run =
        ["results", "arrivals", "timeline", "in_time", "queues", "lines"].map(|name| format!("run/{name}.csv"));
    for file in of_run.into_iter().chain(["sweep/sweep.csv".to_owned(), "capacity/curve.csv".to_owned()]) {
        let (heads, rows) = cells(&home.read(&file));
        assert!(!rows.is_empty(), "{file}");
        let is_number = |cell: &str| ["NaN", "inf"].contains(&cell) || cell.parse::<f64>().is_ok_and(f64::is_finite);
        for (column, head) in heads.iter().enumerate() {
            let numbers = rows.iter().filter(|row| is_number(&row[column])).count();
            assert!([0, rows.len()].contains(&numbers), "{file}: {head} has {numbers} numbers in {} rows", rows.len());
            assert!(rows.iter().all(|row| !row[column].is_empty()), "{file}: {head} has blanks");
        }
    }
    let (_, rows) = cells(&home.read("run/results.csv"));
    let of_all = |stream: &str| rows.iter().filter(|row| row[8..] == [stream, "(all)"]).count();
    assert!(of_all("all") > 0 && ["all", "pins"].iter().all(|stream| of_all(stream) == of_all("(all)")));
}

/// In wide form there is a row for each plan and for each time, with the numbers of the long form.
#[test]
fn wide_csv_has_the_same_numbers_in_fewer_rows() {
    let home = Home::of(include_str!("../scenario/queue.toml"));
    home.run("run pin.toml --out long").exits_with(0);
    let output = home.run("run pin.toml --out wide --format csv --wide").exits_with(0);
    assert_eq!(format!("\u{feff}{}", output.stdout), home.read("wide/results.csv"), "spreadsheets know it for UTF-8");
    assert!(!home.path("wide/queues.csv").exists() && !home.path("wide/arrivals.csv").exists());
    let (_, long) = cells(&home.read("long/results.csv"));
    let (heads, wide) = cells(&home.read("wide/results.csv"));
    let mut known = 0;
    for row in &long {
        let [plan, measure, value, low, ..] = &row[..] else { panic!("{row:?}") };
        let of_plan: Vec<_> = wide.iter().filter(|wide| wide[0] == *plan).collect();
        assert_eq!(of_plan.len(), 1, "one row for {plan}");
        let column =
            |name: String| heads.iter().position(|head| *head == name || head.starts_with(&format!("{name} (")));
        for (number, name) in
            [(value, measure.clone()), (low, format!("{measure} low"))].into_iter().filter(|of| of.0 != "NaN")
        {
            known += 1;
            assert_eq!(of_plan[0][column(name.clone()).unwrap_or_else(|| panic!("no column {name}"))], *number);
        }
    }
    assert_eq!(wide.iter().flatten().filter(|cell| cell.parse::<f64>().is_ok()).count() - known, {
        let highs = heads.iter().enumerate().filter(|(_, head)| head.ends_with(" high")).map(|(column, _)| column);
        highs.map(|column| wide.iter().filter(|row| !row[column].is_empty()).count()).sum::<usize>()
    });
    let (heads, rows) = cells(&home.read("wide/timeline.csv"));
    let bins = cells(&home.read("long/arrivals.csv")).1.len();
    assert_eq!(rows.len(), bins);
    let total = |column: &str, rows: &[Vec<String>], heads: &[String]| -> f64 {
        let column = heads.iter().position(|head| head == column).unwrap_or_else(|| panic!("{column} in {heads:?}"));
        rows.iter().filter_map(|row| row[column].parse::<f64>().ok()).sum()
    };
    for (file, column, of) in [
        ("timeline", "cost", vec!["sms", "sms"]),
        ("queues", "departures", vec!["sms", "sms"]),
        ("in_time", "in_time", vec!["sms", "all"]),
    ] {
        let (long_heads, mut long) = cells(&home.read(&format!("long/{file}.csv")));
        let first = long_heads.iter().position(|head| head == "plan").expect("a plan");
        long.retain(|row| row[first..first + 2] == of);
        let sum = total(column, &long, &long_heads);
        assert!(sum > 0.0 && sum == total(&format!("{}: {column}", of.join(", ")), &rows, &heads), "{file}");
    }
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
