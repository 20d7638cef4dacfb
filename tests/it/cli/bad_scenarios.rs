//! Scenarios with mistakes, end to end: the position, what was expected, a hint; exit code 2, and nothing is simulated or written.

use super::{Home, ProgramOutput};

const VIBER_SHARE: &str = "share = 0.62";
const DEADLINE: &str = "deadline = \"60s\"";
const LATENCY: &str = "{ exponential = { mean = \"400ms\" } }";
const ARRIVALS: &str = "{ uniform = { over = \"1h\" } }";
const SMS_FIRST: &str =
    "steps = [{ provider = \"sms\", ttl = \"5m\" }, { provider = \"viber\", ttl = \"60s\" }, { provider = \"voice\" }]";

/// The original text, its replacement, and what the error has to contain: what was expected, and a hint.
const MISTAKES: [(&str, &str, &str, &str); 34] = [
    (VIBER_SHARE, "share = 0.82", "add up to 1.1", "lower them by 0.1"),
    (VIBER_SHARE, "share = 62", "from 0 to 1", "write 0.62 for 62 %"),
    (VIBER_SHARE, "share = -0.1", "from 0 to 1", "hint: "),
    (VIBER_SHARE, "share = nan", "finite number", "hint: "),
    (DEADLINE, "deadline = \"-60s\"", "cannot be negative", "write \"60s\""),
    (DEADLINE, "deadline = nan", "invalid duration", "hint: "),
    (DEADLINE, "deadline = inf", "invalid duration", "hint: "),
    (DEADLINE, "deadline = \"inf\"", "invalid duration", "hint: "),
    (DEADLINE, "deadline = 60", "needs a unit", "write \"60s\""),
    (DEADLINE, "deadline = \"60\"", "needs a unit", "write \"60s\""),
    (DEADLINE, "deadline = \"400d\"", "at most 366 days", "hint: "),
    (DEADLINE, "deadlin = \"60s\"", "unknown key", "did you mean `deadline`?"),
    ("ttl = \"60s\", failover_on", "ttl = \"0s\", failover_on", "zero", "\"none\" for no limit"),
    (
        "{ provider = \"viber\", ttl = \"60s\", f",
        "{ provider = \"vibre\", ttl = \"60s\", f",
        "vibre",
        "did you mean `viber`?",
    ),
    (SMS_FIRST, "steps = []", "the list is empty", "add a step"),
    ("name = \"sms-first\"", "name = \"viber-first\" # again", "duplicate plan name", "hint: "),
    ("[providers.sms]", "[providers.viber] # again", "duplicate key", "remove one of the two"),
    ("to = \"30m\"", "to = \"10m\"", "ends before it starts", "more than \"20m\""),
    ("sigma = 0.8", "sigma = 0", "above 0", "hint: "),
    ("sigma = 0.8", "sigma = -1.5", "above 0", "hint: "),
    (LATENCY, "{ lognormal = { p50 = \"5s\", p95 = \"5s\" } }", "`p95` is not above `p50`", "more than \"5s\""),
    (LATENCY, "{ lognormal = { p50 = \"5s\", p95 = \"4s\" } }", "`p95` is not above `p50`", "more than \"5s\""),
    (LATENCY, "{ exponentail = { mean = \"400ms\" } }", "unknown distribution", "did you mean `exponential`?"),
    (LATENCY, "{ banana = { mean = \"400ms\" } }", "unknown distribution", "`lognormal`"),
    (ARRIVALS, "{ file = \"bad.csv\" }", "bad.csv, line 3: `5 parsecs`", "hint: "),
    (ARRIVALS, "{ file = \"missing.csv\" }", "cannot read", "missing.csv"),
    ("recipients = 2_000", "recipients = 0", "from 1 to 4294967296", "write 1 or more"),
    ("recipients = 2_000", "recipients = -5", "from 1 to 4294967296", "write 1 or more"),
    ("recipients = 2_000", "recipients = 5_000_000_000", "from 1 to 4294967296", "or less"),
    ("metric = \"in_time\"", "metric = \"in-time\"", "in-time", "did you mean `in_time`?"),
    ("plan = \"viber-first\"", "plan = \"viber-frist\"", "viber-frist", "did you mean `viber-first`?"),
    ("at_least = 0.5", "at_least = 50", "from 0 to 1", "write 0.5 for 50 %"),
    ("seed = 20261127", "seed = ", "pin.toml:3:", "write a value after the `=`"),
    ("[providers.sms]", "[providers.sms", "unclosed table", "hint: "),
];

