//! `failsim run`: simulates, compares, prints, reports.

use super::args::{Format, Run};
use super::failure::Failure;
use super::folder::{csv_form, named_after, run_of, usable, written};
use super::simulate::simulate;
use super::{load, output};
use crate::report;
use crate::study::RunOutput;

pub(super) fn run(args: &Run) -> Result<(), Failure> {
    let scenario = load::for_run(&args.input, &[])?;
    load::remarks(&args.input, &scenario);
    load::check_memory(&args.input, &scenario, args.repeat.for_scenario(&scenario).most())?;
    let out = (!args.no_report).then(|| args.out.clone().unwrap_or_else(|| named_after(&args.input.scenario, "")));
    out.as_deref().map_or(Ok(()), |out| usable(out, report::check_ownership))?;
    let (output, watched) =
        simulate(&args.input, &scenario, (args.repeat.for_scenario(&scenario), args.method), out.is_some())?;
    if let Some(out) = &out {
        let files = report::write(out, &output, &run_of(&watched), csv_form(args.wide));
        written(files, out, "report.html", args.input.quiet)?;
    }
    print(args, &output)
}

fn print(args: &Run, output: &RunOutput) -> Result<(), Failure> {
    match args.format {
        Format::Table => output::print_drawn(&report::table(output, output::terminal())),
        Format::Json => output::print(&report::json(&output.results)),
        Format::Csv => output::print(&report::csv(&output.results, csv_form(args.wide))),
    }
}
