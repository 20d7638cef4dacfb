//! Which segment each recipient belongs to.

use crate::rng::{DrawKey, LANES, RngKey, Who, choose, purpose};
use crate::status::Segment;
use crate::units::Probability;
use std::sync::Arc;

/// The segments of the recipients of a stream.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum SegmentMix {
    /// All recipients belong to the only segment.
    #[default]
    Whole,
    /// Each recipient belongs to one of the segments at random, with these probabilities, which add up to 1. It depends on the recipient
    /// alone.
    Shares(Arc<[Probability]>),
    /// The segment of each recipient is known: its index; at least as many as there are recipients.
    Listed(Arc<[u8]>),
}

/// A segment mix, ready for simulation.
#[derive(Clone, Debug)]
pub struct Segments {
    mix: SegmentMix,
    /// For each segment, the first draw that selects a later one; bounds that no draw can reach are left out.
    below: Vec<u32>,
}

impl SegmentMix {
    /// The share of each of `segments` segments among the first `recipients`; for shares, the expected one.
    #[must_use]
    pub fn shares(&self, segments: usize, recipients: u64) -> Vec<f64> {
        match self {
            Self::Whole => (0..segments).map(|segment| if segment == 0 { 1.0 } else { 0.0 }).collect(),
            Self::Shares(shares) => shares.iter().map(|share| share.get()).collect(),
            Self::Listed(all) => {
                let all = &all[..all.len().min(usize::try_from(recipients).unwrap_or(usize::MAX))];
                let mut counts = vec![0_u64; segments];
                all.iter().for_each(|&segment| counts[usize::from(segment)] += 1);
                counts.into_iter().map(|count| count as f64 / all.len().max(1) as f64).collect()
            }
        }
    }
}

impl Segments {
    /// The segments of `mix`.
    #[must_use]
    pub fn new(mix: &SegmentMix) -> Self {
        let mut below = Vec::new();
        if let SegmentMix::Shares(shares) = mix {
            let mut sum = 0.0;
            for share in &shares[..shares.len().saturating_sub(1)] {
                sum += share.get();
                below.extend(u32::try_from((f64::min(sum, 1.0) * 4_294_967_296.0).round() as u64));
            }
        }
        Self { mix: mix.clone(), below }
    }

    /// Whether there is only one segment.
    #[must_use]
    #[inline]
    pub const fn is_whole(&self) -> bool {
        matches!(self.mix, SegmentMix::Whole)
    }

    /// The segment of this recipient of the stream with this random key.
    #[must_use]
    #[inline]
    pub fn of(&self, rng: RngKey, recipient: u32) -> Segment {
        match &self.mix {
            SegmentMix::Whole => Segment::WHOLE,
            SegmentMix::Shares(_) => self.of_draw(rng.draws(DrawKey::SEGMENT, recipient, 0).draw(purpose::SEGMENT)),
            SegmentMix::Listed(all) => Segment::new(all[recipient as usize]),
        }
    }

    #[inline]
    fn of_draw(&self, draw: u32) -> Segment {
        Segment::new(self.below.iter().map(|&below| u8::from(draw >= below)).sum())
    }

    /// Writes the index of the segment of each of the first `count` recipients of a batch.
    pub fn fill(&self, rng: RngKey, who: Who<'_>, count: usize, segments: &mut [u8; LANES]) {
        match &self.mix {
            SegmentMix::Whole => segments[..count].fill(0),
            SegmentMix::Shares(_) => {
                let mut words = [[0; LANES]; 4];
                rng.columns(DrawKey::SEGMENT, who, 0, &mut words);
                choose(&self.below, &words[usize::from(purpose::SEGMENT)], 0, segments);
            }
            SegmentMix::Listed(all) => {
                (0..count as u16).for_each(|lane| segments[usize::from(lane)] = all[who.at(lane) as usize]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_the_same_segments_as_its_recipients_one_by_one() {
        let shares = [0.5, 0.0, 0.2, 0.3].map(|share| Probability::new(share).expect("a share"));
        let listed: Vec<u8> = (0..9_000).map(|i| (i % 7) as u8).collect();
        for mix in [SegmentMix::Whole, SegmentMix::Shares(shares.into()), SegmentMix::Listed(listed.into())] {
            let (segments, rng) = (Segments::new(&mix), RngKey::new(9, 2).of_stream("pin"));
            let mut batch = [0; LANES];
            segments.fill(rng, Who::From(5_000), LANES, &mut batch);
            let one = |k: usize| segments.of(rng, 5_000 + k as u32);
            assert!((0..LANES).all(|k| Segment::new(batch[k]) == one(k)));
            if let SegmentMix::Shares(shares) = &mix {
                for (segment, share) in shares.iter().enumerate() {
                    let count = batch.iter().filter(|&&of| usize::from(of) == segment).count() as f64;
                    let deviation = (LANES as f64 * share.get() * (1.0 - share.get())).sqrt();
                    assert!((count - LANES as f64 * share.get()).abs() <= 5.0 * deviation, "{segment}: {count}");
                }
            }
        }
    }
}
