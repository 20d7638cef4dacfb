//! Segments: mixtures and their prices in closed form, composites as the sum of their parts, and what must make no difference.
//!
//! Every bound is 4.5 standard errors of the estimate, computed from the true probability, as in `closed_forms`.

use failsim::provider::Price;
use failsim::scenario::{Metric, Scenario, parse};
use failsim::sim::Progress;
use failsim::status::Segment;
use failsim::study::{Outcome, PlanResult, Results, Row, ScenarioPair, TraceTarget, compare, trace};
use failsim::units::Money;
use rayon::prelude::*;
use std::path::Path;

const N: f64 = 200_000.0;

/// Two channels for three countries: Viber is dear and rare in one of them, and not there at all in another.
const COUNTRIES: &str = r#"
seed = 11
goal = { deadline = "1m" }
traffic = { recipients = 200_000, arrivals = { spread = { over = "10m" } } }

[[segments]]
name = "gr"
share = 0.5

[[segments]]
name = "ro"
share = 0.3
[segments.providers.viber]
price = { delivered = 0.05 }
outcomes = [{ status = "delivered", share = 0.2, after = { constant = "2s" } }]
[segments.providers.sms]
price = { parts = 2 }

[[segments]]
name = "rs"
share = 0.2
[segments.providers.viber]
available = false

[providers.viber]
channel = "viber"
price = { delivered = 0.02 }
outcomes = [{ status = "delivered", share = 0.7, after = { constant = "1s" } }]

[providers.sms]
channel = "sms"
price = { submitted = 0.04 }
outcomes = [{ status = "delivered", share = 0.9, after = { constant = "5s" } }]

[[plans]]
name = "viber-sms"
steps = [{ provider = "viber", ttl = "20s" }, { provider = "sms", ttl = "20s" }]

[[plans]]
name = "sms"
steps = [{ provider = "sms", ttl = "20s" }]

[[plans]]
name = "by-country"
by_segment = { gr = "viber-sms" }
otherwise = "sms"
"#;

fn countries() -> Scenario {
    parsed(COUNTRIES)
}

fn parsed(text: &str) -> Scenario {
    parse(text, "countries.toml", Path::new(".")).unwrap_or_else(|errors| panic!("{errors}"))
}

fn results(scenario: &Scenario) -> Results {
    compare(scenario, 1, &Progress::default()).expect("nobody stops it").results
}

/// The results of a segment.
fn of<'a>(results: &'a Results, segment: &str) -> &'a [PlanResult] {
    &results.groups.iter().find(|group| group.name == segment).expect("a segment with this name").plans
}

#[track_caller]
fn is_share(measured: f64, of: f64, probability: f64) {
    let bound = 4.5 * (probability * (1.0 - probability) / of).sqrt() + 1e-9;
    assert!((measured - probability).abs() <= bound, "{measured}, not {probability} ± {bound}");
}

/// The weights of the segments, the share of Viber that each has, and its prices of Viber and SMS.
const TRUTH: [(&str, f64, f64, f64, f64); 3] =
    [("gr", 0.5, 0.7, 0.02, 0.04), ("ro", 0.3, 0.2, 0.05, 0.08), ("rs", 0.2, 0.0, 0.02, 0.04)];

#[test]
fn everybody_is_the_mixture_of_the_segments_and_each_pays_its_own_prices() {
    let results = results(&countries());
    let delivered = |viber: f64| 1.0 - (1.0 - viber) * 0.1;
    let mixture: f64 = TRUTH.iter().map(|(_, weight, viber, ..)| weight * delivered(*viber)).sum();
    is_share(results.plans[0].delivered.share, N, mixture);
    let mut paid = 0.0;
    for (name, weight, viber, viber_price, sms_price) in TRUTH {
        let plans = of(&results, name);
        let people = plans[0].recipients.0;
        is_share(people / N, N, weight);
        is_share(plans[0].delivered.share, people, delivered(viber));
        let by_viber = plans[0].steps[0].delivered.0;
        is_share(by_viber / people, people, viber);
        // What is paid follows from what was counted, to the cent.
        let cost = by_viber * viber_price + (people - by_viber) * sms_price;
        assert!((plans[0].cost.total - cost).abs() < 1e-6 * cost, "{name}: {} is not {cost}", plans[0].cost.total);
        assert!((plans[1].cost.total - people * sms_price).abs() < 1e-6 * cost);
        paid += plans[0].cost.total;
    }
    assert!((results.plans[0].cost.total - paid).abs() < 1e-9 * paid);
    // Whom Viber does not serve costs nothing there, and is moved on at once.
    let unserved = &of(&results, "rs")[0];
    assert_eq!(unserved.providers[0].rejected.0, unserved.recipients.0);
    assert_eq!(unserved.latency_s.max, Some(5.0));
}

