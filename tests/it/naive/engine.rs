//! The naive twin's engine: the effect of reports and timers on a flow.

use super::history::{Decision, Left};
use super::{Kind, RunContext, What};
use failsim::engine::{LateDelivery, StepRules};
use failsim::status::{Status, SuccessFloor};
use failsim::units::{Span, Time};

/// The last step of MurmurHash3, by which the engine makes another draw from that of a pool.
fn mixed(draw: u32) -> u32 {
    let mut hash = draw;
    for (shift, factor) in [(16, 0x85eb_ca6b), (13, 0xc2b2_ae35)] {
        hash = (hash ^ (hash >> shift)).wrapping_mul(factor);
    }
    hash ^ (hash >> 16)
}

impl RunContext<'_> {
    /// A report arrives.
    pub(super) fn hear(&mut self, now: Time, who: usize, attempt: usize, status: Status) {
        let plan = self.people[who].plan;
        let history = &mut self.people[who].history;
        let message = &mut history.attempts[attempt];
        let rules = &plan.flow.steps()[message.step];
        if !is_news(&message.known, status, rules) {
            return;
        }
        message.known.push(status);
        history.changes.push(now);
        if !history.in_progress() {
            return;
        }
        let late = attempt + 1 < history.attempts.len();
        match (late, meets(rules.success, status)) {
            (false, true) => self.succeed(now, who, Left::Succeeded(status)),
            (false, false) if is_bad(status) => self.go_wrong(now, who, status),
            (true, true) if is_delivery(status) && plan.flow.late_delivery() == LateDelivery::Finish => {
                self.succeed(now, who, Left::LateSuccess)
            }
            _ => {}
        }
    }

    /// The latest attempt has ended badly.
    fn go_wrong(&mut self, now: Time, who: usize, status: Status) {
        let plan = self.people[who].plan;
        let history = &self.people[who].history;
        let stay = history.steps.last().expect("a flow is in a step");
        let rules = &plan.flow.steps()[history.steps.len() - 1];
        // Each wait is `backoff` times the previous one, in whole microseconds.
        let mut wait = i128::from(rules.retry_after.as_micros());
        for _ in 1..stay.tries {
            wait = wait * i128::from(rules.backoff) / 1_000_000;
        }
        // Somewhere from (1 - jitter) to (1 + jitter) times that.
        let uniform = i128::from(mixed(self.choice(who, history.attempts.len())));
        let jitter = i128::from(rules.jitter);
        wait = wait * (1_000_000 - jitter + (2 * jitter * uniform).div_euclid(1 << 32)) / 1_000_000;
        wait = wait.max(i128::from(self.retry_after(now, who).as_micros()));
        let resubmit_at = now.after(Span::from_micros(i64::try_from(wait).unwrap_or(i64::MAX)));
        let step_over = stay.entered.after(rules.ttl);
        let flow_over = history.arrival.after(plan.flow.give_up_after());
        let in_time = resubmit_at < step_over && resubmit_at < flow_over;
        if status == Status::Failed && stay.tries < rules.attempts && in_time {
            let latest = history.attempts.len() - 1;
            if wait == 0 {
                self.event(now, Kind::Submission, who, latest + 1, What::Nothing);
            } else {
                self.timer(resubmit_at, who, latest, What::Retry);
            }
            return;
        }
        self.move_on(now, who, Left::Bad(status), status);
    }

    /// How long the provider that has just rejected the latest attempt asks to wait.
    fn retry_after(&self, now: Time, who: usize) -> Span {
        let history = &self.people[who].history;
        let attempt = history.attempts.len() - 1;
        let last = history.attempts[attempt].tries.last().expect("it was submitted somewhere");
        let asks = last.decision == Decision::Rejected
            && !self.submitted(now, who, attempt, last.provider).is_rejected_by_outcome();
        if asks { self.scenario.providers[last.provider].retry_after_hint } else { Span::ZERO }
    }

    pub(super) fn retry(&mut self, now: Time, who: usize, failed_attempt: usize) {
        let history = &self.people[who].history;
        if history.in_progress() && history.attempts.len() == failed_attempt + 1 {
            self.event(now, Kind::Submission, who, failed_attempt + 1, What::Nothing);
        }
    }

    /// The ttl of the step that began with `first_attempt` has passed.
    pub(super) fn time_out(&mut self, now: Time, who: usize, first_attempt: usize) {
        let plan = self.people[who].plan;
        let history = &mut self.people[who].history;
        let step = history.attempts[first_attempt].step;
        if !history.in_progress() || step + 1 != history.steps.len() {
            return;
        }
        let latest = history.attempts.last_mut().expect("a step begins with an attempt");
        let is_over = latest.known.last().is_some_and(|status| status.is_bad());
        if !is_over && plan.flow.steps()[step].expire_on_delivery {
            latest.known.push(Status::Expired);
        }
        history.changes.push(now);
        self.move_on(now, who, Left::TimedOut, Status::Expired);
    }

    fn move_on(&mut self, now: Time, who: usize, how: Left, status: Status) {
        let plan = self.people[who].plan;
        let history = &mut self.people[who].history;
        history.leave(now, how);
        let next = history.steps.len();
        let triggered = plan.flow.steps()[next - 1].failover_on.iter().any(|trigger| trigger == status);
        // Nothing is submitted at the moment of giving up.
        let goes_on = now < history.arrival.after(plan.flow.give_up_after());
        if triggered && goes_on && next < plan.flow.steps().len() {
            self.enter(now, who, next);
        } else {
            history.ended = Some((now, false));
        }
    }

    pub(super) fn give_up(&mut self, now: Time, who: usize) {
        let history = &mut self.people[who].history;
        if history.in_progress() {
            history.leave(now, Left::GaveUp);
            history.ended = Some((now, false));
        }
    }

    fn succeed(&mut self, now: Time, who: usize, how: Left) {
        let history = &mut self.people[who].history;
        history.leave(now, how);
        history.ended = Some((now, true));
    }
}

fn is_bad(status: Status) -> bool {
    use Status::{Busy, Expired, Failed, Machine, NoAnswer, Undelivered};
    matches!(status, Undelivered | Failed | Expired | Busy | NoAnswer | Machine)
}

pub(super) fn is_delivery(status: Status) -> bool {
    matches!(status, Status::Delivered | Status::Answered | Status::Seen)
}

/// The rank of a status that is not a bad end.
fn progress(status: Status) -> Option<u8> {
    match status {
        Status::Queued => Some(1),
        Status::Sent => Some(2),
        Status::Delivered | Status::Answered => Some(3),
        Status::Seen => Some(4),
        _ => None,
    }
}

fn meets(floor: SuccessFloor, status: Status) -> bool {
    let needed = match floor {
        SuccessFloor::Accepted => 1,
        SuccessFloor::Sent => 2,
        SuccessFloor::Delivered => 3,
        SuccessFloor::Seen => 4,
    };
    progress(status).is_some_and(|reached| reached >= needed)
}

/// Whether a report changes what is known: nothing goes back, a bad end is final, and a delivered message stays delivered unless
/// it may expire unseen.
fn is_news(known: &[Status], status: Status, rules: &StepRules) -> bool {
    let Some(&last) = known.last() else { return true };
    match (progress(last), progress(status)) {
        (None, _) => false,
        (Some(3), None) => status == Status::Expired && rules.expire_on_delivery,
        (Some(4), None) => false,
        (Some(_), None) => true,
        (Some(old), Some(new)) => new > old,
    }
}
