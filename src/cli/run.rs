//! `failsim run`: simulates, compares, prints, reports.

use super::args::{Format, Run};
use super::failure::Failure;
use super::folder::{named_after, run_of, usable, written};
use super::playing::play;
use super::{load, output};
use crate::report;
use crate::study::RunOutput;

pub(super) fn run(args: &Run) -> Result<(), Failure> {
    let scenario = load::for_run(&args.play, &[])?;
    load::remarks(&args.play, &scenario);
    load::check_memory(&args.play, &scenario, args.often.wanted(&scenario).most())?;
    let out = (!args.no_report).then(|| args.out.clone().unwrap_or_else(|| named_after(&args.play.scenario, "")));
    out.as_deref().map_or(Ok(()), |out| usable(out, report::refuse_what_is_no_report))?;
    let (findings, watched) = play(&args.play, &scenario, args.often.wanted(&scenario), out.is_some())?;
    if let Some(out) = &out {
        let files = report::write(out, &findings, &run_of(&watched));
        written(files, out, "report.html", args.play.quiet)?;
    }
    print(args.format, &findings)
}

fn print(format: Format, findings: &RunOutput) -> Result<(), Failure> {
    match format {
        Format::Table => output::print_drawn(&report::table(findings, output::terminal())),
        Format::Json => output::print(&report::json(&findings.results)),
        Format::Csv => output::print(&report::csv(&findings.results)),
    }
}
