//! The report folder: every file is either complete or absent, and all of them come from one run.
//!
//! All files are written to a temporary folder and then moved. A new report folder appears in one step, from a temporary folder beside it;
//! otherwise the files are moved one by one, from a temporary folder inside it, over those of the earlier report. While one process writes
//! into a folder, or creates a new one beside it, others wait. Files that others put there are left alone.

use super::ownership::{RUN, ReportKind};
use super::{CsvForm, Run, csv, figures, json, page, readme, timeline, wide};
use crate::files::{FolderLock, Scratch};
use crate::study::RunOutput;
use serde::Serialize;
use std::fs;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// Writes the report of `output` to the folder `dir`, which is created with its parents, with its CSV files in this form, and returns the
/// paths of the files.
///
/// # Errors
/// When `dir` is not a folder, or something cannot be written; no partly written file is left behind.
pub fn write(dir: &Path, output: &RunOutput, run: &Run, form: CsvForm) -> Result<Vec<PathBuf>> {
    put(dir, contents(output, run, form)?, run, &REPORT)
}

/// Rejects a folder that is not a report folder but has files with the names of one. To be called before anything is simulated.
///
/// # Errors
/// When the folder is not usable; the error names the file.
pub fn check_ownership(dir: &Path) -> Result<()> {
    REPORT.check_ownership(dir)
}

/// The folder of a run.
const REPORT: ReportKind = ReportKind {
    marker: "results.json",
    schema: crate::study::SCHEMA,
    files: &[
        "README.md",
        "report.html",
        "results.json",
        "results.csv",
        "arrivals.csv",
        "timeline.csv",
        "in_time.csv",
        "queues.csv",
        "lines.csv",
    ],
    is_figure: |stem| ["latency", "cost", "steps", "timeline", "in_time", "capacity", "queues"].contains(&stem),
};

/// The name and the text of a file.
pub(super) type File = (String, String);

/// Writes `files` and the facts about the `run` to the folder `dir`, which is created with its parents, and returns their paths. Earlier
/// files are replaced only where they belong to a report of the same `kind`; others are somebody else's.
pub(super) fn put(dir: &Path, mut files: Vec<File>, run: &Run, kind: &ReportKind) -> Result<Vec<PathBuf>> {
    files.push((RUN.to_owned(), certificate(run, &files)));
    debug_assert!(files.iter().all(|(name, _)| kind.has(name)), "a file that no other run would know for ours");
    check_is_folder(dir)?;
    loop {
        // An existing folder may be a separate file system, or its parent may not be writable.
        let is_new = !dir.is_dir();
        let home = if is_new { parent_of(dir) } else { dir };
        fs::create_dir_all(home).map_err(|error| naming(home, &error))?;
        let _lock = FolderLock::acquire(home);
        // Whoever held the lock before may have created the folder.
        if dir.is_dir() != is_new {
            return placed(home, dir, &files, kind);
        }
    }
}

/// `run.json`: how the report was made, and its files.
fn certificate(run: &Run, files: &[File]) -> String {
    #[derive(Serialize)]
    struct RunRecord<'a> {
        #[serde(flatten)]
        run: &'a Run,
        files: Vec<&'a str>,
    }
    let files = files.iter().map(|(name, _)| name.as_str()).chain([RUN]).collect();
    super::json::pretty(&RunRecord { run, files })
}

/// Writes `files` to a temporary folder in `home` and moves them into `dir`; the caller holds the lock.
fn placed(home: &Path, dir: &Path, files: &[File], kind: &ReportKind) -> Result<Vec<PathBuf>> {
    kind.check_ownership(dir)?;
    let fresh = Scratch::folder_in(home).map_err(|error| naming(home, &error))?;
    for (name, text) in files {
        write_through(&fresh.path().join(name), text).map_err(|error| naming(&dir.join(name), &error))?;
    }
    fresh.commit(|fresh| if dir.is_dir() { replace(fresh, dir, files, kind) } else { appear(fresh, dir) })?;
    Ok(files.iter().map(|(name, _)| dir.join(name)).collect())
}

fn check_is_folder(dir: &Path) -> Result<()> {
    match fs::metadata(dir) {
        Ok(known) if !known.is_dir() => {
            Err(Error::new(ErrorKind::NotADirectory, format!("{} is a file, not a folder", dir.display())))
        }
        _ => Ok(()),
    }
}

