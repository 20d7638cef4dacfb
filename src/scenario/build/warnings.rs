//! Warnings: valid input that is probably a mistake.

use super::{Builder, VOICE};
use crate::calendar::Moment;
use crate::engine::BreakerRules;
use crate::provider::{Capacity, Effect, Outage, ProviderSpec, When};
use crate::scenario::diagnostic::{Diagnostic, Fault, shown};
use crate::scenario::model::{Plan, Scenario, Stream};
use crate::scenario::record::{Record, Value};
use crate::status::SuccessFloor;
use crate::traffic::{Arrivals, Traffic};
use crate::units::{Rate, Span, Time};

/// The number of standard errors above its mean that a count almost never exceeds.
const UNLIKELY: f64 = 3.0;

impl Builder<'_> {
    /// Adds warnings about the scenario built from `record`.
    pub(super) fn warn(&mut self, record: &Record, scenario: &Scenario) {
        let providers = record.get::<&Record>("providers").map_or(&[][..], |providers| &providers.entries);
        let used = scenario.used_providers();
        let last_end = std::cell::LazyCell::new(|| last_end(scenario));
        for ((entry, rules), provider) in providers.iter().zip(&scenario.breakers).zip(0..) {
            let Value::Table(table) = &entry.value else { continue };
            if let Some(rules) = rules {
                self.warn_about_breaker(table, rules, most_in_window(scenario, provider, rules.window));
            }
            if used.contains(&provider) {
                self.warn_about_pace(table, scenario);
                self.warn_about_outages(table, &scenario.providers[provider], scenario.starts_at, &last_end);
            }
        }
        for plan in record.get::<&[Record]>("plans").unwrap_or_default() {
            let simulated =
                scenario.plans.iter().chain(scenario.streams.iter().filter_map(|stream| stream.plan.as_ref()));
            let built = simulated.into_iter().find(|built| Some(built.name.as_str()) == plan.get("name"));
            let steps = plan.get::<&[Record]>("steps").unwrap_or_default();
            if let Some(built) = built {
                self.warn_about_floors(steps, built, scenario);
                self.warn_about_phones(steps, built, scenario);
                self.warn_about_pools(steps, built, scenario);
            }
        }
    }

    /// Warns about outages that begin after the last step has ended. Reports may still come then, and attempts leave a queue.
    fn warn_about_outages(
        &mut self,
        provider: &Record,
        spec: &ProviderSpec,
        starts_at: Option<Moment>,
        last_end: &std::cell::LazyCell<Option<Time>, impl FnOnce() -> Option<Time>>,
    ) {
        let is_late = |effect: Effect| matches!(effect, Effect::ReportsLost | Effect::ReportsLate { .. });
        let is_known = |outage: &Outage| matches!(outage.when, When::Window { .. }) && !is_late(outage.effect);
        if spec.capacity.is_some() || !spec.outages.iter().any(is_known) {
            return;
        }
        let Some(end) = **last_end else { return };
        let named = |at: Time| {
            let since = at.since(Time::ZERO);
            starts_at.map_or_else(|| since.to_string(), |starts_at| starts_at.after(since).to_string())
        };
        let records = provider.get::<&[Record]>("outages").unwrap_or_default();
        for (record, outage) in records.iter().zip(&spec.outages).filter(|(_, outage)| is_known(outage)) {
            let When::Window { from, .. } = outage.when else { continue };
            if from > end {
                let fault = Fault::new(
                    format!(
                        "no attempt is likely to meet this outage: it begins at {}, after the last step",
                        named(from)
                    ),
                    format!("the last step ends by {}", named(end)),
                    "write an earlier time",
                );
                self.warnings.push(Diagnostic::at(record.place_of("from"), fault));
            }
        }
    }

    /// Warns about a rate per day or hour that many recipients meet at once: a pace, where a quota may be meant.
    fn warn_about_pace(&mut self, provider: &Record, scenario: &Scenario) {
        let Some(capacity) = provider.get::<&Record>("capacity") else { return };
        let Some(rate) = capacity.get::<Rate>("rate") else { return };
        if capacity.has("quota") || capacity.get("over_limit") == Some("reject") {
            return;
        }
        let place = capacity.place_of("rate");
        let text = self.text.get(place.clone()).unwrap_or_default();
        let per = [("/d", "1d"), ("/h", "1h")].into_iter().find(|(unit, _)| text.contains(unit));
        let is_blast = |stream: &Stream| matches!(stream.traffic.arrivals, Arrivals::Blast);
        let Some((_, per)) = per.filter(|_| !capacity.has("burst") && scenario.streams.iter().any(is_blast)) else {
            return;
        };
        let pace = Span::from_secs_f64(1.0 / rate.per_second());
        let limit = rate.per_second() * if per == "1d" { 86_400.0 } else { 3_600.0 };
        let fault = Fault::new(
            format!("this rate lets one message leave every {pace}, however many come at once"),
            "recipients arrive as a blast",
            format!(
                "write quota = {{ limit = {limit:.0}, per = \"{per}\" }} if all of them may leave at once, or `burst`"
            ),
        );
        self.warnings.push(Diagnostic::at(place, fault));
    }

    /// Warns about a breaker that is unlikely ever to collect the number of results that it needs.
    fn warn_about_breaker(&mut self, provider: &Record, rules: &BreakerRules, most: f64) {
        let needed = f64::from(rules.at_least);
        let Some(record) = provider.get::<&Record>("breaker") else { return };
        if most == 0.0 || most + UNLIKELY * most.sqrt() >= needed {
            return;
        }
        let (key, place) = match record.has("at_least") {
            true => ("at_least", record.place_of("at_least")),
            false => ("breaker", provider.place_of_key("breaker")),
        };
        let expected = if most < 10.0 { format!("{most:.1}") } else { format!("{most:.0}") };
        let half = ((most / 2.0).floor() as u32).max(1);
        let fault = Fault::new(
            format!("this breaker is unlikely to open: no window is likely to hold {} results", rules.at_least),
            format!("about {expected} results are expected within {}", rules.window),
            match key {
                "at_least" => format!("write at_least = {half}, or a longer window"),
                _ => format!("`at_least` defaults to {}: write at_least = {half}, or a longer window", rules.at_least),
            },
        );
        self.warnings.push(Diagnostic::at(place, fault));
    }

    /// Warns about steps from which a phone that is off moves nobody on.
    fn warn_about_phones(&mut self, steps: &[Record], plan: &Plan, scenario: &Scenario) {
        if scenario.people.phone_off.is_none() {
            return;
        }
        let last = plan.flow.steps().len() - 1;
        for (step, rules) in steps.iter().zip(plan.flow.steps()).take(last) {
            let specs = rules.pool.members().iter().map(|&provider| &scenario.providers[provider]);
            let stuck = specs.filter(|spec| spec.needs_phone).find_map(|spec| {
                let status = spec.when_off.status()?;
                (!rules.failover_on.contains(status)).then_some((spec, status))
            });
            if let Some((spec, status)) = stuck {
                let fault = Fault::new(
                    format!(
                        "a phone that is off ends `{}` here: `{}` reports {status}",
                        shown(&plan.name),
                        shown(&spec.name)
                    ),
                    format!("expected {status} in `failover_on`, or nobody is moved on"),
                    format!("add \"{status}\" to `failover_on`"),
                );
                self.warnings.push(Diagnostic::at(step.place_of("failover_on"), fault));
            }
        }
    }

    /// Warns about providers that no attempt can ever reach, because one before them takes them all.
    fn warn_about_pools(&mut self, steps: &[Record], plan: &Plan, scenario: &Scenario) {
        for (step, rules) in steps.iter().zip(plan.flow.steps()) {
            let Some(pool) = step.get::<&Record>("provider") else { continue };
            if pool.has("shortest_queue_of") {
                self.warn_about_no_queue(pool, rules.pool.members(), scenario);
            }
            if !pool.has("first_of") {
                continue;
            }
            let members = rules.pool.members();
            let Some(taker) = members.iter().position(|&provider| takes_all(scenario, provider)) else { continue };
            let Some(&next) = members.get(taker + 1) else { continue };
            let [taker, next] = [members[taker], next].map(|provider| shown(&scenario.providers[provider].name));
            let fault = Fault::new(
                format!("no attempt can reach `{next}`: `{taker}`, which is before it, never rejects any"),
                format!("expected `{taker}` to have a limited `queue`, a `breaker` or an outcome with `at_submission`"),
                format!("limit the queue of `{taker}`, such as queue = 100, or remove `{next}`"),
            );
            self.warnings.push(Diagnostic::at(pool.place_of("first_of"), fault));
        }
    }

    /// Warns about a pool that goes by queues with a member that has none: it takes everything while it is first.
    fn warn_about_no_queue(&mut self, pool: &Record, members: &[usize], scenario: &Scenario) {
        let Some(without) = members.iter().find(|&&provider| scenario.providers[provider].capacity.is_none()) else {
            return;
        };
        let name = shown(&scenario.providers[*without].name);
        let fault = Fault::new(
            format!(
                "nobody ever waits before `{name}`, which has no capacity: its queue is always one of the shortest"
            ),
            "expected providers with a `capacity`",
            format!("add a capacity to `{name}`, or write another kind of pool"),
        );
        self.warnings.push(Diagnostic::at(pool.place_of("shortest_queue_of"), fault));
    }

    /// Warns about steps that wait for a report that their channel does not send.
    fn warn_about_floors(&mut self, steps: &[Record], plan: &Plan, scenario: &Scenario) {
        for (step, rules) in steps.iter().zip(plan.flow.steps()) {
            let channel = scenario.providers[rules.pool.members()[0]].channel.as_str();
            if rules.success == SuccessFloor::Sent && channel == VOICE {
                let fault = Fault::new(
                    format!(
                        "a call is never `sent`: this step of `{}` succeeds only when the call is answered",
                        shown(&plan.name)
                    ),
                    "voice providers never report this status",
                    "remove `success`; the default is \"delivered\"",
                );
                self.warnings.push(Diagnostic::at(step.place_of("success"), fault));
            }
        }
    }
}

