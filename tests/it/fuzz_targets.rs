//! The fuzz targets. The fuzzers in `fuzz/` and the property tests in `fuzzing.rs` share them.

use crate::engine_checker::{Event, Run, span, ticks};
use failsim::engine::{
    BreakerRules, Breakers, Command, Delivery, FlowPlan, Input, LateDelivery, MAX_ATTEMPTS, Output, Pool, StepRules,
};
use failsim::report;
use failsim::scenario::{Axis, AxisUnit, Diagnostics, Path as KeyPath, Scenario, parse, parse_changed};
use failsim::sim::Progress;
use failsim::status::Status::{Busy, Expired, Failed, NoAnswer, Undelivered};
use failsim::status::{FlowStatus, Status, SuccessFloor};
use failsim::study::compare;
use failsim::units::Span;
use std::path::Path;

/// Simulated recipients: enough to reach every outcome, few enough to be quick.
const RECIPIENTS: u64 = 20;

/// The scenario whose values `vary_path` changes.
pub(crate) const VARIED: &str = include_str!("../../scenarios/black-friday.toml");

/// Any text is either a scenario that can be simulated, or is rejected with diagnostics that can be shown.
pub(crate) fn scenario_text(text: &str) {
    match parse(text, "fuzz.toml", Path::new("no such folder")) {
        Ok(scenario) => simulate(scenario),
        Err(diagnostics) => shown(&diagnostics),
    }
}

/// Any text is either an axis whose values can be applied to a scenario, or is rejected with a message.
pub(crate) fn vary_path(text: &str) {
    let axis = match Axis::parse(text) {
        Ok(axis) => axis,
        Err(refusal) => return assert!(!refusal.to_string().is_empty()),
    };
    assert!(!axis.values.is_empty());
    assert_eq!(axis.numbers.is_some(), axis.unit != AxisUnit::Word);
    assert!(axis.numbers.as_ref().is_none_or(|numbers| numbers.len() == axis.values.len()));
    let path = axis.path.to_string();
    assert_eq!(KeyPath::parse(&path).as_ref(), Ok(&axis.path), "{path} is read as it is written");
    for index in [0, axis.values.len() - 1] {
        match parse_changed(VARIED, "fuzz.toml", Path::new("no such folder"), &[axis.change(index)]) {
            Ok(scenario) => simulate(scenario),
            Err(diagnostics) => shown(&diagnostics),
        }
    }
}

/// Any bytes are either a column of arrival times or latencies, or are rejected with diagnostics that can be shown. The first
/// byte selects which, and whether the column is named.
pub(crate) fn csv(bytes: &[u8]) {
    let [kind, rows @ ..] = bytes else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("spans.csv"), rows).expect("a file can be written");
    let column = if kind & 1 == 0 { "" } else { ", column = \"at_s\"" };
    let file = format!("file = \"spans.csv\"{column}");
    let (arrivals, latency) = match kind & 2 {
        0 => (format!("arrivals = {{ {file} }}"), "constant = \"2s\"".to_owned()),
        _ => ("arrivals = { blast = {} }\nrecipients = 9".to_owned(), format!("empirical = {{ {file} }}")),
    };
    let text = format!(
        "goal = {{ deadline = \"60s\" }}\n[traffic]\n{arrivals}\n[providers.sms]\nchannel = \"sms\"\n\
         outcomes = [{{ status = \"delivered\", share = 0.9, after = {{ {latency} }} }}]\n\
         [[plans]]\nname = \"sms\"\nsteps = [{{ provider = \"sms\" }}]\n"
    );
    match parse(&text, "fuzz.toml", folder.path()) {
        Ok(scenario) => simulate(scenario),
        Err(diagnostics) => shown(&diagnostics),
    }
}

