//! `failsim trace`: one recipient's life.

use super::args::Trace;
use super::failure::Failure;
use super::{load, output};
use crate::scenario::Scenario;
use crate::study::Whose;
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
    let stream = stream(args, &scenario)?;
    let recipients = scenario.streams[stream].traffic.recipients;
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
    let whose = Whose { plan, stream, recipient: args.recipient, replication: args.replication };
    output::print(&report::trace(&scenario, whose, &study::trace(&scenario, whose)))
}

/// The stream that is meant: the one named, or the first.
fn stream(args: &Trace, scenario: &Scenario) -> Result<usize, Failure> {
    let Some(name) = &args.stream else { return Ok(0) };
    let names = || scenario.streams.iter().map(|stream| stream.name.as_str());
    names().position(|known| known == name).ok_or_else(|| {
        let known: Vec<_> = names().filter(|name| !name.is_empty()).collect();
        let hint = if known.is_empty() {
            "leave --stream out: the scenario's traffic has no name".to_owned()
        } else {
            format!("its streams are {}", known.join(", "))
        };
        Failure::usage(format!("the scenario has no stream of traffic named {name:?}"), hint)
    })
}
