//! Random scenarios: everything that a scenario can contain, on a coarse time grid so that events often coincide.

use crate::build::{self, UNLIMITED};
use failsim::dist::{Dist, Shape};
use failsim::engine::{BreakerRules, LateDelivery, Pool, StepRules};
use failsim::provider::{
    Capacity, Counts, Discipline, Effect, Outage, OutcomeSpec, Price, ProviderSpec, QueueAt, Quota, Reports, Seen,
    When, WhenOff,
};
use failsim::scenario::{BySegment, People, Plan, Scenario};
use failsim::status::{Segment, SegmentSet, Status, StatusSet, SuccessFloor};
use failsim::traffic::{ArrivalStage, Arrivals, PhoneOff, SegmentMix};
use failsim::units::{Money, Probability, Rate, Span, Time};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::ops::Range;

/// A scenario and the settings of its run.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) scenario: Scenario,
    pub(crate) replication: u32,
    /// The horizon of the time bins.
    pub(crate) horizon: Time,
}

/// Any scenario of up to 4 providers, 4 plans and 2 000 recipients.
pub(crate) fn case() -> impl Strategy<Value = Case> {
    let grid = prop_oneof![Just(1_000_000_i64), Just(250_000), Just(60_000_000)];
    (grid, 1..=4_usize, 200..=2_000_u64).prop_flat_map(|(grid, providers, recipients)| {
        let grid = Grid(grid);
        let many_providers: Vec<_> = (0..providers).map(|i| provider(grid, i)).collect();
        let plans = vec(plan(grid, providers), 1..=4);
        let context = (any::<u64>(), 0..3_u32, grid.span(1..300), grid.span(1..100));
        (many_providers, plans, arrivals(grid, recipients), context, people(grid)).prop_map(
            move |(providers, plans, arrivals, (seed, replication, horizon, deadline), people)| {
                let mut scenario = build::scenario(recipients, providers, named(plans));
                scenario.people = people;
                (scenario.seed, scenario.deadline) = (seed, deadline);
                (scenario.streams[0].traffic.arrivals, scenario.streams[0].deadline) = (arrivals, deadline);
                Case { scenario, replication, horizon: Time::ZERO.after(horizon) }
            },
        )
    })
}

/// Any contended scenario: limited capacity, queues, priorities, pools, breakers, random outages, and up to three streams of
/// traffic.
pub(crate) fn shared_case() -> impl Strategy<Value = Case> {
    let grid = prop_oneof![Just(1_000_000_i64), Just(250_000)];
    (grid, 1..=4_usize, 20..=600_u64).prop_flat_map(|(grid, providers, recipients)| {
        let grid = Grid(grid);
        let many_providers: Vec<_> = (0..providers).map(|i| shared_provider(grid, i)).collect();
        let breakers: Vec<_> = (0..providers).map(|_| option::weighted(0.3, breaker(grid))).collect();
        let pooled = move || plan(grid, providers).prop_flat_map(move |plan| with_pools(plan, providers));
        let streams = vec((pooled(), arrivals(grid, recipients), 0..3_u8, any::<bool>()), 0..3);
        let plans = vec(pooled(), 1..=2);
        let context = (any::<u64>(), 0..3_u32, grid.span(1..300), grid.span(1..100));
        (many_providers, breakers, plans, streams, arrivals(grid, recipients), context, people(grid)).prop_map(
            move |(providers, breakers, plans, streams, arrivals, (seed, replication, horizon, deadline), people)| {
                let mut scenario = build::scenario(recipients, providers, named(plans));
                scenario.people = people;
                (scenario.seed, scenario.deadline, scenario.breakers) = (seed, deadline, breakers);
                (scenario.streams[0].traffic.arrivals, scenario.streams[0].deadline) = (arrivals, deadline);
                for (i, (plan, arrivals, priority, follows)) in streams.into_iter().enumerate() {
                    let mut stream = build::stream(&format!("stream {i}"), recipients, arrivals);
                    (stream.priority, stream.plan) = (priority, (!follows).then_some(plan));
                    scenario.streams.push(stream);
                }
                Case { scenario, replication, horizon: Time::ZERO.after(horizon) }
            },
        )
    })
}

