//! Which files of a folder belong to a report, and to which kind.
//!
//! A folder is a report's when its marker file says so. Its `run.json` lists the report's files, so that a new report replaces them,
//! removes those that it no longer has, and leaves all other files alone.

use crate::files;
use serde::Deserialize;
use std::fs;
use std::io::{BufReader, Error, ErrorKind, Result};
use std::path::{Component, Path};

/// The file with how a report was made and the list of its files.
pub(super) const RUN: &str = "run.json";
/// The largest `run.json` [bytes]; it has one line for each figure.
const LONGEST_RUN: u64 = 16 << 20;

/// A kind of report folder.
pub(super) struct ReportKind {
    /// The file that marks it.
    pub(super) marker: &'static str,
    /// The `schema` that the marker file has at its top level. Files of other versions of it are the report's as well.
    pub(super) schema: &'static str,
    /// The files that such a folder can have, besides `run.json` and figures.
    pub(super) files: &'static [&'static str],
    /// Whether a figure can have this name, without its extension and its numbers.
    pub(super) is_figure: fn(&str) -> bool,
}

impl ReportKind {
    /// Whether such a report can have a file of this name: one of its fixed files, or a figure such as `latency-2.svg`.
    pub(super) fn has(&self, name: &str) -> bool {
        let is_figure = |stem: &str| (self.is_figure)(without_numbers(stem));
        name == RUN || self.files.contains(&name) || name.strip_suffix(".svg").is_some_and(is_figure)
    }

    /// Rejects a folder where a name that such a report can have belongs to somebody else's file, or to something that is not a file.
    pub(super) fn check_ownership(&self, dir: &Path) -> Result<()> {
        let mut names = names(dir)?;
        names.retain(|name| self.has(name));
        names.sort_by_key(|name| (name.ends_with(".svg"), name.clone()));
        let earlier = self.earlier(dir);
        let is_ours = |name: &String| earlier.as_ref().is_some_and(|earlier| earlier.wrote(name));
        for name in names {
            let path = dir.join(&name);
            if let Some(kind) = files::special_kind(path.symlink_metadata()?.file_type()) {
                return Err(Error::new(ErrorKind::AlreadyExists, format!("{} is {kind}, not a file", path.display())));
            }
            if !is_ours(&name) {
                let message = format!("{} exists already and is not part of such a report", path.display());
                return Err(Error::new(ErrorKind::AlreadyExists, message));
            }
        }
        Ok(())
    }

    /// The record of the earlier report in the folder, if there is one.
    pub(super) fn earlier(&self, dir: &Path) -> Option<Earlier> {
        let found = schema_of(&dir.join(self.marker))?;
        let list = files::read(&dir.join(RUN), LONGEST_RUN).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        (unversioned(&found) == unversioned(self.schema)).then(|| list.unwrap_or_default())
    }
}

/// The list of files that an earlier report recorded.
#[derive(Deserialize, Default)]
pub(super) struct Earlier {
    /// The names of the files; `None` where an older version of failsim recorded no list.
    files: Option<Vec<String>>,
}

impl Earlier {
    fn wrote(&self, name: &str) -> bool {
        self.files.as_ref().is_none_or(|files| files.iter().any(|file| file == name))
    }

    /// The files that the earlier report has and a new report with these `names` does not. Only plain file names in the folder itself
    /// count: anything else in the list was put there by somebody else.
    pub(super) fn obsolete(&self, names: &[&str]) -> Vec<&str> {
        let listed = self.files.iter().flatten().map(String::as_str);
        listed.filter(|name| is_plain(name) && !names.contains(name)).collect()
    }
}

/// `failsim/results` of `failsim/results/2`.
fn unversioned(schema: &str) -> &str {
    schema.rsplit_once('/').map_or(schema, |(name, _)| name)
}

/// Whether `name` is a plain file name in the folder itself.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name)
}

/// `latency-2` and `in_time-1-plan3` without their numbers.
fn without_numbers(stem: &str) -> &str {
    match stem.rsplit_once('-') {
        Some((rest, number)) if is_number(number.strip_prefix("plan").unwrap_or(number)) => without_numbers(rest),
        _ => stem,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The names in a folder; none where the folder does not exist.
fn names(dir: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        entries => entries?,
    };
    let name = |entry: Result<fs::DirEntry>| entry.map(|entry| entry.file_name().to_string_lossy().into_owned());
    entries.map(name).collect()
}

/// The `schema` that a results file declares at the top level. `None` for a file that only mentions a schema elsewhere, is not JSON or is
/// not a regular file.
fn schema_of(path: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Marked {
        schema: String,
    }
    let reader = BufReader::new(files::open(path).ok()?);
    serde_json::from_reader(reader).ok().map(|Marked { schema }| schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_figures_may_have_numbers() {
        let kind =
            ReportKind { marker: "a.json", schema: "a", files: &["a.json"], is_figure: |stem| stem == "latency" };
        for name in ["a.json", "run.json", "latency.svg", "latency-1.svg", "latency-12-plan3.svg"] {
            assert!(kind.has(name), "{name}");
        }
        for name in ["b.json", "latency", "latency.png", "latency-.svg", "latency-x.svg", "cost.svg", "-1.svg", ".svg"]
        {
            assert!(!kind.has(name), "{name}");
        }
    }

    #[test]
    fn a_list_of_files_reaches_no_other_folder() {
        let listed = ["cost.svg", "a.csv", "../a", "/etc/passwd", ".", "..", "", "a/b", "a/", "./c"];
        let earlier = Earlier { files: Some(listed.map(str::to_owned).to_vec()) };
        assert_eq!(earlier.obsolete(&["a.csv"]), ["cost.svg"]);
    }
}
