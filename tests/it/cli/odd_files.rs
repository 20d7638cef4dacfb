//! Pipes, devices, sockets and folders where a file is expected, and endless files: they are rejected without waiting for them.

use super::{Home, has};
use std::fs::File;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().expect("mkfifo can be run");
    assert!(made.success());
}

/// Creates each kind of non-regular file at `path` in turn, and calls `check` with the name of the kind.
fn each_odd_kind(path: &Path, check: impl Fn(&str)) {
    let kinds: [(&str, &dyn Fn()); 4] = [
        ("a pipe", &|| pipe(path)),
        ("a socket", &|| drop(UnixListener::bind(path).expect("a socket"))),
        ("a device", &|| symlink("/dev/zero", path).expect("a link")),
        ("a folder", &|| std::fs::create_dir(path).expect("a folder")),
    ];
    for (kind, make) in kinds {
        make();
        check(kind);
        std::fs::remove_file(path).or_else(|_| std::fs::remove_dir(path)).expect("ours");
    }
}

#[test]
fn a_baseline_that_is_not_a_regular_file_is_rejected() {
    let home = Home::new();
    each_odd_kind(&home.path("before.json"), |kind| {
        let output = home.run_soon("check pin.toml --baseline before.json");
        let reason = format!("error: cannot read before.json: it is {kind}, not a regular file");
        output.rejects(1, &[&reason, "hint: give the results.json of a report folder"]);
    });
}

#[test]
fn an_endless_baseline_is_rejected_before_it_fills_the_memory() {
    let home = Home::new();
    File::create(home.path("before.json")).and_then(|file| file.set_len(1 << 40)).expect("a sparse file");
    home.run_soon("check pin.toml --baseline before.json")
        .rejects(1, &["cannot read before.json: it is longer than 512 MiB"]);
}

#[test]
fn a_marker_that_is_not_a_regular_file_makes_no_folder_a_report() {
    let home = Home::new();
    std::fs::create_dir(home.path("out")).expect("a folder");
    home.write("out/README.md", "mine");
    each_odd_kind(&home.path("out/results.json"), |_| {
        home.run_soon("run pin.toml --out out").rejects(1, &["out/README.md exists already"]);
        home.run_soon("capacity pin.toml --provider sms --rate --goal delivered>=0.1 --out out")
            .rejects(1, &["out/README.md exists already"]);
    });
    assert_eq!(home.read("out/README.md"), "mine");
}

#[test]
fn a_point_that_is_not_a_regular_file_is_rejected_before_anything_is_simulated() {
    let home = Home::new();
    let line = "sweep pin.toml --vary seed=1,2 --out out --quiet";
    home.run(line).exits_with(0);
    let names = home.names();
    let point = names.iter().find(|name| name.starts_with("out/points/")).expect("a point");
    std::fs::remove_file(home.path(point)).expect("ours");
    each_odd_kind(&home.path(point), |kind| {
        let reason = format!("error: cannot read {point}: it is {kind}, not a regular file");
        home.run_soon(line).rejects(1, &[&reason, "hint: remove it, or name another folder with --out"]);
    });
    home.run(line).exits_with(0);
    assert_eq!(home.names(), names);
}

#[test]
fn a_column_that_is_not_a_regular_file_is_rejected() {
    let home = Home::with("{ uniform = { over = \"1h\" } }", "{ file = \"times.csv\" }");
    each_odd_kind(&home.path("times.csv"), |kind| {
        let reason = format!("cannot read times.csv: it is {kind}, not a regular file");
        home.run_soon("validate pin.toml").rejects(2, &[&reason, "hint: "]);
    });
}

/// A file of 1 TiB that holds no line feed after `head` would not fit into any memory.
#[test]
fn an_endless_row_is_rejected_with_its_line() {
    let home = Home::with("{ uniform = { over = \"1h\" } }", "{ file = \"times.csv\" }");
    for (head, line) in [("", 1), ("arrived_s\n", 2), ("arrived_s\n1\n2\n\"", 4)] {
        home.write("times.csv", head);
        File::options()
            .append(true)
            .open(home.path("times.csv"))
            .and_then(|file| file.set_len(1 << 40))
            .expect("sparse");
        let place = format!("times.csv, line {line}: the row is longer than 64 KiB");
        home.run_soon("validate pin.toml").rejects(2, &[&place, "hint: "]);
    }
}

#[test]
fn rows_may_be_long_and_many() {
    let home = Home::with("{ uniform = { over = \"1h\" } }", "{ file = \"times.csv\" }");
    home.change("recipients = 2_000\n", "");
    let remark = "x".repeat(60_000);
    let rows: String = (0..50).map(|row| format!("{row},{remark}\n")).collect();
    home.write("times.csv", format!("arrived_s,remark\n{rows}"));
    has(&home.run_soon("validate pin.toml").exits_with(0).stdout, &["50 recipients"]);
}

/// A scenario may come through a pipe, as from `<(program)`.
#[test]
fn a_scenario_may_come_through_a_pipe() {
    let home = Home::new();
    pipe(&home.path("pipe"));
    let child = home.starts("run pipe --no-report");
    std::fs::write(home.path("pipe"), super::scenario()).expect("it is read");
    let output = child.within(super::SOON).expect("it ends");
    has(&output.exits_with(0).stdout, &["Plans: 2 000 recipients"]);
}