/// Phones that are always on, off for a while, or off for good.
fn people(grid: Grid) -> BoxedStrategy<People> {
    let off = (probability(), option::weighted(0.8, dist(grid)));
    let phone_off = option::of(off.prop_map(|(share, back_after)| PhoneOff { share, back_after }));
    phone_off.prop_map(|phone_off| People { segments: Vec::new(), phone_off }).boxed()
}

/// What is different at a provider for one segment: nothing, everything that can be, or the provider is not available.
fn override_of(grid: Grid) -> BoxedStrategy<Option<ProviderSpec>> {
    let different =
        (provider(grid, 0), prop::bool::weighted(0.8)).prop_map(|(spec, is_available)| match is_available {
            true => spec,
            false => {
                let outcome = build::outcome(Status::Failed, 1.0, Dist::constant(Span::ZERO));
                ProviderSpec { outcomes: vec![OutcomeSpec { at_submission: true, ..outcome }], ..spec }
            }
        });
    option::weighted(0.5, different).boxed()
}

/// The case with up to three segments: mixes, lists, overrides, outages of some segments, and composites among the plans.
pub(crate) fn with_segments(case: Case) -> BoxedStrategy<Case> {
    let Case { scenario, .. } = &case;
    let (providers, plans, streams) = (scenario.providers.len(), scenario.plans.len(), scenario.streams.len());
    (1..=3_usize)
        .prop_flat_map(move |segments| {
            let grid = Grid(250_000);
            let overrides = vec(vec(override_of(grid), segments), providers);
            let mixes = vec((vec(0..4_u32, segments), any::<bool>()), streams);
            let limited = vec(vec(any::<bool>(), segments), providers);
            let composites = vec(vec(0..plans, segments), 0..=2);
            (Just(segments), overrides, mixes, limited, composites)
        })
        .prop_map(move |(segments, overrides, mixes, limited, composites)| {
            let mut case = case.clone();
            let scenario = &mut case.scenario;
            scenario.people.segments = (0..segments).map(|segment| format!("segment {segment}")).collect();
            for ((spec, of_segments), limited) in scenario.providers.iter_mut().zip(overrides).zip(limited) {
                let set: SegmentSet =
                    (0..).map(Segment::new).zip(limited).filter(|(_, is)| *is).map(|(segment, _)| segment).collect();
                let throttles = |outage: &Outage| matches!(outage.effect, Effect::Throttle { .. });
                spec.outages.iter_mut().filter(|outage| !throttles(outage)).for_each(|outage| outage.segments = set);
                let different = (0..).map(Segment::new).zip(of_segments);
                let resolved = different.filter_map(|(segment, other)| {
                    let ProviderSpec { price, honours_ttl, report_delay, outcomes, .. } = other?;
                    Some((segment, ProviderSpec { price, honours_ttl, report_delay, outcomes, ..spec.clone() }))
                });
                spec.segments = resolved.collect();
            }
            for (stream, (weights, is_listed)) in scenario.streams.iter_mut().zip(mixes) {
                let total = weights.iter().sum::<u32>();
                stream.traffic.segments = if segments == 1 {
                    SegmentMix::Whole
                } else if is_listed || total == 0 {
                    let of = |recipient: u64| (recipient % 5 % segments as u64) as u8;
                    SegmentMix::Listed((0..stream.traffic.recipients).map(of).collect())
                } else {
                    let share = |weight: u32| build::share(f64::from(weight) / f64::from(total));
                    SegmentMix::Shares(weights.into_iter().map(share).collect())
                };
            }
            let plain = scenario.plans.clone();
            for (number, of_segments) in composites.into_iter().enumerate() {
                let mut members: Vec<usize> = of_segments.clone();
                members.sort_unstable();
                members.dedup();
                let position = |plan: &usize| members.iter().position(|member| member == plan);
                let of_segment = of_segments.iter().map(|plan| position(plan).expect("one of them")).collect();
                let members: Vec<_> = members.iter().map(|&plan| plain[plan].clone()).collect();
                let (name, flow) = (format!("composite {number}"), members[0].flow.clone());
                let by_segment = Some(BySegment { members, of_segment });
                scenario.plans.push(Plan { name, flow, by_segment, ..plain[0].clone() });
            }
            case
        })
        .boxed()
}