/// When the last step of the last recipient almost certainly has ended; `None` if a step may wait without end.
fn last_end(scenario: &Scenario) -> Option<Time> {
    let mut last = Time::ZERO;
    for stream in &scenario.streams {
        let arrival = stream.traffic.last_arrival();
        let arrival = match stream.traffic.arrivals {
            Arrivals::Poisson { rate_per_s } => {
                arrival.after(Span::from_secs_f64(UNLIKELY * (stream.traffic.recipients as f64).sqrt() / rate_per_s))
            }
            _ => arrival,
        };
        for plan in (0..scenario.plans.len()).flat_map(|plan| scenario.plan_of(stream, plan).members()) {
            let steps = plan.flow.steps().iter().fold(Span::ZERO, |sum, rules| sum.plus(rules.ttl));
            let patience = steps.min(plan.flow.give_up_after());
            if patience.is_unlimited() {
                return None;
            }
            last = last.max(arrival.after(patience));
        }
    }
    Some(last)
}

/// Whether a provider takes every attempt: no limit, circuit, outcome or outage can reject one.
fn takes_all(scenario: &Scenario, provider: usize) -> bool {
    let spec = &scenario.providers[provider];
    let rejects = |spec: &ProviderSpec| spec.outcomes.iter().any(|outcome| outcome.at_submission);
    let limited = |capacity: Capacity| capacity.queue < u64::MAX || capacity.quota.is_some_and(|quota| quota.rejects);
    let is_limited = spec.capacity.is_some_and(limited);
    let fails = spec.outages.iter().any(|outage| outage.effect == Effect::Fail);
    !(is_limited || fails || scenario.breakers[provider].is_some() || spec.all().any(rejects))
}

