//! What a search has found, whichever way it went, as a list of plans.

use super::terms::{Names, steps};
use crate::scenario::{Metric, Plan, Scenario};
use crate::study::{Exact, Found, Obstacle, Optimum, PlanResult, Race, Raced, Search, SegmentOptima};

/// What a search has found.
#[derive(Clone, Copy, Debug)]
pub enum Findings<'a> {
    /// Plans that were solved exactly, and the best of them as it was simulated.
    Solved {
        /// The outcome of the search.
        optimum: &'a Optimum,
        /// The best plan, simulated.
        confirmed: Option<&'a PlanResult>,
    },
    /// The best plan of each segment, and the composite of them as it was simulated.
    BySegment {
        /// The outcome of the search.
        optima: &'a SegmentOptima,
        /// The composite, simulated.
        confirmed: Option<&'a PlanResult>,
    },
    /// Plans that raced in simulations, and why they could not be solved.
    Raced {
        /// The outcome of the race.
        race: &'a Race,
        /// What kept the plans from being solved.
        obstacles: &'a [Obstacle],
    },
}

/// A plan in the list.
pub(super) struct Listed<'a> {
    /// The segment whose best plan it is, if it is that.
    pub(super) segment: Option<&'a str>,
    pub(super) plan: &'a Plan,
    /// Its name in the blocks for the scenario file, which no other plan has.
    pub(super) name: String,
    /// Whether it meets all bounds; `None` if that is not shown.
    pub(super) meets_bounds: Option<bool>,
    /// The measures, each with how far the truth may be from it.
    pub(super) measures: Vec<(Metric, Exact)>,
    /// How much worse than the best of the others it is, at least and at most.
    pub(super) worse_by: Option<(f64, f64)>,
}

