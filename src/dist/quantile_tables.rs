//! The tables of several samplers in one, for batches of draws.

use super::sampler::{Kind, Sampler, WITHIN_BITS, locate};

/// The tables of several samplers, concatenated, so that a batch of draws from a mixture of them needs no branches.
#[derive(Clone, Debug, Default)]
pub struct QuantileTables {
    knots: Vec<i64>,
}

/// The position of one sampler's table in a [`QuantileTables`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    start: u32,
    /// All bits set for a table; zero for a constant, whose first knot serves every draw.
    pieces: u32,
    /// The cap on the span (µs).
    max: i64,
}

impl QuantileTables {
    /// Adds a sampler; `None` if it has no table because it draws from measured spans.
    pub fn add(&mut self, sampler: &Sampler) -> Option<Entry> {
        match &sampler.kind {
            Kind::Constant(span) => Some(self.constant((*span).min(sampler.max))),
            Kind::Table(knots) => {
                let start = self.knots.len() as u32;
                self.knots.extend_from_slice(knots);
                Some(Entry { start, pieces: u32::MAX, max: sampler.max })
            }
            Kind::Measured(_) => None,
        }
    }

    /// Adds a constant span (µs).
    pub fn constant(&mut self, span: i64) -> Entry {
        let start = self.knots.len() as u32;
        self.knots.extend([span, span]);
        Entry { start, pieces: 0, max: i64::MAX }
    }

    /// Computes [`Sampler::sample`] for each draw (µs), with the sampler of `entry`.
    pub fn read(&self, entry: Entry, draws: &[u32], spans: &mut [i64]) {
        if entry.pieces == 0 {
            return spans.fill(self.knots[entry.start as usize]);
        }
        for (span, &draw) in spans.iter_mut().zip(draws) {
            *span = self.at(entry, draw);
        }
    }

    /// Computes [`Sampler::sample`] for each draw (µs), with the sampler that `choices` selects from `entries`.
    pub fn read_by(&self, entries: &[Entry], choices: &[u8], draws: &[u32], spans: &mut [i64]) {
        let (mut pieces, mut withins) = ([0; CHUNK], [0; CHUNK]);
        for ((spans, choices), draws) in spans.chunks_mut(CHUNK).zip(choices.chunks(CHUNK)).zip(draws.chunks(CHUNK)) {
            locate_all(draws, &mut pieces, &mut withins);
            for (i, (span, &choice)) in spans.iter_mut().zip(choices).enumerate() {
                *span = self.between(entries[usize::from(choice)], pieces[i], i64::from(withins[i]));
            }
        }
    }

    #[inline]
    fn at(&self, entry: Entry, draw: u32) -> i64 {
        let (piece, within) = locate(draw);
        self.between(entry, piece as u32, within)
    }

    #[inline]
    fn between(&self, entry: Entry, piece: u32, within: i64) -> i64 {
        let index = (entry.start + (piece & entry.pieces)) as usize;
        let knots = &self.knots[index..index + 2];
        let (from, to) = (knots[0], knots[1]);
        (from + (((to - from) * within + (1 << (WITHIN_BITS - 1))) >> WITHIN_BITS)).min(entry.max)
    }
}

/// The number of draws located at a time.
const CHUNK: usize = 128;

/// [`locate`] for many draws.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn locate_all(draws: &[u32], pieces: &mut [u32; CHUNK], withins: &mut [u32; CHUNK]) {
    for i in 0..draws.len().min(CHUNK) {
        let (piece, within) = locate(draws[i]);
        pieces[i] = piece as u32;
        withins[i] = within as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::{Dist, Shape};
    use crate::units::Span;

    #[test]
    fn quantile_tables_match_their_samplers() {
        let secs = Span::from_secs_f64;
        let dists = [
            Dist::constant(secs(4.0)),
            Dist::new(Shape::Lognormal { median: secs(2.5), sigma: 0.8 }),
            Dist { shape: Shape::Exponential { mean: secs(8.0) }, shift: secs(3.0), max: secs(20.0) },
        ];
        let samplers = dists.each_ref().map(Sampler::new);
        let mut quantile_tables = QuantileTables::default();
        let entries = samplers.each_ref().map(|sampler| quantile_tables.add(sampler).expect("it has a table"));
        let draws: Vec<u32> =
            (0..3000_u32).map(|i| i.wrapping_mul(2_654_435_761)).chain([0, u32::MAX, 1 << 31]).collect();
        let choices: Vec<u8> = (0..draws.len()).map(|i| (i % 3) as u8).collect();
        let mut spans = vec![0; draws.len()];
        quantile_tables.read_by(&entries, &choices, &draws, &mut spans);
        for i in 0..draws.len() {
            assert_eq!(spans[i], samplers[i % 3].sample(draws[i]).as_micros());
        }
    }
}