fn shared_provider(grid: Grid, index: usize) -> BoxedStrategy<ProviderSpec> {
    let throttles = vec(throttle(grid), 0..2);
    let random = vec(random_outage(grid), 0..2);
    (provider(grid, index), option::weighted(0.8, capacity(grid)), throttles, random)
        .prop_map(|(mut spec, capacity, throttles, random)| {
            // All have the same channel, so that any of them can be in a pool.
            spec.channel = "sms".to_owned();
            spec.capacity = capacity;
            spec.outages.extend(random);
            if spec.capacity.is_some() {
                spec.outages.extend(throttles);
            }
            spec
        })
        .boxed()
}

fn capacity(grid: Grid) -> BoxedStrategy<Capacity> {
    // From one in nine grid times up to 200 in each.
    let rate = (1..=600_u64, 1..=3_i64)
        .prop_map(move |(events, points)| Rate::new(events, 0, Span::from_micros(3 * points * grid.0)));
    let concurrent = prop_oneof![2 => 1..10_u32, 1 => 10..500_u32];
    let queue = prop_oneof![3 => Just(u64::MAX), 1 => Just(0), 2 => 1..50_u64];
    let order = prop_oneof![
        3 => Just(Discipline::Fifo),
        2 => Just(Discipline::Priority),
        1 => Just(Discipline::NewestFirst)
    ];
    let limits = prop_oneof![
        3 => rate.clone().prop_map(|rate| (rate, None)),
        2 => concurrent.clone().prop_map(|lines| (None, Some(lines))),
        1 => (rate, concurrent.prop_map(Some)),
    ];
    let burst = option::of(prop_oneof![2 => 1..4_u32, 1 => 4..60_u32]);
    let counts = prop_oneof![Just(Counts::Messages), Just(Counts::Parts)];
    let quota = (3..60_u64, grid.span(1..40), grid.span(0..40), any::<bool>())
        .prop_map(|(limit, per, phase, rejects)| Quota { limit, per, phase, rejects });
    let queue_at = option::of(prop_oneof![Just(QueueAt::Provider), Just(QueueAt::Sender)]);
    let more = (burst, counts, option::weighted(0.2, quota), queue_at);
    (limits, queue, order, more)
        .prop_map(|((rate, concurrent), queue, order, (burst, counts, quota, queue_at))| Capacity {
            rate,
            burst,
            quota,
            counts,
            concurrent,
            queue,
            order,
            queue_at,
        })
        .boxed()
}

fn breaker(grid: Grid) -> BoxedStrategy<BreakerRules> {
    let times = (grid.span(1..40), grid.span(1..40), grid.span(1..40));
    (times, 1..30_u32, 0.1..=1.0_f64, 1..10_u32, triggers())
        .prop_map(|((window, open_for, missing_after), at_least, open_at, probes, failures)| BreakerRules {
            window,
            at_least,
            open_at,
            open_for,
            probes,
            missing_after,
            failures,
        })
        .boxed()
}

/// A window with little or no capacity left; a periodic one leaves some, so that queues are eventually served.
fn throttle(grid: Grid) -> BoxedStrategy<Outage> {
    let left = prop_oneof![1 => Just(0), 3 => 1..1_000_000_u32];
    (window(grid), left)
        .prop_map(|(when, left)| {
            let recurs = matches!(when, When::Window { every, .. } if every != UNLIMITED);
            let millionths = if recurs { left.max(100_000) } else { left };
            Outage { when, effect: Effect::Throttle { millionths }, share: Probability::ONE, segments: SegmentSet::ALL }
        })
        .boxed()
}

fn random_outage(grid: Grid) -> BoxedStrategy<Outage> {
    let when = (grid.span(5..60), grid.span(1..20));
    (when, effect(grid), probability())
        .prop_map(|((between, lasting), effect, share)| Outage {
            when: When::Random { between, lasting },
            effect,
            share,
            segments: SegmentSet::ALL,
        })
        .boxed()
}

