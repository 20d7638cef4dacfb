//! How much capacity is enough: shares of days, more traffic, fees and pairs of capacities, against answers on paper.

use crate::build::{constant, money, outcome, plan, provider, scenario, span, step};
use failsim::provider::{Capacity, Fees, Price, ProviderSpec};
use failsim::scenario::{Bound, Metric, Scenario};
use failsim::sim::Progress;
use failsim::status::Status::Delivered;
use failsim::study::{self, Goal, Limit, Question, Sizing};
use failsim::traffic::{Arrivals, SegmentMix, Traffic};
use failsim::units::{Rate, Span, Time};
use proptest::prelude::*;
use statrs::distribution::{Binomial, DiscreteCDF};
use std::sync::Arc;

fn goal(metric: Metric, least: f64, on: Option<f64>) -> Vec<Goal> {
    vec![Goal { metric, stream: None, segment: None, bound: Bound::AtLeast(least), on }]
}

fn question<'a>(scenario: &'a Scenario, goals: &'a [Goal]) -> Question<'a> {
    Question { scenario, provider: 0, limit: Limit::Rate, goals, replications: 1 }
}

fn size(question: &Question<'_>) -> Sizing {
    study::size(question, &Progress::default()).expect("nobody stops it")
}

/// A provider that delivers everything at once and rejects what is over its throughput.
fn strict(name: &str, thousandths_per_s: u64) -> ProviderSpec {
    let rate = Rate::new(thousandths_per_s, 3, Span::from_secs(1));
    let capacity = Capacity { rate, burst: Some(1), queue: 0, ..Capacity::UNLIMITED };
    ProviderSpec { capacity: Some(capacity), ..provider(name, vec![outcome(Delivered, 1.0, constant(0.0))]) }
}

/// 400 recipients at random within 400 seconds, one a second, first to the one provider and then to the other.
fn at_random(providers: Vec<ProviderSpec>) -> Scenario {
    let steps = (0..providers.len()).map(|provider| (provider, step(span(60.0)))).collect();
    let mut scenario = scenario(400, providers, vec![plan("p", steps)]);
    scenario.streams[0].traffic.arrivals = Arrivals::Uniform { over: span(400.0) };
    scenario
}

/// Of 20 recipients, each is reached with a probability of 0.9: on a share of the days that the binomial distribution has, at least 18 are.
#[test]
fn a_share_of_the_days_is_that_of_the_binomial_distribution() {
    let scenario = scenario(
        20,
        vec![provider("sms", vec![outcome(Delivered, 0.9, constant(1.0))])],
        vec![plan("p", vec![(0, step(span(60.0)))])],
    );
    let truth = 1.0 - Binomial::new(0.9, 20).expect("a distribution").cdf(17);
    assert!((truth - 0.6769).abs() < 1e-4);
    for (on, is_met) in [(0.55, true), (0.8, false)] {
        let goals = goal(Metric::Delivered, 0.9, Some(on));
        let trial = size(&Question { replications: 200, ..question(&scenario, &goals) }).unlimited;
        let measured = trial.outcomes[0].0.expect("it is measured");
        let (low, high) = measured.interval.expect("it has an interval");
        assert!(low < truth && truth < high && high - low < 0.2, "{measured:?}");
        assert_eq!(trial.passes(), is_met, "{on}");
    }
    // A sum of rounded prices that is its bound meets it.
    let mut priced = scenario.clone();
    priced.providers[0].price = Price { submitted: money(0.027), ..Price::default() };
    priced.streams[0].traffic.recipients = 100;
    let at_most = Bound::AtMost(0.027);
    let goals = [Goal { metric: Metric::CostPerRecipient, stream: None, segment: None, bound: at_most, on: Some(0.9) }];
    assert!(size(&question(&priced, &goals)).unlimited.passes());
    // The mean is 0.9, which is met or missed by chance: as a goal of the mean it is another question.
    let goals = goal(Metric::Delivered, 0.88, None);
    assert!(size(&Question { replications: 200, ..question(&scenario, &goals) }).unlimited.passes());
}

