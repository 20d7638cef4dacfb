//! The folder that a subcommand writes into, and the messages about it.

use super::command_line::typed;
use super::failure::Failure;
use super::output;
use super::simulate::Watched;
use crate::report::{CsvForm, Run};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The default folder: named after the scenario, with an `ending`.
pub(super) fn named_after(scenario: &Path, ending: &str) -> PathBuf {
    let mut name = scenario.file_stem().unwrap_or_default().to_owned();
    name.push(ending);
    Path::new("reports").join(name)
}

/// The form of CSV files.
pub(super) const fn csv_form(is_wide: bool) -> CsvForm {
    if is_wide { CsvForm::Wide } else { CsvForm::Long }
}

/// Checks, before anything is simulated, that the folder can be written into; `check_ownership` fails if it has files of others.
pub(super) fn usable(out: &Path, check_ownership: impl Fn(&Path) -> io::Result<()>) -> Result<(), Failure> {
    let rejected = |reason: &str| {
        let message = format!("cannot write a report into {}: {reason}", out.display());
        Failure::broken(message, "name another folder with --out, or use --no-report where there is that flag")
    };
    let standing = standing(out).map_err(|error| rejected(&error.to_string()))?;
    if !standing.is_dir() {
        return Err(rejected(&format!("{} is not a folder", standing.display())));
    }
    // The file has no name, so none is left behind.
    tempfile::tempfile_in(standing).map_err(|error| rejected(&error.to_string()))?;
    check_ownership(out).map_err(|error| rejected(&error.to_string()))
}

/// A name at least as long as any that occurs while a report folder is written.
const LONGEST_NAME: &str = ".failsim-000000/cost_per_recipient-32-plan1000.svg";

/// The part of a path that exists. Fails where the rest cannot be created because a name is too long or has characters that the disk does
/// not allow.
fn standing(out: &Path) -> io::Result<&Path> {
    let mut standing = Path::new(".");
    for folder in out.ancestors().filter(|folder| !folder.as_os_str().is_empty()) {
        if is_there(folder)? {
            standing = folder;
            break;
        }
    }
    let missing = out.strip_prefix(standing).unwrap_or(out);
    missing.components().try_for_each(|name| is_there(&standing.join(name)).map(drop))?;
    is_there(&out.join(LONGEST_NAME))?;
    Ok(standing)
}

/// Whether such a file or folder exists; fails where none can exist.
fn is_there(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reports where the files were written, or why they were not.
pub(super) fn written(files: io::Result<Vec<PathBuf>>, out: &Path, main: &str, quiet: bool) -> Result<(), Failure> {
    files.map_err(|error| Failure::broken(error.to_string(), "fix this, or name another folder with --out"))?;
    if !quiet {
        output::note(&format!("report: {}", out.join(main).display()));
    }
    Ok(())
}

/// The facts about how the results were made.
pub(super) fn run_of<T>(watched: &Watched<T>) -> Run {
    Run {
        command: typed(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: machine(),
        threads: watched.threads,
        seconds: watched.seconds,
    }
}

/// The kind of machine, as far as it is known: processor, architecture, system.
fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name.trim()));
    let kind = format!("{} {}", std::env::consts::ARCH, std::env::consts::OS);
    model.map_or_else(|| kind.clone(), |model| format!("{model}, {kind}"))
}
