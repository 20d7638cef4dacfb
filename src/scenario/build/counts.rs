//! Arrivals from a histogram: rows that say how many recipients arrive in an interval.

use super::Builder;
use crate::scenario::diagnostic::shown;
use crate::scenario::record::Record;
use crate::units::Span;

/// The column that says how many recipients arrive from the time of its row until that of the next.
pub(super) const COUNT: &str = "count";

/// The maximum number of recipients that a file of counts may have: a mistyped count should not fill the memory.
const MOST: u64 = 100_000_000;

impl Builder<'_> {
    /// The first `most` of the arrivals that the rows of a file count, one by one: those of each row evenly spaced from its span until that of
    /// the next. With the index of the segment of each, if the rows have segments.
    pub(super) fn one_by_one(
        &mut self,
        record: &Record,
        (spans, counts, segments): (&[Span], &[u64], Option<&[u8]>),
        most: usize,
    ) -> Option<(Vec<Span>, Option<Vec<u8>>)> {
        let place = record.place_of("file");
        let file = shown(record.get::<&str>("file").unwrap_or_default());
        let Some(ends) = ends_of(spans) else {
            let message = format!("{file} has a column `{COUNT}` and only one time");
            let help = "add a row with the time at which the last interval ends, and the count 0";
            return self.reject(place, message, "expected two times or more", help);
        };
        let counted = counts.iter().sum::<u64>();
        if counted == 0 {
            let message = format!("every `{COUNT}` in {file} is 0");
            return self.reject(place, message, "expected a count above 0", "correct the counts");
        }
        let wanted = counted.min(most as u64);
        if wanted > MOST {
            let message = format!("{file} counts {counted} recipients");
            let help = format!("write recipients = {MOST} to use the first of them, or lower counts");
            return self.reject(place, message, format!("expected at most {MOST}"), help);
        }
        let mut times = Vec::with_capacity(wanted as usize);
        let mut of_times = segments.map(|_| Vec::with_capacity(wanted as usize));
        for (row, ((&from, &until), &count)) in spans.iter().zip(&ends).zip(counts).enumerate() {
            let left = count.min(wanted - times.len() as u64);
            times.extend((0..left).map(|k| spaced(from, until, k, count)));
            if let (Some(of_times), Some(of_rows)) = (&mut of_times, segments) {
                of_times.resize(times.len(), of_rows[row]);
            }
        }
        Some((times, of_times))
    }
}

/// When the interval that begins at each of these times, which do not descend, ends: at the next later time; the last is as long as the one
/// before. `None` if all times are equal.
fn ends_of(starts: &[Span]) -> Option<Vec<Span>> {
    let last = *starts.last()?;
    let before = *starts.iter().rev().find(|&&start| start < last)?;
    let (mut end, mut start) = (Span::from_micros(2 * last.as_micros() - before.as_micros()), last);
    let ends = starts.iter().rev().map(|&from| {
        if from < start {
            (end, start) = (start, from);
        }
        end
    });
    let mut ends: Vec<_> = ends.collect();
    ends.reverse();
    Some(ends)
}

/// The time of arrival `k` of `count`, from 0, which are spaced evenly from `from` to `until`.
fn spaced(from: Span, until: Span, k: u64, count: u64) -> Span {
    let length = i128::from(until.as_micros() - from.as_micros());
    let after = length * (2 * i128::from(k) + 1) / (2 * i128::from(count));
    Span::from_micros(from.as_micros() + after as i64)
}
