//! Latencies in groups that are mutually independent, while values within a group may not be: sections of independent recipients,
//! or replications.

use super::by_key::ByKey;
use super::cells::Cells;
use super::confidence::Confidence;
use super::moments::Moments;
use serde::{Deserialize, Serialize};

/// The maximum number of groups: beyond it, neighbours are merged.
const MOST: usize = 64;

/// For quantiles the skewness is used as measured: exceeding a threshold is a share, whose skewness a few values estimate well
/// enough.
const OF_QUANTILES: f64 = 1.0;

/// Groups of latencies that are mutually independent and of equal size, except for the last, which may be smaller.
///
/// Members are numbered. A group is a run of consecutive members whose length is a power of two, so the result depends neither on
/// the order in which members are added nor on whether they are added here or to other groups that are merged later.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Groups {
    /// The groups, keyed by the number of the first member in units of a group.
    groups: ByKey<u64, Cells>,
    /// The binary logarithm of the number of members in a group.
    level: u32,
    /// The number of members, provided that none is missing before the last.
    members: u64,
}

impl Groups {
    /// Adds values to the member with this number.
    pub fn add(&mut self, member: u64, cells: Cells) {
        self.make_room(member + 1);
        self.add_to_group(member >> self.level, cells);
    }

    fn add_to_group(&mut self, number: u64, cells: Cells) {
        match self.groups.get_mut(number) {
            Some(group) => *group = group.merged(&cells),
            None => drop(self.groups.entry(number, || cells)),
        }
    }

    /// Adds all values of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.make_room(other.members);
        for (number, cells) in other.groups.iter() {
            // The groups of `other` are no larger than these, as it has no more members.
            self.add_to_group(number >> (self.level - other.level), cells.clone());
        }
    }

    /// Whether groups that were read can be valid: no larger than needed, and none beyond the last member.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let fits = |level: u32| level < u64::BITS && self.members.div_ceil(1 << level) <= MOST as u64;
        let is_least = fits(self.level) && (self.level == 0 || !fits(self.level - 1));
        is_least && self.groups.keys().all(|number| number < self.members.div_ceil(1 << self.level))
    }

    /// Merges neighbours, two by two, until `members` members form at most [`MOST`] groups.
    fn make_room(&mut self, members: u64) {
        self.members = self.members.max(members);
        let before = self.level;
        while self.members.div_ceil(1 << self.level) > MOST as u64 {
            self.level += 1;
        }
        if self.level > before {
            for (number, cells) in std::mem::take(&mut self.groups) {
                self.add_to_group(number >> (self.level - before), cells);
            }
        }
    }

    /// The groups, in order.
    pub fn all(&self) -> impl Iterator<Item = &Cells> {
        self.groups.values()
    }

    /// By how much the number of values up to and including `cell` exceeds the share `p` of each group's own values; with `None`
    /// the number of values is 0.
    #[must_use]
    pub fn deviations(&self, cell: Option<usize>, p: f64) -> Vec<f64> {
        let upto = |cells: &Cells| cell.map_or(0, |cell| cells.upto(cell)) as f64;
        self.groups.values().map(|cells| upto(cells) - p * cells.count() as f64).collect()
    }

    /// The share of all values that are in cells up to and including `cell`; with `None`, 0.
    #[must_use]
    pub fn share_upto(&self, cell: Option<usize>) -> f64 {
        let upto = cell.map_or(0, |cell| self.groups.values().map(|cells| cells.upto(cell)).sum::<u64>());
        let all = self.groups.values().map(Cells::count).sum::<u64>();
        upto as f64 / all.max(1) as f64
    }

    /// By how much the number of values up to and including `cell` in each group exceeds the share that all groups have there.
    #[must_use]
    pub fn excesses(&self, cell: Option<usize>) -> Vec<f64> {
        self.deviations(cell, self.share_upto(cell))
    }

    /// The cells between which the `p` quantile lies; `pooled` are the values of all groups together. `None` for fewer than 2
    /// groups, and when there are no values.
    ///
    /// A threshold may be the quantile if an interval of the groups' deviations at that threshold contains 0. Each is tested with
    /// its own spread, since groups differ more beyond the quantile (a score interval, of which Wilson's is one).
    #[must_use]
    pub fn quantile_cells(&self, pooled: &Cells, p: f64, confidence: Confidence) -> Option<(usize, usize)> {
        let occupied = pooled.occupied();
        if self.groups.len() < 2 || occupied.is_empty() {
            return None;
        }
        // Threshold number t lies above the first t cells.
        let may_be = |t: usize| {
            let cell = t.checked_sub(1).map(|index| occupied[index] as usize);
            Moments::of(&self.deviations(cell, p)).is_some_and(|moments| moments.may_be_zero(OF_QUANTILES, confidence))
        };
        let at = pooled.place_of_rank((p * pooled.count() as f64).ceil().max(1.0) as u64);
        let below = first_without(at, |steps| may_be(at - steps));
        let above = first_without(occupied.len() - 1 - at, |steps| may_be(at + 1 + steps));
        Some((occupied[at - below] as usize, occupied[at + above] as usize))
    }
}

