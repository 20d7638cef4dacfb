//! `failsim trace`: one recipient's life.

use super::args::Trace;
use super::failure::Failure;
use super::{load, output};
use crate::{report, study};

pub(super) fn trace(args: &Trace) -> Result<(), Failure> {
    let mut scenario = load::load(&args.scenario)?;
    if let Some(seed) = args.seed {
        scenario.seed = seed;
    }
    if let Some(recipients) = args.recipients {
        scenario.set_recipients(recipients).map_err(load::refused)?;
    }
    let plan = match &args.plan {
        Some(name) => scenario.plan_index(name).map_err(load::refused)?,
        None => 0,
    };
    let recipients = scenario.traffic.recipients;
    if args.recipient >= recipients {
        return Err(Failure::usage(
            format!(
                "there is no recipient {}: the scenario has {}, numbered from 0",
                args.recipient,
                report::count(recipients)
            ),
            format!("use --recipient {} or a lower number", recipients - 1),
        ));
    }
    let trace = study::trace(&scenario, plan, args.recipient, args.replication);
    output::print(&report::trace(&scenario, plan, args.recipient, &trace))
}
