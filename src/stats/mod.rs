//! Estimators: exact counts of what happened, and what they say of what would happen.

mod bins;
mod interval;
mod latencies;
mod squares;
mod sums;

pub use bins::Bins;
pub use interval::{Z95, mean_interval, paired_share_difference, student_interval, student_quantile, wilson};
pub use latencies::Latencies;
pub use squares::{sum, sum_of_squares};
pub use sums::Sums;
