//! Timing of operations of a few nanoseconds: many at once, reported as the time of one.

use criterion::Bencher;
use criterion::measurement::{Measurement, WallTime};

/// Times `batch`, which does the same operation `things` times, and reports the time of one.
pub(crate) fn each(bencher: &mut Bencher<'_>, things: usize, mut batch: impl FnMut()) {
    let things = things as u64;
    bencher.iter_custom(|iterations| {
        let batches = iterations.div_ceil(things);
        let start = WallTime.start();
        for _ in 0..batches {
            batch();
        }
        WallTime.end(start).mul_f64(iterations as f64 / (batches * things) as f64)
    });
}
