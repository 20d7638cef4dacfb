//! Questions that need many flows: what each plan comes to, how plans compare, and whether they keep their bounds.

mod check;
mod classes;
mod compare;
mod estimates;
mod exposure;
mod footprint;
mod measure;
mod over_time;
mod pictures;
mod precision;
mod results;
mod samples;
mod series;
mod sizing;
mod span;
mod sweep;
mod thinning;
mod totals;
mod trace;
mod unknown;

pub use check::{
    Against, BASELINE_METRICS, Checked, Incomparable, Tolerance, Verdict, against, check, comparable, judge,
};
pub use compare::compare;
pub use estimates::LEAST_REPLICATIONS;
pub use footprint::footprint;
pub use measure::{Measured, Unit, measure, more_is_better, unit};
pub use precision::{Precision, Replications, Wanted};
pub use results::{
    Callbacks, Comparison, Cost, Count, Difference, Findings, Interval, Intervals, Latency, PlanResult, ProviderResult,
    Results, SCHEMA, ScenarioFacts, Share, StepResult, StreamComparison, StreamResult,
};
pub use series::{OutageWindow, OverTime, Pictures, PlanOverTime, PlanPicture, ProviderOverTime, QueueOverTime};
pub use sizing::{Goal, LOOKS, Limit, Question, Sizing, Trial, size};
pub use sweep::{Point, Sweep, key, points};

pub use trace::{Event, Trace, Whose, trace};
