//! Files that are not scenarios, and paths where no report can be written.

use super::{Home, has};
use std::fs::File;

#[test]
fn a_missing_scenario_is_named_with_those_that_are_there() {
    let home = Home::new();
    for verb in ["run", "check", "validate", "trace"] {
        let output = home.run(&format!("{verb} pim.toml"));
        output.rejects(1, &["error: cannot read pim.toml: ", "hint: give the path of a scenario file; . has pin.toml"]);
    }
    home.run("run nowhere/pin.toml").rejects(1, &["cannot read nowhere/pin.toml", "hint: give the path"]);
    assert_eq!(home.names(), ["pin.toml"]);
}

#[test]
fn a_folder_is_no_scenario() {
    let home = Home::new();
    for verb in ["run", "check", "validate", "trace"] {
        home.run(&format!("{verb} .")).rejects(2, &["this is a folder", "hint: name a scenario file in it"]);
    }
}

#[cfg(unix)]
#[test]
fn an_unreadable_scenario_is_reported() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let closed = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(home.path("pin.toml"), closed).expect("it is ours");
    if File::open(home.path("pin.toml")).is_ok() {
        return; // As root every file can be read.
    }
    home.run("run pin.toml").rejects(1, &["cannot read pin.toml", "ermission denied"]);
}