#[test]
fn a_composite_is_the_sum_of_the_plans_that_its_segments_follow() {
    let results = results(&countries());
    for (segment, member) in [("gr", 0), ("ro", 1), ("rs", 1)] {
        let plans = of(&results, segment);
        let mut composite = PlanResult { name: plans[member].name.clone(), ..plans[2].clone() };
        composite.steps.iter_mut().for_each(|step| step.plan = None);
        assert_eq!(composite, plans[member], "{segment}");
    }
    let sum =
        |of_plan: &dyn Fn(&PlanResult) -> f64| TRUTH.iter().map(|(name, ..)| of_plan(&of(&results, name)[2])).sum();
    let all = &results.plans[2];
    let (delivered, cost): (f64, f64) = (sum(&|plan| plan.delivered.count.0), sum(&|plan| plan.cost.total));
    assert_eq!(all.delivered.count.0, delivered);
    assert!((all.cost.total - cost).abs() < 1e-9 * cost);
    // Its steps are those of its members, each with the attempts of the segments that follow it.
    let attempts: Vec<_> = all.steps.iter().map(|step| (step.plan.as_deref(), step.attempts.0)).collect();
    let in_gr = of(&results, "gr")[0].recipients.0;
    assert_eq!([attempts[0], attempts[2]], [(Some("viber-sms"), in_gr), (Some("sms"), N - in_gr)]);
    assert_eq!(attempts.len(), 3);
}

#[test]
fn a_plan_is_the_same_whichever_others_are_compared() {
    let all = results(&countries());
    let mut alone = countries();
    alone.plans.drain(..2);
    let alone = results(&alone);
    assert_eq!(alone.plans[0], all.plans[2]);
    for (name, ..) in TRUTH {
        assert_eq!(of(&alone, name)[0], of(&all, name)[2]);
    }
}

/// A scenario with one segment gives the same bytes as one without; several that are alike give the same counts.
#[test]
fn segments_without_overrides_change_nothing() {
    let start = COUNTRIES.find("[[segments]]").expect("there are segments");
    let end = COUNTRIES.find("[providers.viber]").expect("there are providers");
    let plans = COUNTRIES.find("[[plans]]\nname = \"by-country\"").expect("there is a composite");
    let with = |segments: &str| parsed(&format!("{}{segments}{}", &COUNTRIES[..start], &COUNTRIES[end..plans]));
    let none = results(&with(""));
    let one = results(&with("[[segments]]\nname = \"all\"\nshare = 1\n"));
    let two = "[[segments]]\nname = \"a\"\nshare = 0.3\n[[segments]]\nname = \"b\"\nshare = 0.7\n";
    let two = results(&with(two));
    let text = |results: &Results| serde_json::to_string(&(&results.plans, &results.comparisons)).expect("it is JSON");
    assert_eq!(text(&none), text(&one));
    for (one, other) in none.plans.iter().zip(&two.plans) {
        let counts = |plan: &PlanResult| (plan.delivered, plan.in_time, plan.cost.total, plan.steps.clone());
        assert_eq!(counts(one), counts(other));
        assert_eq!((one.latency_s.p50, one.latency_s.max), (other.latency_s.p50, other.latency_s.max));
    }
    assert!(none.groups.is_empty() && one.groups.is_empty());
    assert_eq!(two.groups.len(), 2);
    // Both halves differ only by chance.
    let [a, b] = [&of(&two, "a")[0], &of(&two, "b")[0]];
    is_share(a.delivered.share, a.recipients.0, 0.97 * 0.7 + 0.3 * 0.9 + 0.021);
    assert_eq!(a.recipients.0 + b.recipients.0, N);
    assert_eq!(a.delivered.count.0 + b.delivered.count.0, none.plans[0].delivered.count.0);
}

