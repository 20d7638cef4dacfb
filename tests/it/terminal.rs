//! The exact tables on a terminal of 80 columns: those of `run`, `check`, `capacity`, `sweep` and `trace`.

use crate::snapshot::is_that_of;
use failsim::report::{self, Terminal, gate, sizing, sweep};
use failsim::scenario::{Axis, Bound, Metric, Scenario, parse, parse_changed};
use failsim::sim::Progress;
use failsim::study::{self, Gate, Goal, Limit, Question, Sweep, TraceTarget};
use std::path::Path;

const PIN: &str = include_str!("scenario/reference.toml");
const QUEUE: &str = include_str!("scenario/queue.toml");

const TERMINAL: Terminal = Terminal { width: 80, color: false };

/// A scenario with few recipients.
fn scenario(text: &str, recipients: u64) -> Scenario {
    let mut scenario = parse(text, "pin.toml", Path::new("")).unwrap_or_else(|errors| panic!("{errors}"));
    scenario.set_recipients(recipients).expect("its arrivals are not from a file");
    scenario
}

/// The shipped scenario with streams of traffic.
fn streams() -> Scenario {
    let text =
        include_str!("../../scenarios/README.md").split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    let mut scenario = scenario(text.expect("it shows a scenario"), 1_200);
    scenario.replications = 10;
    scenario
}

fn holds(name: &str, text: &str) {
    let too_wide: Vec<_> = text.lines().filter(|line| line.chars().count() > usize::from(TERMINAL.width)).collect();
    assert!(too_wide.is_empty(), "wider than the terminal:\n{}", too_wide.join("\n"));
    is_that_of(&format!("tests/it/terminal/{name}.txt"), text);
}

fn run(scenario: &Scenario) -> String {
    let findings = study::compare(scenario, scenario.replications, &Progress::default()).expect("nobody stops it");
    report::table(&findings, TERMINAL)
}

#[test]
fn run_shows_plans_differences_and_steps() {
    holds("run", &run(&scenario(PIN, 2_000)));
    let mut alone = scenario(PIN, 2_000);
    alone.keep_plans(&["sms-first".to_owned()]).expect("it is there");
    holds("run-one-plan", &run(&alone));
}

#[test]
fn run_compares_many_plans_with_the_reference() {
    let more = |i| {
        format!(
            "\n[[plans]]\nname = \"sms-{i}\"\nsteps = [{{ provider = \"sms\", ttl = \"{i}s\" }}, {{ provider = \"voice\" }}]\n"
        )
    };
    let text: String = std::iter::once(PIN.to_owned()).chain((3..6).map(more)).collect();
    holds("run-many-plans", &run(&scenario(&text, 2_000)));
}

#[test]
fn run_shows_queues_and_streams() {
    holds("run-queue", &run(&scenario(QUEUE, 900)));
    holds("run-streams", &run(&streams()));
}

#[test]
fn check_shows_answers() {
    let mut scenario = scenario(PIN, 2_000);
    let passed = scenario.checks[0].clone();
    for (metric, bound) in [
        (Metric::Delivered, Bound::AtMost(0.5)),
        (Metric::LatencyP95, Bound::AtMost(34.0)),
        (Metric::InTime, Bound::AtLeast(0.886)),
        (Metric::CostPerRecipient, Bound::AtMost(0.1)),
    ] {
        scenario.checks.push(failsim::scenario::Check { metric, bound, ..passed.clone() });
    }
    let results = study::compare(&scenario, 1, &Progress::default()).expect("nobody stops it").results;
    let rows = study::check(&scenario, &results);
    let gate = Gate::new("pin.toml", results.scenario, false, rows);
    holds("check", &gate::text(&gate, TERMINAL));
}

#[test]
fn capacity_shows_what_was_tried() {
    let mut scenario = scenario(QUEUE, 300);
    scenario.keep_plans(&["sms".to_owned()]).expect("it is there");
    for (name, least) in [("capacity", 0.9), ("capacity-never", 0.99)] {
        let goals =
            [Goal { metric: Metric::InTime, stream: None, segment: None, bound: Bound::AtLeast(least), on: None }];
        let question =
            Question { scenario: &scenario, provider: 0, limit: Limit::Rate, goals: &goals, replications: 10 };
        let sizing = study::size(&question, &Progress::default()).expect("nobody stops it");
        let answer = sizing::Answer { question: &question, sizing: &sizing, headroom: None, cheapest: None };
        holds(name, &sizing::table(&answer, TERMINAL));
    }
}

#[test]
fn a_sweep_shows_a_column_for_each_plan_or_a_map() {
    let axes = ["providers.sms.capacity.rate=4/s..8/s:3", "plans.sms-voice.steps.1.ttl=10s,20s"];
    let axes = axes.map(|axis| Axis::parse(axis).expect("an axis"));
    for (name, axes) in [("sweep", &axes[..1]), ("sweep-map", &axes[..])] {
        let points = study::points(axes).into_iter().map(|point| {
            let changed = parse_changed(QUEUE, "pin.toml", Path::new(""), &point.changes(axes));
            let mut scenario = changed.unwrap_or_else(|errors| panic!("{errors}"));
            scenario.set_recipients(300).expect("not from a file");
            (point, study::compare(&scenario, 10, &Progress::default()).expect("nobody stops it").results)
        });
        let sweep = Sweep { axes: axes.to_vec(), points: points.collect() };
        let shown = sweep::Shown { sweep: &sweep, measures: &[Metric::InTime, Metric::CostPerRecipient], stream: None };
        holds(name, &sweep::table(&shown, TERMINAL));
    }
}

#[test]
fn a_trace_shows_one_recipient() {
    let scenario = scenario(PIN, 2_000);
    for (name, plan, recipient) in [("trace", 0, 3), ("trace-call", 1, 11)] {
        let target = TraceTarget { plan, stream: 0, recipient, replication: 0 };
        holds(name, &report::trace(&scenario, target, &study::trace(&scenario, target)));
    }
    let queue = self::scenario(QUEUE, 900);
    let target = TraceTarget { plan: 1, stream: 0, recipient: 600, replication: 0 };
    holds("trace-queue", &report::trace(&queue, target, &study::trace(&queue, target)));
}