/// Whatever is reported, and whenever, a flow does what the checker's own book predicts, and stays within its bounds. The bytes
/// encode the plan, then the reports and the timers.
pub(crate) fn reports(bytes: &[u8]) {
    let mut bytes = bytes.iter().copied();
    let plan = plan(&mut bytes);
    let mut now = 0;
    let mut run = Run::start(&plan, ticks(now));
    let mut made = 1;
    while let (Some(kind), Some(after)) = (bytes.next(), bytes.next()) {
        now += i64::from(after % 32);
        let is_over = run.flow.status() != FlowStatus::InProgress;
        let event = match Status::from_u8(kind & 15) {
            Some(status) => Event::Report((kind >> 4) % (run.flow.attempts() + 1), status),
            None => Event::Timer,
        };
        let told = run.tell(ticks(now), event);
        if let Command::Submit(submission) = told.command {
            assert!(!is_over, "nothing is submitted after the end");
            assert_eq!(usize::from(submission.attempt), made, "attempts are counted");
            assert!(
                ticks(now) < ticks(0).after(plan.give_up_after()),
                "nothing is submitted once the flow has given up"
            );
            made += 1;
        }
        assert!(made <= MAX_ATTEMPTS && made == usize::from(run.flow.attempts()));
        assert!(!is_over || told.command == Command::Wait, "the end is the end");
        assert!(run.flow.deadline().is_never() || run.flow.status() == FlowStatus::InProgress);
        assert!(usize::from(run.flow.step()) < plan.steps().len());
    }
    let tries = |step: u8| (0..run.flow.attempts()).filter(|&attempt| run.flow.step_of(attempt) == step).count();
    assert!((0_u8..).zip(plan.steps()).all(|(step, rules)| tries(step) <= usize::from(rules.attempts)));
}

/// Decodes a plan of up to five steps; missing bytes count as zeros.
fn plan(bytes: &mut impl Iterator<Item = u8>) -> FlowPlan {
    let mut next = || bytes.next().unwrap_or(0);
    let general = next();
    let mut steps: Vec<_> = (0..=general % 5).map(|_| step([(); 4].map(|()| next()))).collect();
    let late_delivery = if general & 128 == 0 { LateDelivery::Finish } else { LateDelivery::Ignore };
    let give_up_after = span_or_none(next());
    // Five steps of three attempts are fifteen: no plan exceeds the maximum of a flow.
    assert!(steps.iter().map(|step| usize::from(step.attempts)).sum::<usize>() < MAX_ATTEMPTS);
    if general & 64 != 0 {
        steps[0].attempts += 1;
    }
    FlowPlan::new(steps, late_delivery, give_up_after).expect("rules that make sense")
}

fn step([ttl, triggers, floor, retries]: [u8; 4]) -> StepRules {
    use SuccessFloor::{Accepted, Delivered, Seen, Sent};
    let bad = [Undelivered, Failed, Expired, Busy, NoAnswer];
    let is_trigger = |(place, _): &(usize, &Status)| triggers >> place & 1 == 1;
    let (success, expire_on_delivery) =
        [(Accepted, false), (Sent, false), (Delivered, false), (Seen, false), (Seen, true)][usize::from(floor % 5)];
    // Messages that expire need a ttl, as in a scenario.
    let ttl = if expire_on_delivery { span(i64::from(ttl) + 1) } else { span_or_none(ttl) };
    let pool = Pool::first_of([vec![0], vec![1, 0], vec![2, 0, 1], vec![1]][usize::from(triggers >> 6)].clone());
    StepRules {
        failover_on: bad.iter().enumerate().filter(is_trigger).map(|(_, status)| *status).collect(),
        success,
        expire_on_delivery,
        attempts: 1 + retries % 3,
        retry_after: span(i64::from(retries >> 2) % 16),
        backoff: [StepRules::STEADY, 2_000_000, 1_500_000, u32::MAX][usize::from(retries >> 6)],
        ..StepRules::via(pool, "").with_ttl(ttl)
    }
}

fn span_or_none(byte: u8) -> Span {
    if byte % 4 == 3 { Span::UNLIMITED } else { span(i64::from(byte) + 1) }
}