#[test]
fn garbage_is_rejected_whatever_its_size() {
    let home = Home::new();
    File::create(home.path("huge.toml")).and_then(|file| file.set_len(100 << 20)).expect("a sparse file");
    home.run("run huge.toml").rejects(2, &["huge.toml", "too large for a scenario", "hint: "]);
    let noise: Vec<u8> = (0..1_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    home.write("noise.toml", noise);
    home.run("run noise.toml").rejects(2, &["noise.toml:1:", "not UTF-8", "hint: save the file as UTF-8"]);
    home.write("zeros.toml", vec![0; 1 << 20]);
    let output = home.run("run zeros.toml").rejects(2, &["zeros.toml:1:1", "hint: "]);
    assert!(output.stderr.len() < 20_000 && !output.stderr.contains('\0'), "{}", output.stderr.len());
    assert!(!home.path("reports").exists());
}

#[test]
fn text_in_another_encoding_is_rejected_with_its_position() {
    let home = Home::new();
    home.write("latin1.toml", b"seed = 1\ntitle = \"caf\xe9\"\n");
    home.run("run latin1.toml").rejects(2, &["latin1.toml:2:13", "0xe9", "hint: save the file as UTF-8"]);
}

#[test]
fn an_empty_file_gets_an_error_for_each_missing_table() {
    let home = Home::of("");
    let output = home.run("run pin.toml").rejects(2, &["missing `goal`", "missing `plans`"]);
    assert_eq!(output.stderr.matches("error: ").count(), 4, "all at once:\n{}", output.stderr);
}

#[test]
fn a_file_in_place_of_the_report_folder_is_reported_before_anything_is_simulated() {
    let home = Home::new();
    home.write("taken", "a file");
    // To simulate this many recipients would take minutes.
    for out in ["taken", "taken/below", "taken/further/below", "pin.toml"] {
        let output = home.failsim(&["run", "pin.toml", "--recipients", "4000000000", "--out", out]);
        output.rejects(1, &["error: cannot write a report into", out, "is not a folder", "hint: name another folder"]);
    }
    home.write("reports", "a file too");
    let output = home.run("run pin.toml --recipients 4000000000");
    output.rejects(1, &["reports is not a folder", "--no-report"]);
    assert_eq!(home.names(), ["pin.toml", "reports", "taken"]);
    assert_eq!(home.read("taken"), "a file");
}

#[test]
fn a_folder_in_the_way_of_a_file_leaves_the_earlier_report_alone() {
    let home = Home::new();
    home.run("run pin.toml --out there -q").exits_with(0);
    let before = home.read("there/results.json");
    std::fs::remove_file(home.path("there/run.json"))
        .and_then(|()| std::fs::create_dir(home.path("there/run.json")))
        .expect("ours");
    let output =
        home.run("run pin.toml --out there -q --seed 2").rejects(1, &["run.json is a folder, not a file", "hint: "]);
    has(&output.stderr, &["error: "]);
    assert_eq!(home.read("there/results.json"), before);
}

/// To simulate this many recipients would take minutes.
const LONG: &str = "--recipients 4000000000";
/// A search for a capacity that would take minutes; its recipients must fit into memory together.
const LONG_SEARCH: &str = "--replications 100000 --recipients 200000";

#[test]
fn a_path_that_cannot_be_created_is_reported_before_anything_is_simulated() {
    let home = Home::new();
    home.write("taken", "a file");
    let long = "x".repeat(300);
    let deep = "deep/".repeat(1_000);
    let line = |out: &str| format!("run pin.toml {LONG} --out {out}");
    for out in ["taken/", "taken/.", "taken//", "./taken/"] {
        home.run_soon(&line(out))
            .rejects(1, &["cannot write a report into", "taken is not a folder", "hint: name another"]);
    }
    for out in [long.clone(), format!("new/{long}"), format!("new/{long}/below"), deep] {
        home.run_soon(&line(&out)).rejects(1, &["cannot write a report into", "name too long", "hint: name another"]);
    }
    // The name of the scenario fits, that of its report does not.
    let name = format!("{}.toml", "y".repeat(249));
    home.write(&name, home.read("pin.toml"));
    let goal = format!("capacity {name} {LONG_SEARCH} --provider sms --rate --goal delivered>=0.1");
    home.run_soon(&goal).rejects(1, &["cannot write a report into reports/yyy", "name too long"]);
    assert_eq!(home.names().len(), 3, "{:?}", home.names());
    home.run("run pin.toml --out new/folder/ -q").exits_with(0);
    assert!(home.path("new/folder/results.json").is_file());
}

/// Every file name that a report may use is looked for in the folder before anything is simulated.
#[test]
fn existing_files_are_detected_before_anything_is_simulated() {
    let home = Home::new();
    let verbs = [
        (
            "run pin.toml",
            "results.json",
            "latency.svg cost.svg steps.svg timeline.svg capacity.svg queues.svg latency-3.svg",
        ),
        (
            "sweep pin.toml --vary seed=1",
            "sweep.json",
            "in_time.svg latency_p99_s.svg cost_total-1.svg in_time-plan2.svg in_time-1-plan3.svg",
        ),
        ("capacity pin.toml --provider sms --rate --goal delivered>=0.1", "capacity.json", "curve.svg curve-2.svg"),
    ];
    for (verb, marker, figures) in verbs {
        for name in figures.split(' ').chain(["README.md", "run.json", marker]) {
            std::fs::create_dir(home.path("out")).expect("a folder");
            home.write(&format!("out/{name}"), "mine");
            let long = if verb.starts_with("capacity") { LONG_SEARCH } else { LONG };
            let output = home.run_soon(&format!("{verb} {long} --out out"));
            let reason = format!("out/{name} exists already and is not part of such a report");
            output.rejects(1, &[&reason, "hint: name another folder with --out"]);
            assert_eq!(home.read(&format!("out/{name}")), "mine");
            std::fs::remove_file(home.path(&format!("out/{name}"))).expect("ours");
            std::fs::create_dir(home.path(&format!("out/{name}"))).expect("a folder");
            home.run_soon(&format!("{verb} {long} --out out"))
                .rejects(1, &[&format!("out/{name} is a folder, not a file")]);
            std::fs::remove_dir_all(home.path("out")).expect("ours");
        }
    }
}

/// The name of the schema somewhere in a file does not make the file a report.
#[test]
fn a_file_that_mentions_the_schema_makes_no_folder_ours() {
    let home = Home::new();
    std::fs::create_dir(home.path("out")).expect("a folder");
    home.write("out/README.md", "mine");
    for text in [
        "a remark on failsim/results/2",
        "{ \"note\": \"failsim/results/2\" }",
        "{ \"inner\": { \"schema\": \"failsim/results/2\" } }",
        "[\"schema\", \"failsim/results/2\"]",
        "{ \"schema\": \"not failsim/results/2\" }",
        "{ \"schema\": \"failsim/results/2\"",
    ] {
        home.write("out/results.json", text);
        home.run_soon(&format!("run pin.toml {LONG} --out out")).rejects(1, &["out/README.md exists already"]);
    }
    assert_eq!(home.read("out/README.md"), "mine");
}

/// In the folder of a report, a file that the list of the report does not have belongs to somebody else.
#[test]
fn a_file_that_is_not_on_the_list_of_a_report_is_left_alone() {
    let home = Home::new();
    home.run("run pin.toml --out out -q").exits_with(0);
    home.write("out/latency-1.svg", "mine");
    home.run_soon(&format!("run pin.toml {LONG} --out out")).rejects(1, &["out/latency-1.svg exists already"]);
    assert_eq!(home.read("out/latency-1.svg"), "mine");
}
