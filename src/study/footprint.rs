//! Estimates the memory of a scenario whose recipients share capacity, circuits or outages: they are simulated together, and held in memory
//! together. Independent recipients are simulated batch by batch, and need next to none.

use super::{horizon, ready};
use crate::provider::ProviderSpec;
use crate::rng::RngKey;
use crate::scenario::{Plan, Scenario, Stream};
use crate::sim::{ExecutionMode, Model, RunContext, Timeline, is_feed_forward};
use crate::units::Time;

/// Estimates below this (bytes) need no closer look.
const LITTLE: u64 = 1 << 30;
/// Bytes for each active recipient when event-driven: measured with 4 million recipients.
const MOST_ACTIVE: f64 = 200.0;
/// Bytes for each recipient when feed-forward, and the additional bytes (`GOES_ON`) for each one who moves on to another step: measured
/// with 4 million recipients.
const IN_LINE: f64 = 10.0;
const GOES_ON: f64 = 100.0;
/// A safety factor for the recipients who move on: more do than the shares of outcomes imply, because outages and queues delay others.
const RESERVE: f64 = 2.0;

/// The approximate memory (bytes) needed to run up to `replications` replications of `scenario` on `threads` threads. The number of
/// recipients active at the same time depends on what happens to them, so this is an estimate, more likely too high than too low.
#[must_use]
pub fn footprint(scenario: &Scenario, replications: u32, threads: usize) -> u64 {
    if !scenario.is_shared() {
        return 0;
    }
    let plans = scenario.plans.len();
    let at_once = ready::at_once(plans, scenario.recipients() * plans as u64, threads).min(replications.max(1));
    let runs = (plans * at_once as usize).min(threads) as f64;
    let most = (runs * scenario.recipients() as f64 * MOST_ACTIVE) as u64;
    if most <= LITTLE { most } else { (runs * largest_run(scenario)) as u64 }
}

/// The memory (bytes) of the plan that needs the most.
fn largest_run(scenario: &Scenario) -> f64 {
    let model = Model::new(scenario);
    let (rng, timeline) = (RngKey::new(scenario.seed, 0), Timeline::over(Time::from_micros(1)));
    let run = RunContext { model: &model, rng, timeline, mode: ExecutionMode::Fastest };
    let of_plan = |index: usize| {
        let feeds_forward = is_feed_forward(&run, index);
        let of_stream = |stream: &Stream| {
            // The most that any segment needs, for all of them.
            let each = |plan: &Plan| match feeds_forward {
                true => IN_LINE + GOES_ON * (RESERVE * missed(scenario, plan)).min(1.0),
                false => MOST_ACTIVE * at_one_time(stream, plan),
            };
            let most = scenario.plan_of(stream, index).members().iter().map(each).fold(0.0, f64::max);
            stream.traffic.recipients as f64 * most
        };
        scenario.streams.iter().map(of_stream).sum::<f64>()
    };
    (0..scenario.plans.len()).map(of_plan).fold(0.0, f64::max)
}

/// The share of recipients that the first step does not reach, if there is another step; otherwise 0.
fn missed(scenario: &Scenario, plan: &Plan) -> f64 {
    let first = &scenario.providers[plan.flow.step(0).pool.members()[0]];
    let off = scenario.people.phone_off.as_ref().filter(|_| first.needs_phone).map_or(0.0, |off| off.share.get());
    let share = first.all().map(ProviderSpec::reachable).fold(1.0, f64::min) * (1.0 - off);
    if plan.flow.steps().len() > 1 { (1.0 - share).max(0.0) } else { 0.0 }
}

/// The share of a stream's recipients who are active at the same time: those who arrive while the plan's steps wait.
fn at_one_time(stream: &Stream, plan: &Plan) -> f64 {
    let (patience, arrivals) = (horizon::patience(plan).as_secs_f64(), stream.traffic.last_arrival().as_secs_f64());
    if arrivals > patience { patience / arrivals } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;

    /// Eight replications of a million recipients: 200 MB one after the other on one thread, 1.5 GB all at the same time on eight
    /// (measured).
    #[test]
    fn replications_that_are_played_at_one_time_are_counted() {
        let text = "[goal]\ndeadline = \"60s\"\n[traffic]\nrecipients = 1_000_000\narrivals = { uniform = { over = \"10s\" } }\n\
                    [providers.a]\nchannel = \"sms\"\ncapacity = { rate = \"2000/s\" }\n\
                    outcomes = [{ status = \"delivered\", share = 0.6, after = { constant = \"1s\" } }]\n\
                    [[plans]]\nname = \"p\"\nsteps = [{ provider = \"a\", ttl = \"60s\" }, { provider = \"a\", ttl = \"5m\" }]\n";
        let scenario = parse(text, "a.toml", std::path::Path::new(".")).expect("a valid scenario");
        let megabytes = |replications, threads| footprint(&scenario, replications, threads) / 1_000_000;
        assert_eq!([megabytes(8, 1), megabytes(1, 8)], [200, 200]);
        assert!((1_400..=1_600).contains(&megabytes(8, 8)), "{}", megabytes(8, 8));
    }

    /// 4 million recipients who all arrive within ten seconds, at providers with a capacity of 3 000 a second, take 380 MB feed-forward and
    /// 780 MB event-driven (measured), and a tenth of that if they arrive within an hour and are event-driven.
    #[test]
    fn footprints_are_those_measured() {
        let scenario = |over: &str, extra: &str| {
            let text = format!(
                "title = \"x\"\nseed = 1\ncurrency = \"EUR\"\n[goal]\ndeadline = \"60s\"\n[traffic]\nrecipients = 4_000_000\n\
                 arrivals = {{ uniform = {{ over = \"{over}\" }} }}\n\
                 [providers.a]\nchannel = \"viber\"\ncapacity = {{ rate = \"2000/s\" }}\n\
                 [[providers.a.outcomes]]\nstatus = \"delivered\"\nshare = 0.6\nafter = {{ constant = \"1s\" }}\n\
                 [providers.b]\nchannel = \"sms\"\ncapacity = {{ rate = \"1000/s\" }}\n\
                 [[providers.b.outcomes]]\nstatus = \"delivered\"\nshare = 0.6\nafter = {{ constant = \"1s\" }}\n\
                 [[plans]]\nname = \"p\"\nsteps = [{{ provider = \"a\", ttl = \"60s\" }}, {{ provider = \"b\", ttl = \"5m\" }}{extra}]\n"
            );
            let scenario = parse(&text, "a.toml", std::path::Path::new(".")).expect("a valid scenario");
            largest_run(&scenario) / 1e6
        };
        let again = ", { provider = \"a\", ttl = \"1s\" }";
        assert!((300.0..500.0).contains(&scenario("10s", "")), "{}", scenario("10s", ""));
        assert!((600.0..900.0).contains(&scenario("10s", again)), "{}", scenario("10s", again));
        assert!(scenario("1h", again) < 100.0, "{}", scenario("1h", again));
    }
}