/// Estimates how many attempts a provider gets in the busiest window. A rate-limited provider gets at most what its rate lets through.
fn most_in_window(scenario: &Scenario, provider: usize, window: Span) -> f64 {
    let uses = |plan: &Plan| {
        let here = plan.flow.steps().iter().filter(|rules| rules.pool.members().contains(&provider));
        here.map(|rules| f64::from(rules.attempts)).sum::<f64>()
    };
    let of_stream = |stream: &Stream, plan: usize| {
        let shares = stream.traffic.segments.shares(scenario.segment_count(), stream.traffic.recipients);
        let plan = scenario.plan_of(stream, plan);
        let each = scenario.segments().zip(shares).map(|(segment, share)| share * uses(plan.in_segment(segment)));
        each.sum::<f64>() * busiest(&stream.traffic, window)
    };
    let of_plan = |plan: usize| scenario.streams.iter().map(|stream| of_stream(stream, plan)).sum::<f64>();
    let most = (0..scenario.plans.len()).map(of_plan).fold(0.0, f64::max);
    // A result per departure: attempts that are rejected, and those that a provider keeps for long, have theirs before.
    let paced = scenario.providers[provider].capacity.filter(|capacity| !capacity.keeps_queued() && capacity.queue > 0);
    paced
        .and_then(|capacity| capacity.rate)
        .map_or(most, |rate| most.min(rate.per_second() * window.as_secs_f64() + 1.0))
}