/// The smallest number of steps, up to `most`, at which `holds` is false, for a condition that stays false once it is: by doubling,
/// then by halving. It is assumed false at `most`.
fn first_without(most: usize, holds: impl Fn(usize) -> bool) -> usize {
    if most == 0 || !holds(0) {
        return 0;
    }
    let (mut low, mut high) = (0, 1);
    while high < most && holds(high) {
        (low, high) = (high, high * 2);
    }
    high = high.min(most);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(middle) { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[usize]) -> Cells {
        let mut counts: Vec<(usize, u64)> = values.iter().map(|&value| (value, 1)).collect();
        counts.sort_unstable();
        counts
            .into_iter()
            .map(|(cell, count)| Cells::new(vec![(cell, count)]))
            .fold(Cells::default(), |a, b| a.merged(&b))
    }

    #[test]
    fn more_than_64_are_put_together_and_none_is_lost() {
        for count in [1, 63, 64, 65, 66, 129, 130, 1_000] {
            let mut groups = Groups::default();
            (0..count).for_each(|i| groups.add(i as u64, of(&[i, i + 1])));
            let sizes: Vec<_> = groups.all().map(Cells::count).collect();
            assert!(sizes.len() <= 64 && sizes.len() >= count.min(33), "{count}: {}", sizes.len());
            assert_eq!(sizes.iter().sum::<u64>(), 2 * count as u64);
            let (last, others) = sizes.split_last().expect("some");
            assert!(others.iter().all(|size| size == &sizes[0] && size >= last), "{sizes:?}");
            // Split into three, in reverse order, and merged again.
            let mut parts = [0, 1, 2].map(|part| {
                let mut groups = Groups::default();
                (0..count).rev().filter(|i| i % 3 == part).for_each(|i| groups.add(i as u64, of(&[i, i + 1])));
                groups
            });
            let [first, second, third] = &mut parts;
            third.merge(first);
            second.merge(third);
            assert_eq!(second, &groups);
        }
    }

    /// Thirty groups of a hundred values each, spread evenly over 0 to 99 except for shifts between groups: the interval of the
    /// median contains it, and is as wide as the shifts imply.
    #[test]
    fn the_interval_of_a_quantile_is_that_of_groups() {
        let mut groups = Groups::default();
        let shifts = [3, 9, 0, 6, 12, 4, 8, 5, 7, 6];
        (0..30)
            .for_each(|i| groups.add(i as u64, of(&(0..100).map(|value| value + shifts[i % 10]).collect::<Vec<_>>())));
        let pooled = groups.all().fold(Cells::default(), |a, b| a.merged(b));
        let (low, high) = groups.quantile_cells(&pooled, 0.5, Confidence::USUAL).expect("thirty groups");
        // The shifts have a mean of 6 and a standard deviation of 3.2: t s / sqrt(30) = 1.2.
        assert!((53..=55).contains(&low) && (56..=58).contains(&high), "{low} to {high}");
        let wider = groups.quantile_cells(&pooled, 0.5, Confidence::USUAL.shared_by(100)).expect("thirty groups");
        assert!(wider.0 < low && wider.1 > high);
    }

    /// Half of all values in every group are 7: that is the median, and no other value is possible.
    #[test]
    fn on_an_atom_the_interval_has_no_width() {
        let mut groups = Groups::default();
        (0..20).for_each(|i| groups.add(i as u64, of(&[1, 2 + i % 3, 7, 7, 7, 7, 9, 8 + i])));
        let pooled = groups.all().fold(Cells::default(), |a, b| a.merged(b));
        assert_eq!(groups.quantile_cells(&pooled, 0.5, Confidence::USUAL), Some((7, 7)));
        assert_eq!(Groups::default().quantile_cells(&pooled, 0.5, Confidence::USUAL), None);
    }
}
