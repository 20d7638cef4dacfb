//! Hidden characters: none of them reaches a terminal, wherever it comes from, and no name has one.

use super::{Home, ProgramOutput, has};
use std::ffi::OsString;

/// One or more of each kind: C0, DEL, C1, soft hyphen, marks of direction, characters of no width, ends of lines, tags.
const HIDDEN: [char; 35] = [
    '\u{1}',
    '\u{7}',
    '\u{8}',
    '\u{1b}',
    '\u{7f}',
    '\u{85}',
    '\u{90}',
    '\u{9b}',
    '\u{9d}',
    '\u{ad}',
    '\u{61c}',
    '\u{200b}',
    '\u{200c}',
    '\u{200d}',
    '\u{200e}',
    '\u{200f}',
    '\u{2028}',
    '\u{2029}',
    '\u{202a}',
    '\u{202b}',
    '\u{202c}',
    '\u{202d}',
    '\u{202e}',
    '\u{2060}',
    '\u{2066}',
    '\u{2067}',
    '\u{2068}',
    '\u{2069}',
    '\u{feff}',
    '\u{3164}',
    '\u{e0000}',
    '\u{e0001}',
    '\u{e0041}',
    '\u{e007e}',
    '\u{e007f}',
];

fn all() -> String {
    HIDDEN.iter().collect()
}

#[track_caller]
fn shows_all(text: &str) {
    let hidden: Vec<_> = text.chars().filter(|letter| HIDDEN.contains(letter)).collect();
    assert!(hidden.is_empty(), "{hidden:?} in\n{}", text.escape_debug());
}

/// Asserts that the output has no hidden characters.
#[track_caller]
fn harmless(output: ProgramOutput) -> ProgramOutput {
    shows_all(&output.stdout);
    shows_all(&output.stderr);
    output
}

#[test]
fn an_excerpt_hides_no_character_and_points_where_it_should() {
    for letter in HIDDEN {
        let home = Home::with("deadline = \"60s\"", &format!("deadlin{letter} = \"60s\" # a{letter}[31mb"));
        let output = harmless(home.run("run pin.toml").exits_with(2));
        has(&output.stderr, &["--> pin.toml:7:"]);
    }
    // The column counts every character before the mistake, hidden ones too.
    let home = Home::with("{ delivered = 0.015 }", "{ \"\u{202e}\u{e0041}\u{9b}\" = 1, delivered = -1 }");
    let line =
        home.read("pin.toml").lines().find(|line| line.contains("delivered = -1")).expect("it is there").to_owned();
    let before = |line: &str, part: &str| line.split_once(part).expect("it is there").0.chars().count();
    let output = harmless(home.run("run pin.toml").exits_with(2));
    has(&output.stderr, &[&format!(":{}\n", before(&line, "-1") + 1), "unknown key `\\u{202e}\\u{e0041}\\u{9b}`"]);
    let caret = output.stderr.lines().find(|line| line.contains("^^ expected an amount")).expect("a caret");
    let shown = output.stderr.lines().rfind(|line| line.contains("delivered = -1")).expect("an excerpt");
    assert_eq!(before(caret, "^"), before(shown, "-1"), "{}", output.stderr);
}

#[test]
fn the_name_of_a_file_hides_no_character() {
    let name = format!("p{}.toml", all());
    let home = Home::new();
    home.write(&name, super::scenario().replacen("title = ", "# ", 1));
    let run = |words: &[&str]| harmless(home.failsim(words));
    run(&["validate", &name]).exits_with(0);
    run(&["check", "missing.toml"]).rejects(1, &["has p\\u{1}\\u{7}", "pin.toml"]);
    run(&["run", &name, "--out", &format!("to{}", all())]).exits_with(0);
    let json = run(&["run", &name, "--format", "json"]).exits_with(0);
    let title: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    has(title["scenario"]["title"].as_str().expect("a title"), &["p\\u{1}", "\\u{e007f}"]);
    has(&json.stderr, &["report: reports/p\\u{1}"]);
    run(&["sweep", &name, "--vary", "seed=1,2"]).exits_with(0);
    run(&["capacity", &name, "--provider", "sms", "--rate", "--goal", "delivered>=0.1"]).exits_with(0);
    let summary =
        std::fs::read_to_string(home.path("reports").join(format!("p{}", all())).join("run.json")).expect("a file");
    shows_all(&summary);
    home.write(&name, "[");
    run(&["run", &name]).rejects(2, &["p\\u{1}", ".toml:1:"]);
    home.write("pin.toml", super::scenario().replace("{ uniform = { over = \"1h\" } }", "{ file = \"\\u202Ex\" }"));
    run(&["run", "pin.toml"]).rejects(2, &["an invisible character, U+202E"]);
    for words in [["run", "no\u{9b}\u{202e}.toml"], ["validate", "\u{1b}[2J"]] {
        run(&words).rejects(1, &["cannot read "]);
    }
    run(&["check", "pin.toml", "--baseline", &all()]).exits_with(2);
    home.write("pin.toml", super::scenario());
    run(&["check", "pin.toml", "--baseline", &format!("before{}", all())]).rejects(1, &["cannot read before\\u{1}"]);
    run(&["run", "pin.toml", "--out", &format!("pin.toml/{}", all())]).rejects(1, &["is not a folder"]);
}

