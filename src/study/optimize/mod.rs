//! The best plan: every order of the providers with every wait of a grid is solved exactly, and the best is refined to the second.

mod by_segment;
mod candidates;
mod race;
mod standing;

use self::candidates::Candidate;
use self::standing::{Seen, better, equally_met, front, is_same, misses, nearly_unbeaten, spread};
use super::exact::{Glance, Obstacle, Solution, Solver};
use super::groups::Group;
use super::results::Exact;
use crate::engine::LateDelivery;
use crate::scenario::{Bound, Metric, Plan, Scenario, Unit};
use crate::sim::{Interrupted, Progress};
use crate::status::Segment;
use crate::units::Span;
use rayon::prelude::*;

pub use by_segment::SegmentOptima;
pub use candidates::Tried;
pub use race::{Race, Raced};

/// The decimal digits of the first look at every candidate, of the second look at the best of them and the search around the winner, and of the last
/// look at that.
const FIRST_LOOK: usize = 4;
const SECOND_LOOK: usize = 5;
const LAST_LOOK: usize = 6;

/// What the first look may be wrong by: candidates that miss a bound by less are looked at again.
const DOUBT: f64 = 3e-4;

/// The most candidates that are looked at again.
const MOST_LOOKED_AT_AGAIN: usize = 64;

/// What is sought: the plans that are tried, and what makes one the best.
#[derive(Clone, Debug)]
pub struct Search<'a> {
    /// The scenario, whose providers are tried.
    pub scenario: &'a Scenario,
    /// The segment for whose recipients the best plan is sought; `None` for all recipients.
    pub segment: Option<Segment>,
    /// The providers, each once; a plan uses each of them at most once.
    pub providers: Vec<Tried>,
    /// The most steps of a plan, at least 1.
    pub steps: usize,
    /// What late deliveries may do.
    pub late_deliveries: Vec<LateDelivery>,
    /// What is made as good as possible: one measure, or two for which no plan is the best of all.
    pub objectives: Vec<Metric>,
    /// The bounds that a plan has to meet.
    pub bounds: Vec<(Metric, Bound)>,
    /// Whether the waits of the best plan are refined to the second; otherwise they are among those named.
    pub refines: bool,
}

/// A plan with what the search asks of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    /// The plan.
    pub plan: Plan,
    /// Its exact measures.
    pub solution: Solution,
    /// Whether it meets all bounds.
    pub meets_bounds: bool,
}

/// The outcome of a search.
#[derive(Clone, PartialEq, Debug)]
pub struct Optimum {
    /// With one objective the best plan, refined to the second, and then the next best of the grid, the best first; with two those that no other plan
    /// beats in both, in order of the first, at most 200 of them. Where no plan meets the bounds, the ones that miss them least.
    pub plans: Vec<Found>,
    /// The candidates of the grid.
    pub candidates: usize,
    /// The plans that were solved, those between the points of the grid included.
    pub solved: usize,
    /// Where each candidate of the grid is by [`Search::axes`], at the first look, which has about three digits.
    pub places: Vec<[f64; 2]>,
    /// The places in `plans` of a few that stand for all of them.
    pub shown: Vec<usize>,
    /// The place in `plans` of the one that stands for all of them best: the best one, or the middle of a front.
    pub chosen: usize,
    /// With two objectives, how many plans no other beats in both, those included that are not in `plans`.
    pub unbeaten: usize,
}

/// A search that cannot be done.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SearchError {
    /// What keeps plans from being solved.
    Obstacles(Vec<Obstacle>),
    /// This measure needs quantiles, which are too slow to compare plans by.
    Objective(Metric),
    /// This measure is not among those that can be solved, or its bound cannot be tested.
    Bound(Metric),
    /// A total, which cannot be bounded in each segment.
    Total(Metric),
    /// A race can have one objective only.
    Objectives,
    /// This measure is no mean over recipients, by which plans could race.
    Race(Metric),
    /// A race is for all recipients.
    Segment,
    /// The first round of a race alone would simulate this number of recipients, each once per plan.
    Effort(u64),
    /// There is nothing to make plans of.
    NoProviders,
    /// There are too many candidates.
    Candidates {
        /// Their number, about.
        count: usize,
        /// The most that there may be.
        most: usize,
    },
    /// No plan has a value of this measure, such as `seen` where nothing is ever seen.
    NoValue(Metric),
    /// The search was asked to stop.
    Interrupted,
}

