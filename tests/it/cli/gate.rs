//! `failsim check` in CI: formats, strictness, and the comparison with another scenario on the same recipients.

use super::{Home, ProgramOutput, has};
use crate::snapshot::is_that_of;
use std::fmt::Write as _;

/// A scenario, and the same as `other.toml`.
fn twins() -> Home {
    let home = Home::new();
    home.write("other.toml", home.read("pin.toml"));
    home
}

/// A scenario with a check of each kind of answer.
fn mixed() -> Home {
    let home = Home::new();
    let text = home.read("pin.toml").split("[[checks]]").next().expect("the rest").to_owned();
    let checks = [
        ("viber-first", "in_time", "at_least = 0.5"),
        ("viber-first", "delivered", "at_most = 0.5"),
        ("sms-first", "latency_p50_s", "at_most = 4.3"),
    ];
    let checks = checks.iter().fold(text, |mut text, (plan, metric, bound)| {
        let _ = writeln!(text, "[[checks]]\nplan = \"{plan}\"\nmetric = \"{metric}\"\n{bound}");
        text
    });
    home.write("pin.toml", checks);
    home
}

fn line_of(home: &Home, part: &str) -> usize {
    home.read("pin.toml").split_once(part).expect("it is there").0.lines().count()
}

#[test]
fn what_fails_stands_first_and_the_last_line_names_what_is_inconclusive() {
    let output = mixed().run("check pin.toml").exits_with(3);
    let starts: Vec<_> = output.stdout.lines().filter(|line| !line.starts_with(' ')).collect();
    assert!(starts[0].starts_with("FAIL          viber-first delivered"), "{}", output.stdout);
    assert!(starts[1].starts_with("inconclusive  sms-first latency_p50_s"), "{}", output.stdout);
    assert!(starts[2].starts_with("pass          viber-first in_time"), "{}", output.stdout);
    let note = starts[3..starts.len() - 1].join(" ").replace('\u{a0}', " ");
    let expected = "Channels are taken as independent, which flatters failover (see [people] and `persistent`); the best \
                    single channel could reach 93.0 % (sms) under viber-first and sms-first.";
    assert_eq!(note, expected);
    assert_eq!(starts.last(), Some(&"1 passed, 1 failed, 1 inconclusive: sms-first latency_p50_s"));
}

/// What is inconclusive does not pass unnoticed: it is reported, and with `--strict` it fails.
#[test]
fn inconclusive_fails_where_that_is_asked_for() {
    let home = mixed();
    home.change("at_most = 0.5", "at_least = 0.5");
    let output = home.run("check pin.toml").exits_with(0);
    assert!(
        output.stdout.ends_with("2 passed, 0 failed, 1 inconclusive: sms-first latency_p50_s\n"),
        "{}",
        output.stdout
    );
    let output = home.run("check pin.toml --strict").exits_with(3);
    has(&output.stdout, &["1 inconclusive: sms-first latency_p50_s (it fails, as --strict asks)\n"]);
    let json = home.run("check pin.toml --format json").exits_with(0).stdout;
    has(&json, &["\"outcome\": \"inconclusive\"", "\"strict\": false"]);
    has(&home.run("check pin.toml --strict --format json").exits_with(3).stdout, &["\"outcome\": \"fail\""]);
    let junit = home.run("check pin.toml --format junit").exits_with(0).stdout;
    has(&junit, &["<skipped message=", "type=\"inconclusive\"", "skipped=\"1\""]);
    let junit = home.run("check pin.toml --strict --format junit").exits_with(3).stdout;
    has(&junit, &["<failure message=", "type=\"inconclusive\"", "skipped=\"0\""]);
    has(&home.run("check pin.toml --format markdown").exits_with(0).stdout, &["## failsim check: inconclusive\n"]);
    has(&home.run("check pin.toml --format github").exits_with(0).stdout, &["::warning file=pin.toml,line="]);
    has(&home.run("check pin.toml --strict --format github").exits_with(3).stdout, &["::error file=pin.toml,line="]);
}