/// Gives some steps of the plan a pool of several providers.
fn with_pools(plan: Plan, providers: usize) -> BoxedStrategy<Plan> {
    let steps = plan.flow.steps().len();
    let members = proptest::sample::subsequence((0..providers).collect::<Vec<_>>(), 1..=providers).prop_shuffle();
    let weights = vec(0.1..5.0_f64, providers);
    let pool = option::weighted(0.4, (members, option::of(weights), prop::bool::weighted(0.4)));
    vec(pool, steps)
        .prop_map(move |pools| {
            let mut plan = plan.clone();
            build::change_steps(&mut plan, |steps| {
                for (rules, pool) in steps.iter_mut().zip(pools) {
                    match pool {
                        None => {}
                        Some((members, _, true)) => rules.pool = Pool::shortest_queue_of(members),
                        Some((members, None, _)) => rules.pool = Pool::first_of(members),
                        Some((members, Some(weights), _)) => {
                            rules.pool = Pool::weighted(members.into_iter().zip(weights).collect());
                        }
                    }
                }
            });
            plan
        })
        .boxed()
}

fn named(plans: Vec<Plan>) -> Vec<Plan> {
    plans.into_iter().enumerate().map(|(i, plan)| Plan { name: format!("plan {i}"), ..plan }).collect()
}

/// The distance between the grid times on which most events happen [µs].
#[derive(Clone, Copy)]
struct Grid(i64);

impl Grid {
    fn span(self, points: Range<i64>) -> BoxedStrategy<Span> {
        points.prop_map(move |points| Span::from_micros(points * self.0)).boxed()
    }

    fn span_or_none(self, points: Range<i64>) -> BoxedStrategy<Span> {
        prop_oneof![4 => self.span(points), 1 => Just(UNLIMITED)].boxed()
    }
}

fn probability() -> BoxedStrategy<Probability> {
    let some = (0.0..=1.0).prop_map(build::share);
    prop_oneof![1 => Just(Probability::ONE), 1 => Just(Probability::ZERO), 2 => some].boxed()
}

// ---------------------------------------------------------------- latencies

fn dist(grid: Grid) -> BoxedStrategy<Dist> {
    let shift = prop_oneof![3 => Just(Span::ZERO), 1 => grid.span(0..5)];
    let max = prop_oneof![3 => Just(UNLIMITED), 1 => grid.span(1..30)];
    (shape(grid), shift, max).prop_map(|(shape, shift, max)| Dist { shape, shift, max }).boxed()
}

fn shape(grid: Grid) -> BoxedStrategy<Shape> {
    let uniform =
        (grid.span(0..10), grid.span(1..20)).prop_map(|(min, width)| Shape::Uniform { min, max: min.plus(width) });
    let lognormal = (grid.span(1..20), 0.1..1.5).prop_map(|(median, sigma)| Shape::Lognormal { median, sigma });
    prop_oneof![
        4 => grid.span(0..30).prop_map(Shape::Constant),
        4 => vec(grid.span(0..30), 1..6).prop_map(|spans| Shape::Empirical(spans.into())),
        1 => uniform,
        1 => grid.span(1..20).prop_map(|mean| Shape::Exponential { mean }),
        1 => lognormal,
    ]
    .boxed()
}

// ---------------------------------------------------------------- providers

fn provider(grid: Grid, index: usize) -> BoxedStrategy<ProviderSpec> {
    let report_delay = prop_oneof![2 => Just(Dist::constant(Span::ZERO)), 2 => dist(grid)];
    let behaviour = (any::<bool>(), report_delay, outcomes(grid), vec(outage(grid), 0..4));
    let when_off = prop_oneof![2 => Just(WhenOff::Wait), 1 => Just(WhenOff::NoAnswer), 1 => Just(WhenOff::Undelivered)];
    let reports = (probability(), probability(), probability())
        .prop_map(|(doubled, reordered, contradicted)| Reports { doubled, reordered, contradicted });
    let reports = prop_oneof![4 => Just(Reports::RELIABLE), 1 => reports];
    let hint = prop_oneof![2 => Just(Span::ZERO), 1 => grid.span(1..8)];
    (price(grid), behaviour, prop::bool::weighted(0.8), when_off, (hint, reports))
        .prop_map(
            move |(price, (honours_ttl, report_delay, outcomes, outages), needs_phone, when_off, (hint, reports))| {
                ProviderSpec {
                    price,
                    retry_after_hint: hint,
                    fees: None,
                    reports,
                    honours_ttl,
                    needs_phone,
                    when_off,
                    report_delay,
                    outages,
                    ..build::provider(&format!("p{index}"), outcomes)
                }
            },
        )
        .boxed()
}

