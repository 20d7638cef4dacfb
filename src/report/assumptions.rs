//! What a scenario assumes, as tables: who comes, how the plans go, and what each provider does.

use super::grid::{Column, Grid, Shape};
use super::words;
use crate::engine::{LateDelivery, Pool, StepRules};
use crate::provider::{
    Capacity, Discipline, Effect, Fees, Outage, OutcomeSpec, Price, ProviderSpec, Reports, When, WhenOff,
};
use crate::scenario::{Plan, Scenario, Stream, used_by};
use crate::status::{Segment, SegmentSet, SuccessFloor};
use crate::traffic::{Arrivals, SegmentMix};
use crate::units::{Money, Span};

/// What of a scenario is shown.
pub(super) enum About {
    /// Its plans, and the providers that they use.
    Plans,
    /// These providers, by their indices; plans are what is sought.
    Providers(Vec<usize>),
}

/// The tables.
pub(super) fn of(scenario: &Scenario, about: &About) -> Vec<Grid> {
    let providers = match about {
        About::Plans => scenario.used_providers(),
        About::Providers(providers) => {
            // A stream may have a plan of its own.
            let own = used_by(scenario.streams.iter().filter_map(|stream| stream.plan.as_ref()));
            let all = (0..scenario.providers.len()).filter(|index| providers.contains(index) || own.contains(index));
            all.collect()
        }
    };
    let mut tables = vec![traffic(scenario)];
    tables.extend(people(scenario));
    tables.extend(plans(scenario, about));
    tables.extend([outcomes(scenario, &providers), prices(scenario, &providers)]);
    tables.extend(behaviour(scenario, &providers));
    tables.extend(outages(scenario, &providers));
    tables
}

fn traffic(scenario: &Scenario) -> Grid {
    let row = |stream: &Stream| {
        let name = if stream.name.is_empty() { "all" } else { &stream.name };
        let plan = stream.plan.as_ref().map_or("the plan that is compared", |plan| &plan.name);
        let deadline = words::span(stream.deadline.as_secs_f64());
        [name.to_owned(), words::count(stream.traffic.recipients as f64), arrivals(stream), deadline, plan.to_owned()]
            .to_vec()
    };
    Grid {
        caption: "Traffic".to_owned(),
        columns: vec![
            Column::text("stream"),
            Column::number("recipients"),
            Column::text("they come"),
            Column::text("in time within"),
            Column::text("they follow"),
        ],
        rows: scenario.streams.iter().map(row).collect(),
        shape: Shape::Sheet,
    }
}

fn arrivals(stream: &Stream) -> String {
    let span = |span: &Span| words::span(span.as_secs_f64());
    match &stream.traffic.arrivals {
        Arrivals::Blast => "all at once".to_owned(),
        Arrivals::Spread { over } => format!("evenly over {}", span(over)),
        Arrivals::Uniform { over } => format!("at random over {}", span(over)),
        Arrivals::Poisson { rate_per_s } => format!("at random, {}", words::rate(*rate_per_s)),
        Arrivals::PoissonOver { rate_per_s, over } => {
            format!("at random, {} for {}; how many is random too", words::rate(*rate_per_s), span(over))
        }
        Arrivals::Stages(stages) => {
            let peak = stages.iter().flat_map(|stage| [stage.from_per_s, stage.to_per_s]).fold(0.0, f64::max);
            let last = stream.traffic.last_arrival().since(crate::units::Time::ZERO);
            format!("at random over {}, at most {}", span(&last), words::rate(peak))
        }
        Arrivals::Times(_) => {
            let last = stream.traffic.last_arrival().since(crate::units::Time::ZERO);
            format!("at listed times, the last after {}", span(&last))
        }
    }
}

/// Segments and phones that are off, where there are any.
fn people(scenario: &Scenario) -> Option<Grid> {
    let people = &scenario.people;
    let shares = |stream: &Stream| match &stream.traffic.segments {
        SegmentMix::Whole => None,
        mix => Some(mix.shares(scenario.segment_count(), stream.traffic.recipients)),
    };
    let of_segment = |(place, name): (usize, &String)| {
        let each: Vec<String> = scenario
            .streams
            .iter()
            .filter_map(|stream| Some((stream, shares(stream)?[place])))
            .map(|(stream, share)| {
                let of = if stream.name.is_empty() { String::new() } else { format!(" of {}", stream.name) };
                format!("{}{of}", words::percent(share, 1))
            })
            .collect();
        vec![name.clone(), each.join(", ")]
    };
    let segments = people.segments.iter().enumerate().map(of_segment);
    let off = people.phone_off.as_ref().map(|off| {
        let back = match &off.back_after {
            None => "for good".to_owned(),
            Some(back) => format!("back after {}", spread(&[0.5, 0.95].map(|share| back.quantile(share)))),
        };
        vec!["phone off".to_owned(), format!("{}, {back}", words::percent(off.share.get(), 1))]
    });
    let rows: Vec<_> = segments.chain(off).collect();
    (!rows.is_empty()).then(|| Grid {
        caption: "People".to_owned(),
        columns: vec![Column::text("who"), Column::text("share")],
        rows,
        shape: Shape::List,
    })
}