#[test]
fn json_follows_its_schema() {
    let home = mixed();
    let schema: serde_json::Value =
        serde_json::from_str(&home.run("schema --check").exits_with(0).stdout).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    home.write("before.json", home.run("run pin.toml --no-report --format json").exits_with(0).stdout);
    home.write("other.toml", home.read("pin.toml").replace("share = 0.62", "share = 0.63"));
    for flags in ["", "--baseline before.json", "--against other.toml --explain", "--baseline before.json --strict"] {
        let gate: serde_json::Value =
            serde_json::from_str(&home.run(&format!("check pin.toml --format json {flags}")).exits_with(3).stdout)
                .expect("JSON");
        let errors: Vec<_> = validator.iter_errors(&gate).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{flags}: {errors:?}");
        assert_eq!(gate["schema"], "failsim/check/1");
        let rows = gate["rows"].as_array().expect("rows");
        assert_eq!(rows.len(), gate["messages"].as_array().expect("messages").len());
        let sum = ["passed", "failed", "inconclusive"].map(|word| gate[word].as_u64().expect("a count"));
        assert_eq!(sum.iter().sum::<u64>(), rows.len() as u64);
        let delivered = rows.iter().find(|row| row["measure"] == "delivered" && row["kind"] == "check").expect("a row");
        let line = line_of(&home, "[[checks]]\nplan = \"viber-first\"\nmetric = \"delivered\"") as u64 + 1;
        assert_eq!((delivered["line"].as_u64(), delivered["at_most"].as_f64()), (Some(line), Some(0.5)));
    }
}

/// The attributes of the elements of JUnit's XML, as junit-10 of Jenkins allows them; those that must be there first.
const JUNIT: [(&str, &[&str], &[&str]); 6] = [
    ("testsuites", &[], &["name", "time", "tests", "failures", "errors"]),
    (
        "testsuite",
        &["name", "tests", "failures", "errors"],
        &["group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"],
    ),
    ("testcase", &["name"], &["time", "classname", "group"]),
    ("failure", &[], &["type", "message"]),
    ("skipped", &[], &["type", "message"]),
    ("system-out", &[], &[]),
];

/// Which element may stand in which.
const WITHIN: [(&str, &str); 6] = [
    ("testsuites", ""),
    ("testsuite", "testsuites"),
    ("testcase", "testsuite"),
    ("failure", "testcase"),
    ("skipped", "testcase"),
    ("system-out", "testsuite"),
];

/// An element: its name, and its attributes.
type Element = (String, Vec<(String, String)>);

/// All elements of a JUnit file, in order, each held to the schema.
fn elements(xml: &str) -> Vec<Element> {
    use quick_xml::XmlVersion;
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(xml);
    let (mut open, mut all): (Vec<String>, Vec<Element>) = (Vec::new(), Vec::new());
    loop {
        let event = reader.read_event().expect("well-formed");
        let is_empty = matches!(event, Event::Empty(_));
        match event {
            Event::Start(tag) | Event::Empty(tag) => {
                let name = tag.name().as_ref().to_owned();
                let parent = open.last().map_or("", String::as_str);
                assert!(WITHIN.contains(&(name.as_str(), parent)), "{name} in {parent}");
                let (_, required, allowed) = JUNIT.iter().find(|(known, ..)| *known == name).expect("a known element");
                let attributes = tag.attributes().map(|attribute| {
                    let attribute = attribute.expect("well-formed");
                    let key = attribute.key.as_ref().to_owned();
                    let value = attribute.normalized_value(XmlVersion::Explicit1_0);
                    (key, value.expect("text").into_owned())
                });
                let attributes: Vec<_> = attributes.collect();
                let has = |key: &str| attributes.iter().any(|(known, _)| known == key);
                assert!(required.iter().all(|key| has(key)), "{name}: {attributes:?}");
                let is_known = |key: &str| required.contains(&key) || allowed.contains(&key);
                assert!(attributes.iter().all(|(key, _)| is_known(key)), "{name}: {attributes:?}");
                all.push((name.clone(), attributes));
                if !is_empty {
                    open.push(name);
                }
            }
            Event::End(_) => drop(open.pop()),
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty());
    all
}

#[test]
fn junit_follows_its_schema_and_counts_right() {
    let home = mixed();
    home.change("name = \"sms-first\"", "name = \"sms <first> & \\\"last\\\" 短信\"");
    home.change("plan = \"sms-first\"", "plan = \"sms <first> & \\\"last\\\" 短信\"");
    home.write("before.json", home.run("run pin.toml --no-report --format json").exits_with(0).stdout);
    for flags in ["", "--strict", "--baseline before.json"] {
        let xml = home.run(&format!("check pin.toml --format junit {flags}")).exits_with(3).stdout;
        assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), "{xml}");
        let elements = elements(&xml);
        let count = |name: &str| elements.iter().filter(|(known, _)| known == name).count();
        let sum = |name: &str, key: &str| {
            let named = elements.iter().filter(|(known, _)| known == name);
            let values = named.flat_map(|(_, attributes)| attributes).filter(|(known, _)| known == key);
            values.map(|(_, value)| value.parse::<usize>().expect("a count")).sum::<usize>()
        };
        assert_eq!(count("testcase"), sum("testsuite", "tests"));
        assert_eq!(count("testcase"), sum("testsuites", "tests"));
        assert_eq!(count("failure"), sum("testsuite", "failures"));
        assert_eq!(count("failure"), sum("testsuites", "failures"));
        assert_eq!(count("skipped"), sum("testsuite", "skipped"));
        assert_eq!((count("testsuite"), count("failure") + count("skipped")), (2, 2));
        let names: Vec<_> = elements.iter().filter(|(name, _)| name == "testsuite").map(|(_, of)| &of[0].1).collect();
        assert_eq!(names, ["viber-first", "sms <first> & \"last\" 短信"]);
    }
}