/// The folder that `dir` lies in; for a bare name, the working folder.
fn parent_of(dir: &Path) -> &Path {
    dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn naming(path: &Path, error: &Error) -> Error {
    Error::new(error.kind(), format!("cannot write {}: {error}", path.display()))
}

/// All files of a report, with their names.
fn contents(output: &RunOutput, run: &Run, form: CsvForm) -> Result<Vec<File>> {
    let figures = figures(output).map_err(Error::other)?;
    let series: Vec<_> =
        timeline(&output.over_time, form).into_iter().map(|(name, text)| (name, wide::file(text, form))).collect();
    let fixed = [
        ("README.md", readme(output, run, &figures, &series.iter().map(|(name, _)| *name).collect::<Vec<_>>())),
        ("report.html", page(output, run, &figures)),
        ("results.json", json(&output.results)),
        ("results.csv", wide::file(csv(&output.results, form), form)),
    ];
    let fixed = fixed.into_iter().chain(series).map(|(name, text)| (name.to_owned(), text));
    Ok(fixed.chain(figures.into_iter().map(|figure| (figure.file, figure.svg))).collect())
}

/// Writes a file and waits until it is on disk, so that a full disk is noticed before anything is moved.
fn write_through(path: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    let mut file = fs::File::create_new(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Makes the folder appear with all its files at once.
fn appear(fresh: &Path, dir: &Path) -> Result<()> {
    open_to_others(fresh, dir)?;
    fs::rename(fresh, dir).map_err(|error| naming(dir, &error))
}

/// Moves the files over those of the earlier report, and removes files that only the earlier report had.
fn replace(fresh: &Path, dir: &Path, files: &[File], kind: &ReportKind) -> Result<()> {
    let earlier = kind.earlier(dir).unwrap_or_default();
    for (name, _) in files {
        fs::rename(fresh.join(name), dir.join(name)).map_err(|error| naming(&dir.join(name), &error))?;
    }
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    for name in earlier.obsolete(&names) {
        // It may be gone already, and a file that cannot be removed does no harm.
        let _ = fs::remove_file(dir.join(name));
    }
    Ok(())
}

/// Temporary folders are private; a report folder gets the permissions of any new folder.
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
        let files = write(&dir, &fixture::bank_pin(), &fixture::run(), CsvForm::Long).expect("written");
        assert_eq!(files.len(), 13);
        assert!(files.iter().all(|file| file.is_file()));
        assert_eq!(names(&home.path().join("a/b")), ["report"]);
    }

    #[test]
    fn an_earlier_report_is_replaced_and_the_files_of_others_stay() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let dir = home.path().join("report");
        fs::create_dir(&dir).expect("a folder");
        fs::write(dir.join("README.md"), "old").expect("a file");
        let rejected = write(&dir, &fixture::bank_pin(), &fixture::run(), CsvForm::Long)
            .expect_err("a README that is no report's");
        assert!(rejected.to_string().contains("README.md exists already"), "{rejected}");
        assert_eq!(fs::read_to_string(dir.join("README.md")).expect("still there"), "old");
        fs::write(dir.join("results.json"), format!("{{ \"schema\": \"{}\" }}", crate::study::SCHEMA)).expect("a file");
        fs::write(dir.join("mine.txt"), "mine").expect("a file");
        write(&dir, &fixture::bank_pin(), &fixture::run(), CsvForm::Long).expect("written");
        assert_eq!(fs::read_to_string(dir.join("mine.txt")).expect("still there"), "mine");
        assert!(fs::read_to_string(dir.join("README.md")).expect("new").starts_with("# Bank PIN"));
        assert_eq!(names(home.path()), ["report"]);
    }

    #[test]
    fn a_file_in_the_way_is_named_and_nothing_is_written() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let dir = home.path().join("report");
        fs::write(&dir, "a file").expect("a file");
        let error = write(&dir, &fixture::bank_pin(), &fixture::run(), CsvForm::Long).expect_err("refused");
        assert!(error.to_string().ends_with("report is a file, not a folder"), "{error}");
        assert_eq!(names(home.path()), ["report"]);
    }

    #[test]
    fn a_folder_that_cannot_be_moved_into_leaves_no_rest() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let dir = home.path().join("report");
        fs::create_dir_all(dir.join("run.json/taken")).expect("a folder in the way of a file");
        let error = write(&dir, &fixture::bank_pin(), &fixture::run(), CsvForm::Long).expect_err("refused");
        assert!(error.to_string().ends_with("run.json is a folder, not a file"), "{error}");
        assert_eq!(names(&dir), ["run.json"]);
        assert_eq!(names(home.path()), ["report"]);
    }
}
