//! Builds streams of traffic: who arrives, with which deadline and priority, and under which plan.

use super::{Builder, optional};
use crate::scenario::diagnostic::shown;
use crate::scenario::model::{Scenario, Stream};
use crate::scenario::record::{Record, Value};
use crate::scenario::suggest::help;
use crate::traffic::{MAX_RECIPIENTS, SegmentMix};
use crate::units::{Probability, Span};

/// Returns the traffic tables, one or more.
pub(super) fn records(scenario: &Record) -> Option<&[Record]> {
    match &scenario.entry("traffic")?.value {
        Value::Table(record) => Some(std::slice::from_ref(record)),
        Value::List(records) => Some(records),
        _ => None,
    }
}

impl Builder<'_> {
    /// Builds all streams. Names are required when there are several; `deadline` is the default of a stream without its own.
    pub(super) fn streams(
        &mut self,
        records: &[Record],
        deadline: Option<Span>,
        shares: Option<&[Probability]>,
    ) -> Vec<Option<Stream>> {
        self.unique_names("stream", records);
        let mut streams: Vec<_> = records.iter().map(|record| self.stream(record, deadline, shares)).collect();
        if let Some(unnamed) = records.iter().find(|record| records.len() > 1 && !record.has("name")) {
            let help = "add a name to each stream, such as name = \"pin\"";
            let place = unnamed.place.clone();
            streams.push(self.reject(
                place,
                "this stream of traffic has no name",
                "expected `name` where there are several streams",
                help,
            ));
        }
        let recipients = streams.iter().flatten().map(|stream| stream.traffic.recipients);
        if recipients.sum::<u64>() > MAX_RECIPIENTS {
            let place = records.first().map(|record| record.place.clone()).unwrap_or_default();
            let message = "the streams have too many recipients in total";
            let expected = format!("expected at most {MAX_RECIPIENTS}");
            streams.push(self.reject(place, message, expected, "write fewer recipients"));
        }
        streams
    }

    fn stream(&mut self, record: &Record, deadline: Option<Span>, shares: Option<&[Probability]>) -> Option<Stream> {
        let mix = self.mix(record, shares);
        let traffic = self.traffic(record);
        let deadline = match optional::<&Record>(record, "goal")? {
            Some(goal) => goal.get("deadline"),
            None => deadline,
        };
        let mut traffic = traffic?;
        match traffic.segments {
            SegmentMix::Listed(_) if record.has("mix") => {
                let message = "`mix` does not apply here: the file of arrivals names the segment of each recipient";
                return self.reject(
                    record.place_of_key("mix"),
                    message,
                    "not allowed with a `segment` column",
                    "remove `mix`",
                );
            }
            SegmentMix::Listed(_) => {}
            _ => traffic.segments = mix?,
        }
        Some(Stream {
            name: record.get_or("name", "")?.to_owned(),
            traffic,
            deadline: deadline?,
            priority: u8::try_from(record.get_or("priority", 0_u64)?).ok()?,
            plan: None,
        })
    }

    /// Returns the index of each stream's own plan, if it has one. `plans` is `None` when nothing is known about them.
    pub(super) fn own_plans(&mut self, streams: &[Record], plans: Option<&[Record]>) -> Option<Vec<Option<usize>>> {
        let own: Vec<Option<Option<usize>>> = streams
            .iter()
            .map(|stream| match optional::<&str>(stream, "plan")? {
                Some(name) => self.plan_of(stream, name, plans?).map(Some),
                None => Some(None),
            })
            .collect();
        let own = super::all(own)?;
        let is_compared = |plan: usize| !own.contains(&Some(plan));
        let all_taken = plans.is_some_and(|plans| !(0..plans.len()).any(is_compared));
        let last = streams.iter().rfind(|stream| stream.has("plan"));
        let Some(last) = last.filter(|_| all_taken || own.iter().all(Option::is_some)) else { return Some(own) };
        let (message, help) = if all_taken {
            ("no plan is left to compare", "add a plan for the streams without `plan`")
        } else {
            ("no stream follows the plans that are compared", "remove `plan` from the stream that should follow them")
        };
        self.reject(last.place_of_key("plan"), message, "expected a stream without `plan`, and a plan for it", help)
    }

    /// Returns the index of the stream named `name`.
    pub(super) fn stream_of(&mut self, record: &Record, name: &str, streams: &[Record]) -> Option<usize> {
        let names = || streams.iter().map(|stream| stream.get::<&str>("name").unwrap_or_default());
        if let Some(index) = names().position(|known| known == name) {
            return Some(index);
        }
        let known: Vec<_> = names().filter(|name| !name.is_empty()).collect();
        let help = if known.is_empty() { "remove `stream`".to_owned() } else { help(name, known) };
        let message = format!("no stream of traffic named `{}`", shown(name));
        self.reject(record.place_of("stream"), message, "expected a stream of this scenario", help)
    }
}

impl Scenario {
    /// Moves the plans that belong to streams into those streams, as `own` says for each stream. The plans left are compared.
    pub(super) fn assign_plans(&mut self, own: &[Option<usize>]) {
        for (stream, plan) in self.streams.iter_mut().zip(own) {
            stream.plan = plan.map(|plan| self.plans[plan].clone());
        }
        let kept: Vec<_> = (0..self.plans.len()).filter(|&plan| !own.contains(&Some(plan))).collect();
        self.retain_plans(&kept);
    }
}
