//! The best plan: every order of the providers with every wait of a grid is solved exactly, and the best is refined to the second.

mod by_segment;
mod race;

use super::exact::{Glance, Obstacle, Solution, Solver};
use super::groups::Group;
use super::results::Exact;
use crate::engine::{FlowPlan, LateDelivery, Pool, StepRules};
use crate::scenario::{Bound, Metric, Plan, Scenario};
use crate::sim::{Interrupted, Progress};
use crate::status::Segment;
use crate::units::Span;
use rayon::prelude::*;

pub use by_segment::SegmentOptima;
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

/// The most candidates.
pub const MOST_CANDIDATES: usize = 200_000;

/// What is sought: the plans that are tried, and what makes one the best.
#[derive(Clone, Debug)]
pub struct Search<'a> {
    /// The scenario, whose providers are tried.
    pub scenario: &'a Scenario,
    /// The segment for whose recipients the best plan is sought; `None` for all recipients.
    pub segment: Option<Segment>,
    /// The providers, by their indices, each once; a plan uses each of them at most once.
    pub providers: Vec<usize>,
    /// The most steps of a plan, at least 1.
    pub steps: usize,
    /// How long every step but the last may wait, in ascending order. Without any, plans have one step.
    pub ttls: Vec<Span>,
    /// What late deliveries may do.
    pub late_deliveries: Vec<LateDelivery>,
    /// What is made as good as possible: one measure, or two for which no plan is the best of all.
    pub objectives: Vec<Metric>,
    /// The bounds that a plan has to meet.
    pub bounds: Vec<(Metric, Bound)>,
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
    /// beats in both, in order of the first. Where no plan meets the bounds, the ones that miss them least.
    pub plans: Vec<Found>,
    /// The candidates of the grid.
    pub candidates: usize,
    /// The plans that were solved, those between the points of the grid included.
    pub solved: usize,
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
    /// There are too many candidates: this number, or more.
    Candidates(usize),
    /// The search was asked to stop.
    Interrupted,
}

impl From<Interrupted> for SearchError {
    fn from(Interrupted: Interrupted) -> Self {
        Self::Interrupted
    }
}

/// A candidate: providers in their order, the wait of every step but the last, and what a late delivery does.
#[derive(Clone, PartialEq, Debug)]
struct Candidate {
    order: Vec<usize>,
    ttls: Vec<Span>,
    late: LateDelivery,
}

/// A candidate as it was seen at a look.
#[derive(Clone, Debug)]
struct Seen {
    candidate: Candidate,
    /// The objectives, smaller being better.
    objectives: Vec<f64>,
    /// By how much it misses its bounds, in all; 0 if it meets them.
    missed: f64,
    /// What decides between candidates that are equally good: in time, and the cost; smaller being better.
    ties: [f64; 2],
}