/// A median and a 95 % quantile in words.
fn spread([half, most]: &[Span; 2]) -> String {
    let [half, most] = [half, most].map(|span| words::span(span.as_secs_f64()));
    if half == most { half } else { format!("{half} (median), {most} (95{}%)", words::NBSP) }
}

/// The plans: those that are compared, if it is about them, and those that streams always follow.
fn plans(scenario: &Scenario, about: &About) -> Option<Grid> {
    let compared = if matches!(about, About::Plans) { scenario.plans.as_slice() } else { &[] };
    let own = scenario.streams.iter().filter_map(|stream| stream.plan.as_ref());
    let mut all: Vec<&Plan> = compared.iter().collect();
    for plan in own {
        if all.iter().all(|other| other.name != plan.name) {
            all.push(plan);
        }
    }
    let row = |plan: &Plan| {
        let steps = match &plan.by_segment {
            Some(composite) => {
                let of = scenario.people.segments.iter().zip(&composite.of_segment);
                let of = of.map(|(segment, &place)| format!("{segment}: {}", composite.members[place].name));
                of.collect::<Vec<_>>().join(", ")
            }
            None => steps(scenario, plan),
        };
        vec![plan.name.clone(), steps]
    };
    (!all.is_empty()).then(|| Grid {
        caption: "Plans".to_owned(),
        columns: vec![Column::text("plan"), Column::text("steps")],
        rows: all.iter().map(|plan| row(plan)).collect(),
        shape: Shape::List,
    })
}

/// The steps of a plan: `viber for 30 s; on undelivered, failed, expired: sms`.
fn steps(scenario: &Scenario, plan: &Plan) -> String {
    let all = plan.flow.steps();
    let mut text = String::new();
    for (place, rules) in all.iter().enumerate() {
        text.push_str(&step(scenario, rules));
        if place + 1 < all.len() {
            let triggers: Vec<&str> = rules.failover_on.iter().map(|status| status.word()).collect();
            text.push_str(&format!("; on {}: ", triggers.join(", ")));
        }
    }
    if all.len() > 1 && plan.flow.late_delivery() == LateDelivery::Ignore {
        text.push_str("; late deliveries are ignored");
    }
    if !plan.flow.give_up_after().is_unlimited() {
        text.push_str(&format!("; gives up after {}", words::span(plan.flow.give_up_after().as_secs_f64())));
    }
    text
}

fn step(scenario: &Scenario, rules: &StepRules) -> String {
    let mut text = pool(scenario, &rules.pool);
    if rules.attempts > 1 {
        let wait = words::span(rules.retry_after.as_secs_f64());
        let grows = if rules.backoff == StepRules::STEADY { "" } else { " and then longer" };
        text.push_str(&format!(", up to {} attempts, {wait}{grows} after a failure,", rules.attempts));
    }
    if !rules.ttl.is_unlimited() {
        text.push_str(&format!(" for {}", words::span(rules.ttl.as_secs_f64())));
    }
    if rules.validity != rules.ttl {
        let valid = if rules.validity.is_unlimited() {
            "without end".to_owned()
        } else {
            words::span(rules.validity.as_secs_f64())
        };
        text.push_str(&format!(" (validity {valid})"));
    }
    if rules.success != SuccessFloor::Delivered {
        text.push_str(&format!(" until {}", rules.success.word()));
    }
    text
}

fn pool(scenario: &Scenario, pool: &Pool) -> String {
    let names = pool.members().iter().map(|&member| scenario.providers[member].name.as_str());
    if pool.is_weighted() {
        let weighted = names.zip(pool.weights()).map(|(name, weight)| format!("{name} ({weight})"));
        weighted.collect::<Vec<_>>().join(" or ")
    } else {
        names.collect::<Vec<_>>().join(" or ")
    }
}