/// After each departure at a throughput of r, all arrivals within 1/r are rejected, and of λ a second the next comes 1/λ later: a share of r / (r + λ) is
/// reached. With r = 2 and λ = 1 that is two thirds, and 0.6 while λ is at most 4/3: with 33 % more traffic.
#[test]
fn headroom_is_what_the_capacity_leaves() {
    let scenario = at_random(vec![strict("sms", 2000)]);
    let goals = goal(Metric::Delivered, 0.6, None);
    let question = question(&scenario, &goals);
    let smallest = size(&question).smallest.expect("some rate is enough");
    assert!((1.49..=1.58).contains(&smallest), "{smallest}");
    let headroom = study::headroom(&question, smallest, &Progress::default()).expect("nobody stops it");
    assert!(headroom.is_of_scenario && headroom.capacity == 2.0, "{headroom:?}");
    assert!((0.28..=0.34).contains(&headroom.growth), "{}", headroom.growth);
    let is_told = |(growth, trial): &(f64, study::Trial)| trial.passes() == (*growth <= headroom.growth);
    assert!(headroom.trials.iter().all(is_told), "{headroom:?}");
    // Where the scenario has too little, it is that of the smallest capacity, which is next to none.
    let scenario = at_random(vec![strict("sms", 500)]);
    let question = Question { scenario: &scenario, ..question };
    let headroom = study::headroom(&question, smallest, &Progress::default()).expect("nobody stops it");
    assert!(!headroom.is_of_scenario && headroom.capacity == smallest && headroom.growth <= 0.05, "{headroom:?}");
}

/// What the first provider rejects, 1 / (1 + r) of 400, goes to a second one at 0.10 each: 40 / (1 + r) in a run, and 5 r for fees. That is least where
/// 1 + r is the root of 8. With one run in ten months, no throughput pays.
#[test]
fn the_cheapest_capacity_weighs_fees_against_messages() {
    let mut dear = provider("dear", vec![outcome(Delivered, 1.0, constant(0.0))]);
    dear.price = Price { submitted: money(0.1), ..Price::default() };
    let mut first = strict("sms", 500);
    first.fees = Some(Fees { per_month: money(3.0), per_rate: money(5.0), per_line: money(0.0) });
    let scenario = at_random(vec![first, dear]);
    let goals = goal(Metric::Delivered, 0.9, None);
    let question = question(&scenario, &goals);
    let smallest = size(&question).smallest.expect("the second provider takes all");
    assert_eq!(smallest, 0.001);
    let cheapest =
        |per_month| study::cheapest(&question, smallest, per_month, &Progress::default()).expect("nobody stops it");
    let found = cheapest(1.0);
    let of = |r: f64| 3.0 + 5.0 * r + 40.0 / (1.0 + r);
    let least = of(8.0_f64.sqrt() - 1.0);
    assert!((1.5..=2.2).contains(&found.capacity), "{}", found.capacity);
    assert!((found.fees - (3.0 + 5.0 * found.capacity)).abs() < 1e-9, "{found:?}");
    // What is not shown to be dearer is near, and the paired intervals hold the truth.
    for priced in &found.trials {
        let (low, high) = priced.interval;
        let truth = of(priced.capacity) - of(found.capacity);
        assert!(
            low - 0.02 * least <= truth && truth <= high + 0.02 * least && low <= priced.more && priced.more <= high,
            "{priced:?}"
        );
        assert!(!priced.may_be_cheapest() || of(priced.capacity) < 1.05 * least, "{priced:?}");
    }
    assert!((found.fees + found.messages - least).abs() < 0.02 * least, "{} {} {least}", found.fees, found.messages);
    let none = cheapest(0.1);
    assert!(none.capacity <= 0.01 && (none.messages - 4.0).abs() < 0.1, "{} {}", none.capacity, none.messages);
}

