//! Whole files: several mistakes at once, syntax errors, CSV files, and files that are not text.

use super::{REFERENCE, assert_rejected, checked, errors_of, with};
use failsim::scenario::{LoadError, load};
use std::path::Path;

#[test]
fn all_mistakes_are_reported_at_once() {
    let text = REFERENCE
        .replace("share = 0.62", "share = 62")
        .replace("sigma = 0.6", "sigma = 0")
        .replace("to = \"30m\"", "to = \"10m\"")
        .replace("{ provider = \"voice\" }", "{ provider = \"voise\" }")
        .replace("deadline", "deadlin");
    let diagnostics = checked(&text).unwrap_err();
    let lines: Vec<_> = diagnostics.items().iter().map(|d| diagnostics.position(d).unwrap().0).collect();
    assert_eq!(lines.len(), 6, "{diagnostics}");
    assert!(lines.is_sorted(), "in the order of the file: {lines:?}");
}

#[test]
fn syntax_errors_do_not_hide_other_mistakes() {
    let text = REFERENCE.replace("deadline = \"60s\"", "deadline = 60s").replace("share = 0.62", "share = 62");
    let text = text.replace("price = { delivered = 0.015 }", "price = ");

    let diagnostics = checked(&text).unwrap_err();
    let errors = diagnostics.to_string();
    assert_eq!(diagnostics.items().len(), 3, "{errors}");
    assert!(
        errors.contains("write \"60s\", in quotes")
            && errors.contains("write a value after the `=`")
            && errors.contains("write 0.62 for 62 %"),
        "{errors}"
    );
}

#[test]
fn duplicate_keys_and_tables_are_rejected() {
    assert_rejected("seed = 20261127", "seed = 20261127\nseed = 2", &["duplicate key"]);
    assert_rejected("[providers.sms]", "[providers.viber] # again", &["duplicate key"]);
    assert_rejected("[providers.sms]", "[providers.sms", &["unclosed table"]);
}

#[test]
fn wrong_brackets_get_a_hint() {
    let errors = errors_of("[goal]", "[[goal]]");
    assert!(errors.contains("write [goal], in single brackets"), "{errors}");
    let errors = checked("[plans]\nname = \"x\"\n").unwrap_err().to_string();
    assert!(errors.contains("write [[plans]], in double brackets"), "{errors}");
}

#[test]
fn an_empty_file_gets_a_diagnostic_for_each_missing_table() {
    let errors = checked("").unwrap_err().to_string();
    for key in ["goal", "traffic", "providers", "plans"] {
        assert!(errors.contains(&format!("missing `{key}`")), "{errors}");
    }
}

#[test]
fn at_most_a_hundred_diagnostics_are_shown() {
    let text: String = (0..150).map(|i| format!("nonsense{i} = 1\n")).collect();
    let errors = checked(&text).unwrap_err().to_string();
    assert_eq!(errors.matches("error: ").count(), 100);
    assert!(errors.contains("and 54 more"), "{errors}");
}

#[test]
fn long_lines_are_shortened() {
    let errors = checked(&format!("title = [{}]", "1, ".repeat(100_000))).unwrap_err().to_string();
    assert!(errors.contains("pin.toml:1:9") && errors.lines().all(|l| l.chars().count() < 300), "{errors}");
}

#[test]
fn mistakes_in_csv_files_are_reported() {
    let arrivals = "{ uniform = { over = \"1h\" } }";
    assert_rejected(arrivals, "{ file = \"missing.csv\" }", &["cannot read", "missing.csv"]);
    assert_rejected(arrivals, "{ file = \"arrivals.csv\", column = \"arived_s\" }", &["did you mean `arrived_s`?"]);
    let errors = errors_of(arrivals, "{ file = \"arrivals.csv\" }");
    assert!(errors.contains("has 3 recipients") && errors.contains("write recipients = 3"), "{errors}");
    assert_rejected(arrivals, "{ file = \"empty.csv\" }", &["no rows"]);
    assert_rejected(
        arrivals,
        "{ file = \"headless.csv\" }",
        &["begins with `0.5`", "add a first row that names the columns"],
    );
    assert_rejected(
        arrivals,
        "{ file = \"headless_spans.csv\" }",
        &["headless_spans.csv has no header row", "`1h30m`"],
    );
    assert_rejected(
        arrivals,
        "{ file = \"doubled.csv\", column = \"arrived_s\" }",
        &["2 columns are named `arrived_s`", "a unique name"],
    );
    assert_rejected(arrivals, "{ file = \".\" }", &["not a regular file"]);
    let errors = errors_of(arrivals, "{ file = \"bad.csv\" }");
    assert!(errors.contains("bad.csv, line 3: `5 parsecs`") && errors.contains("bad.csv, line 5: `-1s`"), "{errors}");
    assert_eq!(errors.matches("bad.csv, line").count(), 3, "at most three rows are shown: {errors}");
    assert_rejected(arrivals, "{ file = \"latin1.csv\" }", &["latin1.csv, line 3", "UTF-8"]);
    let both = with("recipients = 1_000_000", "recipients = 0").replace(arrivals, "{ file = \"latin1.csv\" }");
    assert_eq!(checked(&both).unwrap_err().items().len(), 2, "an invalid number does not hide an invalid file");
}

fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

#[test]
fn a_scenario_without_a_title_has_the_name_of_its_file() {
    let text = with("title = \"Bank PIN: Viber first or SMS first?\"\n", "");
    let (_folder, path) = written("my-question.toml", text.as_bytes());
    assert_eq!(load(&path).unwrap().title, "my-question");
}

#[test]
fn files_that_are_not_scenarios_are_rejected() {
    let invalid = |path: &Path| match load(path) {
        Err(LoadError::Invalid(diagnostics)) => diagnostics.to_string(),
        other => panic!("{other:?}"),
    };
    let (folder, latin1) = written("latin1.toml", b"a = 1\ntitle = \"caf\xe9\"\n");
    let errors = invalid(&latin1);
    assert!(
        errors.contains("not UTF-8")
            && errors.contains(":2:13")
            && errors.contains("0xe9")
            && errors.contains("save the file"),
        "{errors}"
    );
    assert!(invalid(folder.path()).contains("this is a folder"));
    let missing = load(&folder.path().join("missing.toml")).unwrap_err();
    assert!(matches!(missing, LoadError::Io { .. }) && missing.to_string().contains("missing.toml"));
}

#[test]
fn a_file_of_a_hundred_megabytes_is_rejected_at_once() {
    let (_folder, path) = written("garbage.toml", b"");
    std::fs::File::options().write(true).open(&path).unwrap().set_len(100 << 20).unwrap();
    let errors = load(&path).unwrap_err().to_string();
    assert!(errors.contains("too large for a scenario"), "{errors}");
}
