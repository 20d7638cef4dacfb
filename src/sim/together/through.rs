//! All attempts at one provider on their way through its queue.

use super::line::{LineMarch, REFUSED, WITHDRAWN, patience_of, waits_until};
use crate::provider::{Admission, Order, Provider, Queue, Terms};
use crate::rng::{LANES, Luck};
use crate::sim::progress::{Interrupted, Progress};
use crate::sim::room::LaneStep;
use crate::units::SimTime;

/// A provider's queue, and the lines before it. Who comes at one time with others goes in order of lines, then of recipients.
pub(super) struct Through<'a> {
    exit: Exit<'a>,
    lines: Vec<Comers<'a>>,
    touched: bool,
}

/// Where attempts leave.
struct Exit<'a> {
    provider: &'a Provider,
    queue: Queue,
    /// Is told of each line for calls that is taken: the stream, from when, until when.
    held: &'a mut dyn FnMut(usize, SimTime, SimTime),
}

/// Those who come to one step of one stream.
pub(super) struct Comers<'a> {
    pub(super) step: LaneStep,
    pub(super) luck: Luck,
    pub(super) priority: u8,
    pub(super) march: LineMarch<'a>,
    /// Where priorities count: all before this one have left or been withdrawn, or never waited.
    pub(super) settled: usize,
}

/// What a queue came to.
pub(super) struct Passed {
    /// The most that have waited at any time.
    pub(super) longest: u64,
    /// Whether anybody waited or was refused.
    pub(super) touched: bool,
}

impl<'a> Through<'a> {
    pub(super) fn new(
        provider: &'a Provider,
        queue: Queue,
        lines: Vec<Comers<'a>>,
        held: &'a mut dyn FnMut(usize, SimTime, SimTime),
    ) -> Self {
        Self { exit: Exit { provider, queue, held }, lines, touched: false }
    }

    /// Lets all of them through.
    pub(super) fn pass(mut self, progress: &Progress) -> Result<Passed, Interrupted> {
        match self.exit.provider.order() {
            Some(Order::Priority) => self.pass_by_priority(progress)?,
            _ => self.pass_in_turn(progress)?,
        }
        Ok(Passed { longest: self.exit.queue.longest(), touched: self.touched })
    }

    /// First in, first out: the fate of an attempt is known when it comes.
    fn pass_in_turn(&mut self, progress: &Progress) -> Result<(), Interrupted> {
        loop {
            if progress.stopped() {
                return Err(Interrupted);
            }
            // The line whose next attempt is first, and until when no other has one.
            let mut firsts: Vec<_> =
                self.lines.iter_mut().enumerate().map(|(i, line)| (line.march.peek(), i)).collect();
            firsts.sort_unstable();
            let (at, which) = firsts[0];
            if at == i64::MAX {
                return Ok(());
            }
            let until = firsts.get(1).map_or(i64::MAX, |&(other, i)| other.saturating_add(i64::from(i > which)));
            self.admit_before(until, which);
        }
    }

    /// Lets those of a line's next attempts that come before `until` through the queue.
    fn admit_before(&mut self, until: i64, which: usize) {
        let comers = &self.lines[which];
        let Comers { step, march, .. } = comers;
        let (mut leaves, mut count) = ([0; LANES], 0);
        for &at in march.before(until) {
            let terms = Terms { submitted: SimTime::from_micros(at), ..step.terms };
            let admission = self.exit.queue.admit(terms.submitted, patience(self.exit.provider, &terms));
            self.touched |= admission != Admission::Leaves(terms.submitted);
            leaves[count] = match admission {
                Admission::Leaves(leaves) => {
                    self.exit.leave(leaves, comers, march.rank() + count);
                    leaves.as_micros()
                }
                Admission::Withdrawn | Admission::Waits => WITHDRAWN,
                Admission::Refused => REFUSED,
            };
            count += 1;
        }
        self.lines[which].march.pass(&leaves[..count]);
    }

