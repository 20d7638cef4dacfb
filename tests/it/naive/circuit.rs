//! The naive twin's circuit breaker: it keeps every result since the last change of state.

use failsim::engine::BreakerRules;
use failsim::units::Time;

pub(super) struct Circuit {
    rules: BreakerRules,
    state: State,
    /// The number of earlier states.
    epoch: usize,
    /// The results of this state: the tenth of a window that it belongs to, and whether it is a failure.
    results: Vec<(i64, bool)>,
    pub(super) opened: u64,
}

enum State {
    Closed,
    OpenUntil(Time),
    /// When each probe was sent.
    Probing {
        sent: Vec<Time>,
    },
}

impl Circuit {
    pub(super) fn new(rules: BreakerRules) -> Self {
        Self { rules, state: State::Closed, epoch: 0, results: Vec::new(), opened: 0 }
    }

    fn change(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
        self.results.clear();
    }

    /// Returns the number of the state that permits an attempt, if it does.
    pub(super) fn permit(&mut self, now: Time) -> Option<usize> {
        self.give_up_probes(now);
        if matches!(self.state, State::OpenUntil(until) if now >= until) {
            self.change(State::Probing { sent: Vec::new() });
        }
        match &mut self.state {
            State::OpenUntil(_) => None,
            State::Probing { sent } if sent.len() == self.rules.probes as usize => None,
            State::Probing { sent } => {
                sent.push(now);
                Some(self.epoch)
            }
            State::Closed => Some(self.epoch),
        }
    }

    /// When all probes have been sent and `missing_after` has passed since the last one, probes without a result count as failed.
    fn give_up_probes(&mut self, now: Time) {
        let State::Probing { sent } = &self.state else { return };
        if sent.len() < self.rules.probes as usize {
            return;
        }
        let over = sent[sent.len() - 1].after(self.rules.missing_after);
        if now < over {
            return;
        }
        let well = self.results.iter().filter(|(_, failed)| !failed).count();
        let failed = sent.len() - well;
        if failed as f64 >= self.rules.open_at * sent.len() as f64 {
            self.opened += 1;
            self.change(State::OpenUntil(over.after(self.rules.open_for)));
        } else {
            self.change(State::Closed);
        }
    }

    pub(super) fn result(&mut self, now: Time, epoch: usize, failed: bool) {
        self.give_up_probes(Time::from_micros(now.as_micros() - 1));
        if epoch != self.epoch {
            return;
        }
        let tenth = now.as_micros() / (self.rules.window.as_micros() / 10).max(1);
        self.results.push((tenth, failed));
        let is_closed = matches!(self.state, State::Closed);
        let counted: Vec<bool> =
            self.results.iter().filter(|(then, _)| !is_closed || *then > tenth - 10).map(|r| r.1).collect();
        let bad = counted.iter().filter(|failed| **failed).count() as f64 >= self.rules.open_at * counted.len() as f64;
        let enough = if is_closed { self.rules.at_least } else { self.rules.probes } as usize;
        let decided = if is_closed { counted.len() >= enough } else { counted.len() == enough };
        if decided && bad {
            self.opened += 1;
            self.change(State::OpenUntil(now.after(self.rules.open_for)));
        } else if decided && !is_closed {
            self.change(State::Closed);
        }
    }
}
