//! Signals that ask the program to end, at every stage of its work.

use super::{Home, ProgramOutput, Running, has};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Longer than it may take even where other programs keep all cores busy.
const AT_MOST: Duration = Duration::from_secs(10);

const SIGNALS: [(&str, i32); 3] = [("INT", 130), ("TERM", 143), ("HUP", 129)];

/// Waits a moment.
fn moment() {
    let (_sender, receiver) = channel::<()>();
    // Nothing is ever sent: it times out.
    let _ = receiver.recv_timeout(Duration::from_millis(20));
}

/// Waits until it is so.
#[track_caller]
fn until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..1_500 {
        if is_so() {
            return;
        }
        moment();
    }
    panic!("it does not happen in time");
}

/// Reads one of the signal masks of a process.
fn mask(process: &str, key: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix(key)?.trim(), 16).ok());
    mask.unwrap_or_default()
}

/// Whether this test was started with the signal ignored, as what runs in the background may be: the program then ignores it too.
fn is_ignored(signal: &str) -> bool {
    let bit = if signal == "INT" { 1 } else { 0 };
    signal != "TERM" && mask("self", "SigIgn:") >> bit & 1 == 1
}

/// Whether the process listens to signals.
fn listens(child: &Running) -> bool {
    mask(&child.id().to_string(), "SigCgt:") & 1 << 14 != 0
}

/// Whether the process simulates.
fn simulates(child: &Running) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{}/task", child.id())).into_iter().flatten().flatten();
    let mut names = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("comm")).ok());
    names.any(|name| name.starts_with("worker-"))
}

fn send(signal: &str, child: &Running) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
    assert!(sent.expect("kill can be run").success());
}

/// The output of a program that is expected to end; one that goes on is killed.
#[track_caller]
fn end_of(child: Running) -> ProgramOutput {
    child.within(AT_MOST).expect("it ends")
}

/// The output of the program when it gets the signal once it is `ready`.
#[track_caller]
fn signalled(home: &Home, line: &str, signal: &str, ready: impl Fn(&Running) -> bool) -> ProgramOutput {
    let child = home.starts(line);
    until(|| ready(&child));
    moment();
    send(signal, &child);
    end_of(child)
}

/// As by Ctrl-C in the midst of simulating.
#[track_caller]
fn interrupted(home: &Home, line: &str, ready: impl Fn(&Home) -> bool) -> ProgramOutput {
    signalled(home, line, "INT", |child| simulates(child) && ready(home))
}

const NOTHING: &str = "error: interrupted; nothing was written\n";

#[test]
fn an_interrupted_run_stops_at_once_and_writes_nothing() {
    if is_ignored("INT") {
        return;
    }
    let home = Home::new();
    for line in [
        "run pin.toml --recipients 4000000000",
        "run pin.toml --recipients 4000000000 --threads 2 --out there --format json",
        "run pin.toml --recipients 100 --replications 100000 --no-report",
        "check pin.toml --recipients 4000000000",
        "capacity pin.toml --recipients 200000 --replications 100000 --provider sms --rate --goal delivered>=0.5",
    ] {
        let output = interrupted(&home, line, |_| true);
        assert_eq!(output.rejects(130, &[]).stderr, NOTHING, "{line}");
        assert_eq!(home.names(), ["pin.toml"], "{line}");
    }
}

#[test]
fn contended_runs_stop_at_once_too() {
    if is_ignored("INT") {
        return;
    }
    let home = Home::of(include_str!("../scenario/queue.toml"));
    for flags in ["--recipients 10000000", "--recipients 10000000 --plan sms --threads 2", "--replications 100000"] {
        let output = interrupted(&home, &format!("run pin.toml {flags}"), |_| true);
        assert!(output.rejects(130, &[]).stderr.ends_with(NOTHING), "{flags}");
        assert_eq!(home.names(), ["pin.toml"], "{flags}");
    }
}

#[test]
fn an_interrupted_sweep_goes_on_from_there() {
    if is_ignored("INT") {
        return;
    }
    let home = Home::new();
    let points = |home: &Home| home.names().iter().filter(|name| name.ends_with(".json")).count();
    let vary = "sweep pin.toml --vary seed=1,2 --vary traffic.recipients=5,4000000000 --out out --quiet";
    let output = interrupted(&home, vary, |home| points(home) == 1)
        .rejects(130, &["interrupted; 1 of 4 points are in out/points"]);
    has(&output.stderr, &["the same command continues from there"]);
    assert_eq!(points(&home), 1);
    let output = home.run("sweep pin.toml --vary traffic.recipients=5,6 --seed 1 --out out").exits_with(0);
    has(&output.stderr, &["note: 1 of 2 points exist already"]);
}

#[test]
fn every_signal_ends_a_run_with_a_code_of_its_own() {
    let home = Home::new();
    for (signal, code) in SIGNALS.into_iter().filter(|(signal, _)| !is_ignored(signal)) {
        let output = signalled(&home, "run pin.toml --recipients 4000000000", signal, simulates);
        assert_eq!(output.rejects(code, &[]).stderr, NOTHING, "{signal}");
        let vary = "sweep pin.toml --vary seed=1,2 --recipients 4000000000 --out out --quiet";
        signalled(&home, vary, signal, simulates).rejects(code, &["interrupted; 0 of 2 points are in out/points"]);
        assert_eq!(home.names(), ["out", "out/points", "pin.toml"], "{signal}");
        std::fs::remove_dir_all(home.path("out")).expect("ours");
    }
}