impl<'a> Findings<'a> {
    /// The plans that were found: of a search by segment those of the segments, the composite, and the best plan for all.
    pub(super) fn list(&self, search: &Search<'a>) -> Vec<Listed<'a>> {
        match *self {
            Self::Solved { optimum, .. } => solved(search, optimum),
            Self::BySegment { optima, .. } => by_segment(search, optima),
            Self::Raced { race, .. } => {
                let mut names = Names::of(search.scenario);
                race.plans.iter().map(|of_race| raced(of_race, names.free(&of_race.plan.name))).collect()
            }
        }
    }

    /// The places in the list of the plans that are shown.
    pub(super) fn shown(&self, list: &[Listed<'_>]) -> Vec<usize> {
        match self {
            Self::Solved { optimum, .. } => optimum.shown.clone(),
            _ => (0..list.len()).collect(),
        }
    }

    /// The plans that were tried.
    pub(super) fn candidates(&self) -> usize {
        match self {
            Self::Solved { optimum, .. } => optimum.candidates,
            Self::BySegment { optima, .. } => optima.single.candidates,
            Self::Raced { race, .. } => race.candidates,
        }
    }

    /// The plans that were solved.
    pub(super) fn solved(&self) -> usize {
        match self {
            Self::Solved { optimum, .. } => optimum.solved,
            Self::BySegment { optima, .. } => {
                let all = optima.segments.iter().flatten().chain([&optima.single]);
                all.map(|optimum| optimum.solved).sum()
            }
            Self::Raced { .. } => 0,
        }
    }

    /// The recipients that were simulated, each once per plan.
    pub(super) fn simulated(&self, scenario: &Scenario) -> u64 {
        let of_run = scenario.recipients().saturating_mul(u64::from(scenario.replications));
        match self {
            Self::Solved { confirmed, .. } | Self::BySegment { confirmed, .. } => confirmed.map_or(0, |_| of_run),
            Self::Raced { race, .. } => race.simulated,
        }
    }

    /// The best plan as it was simulated.
    pub(super) fn confirmed(&self) -> Option<&'a PlanResult> {
        match *self {
            Self::Solved { confirmed, .. } | Self::BySegment { confirmed, .. } => confirmed,
            Self::Raced { .. } => None,
        }
    }
}

fn solved<'a>(search: &Search<'_>, optimum: &'a Optimum) -> Vec<Listed<'a>> {
    let plans = &optimum.plans;
    // Those that are shown are named first, as in the blocks.
    let mut taken = Names::of(search.scenario);
    let mut names = vec![String::new(); plans.len()];
    let others = (0..plans.len()).filter(|place| !optimum.shown.contains(place));
    for place in optimum.shown.iter().copied().chain(others) {
        names[place] = taken.free(&plans[place].plan.name);
    }
    let objective = search.objectives[0];
    let sign = if objective.more_is_better() { 1.0 } else { -1.0 };
    let good = |found: &Found| found.solution.measure(objective).map(|exact| (sign * exact.value, exact.error));
    let has_one = search.objectives.len() == 1;
    let worse_by = |place: usize| {
        // Only plans that are equal before the bounds compete.
        let is_rival =
            |(other, found): &(usize, &Found)| *other != place && found.meets_bounds == plans[place].meets_bounds;
        let (mine, error) = good(&plans[place])?;
        let rivals = plans.iter().enumerate().filter(is_rival).filter_map(|(_, found)| good(found));
        let (best, of_best) = rivals.reduce(|a, b| if b.0 > a.0 { b } else { a })?;
        Some((best - mine - error - of_best, best - mine + error + of_best)).filter(|_| has_one)
    };
    let of = |(place, found): (usize, &'a Found)| Listed {
        worse_by: worse_by(place),
        ..listed(search, found, names[place].clone())
    };
    plans.iter().enumerate().map(of).collect()
}

fn by_segment<'a>(search: &Search<'a>, optima: &'a SegmentOptima) -> Vec<Listed<'a>> {
    let names = search.scenario.people.segments.iter();
    let best = names.zip(&optima.segments).filter_map(|(name, optimum)| Some((name, optimum.as_ref()?.plans.first()?)));
    // The members of the composite are named first, as in the blocks.
    let mut taken = Names::of(search.scenario);
    let members = optima.composite.plan.members().iter();
    let members: Vec<(&Plan, String)> = members.map(|member| (member, taken.free(&member.name))).collect();
    let of_composite = taken.free(&optima.composite.plan.name);
    let mut name = |plan: &Plan| {
        let member = members.iter().find(|(member, _)| member.flow == plan.flow);
        member.map_or_else(|| taken.free(&plan.name), |(_, name)| name.clone())
    };
    let best: Vec<Listed<'a>> = best
        .map(|(segment, found)| Listed { segment: Some(segment), ..listed(search, found, name(&found.plan)) })
        .collect();
    let composite = [listed(search, &optima.composite, of_composite)];
    let single = optima.single.plans.first().map(|found| listed(search, found, name(&found.plan)));
    best.into_iter().chain(composite).chain(single).collect()
}

fn listed<'a>(search: &Search<'_>, found: &'a Found, name: String) -> Listed<'a> {
    let measure = |metric: Metric| Some((metric, found.solution.measure(metric)?));
    Listed {
        segment: None,
        plan: &found.plan,
        name,
        meets_bounds: Some(found.meets_bounds),
        measures: search.measures().into_iter().filter_map(measure).collect(),
        worse_by: None,
    }
}

fn raced(raced: &Raced, name: String) -> Listed<'_> {
    let measure = |&(metric, value, error): &(Metric, f64, f64)| (metric, Exact { value, error });
    Listed {
        segment: None,
        plan: &raced.plan,
        name,
        meets_bounds: raced.meets_bounds,
        measures: raced.measures.iter().map(measure).collect(),
        worse_by: raced.worse_by,
    }
}

impl Listed<'_> {
    pub(super) fn measure(&self, metric: Metric) -> Option<Exact> {
        self.measures.iter().find(|(other, _)| *other == metric).map(|(_, exact)| *exact)
    }

    /// The steps in short; of a composite, that it is one.
    pub(super) fn steps(&self, scenario: &Scenario) -> String {
        if self.plan.by_segment.is_some() { "by segment".to_owned() } else { steps(scenario, self.plan) }
    }
}