/// Asserts that the error points at the line of the mistake or close to it: at the header of its table, or at what it contradicts.
#[track_caller]
fn points_into(text: &str, new: &str, output: &ProgramOutput) {
    let first = text.find(new).map_or(0, |at| text[..at].lines().count());
    let place = output.stderr.lines().find_map(|line| line.trim_start().strip_prefix("--> pin.toml:"));
    let mut numbers = place.unwrap_or_default().split(':').map(str::parse);
    let (Some(Ok(line)), Some(Ok(column))) = (numbers.next(), numbers.next()) else {
        panic!("no place in\n{}", output.stderr)
    };
    let (line, column): (usize, usize) = (line, column);
    assert!(line.abs_diff(first + 1) <= 2 && column >= 1, "line {line}, not {first}:\n{}", output.stderr);
}

#[test]
fn every_mistake_is_reported_with_its_position_and_a_hint() {
    for (old, new, expected, hint) in MISTAKES {
        let home = Home::with(old, new);
        home.write("bad.csv", "arrived_s\n1\n5 parsecs\n");
        let output = home.run("run pin.toml").rejects(2, &["error: ", expected, hint, "hint: "]);
        points_into(&home.read("pin.toml"), new, &output);
        assert_eq!(home.names(), ["bad.csv", "pin.toml"], "{new}");
        for verb in ["check", "validate", "trace"] {
            assert_eq!(home.run(&format!("{verb} pin.toml")).rejects(2, &[]).stderr, output.stderr, "{verb}: {new}");
        }
    }
}

#[test]
fn all_mistakes_of_a_file_are_reported_at_once_in_its_order() {
    let home = Home::with(VIBER_SHARE, "share = 62");
    home.change("sigma = 0.6", "sigma = 0");
    home.change("to = \"30m\"", "to = \"10m\"");
    home.change("{ provider = \"voice\" },\n]", "{ provider = \"voise\" },\n]");
    home.change("deadline", "deadlin");
    let output = home.run("run pin.toml").rejects(2, &["`voice`", "62", "sigma", "ends before", "deadlin"]);
    let lines = output.stderr.lines().filter_map(|line| line.trim_start().strip_prefix("--> pin.toml:"));
    let lines: Vec<usize> = lines.filter_map(|place| place.split(':').next()?.parse().ok()).collect();
    assert_eq!(lines.len(), 5, "{}", output.stderr);
    assert!(lines.is_sorted(), "{lines:?}");
}

#[test]
fn a_file_full_of_mistakes_is_not_shown_in_full() {
    let home = Home::of(&(0..500).map(|i| format!("nonsense{i} = 1\n")).collect::<String>());
    let output = home.run("run pin.toml").rejects(2, &["and 404 more in pin.toml"]);
    assert_eq!(output.stderr.matches("error: ").count(), 100);
}

#[test]
fn text_from_outside_cannot_move_the_cursor() {
    let home = Home::with("name = \"sms-first\"", "name = \"sms\\u001B[2Jfirst\"");
    home.run("run pin.toml").rejects(2, &["control character", "hint: remove it"]);
    let home = Home::with("name = \"sms-first\"", "name = \"sms\u{1b}[2Jfirst\"");
    let output = home.run("run pin.toml").exits_with(2);
    assert!(!output.stderr.contains('\u{1b}'), "{:?}", output.stderr);
    let output = Home::new().failsim(&["run", "pin.toml", "--plan", "sms\u{1b}[2Jfirst"]).exits_with(2);
    assert!(!output.stderr.contains('\u{1b}'), "{:?}", output.stderr);
}
