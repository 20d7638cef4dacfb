//! Routee's published truth table for a flow of voice, then Viber, then sms, as a golden test.
//!
//! Table: <https://docs.routee.net/docs/failover-statuses>. Voice statuses:
//! <https://docs.routee.net/docs/voice-messaging-statuses>; `Unsent` (no balance at the start) and `Terminated` (the balance
//! ran out) are calls that could not be carried out, which we call `failed`, and `Completed` is a call that was answered.
//!
//! The table moves on from voice on all of them, although the documented triggers of voice are `Busy` and `NoAnswer` alone
//! (<https://docs.routee.net/reference/send-a-failover-message>): this is why `failed` is one of our default triggers.

use crate::engine_story::{ScriptedFlow, plan, sms, viber, voice};
use failsim::engine::Command;
use failsim::status::{FailureCode, FlowStatus, Status};

const PUBLISHED: &str = "
    VOICE       VIBER        SMS          FLOW
    Completed   none         none         Succeeded
    Busy        DELIVERED    none         Succeeded
    Busy        UNDELIVERED  DELIVERED    Succeeded
    Busy        UNDELIVERED  UNDELIVERED  Failed
    Busy        UNDELIVERED  FAILED       Failed
    NoAnswer    DELIVERED    none         Succeeded
    NoAnswer    UNDELIVERED  DELIVERED    Succeeded
    NoAnswer    UNDELIVERED  UNDELIVERED  Failed
    NoAnswer    UNDELIVERED  FAILED       Failed
    Failed      DELIVERED    none         Succeeded
    Failed      UNDELIVERED  DELIVERED    Succeeded
    Failed      UNDELIVERED  UNDELIVERED  Failed
    Failed      UNDELIVERED  FAILED       Failed
    Unsent      DELIVERED    none         Succeeded
    Unsent      UNDELIVERED  DELIVERED    Succeeded
    Unsent      UNDELIVERED  UNDELIVERED  Failed
    Unsent      UNDELIVERED  FAILED       Failed
    Terminated  DELIVERED    none         Succeeded
    Terminated  UNDELIVERED  DELIVERED    Succeeded
    Terminated  UNDELIVERED  UNDELIVERED  Failed
    Terminated  UNDELIVERED  FAILED       Failed
";

#[test]
fn every_row_of_routees_truth_table_comes_true() {
    assert_eq!(rows().count(), 21);
    for row in rows() {
        plays_out(row, &[]);
    }
}

#[test]
fn the_truth_table_holds_when_each_message_is_queued_and_sent_before_its_end() {
    for row in rows() {
        plays_out(row, &[Status::Queued, Status::Sent]);
    }
}

/// The words of each row, without the headings.
fn rows() -> impl Iterator<Item = [&'static str; 4]> {
    let lines = PUBLISHED.lines().filter(|line| !line.trim().is_empty()).skip(1);
    lines.map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        words.try_into().expect("a row has four columns")
    })
}

/// Runs a row. Each message gets the reports `first`, then the row's word; where a column says none, nothing must be
/// submitted.
fn plays_out(row: [&str; 4], first: &[Status]) {
    let mut script = plan([voice(), viber().ttl(600), sms().ttl(72_000)]).start();
    let [.., flow] = row;
    for (attempt, last) in row[..3].iter().map_while(|word| status_of(word)).enumerate() {
        assert_eq!(script.flow.current_attempt(), Some(attempt as u8), "{row:?}");
        hear(&mut script, attempt as u8, first, last);
    }
    assert_eq!(script.flow.status(), flow_of(flow), "{row:?}");
    let submitted = row[..3].iter().filter(|&&word| word != "none").count();
    assert_eq!(usize::from(script.flow.attempts()), submitted, "{row:?}");
}

fn hear(script: &mut ScriptedFlow, attempt: u8, first: &[Status], last: Status) {
    for &status in first {
        script.report(attempt, status).keeps_waiting();
    }
    let reply = script.report(attempt, last);
    assert_ne!(reply.command(), Command::Wait);
}

/// The status that corresponds to Routee's word; `None` for a message that was never submitted.
fn status_of(word: &str) -> Option<Status> {
    Some(match word {
        "none" => return None,
        "Completed" => Status::Answered,
        "Busy" => Status::Busy,
        "NoAnswer" => Status::NoAnswer,
        "Failed" | "Unsent" | "Terminated" | "FAILED" => Status::Failed,
        "DELIVERED" => Status::Delivered,
        "UNDELIVERED" => Status::Undelivered,
        _ => panic!("no such status in the table: {word}"),
    })
}

/// Routee's table does not show the code. Its description of code 2, no next step, fits all of these flows.
fn flow_of(word: &str) -> FlowStatus {
    match word {
        "Succeeded" => FlowStatus::Succeeded,
        "Failed" => FlowStatus::Failed(FailureCode::NoNextStep),
        _ => panic!("no such flow status in the table: {word}"),
    }
}
