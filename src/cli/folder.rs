//! The folder that a verb writes into, and what is said of it.

use super::failure::Failure;
use super::playing::Watched;
use super::{output, typed};
use crate::report::Run;
use std::path::{Path, PathBuf};

/// The usual folder: named after the scenario, with an `ending`.
pub(super) fn named_after(scenario: &Path, ending: &str) -> PathBuf {
    let mut name = scenario.file_stem().unwrap_or_default().to_owned();
    name.push(ending);
    Path::new("reports").join(name)
}

/// Whether a folder can be written into is better said before anything is played than after it; `refuse` says whether somebody else's
/// files lie there.
pub(super) fn usable(out: &Path, refuse: impl Fn(&Path) -> std::io::Result<()>) -> Result<(), Failure> {
    let standing = out.ancestors().find(|folder| folder.symlink_metadata().is_ok()).unwrap_or(Path::new("."));
    let refused = |reason: &str| {
        let message = format!("cannot write a report into {}: {reason}", out.display());
        Failure::broken(message, "name another folder with --out, or use --no-report where there is that flag")
    };
    if !standing.is_dir() {
        return Err(refused(&format!("{} is no folder", standing.display())));
    }
    tempfile::Builder::new().prefix(".failsim-").tempfile_in(standing).map_err(|error| refused(&error.to_string()))?;
    refuse(out).map_err(|error| refused(&error.to_string()))
}

/// Says where the report is, or why there is none.
pub(super) fn written(
    files: std::io::Result<Vec<PathBuf>>,
    out: &Path,
    main: &str,
    quiet: bool,
) -> Result<(), Failure> {
    files.map_err(|error| Failure::broken(error.to_string(), "mend that, or name another folder with --out"))?;
    if !quiet {
        output::note(&format!("report: {}", out.join(main).display()));
    }
    Ok(())
}

/// How what was played was played.
pub(super) fn run_of<T>(watched: &Watched<T>) -> Run {
    Run {
        command: typed(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: machine(),
        threads: watched.threads,
        seconds: watched.seconds,
    }
}

/// The kind of machine, as far as it tells: processor, architecture, system.
fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name.trim()));
    let kind = format!("{} {}", std::env::consts::ARCH, std::env::consts::OS);
    model.map_or_else(|| kind.clone(), |model| format!("{model}, {kind}"))
}
