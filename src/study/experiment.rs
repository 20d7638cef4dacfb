//! A scenario under study: replications are added to a ledger of integers, and estimates are computed from it.

use super::compare::results;
use super::figure_data;
use super::over_time;
use super::plan_checks::{PlansError, check_pairs};
use super::precision::{StoppingRule, is_missed, next_round};
use super::ready::Ready;
use super::results::{Results, RunOutput};
use super::rounds;
use super::sweep::key;
use super::totals::{self, IntervalBasis, Totals, by_group, empty_mode_ledger};
use crate::scenario::{Scenario, hexadecimal};
use crate::sim::{Interrupted, Ledger, LedgerError, Pairs, Progress, SECTIONS};
use sha2::{Digest, Sha256};

/// A scenario, and what has been simulated of it so far.
///
/// > The results depend on which replications have been run, not on how, where or in which order.
///
/// Where recipients share capacity, circuits or random outages, they are simulated together (contended), and intervals come from
/// replications. If it turns out that this sharing affected no recipient, the results are the same as with independent recipients: those
/// are simulated then, and intervals come from recipients.
///
/// ```
/// use failsim::{scenario, sim, study};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut scenario = scenario::load(std::path::Path::new("scenarios/bank-pin.toml"))?;
/// scenario.set_recipients(2_000).expect("its arrivals are not from a file");
/// let progress = sim::Progress::default();
/// let mut experiment = study::Experiment::new(&scenario, 3, &progress).expect("nobody stops it");
/// experiment.run(&progress).expect("nobody stops it");
/// let kept = experiment.ledger().to_bytes();
///
/// let ledger = sim::Ledger::from_bytes(&kept)?;
/// let resumed = study::Experiment::new(&scenario, 3, &progress).expect("nobody stops it").with_ledger(&ledger)?;
/// assert_eq!(resumed.results(&progress).expect("nobody stops it").scenario.replications, 3);
/// # Ok(())
/// # }
/// ```
pub struct Experiment<'a> {
    pub(super) ready: Ready<'a>,
    pub(super) stopping_rule: StoppingRule,
    /// The totals of independent recipients, each simulated alone.
    pub(super) independent: Totals,
    /// The totals of contended recipients, simulated together.
    pub(super) contended: Totals,
}

/// Why an experiment cannot be resumed from a ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ResumeError {
    /// The ledger does not belong to this scenario.
    Ledger(LedgerError),
    /// A replication, or a part of one, is missing.
    Gaps,
}

impl std::fmt::Display for ResumeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ledger(error) => error.fmt(f),
            Self::Gaps => f.write_str("parts of the run are missing in the ledger"),
        }
    }
}

impl std::error::Error for ResumeError {}

impl From<LedgerError> for ResumeError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl<'a> Experiment<'a> {
    /// Prepares `scenario` for as many replications as `stopping_rule` says.
    ///
    /// # Errors
    /// [`Interrupted`] when `progress` was asked to stop before the end.
    pub fn new(
        scenario: &'a Scenario,
        stopping_rule: impl Into<StoppingRule>,
        progress: &Progress,
    ) -> Result<Self, Interrupted> {
        Ok(Self::of_ready(Ready::new(scenario, progress)?, stopping_rule.into()))
    }

    /// As [`Experiment::new`], comparing these pairs of plans, by their indices, instead of the usual ones.
    ///
    /// # Errors
    /// [`PlansError`] when a pair is not of two plans, or `progress` was asked to stop before the end.
    pub fn with_pairs(
        scenario: &'a Scenario,
        pairs: &[(usize, usize)],
        stopping_rule: impl Into<StoppingRule>,
        progress: &Progress,
    ) -> Result<Self, PlansError> {
        check_pairs(scenario, 0, pairs)?;
        let mut ready = Ready::new(scenario, progress)?;
        ready.model.pairs = pairs.iter().copied().collect();
        Ok(Self::of_ready(ready, stopping_rule.into()))
    }

    /// An experiment in which nothing has been simulated yet.
    pub(super) fn of_ready(ready: Ready<'a>, stopping_rule: StoppingRule) -> Self {
        let totals = |basis| Totals::new(&ready, stopping_rule.confidence, stopping_rule.replications.most(), basis);
        let (independent, contended) = (totals(IntervalBasis::Recipients), totals(IntervalBasis::Nothing));
        Self { ready, stopping_rule, independent, contended }
    }

    /// Resumes this experiment, in which nothing has been simulated yet, from a saved ledger: a complete one, or merged parts.
    ///
    /// # Errors
    /// [`ResumeError`] when the ledger belongs to another scenario, has other pairs of plans, or has gaps.
    pub fn with_ledger(mut self, ledger: &Ledger) -> Result<Self, ResumeError> {
        // Merged into empty ledgers of this scenario, which checks that the ledger fits it.
        let mut all = self.empty_ledger();
        all.merge(ledger)?;
        if all.independent.has_gaps() || all.contended.has_gaps() {
            return Err(ResumeError::Gaps);
        }
        (self.independent.ledger, self.contended.ledger) = (all.independent, all.contended);
        self.contended.set_basis();
        Ok(self)
    }