    /// Higher priorities first. At equal times attempts leave, then they are withdrawn, then others come.
    fn pass_by_priority(&mut self, progress: &Progress) -> Result<(), Interrupted> {
        let mut now = SimTime::ZERO;
        for round in 0_usize.. {
            if round.is_multiple_of(LANES) && progress.stopped() {
                return Err(Interrupted);
            }
            let firsts = self.lines.iter_mut().enumerate().map(|(i, line)| (line.march.peek(), i));
            let Some((at, which)) = firsts.min().filter(|&(at, _)| at != i64::MAX) else { break };
            let at = SimTime::from_micros(at);
            self.go_on(now, at);
            self.admit(at, which);
            now = at;
        }
        self.go_on(now, SimTime::MAX);
        for line in &mut self.lines {
            let leaves = line.march.leaves().iter_mut();
            // Those who wait for ever.
            leaves.filter(|leaves| patience_of(**leaves).is_some()).for_each(|leaves| *leaves = WITHDRAWN);
        }
        Ok(())
    }

    /// An attempt of this line comes at `now`.
    fn admit(&mut self, now: SimTime, which: usize) {
        let Comers { step, priority, march, .. } = &mut self.lines[which];
        let terms = Terms { submitted: now, ..step.terms };
        let patience = patience(self.exit.provider, &terms);
        let admission = self.exit.queue.admit(now, patience);
        self.touched |= admission != Admission::Leaves(now);
        let rank = march.rank();
        march.pass(&[match admission {
            Admission::Leaves(leaves) => leaves.as_micros(),
            Admission::Refused => REFUSED,
            Admission::Withdrawn => WITHDRAWN,
            Admission::Waits => {
                self.exit.queue.enter(*priority, (which as u64) << 32 | rank as u64);
                waits_until(patience)
            }
        }]);
        if let Admission::Leaves(leaves) = admission {
            self.exit.leave(leaves, &self.lines[which], rank);
        }
    }

    /// Lets those who wait leave or be withdrawn, from `now` on up to `until`.
    fn go_on(&mut self, mut now: SimTime, until: SimTime) {
        loop {
            let next = self.exit.queue.next_departure(now);
            if next > until {
                break;
            }
            now = next;
            self.withdraw(|patience| patience < now);
            let lines = &self.lines;
            let waits = |token| {
                let (which, rank) = place_of(token);
                patience_of(lines[which].march.leaves_of(rank)).is_some()
            };
            if let Some(token) = self.exit.queue.depart(now, waits) {
                let (which, rank) = place_of(token);
                self.lines[which].march.leaves()[rank] = now.as_micros();
                self.exit.leave(now, &self.lines[which], rank);
            }
        }
        self.withdraw(|patience| patience <= until);
    }

    /// Withdraws those whose patience has run out. In a line, who comes later is as patient or more.
    fn withdraw(&mut self, has_run_out: impl Fn(SimTime) -> bool) {
        for Comers { march, settled, .. } in &mut self.lines {
            while let Some(leaves) = march.leaves().get_mut(*settled) {
                if let Some(patience) = patience_of(*leaves) {
                    if !has_run_out(patience) {
                        break;
                    }
                    *leaves = WITHDRAWN;
                    self.exit.queue.withdraw();
                }
                *settled += 1;
            }
        }
    }
}

impl Exit<'_> {
    /// The attempt of this rank leaves at `now`, and takes its line for calls, if there are any.
    #[inline]
    fn leave(&mut self, now: SimTime, comers: &Comers<'_>, rank: usize) {
        if self.queue.has_lines() {
            let Comers { step, luck, march, .. } = comers;
            let terms = Terms { submitted: march.comes(rank), ..step.terms };
            let draws = luck.draws(self.provider.key(), march.recipient(rank), step.use_number);
            let released = self.provider.submit(now, &terms, draws).released;
            self.queue.hold(released);
            (self.held)(march.stream, now, released);
        }
    }
}

/// When an attempt that waits is withdrawn.
fn patience(provider: &Provider, terms: &Terms) -> SimTime {
    provider.patience(terms, terms.submitted.after(terms.ttl))
}

/// The line and the rank that a token of the queue stands for.
const fn place_of(token: u64) -> (usize, usize) {
    ((token >> 32) as usize, token as u32 as usize)
}
