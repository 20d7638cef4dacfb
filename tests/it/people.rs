//! What is so for a recipient whichever channel is used: persistent outcomes and phones that are off. Closed forms, cases from the field
//! with their right values, and properties on random scenarios.
//!
//! Every bound is 4.5 standard errors of the estimate, computed from the true probability, as in `closed_forms`.

use crate::build::{
    change_steps, constant, exponential, lognormal, money, outcome, persistent, plan, provider, random_cases, scenario,
    share, span, step,
};
use crate::naive;
use crate::random_scenario::{Case, case};
use failsim::dist::Dist;
use failsim::engine::{Pool, StepRules};
use failsim::provider::{OutcomeSpec, PersistentOutcome, Price, Provider, ProviderSpec, SingleUse, WhenOff};
use failsim::rng::RngKey;
use failsim::scenario::{Plan, Scenario};
use failsim::sim::Progress;
use failsim::status::Segment;
use failsim::status::Status::{Answered, Delivered, Failed, Machine, Undelivered};
use failsim::study::{PlanResult, TraceTarget, compare, trace};
use failsim::traffic::PhoneOff;
use failsim::units::{Span, Time};
use proptest::prelude::*;
use statrs::distribution::{ContinuousCDF, LogNormal};

const N: u64 = 200_000;

fn results(scenario: &Scenario) -> Vec<PlanResult> {
    compare(scenario, 1, &Progress::default()).expect("nobody stops it").results.plans
}

fn result(scenario: &Scenario) -> PlanResult {
    results(scenario).remove(0)
}

#[track_caller]
fn is_share(measured: f64, of: u64, probability: f64) {
    let bound = 4.5 * (probability * (1.0 - probability) / of as f64).sqrt() + 1e-9;
    assert!((measured - probability).abs() <= bound, "{measured}, not {probability} ± {bound}");
}

fn phones(of_all: f64, back_after: Option<Dist>) -> Option<PhoneOff> {
    Some(PhoneOff { share: share(of_all), back_after })
}

/// A provider of this channel with these outcomes.
fn over(channel: &str, name: &str, outcomes: Vec<OutcomeSpec>) -> ProviderSpec {
    ProviderSpec { channel: channel.to_owned(), ..provider(name, outcomes) }
}

/// A share that can never be reached, and for the rest a delivery after a second.
fn missing(channel: &str, name: &str, of_all: f64) -> ProviderSpec {
    let dead = persistent(outcome(Undelivered, of_all, constant(2.0)));
    over(channel, name, vec![dead, outcome(Delivered, 1.0 - of_all, constant(1.0))])
}

/// A plan of one attempt at each of these providers.
fn chain(steps: &[usize]) -> Plan {
    plan("chain", steps.iter().map(|&provider| (provider, step(span(60.0)))).collect())
}

// ---------------------------------------------------------------- closed forms

/// 3 % dead numbers and 5 % phones that are off, the same for both routes: two steps reach 96.97 %. Taken as independent, the same share
/// of failures in each step would let them reach 99.47 %.
#[test]
fn two_routes_to_the_same_phones_reach_no_dead_number() {
    let providers = vec![missing("sms", "route-a", 0.03), missing("sms", "route-b", 0.03)];
    let steps = vec![(0, step(span(120.0))), (1, step(span(42.0 * 3_600.0)))];
    let mut same = scenario(N, providers, vec![plan("both", steps.clone())]);
    same.people.phone_off = phones(0.05, Some(lognormal(1_200.0, (24.0_f64).ln() / 1.644_853_627)));
    let back = LogNormal::new(1_200.0_f64.ln(), (24.0_f64).ln() / 1.644_853_627).expect("sigma is above zero");
    // Off for longer than both steps; a message is delivered a second after the phone is on.
    let off = |seconds: f64| 0.05 * (1.0 - back.cdf(seconds - 1.0));
    let truth = 0.97 * (1.0 - off(120.0 + 42.0 * 3_600.0));
    assert!((truth - 0.9697).abs() < 5e-5, "{truth}");
    let delivered = result(&same).delivered;
    is_share(delivered.share, N, truth);
    assert!(delivered.low <= Some(0.9697) && delivered.high >= Some(0.9697), "{delivered:?}");

    let fails = 0.03 + 0.97 * off(120.0);
    let independent = |name: &str| over("sms", name, vec![outcome(Delivered, 1.0 - fails, constant(1.0))]);
    let apart = scenario(N, vec![independent("route-a"), independent("route-b")], vec![plan("both", steps)]);
    let promised = result(&apart).delivered.share;
    is_share(promised, N, 1.0 - fails * fails);
    assert!((promised - 0.9947).abs() < 0.0007, "{promised}");
}

