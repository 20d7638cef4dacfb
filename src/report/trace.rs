//! A recipient's trace as text: one line for each event.

use super::words;
use crate::engine::{Notice, StepEnd, Strategy, Submission};
use crate::provider::PersistentOutcome;
use crate::scenario::{Plan, Scenario};
use crate::sim::AdmissionDecision;
use crate::study::{Event, Trace, TraceTarget};
use crate::units::{Money, Span, Time};
use std::fmt::Write;

/// A recipient's trace, for people to read.
#[must_use]
pub fn trace(scenario: &Scenario, target: TraceTarget, trace: &Trace) -> String {
    let TraceTarget { plan, stream, recipient, .. } = target;
    let stream = &scenario.streams[stream];
    let followed = scenario.plan_of(stream, plan);
    let writer = EventWriter {
        scenario,
        plan: followed.in_segment(trace.segment),
        deadline: stream.deadline,
        arrival: trace.arrival,
    };
    let of_stream = if stream.name.is_empty() { String::new() } else { format!(" of {}", stream.name) };
    let own = stream.plan.as_ref().map(|own| format!(", which follows {}", own.name)).unwrap_or_default();
    let mut text = format!(
        "recipient {recipient} of {}{of_stream} under plan {}{own}, seed {}\narrives at {}; times are since then\n\n",
        words::whole(crate::study::recipients_in(scenario, target.stream, target.replication)),
        scenario.plans[plan].name,
        scenario.seed,
        clock(trace.arrival.since(Time::ZERO)) + &by_clock(scenario, trace.arrival)
    );
    writer.line(&mut text, trace.arrival, "flow      started");
    writer.segment(&mut text, trace, followed);
    writer.person(&mut text, trace);
    let mut last = trace.arrival;
    for (at, event) in &trace.events {
        if let Some(said) = writer.event(event) {
            writer.line(&mut text, *at, &said);
        }
        last = *at;
    }
    text.push('\n');
    writer.summary(&mut text, trace, last);
    writer.callbacks(&mut text, trace);
    text
}

/// What the clock shows at this time, if that is known: ` (2026-11-27 08:02:08)`.
fn by_clock(scenario: &Scenario, at: Time) -> String {
    let second = Span::from_secs(at.as_micros() / 1_000_000);
    scenario.starts_at.map_or_else(String::new, |starts_at| format!(" ({})", starts_at.after(second)))
}

struct EventWriter<'a> {
    scenario: &'a Scenario,
    /// The plan that is followed, none of them a composite.
    plan: &'a Plan,
    deadline: Span,
    arrival: Time,
}