impl From<Interrupted> for SearchError {
    fn from(Interrupted: Interrupted) -> Self {
        Self::Interrupted
    }
}

impl Search<'_> {
    /// The best plans.
    ///
    /// # Errors
    /// [`SearchError`].
    pub fn run(&self, progress: &Progress) -> Result<Optimum, SearchError> {
        let solver = self.solver();
        let candidates = self.candidates()?;
        self.check(&solver, &candidates)?;
        if candidates.is_empty() {
            return Ok(Optimum {
                plans: Vec::new(),
                candidates: 0,
                solved: 0,
                places: Vec::new(),
                shown: Vec::new(),
                chosen: 0,
                unbeaten: 0,
            });
        }
        let seen = self.look(&solver, &candidates, FIRST_LOOK, progress)?;
        let mut solved = seen.len();
        let places = seen.iter().map(|seen| seen.place).collect();
        let best: Vec<Candidate> = self.promising(&seen);
        let mut again = self.look(&solver, &best, SECOND_LOOK, progress)?;
        solved += again.len();
        let mut unbeaten = 0;
        let mut plans: Vec<Seen> = if self.objectives.len() > 1 {
            let mut front = front(&again);
            front.dedup_by(|later, earlier| is_same(later, earlier));
            unbeaten = front.len();
            spread(&front, MOST_OF_FRONT).into_iter().map(|place| front[place].clone()).collect()
        } else {
            again.sort_by(better);
            let (refined, tried) = if self.refines {
                self.refined(&solver, &again[0], progress)?
            } else {
                (self.seen(&solver, &again[0].candidate, LAST_LOOK)?, 1)
            };
            solved += tried;
            again.retain(|other| other.candidate != refined.candidate);
            [refined].into_iter().chain(again).collect()
        };
        plans.dedup_by(|later, earlier| is_same(later, earlier));
        if self.objectives.len() == 1 {
            plans.truncate(MOST_SHOWN);
        }
        let found = |seen: &Seen| {
            let plan = self.plan(&seen.candidate);
            let solution =
                solver.solve_for(&plan, self.group(), self.needs_quantiles()).map_err(SearchError::Obstacles)?;
            let meets_bounds = self.bounds.iter().all(|(metric, bound)| {
                let exact = solution.measure(*metric);
                exact.is_some_and(|Exact { value, .. }| misses(value, *bound) <= 0.0)
            });
            Ok(Found { plan, solution, meets_bounds })
        };
        let all: Result<Vec<Found>, SearchError> = plans.par_iter().map(found).collect();
        let mut both: Vec<(Seen, Found)> = plans.into_iter().zip(all?).collect();
        // The last digits may decide whether a bound is met.
        both.sort_by_key(|(_, found)| !found.meets_bounds);
        let is_met = both.first().is_some_and(|(_, found)| found.meets_bounds);
        if self.objectives.len() > 1 {
            both.retain(|(_, found)| found.meets_bounds == is_met);
        }
        let (seen, plans): (Vec<Seen>, Vec<Found>) = both.into_iter().unzip();
        self.has_values(&plans)?;
        let shown = spread(&seen, MOST_SHOWN);
        let chosen = if self.objectives.len() > 1 { shown.get(shown.len() / 2).copied().unwrap_or(0) } else { 0 };
        Ok(Optimum { plans, candidates: candidates.len(), solved, places, shown, chosen, unbeaten })
    }

    /// Checks that what is asked can be answered.
    fn check(&self, solver: &Solver<'_>, candidates: &[Candidate]) -> Result<(), SearchError> {
        let is_plain = |metric: &Metric| super::exact::is_plain(*metric);
        if let Some(metric) = self.objectives.iter().find(|metric| !is_plain(metric)) {
            return Err(SearchError::Objective(*metric));
        }
        let unknown = |(metric, bound): &&(Metric, Bound)| !is_plain(metric) && quantile(*metric, *bound).is_none();
        if let Some((metric, _)) = self.bounds.iter().find(unknown) {
            return Err(SearchError::Bound(*metric));
        }
        // All providers, in one plan after the other.
        let mut obstacles: Vec<Obstacle> = candidates
            .iter()
            .filter(|one| one.steps.len() == 1)
            .flat_map(|one| solver.obstacles(&self.plan(one)))
            .collect();
        obstacles.sort();
        obstacles.dedup();
        if obstacles.is_empty() { Ok(()) } else { Err(SearchError::Obstacles(obstacles)) }
    }

    /// Checks that some plan has a value of each measure that is asked for.
    fn has_values(&self, plans: &[Found]) -> Result<(), SearchError> {
        let asked = self.bounds.iter().map(|(metric, _)| metric).chain(&self.objectives);
        let has_none = |metric: &&Metric| plans.iter().all(|found| found.solution.measure(**metric).is_none());
        asked.copied().find(|metric| has_none(&metric)).map_or(Ok(()), |metric| Err(SearchError::NoValue(metric)))
    }

    /// The measures of interest, each once: the objectives first, then those of the bounds, then others.
    #[must_use]
    pub fn measures(&self) -> Vec<Metric> {
        let bounded = self.bounds.iter().map(|(metric, _)| *metric);
        let usual = [Metric::InTime, Metric::Delivered, Metric::CostPerRecipient, Metric::Duplicates];
        let mut all: Vec<Metric> = Vec::new();
        for metric in self.objectives.iter().copied().chain(bounded).chain(usual) {
            if !all.contains(&metric) {
                all.push(metric);
            }
        }
        all
    }

    /// The two measures by which plans are placed in a figure: two objectives, or the objective and the first bounded measure, or else another.
    #[must_use]
    pub fn axes(&self) -> [Metric; 2] {
        let mut plain = self.measures().into_iter().filter(|metric| super::exact::is_plain(*metric));
        [plain.next(), plain.next()].map(|metric| metric.unwrap_or(Metric::InTime))
    }

    fn solver(&self) -> Solver<'_> {
        let providers: Vec<usize> = self.providers.iter().map(|tried| tried.provider).collect();
        Solver::new(self.scenario, &providers)
    }

    fn group(&self) -> Group {
        self.segment.map_or(Group::All, Group::Segment)
    }

    fn needs_quantiles(&self) -> bool {
        self.bounds.iter().any(|(metric, bound)| quantile(*metric, *bound).is_some())
    }

    fn needs_mean(&self) -> bool {
        let bounded = self.bounds.iter().map(|(metric, _)| metric);
        self.objectives.iter().chain(bounded).any(|metric| *metric == Metric::LatencyMean)
    }

    fn look(
        &self,
        solver: &Solver<'_>,
        candidates: &[Candidate],
        digits: usize,
        progress: &Progress,
    ) -> Result<Vec<Seen>, SearchError> {
        progress.plan_solutions(candidates.len() as u64);
        let look = |candidate: &Candidate| {
            if progress.stopped() {
                return Err(SearchError::Interrupted);
            }
            let seen = self.seen(solver, candidate, digits);
            progress.add_solution();
            seen
        };
        candidates.par_iter().map(look).collect()
    }

    fn seen(&self, solver: &Solver<'_>, candidate: &Candidate, digits: usize) -> Result<Seen, SearchError> {
        let times: Vec<Span> =
            self.bounds.iter().filter_map(|(metric, bound)| Some(quantile(*metric, *bound)?.1)).collect();
        let glance = solver.glance(&self.plan(candidate), self.group(), (&times, self.needs_mean()), digits);
        let glance = glance.map_err(|obstacle| SearchError::Obstacles(vec![obstacle]))?;
        let objective = |metric: &Metric| {
            let value = glance.value(*metric).unwrap_or(if metric.more_is_better() { 0.0 } else { f64::INFINITY });
            if metric.more_is_better() { -value } else { value }
        };
        Ok(Seen {
            candidate: candidate.clone(),
            objectives: self.objectives.iter().map(objective).collect(),
            missed: self.missed(&glance),
            ties: [
                -glance.value(Metric::InTime).unwrap_or(0.0),
                glance.value(Metric::CostPerRecipient).unwrap_or(f64::INFINITY),
            ],
            place: self.axes().map(|metric| glance.value(metric).unwrap_or(f64::NAN)),
        })
    }

    /// By how much a plan misses its bounds, in all: shares as shares, amounts as parts of the bound.
    fn missed(&self, glance: &Glance) -> f64 {
        let mut time = 0;
        let mut sum = 0.0;
        for (metric, bound) in &self.bounds {
            let (value, bound) = match quantile(*metric, *bound) {
                // A quantile is at most so long if its share is delivered by then.
                Some((share, _)) => {
                    time += 1;
                    (Some(glance.delivered_by(time - 1)), Bound::AtLeast(share))
                }
                None => (glance.value(*metric), *bound),
            };
            // Shares as they are, other amounts as parts of their bound, so that all may be wrong by as much.
            let scale = if metric.unit() == Unit::Share || bound.limit() == 0.0 { 1.0 } else { bound.limit().abs() };
            sum += value.map_or(1.0, |value| misses(value, bound) / scale).max(0.0);
        }
        sum
    }

    /// The candidates that may be among the best: the first look is not exact. Some are taken of those that meet the bounds without doubt, and as many of those
    /// that may meet them; where none may, the ones that miss them least.
    fn promising(&self, seen: &[Seen]) -> Vec<Candidate> {
        let least = seen.iter().map(|seen| seen.missed).fold(f64::INFINITY, f64::min);
        let [surely, maybe] = [0.0, DOUBT.max(least)].map(|most| {
            let met: Vec<Seen> = seen.iter().filter(|seen| seen.missed <= most).cloned().collect();
            self.best_of(met.into_iter().map(|seen| Seen { missed: 0.0, ..seen }).collect())
        });
        let mut all = surely;
        let new: Vec<Candidate> = maybe.into_iter().filter(|candidate| !all.contains(candidate)).collect();
        all.extend(new);
        all
    }

    /// The best of these by their objectives: with one as many as are looked at again, with two all that are not beaten by more than the look may be wrong.
    fn best_of(&self, mut seen: Vec<Seen>) -> Vec<Candidate> {
        if self.objectives.len() > 1 {
            return nearly_unbeaten(&seen, DOUBT).into_iter().map(|seen| seen.candidate).collect();
        }
        seen.sort_by(equally_met);
        seen.into_iter().take(MOST_LOOKED_AT_AGAIN).map(|seen| seen.candidate).collect()
    }

    /// The best candidate near `best`, whose waits are whole seconds apart from it: each wait is made longer and shorter by half the distance of the
    /// grid, then by half of that, down to a second. Also returns how many were tried.
    fn refined(&self, solver: &Solver<'_>, best: &Seen, progress: &Progress) -> Result<(Seen, usize), SearchError> {
        let second = Span::from_secs(1).as_micros();
        let apart = |pair: &[Span]| pair[1].as_micros() - pair[0].as_micros();
        let ttls = |provider: usize| {
            let tried = self.providers.iter().find(|tried| tried.provider == provider);
            tried.map_or(&[][..], |tried| tried.ttls.as_slice())
        };
        let waiting = best.candidate.steps.len() - 1;
        let used = best.candidate.steps[..waiting].iter().flat_map(|step| ttls(step.provider).windows(2).map(apart));
        let mut step = used.max().unwrap_or(0) / 2 / second;
        let (mut best, mut tried) = (best.clone(), 0);
        while step > 0 {
            let mut has_moved = false;
            for place in 0..waiting {
                let ttls = ttls(best.candidate.steps[place].provider);
                let (least, most) = (ttls[0], ttls[ttls.len() - 1]);
                for sign in [-1, 1] {
                    let mut candidate = best.candidate.clone();
                    let ttl = Span::from_micros(candidate.steps[place].ttl.as_micros() + sign * step * second);
                    candidate.steps[place].ttl = ttl;
                    if ttl < least || ttl > most {
                        continue;
                    }
                    if progress.stopped() {
                        return Err(SearchError::Interrupted);
                    }
                    tried += 1;
                    let seen = self.seen(solver, &candidate, SECOND_LOOK)?;
                    if better(&seen, &best).is_lt() {
                        best = seen;
                        has_moved = true;
                    }
                }
            }
            step = if has_moved { step } else { step / 2 };
        }
        // What was found with fewer digits has to hold with more.
        let sure = self.seen(solver, &best.candidate, LAST_LOOK)?;
        Ok((sure, tried))
    }
}

/// The most plans that are shown.
const MOST_SHOWN: usize = 10;
/// The most plans of a front.
const MOST_OF_FRONT: usize = 200;

/// The share and the time of a bound on a quantile of the latency: the share that has to be delivered by then.
fn quantile(metric: Metric, bound: Bound) -> Option<(f64, Span)> {
    let Bound::AtMost(limit) = bound else { return None };
    let place = super::samples::QUANTILE_METRICS.iter().position(|other| *other == metric)?;
    Some((super::samples::QUANTILES[place].1, Span::from_secs_f64(limit)))
}