/// One number in ten is never reachable: 16 tries pay for each of them and reach none.
#[test]
fn retries_reach_no_dead_number_and_cost_each_time() {
    let dead = persistent(outcome(Failed, 0.1, constant(0.0)));
    let price = Price { submitted: money(0.01), ..Price::default() };
    let sms = ProviderSpec { price, ..over("sms", "sms", vec![dead, outcome(Delivered, 0.9, constant(1.0))]) };
    let retries = StepRules { attempts: 16, ..step(span(60.0)) };
    let all = result(&scenario(100_000, vec![sms], vec![plan("retries", vec![(0, retries)])]));
    is_share(all.delivered.share, 100_000, 0.9);
    let missed = 100_000.0 - all.delivered.count.0;
    assert_eq!(all.cost.total, ((all.delivered.count.0 + 16.0 * missed) * 10_000.0).round() / 1e6);
    assert!((all.cost.total - 2_500.0).abs() < 4.5 * 0.15 * (0.09 * 100_000.0_f64).sqrt(), "{}", all.cost.total);
}

/// Over two channels nobody is missed but those that both miss; over one channel the smaller share of the unreachable.
#[test]
fn persistent_shares_are_independent_across_channels_and_nested_within_one() {
    let providers = || vec![missing("sms", "sms", 0.3), missing("viber", "viber", 0.2), missing("sms", "other", 0.2)];
    let plans = vec![chain(&[0]), chain(&[0, 1]), chain(&[0, 2]), chain(&[2, 0]), chain(&[2]), chain(&[0, 0])];
    let all = results(&scenario(N, providers(), plans));
    let delivered: Vec<_> = all.iter().map(|plan| plan.delivered.share).collect();
    is_share(delivered[0], N, 0.7);
    is_share(delivered[1], N, 1.0 - 0.3 * 0.2);
    is_share(delivered[2], N, 0.8);
    assert_eq!([delivered[2], delivered[3]], [delivered[4]; 2], "the smaller set is part of the larger one");
    assert_eq!(delivered[5], delivered[0], "and a second try over the channel reaches nobody else");
}

/// The other outcomes are those of the people that the persistent ones leave.
#[test]
fn what_is_not_persistent_is_drawn_anew_among_the_others() {
    let outcomes = vec![
        outcome(Delivered, 0.45, constant(1.0)),
        persistent(outcome(Undelivered, 0.25, constant(1.0))),
        outcome(Failed, 0.15, constant(1.0)),
        OutcomeSpec { status: None, ..outcome(Failed, 0.1, constant(0.0)) },
    ];
    let twice = result(&scenario(N, vec![over("sms", "sms", outcomes)], vec![chain(&[0, 0])]));
    // Of the 75 % that can be reached, 60 % by each attempt.
    is_share(twice.delivered.share, N, 0.75 * (1.0 - 0.4 * 0.4));
    let [first, second] = twice.steps.as_slice() else { panic!("two steps") };
    is_share(first.outcomes["undelivered"].0 / N as f64, N, 0.25);
    is_share(first.outcomes["expired"].0 / N as f64, N, 0.75 * (0.1 + 0.05) / 0.75);
    assert_eq!(first.outcomes["undelivered"], second.outcomes["undelivered"], "the same people");
}

/// An off phone is back after an exponential time with mean `b`, a message takes one with mean `a`: delivered within the validity `v` are
/// the phones that are on, with `1 - exp(-v/a)`, and the others, with the convolution of the two.
#[test]
fn a_message_waits_for_the_phone_until_its_validity_ends() {
    let (a, b, v) = (20.0_f64, 90.0_f64, 60.0_f64);
    let sms = over("sms", "sms", vec![outcome(Delivered, 1.0, exponential(a))]);
    let mut all = scenario(N, vec![sms], vec![chain(&[0])]);
    all.people.phone_off = phones(0.4, Some(exponential(b)));
    let on = 1.0 - (-v / a).exp();
    let off = 1.0 - (b * (-v / b).exp() - a * (-v / a).exp()) / (b - a);
    let plan = result(&all);
    is_share(plan.delivered.share, N, 0.6 * on + 0.4 * off);
    assert_eq!(plan.steps[0].outcomes["expired"].0, N as f64 - plan.delivered.count.0);
}

