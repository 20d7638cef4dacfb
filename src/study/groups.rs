//! The groups of recipients for which counts are kept: everybody, each stream of traffic, each segment, and each segment of each stream.

use crate::scenario::{Plan, Scenario, used_by};
use crate::status::Segment;

/// A group of recipients.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Group {
    /// Everybody.
    All,
    /// A stream of traffic, by its index.
    Stream(usize),
    /// A segment.
    Segment(Segment),
    /// A segment of a stream: recipients who are alike, under one plan at the same prices.
    Class(usize, Segment),
}

/// The groups of a scenario, in the order of its ledger: the classes, the streams where there are several, the segments where there are
/// several, everybody. Groups of the same recipients are there once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Groups {
    streams: usize,
    segments: usize,
}

impl Group {
    /// The stream, if it is of one.
    pub(super) const fn stream(self) -> Option<usize> {
        match self {
            Self::Stream(stream) | Self::Class(stream, _) => Some(stream),
            Self::All | Self::Segment(_) => None,
        }
    }

    /// The segment, if it is of one.
    pub(super) const fn segment(self) -> Option<Segment> {
        match self {
            Self::Segment(segment) | Self::Class(_, segment) => Some(segment),
            Self::All | Self::Stream(_) => None,
        }
    }

    /// Whether it contains the recipients of this class.
    pub(super) fn contains(self, stream: usize, segment: Segment) -> bool {
        self.stream().is_none_or(|own| own == stream) && self.segment().is_none_or(|own| own == segment)
    }
}

impl Groups {
    pub(super) fn of(scenario: &Scenario) -> Self {
        Self { streams: scenario.streams.len(), segments: scenario.segment_count() }
    }

    /// The classes: the segments of the first stream, then of the next.
    pub(super) fn classes(self) -> impl Iterator<Item = (usize, Segment)> + Clone {
        let segments = self.segments;
        (0..self.streams).flat_map(move |stream| (0..segments as u8).map(move |of| (stream, Segment::new(of))))
    }

    /// The classes of a group.
    pub(super) fn classes_of(self, group: Group) -> impl Iterator<Item = (usize, Segment)> + Clone {
        self.classes().filter(move |&(stream, segment)| group.contains(stream, segment))
    }

    /// All groups, in the order of the ledger.
    pub(super) fn all(self) -> Vec<Group> {
        let several = |count: usize| if count > 1 { count } else { 0 };
        let both = several(self.streams) > 0 && several(self.segments) > 0;
        let classes = self.classes().filter(|_| both).map(|(stream, segment)| Group::Class(stream, segment));
        let streams = (0..several(self.streams)).map(Group::Stream);
        let segments = (0..several(self.segments) as u8).map(|of| Group::Segment(Segment::new(of)));
        classes.chain(streams).chain(segments).chain([Group::All]).collect()
    }

    /// The streams, where there are several.
    pub(super) fn streams(self) -> impl Iterator<Item = Group> {
        (0..self.streams).filter(move |_| self.streams > 1).map(Group::Stream)
    }

    /// The segments, where there are several.
    pub(super) fn segments(self) -> impl Iterator<Item = Group> {
        (0..self.segments as u8).filter(move |_| self.segments > 1).map(|of| Group::Segment(Segment::new(of)))
    }

    /// The position of a group in the ledger.
    pub(super) fn position(self, group: Group) -> usize {
        let (streams, segments) = (self.streams, self.segments);
        let classes = if streams > 1 && segments > 1 { streams * segments } else { 0 };
        let of_streams = if streams > 1 { streams } else { 0 };
        let of_segments = if segments > 1 { segments } else { 0 };
        match (group, streams > 1, segments > 1) {
            (Group::Class(stream, segment), true, true) => stream * segments + segment.index(),
            (Group::Stream(stream) | Group::Class(stream, _), true, _) => classes + stream,
            (Group::Segment(segment) | Group::Class(_, segment), _, true) => classes + of_streams + segment.index(),
            _ => classes + of_streams + of_segments,
        }
    }
}

/// The plan that is compared for a group: a stream's own, where it has one.
pub(super) fn compared(scenario: &Scenario, group: Group, plan: usize) -> &Plan {
    group.stream().map_or(&scenario.plans[plan], |stream| scenario.plan_of(&scenario.streams[stream], plan))
}

/// The plans whose steps the results of a group under a plan have, none of them a composite: the members of a composite, or the plan itself.
/// At the top level, and for a segment, they are those of the plan that is compared, and count only the streams that follow it.
pub(super) fn step_plans(scenario: &Scenario, group: Group, plan: usize) -> Vec<&Plan> {
    step_plans_of(scenario, group, &scenario.plans[plan])
}

/// As [`step_plans`], for a plan that need not be one of the scenario.
pub(super) fn step_plans_of<'a>(scenario: &'a Scenario, group: Group, plan: &'a Plan) -> Vec<&'a Plan> {
    let followed = group.stream().map_or(plan, |stream| scenario.streams[stream].follows(plan));
    match group.segment() {
        Some(segment) => vec![followed.in_segment(segment)],
        None => followed.members().iter().collect(),
    }
}

/// The position of the first step of a class among the steps of a group that contains it; `None` if its stream's own plan does not count
/// there.
pub(super) fn first_step(
    scenario: &Scenario,
    group: Group,
    plan: usize,
    (stream, segment): (usize, Segment),
) -> Option<usize> {
    first_step_of(scenario, group, &scenario.plans[plan], (stream, segment))
}

/// As [`first_step`], for a plan that need not be one of the scenario.
pub(super) fn first_step_of(
    scenario: &Scenario,
    group: Group,
    plan: &Plan,
    (stream, segment): (usize, Segment),
) -> Option<usize> {
    let own = scenario.streams[stream].plan.is_some();
    if own && group.stream().is_none() && scenario.streams.len() > 1 {
        return None;
    }
    let followed = scenario.streams[stream].follows(plan);
    let Some(composite) = followed.by_segment.as_ref().filter(|_| group.segment().is_none()) else { return Some(0) };
    let before = &composite.members[..composite.of_segment[segment.index()]];
    Some(before.iter().map(|member| member.flow.steps().len()).sum())
}

/// Whether a provider of `plan` models that messages are opened.
pub(super) fn models_seen(scenario: &Scenario, plan: &Plan) -> bool {
    let specs = used_by([plan]).into_iter().flat_map(|provider| scenario.providers[provider].all());
    specs.flat_map(|spec| &spec.outcomes).any(|outcome| outcome.seen.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_has_its_own_position() {
        for (streams, segments, count) in [(1, 1, 1), (3, 1, 4), (1, 4, 5), (2, 3, 6 + 2 + 3 + 1)] {
            let groups = Groups { streams, segments };
            let all = groups.all();
            assert_eq!(all.len(), count);
            assert!(all.iter().enumerate().all(|(position, &group)| groups.position(group) == position), "{all:?}");
            assert_eq!(groups.classes_of(Group::All).count(), streams * segments);
            // Whoever is named in several ways is there once.
            assert!(groups.classes().all(|(stream, segment)| {
                let position = groups.position(Group::Class(stream, segment));
                groups.classes_of(all[position]).count() == 1
            }));
        }
    }
}
