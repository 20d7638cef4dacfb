//! The fuzz targets on ten thousand random cases each: in a few seconds, what `fuzz/` searches for hours.
//!
//! `PROPTEST_CASES` and `PROPTEST_RNG_SEED` in the environment set the number of cases and the seed.

use crate::build::random_cases;
use crate::fuzz_targets::{VARIED, csv, deliveries, reports, scenario_text, vary_path};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::path::Path;

proptest! {
    #![proptest_config(random_cases(10_000))]

    #[test]
    fn any_text_is_a_scenario_or_is_rejected(text in edited_scenario()) {
        scenario_text(&text);
    }

    #[test]
    fn any_path_and_values_are_an_axis_or_are_rejected(text in axis()) {
        vary_path(&text);
    }

    #[test]
    fn any_csv_file_is_a_column_or_is_rejected(bytes in csv_file()) {
        csv(&bytes);
    }

    #[test]
    fn any_reports_and_timers_leave_a_flow_sound(bytes in vec(any::<u8>(), 0..200)) {
        reports(&bytes);
    }

    #[test]
    fn whatever_happens_leaves_deliveries_sound(bytes in vec(any::<u8>(), 0..200)) {
        deliveries(&bytes);
    }
}

/// A target with its name.
type Target<'a> = (&'a str, &'a dyn Fn(&[u8]));

/// The corpus that the fuzzers have kept, whose inputs reach different code.
#[test]
fn what_the_fuzzers_have_kept_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let text = |target: fn(&str)| move |bytes: &[u8]| std::str::from_utf8(bytes).map_or((), target);
    let targets: [Target<'_>; 5] = [
        ("scenario_text", &text(scenario_text)),
        ("vary_path", &text(vary_path)),
        ("csv", &csv),
        ("deliveries", &deliveries),
        ("reports", &reports),
    ];
    for (name, target) in targets {
        let inputs: Vec<_> = std::fs::read_dir(corpus.join(name)).expect("there is a corpus").flatten().collect();
        assert!(inputs.len() > 10, "{name}");
        for input in inputs {
            target(&std::fs::read(input.path()).expect("it can be read"));
        }
    }
}

// ---------------------------------------------------------------- scenarios

/// Valid scenarios: one with most tables, one with contended recipients, one with every kind of pool.
fn whole_scenarios() -> Vec<&'static str> {
    let shared =
        include_str!("../../scenarios/README.md").split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    vec![
        include_str!("scenario/reference.toml"),
        include_str!("scenario/queue.toml"),
        shared.expect("it shows a scenario"),
        VARIED,
    ]
}

/// A change of a text, at a line chosen by a number.
#[derive(Clone, Debug)]
enum Edit {
    /// Replaces the value of the line.
    Value(usize, String),
    /// Replaces part of the line, from this character on.
    Stretch(usize, usize, usize, String),
    /// Deletes the line.
    Gone(usize),
    /// Copies the line to another position.
    Copied(usize, usize),
    /// Replaces a number or a text within the line.
    Part(usize, usize, String),
}

