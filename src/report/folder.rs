//! The report folder: every file whole or not there.
//!
//! All files are written to a temporary folder, then moved: in one step from beside the real one where that is new, else
//! file by file from within it over those of an earlier report. What others put there stays.

use super::{Run, csv, figures, json, page, readme, timeline};
use crate::files;
use crate::study::Findings;
use serde::Deserialize;
use std::fs;
use std::io::{BufReader, Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// Writes the report of `findings` to the folder `dir`, which is made with its parents, and names the files.
///
/// # Errors
/// When `dir` is no folder, or something cannot be written; nothing half written is left then.
pub fn write(dir: &Path, findings: &Findings, run: &Run) -> Result<Vec<PathBuf>> {
    put(dir, &contents(findings, run)?, MARKER)
}

/// Refuses a folder that has files named as those of a report but is none: better said before anything is played.
///
/// # Errors
/// Then, naming the file.
pub fn refuse_what_is_no_report(dir: &Path) -> Result<()> {
    refuse_what_is_not_ours(dir, FILES.into_iter(), MARKER)
}

/// What tells a report.
const MARKER: (&str, &str) = ("results.json", crate::study::SCHEMA);
/// What every report has.
const FILES: [&str; 6] = ["README.md", "report.html", "results.json", "results.csv", "timeline.csv", "run.json"];

/// Writes `files`, by name, to the folder `dir`, which is made with its parents, and names them. Earlier ones are replaced only where
/// the file that `marker` names has the text that it gives: else they are somebody else's.
pub(super) fn put(dir: &Path, files: &[(String, String)], marker: (&str, &str)) -> Result<Vec<PathBuf>> {
    refuse_a_file(dir)?;
    refuse_what_is_not_ours(dir, files.iter().map(|(name, _)| name.as_str()), marker)?;
    // A folder that is there may be a disk of its own, or lie where nothing else may be written.
    let home = if dir.is_dir() { dir } else { parent_of(dir) };
    fs::create_dir_all(home).map_err(|error| naming(home, &error))?;
    let fresh = tempfile::Builder::new().prefix(".failsim-").tempdir_in(home).map_err(|error| naming(home, &error))?;
    for (name, text) in files {
        write_through(&fresh.path().join(name), text).map_err(|error| naming(&dir.join(name), &error))?;
    }
    settle(fresh, dir, files)?;
    Ok(files.iter().map(|(name, _)| dir.join(name)).collect())
}

fn refuse_a_file(dir: &Path) -> Result<()> {
    match fs::metadata(dir) {
        Ok(known) if !known.is_dir() => {
            Err(Error::new(ErrorKind::NotADirectory, format!("{} is a file, not a folder", dir.display())))
        }
        _ => Ok(()),
    }
}

/// A folder with files that have the names of a report's but are no report's, such as the `README.md` of a project, is left alone.
pub(super) fn refuse_what_is_not_ours<'a>(
    dir: &Path,
    names: impl Iterator<Item = &'a str>,
    (marker, schema): (&str, &str),
) -> Result<()> {
    let is_report = schema_of(&dir.join(marker)).is_some_and(|found| found == schema);
    let mut taken = names.map(|name| dir.join(name)).filter(|path| path.is_file());
    match taken.next() {
        Some(path) if !is_report => Err(Error::new(
            ErrorKind::AlreadyExists,
            format!("{} is there already and no part of such a report", path.display()),
        )),
        _ => Ok(()),
    }
}

/// What a file of results says that it is: the text at the key `schema` of its outermost table. Files that only mention a schema
/// somewhere, and what is no JSON or no regular file, say nothing.
fn schema_of(path: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Marked {
        schema: String,
    }
    let reader = BufReader::new(files::open(path).ok()?);
    serde_json::from_reader(reader).ok().map(|Marked { schema }| schema)
}

