//! The event queue: what is due, in order of time.

use crate::units::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The maximum number of bins.
const BINS: usize = 1024;

/// Something that is due at a time; it must be ordered by that time first.
pub(super) trait Scheduled: Ord + Copy {
    /// When it is due.
    fn at(&self) -> Time;
}

/// A priority queue of entries that are mostly added some time ahead: a ladder queue of one rung (Tang, Goh and Thng, *Ladder queue: an
/// O(1) priority queue structure for large-scale discrete event simulation*, ACM TOMACS 15, 2005). A heap of hundreds of thousands of
/// entries waits for memory at each of its levels; here an entry goes into a bin of time, and a bin is sorted when its time has come.
///
/// > All of `sorted` and `fresh` is due before `edge`, all in the bins from `next` on at or after it, and all of `later` after the last
/// > bin.
#[derive(Debug)]
pub(super) struct EventQueue<T> {
    /// The bin whose time has come, in reverse order: the first entry is last.
    sorted: Vec<T>,
    /// Entries added since then that are due before `edge`.
    fresh: BinaryHeap<Reverse<T>>,
    /// Where the bins that have not been opened begin (µs).
    edge: i64,
    bins: Vec<Vec<T>>,
    /// The number of bins in use, and the next of them to be opened.
    count: usize,
    next: usize,
    /// Where the first bin began (µs), and the binary logarithm of the bin width.
    start: i64,
    shift: u32,
    later: Vec<T>,
    /// When the first entry of `later` is due (µs); [`i64::MAX`] if there is none.
    first_later: i64,
}

impl<T: Scheduled> EventQueue<T> {
    pub(super) fn new() -> Self {
        Self {
            sorted: Vec::new(),
            fresh: BinaryHeap::new(),
            edge: 0,
            bins: (0..BINS).map(|_| Vec::new()).collect(),
            count: 0,
            next: 0,
            start: 0,
            shift: 0,
            later: Vec::new(),
            first_later: i64::MAX,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sorted.is_empty() && self.fresh.is_empty() && self.later.is_empty() && self.bins.iter().all(Vec::is_empty)
    }

    #[inline]
    pub(super) fn push(&mut self, entry: T) {
        let at = entry.at().as_micros();
        if at < self.edge {
            self.fresh.push(Reverse(entry));
            return;
        }
        let bin = ((at - self.start) >> self.shift) as usize;
        if bin < self.count {
            self.bins[bin].push(entry);
        } else {
            self.first_later = self.first_later.min(at);
            self.later.push(entry);
        }
    }

    /// Returns the first entry, if it is due by `limit`.
    #[inline]
    pub(super) fn first(&mut self, limit: Time) -> Option<T> {
        if self.sorted.is_empty() && self.fresh.is_empty() {
            self.open(limit.as_micros());
        }
        let first = match (self.sorted.last(), self.fresh.peek()) {
            (Some(&sorted), Some(&Reverse(fresh))) => sorted.min(fresh),
            (Some(&first), None) | (None, Some(&Reverse(first))) => first,
            (None, None) => return None,
        };
        (first.at() <= limit).then_some(first)
    }

    /// Removes and returns the first entry, if it is due by `limit`.
    #[inline]
    pub(super) fn pop(&mut self, limit: Time) -> Option<T> {
        let first = self.first(limit)?;
        match self.sorted.last() {
            Some(&sorted) if sorted == first => self.sorted.pop(),
            _ => self.fresh.pop().map(|Reverse(entry)| entry),
        }
    }

    /// Opens the next bin that holds an entry, unless it begins after `limit`: entries that are still to be added would then have to go
    /// in before it.
    fn open(&mut self, limit: i64) {
        loop {
            while self.next < self.count {
                if self.edge > limit {
                    return;
                }
                let bin = &mut self.bins[self.next];
                self.next += 1;
                self.edge = self.start + ((self.next as i64) << self.shift);
                if !bin.is_empty() {
                    std::mem::swap(bin, &mut self.sorted);
                    self.sorted.sort_unstable_by(|a, b| b.cmp(a));
                    return;
                }
            }
            if self.first_later > limit {
                return;
            }
            self.spread();
        }
    }

    /// Spreads the entries of `later` over bins: the first half of them, and any others that fit.
    fn spread(&mut self) {
        let middle = self.later.len() / 2;
        let (_, middle, _) = self.later.select_nth_unstable_by_key(middle, Scheduled::at);
        let span = (middle.at().as_micros() - self.first_later) as u64;
        self.count = self.later.len().next_power_of_two().min(BINS);
        self.shift = (u64::BITS - span.leading_zeros()).saturating_sub(self.count.ilog2());
        (self.start, self.edge, self.next) = (self.first_later, self.first_later, 0);
        self.first_later = i64::MAX;
        for entry in std::mem::take(&mut self.later) {
            self.push(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
    struct Entry(Time, u32);

    impl Scheduled for Entry {
        fn at(&self) -> Time {
            self.0
        }
    }

    proptest! {
        /// Entries are due at once, soon, or far ahead; some are taken out in between.
        #[test]
        fn entries_come_out_as_from_a_heap(
            moves in prop::collection::vec((0_u32..4, prop_oneof![0_i64..3, 0_i64..5000, 0_i64..1 << 50]), 1..3000)
        ) {
            let (mut event_queue, mut heap, mut now) = (EventQueue::new(), BinaryHeap::new(), 0);
            for (i, (kind, span)) in (0_u32..).zip(moves) {
                if kind > 0 {
                    let entry = Entry(Time::from_micros(now + span), i % 7);
                    event_queue.push(entry);
                    heap.push(Reverse(entry));
                    continue;
                }
                let limit = Time::from_micros(now + span);
                while let Some(&Reverse(expected)) = heap.peek().filter(|next| next.0.at() <= limit) {
                    heap.pop();
                    prop_assert_eq!(event_queue.first(limit), Some(expected));
                    prop_assert_eq!(event_queue.pop(limit), Some(expected));
                    now = expected.at().as_micros();
                }
                prop_assert_eq!(event_queue.pop(limit), None);
            }
            while let Some(Reverse(expected)) = heap.pop() {
                prop_assert_eq!(event_queue.pop(Time::MAX), Some(expected));
            }
            prop_assert!(event_queue.is_empty());
        }
    }
}