/// Values that occur in scenarios, and values that should not.
fn value() -> impl Strategy<Value = String> {
    const KNOWN: [&str; 46] = [
        "0",
        "1",
        "-1",
        "0.5",
        "1.0",
        "1e9",
        "1e308",
        "nan",
        "inf",
        "-0.0",
        "18446744073709551615",
        "18446744073709551616",
        "0x7fffffff",
        "true",
        "\"\"",
        "\"none\"",
        "\"0s\"",
        "\"1us\"",
        "\"60s\"",
        "\"366d\"",
        "\"1d2h3m4.5s\"",
        "\"1/us\"",
        "\"1/d\"",
        "\"1e9/s\"",
        "\"1000000000/s\"",
        "\"0/s..1/s\"",
        "\"sms\"",
        "\"delivered\"",
        "\"priority\"",
        "\"\\u202e\"",
        "\" x\"",
        "[]",
        "{}",
        "[{}]",
        "[\"a\"]",
        "1979-05-27",
        "{ constant = \"0s\" }",
        "{ gamma = { mean = \"1us\", cv = 3 } }",
        "{ weibull = { scale = \"366d\", shape = 0.2 } }",
        "{ lognormal = { p50 = \"1us\", p95 = \"1ms\" } }",
        "{ random = { between = \"1m\", lasting = \"1us\" }, effect = \"fail\" }",
        "{ concurrent = 1, queue = 0 }",
        "{ blast = {} }",
        "{ stages = [{ over = \"1us\", rate = \"1/us\" }] }",
        "{ poisson = { rate = \"1/h\" } }",
        "{ window = \"1us\", at_least = 1, open_at = 1e-300 }",
    ];
    prop_oneof![4 => select(&KNOWN[..]).prop_map(str::to_owned), 1 => r#"[0-9a-z".{}\[\]=, é-]{0,8}"#]
}

fn edit() -> impl Strategy<Value = Edit> {
    let line = any::<usize>;
    prop_oneof![
        4 => (line(), value()).prop_map(|(line, value)| Edit::Value(line, value)),
        4 => (line(), 0..8_usize, value()).prop_map(|(line, part, value)| Edit::Part(line, part, value)),
        1 => (line(), 0..80_usize, 0..9_usize, "(?s).{0,4}").prop_map(|(line, at, length, new)| Edit::Stretch(line, at, length, new)),
        1 => line().prop_map(Edit::Gone),
        1 => (line(), line()).prop_map(|(line, to)| Edit::Copied(line, to)),
    ]
}

fn edited_scenario() -> impl Strategy<Value = String> {
    (select(whole_scenarios()), vec(edit(), 0..4)).prop_map(|(text, edits)| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        edits.iter().for_each(|edit| apply(edit, &mut lines));
        lines.join("\n")
    })
}

fn apply(edit: &Edit, lines: &mut Vec<String>) {
    // The next line with a value: most edits change values.
    let with_value = |from: usize, lines: &[String]| {
        let from = from % lines.len().max(1);
        (from..lines.len()).find(|&line| lines[line].contains(" = ")).unwrap_or(0)
    };
    if lines.is_empty() {
        return;
    }
    match edit {
        Edit::Value(line, value) => {
            let line = with_value(*line, lines);
            let key = lines[line].split(" = ").next().unwrap_or_default();
            lines[line] = format!("{key} = {value}");
        }
        Edit::Part(line, part, value) => {
            let line = with_value(*line, lines);
            lines[line] = with_part(&lines[line], *part, value);
        }
        Edit::Stretch(line, at, length, new) => {
            let line = line % lines.len();
            let rest = lines[line].chars().skip(at + length);
            lines[line] = lines[line].chars().take(*at).chain(new.chars()).chain(rest).collect();
        }
        Edit::Gone(line) => drop(lines.remove(line % lines.len())),
        Edit::Copied(line, to) => {
            let (copy, to) = (lines[line % lines.len()].clone(), to % (lines.len() + 1));
            lines.insert(to, copy);
        }
    }
}

/// Replaces one of the values within the line, such as `"5m"` of `{ ttl = "5m" }`.
fn with_part(line: &str, part: usize, value: &str) -> String {
    let starts: Vec<_> = line.match_indices("= ").map(|(at, _)| at + 2).collect();
    let Some(&start) = starts.get(part % starts.len().max(1)) else { return line.to_owned() };
    let length = line[start..].find([',', ' ', '}']).unwrap_or(line.len() - start);
    format!("{}{value}{}", &line[..start], &line[start + length..])
}

// ---------------------------------------------------------------- paths and their values