#[test]
fn markdown_is_a_table_that_names_cannot_break() {
    let home = mixed();
    home.change("name = \"sms-first\"", "name = \"sms|first <img>\"");
    home.change("plan = \"sms-first\"", "plan = \"sms|first <img>\"");
    let output = home.run("check pin.toml --format markdown").exits_with(3);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert_eq!(lines[0], "## failsim check: FAILED");
    assert_eq!(lines[2], "`pin.toml`: 1 passed, 1 failed, 1 inconclusive: sms\\|first &lt;img&gt; latency\\_p50\\_s.");
    assert_eq!(lines[4..6], ["| | plan | measure | |", "| :--- | :--- | :--- | :--- |"]);
    assert!(lines[6].starts_with("| **FAIL** | viber-first | delivered | "), "{}", lines[6]);
    assert!(lines[6].ends_with(", bound: at most 50 % |"), "{}", lines[6]);
    assert!(
        lines[7].starts_with("| **inconclusive** | sms\\|first &lt;img&gt; | latency\\_p50\\_s | "),
        "{}",
        lines[7]
    );
    assert!(lines[8].starts_with("| pass | viber-first | in\\_time | "), "{}", lines[8]);
    assert!(lines[10].contains("Channels are taken as independent"), "{}", lines[10]);
    assert_eq!(lines.len(), 11);
}

#[test]
fn annotations_stand_at_the_lines_that_ask_and_the_summary_is_kept() {
    let home = mixed();
    let mut command = home.command(&["check", "pin.toml", "--format", "github"]);
    home.write("summary.md", "# before\n");
    command.env("GITHUB_STEP_SUMMARY", home.path("summary.md"));
    let output = ProgramOutput::of(&command.output().expect("the program can be run")).exits_with(3);
    let lines: Vec<_> = output.stdout.lines().collect();
    let line = line_of(&home, "[[checks]]\nplan = \"viber-first\"\nmetric = \"delivered\"") + 1;
    let start = format!("::error file=pin.toml,line={line},title=failsim check%3A viber-first delivered::");
    assert!(lines[0].starts_with(&start) && lines[0].ends_with("bound: at most 50 %25"), "{}", lines[0]);
    assert!(lines[1].starts_with("::warning file=pin.toml,line="), "{}", lines[1]);
    assert!(lines[2].starts_with("::notice file=pin.toml,title=failsim check::Channels are taken"), "{}", lines[2]);
    assert_eq!(lines[3..], ["1 passed, 1 failed, 1 inconclusive: sms-first latency_p50_s"]);
    let summary = home.read("summary.md");
    assert!(summary.starts_with("# before\n## failsim check: FAILED\n"), "{summary}");
    let mut command = home.command(&["check", "pin.toml", "--format", "github"]);
    // An empty variable counts as unset.
    command.env("GITHUB_STEP_SUMMARY", "");
    ProgramOutput::of(&command.output().expect("the program can be run")).exits_with(3);
    command.env("GITHUB_STEP_SUMMARY", home.path("no/such/folder"));
    let output = ProgramOutput::of(&command.output().expect("the program can be run")).exits_with(1);
    has(&output.stderr, &["cannot write the job summary", "hint: "]);
}

#[test]
fn the_formats_are_the_same_bytes_for_any_number_of_threads() {
    let home = mixed();
    home.write("other.toml", home.read("pin.toml").replace("share = 0.62", "share = 0.60"));
    for format in ["text", "json", "junit", "markdown", "github"] {
        let line = format!("check pin.toml --against other.toml --explain --format {format} --recipients 5000");
        let [one, two] = [1, 2].map(|threads| home.run(&format!("{line} --threads {threads}")).exits_with(3).stdout);
        assert_eq!(one, two, "{format}");
    }
}

