//! How candidates stand to one another: which is better, and which no other beats.

use super::candidates::{Candidate, Step};
use crate::scenario::Bound;
use std::cmp::Ordering;

/// A candidate as it was seen at a look.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) candidate: Candidate,
    /// The objectives, smaller being better.
    pub(super) objectives: Vec<f64>,
    /// By how much it misses its bounds, in all; 0 if it meets them.
    pub(super) missed: f64,
    /// What decides between candidates that are equally good: in time, and the cost; smaller being better.
    pub(super) ties: [f64; 2],
    /// Its place in a figure.
    pub(super) place: [f64; 2],
}

/// The order of candidates that miss their bounds by the same.
pub(super) fn equally_met(a: &Seen, b: &Seen) -> Ordering {
    let steps = |seen: &Seen| seen.candidate.steps.len();
    let tie = |place: usize| a.ties[place].total_cmp(&b.ties[place]);
    let by_objective = a.objectives[0].total_cmp(&b.objectives[0]);
    by_objective.then(tie(0)).then(tie(1)).then(steps(a).cmp(&steps(b)))
}

/// The order of candidates: those that meet the bounds first, by the objective; then the others, by what they miss.
pub(super) fn better(a: &Seen, b: &Seen) -> Ordering {
    a.missed.total_cmp(&b.missed).then(equally_met(a, b))
}

/// Whether rules that differ make no difference.
pub(super) fn is_same(a: &Seen, b: &Seen) -> bool {
    let is_close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-5 * a.abs();
    let order = |seen: &Seen| seen.candidate.steps.iter().map(|step: &Step| step.provider).collect::<Vec<_>>();
    order(a) == order(b) && a.objectives.iter().zip(&b.objectives).all(is_close)
}

/// Those that no other beats in both objectives, in order of the first; of the ones that meet the bounds, if there are any.
pub(super) fn front(seen: &[Seen]) -> Vec<Seen> {
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

/// Those that no other beats in both objectives by more than `doubt`, as a part of a value above 1: a front, and what is so near to it that a closer look may
/// put it there.
pub(super) fn nearly_unbeaten(seen: &[Seen], doubt: f64) -> Vec<Seen> {
    let mut all: Vec<&Seen> = seen.iter().collect();
    all.sort_by(|a, b| a.objectives[0].total_cmp(&b.objectives[0]).then(a.objectives[1].total_cmp(&b.objectives[1])));
    // The best second objective of those whose first one is at most as large.
    let mut best = Vec::with_capacity(all.len());
    let mut least = f64::INFINITY;
    for seen in &all {
        least = least.min(seen.objectives[1]);
        best.push(least);
    }
    let within = |value: f64| doubt * value.abs().min(1.0);
    let stays = |seen: &&&Seen| {
        let [first, second] = [seen.objectives[0], seen.objectives[1]];
        let surely_less = all.partition_point(|other| other.objectives[0] < first - within(first));
        surely_less == 0 || best[surely_less - 1] >= second - within(second)
    };
    all.iter().filter(stays).map(|seen| (*seen).clone()).collect()
}

/// The places of up to `most` of a front in their order: both ends, and then each time the one that is farthest from all that are taken, by the larger of the
/// distances in both objectives as parts of the whole.
pub(super) fn spread(front: &[Seen], most: usize) -> Vec<usize> {
    if front.len() <= most {
        return (0..front.len()).collect();
    }
    let last = front.len() - 1;
    let part = |a: usize, b: usize, objective: usize| {
        let at = |place: usize| front[place].objectives[objective];
        (at(a) - at(b)).abs() / (at(0) - at(last)).abs().max(f64::MIN_POSITIVE)
    };
    let distance = |a: usize, b: usize| part(a, b, 0).max(part(a, b, 1));
    let mut taken = vec![0, last];
    let mut nearest: Vec<f64> = (0..front.len()).map(|place| distance(place, 0).min(distance(place, last))).collect();
    while taken.len() < most {
        let farthest = (0..front.len()).rev().max_by(|&a, &b| nearest[a].total_cmp(&nearest[b])).unwrap_or(0);
        taken.push(farthest);
        for (place, nearest) in nearest.iter_mut().enumerate() {
            *nearest = nearest.min(distance(place, farthest));
        }
    }
    taken.sort_unstable();
    taken.dedup();
    taken
}

/// By how much a value misses a bound: negative if it does not.
pub(super) fn misses(value: f64, bound: Bound) -> f64 {
    match bound {
        Bound::AtLeast(limit) => limit - value,
        Bound::AtMost(limit) => value - limit,
    }
}