fn axis() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => select(&[
            "providers", "sms", "viber", "voice", "sms-b", "capacity", "rate", "concurrent", "order", "plans", "viber-sms", "steps", "1", "2", "ttl",
            "provider", "traffic", "pins", "promotion", "recipients", "arrivals", "stages", "seed", "goal", "deadline", "outcomes",
            "share", "after", "lognormal", "p50", "checks", "breaker", "open_at", "price", "submitted", "over", "failover_on", "priority",
        ][..]).prop_map(str::to_owned),
        1 => r#"("[^"\n]{0,6}"|'[^'\n]{0,6}'|[a-z0-9_-]{0,4}| |\PC)"#,
    ];
    let known = select(
        &[
            "seed",
            "replications",
            "goal.deadline",
            "traffic.pins.recipients",
            "traffic.1.priority",
            "traffic.promotion.arrivals.stages.1.over",
            "providers.sms.capacity.rate",
            "providers.sms.capacity.order",
            "providers.voice.capacity.concurrent",
            "providers.sms.outcomes.1.share",
            "providers.sms.price.submitted",
            "providers.sms.honours_ttl",
            "providers.viber.breaker.open_at",
            "providers.sms.channel",
            "plans.sms.steps.1.ttl",
            "plans.1.steps.2.provider",
            "plans.sms.give_up_after",
            "checks.1.at_least",
            "currency",
            "plans.\"a\\\"b\".steps.1.ttl",
            "providers.'a\\b'.capacity.rate",
        ][..],
    );
    let path = prop_oneof![3 => known.prop_map(str::to_owned), 1 => vec(word, 0..6).prop_map(|words| words.join("."))];
    let number = prop_oneof![
        3 => (0..200_u32, select(&["", "s", "ms", "m", "h", "d", "us", "/s", "/min", "/h", ".5", "e3", "_0"][..]))
            .prop_map(|(number, unit)| format!("{number}{unit}")),
        1 => select(&["none", "fifo", "priority", "true", "sms", "nan", "-1", "1e300", "", " 1s", "é", "\"", "\u{1b}"][..]).prop_map(str::to_owned),
    ];
    let range = (number.clone(), number.clone(), 0..30_u32, select(&["", "log", " "][..]))
        .prop_map(|(from, to, count, log)| format!("{from}..{to}:{count}{log}"));
    let values = prop_oneof![vec(number, 0..4).prop_map(|values| values.join(",")), range];
    prop_oneof![12 => (path, values).prop_map(|(path, values)| format!("{path}={values}")), 1 => "\\PC{0,20}"]
}

// ---------------------------------------------------------------- CSV files

fn csv_file() -> impl Strategy<Value = Vec<u8>> {
    let header = select(
        &["at_s", "at_s,note", "note,at_s", "at", "at_us", "at_h", "1", "", "at_s,at_s", "\u{feff}at_s", "\"at_s\""][..],
    );
    let cell = prop_oneof![
        6 => (0..100_000_u32).prop_map(|number| number.to_string()),
        2 => select(&["0", "1.5", "1e3", "2.5s", "1h30m", "-1", "nan", "inf", "", "x", "\"1\"", "\"1", "1e300", "366d", "\u{202e}"][..])
            .prop_map(str::to_owned),
    ];
    let rows = vec(vec(cell, 1..3).prop_map(|cells| cells.join(",")), 0..8);
    let noise = vec((any::<usize>(), any::<u8>()), 0..3);
    let end = select(&["\n", "\r\n", "\r", "\n\n"][..]);
    (any::<u8>(), header, rows, end, noise, 0..4_u8).prop_map(|(kind, header, rows, end, noise, noisy)| {
        let text: String = std::iter::once(header.to_owned()).chain(rows).map(|row| row + end).collect();
        let mut bytes = vec![kind];
        bytes.extend(text.into_bytes());
        for (at, byte) in noise.into_iter().filter(|_| noisy == 0) {
            let at = 1 + at % bytes.len();
            bytes.splice(at..(at + 1).min(bytes.len()), [byte]);
        }
        bytes
    })
}
