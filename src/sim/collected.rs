//! Recipients by class, who wait to be simulated until there are many of each.

use super::batch::BATCH;
use crate::rng::{LANES, Who};
use crate::units::Time;
use std::ops::Range;

/// Recipients who wait to be simulated, by class. With a single class nobody waits.
pub(super) struct Collected {
    /// One for each class.
    pub(super) members: Vec<Members>,
    /// The number of recipients.
    pub(super) recipients: usize,
    /// The sections of which the last recipients have been collected.
    pub(super) ended: Vec<usize>,
}

/// Recipients of one class.
#[derive(Clone, Default)]
pub(super) struct Members {
    pub(super) recipients: Vec<u32>,
    arrivals: Vec<Time>,
    /// For each section that has ended, the number of recipients up to its end.
    ends: Vec<usize>,
}

impl Collected {
    /// Nobody yet, of this many classes.
    pub(super) fn new(classes: usize) -> Self {
        Self { members: vec![Members::default(); classes], recipients: 0, ended: Vec::new() }
    }

    /// Adds consecutive recipients, given the segments and the arrivals of the first of them.
    pub(super) fn add(&mut self, first: u64, segments: &[u8], arrivals: &[Time]) {
        for ((recipient, &segment), &arrival) in (first..).zip(segments).zip(arrivals) {
            let members = &mut self.members[usize::from(segment)];
            members.recipients.push(recipient as u32);
            members.arrivals.push(arrival);
        }
        self.recipients += arrivals.len();
    }

    /// Notes that all recipients of this section have been collected.
    pub(super) fn end_section(&mut self, section: usize) {
        self.ended.push(section);
        self.members.iter_mut().for_each(|members| members.ends.push(members.arrivals.len()));
    }

    /// Forgets everybody, and keeps the memory.
    pub(super) fn clear(&mut self) {
        for Members { recipients, arrivals, ends } in &mut self.members {
            recipients.clear();
            arrivals.clear();
            ends.clear();
        }
        self.ended.clear();
        self.recipients = 0;
    }
}

impl Members {
    pub(super) fn is_empty(&self) -> bool {
        self.recipients.is_empty()
    }

    /// The ranges of the members that form batches.
    pub(super) fn batches(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let all = self.recipients.len();
        (0..all).step_by(BATCH).map(move |from| from..all.min(from + BATCH))
    }

    /// The members of this range as a batch, listed in `lanes`.
    pub(super) fn batch<'a>(&'a self, range: Range<usize>, lanes: &'a mut [u32; LANES]) -> (Who<'a>, &'a [Time]) {
        lanes[..range.len()].copy_from_slice(&self.recipients[range.clone()]);
        (Who::List(lanes), &self.arrivals[range])
    }

    /// Which of the sections that have ended do so in this batch, and for each of them the number of the batch's recipients up to its end.
    pub(super) fn ends_in(&self, batch: &Range<usize>) -> (Range<usize>, Vec<usize>) {
        let upto = |member: usize| self.ends.partition_point(|&end| end <= member);
        let ended = if batch.start == 0 { 0 } else { upto(batch.start) }..upto(batch.end);
        let ends = self.ends[ended.clone()].iter().map(|end| end - batch.start).collect();
        (ended, ends)
    }
}
