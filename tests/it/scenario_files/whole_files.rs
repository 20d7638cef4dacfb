//! Files as a whole: several mistakes at once, broken syntax, CSV files, and files that are no text.

use super::{REFERENCE, checked, refused, said_of, with};
use failsim::scenario::{LoadError, load};
use std::path::Path;

#[test]
fn everything_that_is_wrong_is_said_at_once() {
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
fn broken_lines_do_not_hide_what_is_wrong_elsewhere() {
    let text = REFERENCE.replace("deadline = \"60s\"", "deadline = 60s").replace("share = 0.62", "share = 62");
    let text = text.replace("price = { delivered = 0.015 }", "price = ");

    let diagnostics = checked(&text).unwrap_err();
    let said = diagnostics.to_string();
    assert_eq!(diagnostics.items().len(), 3, "{said}");
    assert!(
        said.contains("write \"60s\", in quotes")
            && said.contains("write a value after the `=`")
            && said.contains("write 0.62 for 62 %"),
        "{said}"
    );
}

#[test]
fn keys_and_tables_that_are_doubled_are_refused() {
    refused("seed = 20261127", "seed = 20261127\nseed = 2", &["duplicate key"]);
    refused("[providers.sms]", "[providers.viber] # again", &["duplicate key"]);
    refused("[providers.sms]", "[providers.sms", &["unclosed table"]);
}

#[test]
fn brackets_of_the_wrong_kind_are_explained() {
    let said = said_of("[goal]", "[[goal]]");
    assert!(said.contains("write [goal], in single brackets"), "{said}");
    let said = checked("[plans]\nname = \"x\"\n").unwrap_err().to_string();
    assert!(said.contains("write [[plans]], in double brackets"), "{said}");
}

#[test]
fn an_empty_file_is_told_what_it_lacks() {
    let said = checked("").unwrap_err().to_string();
    for key in ["goal", "traffic", "providers", "plans"] {
        assert!(said.contains(&format!("`{key}` is missing")), "{said}");
    }
}

#[test]
fn no_more_than_a_hundred_are_shown() {
    let text: String = (0..150).map(|i| format!("nonsense{i} = 1\n")).collect();
    let said = checked(&text).unwrap_err().to_string();
    assert_eq!(said.matches("error: ").count(), 100);
    assert!(said.contains("and 54 more"), "{said}");
}

#[test]
fn long_lines_are_trimmed() {
    let said = checked(&format!("title = [{}]", "1, ".repeat(100_000))).unwrap_err().to_string();
    assert!(said.contains("pin.toml:1:9") && said.lines().all(|l| l.chars().count() < 300), "{said}");
}

#[test]
fn bad_rows_of_a_csv_file_are_named() {
    let arrivals = "{ uniform = { over = \"1h\" } }";
    refused(arrivals, "{ file = \"missing.csv\" }", &["cannot read", "missing.csv"]);
    refused(arrivals, "{ file = \"arrivals.csv\", column = \"arived_s\" }", &["did you mean `arrived_s`?"]);
    let said = said_of(arrivals, "{ file = \"arrivals.csv\" }");
    assert!(said.contains("has 3 rows") && said.contains("write recipients = 3"), "{said}");
    refused(arrivals, "{ file = \"empty.csv\" }", &["no rows"]);
    refused(arrivals, "{ file = \"headless.csv\" }", &["begins with `0.5`", "add a first row that names the columns"]);
    refused(arrivals, "{ file = \"headless_spans.csv\" }", &["headless_spans.csv has no header", "`1h30m`"]);
    refused(
        arrivals,
        "{ file = \"doubled.csv\", column = \"arrived_s\" }",
        &["2 columns are called `arrived_s`", "a name of its own"],
    );
    refused(arrivals, "{ file = \".\" }", &["not a regular file"]);
    let said = said_of(arrivals, "{ file = \"bad.csv\" }");
    assert!(said.contains("bad.csv, line 3: `5 parsecs`") && said.contains("bad.csv, line 5: `-1s`"), "{said}");
    assert_eq!(said.matches("bad.csv, line").count(), 3, "no more than three: {said}");
    refused(arrivals, "{ file = \"latin1.csv\" }", &["latin1.csv, line 3", "UTF-8"]);
    let both = with("recipients = 1_000_000", "recipients = 0").replace(arrivals, "{ file = \"latin1.csv\" }");
    assert_eq!(checked(&both).unwrap_err().items().len(), 2, "a wrong number does not hide a wrong file");
}

fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

#[test]
fn the_file_names_the_scenario_that_has_no_title() {
    let text = with("title = \"Bank PIN: Viber first or SMS first?\"\n", "");
    let (_folder, path) = written("my-question.toml", text.as_bytes());
    assert_eq!(load(&path).unwrap().title, "my-question");
}

#[test]
fn files_that_are_no_scenario_are_refused() {
    let invalid = |path: &Path| match load(path) {
        Err(LoadError::Invalid(diagnostics)) => diagnostics.to_string(),
        other => panic!("{other:?}"),
    };
    let (folder, latin1) = written("latin1.toml", b"a = 1\ntitle = \"caf\xe9\"\n");
    let said = invalid(&latin1);
    assert!(
        said.contains("not UTF-8") && said.contains(":2:13") && said.contains("0xe9") && said.contains("save the file"),
        "{said}"
    );
    assert!(invalid(folder.path()).contains("this is a folder"));
    let missing = load(&folder.path().join("missing.toml")).unwrap_err();
    assert!(matches!(missing, LoadError::Io { .. }) && missing.to_string().contains("missing.toml"));
}

#[test]
fn a_hundred_megabytes_of_garbage_are_refused_at_once() {
    let (_folder, path) = written("garbage.toml", b"");
    std::fs::File::options().write(true).open(&path).unwrap().set_len(100 << 20).unwrap();
    let said = load(&path).unwrap_err().to_string();
    assert!(said.contains("too long for a scenario"), "{said}");
}