#[test]
fn a_recipient_is_in_the_same_segment_under_every_plan_and_a_larger_share_keeps_whom_it_has() {
    let of = |scenario: &Scenario, plan, recipient| {
        trace(scenario, TraceTarget { plan, stream: 0, recipient, replication: 3 }).segment
    };
    let usual = countries();
    let larger = parsed(&COUNTRIES.replace("share = 0.5", "share = 0.6").replace("share = 0.2\n[", "share = 0.1\n["));
    let mut in_gr = 0;
    for recipient in 0..300 {
        let segment = of(&usual, 0, recipient);
        assert!((1..3).all(|plan| of(&usual, plan, recipient) == segment));
        in_gr += u32::from(segment == Segment::new(0));
        assert!(segment != Segment::new(0) || of(&larger, 0, recipient) == segment);
    }
    assert!((120..180).contains(&in_gr), "{in_gr}");
}

#[test]
fn streams_have_their_own_mix_and_outages_their_segments() {
    let two = r#"
[[traffic]]
name = "pins"
recipients = 50_000
arrivals = { blast = {} }
mix = { gr = 0.9, rs = 0.1 }
[[traffic]]
name = "news"
recipients = 50_000
arrivals = { blast = {} }
"#;
    let traffic = COUNTRIES.lines().find(|line| line.starts_with("traffic")).expect("there is traffic");
    let outage =
        "\n[[providers.sms.outages]]\nfrom = \"0s\"\nto = \"1h\"\neffect = \"fail\"\nsegments = [\"ro\", \"rs\"]\n";
    let text = COUNTRIES
        .replace(traffic, two)
        .replace("\n[[plans]]\nname = \"viber-sms\"", &format!("{outage}\n[[plans]]\nname = \"viber-sms\""));
    let results = results(&parsed(&text));
    let of_group = |name: &str| results.groups.iter().find(|group| group.name == name).expect("a group");
    let pins = of_group("pins").plans[1].delivered.share;
    is_share(pins, 50_000.0, 0.9 * 0.9);
    is_share(of_group("news").plans[1].delivered.share, 50_000.0, 0.5 * 0.9);
    is_share(of_group("ro").plans[1].recipients.0 / 50_000.0, 50_000.0, 0.3);
    assert_eq!(of_group("ro").plans[1].delivered.count.0, 0.0);
    is_share(of_group("gr").plans[1].delivered.share, of_group("gr").plans[1].recipients.0, 0.9);
}

#[test]
fn a_log_of_arrivals_says_who_is_in_which_segment() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rows: String = (0..1_000).map(|i| format!("{i},{}\n", ["gr", "ro", "gr", "rs"][i % 4])).collect();
    std::fs::write(folder.path().join("log.csv"), format!("at_s,segment\n{rows}")).expect("a file can be written");
    let traffic = COUNTRIES.lines().find(|line| line.starts_with("traffic")).expect("there is traffic");
    let text = COUNTRIES.replace(traffic, "traffic = { arrivals = { file = \"log.csv\" } }");
    let scenario = parse(&text, "countries.toml", folder.path()).unwrap_or_else(|errors| panic!("{errors}"));
    let results = results(&scenario);
    assert_eq!(["gr", "ro", "rs"].map(|name| of(&results, name)[0].recipients.0), [500.0, 250.0, 250.0]);
    for recipient in 0..20 {
        let traced = trace(&scenario, TraceTarget { plan: 0, stream: 0, recipient, replication: 0 });
        assert_eq!(traced.segment.index(), [0, 1, 0, 2][recipient as usize % 4]);
    }
}