#[test]
fn a_scenario_does_not_differ_from_itself() {
    let home = twins();
    let output = home.run("check pin.toml --against other.toml --strict").exits_with(0);
    has(
        &output.stdout,
        &["against other.toml: 16 measures compared, all exactly equal for 2 000 recipients\n", "17 passed, 0 failed"],
    );
    // Nor where providers are shared.
    home.change("channel = \"sms\"", "channel = \"sms\"\ncapacity = { rate = \"1/s\" }");
    home.write("other.toml", home.read("pin.toml"));
    let output = home.run("check pin.toml --against other.toml --replications 3").exits_with(0);
    let equal = "against other.toml: 16 measures compared, all exactly equal for 3 replications of 2 000 recipients\n";
    has(&output.stdout, &[equal]);
}

/// Viber delivers 2 percentage points less: the check fails, and names the first recipient who differs.
#[test]
fn a_worse_measure_fails_and_the_first_recipient_who_differs_is_named() {
    let home = twins();
    home.change("share = 0.62", "share = 0.60");
    let line = "check pin.toml --against other.toml --recipients 20000";
    let output = home.run(line).exits_with(3);
    has(
        &output.stdout,
        &[
            "FAIL          viber-first cost_per_recipient",
            "viber-first first differs for recipient ",
            " worse, none tolerated",
        ],
    );
    let explained = home.run(&format!("{line} --explain")).exits_with(3).stdout;
    let traces: Vec<_> = explained.lines().filter(|line| line.contains(" of 20 000 under plan viber-first")).collect();
    assert_eq!(traces.len(), 2, "{explained}");
    assert!(
        traces[0].starts_with("pin.toml: recipient ") && traces[1].starts_with("other.toml: recipient "),
        "{traces:?}"
    );
    assert_eq!(traces[0].strip_prefix("pin.toml"), traces[1].strip_prefix("other.toml"));
    // In the other direction it is an improvement.
    let output = home.run("check other.toml --against pin.toml --recipients 20000").exits_with(0);
    has(&output.stdout, &["pass          viber-first cost_per_recipient", " better"]);
    let all = "delivered=5pp,in_time=5pp,succeeded=5pp,duplicates=5pp,cost=20%,latency_s.p50=2s,latency_s.p95=2m,latency_s.p99=2m";
    has(&home.run(&format!("{line} --tolerance {all} --strict")).exits_with(0).stdout, &[" worse, 5 tolerated"]);
}

/// Where providers are shared, replications of both are compared, and the first recipient is found too.
#[test]
fn shared_scenarios_are_compared_by_replications() {
    let home = Home::with("channel = \"sms\"", "channel = \"sms\"\ncapacity = { rate = \"0.6/s\" }");
    home.write("other.toml", home.read("pin.toml").replace("0.6/s", "1/s"));
    let output = home.run("check pin.toml --against other.toml --replications 12 --explain").exits_with(3);
    has(
        &output.stdout,
        &["FAIL          sms-first in_time", "sms-first first differs for recipient ", "other.toml: recipient "],
    );
    let line = "check pin.toml --against other.toml --replications 12";
    let [one, two] = [1, 2].map(|threads| home.run(&format!("{line} --threads {threads}")).exits_with(3).stdout);
    assert_eq!(one, two);
    // Two replications are too few.
    has(
        &home.run("check pin.toml --against other.toml --replications 2").exits_with(0).stdout,
        &["inconclusive  sms-first in_time"],
    );
}