/// Where the folder lies; a bare name lies in the working folder.
fn parent_of(dir: &Path) -> &Path {
    dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn naming(path: &Path, error: &Error) -> Error {
    Error::new(error.kind(), format!("cannot write {}: {error}", path.display()))
}

/// All files of a report, by name.
fn contents(findings: &Findings, run: &Run) -> Result<Vec<(String, String)>> {
    let figures = figures(findings).map_err(Error::other)?;
    let fixed = [
        ("README.md", readme(findings, run, &figures)),
        ("report.html", page(findings, run, &figures)),
        ("results.json", json(&findings.results)),
        ("results.csv", csv(&findings.results)),
        ("timeline.csv", timeline(&findings.over_time)),
        ("run.json", super::json::pretty(run)),
    ];
    let fixed = fixed.into_iter().map(|(name, text)| (name.to_owned(), text));
    Ok(fixed.chain(figures.into_iter().map(|figure| (figure.file, figure.svg))).collect())
}

/// Writes a file and waits until the disk has it, so that a full disk is noticed before anything is moved.
fn write_through(path: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    let mut file = fs::File::create_new(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Moves what was written into place.
fn settle(fresh: tempfile::TempDir, dir: &Path, files: &[(String, String)]) -> Result<()> {
    if !dir.exists() {
        open_to_others(fresh.path(), dir)?;
        fs::rename(fresh.path(), dir).map_err(|error| naming(dir, &error))?;
        // It has moved: there is nothing left to remove.
        let _ = fresh.keep();
        return Ok(());
    }
    let in_the_way = files.iter().map(|(name, _)| dir.join(name)).find(|path| path.is_dir());
    if let Some(path) = in_the_way {
        return Err(Error::new(ErrorKind::IsADirectory, format!("{} is a folder, not a file", path.display())));
    }
    for (name, _) in files {
        fs::rename(fresh.path().join(name), dir.join(name)).map_err(|error| naming(&dir.join(name), &error))?;
    }
    Ok(())
}

/// Temporary folders are closed to others; a report folder has the rights that a new folder gets.
fn open_to_others(fresh: &Path, dir: &Path) -> Result<()> {
    let model = fresh.join(".rights");
    fs::create_dir(&model).map_err(|error| naming(dir, &error))?;
    let rights = fs::metadata(&model)?.permissions();
    fs::remove_dir(&model)?;
    fs::set_permissions(fresh, rights).map_err(|error| naming(dir, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).expect("a folder");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_folder_appears_with_all_its_files() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let dir = home.path().join("a/b/report");
        let files = write(&dir, &fixture::bank_pin(), &fixture::run()).expect("written");
        assert_eq!(files.len(), 10);
        assert!(files.iter().all(|file| file.is_file()));
        assert_eq!(names(&home.path().join("a/b")), ["report"]);
    }

    #[test]
    fn an_earlier_report_is_replaced_and_the_files_of_others_stay() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let dir = home.path().join("report");
        fs::create_dir(&dir).expect("a folder");
        fs::write(dir.join("README.md"), "old").expect("a file");
        let refused = write(&dir, &fixture::bank_pin(), &fixture::run()).expect_err("a README that is no report's");
        assert!(refused.to_string().contains("README.md is there already"), "{refused}");
        assert_eq!(fs::read_to_string(dir.join("README.md")).expect("still there"), "old");
        fs::write(dir.join("results.json"), format!("{{ \"schema\": \"{}\" }}", crate::study::SCHEMA)).expect("a file");
        fs::write(dir.join("mine.txt"), "mine").expect("a file");
        write(&dir, &fixture::bank_pin(), &fixture::run()).expect("written");
        assert_eq!(fs::read_to_string(dir.join("mine.txt")).expect("still there"), "mine");
        assert!(fs::read_to_string(dir.join("README.md")).expect("new").starts_with("# Bank PIN"));
        assert_eq!(names(home.path()), ["report"]);
    }

    #[test]
    fn a_file_in_the_way_is_named_and_nothing_is_written() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let dir = home.path().join("report");
        fs::write(&dir, "a file").expect("a file");
        let error = write(&dir, &fixture::bank_pin(), &fixture::run()).expect_err("refused");
        assert!(error.to_string().ends_with("report is a file, not a folder"), "{error}");
        assert_eq!(names(home.path()), ["report"]);
    }

    #[test]
    fn a_folder_that_cannot_be_moved_into_leaves_no_rest() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let dir = home.path().join("report");
        fs::create_dir_all(dir.join("run.json/taken")).expect("a folder in the way of a file");
        let error = write(&dir, &fixture::bank_pin(), &fixture::run()).expect_err("refused");
        assert!(error.to_string().ends_with("run.json is a folder, not a file"), "{error}");
        assert_eq!(names(&dir), ["run.json"]);
        assert_eq!(names(home.path()), ["report"]);
    }
}
