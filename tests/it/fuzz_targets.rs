//! What each fuzz target does with its input. The fuzzers in `fuzz/` and the property tests in `fuzzing.rs` share it.

use crate::engine_checker::{Event, Run, ticks};
use failsim::engine::{Command, FlowPlan, LateDelivery, MAX_ATTEMPTS, StepRules};
use failsim::report;
use failsim::scenario::{Axis, AxisUnit, Diagnostics, Path as KeyPath, Scenario, parse, parse_changed};
use failsim::sim::Progress;
use failsim::study::compare;
use failsim::units::SimTime;
use failsim::vocabulary::Status::{Busy, Expired, Failed, NoAnswer, Undelivered};
use failsim::vocabulary::{FlowStatus, Status, SuccessFloor};
use std::path::Path;

/// Simulated recipients: enough to come to every outcome, few enough to be quick.
const RECIPIENTS: u64 = 20;

/// The scenario whose values `vary_path` changes.
pub(crate) const VARIED: &str = include_str!("../../scenarios/black-friday.toml");

/// Any text is a scenario that can be simulated, or is refused with diagnostics that can be shown.
pub(crate) fn scenario_text(text: &str) {
    match parse(text, "fuzz.toml", Path::new("no such folder")) {
        Ok(scenario) => simulate(scenario),
        Err(diagnostics) => shown(&diagnostics),
    }
}

/// Any text is an axis whose values can be put into a scenario, or is refused in words.
pub(crate) fn vary_path(text: &str) {
    let axis = match Axis::parse(text) {
        Ok(axis) => axis,
        Err(refusal) => return assert!(!refusal.is_empty()),
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

/// Any bytes are a column of arrival times or of latencies, or are refused with diagnostics that can be shown. The first byte says
/// which, and whether the column is named.
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

/// Whatever is reported, and whenever, a flow does what the checker's own book foretells, and keeps its bounds. The bytes say the plan,
/// then the reports and the timers.
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
            assert!(ticks(now) < plan.give_up_after, "nothing is submitted once the flow has given up");
            made += 1;
        }
        assert!(made <= MAX_ATTEMPTS && made == usize::from(run.flow.attempts()));
        assert!(!is_over || told.command == Command::Wait, "the end is the end");
        assert!(run.flow.deadline().is_never() || run.flow.status() == FlowStatus::InProgress);
        assert!(usize::from(run.flow.step()) < plan.steps.len());
    }
    let tries = |step: u8| (0..run.flow.attempts()).filter(|&attempt| run.flow.step_of(attempt) == step).count();
    assert!((0_u8..).zip(&plan.steps).all(|(step, rules)| tries(step) <= usize::from(rules.attempts)));
}

/// A plan of up to five steps; where there are no more bytes, zeros say the rest.
fn plan(bytes: &mut impl Iterator<Item = u8>) -> FlowPlan {
    let mut next = || bytes.next().unwrap_or(0);
    let general = next();
    let steps = (0..=general % 5).map(|_| step([(); 4].map(|()| next()))).collect();
    let late_delivery = if general & 128 == 0 { LateDelivery::Finish } else { LateDelivery::Ignore };
    let give_up_after = span_or_never(next());
    let mut plan = FlowPlan { steps, late_delivery, give_up_after };
    // Five steps of three attempts are fifteen: no plan makes more than a flow can.
    assert!(plan.steps.iter().map(|step| usize::from(step.attempts)).sum::<usize>() < MAX_ATTEMPTS);
    if let Some(first) = plan.steps.first_mut().filter(|_| general & 64 != 0) {
        first.attempts += 1;
    }
    plan
}

fn step([ttl, triggers, floor, retries]: [u8; 4]) -> StepRules {
    use SuccessFloor::{Accepted, Delivered, Seen, Sent};
    let bad = [Undelivered, Failed, Expired, Busy, NoAnswer];
    let is_trigger = |(place, _): &(usize, &Status)| triggers >> place & 1 == 1;
    let (success, expire_on_delivery) =
        [(Accepted, false), (Sent, false), (Delivered, false), (Seen, false), (Seen, true)][usize::from(floor % 5)];
    StepRules {
        // What is to expire needs a ttl, as a scenario does.
        ttl: if expire_on_delivery { ticks(i64::from(ttl) + 1) } else { span_or_never(ttl) },
        failover_on: bad.iter().enumerate().filter(is_trigger).map(|(_, status)| *status).collect(),
        success,
        expire_on_delivery,
        attempts: 1 + retries % 3,
        retry_after: ticks(i64::from(retries >> 2) % 16),
        backoff: [StepRules::STEADY, 2_000_000, 1_500_000, u32::MAX][usize::from(retries >> 6)],
    }
}

fn span_or_never(byte: u8) -> SimTime {
    if byte % 4 == 3 { SimTime::NEVER } else { ticks(i64::from(byte) + 1) }
}

/// Diagnostics are there, have places in the text, and can be shown, without and with colour.
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

/// A few recipients under the first plans; scenarios that are large in another way are left out.
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