#[test]
fn recipients_are_paired_by_stream_and_number_and_the_surplus_is_named() {
    let home = Home::new();
    home.write("other.toml", home.read("pin.toml").replace("recipients = 2_000", "recipients = 2_500"));
    let output = home.run("check pin.toml --against other.toml").exits_with(0);
    has(
        &output.stdout,
        &[
            "500 more recipients of the other scenario have no counterpart\n",
            "against other.toml: 16 measures compared, ",
        ],
    );
    let text = home.read("pin.toml").replace("[traffic]", "[[traffic]]\nname = \"pins\"");
    home.write("pin.toml", &text);
    home.run("check pin.toml --against other.toml")
        .rejects(2, &["none of these streams of traffic", "give its [traffic] the name"]);
    let more = "[[traffic]]\nname = \"news\"\nrecipients = 500\narrivals = { blast = {} }\n\n[providers.viber]";
    home.write("other.toml", text.replacen("[providers.viber]", more, 1));
    let output = home.run("check pin.toml --against other.toml").exits_with(0);
    has(
        &output.stdout,
        &[
            "inconclusive  viber-first news",
            "only the other scenario has the stream news: its 500 recipients have no counterpart\n",
            "all exactly equal",
        ],
    );
    // The results of this stream are unknown now, also for contended recipients; all streams together are not the same traffic.
    home.run("check pin.toml --against other.toml --strict").exits_with(3);
    for file in ["pin.toml", "other.toml"] {
        let limited = "channel = \"sms\"\ncapacity = { rate = \"1/s\" }";
        home.write(file, home.read(file).replace("channel = \"sms\"", limited));
    }
    let output = home.run("check pin.toml --against other.toml --replications 12").exits_with(0);
    assert!(
        output.stdout.contains("viber-first pins in_time") && !output.stdout.contains("viber-first in_time  was"),
        "{}",
        output.stdout
    );
}

/// Shares in time under different deadlines cannot be compared: a higher share proves nothing.
#[test]
fn another_deadline_is_not_the_same_measure() {
    let home = twins();
    home.change("deadline = \"60s\"", "deadline = \"90s\"");
    let output = home.run("check pin.toml --against other.toml").exits_with(0);
    has(&output.stdout, &["inconclusive  viber-first in_time", "the deadline is"]);
    home.run("check pin.toml --against other.toml --strict").exits_with(3);
    // A lower share in time fails, in whichever scenario the deadline has changed.
    has(&home.run("check other.toml --against pin.toml").exits_with(3).stdout, &["FAIL          viber-first in_time"]);
    home.write("before.json", home.run("run other.toml --no-report --format json").exits_with(0).stdout);
    let output = home.run("check pin.toml --baseline before.json").exits_with(0);
    has(&output.stdout, &["inconclusive  viber-first in_time", "the deadline is"]);
}

/// A plan that a stream now always follows is no longer compared, and fails as missing.
#[test]
fn a_plan_that_becomes_a_streams_own_fails_as_missing() {
    let home = twins();
    home.change("[traffic]", "[[traffic]]\nname = \"\"");
    let text = home.read("pin.toml").replace("name = \"\"\n", "name = \"pins\"\n");
    home.write("other.toml", text.clone());
    let probe = "[[traffic]]\nname = \"probe\"\nplan = \"sms-first\"\nrecipients = 1\narrivals = { blast = {} }\n\n[providers.viber]";
    home.write("pin.toml", text.replacen("[providers.viber]", probe, 1));
    let output = home.run("check pin.toml --against other.toml").exits_with(3);
    has(&output.stdout, &["FAIL          sms-first", "the other scenario has this plan, this scenario does not"]);
}

#[test]
fn notes_and_traces_are_in_every_format() {
    let home = twins();
    home.change("share = 0.62", "share = 0.60");
    home.change("name = \"sms-first\"", "name = \"sms-\u{ffff}prima\"");
    let line = "check pin.toml --against other.toml --recipients 20000 --plan viber-first --explain --format";
    let junit = home.run(&format!("{line} junit")).exits_with(3).stdout;
    has(
        &junit,
        &[
            "<system-out>not compared, because --plan selects other plans: sms-first of the other scenario\n",
            "other.toml: recipient ",
        ],
    );
    let github = home.run(&format!("{line} github")).exits_with(3).stdout;
    let note = "::notice file=pin.toml,title=failsim check::not compared, because --plan selects other plans: sms-first of the other scenario\n";
    has(
        &github,
        &[note, "::group::pin.toml: recipient ", "\n::endgroup::\n", "viber-first first differs for recipient "],
    );
    // Characters that XML cannot hold.
    let junit = home.run("check pin.toml --against other.toml --format junit").exits_with(3).stdout;
    assert!(junit.contains("sms-\u{fffd}prima") && !junit.contains('\u{ffff}'), "{junit}");
}

/// With few recipients nobody may be reached by chance, so a missing latency proves nothing: the share delivered fails.
#[test]
fn a_plan_that_no_longer_reaches_anybody_fails() {
    let home = twins();
    let text = home.read("pin.toml").replace("share = 0.62", "share = 0.0").replace("share = 0.93", "share = 0.0");
    home.write("pin.toml", text.replace("share = 0.90", "share = 0.0").replace("share = 0.9", "share = 0.0"));
    let output = home.run("check pin.toml --against other.toml").exits_with(3);
    has(&output.stdout, &["FAIL          viber-first delivered"]);
}