/// Each specification of a provider that a plan uses, with its name; of those of segments the ones in which something differs.
fn specs<'a>(
    scenario: &'a Scenario,
    providers: &'a [usize],
    differs: impl Fn(&ProviderSpec, &ProviderSpec) -> bool + Copy + 'a,
) -> impl Iterator<Item = (String, &'a ProviderSpec)> {
    let used = providers.iter().map(|&provider| &scenario.providers[provider]);
    used.flat_map(move |spec| {
        let of_segment = |segment: &Segment| scenario.people.segments.get(segment.index());
        let others =
            spec.segments.iter().filter(move |(_, other)| differs(spec, other)).filter_map(move |(segment, other)| {
                Some((format!("{} in {}", spec.name, of_segment(segment)?), other))
            });
        [(spec.name.clone(), spec)].into_iter().chain(others)
    })
}

/// What becomes of an attempt at each provider.
fn outcomes(scenario: &Scenario, providers: &[usize]) -> Grid {
    let rows = specs(scenario, providers, |a, b| a.outcomes != b.outcomes).flat_map(|(name, spec)| {
        let known: f64 = spec.outcomes.iter().map(|outcome| outcome.share.get()).sum();
        let silent = (known < 1.0 - 1e-9).then(|| {
            let share = words::percent(1.0 - known, 1);
            vec![name.clone(), "silence".to_owned(), share, words::NONE.to_owned(), words::NONE.to_owned()]
        });
        let row = |outcome: &OutcomeSpec| {
            let within = |share| match outcome.status {
                Some(_) => words::span(outcome.after.quantile(share).as_secs_f64()),
                None => words::NONE.to_owned(),
            };
            let [half, most] = [0.5, 0.95].map(within);
            vec![name.clone(), named(outcome), words::percent(outcome.share.get(), 1), half, most]
        };
        spec.outcomes.iter().map(row).chain(silent).collect::<Vec<_>>()
    });
    Grid {
        caption: "Outcomes of an attempt".to_owned(),
        columns: vec![
            Column::text("provider"),
            Column::text("outcome"),
            Column::number("share"),
            Column::number("half within"),
            Column::number("95 % within"),
        ],
        rows: rows.collect(),
        shape: Shape::Sheet,
    }
}

fn named(outcome: &OutcomeSpec) -> String {
    let mut text = outcome.status.map_or("silence", |status| status.word()).to_owned();
    if let Some(seen) = &outcome.seen {
        text.push_str(&format!(", {} of them seen", words::percent(seen.share.get(), 1)));
    }
    if outcome.at_submission {
        text.push_str(" at submission");
    }
    if outcome.persistent {
        text.push_str(" (of the person)");
    }
    if outcome.status.is_some_and(crate::status::Status::is_delivery) && !outcome.reached {
        text.push_str(" by the report only");
    }
    text
}

/// Prices and limits.
fn prices(scenario: &Scenario, providers: &[usize]) -> Grid {
    let row = |(name, spec): (String, &ProviderSpec)| {
        // Limits and fees are those of all its recipients together.
        let is_whole = scenario.providers.iter().any(|whole| whole.name == name);
        let limits = match &spec.capacity {
            _ if !is_whole => words::NONE.to_owned(),
            Some(capacity) => limits(capacity),
            None => "no limit".to_owned(),
        };
        let fees = spec.fees.filter(|_| is_whole).map(|fees| format!("; {}", of_month(fees))).unwrap_or_default();
        vec![name, spec.channel.clone(), price(&spec.price) + &fees, limits]
    };
    Grid {
        caption: format!("Prices in {}, and limits", scenario.currency),
        columns: ["provider", "channel", "price", "limits"].map(Column::text).to_vec(),
        rows: specs(scenario, providers, |a, b| a.price != b.price).map(row).collect(),
        shape: Shape::List,
    }
}

fn amount(money: Money) -> String {
    words::without_zeros(&words::decimal(money.as_units(), 6)).to_owned()
}

/// `900 a month, 12 for each message per second`.
fn of_month(fees: Fees) -> String {
    let each =
        [(fees.per_month, "a month"), (fees.per_rate, "for each message per second"), (fees.per_line, "for each line")];
    let each = each.into_iter().filter(|(money, _)| *money != Money::ZERO);
    each.map(|(money, what)| format!("{} {what}", amount(money))).collect::<Vec<_>>().join(", ")
}

fn price(price: &Price) -> String {
    let parts = if price.parts > 1 { format!(" for each of {} parts", price.parts) } else { String::new() };
    let late = price.delivered_late != price.delivered;
    let each = [
        (price.submitted, format!("submitted{parts}")),
        (price.delivered, if late { "delivered within its validity".to_owned() } else { "delivered".to_owned() }),
        (if late { price.delivered_late } else { Money::ZERO }, "delivered after its validity".to_owned()),
        (price.per_minute, format!("a minute, by {}", words::span(price.increment.as_secs_f64()))),
    ];
    let each: Vec<String> = each
        .into_iter()
        .filter(|(money, _)| *money != Money::ZERO)
        .map(|(money, what)| format!("{} {what}", amount(money)))
        .collect();
    if each.is_empty() { "free".to_owned() } else { each.join(", ") }
}

