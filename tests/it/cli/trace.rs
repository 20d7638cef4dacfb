//! `failsim trace`: one recipient, reached by a message after the flow has moved on.

use super::{Home, has, shipped_scenarios};
use failsim::engine::{Notice, StepEnd};
use failsim::scenario::{Scenario, load};
use failsim::study::{Event, TraceTarget, trace};
use std::path::{Path, PathBuf};

fn drill() -> (PathBuf, Scenario) {
    let path = shipped_scenarios().into_iter().find(|path| path.ends_with("incident-drill.toml"));
    let path = path.expect("the drill is shipped");
    let scenario = load(&path).unwrap_or_else(|error| panic!("{error}"));
    (path, scenario)
}

/// The first recipient whose flow a late delivery ends under this plan.
fn reached_late(scenario: &Scenario, plan: usize) -> u64 {
    let superseded = |event: &Event| matches!(event, Event::Noticed(Notice::Step { end: StepEnd::LateSuccess, .. }));
    let ends_late = |&recipient: &u64| {
        let course = trace(scenario, TraceTarget { plan, stream: 0, recipient, replication: 0 });
        course.events.iter().any(|(_, event)| superseded(event))
    };
    (0..20_000).find(ends_late).expect("somebody is")
}

/// The trace of `recipient` under the plan with this name.
fn course(path: &Path, plan: &str, recipient: u64) -> String {
    let words = ["trace", &path.display().to_string(), "--plan", plan, "--recipient", &recipient.to_string()];
    let output = Home::new().failsim(&words).exits_with(0);
    assert_eq!(output.stderr, "");
    output.stdout
}

#[test]
fn a_late_delivery_ends_the_flow_or_does_not() {
    let (path, scenario) = drill();
    let index = |name: &str| scenario.plan_index(name).expect("the drill has it");
    let recipient = reached_late(&scenario, index("sms-viber-voice-finish"));
    let finish = course(&path, "sms-viber-voice-finish", recipient);
    has(
        &finish,
        &[
            &format!("recipient {recipient} of 400 000 under plan sms-viber-voice-finish, seed 404\n"),
            "0.000s  submit    attempt 1 to sms (step 1, ttl 15s), cost 0.0375 EUR\n",
            "15.000s  step 1    ttl passed: expired\n",
            "submit    attempt 2 to viber (step 2, ttl 30s)",
            "recipient gets the message by sms (attempt 1)\n",
            "report    attempt 1: delivered\n",
            "late success: an earlier step delivered\n",
            "flow      succeeded\n",
            "the deadline is 1m)",
        ],
    );
    let ignore = course(&path, "sms-viber-voice-ignore", recipient);
    has(&ignore, &["recipient gets the message by sms (attempt 1)\n", "report    attempt 1: delivered\n"]);
    assert!(!ignore.contains("superseded"), "{ignore}");
}

#[test]
fn both_strategies_are_shown_and_completion_tells_only_the_end() {
    let (path, scenario) = drill();
    let plan = scenario.plan_index("sms-viber-voice-finish").expect("the drill has it");
    let text = course(&path, "sms-viber-voice-finish", reached_late(&scenario, plan));
    let (story, webhooks) = text.split_once("\nwebhook with on_change: ").expect("one strategy");
    let (change, completion) = webhooks.split_once("\nwebhook with on_completion: 1 callback\n").expect("the other");
    has(story, &["recipient gets the message after ", "flow      succeeded; last event after ", "cost      0."]);
    has(
        change,
        &[" callbacks\n", "attempt 1 (sms): delivered\n", "step 1 (sms): ttl passed: expired\n", "flow: succeeded"],
    );
    assert_eq!(completion.lines().count(), 1, "{completion}");
    has(completion, &["flow: succeeded (by "]);
}

#[test]
fn times_are_shown_to_the_millisecond() {
    let (path, _) = drill();
    for recipient in 0..5 {
        for line in course(&path, "viber-sms-30s", recipient).lines().filter(|line| line.starts_with("   ")) {
            let time = line.split_whitespace().next().unwrap_or_default();
            let (_, decimals) = time.trim_end_matches('s').split_once('.').unwrap_or_else(|| panic!("{line}"));
            assert_eq!(decimals.len(), 3, "{line}");
        }
    }
}

#[test]
fn a_trace_is_the_same_every_time_and_another_with_another_seed_or_replication() {
    let home = Home::new();
    let output = |flags: &str| home.run(&format!("trace pin.toml {flags}")).exits_with(0).stdout;
    assert_eq!(output(""), output("--plan viber-first --recipient 0 --replication 0 --seed 20261127"));
    assert_ne!(output(""), output("--recipient 1"));
    assert_ne!(output(""), output("--seed 2"));
    assert_ne!(output(""), output("--replication 1"));
    assert_eq!(home.names(), ["pin.toml"]);
}

#[test]
fn recipients_that_do_not_exist_are_rejected() {
    let home = Home::new();
    let output = home.run("trace pin.toml --recipient 2000");
    output.rejects(
        2,
        &["there is no recipient 2000: the scenario has 2 000, numbered from 0", "hint: use --recipient 1999"],
    );
    home.run("trace pin.toml --recipient 2000 --recipients 2001").exits_with(0);
    home.run("trace pin.toml --recipient -1").rejects(2, &["write an integer from 0"]);
}