/// Up to six outcomes and some silence, by weights.
fn outcomes(grid: Grid) -> BoxedStrategy<Vec<OutcomeSpec>> {
    (vec((outcome(grid), 1..8_u32), 1..7), 0..5_u32)
        .prop_map(|(weighted, silent)| {
            let total = weighted.iter().map(|(_, weight)| weight).sum::<u32>() + silent;
            let share = |weight: u32| build::share(f64::from(weight) / f64::from(total));
            weighted.into_iter().map(|(outcome, weight)| OutcomeSpec { share: share(weight), ..outcome }).collect()
        })
        .boxed()
}

fn outcome(grid: Grid) -> BoxedStrategy<OutcomeSpec> {
    let seen = (probability(), dist(grid)).prop_map(|(share, after)| Seen { share, after });
    let kinds = (prop::bool::weighted(0.3), prop::bool::weighted(0.3), prop::bool::weighted(0.9), 0..12_u32);
    (final_status(), dist(grid), option::of(seen), option::of(dist(grid)), kinds)
        .prop_map(|(status, after, seen, talk, (persistent, at_submission, reached, silent))| {
            let at_submission = at_submission && status == Status::Failed;
            let reached = reached || !status.is_delivery();
            let outcome = OutcomeSpec {
                seen: seen.filter(|_| status.is_delivery() && reached),
                talk: talk.filter(|_| matches!(status, Status::Answered | Status::Machine)),
                persistent,
                at_submission,
                reached,
                ..build::outcome(status, 0.0, after)
            };
            match silent {
                0 => {
                    OutcomeSpec { persistent, status: None, ..build::outcome(status, 0.0, Dist::constant(Span::ZERO)) }
                }
                _ => outcome,
            }
        })
        .boxed()
}

fn final_status() -> BoxedStrategy<Status> {
    use Status::{Answered, Busy, Delivered, Expired, Failed, Machine, NoAnswer, Queued, Sent, Undelivered};
    prop_oneof![
        6 => Just(Delivered),
        2 => Just(Answered),
        1 => Just(Machine),
        3 => Just(Failed),
        4 => prop_oneof![Just(Undelivered), Just(Expired), Just(Busy), Just(NoAnswer)],
        1 => prop_oneof![Just(Queued), Just(Sent)],
    ]
    .boxed()
}

fn price(grid: Grid) -> BoxedStrategy<Price> {
    let amount = || prop_oneof![1 => Just(0), 2 => 1..200_000_i64].prop_map(Money::from_micros);
    let increment = prop_oneof![Just(Span::from_micros(1_000_000)), grid.span(1..60)];
    (amount(), 1..4_u32, amount(), amount(), amount(), increment)
        .prop_map(|(submitted, parts, delivered, delivered_late, per_minute, increment)| Price {
            submitted,
            parts,
            delivered,
            delivered_late,
            per_minute,
            increment,
        })
        .boxed()
}

fn outage(grid: Grid) -> BoxedStrategy<Outage> {
    (window(grid), effect(grid), probability())
        .prop_map(|(when, effect, share)| Outage { when, effect, share, segments: SegmentSet::ALL })
        .boxed()
}

fn effect(grid: Grid) -> BoxedStrategy<Effect> {
    let slow = (prop_oneof![Just(1.0), Just(2.0), 0.0..5.0], grid.span(0..10));
    prop_oneof![
        Just(Effect::Silent),
        Just(Effect::Fail),
        Just(Effect::ReportsLost),
        slow.prop_map(|(factor, delay)| Effect::Slow { factor, delay }),
        (grid.span(0..10), any::<bool>()).prop_map(|(delay, until_end)| Effect::ReportsLate { delay, until_end }),
    ]
    .boxed()
}

fn window(grid: Grid) -> BoxedStrategy<When> {
    (grid.span(0..40), grid.span(1..40), option::of(grid.span(0..40)))
        .prop_map(|(from, length, pause)| When::Window {
            from: Time::ZERO.after(from),
            to: Time::ZERO.after(from.plus(length)),
            every: pause.map_or(UNLIMITED, |pause| length.plus(pause)),
        })
        .boxed()
}

// ---------------------------------------------------------------- plans

