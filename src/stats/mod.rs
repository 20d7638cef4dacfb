//! Estimators: exact counts of simulated results, and the estimates and intervals derived from them.

mod best;
mod binomial;
mod bins;
mod by_key;
mod cells;
mod confidence;
mod groups;
mod interval;
mod latencies;
mod moments;
mod scale;
mod seconds;
mod section;
mod sequence;
mod squares;
mod sums;

pub use best::with_the_best;
pub use binomial::clopper_pearson;
pub use bins::Bins;
pub use by_key::ByKey;
pub use cells::Cells;
pub use confidence::Confidence;
pub use groups::Groups;
pub use interval::{correlation, difference, paired_share_difference, wilson};
pub use latencies::{Latencies, Quantile};
pub use moments::Moments;
pub use scale::{MAX_ATOMS, Scale};
pub use seconds::Seconds;
pub use section::SectionLatencies;
pub use sequence::reach_at_all_times;
pub use squares::{sum, sum_of_squares};
pub use sums::Sums;