#[test]
fn what_an_earlier_run_has_hides_no_character() {
    let home = Home::new();
    let results = home.run("run pin.toml --no-report --format json").exits_with(0).stdout;
    let escaped: String =
        HIDDEN.iter().flat_map(|c| c.encode_utf16(&mut [0; 2]).to_vec()).map(|c| format!("\\u{c:04x}")).collect();
    home.write("before.json", results.replace("\"sms-first\"", &format!("\"sms{escaped}\"")));
    let output = harmless(home.run("check pin.toml --baseline before.json").exits_with(3));
    has(
        &output.stdout,
        &[
            "FAIL          sms\u{fffd}\u{fffd}",
            "\"sms\\u{1}\\u{7}",
            "the baseline has this plan, this scenario does not",
        ],
    );
    home.write("before.json", results.replace("\"in_time\"", &format!("\"in{escaped}time\"")));
    harmless(home.run("check pin.toml --baseline before.json").exits_with(2));
    // A sweep shows names from its stored points.
    home.run("sweep pin.toml --vary seed=1,2 --out out --quiet").exits_with(0);
    for name in home.names().iter().filter(|name| name.starts_with("out/points/")) {
        home.write(name, home.read(name).replace("\"sms-first\"", &format!("\"sms{escaped}\"")));
    }
    for format in ["table", "csv", "json"] {
        harmless(home.run(&format!("sweep pin.toml --vary seed=1,2 --out out --format {format}")).exits_with(0));
    }
    shows_all(&home.read("out/sweep.json"));
}

#[test]
fn what_was_typed_hides_no_character() {
    let home = Home::new();
    let odd = format!("x{}[2J", all());
    for line in [
        "run pin.toml --plan ODD",
        "run pin.toml --ODD",
        "ODD pin.toml",
        "run pin.toml --recipients ODD",
        "run pin.toml --precision ODD",
        "run pin.toml --format ODD",
        "run pin.toml pin.toml ODD",
        "check pin.toml --baseline pin.toml --tolerance ODD=1",
        "check pin.toml --baseline pin.toml --tolerance in_time=ODD",
        "capacity pin.toml --provider ODD",
        "capacity pin.toml --provider sms --goal ODD>=1",
        "capacity pin.toml --provider sms --stream ODD",
        "sweep pin.toml --vary ODD=1",
        "sweep pin.toml --vary seed.\"ODD\"=1",
        "sweep pin.toml --vary plans.\"ODD\".steps.1.ttl=1s",
        "sweep pin.toml --vary seed=1 --measure ODD",
        "completions ODD",
        "trace pin.toml --stream ODD",
    ] {
        let words: Vec<OsString> = line.split(' ').map(|word| word.replace("ODD", &odd).into()).collect();
        let output = home.failsim(&words).rejects(2, &["error: "]);
        harmless(output);
        // In colour there are escapes of the program's own.
        let coloured = ProgramOutput::of(&home.command(&words).env("CLICOLOR_FORCE", "1").output().expect("it runs"))
            .exits_with(2);
        let own = [
            "\u{1b}[0m",
            "\u{1b}[1m",
            "\u{1b}[4m",
            "\u{1b}[31m",
            "\u{1b}[32m",
            "\u{1b}[33m",
            "\u{1b}[36m",
            "\u{1b}[1m\u{1b}[31m",
        ];
        let rest = own.iter().fold(coloured.stderr, |text, style| text.replace(style, ""));
        shows_all(&rest);
    }
}

#[test]
fn names_with_hidden_characters_are_rejected() {
    let odd = |letter: char| format!("a\\U{:08X}b", u32::from(letter));
    for (old, new) in [
        ("name = \"sms-first\"", "name = \"ODD\""),
        ("title = \"Bank PIN: Viber first or SMS first?\"", "title = \"ODD\""),
        ("currency = \"EUR\"", "currency = \"ODD\""),
        ("[providers.voice]", "[providers.\"ODD\"]"),
        ("[traffic]", "[traffic]\nname = \"ODD\""),
        ("{ uniform = { over = \"1h\" } }", "{ file = \"ODD\" }"),
        ("{ uniform = { over = \"1h\" } }", "{ file = \"x.csv\", column = \"ODD\" }"),
        ("plan = \"viber-first\"", "plan = \"ODD\""),
        ("channel = \"voice\"", "channel = \"ODD\""),
        ("{ provider = \"voice\" }", "{ provider = \"ODD\" }"),
        ("{ provider = \"voice\" }", "{ provider = { first_of = [\"ODD\"] } }"),
    ] {
        for letter in HIDDEN {
            let home = Home::with(old, &new.replace("ODD", &odd(letter)));
            let output = harmless(home.run("validate pin.toml").exits_with(2));
            has(&output.stderr, &[&format!("U+{:04X}", u32::from(letter)), "hint: remove it: write \"ab\""]);
        }
        for blank in [" a", "a ", "\\u00A0a", "a\\u3000", "\\u2003a\\u2009"] {
            let home = Home::with(old, &new.replace("ODD", blank));
            let output = home.run("validate pin.toml").exits_with(2);
            has(&output.stderr, &["the string has leading or trailing whitespace", "hint: write \"a\""]);
        }
    }
}

#[test]
fn names_in_any_script_are_welcome() {
    let home = Home::new();
    for name in ["短信优先", "Ζήτα 1", "naïve é", "إشعار", "हिन्दी", "☎\u{fe0f} first", "a\u{a0}b"]
    {
        home.write("pin.toml", super::scenario().replace("sms-first", name));
        home.run("validate pin.toml").exits_with(0);
    }
}
