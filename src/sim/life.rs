//! One recipient's life under one plan: the engine and the providers in conversation.

use super::cast::{Cast, Part};
use crate::engine::{Command, Flow, MAX_ATTEMPTS, Observer, Submission};
use crate::provider::{Fate, Report, Terms};
use crate::rng::Luck;
use crate::units::SimTime;
use crate::vocabulary::Status;

/// The most reports that can be under way: four for each attempt.
const MAX_PENDING: usize = 4 * MAX_ATTEMPTS;

/// Watches a life: what the engine does, what becomes of each attempt, and what is reported.
pub trait Witness: Observer {
    /// Whether reports are of interest after the flow has ended.
    const TO_THE_LAST: bool = false;

    /// An attempt has been handed to a provider, under these terms, and this will become of it.
    fn submitted(&mut self, submission: Submission, terms: &Terms, fate: &Fate);

    /// A report has arrived and the engine is about to hear it.
    #[inline]
    fn reported(&mut self, _now: SimTime, _attempt: u8, _status: Status) {}

    /// A timer has run down and the engine is about to hear it.
    #[inline]
    fn timed_out(&mut self, _now: SimTime) {}
}

/// The reports on their way to the engine, and who has been used how often. Kept from one life to the next, so that
/// nothing is allocated.
#[derive(Clone, Debug)]
pub struct Life {
    /// The last one comes first.
    pending: [Pending; MAX_PENDING],
    count: usize,
    /// The providers of the attempts so far.
    used: [usize; MAX_ATTEMPTS],
}

/// A report of an attempt. Ordered by time, then attempt, then rank.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Pending {
    at: SimTime,
    attempt: u8,
    status: Status,
}

impl Default for Life {
    fn default() -> Self {
        let none = Pending { at: SimTime::NEVER, attempt: 0, status: Status::Queued };
        Self { pending: [none; MAX_PENDING], count: 0, used: [0; MAX_ATTEMPTS] }
    }
}

impl Life {
    #[inline]
    fn next_report(&self) -> SimTime {
        if self.count == 0 { SimTime::NEVER } else { self.pending[self.count - 1].at }
    }

    #[inline]
    fn expect(&mut self, attempt: u8, report: Report) {
        let new = Pending { at: report.at, attempt, status: report.status };
        let mut place = self.count;
        while place > 0 && self.pending[place - 1] < new {
            self.pending[place] = self.pending[place - 1];
            place -= 1;
        }
        self.pending[place] = new;
        self.count += 1;
    }

    /// Hands the attempt to its provider; from here on its fate is known.
    #[inline]
    fn submit<W: Witness>(&mut self, stage: &Stage<'_>, now: SimTime, submission: Submission, witness: &mut W) {
        let (provider, terms) = stage.part.carriers[usize::from(submission.step)];
        let attempt = usize::from(submission.attempt);
        let uses = self.used[..attempt].iter().filter(|&&used| used == provider).count();
        self.used[attempt] = provider;
        let terms = Terms { submitted: now, ..terms };
        let provider = &stage.cast.providers[provider];
        let fate = provider.submit(now, &terms, stage.luck.draws(provider.key(), stage.recipient, uses as u16));
        witness.submitted(submission, &terms, &fate);
        for report in fate.reports() {
            self.expect(submission.attempt, *report);
        }
    }
}

/// Where a life is played.
struct Stage<'a> {
    cast: &'a Cast,
    part: &'a Part,
    luck: Luck,
    recipient: u32,
}

/// Plays `recipient` under `part` of `cast` from its `arrival` to the end, and gives the flow as it ended; one that waits
/// for reports that never come is left open.
///
/// > Between two submissions a recipient's life depends on nothing but its own luck.
///
/// 1. The engine's command is carried out: a submission goes to its provider, whose reports are put in order of time.
/// 2. The next report goes to the engine, or, when its deadline comes before that, the deadline; at equal times the report.
/// 3. Once the flow has ended, what is still under way concerns the witness alone.
#[inline]
pub fn play<W: Witness>(
    cast: &Cast,
    part: &Part,
    luck: Luck,
    (recipient, arrival): (u32, SimTime),
    life: &mut Life,
    witness: &mut W,
) -> Flow {
    let stage = Stage { cast, part, luck, recipient };
    life.count = 0;
    let (mut flow, mut command) = Flow::start(&part.flow, arrival);
    let mut now = arrival;
    loop {
        match command {
            Command::Submit(submission) => life.submit(&stage, now, submission, witness),
            Command::End if !W::TO_THE_LAST => return flow,
            Command::End | Command::Wait => {}
        }
        let deadline = flow.deadline();
        if life.count > 0 && life.next_report() <= deadline {
            life.count -= 1;
            let Pending { at, attempt, status } = life.pending[life.count];
            now = at;
            witness.reported(now, attempt, status);
            command = flow.report(&part.flow, now, attempt, status, witness);
        } else if deadline.is_never() {
            return flow;
        } else {
            now = deadline;
            witness.timed_out(now);
            command = flow.timeout(&part.flow, now, witness);
        }
    }
}