/// Whatever happens to deliveries that share two circuits, and whenever: an attempt goes to each provider of its pool at most
/// once, nothing is submitted after the end, and saved state can be restored. The bytes encode the plan, then the events.
pub(crate) fn deliveries(bytes: &[u8]) {
    let mut bytes = bytes.iter().copied();
    let plan = std::sync::Arc::new(plan(&mut bytes));
    let rules = BreakerRules {
        window: span(64),
        at_least: 1 + u32::from(bytes.next().unwrap_or(0) % 3),
        open_for: span(9),
        probes: 1,
        missing_after: span(16),
        ..BreakerRules::DEFAULT
    };
    let mut breakers = Breakers::new(&[Some(rules), None, Some(rules)]).expect("rules that make sense");
    let mut now = 0;
    let mut all = [(); 2].map(|()| Delivery::start(plan.clone(), ticks(0), [0; MAX_ATTEMPTS], &mut breakers));
    let mut submitted = [Vec::new(), Vec::new()];
    while let (Some(kind), Some(after)) = (bytes.next(), bytes.next()) {
        now += i64::from(after % 32);
        let who = usize::from(after >> 7);
        let delivery = &mut all[who];
        let attempt = (kind >> 4) % (delivery.flow().attempts() + 1);
        let provider = usize::from(after >> 5) % 3;
        let input = match (kind & 15, Status::from_u8(kind & 15)) {
            (_, Some(status)) => Input::Report { attempt, provider, status },
            (11 | 12, None) => {
                Input::Rejected { attempt, provider, retry_after: Span::from_secs(i64::from(provider as u8 % 3)) }
            }
            (13, None) => Input::Waits { attempt, provider },
            (14, None) => Input::Departed { attempt, provider },
            (_, None) => Input::Tick,
        };
        let was_over = delivery.status() != FlowStatus::InProgress;
        delivery.handle(ticks(now), input, &mut breakers);
        while let Some(output) = delivery.poll() {
            if let Output::Submit { attempt, step, provider } = output {
                assert!(!was_over, "nothing is submitted after the end");
                assert!(plan.step(step).pool.members().contains(&provider));
                assert!(!submitted[who].contains(&(attempt, provider)), "each provider once");
                submitted[who].push((attempt, provider));
            }
        }
        assert!(usize::from(delivery.flow().attempts()) <= MAX_ATTEMPTS);
        assert!(delivery.wake_at(&breakers).is_none_or(|wake| !wake.is_never()));
    }
    for delivery in all {
        let kept = serde_json::to_string(delivery.state()).expect("it is plain data");
        let kept = serde_json::from_str(&kept).expect("what was written is read");
        assert_eq!(Delivery::resume(plan.clone(), kept, &breakers), Ok(delivery));
    }
}

/// Asserts that there are diagnostics, that their spans are valid, and that they can be shown with and without colour.
fn shown(diagnostics: &Diagnostics) {
    assert!(!diagnostics.items().is_empty());
    for item in diagnostics.items() {
        assert!(!item.message.is_empty() && !item.message.contains('\n'), "{item:?}");
        assert!(item.span.as_ref().is_none_or(|span| span.start <= span.end && span.end <= diagnostics.text().len()));
    }
    let plain = diagnostics.render(false);
    assert!(plain.contains("fuzz.toml") && !plain.contains('\u{1b}'), "{plain:?}");
    assert!(!diagnostics.render(true).is_empty());
}

/// Simulates a few recipients under the first plans; scenarios that are large in another way are skipped.
fn simulate(mut scenario: Scenario) {
    if let Some(warnings) = &scenario.warnings {
        shown(warnings);
    }
    if scenario.streams.len() > 4 || scenario.providers.len() > 8 {
        return;
    }
    scenario.replications = 1;
    let first: Vec<_> = scenario.plans.iter().take(2).map(|plan| plan.name.clone()).collect();
    scenario.keep_plans(&first).expect("they are its plans");
    let recipients = RECIPIENTS.min(scenario.recipients());
    scenario.set_recipients(recipients).expect("no more than before");
    let results = compare(&scenario, 1, &Progress::default()).expect("nobody stops it").results;
    assert!(!report::finding(&results).is_empty());
    for plan in &results.plans {
        for share in [plan.delivered.share, plan.in_time.share, plan.succeeded.share, plan.duplicates.share] {
            assert!((0.0..=1.0).contains(&share), "{share} of {}", plan.name);
        }
        assert!(plan.in_time.share <= plan.delivered.share && plan.cost.total >= 0.0, "{plan:?}");
    }
}