fn limits(capacity: &Capacity) -> String {
    let rate = capacity.rate.map(|rate| words::rate(rate.per_second()));
    let lines = capacity.concurrent.map(|lines| {
        format!("{} {}", words::count(f64::from(lines)), words::plural(f64::from(lines), "line", "lines"))
    });
    let quota = capacity
        .quota
        .map(|quota| format!("{} in {}", words::count(quota.limit as f64), words::span(quota.per.as_secs_f64())));
    let burst = capacity.burst.map(|burst| format!("bursts of {burst}"));
    let at = if capacity.keeps_queued() { "at the provider" } else { "at the sender" };
    let queue = match capacity.queue {
        0 => "no queue".to_owned(),
        u64::MAX => format!("a queue {at}"),
        most => format!("a queue of {} {at}", words::count(most as f64)),
    };
    let order = match capacity.order {
        Discipline::Priority => Some("by priority".to_owned()),
        Discipline::NewestFirst => Some("newest first".to_owned()),
        _ => None,
    };
    [rate, burst, lines, quota, Some(queue), order].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How providers report, and what else they do that is unusual.
fn behaviour(scenario: &Scenario, providers: &[usize]) -> Option<Grid> {
    let differs =
        |a: &ProviderSpec, b: &ProviderSpec| (a.honours_ttl, &a.report_delay) != (b.honours_ttl, &b.report_delay);
    let row = |(name, spec): (String, &ProviderSpec)| {
        let delay = [0.5, 0.95].map(|share| spec.report_delay.quantile(share));
        let reports = (delay[1] > Span::ZERO).then(|| format!("reports after {}", spread(&delay)));
        let Reports { doubled, reordered, contradicted } = spec.reports;
        let wrong = [(doubled, "come twice"), (reordered, "change places"), (contradicted, "are contradicted")];
        let wrong = wrong.into_iter().filter(|(share, _)| share.get() > 0.0);
        let wrong = wrong.map(|(share, what)| format!("{} of the reports {what}", words::percent(share.get(), 1)));
        let late = (!spec.honours_ttl).then(|| "goes on after the validity".to_owned());
        let off = match spec.when_off {
            _ if !spec.needs_phone => Some("does not need the phone".to_owned()),
            WhenOff::Wait => None,
            ended => ended.status().map(|status| format!("{} if the phone is off", status.word())),
        };
        let off = off.filter(|_| scenario.people.phone_off.is_some());
        let hint = spec.retry_after_hint;
        let hint = (hint > Span::ZERO).then(|| format!("asks to wait {}", words::span(hint.as_secs_f64())));
        let place = scenario.providers.iter().position(|other| other.name == name);
        let breaker = place.and_then(|place| scenario.breakers[place].as_ref()).map(|_| "behind a breaker".to_owned());
        let all = reports.into_iter().chain(wrong).chain(late).chain(off).chain(hint).chain(breaker);
        let all: Vec<String> = all.collect();
        (!all.is_empty()).then(|| vec![name, all.join("; ")])
    };
    let rows: Vec<_> = specs(scenario, providers, differs).filter_map(row).collect();
    (!rows.is_empty()).then(|| Grid {
        caption: "Reports, and what else is unusual".to_owned(),
        columns: vec![Column::text("provider"), Column::text("")],
        rows,
        shape: Shape::List,
    })
}

fn outages(scenario: &Scenario, providers: &[usize]) -> Option<Grid> {
    let used = providers.iter().map(|&provider| &scenario.providers[provider]);
    let row = |spec: &ProviderSpec, outage: &Outage| {
        let concerned = scenario.people.segments.iter().enumerate();
        let concerned = concerned.filter(|(index, _)| outage.segments.contains(Segment::new(*index as u8)));
        let concerned: Vec<&str> = concerned.map(|(_, name)| name.as_str()).collect();
        let is_all = outage.segments == SegmentSet::ALL || concerned.len() == scenario.people.segments.len();
        let of = if is_all { String::new() } else { format!(" in {}", words::all(&concerned)) };
        let share = format!("{}{of}", words::percent(outage.share.get(), 1));
        vec![spec.name.clone(), when(&outage.when), effect(&outage.effect), share]
    };
    let rows: Vec<_> = used.flat_map(|spec| spec.outages.iter().map(move |outage| row(spec, outage))).collect();
    (!rows.is_empty()).then(|| Grid {
        caption: "Outages".to_owned(),
        columns: vec![
            Column::text("provider"),
            Column::text("when"),
            Column::text("what happens"),
            Column::number("of the attempts"),
        ],
        rows,
        shape: Shape::Sheet,
    })
}

fn when(when: &When) -> String {
    let span = |span: &Span| words::span(span.as_secs_f64());
    match when {
        When::Window { from, to, every } => {
            let [from, to] = [from, to].map(|time| span(&time.since(crate::units::Time::ZERO)));
            let again = if every.is_unlimited() { String::new() } else { format!(", every {}", span(every)) };
            format!("from {from} to {to}{again}")
        }
        When::Random { between, lasting } => {
            format!("at random, {} apart and {} long on average", span(between), span(lasting))
        }
    }
}

fn effect(effect: &Effect) -> String {
    let span = |span: &Span| words::span(span.as_secs_f64());
    match effect {
        Effect::Silent => "no report follows".to_owned(),
        Effect::Fail => "rejected at submission".to_owned(),
        Effect::Slow { factor, delay } if delay.as_micros() == 0 => format!("{factor} times as slow"),
        Effect::Slow { factor, delay } => format!("{factor} times as slow, and {} more", span(delay)),
        Effect::ReportsLost => "reports are lost".to_owned(),
        Effect::ReportsLate { until_end: true, .. } => "reports are held until its end".to_owned(),
        Effect::ReportsLate { delay, .. } => format!("reports are {} late", span(delay)),
        Effect::Dropped { .. } => "nothing departs; what is under way is sent again".to_owned(),
        Effect::Throttle { millionths } => {
            format!("{} of the capacity is left", words::percent(f64::from(*millionths) / 1e6, 1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;
    use std::path::Path;

    const TEXT: &str = r#"
title = "Two countries"
goal = { deadline = "1m" }
traffic = { recipients = 100, arrivals = { spread = { over = "10m" } } }

[people]
phone_off = { share = 0.05 }

[[segments]]
name = "gr"
share = 0.6

[[segments]]
name = "bg"
share = 0.4
[segments.providers.sms]
price = { submitted = 0.07 }

[providers.sms]
channel = "sms"
price = { submitted = 0.05, parts = 2 }
fees = { per_month = 900, per_rate = 12 }
capacity = { rate = "10/s", queue = 44 }
report_delay = { constant = "3s" }
outcomes = [{ status = "delivered", share = 0.9, after = { constant = "4s" } }]
outages = [{ from = "1m", to = "2m", effect = "fail", share = 0.5, segments = ["bg"] }]

[providers.viber]
channel = "viber"
outcomes = [{ status = "delivered", share = 0.5, after = { exponential = { mean = "2s" } } }]

[[plans]]
name = "sms-only"
steps = [{ provider = "sms", ttl = "30s", attempts = 2, retry_after = "5s" }]
"#;

    fn cells(about: &About) -> String {
        let scenario = scenario::parse(TEXT, "two.toml", Path::new("")).unwrap_or_else(|errors| panic!("{errors}"));
        let tables = of(&scenario, about);
        let lines = tables.iter().flat_map(|table| table.rows.iter().map(|row| row.join(" | ")));
        lines.collect::<Vec<_>>().join("\n").replace(words::NBSP, " ")
    }

    #[test]
    fn what_a_scenario_says_is_shown() {
        let shown = cells(&About::Plans);
        for part in [
            "all | 100 | evenly over 10 min | 1 min | the plan that is compared",
            "gr | 60.0 %",
            "phone off | 5.0 %, for good",
            "sms-only | sms, up to 2 attempts, 5.0 s after a failure, for 30 s",
            "sms | delivered | 90.0 % | 4.0 s | 4.0 s",
            "sms | silence | 10.0 % | – | –",
            "sms | sms | 0.05 submitted for each of 2 parts; 900 a month, 12 for each message per second | 10/s, a queue of 44 at the provider",
            "sms in bg | sms | 0.07 submitted for each of 2 parts | –",
            "sms | reports after 3.0 s",
            "sms | from 1 min to 2 min | rejected at submission | 50.0 % in bg",
        ] {
            assert!(shown.contains(part), "no {part:?} in\n{shown}");
        }
        assert!(!shown.contains("viber"), "no plan uses it:\n{shown}");
    }

    /// A search tries providers that no plan of the file may use, and plans of its own.
    #[test]
    fn a_search_assumes_what_it_tries() {
        let shown = cells(&About::Providers(vec![1]));
        assert!(shown.contains("viber | delivered | 50.0 %") && !shown.contains("sms"), "{shown}");
    }
}
