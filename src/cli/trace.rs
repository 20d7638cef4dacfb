//! `failsim trace`: shows what happened to one recipient.

use super::args::Trace;
use super::failure::Failure;
use super::{load, output};
use crate::study::TraceTarget;
use crate::{report, study};

pub(super) fn trace(args: &Trace) -> Result<(), Failure> {
    let mut scenario = load::load(&args.scenario)?;
    if let Some(seed) = args.seed {
        scenario.seed = seed;
    }
    if let Some(recipients) = args.recipients {
        scenario.set_recipients(recipients).map_err(load::rejected)?;
    }
    let plan = match &args.plan {
        Some(name) => scenario.plan_index(name).map_err(load::rejected)?,
        None => 0,
    };
    let stream = args.stream.as_deref().map_or(Ok(0), |name| load::stream(&scenario, name))?;
    let recipients = study::recipients_in(&scenario, stream, args.replication);
    if args.recipient >= recipients {
        let named = &scenario.streams[stream].name;
        let whose = if named.is_empty() { "the scenario".to_owned() } else { format!("stream {named:?}") };
        return Err(Failure::usage(
            format!(
                "there is no recipient {}: {whose} has {}, numbered from 0",
                args.recipient,
                report::count(recipients)
            ),
            format!("use --recipient {} or a lower number", recipients - 1),
        ));
    }
    let whose = TraceTarget { plan, stream, recipient: args.recipient, replication: args.replication };
    output::print(&report::trace(&scenario, whose, &study::trace(&scenario, whose)))
}