#[test]
fn plans_of_the_other_scenario_are_matched_by_name() {
    let home = twins();
    home.change("name = \"sms-first\"", "name = \"sms-prima\"");
    let output = home.run("check pin.toml --against other.toml").exits_with(3);
    has(&output.stdout, &["FAIL          sms-first", "the other scenario has this plan", "no such plan: sms-prima"]);
    home.change("name = \"sms-prima\"", "name = \"sms-prima\"\nrenamed_from = \"sms-first\"");
    has(
        &home.run("check pin.toml --against other.toml").exits_with(0).stdout,
        &["16 measures compared, all exactly equal"],
    );
    home.run("check pin.toml --against other.toml --plan sms-prima").exits_with(0);
    home.write("other.toml", home.read("other.toml").replace("currency = \"EUR\"", "currency = \"CHF\""));
    home.run("check pin.toml --against other.toml").rejects(2, &["it uses CHF", "hint: write the same `currency`"]);
    home.run("check pin.toml --against missing.toml").rejects(1, &["cannot read missing.toml"]);
    home.run("check pin.toml --explain").rejects(2, &["--against"]);
    home.run("check pin.toml --tolerance in_time=1pp").rejects(2, &["--baseline", "--against"]);
    home.run("check pin.toml --against pin.toml --precision 1pp").rejects(2, &["cannot be used with"]);
}

/// A note says which seed is used where the two differ.
#[test]
fn both_are_simulated_with_the_seed_of_the_first() {
    let home = Home::new();
    home.write("other.toml", home.read("pin.toml").replace("seed = 20261127", "seed = 5"));
    let output = home.run("check pin.toml --against other.toml").exits_with(0);
    has(&output.stdout, &["all exactly equal"]);
    has(&output.stderr, &["note: both scenarios are run with seed 20261127, the seed of this one"]);
}

/// Every format byte for byte: all kinds of rows, a comparison with another scenario, and the first recipient who differs.
#[test]
fn formats_match_their_snapshots() {
    let home = mixed();
    let other = home
        .read("pin.toml")
        .replace("share = 0.62", "share = 0.70")
        .replace("plan = \"sms-first\"", "plan = \"sms-prima\"");
    home.write("other.toml", other.replace("name = \"sms-first\"", "name = \"sms-prima\""));
    home.change("[goal]", "baseline = { measures = [\"delivered\", \"cost_per_recipient\"] }\n\n[goal]");
    for (format, name) in [
        ("text", "gate.txt"),
        ("json", "gate.json"),
        ("junit", "gate.xml"),
        ("markdown", "gate.md"),
        ("github", "gate.github.txt"),
    ] {
        let output = home.run(&format!("check pin.toml --against other.toml --format {format}")).exits_with(3).stdout;
        // The digest of the file is not compared.
        let output: String =
            output.lines().filter(|line| !line.contains("\"digest\"")).map(|line| format!("{line}\n")).collect();
        is_that_of(&format!("tests/it/cli/snapshots/{name}"), &output);
    }
}

/// A contended plan that no longer reaches anybody fails too, although its shares are as close to 0 and 1 as possible.
#[test]
fn a_collapse_fails_for_contended_recipients() {
    let home = Home::of(
        "[goal]\ndeadline = \"60s\"\n[traffic]\nrecipients = 2_000\narrivals = { poisson = { rate = \"60/s\" } }\n\
         [providers.sms]\nchannel = \"sms\"\ncapacity = { rate = \"50/s\" }\n\
         outcomes = [{ status = \"delivered\", share = 1.0, after = { constant = \"2s\" } }]\n\
         [[plans]]\nname = \"p\"\nsteps = [{ provider = \"sms\", ttl = \"2m\" }]\n",
    );
    home.write("other.toml", home.read("pin.toml"));
    home.change("share = 1.0", "share = 0.0");
    let output = home.run("check pin.toml --against other.toml --replications 30").exits_with(3);
    has(&output.stdout, &["FAIL          p delivered", "FAIL          p latency_p50_s"]);
    assert!(!output.stdout.contains("18446"), "{}", output.stdout);
}

#[test]
fn only_paired_recipients_are_reported_as_equal() {
    let home = Home::new();
    home.write("other.toml", home.read("pin.toml").replace("recipients = 2_000", "recipients = 20"));
    let output = home.run("check pin.toml --against other.toml").exits_with(0);
    has(&output.stdout, &["all exactly equal for 20 recipients\n"]);
}
