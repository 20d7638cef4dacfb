//! The best plan of each segment, and the composite of them.

use super::{Found, Optimum, Search, SearchError};
use crate::scenario::{BySegment, Metric, Plan, Stream, Unit};
use crate::sim::Progress;
use crate::status::Segment;
use crate::study::groups::Group;

/// The outcome of a search by segment.
#[derive(Clone, PartialEq, Debug)]
pub struct SegmentOptima {
    /// The outcome for each segment, in their order; `None` where nobody is in it. The bounds hold in each of them.
    pub segments: Vec<Option<Optimum>>,
    /// The composite of the best plan of each segment: its members are different from one another.
    pub composite: Found,
    /// The outcome of the search for one plan for all.
    pub single: Optimum,
}

impl Search<'_> {
    /// The best plan of each segment, each under the bounds of the search, and the composite of them, beside the best single plan for all.
    ///
    /// # Errors
    /// [`SearchError`].
    pub fn by_segment(&self, progress: &Progress) -> Result<SegmentOptima, SearchError> {
        let is_total = |metric: &Metric| *metric == Metric::CostTotal || metric.unit() == Unit::Count;
        if let Some((metric, _)) = self.bounds.iter().find(|(metric, _)| is_total(metric)) {
            return Err(SearchError::Total(*metric));
        }
        let single = self.run(progress)?;
        let of_segment = |segment| {
            if self.is_empty(segment) {
                return Ok(None);
            }
            Search { segment: Some(segment), ..self.clone() }.run(progress).map(Some)
        };
        let segments: Vec<Option<Optimum>> = self.scenario.segments().map(of_segment).collect::<Result<_, _>>()?;
        // Where nobody is in a segment, any plan will do.
        let best = segments.iter().map(|optimum| optimum.as_ref().unwrap_or(&single).plans.first());
        let best = best.collect::<Option<Vec<&Found>>>();
        let best = best.ok_or(SearchError::NoProviders)?;
        let mut composite = composite(&best);
        let somebody = segments.iter().map(Option::is_some);
        composite.meets_bounds = best.iter().zip(somebody).all(|(found, somebody)| !somebody || found.meets_bounds);
        let solver = self.solver();
        composite.solution =
            solver.solve_for(&composite.plan, Group::All, self.needs_quantiles()).map_err(SearchError::Obstacles)?;
        Ok(SegmentOptima { segments, composite, single })
    }

    /// Whether nobody is in a segment.
    fn is_empty(&self, segment: Segment) -> bool {
        let share = |stream: &Stream| {
            let traffic = &stream.traffic;
            traffic.segments.shares(self.scenario.segment_count(), traffic.recipients)[segment.index()]
        };
        self.scenario.streams.iter().all(|stream| share(stream) <= 0.0)
    }
}

/// The composite of the plans that are best in each segment, neither solved nor judged yet.
fn composite(best: &[&Found]) -> Found {
    let mut members: Vec<Plan> = Vec::new();
    let place = |plan: &Plan| {
        members.iter().position(|member| member.flow == plan.flow).unwrap_or_else(|| {
            members.push(plan.clone());
            members.len() - 1
        })
    };
    let of_segment = best.iter().map(|found| &found.plan).map(place).collect();
    let plan = Plan {
        name: "by-segment".to_owned(),
        by_segment: Some(BySegment { members, of_segment }),
        ..best[0].plan.clone()
    };
    Found { plan, ..best[0].clone() }
}