impl Search<'_> {
    /// The best plans.
    ///
    /// # Errors
    /// [`SearchError`].
    pub fn run(&self, progress: &Progress) -> Result<Optimum, SearchError> {
        let solver = Solver::new(self.scenario, &self.providers);
        let candidates = self.candidates()?;
        self.check(&solver, &candidates)?;
        if candidates.is_empty() {
            return Ok(Optimum { plans: Vec::new(), candidates: 0, solved: 0 });
        }
        let mut seen = self.look(&solver, &candidates, FIRST_LOOK, progress)?;
        let mut solved = seen.len();
        let best: Vec<Candidate> = self.promising(&mut seen);
        let mut again = self.look(&solver, &best, SECOND_LOOK, progress)?;
        solved += again.len();
        let mut plans = if self.objectives.len() > 1 {
            thinned(&front(&again))
        } else {
            again.sort_by(better);
            let (refined, tried) = self.refined(&solver, &again[0], progress)?;
            solved += tried;
            again.retain(|other| other.candidate != refined.candidate);
            [refined].into_iter().chain(again).collect()
        };
        plans.dedup_by(|later, earlier| is_same(later, earlier));
        plans.truncate(MOST_SHOWN);
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
        let plans: Result<Vec<Found>, SearchError> = plans.par_iter().map(found).collect();
        let mut plans = plans?;
        // The last digits may decide whether a bound is met.
        plans.sort_by_key(|found| !found.meets_bounds);
        Ok(Optimum { plans, candidates: candidates.len(), solved })
    }

    /// All candidates of the grid.
    fn candidates(&self) -> Result<Vec<Candidate>, SearchError> {
        let mut orders: Vec<Vec<usize>> = Vec::new();
        let mut longest: Vec<Vec<usize>> = vec![Vec::new()];
        for length in 0..self.steps.min(self.providers.len()) {
            // Counted before they are made.
            let count = longest.len() * (self.providers.len() - length);
            let all: usize = orders.iter().map(|order| self.waits(order.len() - 1)).sum();
            let all = all.saturating_add(count.saturating_mul(self.waits(length)));
            let all = all.saturating_mul(self.late_deliveries.len());
            if all > MOST_CANDIDATES {
                return Err(SearchError::Candidates(all));
            }
            let longer = longest.iter().flat_map(|order| {
                let others = self.providers.iter().filter(|provider| !order.contains(provider));
                others.map(|&provider| [order.as_slice(), &[provider]].concat())
            });
            longest = longer.collect();
            orders.extend(longest.iter().cloned());
        }
        let mut all = Vec::new();
        for order in &orders {
            for number in 0..self.waits(order.len() - 1) {
                let digits =
                    (0..order.len() as u32 - 1).map(|place| number / self.ttls.len().pow(place) % self.ttls.len());
                let ttls: Vec<Span> = digits.map(|digit| self.ttls[digit]).collect();
                // Nothing can be late where there is one step.
                let late = self.late_deliveries.iter().take(if order.len() == 1 { 1 } else { usize::MAX });
                all.extend(late.map(|&late| Candidate { order: order.clone(), ttls: ttls.clone(), late }));
            }
        }
        Ok(all)
    }

    fn waits(&self, steps: usize) -> usize {
        self.ttls.len().saturating_pow(steps as u32)
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
            .filter(|one| one.order.len() == 1)
            .flat_map(|one| solver.obstacles(&self.plan(one)))
            .collect();
        obstacles.sort();
        obstacles.dedup();
        if obstacles.is_empty() { Ok(()) } else { Err(SearchError::Obstacles(obstacles)) }
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
        let look = |candidate: &Candidate| {
            if progress.stopped() { Err(SearchError::Interrupted) } else { self.seen(solver, candidate, digits) }
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
        })
    }

    /// By how much a plan misses its bounds, in all: shares as shares, amounts in their unit.
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
            sum += value.map_or(1.0, |value| misses(value, bound)).max(0.0);
        }
        sum
    }

    /// The candidates that may be among the best: the first look is not exact.
    fn promising(&self, seen: &mut [Seen]) -> Vec<Candidate> {
        let doubtful = |seen: &Seen| if seen.missed <= DOUBT { 0.0 } else { seen.missed };
        if self.objectives.len() > 1 {
            let near: Vec<Seen> = seen.iter().map(|seen| Seen { missed: doubtful(seen), ..seen.clone() }).collect();
            return front(&near).into_iter().map(|seen| seen.candidate).collect();
        }
        seen.sort_by(|a, b| doubtful(a).total_cmp(&doubtful(b)).then(equally_met(a, b)));
        seen.iter().take(MOST_LOOKED_AT_AGAIN).map(|seen| seen.candidate.clone()).collect()
    }

    /// The best candidate near `best`, whose waits are whole seconds apart from it: each wait is made longer and shorter by half the distance of the
    /// grid, then by half of that, down to a second. Also returns how many were tried.
    fn refined(&self, solver: &Solver<'_>, best: &Seen, progress: &Progress) -> Result<(Seen, usize), SearchError> {
        let second = Span::from_secs(1);
        let apart = |pair: &[Span]| pair[1].as_micros() - pair[0].as_micros();
        let widest = self.ttls.windows(2).map(apart).max().unwrap_or(0);
        let mut best = best.clone();
        let (mut step, mut tried) = ((widest / 2) / second.as_micros(), 0);
        while step > 0 {
            let mut has_moved = false;
            for place in 0..best.candidate.ttls.len() {
                for sign in [-1, 1] {
                    let mut candidate = best.candidate.clone();
                    let ttl = candidate.ttls[place].as_micros() + sign * step * second.as_micros();
                    let (least, most) = (self.ttls[0], self.ttls[self.ttls.len() - 1]);
                    candidate.ttls[place] = Span::from_micros(ttl);
                    if ttl < least.as_micros() || ttl > most.as_micros() {
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

    /// The plan of a candidate.
    fn plan(&self, candidate: &Candidate) -> Plan {
        let provider = |index: usize| &self.scenario.providers[index];
        let step = |(place, &index): (usize, &usize)| {
            let ttl = candidate.ttls.get(place).copied().unwrap_or_else(|| self.last_ttl(index));
            StepRules::via(Pool::single(index), &provider(index).channel).with_ttl(ttl)
        };
        let steps = candidate.order.iter().enumerate().map(step).collect();
        let flow = FlowPlan::new(steps, candidate.late, Span::UNLIMITED).expect("a few steps with one attempt each");
        let names: Vec<&str> = candidate.order.iter().map(|&index| provider(index).name.as_str()).collect();
        let name = names.join("-");
        Plan { name, flow, by_segment: None, is_reference: false, renamed_from: None, line: 0 }
    }

    /// How long a last step waits for this provider: as long as any plan of the scenario does, else as usual for the channel.
    fn last_ttl(&self, provider: usize) -> Span {
        let plans = self.scenario.plans.iter().flat_map(Plan::members);
        let steps = plans.flat_map(|plan| plan.flow.steps());
        let waits = steps.filter(|rules| rules.pool.members() == [provider]).map(|rules| rules.ttl);
        waits.max().unwrap_or_else(|| StepRules::default_ttl(&self.scenario.providers[provider].channel))
    }
}

/// The most plans of an outcome.
const MOST_SHOWN: usize = 10;

/// The order of candidates that miss their bounds by the same.
fn equally_met(a: &Seen, b: &Seen) -> std::cmp::Ordering {
    let steps = |seen: &Seen| seen.candidate.order.len();
    let tie = |place: usize| a.ties[place].total_cmp(&b.ties[place]);
    let by_objective = a.objectives[0].total_cmp(&b.objectives[0]);
    by_objective.then(tie(0)).then(tie(1)).then(steps(a).cmp(&steps(b)))
}

/// The order of candidates: those that meet the bounds first, by the objective; then the others, by what they miss.
fn better(a: &Seen, b: &Seen) -> std::cmp::Ordering {
    a.missed.total_cmp(&b.missed).then(equally_met(a, b))
}

/// Whether a wait that differs makes no difference.
fn is_same(a: &Seen, b: &Seen) -> bool {
    let is_close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-5 * a.abs();
    a.candidate.order == b.candidate.order && a.objectives.iter().zip(&b.objectives).all(is_close)
}

/// Those that no other beats in both objectives, in order of the first; of the ones that meet the bounds, if there are any.
fn front(seen: &[Seen]) -> Vec<Seen> {
    let least = seen.iter().map(|seen| seen.missed).fold(f64::INFINITY, f64::min);
    let mut all: Vec<&Seen> = seen.iter().filter(|seen| seen.missed <= least).collect();
    all.sort_by(|a, b| a.objectives[0].total_cmp(&b.objectives[0]).then(a.objectives[1].total_cmp(&b.objectives[1])));
    let mut best = f64::INFINITY;
    let mut front = Vec::new();
    for seen in all {
        if seen.objectives[1] < best {
            best = seen.objectives[1];
            front.push(seen.clone());
        }
    }
    front
}

/// Up to [`MOST_SHOWN`] of a front, spread evenly over the second objective, with both ends.
fn thinned(front: &[Seen]) -> Vec<Seen> {
    let (Some(first), Some(last)) = (front.first(), front.last()) else { return Vec::new() };
    let second = |seen: &Seen| seen.objectives[1];
    let wanted = |part: usize| second(first) + (second(last) - second(first)) * part as f64 / (MOST_SHOWN - 1) as f64;
    let nearest = |part: usize| {
        let distance = |place: &usize| (second(&front[*place]) - wanted(part)).abs();
        (0..front.len()).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(0)
    };
    let mut places: Vec<usize> = (0..MOST_SHOWN).map(nearest).collect();
    places.dedup();
    places.into_iter().map(|place| front[place].clone()).collect()
}

/// By how much a value misses a bound: negative if it does not.
fn misses(value: f64, bound: Bound) -> f64 {
    match bound {
        Bound::AtLeast(limit) => limit - value,
        Bound::AtMost(limit) => value - limit,
    }
}

/// The share and the time of a bound on a quantile of the latency: the share that has to be delivered by then.
fn quantile(metric: Metric, bound: Bound) -> Option<(f64, Span)> {
    let Bound::AtMost(limit) = bound else { return None };
    let place = super::samples::QUANTILE_METRICS.iter().position(|other| *other == metric)?;
    Some((super::samples::QUANTILES[place].1, Span::from_secs_f64(limit)))
}
