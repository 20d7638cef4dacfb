//! `failsim run`: play, compare, print, report.

use super::args::{Format, Run};
use super::failure::Failure;
use super::playing::{Played, play};
use super::{load, output, typed};
use crate::report;
use crate::study::Findings;
use std::path::{Path, PathBuf};

pub(super) fn run(args: &Run) -> Result<(), Failure> {
    let scenario = load::played(&args.play)?;
    let out = (!args.no_report).then(|| folder(args));
    if let Some(out) = &out {
        usable(out)?;
    }
    let played = play(&args.play, &scenario)?;
    played.still_wanted()?;
    if let Some(out) = &out {
        write(out, &played, args.play.quiet)?;
    }
    output::print(&printed(args.format, &played.findings))
}

fn folder(args: &Run) -> PathBuf {
    let name = args.play.scenario.file_stem().unwrap_or_default();
    args.out.clone().unwrap_or_else(|| Path::new("reports").join(name))
}

/// Whether a report can be written is better said before the run than after it.
fn usable(out: &Path) -> Result<(), Failure> {
    let standing = out.ancestors().find(|folder| folder.symlink_metadata().is_ok()).unwrap_or(Path::new("."));
    let refused = |reason: &str| {
        let message = format!("cannot write a report into {}: {reason}", out.display());
        Failure::broken(message, "name another folder with --out, or use --no-report")
    };
    if !standing.is_dir() {
        return Err(refused(&format!("{} is no folder", standing.display())));
    }
    tempfile::Builder::new()
        .prefix(".failsim-")
        .tempfile_in(standing)
        .map(drop)
        .map_err(|error| refused(&error.to_string()))
}

fn write(out: &Path, played: &Played, quiet: bool) -> Result<(), Failure> {
    let run = report::Run {
        command: typed(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: machine(),
        threads: played.threads,
        seconds: played.seconds,
    };
    let broken =
        |error: std::io::Error| Failure::broken(error.to_string(), "mend that, or name another folder with --out");
    report::write(out, &played.findings, &run).map_err(broken)?;
    if !quiet {
        output::note(&format!("report: {}", out.join("report.html").display()));
    }
    Ok(())
}

fn printed(format: Format, findings: &Findings) -> String {
    match format {
        Format::Table => report::table(findings, report::Terminal { width: output::width(), color: output::colored() }),
        Format::Json => report::json(&findings.results),
        Format::Csv => report::csv(&findings.results),
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