#[test]
fn a_call_to_an_off_phone_is_not_answered_unless_it_waits() {
    let voice = |when_off| ProviderSpec {
        when_off,
        price: Price { submitted: money(0.001), delivered: money(0.1), ..Price::default() },
        ..over("voice", "voice", vec![outcome(Answered, 1.0, constant(5.0))])
    };
    for (when_off, status) in [(WhenOff::NoAnswer, "no_answer"), (WhenOff::Undelivered, "undelivered")] {
        let mut all = scenario(N, vec![voice(when_off)], vec![chain(&[0])]);
        all.people.phone_off = phones(0.2, Some(constant(10.0)));
        let plan = result(&all);
        is_share(plan.delivered.share, N, 0.8);
        assert_eq!(plan.steps[0].outcomes[status].0, N as f64 - plan.delivered.count.0);
        let charged = 0.001 * N as f64 + 0.1 * plan.delivered.count.0;
        assert!((plan.cost.total - charged).abs() < 1e-6 * charged, "{}", plan.cost.total);
    }
    let mut waits = scenario(N, vec![voice(WhenOff::Wait)], vec![chain(&[0])]);
    waits.people.phone_off = phones(0.2, Some(constant(10.0)));
    let plan = result(&waits);
    assert_eq!((plan.delivered.share, plan.latency_s.max), (1.0, Some(15.0)));
}

/// E-mail needs no phone.
#[test]
fn what_needs_no_phone_does_not_wait_for_it() {
    let mail =
        ProviderSpec { needs_phone: false, ..over("email", "mail", vec![outcome(Delivered, 1.0, constant(1.0))]) };
    let mut all = scenario(1_000, vec![mail], vec![chain(&[0])]);
    all.people.phone_off = phones(1.0, None);
    assert_eq!(result(&all).delivered.share, 1.0);
}

/// 85 % are reached, and 10 % more are reported and charged.
#[test]
fn reports_that_lie_are_believed_and_paid() {
    let price = Price { delivered: money(0.02), ..Price::default() };
    let claimed = OutcomeSpec { reached: false, ..outcome(Delivered, 0.1, constant(1.0)) };
    let sms = ProviderSpec { price, ..over("sms", "sms", vec![outcome(Delivered, 0.85, constant(1.0)), claimed]) };
    let plan = result(&scenario(N, vec![sms], vec![chain(&[0])]));
    is_share(plan.delivered.share, N, 0.85);
    is_share(plan.succeeded.share, N, 0.95);
    assert_eq!(plan.cost.total, (plan.succeeded.count.0 * 20_000.0).round() / 1e6);
}

/// A rejection at submission is free, and the pool tries its next member; a failure later on ends the attempt.
#[test]
fn a_pool_goes_on_only_after_a_rejection_at_submission() {
    let price = Price { submitted: money(0.05), ..Price::default() };
    for (at_submission, reached) in [(true, 1.0), (false, 0.6)] {
        let fails = OutcomeSpec { at_submission, ..outcome(Failed, 0.4, constant(0.0)) };
        let delivers = |of_all| outcome(Delivered, of_all, constant(1.0));
        let a = ProviderSpec { price, ..over("sms", "a", vec![fails, delivers(0.6)]) };
        let mut either = plan("either", vec![(0, step(span(60.0)))]);
        change_steps(&mut either, |steps| steps[0].pool = Pool::first_of(vec![0, 1]));
        let plan = result(&scenario(N, vec![a, over("sms", "b", vec![delivers(1.0)])], vec![either]));
        is_share(plan.delivered.share, N, reached);
        let [a, b] = plan.providers.as_slice() else { panic!("two providers") };
        assert_eq!(a.attempts.0, N as f64);
        assert_eq!((a.rejected, a.departed.0), (b.attempts, N as f64 - b.attempts.0));
        let charged = 0.05 * a.departed.0;
        assert!((plan.cost.total - charged).abs() < 1e-6 * charged, "{}", plan.cost.total);
    }
}