#[test]
fn a_histogram_of_arrivals_says_how_many_are_in_which_segment() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rows = "hour_h,segment,count\n0,gr,300\n0,rs,20\n1,ro,100\n1,gr,50\n";
    std::fs::write(folder.path().join("hours.csv"), rows).expect("a file can be written");
    let traffic = COUNTRIES.lines().find(|line| line.starts_with("traffic")).expect("there is traffic");
    let text = COUNTRIES.replace(traffic, "traffic = { arrivals = { file = \"hours.csv\" } }");
    let scenario = parse(&text, "countries.toml", folder.path()).unwrap_or_else(|errors| panic!("{errors}"));
    let results = results(&scenario);
    assert_eq!(["gr", "ro", "rs"].map(|name| of(&results, name)[0].recipients.0), [350.0, 100.0, 20.0]);
}

/// The ends of an interval, and the true value.
type Interval = (Option<f64>, Option<f64>, f64);

/// The 95 % intervals of each segment, and of all, contain the true values 95 times in 100: 400 seeds, so that 3.3 % is three standard
/// errors.
#[test]
fn the_intervals_of_each_segment_hold_the_truth() {
    let small = parsed(&COUNTRIES.replace("200_000", "3_000"));
    let seeds = 400;
    let runs: Vec<_> =
        (0..seeds).into_par_iter().map(|seed| results(&Scenario { seed: 900 + seed, ..small.clone() })).collect();
    let held = |tell: &dyn Fn(&Results) -> Interval| {
        let is_held = |run: &&Results| {
            let (low, high, truth) = tell(run);
            low <= Some(truth) && high >= Some(truth)
        };
        runs.iter().filter(is_held).count() as f64 / seeds as f64
    };
    for (name, _, viber, viber_price, sms_price) in TRUTH {
        let delivered = held(&|run| {
            let share = &of(run, name)[0].delivered;
            (share.low, share.high, 1.0 - (1.0 - viber) * 0.1)
        });
        let mut coverages = vec![("delivered", delivered)];
        if viber > 0.0 {
            let cost = held(&|run| {
                let cost = &of(run, name)[0].cost;
                (cost.low, cost.high, viber * viber_price + (1.0 - viber) * sms_price)
            });
            coverages.push(("cost", cost));
        }
        for (what, coverage) in coverages {
            assert!((0.917..=0.983).contains(&coverage), "{what} of {name}: {coverage}");
        }
    }
    // Where Viber is not tried first in ro, each message costs as much as SMS does there.
    let dearer = held(&|run| {
        let pair = run.comparisons.iter().find(|pair| pair.plan == "by-country" && pair.against == "viber-sms");
        let cost = pair.expect("it is compared with the first plan").cost_per_recipient;
        (cost.low, cost.high, 0.3 * 0.2 * (0.08 - 0.05))
    });
    assert!((0.917..=0.983).contains(&dearer), "the difference: {dearer}");
}

#[test]
fn prices_are_merged_key_by_key() {
    let scenario = countries();
    let [gr, ro, rs] = [0, 1, 2].map(|segment| scenario.providers[1].of(Segment::new(segment)).price);
    let single = Price { submitted: Money::from_units(0.04), ..Price::default() };
    assert_eq!([gr, rs], [single; 2]);
    assert_eq!(ro, Price { parts: 2, ..single });
}