impl EventWriter<'_> {
    fn line(&self, text: &mut String, at: Time, said: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:>14}  {said}", clock(at.since(self.arrival)));
    }

    /// The recipient's segment, and the plan that a composite gives it.
    fn segment(&self, text: &mut String, trace: &Trace, followed: &Plan) {
        if let Some(segment) = self.scenario.people.segments.get(trace.segment.index()) {
            let own = followed.by_segment.as_ref().map(|_| format!(", which follows {}", self.plan.name));
            self.line(text, trace.arrival, &format!("segment   {segment}{}", own.unwrap_or_default()));
        }
    }

    /// What is so for the recipient whatever happens.
    fn person(&self, text: &mut String, trace: &Trace) {
        let back = trace.phone_back;
        if back > trace.arrival {
            let off = match back.is_never() {
                true => "is off and stays off".to_owned(),
                false => format!("is off until {}", clock(back.since(trace.arrival))),
            };
            self.line(text, trace.arrival, &format!("phone     {off}"));
        }
        for &(provider, outcome) in &trace.persistent {
            let spec = &self.scenario.providers[provider];
            let always = match outcome {
                // Nothing stands in the way of such a person but a phone that is off.
                PersistentOutcome::Status(status) if status.is_delivery() => continue,
                PersistentOutcome::Rejected => "is rejected".to_owned(),
                PersistentOutcome::Silent => "stays silent".to_owned(),
                PersistentOutcome::Status(status) => format!("ends with {status}"),
            };
            let over = if spec.name == spec.channel { String::new() } else { format!(" ({})", spec.channel) };
            let said = format!("person    at {}{over}, every attempt {always}", spec.name);
            self.line(text, trace.arrival, &said);
        }
    }

    fn event(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::TurnedDown { submission, provider, decision } => {
                let Submission { attempt, step } = submission;
                let said = said(*decision);
                format!("submit    attempt {} to {} (step {}): {said}", attempt + 1, self.name(*provider), step + 1)
            }
            Event::Submitted { submission, provider, decision, ttl, charge } => {
                let line = self.submitted(*submission, *provider, *ttl, *charge);
                match decision {
                    AdmissionDecision::Rejected
                    | AdmissionDecision::FailsAtSubmission
                    | AdmissionDecision::InOutage
                    | AdmissionDecision::NotPermitted => {
                        format!("{line}: {}", said(*decision))
                    }
                    _ => line,
                }
            }
            Event::Waits { submission, kept } => {
                let place = if *kept { "waits at the provider, cannot be recalled" } else { "waits at the sender" };
                format!("queue     attempt {} {place}", submission.attempt + 1)
            }
            Event::Departed(s) => format!("queue     attempt {} departs", s.attempt + 1),
            Event::ExpiredInQueue(s) => format!("queue     attempt {} expires: its validity is over", s.attempt + 1),
            Event::Cancelled(s) => format!("queue     attempt {} is cancelled at the ttl", s.attempt + 1),
            Event::Reached(s) => {
                format!("recipient gets the message by {} (attempt {})", self.channel(s.step), s.attempt + 1)
            }
            Event::Opened(s) => format!("recipient opens it (attempt {})", s.attempt + 1),
            Event::Reported { attempt, status } => format!("report    attempt {}: {status}", attempt + 1),
            Event::TimedOut => "timer     expires".to_owned(),
            Event::Noticed(notice) => self.notice(notice)?,
        })
    }

    fn submitted(&self, submission: Submission, provider: usize, ttl: Span, charge: Money) -> String {
        let Submission { attempt, step } = submission;
        let wait = if ttl.is_unlimited() { "no ttl".to_owned() } else { format!("ttl {ttl}") };
        let charge = format!("cost {}", self.money(charge));
        format!("submit    attempt {} to {} (step {}, {wait}), {charge}", attempt + 1, self.name(provider), step + 1)
    }

    /// The end of a step or of the flow. A message's change of status is shown by its report, so it gets no line here.
    fn notice(&self, notice: &Notice) -> Option<String> {
        match notice {
            Notice::Message { .. } | Notice::TurnedDown { .. } => None,
            Notice::Step { step, end } => Some(format!("step {}    {}", step + 1, ending(end))),
            Notice::Flow { status, .. } => Some(format!("flow      {status}")),
        }
    }

    fn summary(&self, text: &mut String, trace: &Trace, last: Time) {
        let reached = match trace.deliveries {
            0 => "does not get the message".to_owned(),
            n => {
                let after = trace.first_delivery.since(trace.arrival);
                let deadline = self.deadline;
                let in_time = if after <= deadline { "in time" } else { "too late" };
                let again = if n > 1 { format!(", {n} times in total") } else { String::new() };
                format!("gets the message after {} ({in_time}; the deadline is {deadline}){again}", clock(after))
            }
        };
        let _ = writeln!(text, "recipient {reached}");
        let _ = writeln!(text, "flow      {}; last event after {}", trace.status, clock(last.since(trace.arrival)));
        let _ = writeln!(text, "cost      {}", self.money(trace.cost));
    }

    /// The callbacks that a webhook would have received.
    fn callbacks(&self, text: &mut String, trace: &Trace) {
        for strategy in Strategy::ALL {
            let carried = trace.events.iter().filter_map(|(at, event)| match event {
                Event::Noticed(notice) if strategy.carries(notice) => Some((*at, notice)),
                _ => None,
            });
            let carried: Vec<_> = carried.collect();
            let plural = if carried.len() == 1 { "" } else { "s" };
            let _ = writeln!(text, "\nwebhook with {}: {} callback{plural}", strategy.word(), carried.len());
            for (at, notice) in carried {
                self.line(text, at, &self.callback(notice));
            }
        }
    }

    fn callback(&self, notice: &Notice) -> String {
        match notice {
            Notice::Message { attempt, step, status } => {
                format!("attempt {} ({}): {status}", attempt + 1, self.channel(*step))
            }
            Notice::Step { step, end } => format!("step {} ({}): {}", step + 1, self.channel(*step), ending(end)),
            Notice::TurnedDown { attempt, provider, .. } => {
                format!("attempt {}: turned down by {}", attempt + 1, self.name(*provider))
            }
            Notice::Flow { status, step } => format!("flow: {status} (by {})", self.channel(*step)),
        }
    }

    fn money(&self, amount: Money) -> String {
        format!("{} {}", amount.as_units(), self.scenario.currency)
    }

    fn name(&self, provider: usize) -> &str {
        &self.scenario.providers[provider].name
    }

    fn channel(&self, step: u8) -> &str {
        let provider = self.plan.flow.step(step).pool.members()[0];
        &self.scenario.providers[provider].channel
    }
}

/// Why a provider does not accept an attempt.
const fn said(decision: AdmissionDecision) -> &'static str {
    match decision {
        AdmissionDecision::NotPermitted => "not permitted, its circuit is open",
        AdmissionDecision::Rejected => "rejected, it is over its limit",
        AdmissionDecision::InOutage => "rejected, it has an outage",
        _ => "rejected at submission",
    }
}

/// A span to the millisecond: `0.928s`, `2m05.120s`, `1h02m03.000s`.
fn clock(span: Span) -> String {
    let millis = (span.as_micros() + 500) / 1_000;
    let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1_000 % 60);
    let millis = millis % 1_000;
    match (hours, minutes) {
        (0, 0) => format!("{seconds}.{millis:03}s"),
        (0, _) => format!("{minutes}m{seconds:02}.{millis:03}s"),
        _ => format!("{hours}h{minutes:02}m{seconds:02}.{millis:03}s"),
    }
}

fn ending(end: &StepEnd) -> String {
    match end {
        StepEnd::Met(status) => format!("succeeded: {status}"),
        StepEnd::Bad(status) => format!("failed: {status}"),
        StepEnd::TimedOut => "ttl passed: expired".to_owned(),
        StepEnd::LateSuccess => "late success: an earlier step delivered".to_owned(),
        StepEnd::GaveUp => "gave up: give_up_after passed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_to_the_millisecond() {
        let told = |seconds| clock(Span::from_secs_f64(seconds));
        assert_eq!([told(0.0), told(0.927_906), told(59.999_6)], ["0.000s", "0.928s", "1m00.000s"]);
        assert_eq!([told(125.12), told(3_723.0), told(90_000.0)], ["2m05.120s", "1h02m03.000s", "25h00m00.000s"]);
    }
}