/// Two providers that together have to take 0.8 of one arrival a second. Alone each needs r with r / (1 + r) = 0.8, which is 4; together at least 0.8.
#[test]
fn a_pair_of_capacities_is_enough_together() {
    let scenario = at_random(vec![strict("sms", 500), strict("viber", 500)]);
    let goals = goal(Metric::Delivered, 0.8, None);
    let first = question(&scenario, &goals);
    let second = Question { provider: 1, ..first.clone() };
    let found = study::frontier(&first, &second, &Progress::default()).expect("nobody stops it");
    let pairs: Vec<(f64, f64)> = found.pairs.iter().map(|pair| (pair.capacities[0], pair.capacities[1])).collect();
    assert!(found.unlimited.passes() && pairs.len() >= 6, "{pairs:?}");
    assert!(found.pairs.iter().all(|pair| pair.trial.passes()), "{found:?}");
    assert!(pairs.is_sorted_by(|a, b| a.0 < b.0 && a.1 > b.1), "{pairs:?}");
    assert!(pairs.iter().all(|(a, b)| a + b > 0.8 && a + b < 4.4), "{pairs:?}");
    let ends = [pairs[0].1, pairs[pairs.len() - 1].0];
    assert!(ends.iter().all(|end| (3.85..=4.35).contains(end)), "{pairs:?}");
    // What comes too late is no matter of capacity.
    let in_time = goal(Metric::InTime, 0.5, None);
    let mut slow = scenario.clone();
    slow.providers.iter_mut().for_each(|spec| spec.outcomes[0].after = constant(90.0));
    let first = Question { scenario: &slow, goals: &in_time, ..first };
    let second = Question { scenario: &slow, goals: &in_time, ..second };
    let found = study::frontier(&first, &second, &Progress::default()).expect("nobody stops it");
    assert!(found.pairs.is_empty() && !found.unlimited.passes());
}

proptest! {
    /// More traffic has the same last arrival and the same pattern, and whoever is listed comes at most as often as it takes.
    #[test]
    fn grown_traffic_keeps_its_pattern(times in prop::collection::vec(0_i64..1_000_000, 1..200), percent in 1_u32..300) {
        let mut times: Vec<Time> = times.into_iter().map(Time::from_micros).collect();
        times.sort_unstable();
        let recipients = times.len() as u64;
        let listed: Vec<u8> = (0..recipients).map(|n| (n % 3) as u8).collect();
        let traffic = Traffic {
            recipients,
            arrivals: Arrivals::Times(times.clone().into()),
            segments: SegmentMix::Listed(listed.into()),
        };
        let grown = traffic.grown(percent).expect("it is not too much");
        prop_assert_eq!(grown.recipients, (recipients * u64::from(100 + percent)).div_ceil(100));
        let Arrivals::Times(more) = &grown.arrivals else { return Err(TestCaseError::fail("another pattern")) };
        prop_assert!(more.is_sorted() && more.len() as u64 == grown.recipients);
        prop_assert_eq!(grown.last_arrival(), traffic.last_arrival());
        let most = u64::from(percent).div_ceil(100) + 1;
        for time in &times {
            let [before, after] = [&times[..], &more[..]].map(|all| all.iter().filter(|other| *other == time).count() as u64);
            prop_assert!((before..=before * most).contains(&after), "{} of {}", after, before);
        }
        let SegmentMix::Listed(segments) = &grown.segments else { return Err(TestCaseError::fail("another mix")) };
        prop_assert_eq!(segments.len() as u64, grown.recipients);
    }
}

/// A rate grows with the traffic, so that it takes as long; the rates of stages too.
#[test]
fn grown_rates_take_as_long() {
    let of = |arrivals| Traffic { recipients: 100, arrivals, segments: SegmentMix::Whole };
    let stage = failsim::traffic::ArrivalStage { over: span(10.0), from_per_s: 5.0, to_per_s: 15.0 };
    for arrivals in [
        Arrivals::Poisson { rate_per_s: 2.0 },
        Arrivals::PoissonOver { rate_per_s: 2.0, over: span(50.0) },
        Arrivals::Stages(Arc::from([stage])),
        Arrivals::Blast,
        Arrivals::Uniform { over: span(50.0) },
    ] {
        let traffic = of(arrivals);
        let grown = traffic.grown(25).expect("it is not too much");
        assert_eq!((grown.recipients, grown.last_arrival()), (125, traffic.last_arrival()), "{grown:?}");
        if let Arrivals::Stages(stages) = &grown.arrivals {
            assert_eq!(stages[0].expected(), 125.0);
        }
    }
    assert_eq!(Traffic { recipients: 4_000_000_000, ..of(Arrivals::Blast) }.grown(10), None);
}