/// Dearer Viber in one country: the gate finds it there, and nothing elsewhere.
#[test]
fn a_change_for_one_segment_shows_in_its_rows_and_in_those_for_all() {
    let then = parsed(&COUNTRIES.replace("200_000", "20_000"));
    let now = parsed(&COUNTRIES.replace("200_000", "20_000").replace("delivered = 0.05", "delivered = 0.06"));
    let pair = ScenarioPair::new(&now, &then).expect("they have the same plans");
    assert_eq!(pair.surplus(), Vec::<String>::new());
    let versus = pair.run(1, &Progress::default()).expect("nobody stops it");
    let groups: Vec<_> = versus.rows.iter().filter(|row| row.plan == "sms").map(|row| row.segment.as_deref()).collect();
    let measures = groups.len() / 4;
    assert!(
        groups
            .chunks(measures)
            .zip([None, Some("gr"), Some("ro"), Some("rs")])
            .all(|(rows, of)| rows.iter().all(|row| *row == of))
    );
    let cost = |plan: &str, segment: Option<&str>| {
        let is_it = |row: &&Row| {
            row.plan == plan && row.segment.as_deref() == segment && row.measure == Some(Metric::CostPerRecipient)
        };
        versus.rows.iter().find(is_it).expect("a row").difference.expect("a difference")
    };
    // What each message by Viber costs more, by those who have it.
    let ours = results(&now);
    let in_ro = &of(&ours, "ro")[0];
    let more = in_ro.steps[0].outcomes["delivered"].0 * 0.01;
    for (segment, people) in [(None, 20_000.0), (Some("ro"), in_ro.recipients.0)] {
        let found = cost("viber-sms", segment);
        assert!((found.difference - more / people).abs() < 1e-9, "{segment:?}: {found:?}, not {}", more / people);
        let (low, high) = (found.low.expect("an interval"), found.high.expect("an interval"));
        // Of all, 6 % have a message by Viber in ro; of ro, 20 %.
        let of_all = if segment.is_some() { 0.2 } else { 0.06 };
        let half = 1.96 * 0.01 * (of_all * (1.0_f64 - of_all) / people).sqrt();
        // The error is shared among 12 rows by 5 measures, so the interval is wider than one of 95 %.
        assert!(((high - low) / 2.0 / half - 1.7).abs() < 0.2, "{segment:?}: {}", (high - low) / 2.0 / half);
    }
    for segment in [Some("gr"), Some("rs")] {
        assert_eq!(cost("viber-sms", segment).difference, 0.0);
    }
    assert!([None, Some("ro")].iter().all(|segment| cost("by-country", *segment).difference == 0.0));

    // Other shares of the segments: the same recipients are no longer in them.
    let other = parsed(&COUNTRIES.replace("share = 0.5", "share = 0.6").replace("share = 0.2\n[", "share = 0.1\n["));
    let pair = ScenarioPair::new(&now, &other).expect("they have the same plans");
    assert!(pair.surplus().iter().any(|note| note.contains("differ in their segments")), "{:?}", pair.surplus());
    let versus = pair.run(1, &Progress::default()).expect("nobody stops it");
    assert!(versus.rows.iter().all(|row| row.segment.is_none()));
}

#[test]
fn a_pool_tries_the_cheapest_at_the_prices_of_the_segment() {
    let dear = "[segments.providers.sms]\nprice = { parts = 2 }";
    assert!(COUNTRIES.contains(dear));
    let other = "[providers.other]\nchannel = \"sms\"\nprice = { submitted = 0.05 }\n\
                 outcomes = [{ status = \"delivered\", share = 0.5, after = { constant = \"5s\" } }]\n\n[providers.sms]";
    let text =
        COUNTRIES.replace("[providers.sms]\nchannel", &other.replace("[providers.sms]", "[providers.sms]\nchannel"));
    let text = text.replace(
        "steps = [{ provider = \"sms\", ttl",
        "steps = [{ provider = { cheapest_of = [\"sms\", \"other\"] }, ttl",
    );
    let results = results(&parsed(&text));
    for (segment, provider) in [("gr", "sms"), ("ro", "other"), ("rs", "sms")] {
        let plan = &of(&results, segment)[1];
        let used: Vec<_> =
            plan.providers.iter().filter(|of| of.attempts.0 > 0.0).map(|of| of.provider.as_str()).collect();
        assert_eq!(used, [provider], "{segment}");
    }
}