    /// The scenario, with the plans that were added.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.ready.scenario
    }

    /// The pairs of plans that are compared, by their indices.
    #[must_use]
    pub fn pairs(&self) -> &Pairs {
        &self.ready.model.pairs
    }

    /// Everything simulated so far, as integers.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        Ledger::new(self.key(), self.independent.ledger.clone(), self.contended.ledger.clone())
    }

    /// An empty ledger, into which parts of this experiment can be merged.
    #[must_use]
    pub fn empty_ledger(&self) -> Ledger {
        let [independent, contended] = [true, false].map(|independent| empty_mode_ledger(&self.ready, independent));
        Ledger::new(self.key(), independent, contended)
    }

    /// Identifies the scenario and the pairs of plans.
    fn key(&self) -> String {
        let pairs: Vec<_> = self.ready.model.pairs.iter().collect();
        hexadecimal(&Sha256::digest(format!("{} {pairs:?}", key(&self.ready.scenario, 0.into()))))
    }

    /// Runs as many replications as wanted.
    ///
    /// # Errors
    /// [`Interrupted`] when `progress` was asked to stop before the end.
    pub fn run(&mut self, progress: &Progress) -> Result<(), Interrupted> {
        if self.is_shared() {
            while let Some(until) = next_round(&self.contended, &self.ready.scenario, &self.stopping_rule) {
                rounds::add_contended(&self.ready, &mut self.contended, until, progress)?;
            }
        }
        while self.is_independent()
            && let Some(until) = next_round(&self.independent, &self.ready.scenario, &self.stopping_rule)
        {
            rounds::add_independent(&self.ready, &mut self.independent, until, progress)?;
        }
        Ok(())
    }

    /// Runs the missing replications up to `until`, exclusive.
    ///
    /// # Errors
    /// [`Interrupted`] when `progress` was asked to stop before the end.
    pub fn add_replications(&mut self, until: u32, progress: &Progress) -> Result<(), Interrupted> {
        if self.is_shared() {
            rounds::add_contended(&self.ready, &mut self.contended, until, progress)?;
        }
        if self.is_independent() {
            rounds::add_independent(&self.ready, &mut self.independent, until, progress)?;
        }
        Ok(())
    }

    /// Runs one replication with contended recipients. Returns a ledger of that replication alone.
    ///
    /// # Errors
    /// [`Interrupted`] when `progress` was asked to stop before the end.
    pub fn contended_part(&self, replication: u32, progress: &Progress) -> Result<Ledger, Interrupted> {
        let mut ledger = self.empty_ledger();
        for runs in self.ready.contended_runs(replication..replication + 1, progress)? {
            ledger.contended.add_runs(replication, runs, |streams| by_group(&self.ready, streams));
        }
        Ok(ledger)
    }

    /// Runs a part of one replication with independent recipients: every `of`-th section, starting with section `part`. Returns a ledger of
    /// that part alone.
    ///
    /// # Errors
    /// [`Interrupted`] when `progress` was asked to stop before the end.
    pub fn independent_part(
        &self,
        replication: u32,
        part: usize,
        of: usize,
        progress: &Progress,
    ) -> Result<Ledger, Interrupted> {
        let sections: Vec<_> = (part..SECTIONS).step_by(of.max(1)).collect();
        let streams = self.ready.independent_run(replication, &sections, progress)?;
        let mut ledger = self.empty_ledger();
        let simulated = totals::sections(&streams);
        ledger.independent.add(replication, &simulated, by_group(&self.ready, streams));
        Ok(ledger)
    }

    /// Whether recipients have to be simulated together.
    pub(super) fn is_shared(&self) -> bool {
        self.ready.scenario.is_shared()
    }

    /// Whether, as far as is known, recipients do not affect one another.
    pub(super) fn is_independent(&self) -> bool {
        !self.is_shared() || !self.contended.ledger.contended
    }

    fn totals(&self) -> &Totals {
        if self.is_independent() { &self.independent } else { &self.contended }
    }

    /// The results of each plan, and the comparisons of plans: by default all pairs of up to [`Pairs::MOST_IN_FULL`] plans, with more plans
    /// each with the reference.
    ///
    /// # Errors
    /// [`Interrupted`] when `progress` was asked to stop before the end.
    pub fn results(&self, progress: &Progress) -> Result<Results, Interrupted> {
        results(&self.ready.scenario, self.totals(), &self.ready.model.pairs, progress)
    }

    /// The results and the notes that accompany them, without figure data.
    ///
    /// # Errors
    /// [`Interrupted`] when `progress` was asked to stop before the end.
    pub fn summary(&self, progress: &Progress) -> Result<RunOutput, Interrupted> {
        let results = self.results(progress)?;
        let drawn = figure_data::drawn(&results.plans, self.ready.scenario.reference());
        let imprecise = is_missed(self.totals(), &self.ready.scenario, &self.stopping_rule);
        Ok(RunOutput { results, drawn, imprecise, ..RunOutput::default() })
    }

    /// The results with figure data, for a report.
    ///
    /// # Errors
    /// [`Interrupted`] when `progress` was asked to stop before the end.
    pub fn output(&self, progress: &Progress) -> Result<RunOutput, Interrupted> {
        let summary = self.summary(progress)?;
        let (scenario, totals) = (&*self.ready.scenario, self.totals());
        let over_time = if self.is_shared() { &self.contended } else { totals };
        Ok(RunOutput {
            figure_data: figure_data::figure_data(scenario, totals, &summary.drawn),
            over_time: over_time::over_time(scenario, over_time, &summary.drawn),
            ..summary
        })
    }
}

/// Runs every plan of `scenario` in as many replications as `stopping_rule` says, and compares the plans, with figure data.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn compare(
    scenario: &Scenario,
    stopping_rule: impl Into<StoppingRule>,
    progress: &Progress,
) -> Result<RunOutput, Interrupted> {
    simulate(scenario, stopping_rule, progress)?.output(progress)
}

/// Returns an experiment in which `scenario` has been run in as many replications as `stopping_rule` says.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn simulate<'a>(
    scenario: &'a Scenario,
    stopping_rule: impl Into<StoppingRule>,
    progress: &Progress,
) -> Result<Experiment<'a>, Interrupted> {
    let mut experiment = Experiment::new(scenario, stopping_rule, progress)?;
    experiment.run(progress)?;
    Ok(experiment)
}