/// Two signals at the same time: the first stops the simulation, the second ends the program at once.
#[test]
fn a_second_signal_leaves_nothing_either() {
    let home = Home::new();
    for line in [
        "run pin.toml --recipients 4000000000 --out out",
        "sweep pin.toml --vary seed=1,2 --recipients 4000000000 --out out --quiet",
    ] {
        let child = home.starts(line);
        until(|| simulates(&child));
        send("STOP", &child);
        for signal in ["TERM", "HUP", "CONT"] {
            send(signal, &child);
        }
        let output = end_of(child);
        assert!([Some(143), Some(129)].contains(&output.code), "{:?}", output.code);
        has(&output.stderr, &["error: interrupted; "]);
        assert!(!home.names().iter().any(|name| name.contains(".failsim-")), "{:?}", home.names());
    }
}

/// A signal that comes while a report is written, which takes a moment here: there are many figures.
#[test]
fn a_report_that_is_being_written_leaves_nothing_half_written() {
    let home = Home::new();
    let stream =
        |place: u32| format!("[[traffic]]\nname = \"{place}\"\nrecipients = 9\narrivals = {{ blast = {{}} }}\n");
    let text = super::scenario();
    let (before, after) = text.split_once("[traffic]").expect("it has traffic");
    let after = after.split_once("[providers").expect("it has providers").1;
    home.write("pin.toml", format!("{before}{}[providers{after}", (0..12).map(stream).collect::<String>()));
    for (signal, code) in SIGNALS.into_iter().filter(|(signal, _)| !is_ignored(signal)) {
        for is_new in [true, false] {
            std::fs::create_dir_all(home.path("out")).expect("a folder");
            if is_new {
                std::fs::remove_dir(home.path("out")).expect("it is empty");
            }
            let child = home.starts("run pin.toml --out out");
            let temporary = |path: &Path| {
                let names = std::fs::read_dir(path).into_iter().flatten().flatten();
                names.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with(".failsim-"))
            };
            while !temporary(&home.path(".")) && !temporary(&home.path("out")) && !home.path("out/run.json").exists() {
                std::hint::spin_loop();
            }
            send(signal, &child);
            let output = end_of(child);
            let names = home.names();
            assert!(!names.iter().any(|name| name.contains(".failsim-")), "{names:?}");
            // It may have been done before the signal came.
            let is_done = output.code == Some(0) && output.stderr == "report: out/report.html\n";
            let is_written = is_done || output.stderr.ends_with("interrupted; the report is written\n");
            assert!(is_done || output.code == Some(code), "{:?}: {}", output.code, output.stderr);
            assert!(is_written || output.stderr.ends_with(NOTHING), "{}", output.stderr);
            assert_eq!(names.contains(&"out/run.json".to_owned()), is_written, "{names:?}");
            let _ = std::fs::remove_dir_all(home.path("out"));
        }
    }
}

#[test]
fn reading_is_interrupted_too() {
    if is_ignored("INT") {
        return;
    }
    let home = Home::of(include_str!("../scenario/queue.toml"));
    assert!(Command::new("mkfifo").arg(home.path("pipe")).status().expect("it can be run").success());
    for line in [
        // The pipe has no writer.
        "run pipe",
        "validate pipe",
        "sweep pin.toml --vary seed=1..10000:10000 --out out",
        "sweep pipe --vary seed=1,2 --out out",
    ] {
        let output = signalled(&home, line, "INT", listens).rejects(130, &[]);
        assert_eq!(output.stderr, NOTHING, "{line}");
        assert_eq!(home.names(), ["pin.toml", "pipe"], "{line}");
    }
}

/// The output has no reader, and the pipe is full.
#[test]
fn writing_is_interrupted_too() {
    let home = Home::new();
    let mut child = home.starts(&format!("validate{}", " pin.toml".repeat(3_000)));
    let waits = |child: &Running| {
        let waiting = std::fs::read_to_string(format!("/proc/{}/wchan", child.id())).unwrap_or_default();
        waiting.contains("pipe") || waiting.is_empty() || waiting == "0"
    };
    until(|| listens(&child) && waits(&child));
    (0..50).for_each(|_| moment());
    send("TERM", &child);
    let mut ended = None;
    until(|| {
        ended = child.ended();
        ended.is_some()
    });
    assert_eq!(ended.flatten(), Some(143));
}

/// As by `nohup`.
#[test]
fn a_signal_that_is_to_be_ignored_is_ignored() {
    let home = Home::new();
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "trap '' HUP; exec \"$0\" run pin.toml --recipients 4000000000",
        env!("CARGO_BIN_EXE_failsim"),
    ]);
    command.current_dir(home.path(".")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Running(Some(command.spawn().expect("it runs")));
    until(|| simulates(&child));
    send("HUP", &child);
    (0..25).for_each(|_| moment());
    assert!(child.ended().is_none(), "it ends");
    send("TERM", &child);
    end_of(child).exits_with(143);
}