/// A machine takes 40 % of the calls, which sms then reaches; a phone that is off answers neither.
#[test]
fn a_machine_moves_on_to_sms_and_an_off_phone_misses_both() {
    let talk = Some(constant(10.0));
    let price = Price { per_minute: money(0.06), increment: span(1.0), ..Price::default() };
    let voice = ProviderSpec {
        price,
        when_off: WhenOff::NoAnswer,
        ..over(
            "voice",
            "voice",
            vec![outcome(Answered, 0.4, constant(5.0)), OutcomeSpec { talk, ..outcome(Machine, 0.4, constant(5.0)) }],
        )
    };
    let sms = over("sms", "sms", vec![outcome(Delivered, 1.0, constant(1.0))]);
    let mut all = scenario(N, vec![voice, sms], vec![chain(&[0, 1])]);
    all.people.phone_off = phones(0.25, None);
    let plan = result(&all);
    is_share(plan.delivered.share, N, 0.75);
    let machines = plan.steps[0].outcomes["machine"].0;
    is_share(machines / N as f64, N, 0.75 * 0.4);
    assert_eq!(plan.cost.total, (machines * 10_000.0).round() / 1e6);
}

// ---------------------------------------------------------------- properties

/// The persistent outcome of each of the first recipients at a provider.
fn persistent_of(spec: &ProviderSpec, recipients: u32) -> Vec<Option<PersistentOutcome>> {
    let provider = Provider::new(spec);
    let of = |recipient| SingleUse {
        rng: RngKey::new(5, 2),
        recipient,
        number: 3,
        segment: Segment::WHOLE,
        phone_back: Time::ZERO,
    };
    (0..recipients).map(|recipient| provider.persistent_outcome(&of(recipient))).collect()
}

proptest! {
    #![proptest_config(random_cases(64))]

    #[test]
    fn a_larger_persistent_share_contains_a_smaller_one(a in 0.0..1.0_f64, b in 0.0..1.0_f64) {
        let (small, large) = (f64::min(a, b), f64::max(a, b));
        let [few, many] = [("one", small), ("other", large)].map(|(name, of_all)| persistent_of(&missing("sms", name, of_all), 500));
        prop_assert!(few.iter().zip(&many).all(|(few, many)| few.is_none() || few == many));
    }

    /// With all outcomes persistent, a second attempt over the same channel reaches nobody that the first did not.
    #[test]
    fn where_all_is_persistent_a_retry_changes_no_delivered_share(mut case in case()) {
        for spec in &mut case.scenario.providers {
            spec.channel = "sms".to_owned();
            spec.outages.clear();
            spec.outcomes.iter_mut().for_each(|outcome| {
                outcome.persistent = true;
                outcome.after = constant(0.0);
            });
            // What the shares leave over is persistent too.
            let left = 1.0 - spec.outcomes.iter().map(|outcome| outcome.share.get()).sum::<f64>();
            let rest = outcome(Failed, left.clamp(0.0, 1.0), constant(0.0));
            spec.outcomes.push(persistent(OutcomeSpec { status: None, ..rest }));
        }
        let once = chain(&[0]);
        let mut twice = chain(&[0, 0]);
        change_steps(&mut twice, |steps| steps[1].attempts = 3);
        case.scenario.people.phone_off = None;
        case.scenario.plans = vec![once, Plan { name: "twice".to_owned(), ..twice }];
        let all = results(&case.scenario);
        prop_assert_eq!(all[0].delivered, all[1].delivered);
    }

    /// With every phone off for good, nothing that needs one is delivered.
    #[test]
    fn a_phone_that_stays_off_gets_nothing(mut case in case()) {
        case.scenario.people.phone_off = phones(1.0, None);
        case.scenario.providers.iter_mut().for_each(|spec| spec.needs_phone = true);
        prop_assert!(results(&case.scenario).iter().all(|plan| plan.delivered.share == 0.0));
    }

    /// Whoever is reached can be reached over the channel of some step, as each recipient's persistent outcomes say.
    #[test]
    fn nobody_is_reached_whom_no_channel_of_the_plan_can_reach(case in case()) {
        let Case { scenario, replication, .. } = &case;
        let rng = RngKey::new(scenario.seed, *replication);
        let providers: Vec<_> = scenario.providers.iter().map(Provider::new).collect();
        for (index, plan) in scenario.plans.iter().enumerate() {
            let histories = naive::simulate(scenario, index, rng, Time::ZERO).streams.remove(0);
            for (recipient, history) in (0..).zip(&histories) {
                let of = SingleUse { rng, recipient, number: 0, segment: Segment::WHOLE, phone_back: Time::ZERO };
                let can = |&provider: &usize| match providers[provider].persistent_outcome(&of) {
                    None => true,
                    Some(PersistentOutcome::Status(status)) => status.is_delivery(),
                    Some(_) => false,
                };
                let is_reached = history.attempts.iter().any(|attempt| attempt.delivered.is_some());
                let members = plan.flow.steps().iter().flat_map(|rules| rules.pool.members());
                prop_assert!(!is_reached || members.into_iter().any(can), "recipient {}", recipient);
            }
        }
    }
}

