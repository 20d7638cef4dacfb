//! Standard output and standard error: colours, readers that leave, disks that are full.

use super::{Home, ProgramOutput, has};
use std::fs::OpenOptions;
use std::process::Stdio;

/// A line for every verb.
const LINES: [&str; 15] = [
    "run pin.toml --no-report",
    "run pin.toml --no-report --format json",
    "run pin.toml --no-report --format csv",
    "check pin.toml",
    "capacity pin.toml --provider sms --rate --goal delivered>=0.5 --no-report",
    "sweep pin.toml --vary seed=1,2 --out out --quiet",
    "validate pin.toml",
    "trace pin.toml",
    "schema",
    "schema --results",
    "completions bash",
    "run --help",
    "--help",
    "-h",
    "--version",
];

const ESCAPE: char = '\u{1b}';

#[test]
fn nothing_is_coloured_in_a_pipe() {
    let home = Home::new();
    for line in LINES.into_iter().chain(["run missing.toml", "run pin.toml --plan none", "nonsense"]) {
        let output = home.run(line);
        assert!(
            !output.stdout.contains(ESCAPE) && !output.stderr.contains(ESCAPE),
            "{line}:\n{}{}",
            output.stdout,
            output.stderr
        );
    }
}

#[test]
fn no_color_wins_over_everything() {
    let home = Home::new();
    for line in ["run pin.toml --no-report", "run missing.toml"] {
        let output = |variables: &[&str]| {
            let mut command = home.command(&line.split(' ').collect::<Vec<_>>());
            command.envs(variables.iter().map(|name| (name, "1")));
            let output = ProgramOutput::of(&command.output().expect("it runs"));
            output.stdout + &output.stderr
        };
        assert!(output(&["CLICOLOR_FORCE"]).contains(ESCAPE), "{line} can be coloured");
        assert!(!output(&["CLICOLOR_FORCE", "NO_COLOR"]).contains(ESCAPE), "{line}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let home = Home::new();
    for line in LINES {
        let mut command = home.command(&line.split(' ').collect::<Vec<_>>());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        drop(child.stdout.take());
        let output = ProgramOutput::of(&child.wait_with_output().expect("it ends")).exits_with(0);
        assert_eq!(output.stderr, "", "{line}");
    }
}

#[test]
fn nobody_reading_the_errors_changes_no_exit_code() {
    let home = Home::new();
    for (line, code) in [("run missing.toml", 1), ("run pin.toml --plan none", 2), ("validate pin.toml", 0)] {
        let mut command = home.command(&line.split(' ').collect::<Vec<_>>());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it runs");
        drop(child.stderr.take());
        assert_eq!(child.wait().expect("it ends").code(), Some(code), "{line}");
    }
}

/// A file on a disk that is always full; where there is one.
fn full() -> Option<std::fs::File> {
    OpenOptions::new().write(true).open("/dev/full").ok()
}

#[test]
fn a_full_disk_is_reported_and_ends_with_one() {
    let home = Home::new();
    for line in LINES {
        let Some(disk) = full() else { return };
        let output = home.command(&line.split(' ').collect::<Vec<_>>()).stdout(disk).output();
        ProgramOutput::of(&output.expect("it runs")).rejects(1, &["error: cannot write to standard output: "]);
    }
}

#[test]
fn errors_on_a_full_disk_still_end_as_they_should() {
    let home = Home::new();
    let Some(disk) = full() else { return };
    let output = home.command(&["run", "missing.toml"]).stderr(disk).output().expect("it runs");
    ProgramOutput::of(&output).exits_with(1);
}

#[test]
fn notes_are_apart_from_results() {
    let home = Home::new();
    let output = home.run("run pin.toml --format json").exits_with(0);
    serde_json::from_str::<serde_json::Value>(&output.stdout).expect("nothing but JSON");
    has(&output.stderr, &["report: "]);
}