/// Returns the number of recipients that arrive in the busiest `window`.
fn busiest(traffic: &Traffic, window: Span) -> f64 {
    let (recipients, seconds) = (traffic.recipients as f64, window.as_secs_f64());
    let most = match &traffic.arrivals {
        Arrivals::Blast => recipients,
        Arrivals::Spread { over } | Arrivals::Uniform { over } => recipients * seconds / over.as_secs_f64(),
        Arrivals::Poisson { rate_per_s } | Arrivals::PoissonOver { rate_per_s, .. } => rate_per_s * seconds,
        Arrivals::Stages(stages) => {
            let expected: f64 = stages.iter().map(crate::traffic::ArrivalStage::expected).sum();
            let peak = stages.iter().map(|stage| stage.from_per_s.max(stage.to_per_s)).fold(0.0, f64::max);
            peak * seconds * recipients / expected
        }
        Arrivals::Times(times) => most_times(&times[..(traffic.recipients as usize).min(times.len())], window) as f64,
    };
    most.min(recipients)
}

/// Returns the maximum number of `times` within one window.
fn most_times(times: &[Time], window: Span) -> usize {
    let mut times = times.to_vec();
    times.sort_unstable();
    let mut first = 0;
    let within = |(last, at): (usize, &Time)| {
        while times[first].after(window) < *at {
            first += 1;
        }
        last + 1 - first
    };
    times.iter().enumerate().map(within).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::SegmentMix;

    #[test]
    fn the_busiest_window_is_found_whatever_the_arrivals() {
        let secs = |s: f64| Span::from_secs_f64(s);
        let busiest = |arrivals, window| {
            busiest(&Traffic { recipients: 100, arrivals, segments: SegmentMix::Whole }, secs(window))
        };
        assert_eq!(busiest(Arrivals::Blast, 1.0), 100.0);
        assert_eq!(busiest(Arrivals::Uniform { over: secs(50.0) }, 10.0), 20.0);
        assert_eq!(busiest(Arrivals::Uniform { over: secs(5.0) }, 10.0), 100.0);
        assert_eq!(busiest(Arrivals::Poisson { rate_per_s: 0.5 }, 10.0), 5.0);
        let times = [50.0, 1.0, 12.0, 2.0, 11.0, 3.0].map(Time::from_secs_f64);
        assert_eq!(busiest(Arrivals::Times(times.into()), 10.0), 4.0, "of 1, 2, 3 and 11");
    }
}