/// The same person is off, and has the same persistent outcome, under each plan.
#[test]
fn a_recipient_is_the_same_under_every_plan() {
    let providers = vec![missing("sms", "sms", 0.3), missing("viber", "viber", 0.4)];
    let mut all = scenario(500, providers, vec![chain(&[0, 1]), chain(&[1, 0])]);
    all.people.phone_off = phones(0.3, Some(exponential(600.0)));
    let (mut off, mut never) = (0, 0);
    for recipient in 0..500 {
        let of = |plan| trace(&all, TraceTarget { plan, stream: 0, recipient, replication: 0 });
        let [one, other] = [of(0), of(1)];
        assert_eq!((one.phone_back, &one.persistent), (other.phone_back, &other.persistent));
        off += u32::from(one.phone_back > one.arrival);
        never += u32::from(one.persistent.len() == 2);
        if one.persistent.len() == 2 {
            assert_eq!([one.deliveries, other.deliveries], [0, 0]);
        }
    }
    assert!(off > 100 && never > 30, "{off} {never}");
}

/// Waiting for a phone holds a line no longer than silence does.
#[test]
fn a_call_that_waits_holds_its_line_as_a_silent_one_does() {
    let voice = provider("voice", vec![outcome(Answered, 1.0, constant(5.0))]);
    let voice = Provider::new(&ProviderSpec { honours_ttl: false, ..voice });
    let released = |back: f64| {
        let terms = failsim::provider::Terms {
            submitted: Time::ZERO,
            ttl: Span::UNLIMITED,
            validity: Span::UNLIMITED,
            progress: false,
        };
        let phone_back = Time::from_secs_f64(back);
        let of = SingleUse { rng: RngKey::new(1, 0), recipient: 0, number: 0, segment: Segment::WHOLE, phone_back };
        voice.submit(Time::ZERO, &terms, &of).released.as_secs_f64()
    };
    assert_eq!([released(0.0), released(100.0), released(180.0), released(300.0)], [5.0, 105.0, 185.0, 180.0]);
}

/// A rejection at submission and a circuit that is open in one pool: the traces add up to what the run counts.
#[test]
fn traces_of_rejections_beside_an_open_circuit_add_up_to_their_run() {
    let text = r#"
goal = { deadline = "60s" }
traffic = { recipients = 60, arrivals = { spread = { over = "10m" } } }
[providers.a]
channel = "sms"
price = { submitted = 1 }
outcomes = [{ status = "failed", share = 0.7, at_submission = true }, { status = "delivered", share = 0.3, after = { constant = "1s" } }]
[providers.b]
channel = "sms"
price = { submitted = 0.1 }
breaker = { at_least = 4, window = "2m", open_at = 0.5, open_for = "3m" }
outcomes = [{ status = "failed", share = 0.8, after = { constant = "1s" } }]
[[plans]]
name = "p"
steps = [{ provider = { first_of = ["a", "b"] }, ttl = "30s" }]
"#;
    let scenario =
        failsim::scenario::parse(text, "p.toml", std::path::Path::new(".")).unwrap_or_else(|e| panic!("{e}"));
    let counted = result(&scenario);
    assert!(counted.providers[1].not_permitted.0 > 5.0, "the circuit is open for some: {:?}", counted.providers[1]);
    let traces =
        (0..60).map(|recipient| trace(&scenario, TraceTarget { plan: 0, stream: 0, recipient, replication: 0 }));
    let (mut cost, mut delivered) = (0.0, 0);
    for trace in traces {
        cost += trace.cost.as_micros() as f64 / 1e6;
        delivered += u32::from(trace.deliveries > 0);
    }
    assert_eq!(f64::from(delivered), counted.delivered.count.0);
    assert!((cost - counted.cost.total).abs() < 1e-9, "{cost}, not {}", counted.cost.total);
}
