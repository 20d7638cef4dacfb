//! Files that are no scenario, and places where no report can be.

use super::{Home, has};
use std::fs::File;

#[test]
fn a_missing_scenario_is_named_with_those_that_are_there() {
    let home = Home::new();
    for verb in ["run", "check", "validate", "trace"] {
        let said = home.says(&format!("{verb} pim.toml"));
        said.refuses(1, &["error: cannot read pim.toml: ", "hint: give the path of a scenario file; . has pin.toml"]);
    }
    home.says("run nowhere/pin.toml").refuses(1, &["cannot read nowhere/pin.toml", "hint: give the path"]);
    assert_eq!(home.names(), ["pin.toml"]);
}

#[test]
fn a_folder_is_no_scenario() {
    let home = Home::new();
    for verb in ["run", "check", "validate", "trace"] {
        home.says(&format!("{verb} .")).refuses(2, &["this is a folder", "hint: name a scenario file in it"]);
    }
}

#[cfg(unix)]
#[test]
fn an_unreadable_scenario_is_said() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let closed = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(home.path("pin.toml"), closed).expect("it is ours");
    if File::open(home.path("pin.toml")).is_ok() {
        return; // Whoever runs this may read everything.
    }
    home.says("run pin.toml").refuses(1, &["cannot read pin.toml", "ermission denied"]);
}

#[test]
fn garbage_is_refused_however_much_there_is() {
    let home = Home::new();
    File::create(home.path("huge.toml")).and_then(|file| file.set_len(100 << 20)).expect("a sparse file");
    home.says("run huge.toml").refuses(2, &["huge.toml", "too long for a scenario", "hint: "]);
    let noise: Vec<u8> = (0..1_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    home.write("noise.toml", noise);
    home.says("run noise.toml").refuses(2, &["noise.toml:1:", "not UTF-8", "hint: save the file as UTF-8"]);
    home.write("zeros.toml", vec![0; 1 << 20]);
    let said = home.says("run zeros.toml").refuses(2, &["zeros.toml:1:1", "hint: "]);
    assert!(said.err.len() < 20_000 && !said.err.contains('\0'), "{}", said.err.len());
    assert!(!home.path("reports").exists());
}

#[test]
fn text_in_another_encoding_is_refused_at_its_place() {
    let home = Home::new();
    home.write("latin1.toml", b"seed = 1\ntitle = \"caf\xe9\"\n");
    home.says("run latin1.toml").refuses(2, &["latin1.toml:2:13", "0xe9", "hint: save the file as UTF-8"]);
}

#[test]
fn an_empty_file_is_told_what_a_scenario_has() {
    let home = Home::of("");
    let said = home.says("run pin.toml").refuses(2, &["`goal` is missing", "`plans` is missing"]);
    assert_eq!(said.err.matches("error: ").count(), 4, "all at once:\n{}", said.err);
}

#[test]
fn a_file_where_the_report_should_be_is_said_before_anything_is_played() {
    let home = Home::new();
    home.write("taken", "a file");
    // So many would take minutes to be played.
    for out in ["taken", "taken/below", "taken/further/below", "pin.toml"] {
        let said = home.failsim(&["run", "pin.toml", "--recipients", "4000000000", "--out", out]);
        said.refuses(1, &["error: cannot write a report into", out, "is no folder", "hint: name another folder"]);
    }
    home.write("reports", "a file too");
    let said = home.says("run pin.toml --recipients 4000000000");
    said.refuses(1, &["reports is no folder", "--no-report"]);
    assert_eq!(home.names(), ["pin.toml", "reports", "taken"]);
    assert_eq!(home.read("taken"), "a file");
}

#[test]
fn a_folder_in_the_way_of_a_file_leaves_the_earlier_report_alone() {
    let home = Home::new();
    home.says("run pin.toml --out there -q").ends(0);
    let before = home.read("there/results.json");
    std::fs::remove_file(home.path("there/run.json"))
        .and_then(|()| std::fs::create_dir(home.path("there/run.json")))
        .expect("ours");
    let said =
        home.says("run pin.toml --out there -q --seed 2").refuses(1, &["run.json is a folder, not a file", "hint: "]);
    has(&said.err, &["error: "]);
    assert_eq!(home.read("there/results.json"), before);
}