/// Nobody is in a segment, by its share, by the mix of the only stream, or by chance: it has no results, and its checks fail.
#[test]
fn a_segment_that_nobody_is_in_has_no_results() {
    let no_ro = COUNTRIES.replace("share = 0.3", "share = 0").replace("share = 0.5", "share = 0.8");
    let no_ro = no_ro.replace("200_000", "2_000")
        + "[[checks]]\nplan = \"sms\"\nsegment = \"ro\"\nmetric = \"delivered\"\nat_least = 0.1\n";
    let scenario = parsed(&no_ro);
    let results = results(&scenario);
    assert_eq!(results.groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["gr", "rs"]);
    assert_eq!(results.scenario.segments, ["gr", "ro", "rs"]);
    let row = &failsim::study::check(&scenario, &results)[0];
    assert_eq!((row.outcome, row.value, row.segment.as_deref()), (Outcome::Fail, None, Some("ro")));
    let text = serde_json::to_string(&results).expect("it is JSON");
    assert!(!text.to_lowercase().contains("nan"), "{text}");
    assert_eq!(serde_json::from_str::<Results>(&text).expect("it is read again"), results);
    // The others, and all together, keep their intervals.
    assert!(
        results.plans.iter().all(|plan| plan.cost.low.is_some() && plan.latency_s.intervals.contains_key("mean")),
        "{:?}",
        results.plans[0].no_interval
    );
}

/// A thousandth of the recipients in a segment of their own takes no interval from all of them.
#[test]
fn a_small_segment_takes_no_interval_from_the_whole() {
    let text = COUNTRIES
        .replace("share = 0.3", "share = 0.001")
        .replace("share = 0.5", "share = 0.799")
        .replace("200_000", "20_000");
    let results = results(&parsed(&text));
    assert!(results.plans.iter().all(|plan| plan.no_interval.is_empty()), "{:?}", results.plans[0].no_interval);
    assert!(of(&results, "ro")[0].recipients.0 < 50.0);
}

/// How many recipients a segment has is chance: so is their total cost, even where each costs the same.
#[test]
fn the_total_cost_of_a_segment_has_an_interval() {
    let check = "[[checks]]\nplan = \"sms\"\nsegment = \"ro\"\nmetric = \"cost_total\"\nat_most = 72\n";
    let scenario = parsed(&(COUNTRIES.replace("200_000", "3_000") + check));
    // 900 recipients at 0.08, give or take: the standard deviation of a binomial number.
    let (truth, deviation) = (900.0 * 0.08, 0.08 * (3_000.0_f64 * 0.3 * 0.7).sqrt());
    let mut held = 0;
    for seed in 0..200 {
        let scenario = Scenario { seed, ..scenario.clone() };
        let row = &failsim::study::check(&scenario, &results(&scenario))[0];
        let (low, high) = (row.low.expect("an interval"), row.high.expect("an interval"));
        assert!(((high - low) / 2.0 / (1.96 * deviation) - 1.0).abs() < 0.1, "{low} to {high}");
        held += u32::from(low <= truth && truth <= high);
    }
    // 95 % of 200, within three standard errors.
    assert!((181..=199).contains(&held), "{held}");
}

/// Other shares of the segments, or another order: other people are in them, so that a difference may be chance.
#[test]
fn a_baseline_of_other_segments_is_not_judged_person_by_person() {
    let then = parsed(&COUNTRIES.replace("200_000", "20_000"));
    let now = parsed(
        &COUNTRIES
            .replace("200_000", "20_000")
            .replace("share = 0.5", "share = 0.51")
            .replace("share = 0.2\n[", "share = 0.19\n["),
    );
    let rows = |now: &Scenario| {
        failsim::study::against_baseline(now, &results(now), &results(&then)).expect("they can be compared")
    };
    assert!(rows(&then).iter().all(|row| row.outcome == Outcome::Pass));
    let rows = rows(&now);
    let judged = rows.iter().filter(|row| row.segment.is_some() && row.measure == Some(Metric::Delivered));
    // A difference of a few people either way fails nothing.
    assert!(
        judged.clone().count() > 0 && judged.clone().all(|row| row.outcome != Outcome::Fail),
        "{:?}",
        judged.collect::<Vec<_>>()
    );
    assert_eq!(failsim::study::other_draws(&now, &results(&now), &results(&then)), ["viber-sms", "sms", "by-country"]);
}