fn plan(grid: Grid, providers: usize) -> BoxedStrategy<Plan> {
    let late_delivery = prop_oneof![Just(LateDelivery::Finish), Just(LateDelivery::Ignore)];
    let give_up_after = prop_oneof![2 => Just(UNLIMITED), 1 => grid.span(1..100)];
    (vec((step(grid), carrier(grid, providers)), 1..=5), late_delivery, give_up_after)
        .prop_map(|(steps, late_delivery, give_up_after)| {
            let step = |(rules, (provider, validity)): (StepRules, (usize, Option<Span>))| {
                let validity = validity.unwrap_or(rules.ttl);
                build::carried_by(provider, StepRules { validity, ..rules })
            };
            build::named("", steps.into_iter().map(step).collect(), late_delivery, give_up_after)
        })
        .boxed()
}

fn carrier(grid: Grid, providers: usize) -> BoxedStrategy<(usize, Option<Span>)> {
    (0..providers, prop_oneof![3 => Just(None), 1 => grid.span_or_none(1..40).prop_map(Some)]).boxed()
}

fn step(grid: Grid) -> BoxedStrategy<StepRules> {
    let backoff = prop_oneof![2 => Just(StepRules::STEADY), 1 => StepRules::STEADY..4_000_000];
    let jitter = prop_oneof![2 => Just(0), 1 => 0..=StepRules::STEADY];
    let retries = (1..=3_u8, grid.span(0..6), backoff, jitter);
    (grid.span_or_none(1..40), triggers(), floor(), any::<bool>(), retries)
        .prop_map(|(ttl, failover_on, success, expires_unseen, (attempts, retry_after, backoff, jitter))| StepRules {
            failover_on,
            success,
            expire_on_delivery: expires_unseen && success == SuccessFloor::Seen,
            attempts,
            retry_after,
            backoff,
            jitter,
            ..build::step(ttl)
        })
        .boxed()
}

fn floor() -> BoxedStrategy<SuccessFloor> {
    use SuccessFloor::{Accepted, Delivered, Seen, Sent};
    prop_oneof![1 => Just(Accepted), 2 => Just(Sent), 5 => Just(Delivered), 3 => Just(Seen)].boxed()
}

/// Usually every bad status; otherwise any set of them.
fn triggers() -> BoxedStrategy<StatusSet> {
    use Status::{Busy, Expired, Failed, Machine, NoAnswer, Undelivered};
    const BAD: [Status; 6] = [Undelivered, Failed, Expired, Busy, NoAnswer, Machine];
    let some = proptest::sample::subsequence(&BAD[..], 0..=6).prop_map(|statuses| StatusSet::of(&statuses));
    prop_oneof![2 => Just(StatusSet::of(&BAD)), 1 => some].boxed()
}

// ---------------------------------------------------------------- arrivals

fn arrivals(grid: Grid, recipients: u64) -> BoxedStrategy<Arrivals> {
    let per_s = 1e6 / grid.0 as f64;
    let rate = move || prop_oneof![1 => Just(0.0), 4 => (0.1 * per_s)..(20.0 * per_s)];
    let stage = (grid.span(1..30), rate(), rate());
    let stage = stage.prop_map(|(over, from_per_s, to_per_s)| ArrivalStage { over, from_per_s, to_per_s });
    let stages = vec(stage, 1..4).prop_filter("somebody arrives", |stages| stages.iter().any(|s| s.expected() > 0.0));
    let times = grid.span(0..60).prop_map(move |last| on_the_grid(grid, last, recipients));
    prop_oneof![
        Just(Arrivals::Blast),
        grid.span(1..60).prop_map(|over| Arrivals::Spread { over }),
        grid.span(1..60).prop_map(|over| Arrivals::Uniform { over }),
        (per_s..50.0 * per_s).prop_map(|rate_per_s| Arrivals::Poisson { rate_per_s }),
        stages.prop_map(|stages| Arrivals::Stages(stages.into())),
        times,
    ]
    .boxed()
}

/// Times on the grid from 0 to `last`, repeated.
fn on_the_grid(grid: Grid, last: Span, recipients: u64) -> Arrivals {
    let points = last.as_micros() / grid.0 + 1;
    Arrivals::Times((0..recipients as i64).map(|i| Time::from_micros(i % points * grid.0)).collect())
}
