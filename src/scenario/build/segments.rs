//! Builds segments: their shares, the mix of a stream, and composite plans.

use super::{Builder, all, optional};
use crate::scenario::diagnostic::{Diagnostic, Fault, shown};
use crate::scenario::model::{BySegment, Plan};
use crate::scenario::record::{Entry, Record};
use crate::scenario::suggest::help;
use crate::status::{Segment, SegmentSet};
use crate::traffic::SegmentMix;
use crate::units::Probability;
use std::ops::Range;

impl Builder<'_> {
    /// Builds the segments: keeps their names and returns their shares, which add up to 1; empty if there are none.
    pub(super) fn segments(&mut self, scenario: &Record) -> Option<Vec<Probability>> {
        let records = scenario.get_or::<&[Record]>("segments", &[][..]);
        self.segments_are_known = records.is_some();
        let records = records?;
        self.unique_names("segment", records);
        self.segments =
            records.iter().map(|record| record.get::<&str>("name").unwrap_or_default().to_owned()).collect();
        let shares = records.iter().map(|record| record.get::<Probability>("share")).collect::<Option<Vec<_>>>()?;
        let place = records.first().map(|record| record.place_of("share"));
        match place {
            Some(place) => self.exactly_one(place, "segments", &shares).map(|()| shares),
            None => Some(shares),
        }
    }

    /// Returns the segment with this name, which is written at `place`.
    pub(super) fn segment_of(&mut self, place: Range<usize>, name: &str) -> Option<Segment> {
        if let Some(index) = self.segments.iter().position(|known| known == name) {
            return Some(Segment::new(u8::try_from(index).ok()?));
        }
        // Where the list of segments is wrong, that is reported.
        if !self.segments_are_known {
            return None;
        }
        let message = format!("no segment named `{}`", shown(name));
        let help = match self.segments.is_empty() {
            true => "add it to [[segments]], or remove it here".to_owned(),
            false => help(name, self.segments.iter().map(String::as_str)),
        };
        self.reject(place, message, "expected a segment of this scenario", help)
    }

    /// Builds the segments that an outage is limited to.
    pub(super) fn segment_set(&mut self, record: &Record) -> Option<SegmentSet> {
        let Some(names) = optional::<&[(String, Range<usize>)]>(record, "segments")? else {
            return Some(SegmentSet::ALL);
        };
        let all: Vec<_> = names.iter().map(|(name, place)| self.segment_of(place.clone(), name)).collect();
        all.into_iter().collect()
    }

    /// Builds the segment mix of a stream: its own, or the shares of the segments.
    pub(super) fn mix(&mut self, record: &Record, shares: Option<&[Probability]>) -> Option<SegmentMix> {
        let shares = match optional::<&Record>(record, "mix")? {
            Some(mix) => self.own_mix(mix)?,
            None => shares?.to_vec(),
        };
        Some(if shares.len() > 1 { SegmentMix::Shares(shares.into()) } else { SegmentMix::Whole })
    }

    /// Builds the mix that a stream states for itself.
    fn own_mix(&mut self, mix: &Record) -> Option<Vec<Probability>> {
        let mut shares = vec![Probability::ZERO; self.segments.len()];
        let mut known = true;
        for entry in &mix.entries {
            match self.segment_of(entry.key_place.clone(), &entry.key) {
                Some(segment) => shares[segment.index()] = Probability::new(mix.get(&entry.key)?)?,
                None => known = false,
            }
        }
        if !known {
            return None;
        }
        self.exactly_one(mix.place.clone(), "mix", &shares).map(|()| shares)
    }

    /// Completes the composites among `plans`, whose other plans have been built from `records`, in the same order.
    pub(super) fn composites(&mut self, records: &[Record], plans: &mut [Option<Plan>]) {
        let composites: Vec<_> = (0..records.len()).filter(|&plan| records[plan].has("by_segment")).collect();
        // Each composite is completed from those that are plain: resolved through other composites.
        let chosen: Vec<_> = composites.iter().map(|&plan| self.choices(&records[plan], records)).collect();
        let choices = |plan: usize| composites.iter().position(|&other| other == plan);
        for (position, &plan) in composites.iter().enumerate() {
            let Some(of_segments) = &chosen[position] else { continue };
            let resolved = of_segments.iter().enumerate().map(|(segment, first)| {
                let (mut next, mut steps) = (*first, 0);
                while let Some(other) = choices(next) {
                    steps += 1;
                    if steps > records.len() {
                        return Err(());
                    }
                    next = chosen[other].as_ref().ok_or(())?[segment];
                }
                Ok(next)
            });
            match resolved.collect::<Result<Vec<_>, _>>() {
                Ok(of_segment) => {
                    plans[plan] = composite(&records[plan], self.line(&records[plan]), &of_segment, plans)
                }
                Err(()) if self.is_in_a_circle(plan, &composites, &chosen) => {
                    let place = records[plan].place_of_key("by_segment");
                    let message = "this plan leads back to itself";
                    let expected = "expected plans with steps, or composites of them";
                    self.reject::<()>(place, message, expected, "name a plan with `steps` in its place");
                }
                // The composite to which it leads is wrong, which is reported there.
                Err(()) => {}
            }
        }
    }

    /// Whether a composite leads back to itself.
    fn is_in_a_circle(&self, plan: usize, composites: &[usize], chosen: &[Option<Vec<usize>>]) -> bool {
        (0..self.segments.len()).any(|segment| {
            let mut next = plan;
            (0..composites.len()).any(|_| {
                let position = composites.iter().position(|&other| other == next);
                let choices = position.and_then(|position| chosen[position].as_ref());
                next = choices.map_or(usize::MAX, |choices| choices[segment]);
                next == plan
            })
        })
    }

    /// The plan that each segment follows under a composite, by its index among `records`.
    fn choices(&mut self, composite: &Record, records: &[Record]) -> Option<Vec<usize>> {
        let named = composite.get::<&Record>("by_segment")?;
        let otherwise = match optional::<&str>(composite, "otherwise")? {
            Some(name) => Some(self.member_of(composite.place_of("otherwise"), name, records)?),
            None => None,
        };
        let mut of_segment = vec![otherwise; self.segments.len()];
        let mut is_known = true;
        for entry in &named.entries {
            let segment = self.segment_of(entry.key_place.clone(), &entry.key);
            let plan = self.member(entry, named, records);
            is_known &= segment.is_some() && plan.is_some();
            if let Some(segment) = segment {
                of_segment[segment.index()] = plan;
            }
        }
        let missing: Vec<_> = self.segments.iter().zip(&of_segment).filter(|(_, plan)| plan.is_none()).collect();
        if is_known && !missing.is_empty() {
            let names: Vec<_> = missing.iter().map(|(name, _)| format!("`{}`", shown(name))).collect();
            let message = format!("no plan for {}", names.join(", "));
            let help = "add them, or `otherwise` with the name of a plan";
            let place = composite.place_of_key("by_segment");
            return self.reject(place, message, "expected a plan for each segment", help);
        }
        of_segment.into_iter().collect::<Option<Vec<_>>>().filter(|_| is_known)
    }

    fn member(&mut self, entry: &Entry, named: &Record, records: &[Record]) -> Option<usize> {
        self.member_of(entry.place.clone(), named.get::<&str>(&entry.key)?, records)
    }

    /// Returns the index of the plan with this name, which is written at `place`.
    fn member_of(&mut self, place: Range<usize>, name: &str, records: &[Record]) -> Option<usize> {
        let names = || records.iter().map(|record| record.get::<&str>("name").unwrap_or_default());
        if let Some(index) = names().position(|known| known == name) {
            return Some(index);
        }
        let fault = Fault::new(
            format!("no plan named `{}`", shown(name)),
            "expected another plan of this scenario",
            help(name, names().filter(|name| !name.is_empty())),
        );
        self.found.push(Diagnostic::at(place, fault));
        None
    }
}

/// The composite of the plans with these indices, one for each segment; `None` if one of them is wrong.
fn composite(record: &Record, line: usize, of_segment: &[usize], plans: &[Option<Plan>]) -> Option<Plan> {
    let mut members: Vec<usize> = Vec::new();
    for plan in of_segment {
        if !members.contains(plan) {
            members.push(*plan);
        }
    }
    let position = |plan: &usize| members.iter().position(|member| member == plan);
    let of_segment = of_segment.iter().map(position).collect::<Option<Vec<_>>>()?;
    let members = all(members.iter().map(|&member| plans[member].clone()).collect())?;
    Some(Plan {
        name: record.get::<&str>("name")?.to_owned(),
        flow: members.first()?.flow.clone(),
        by_segment: Some(BySegment { members, of_segment }),
        is_reference: record.get_or("reference", false)?,
        renamed_from: optional::<&str>(record, "renamed_from")?.map(str::to_owned),
        line,
    })
}
