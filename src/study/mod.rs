//! Questions that need many flows: what each plan comes to, how plans compare, and whether they keep their bounds.

mod check;
mod compare;
mod measure;
mod pictures;
mod results;
mod trace;

pub use check::{
    Against, BASELINE_METRICS, Checked, Incomparable, Tolerance, Verdict, against, check, comparable, judge,
};
pub use compare::compare;
pub use measure::{Measured, Unit, measure, more_is_better, unit};
pub use results::{
    Callbacks, Comparison, Cost, Count, Difference, Findings, Interval, Latency, OutageWindow, Pictures, PlanPicture,
    PlanResult, ProviderResult, Results, SCHEMA, ScenarioFacts, Share, StepResult,
};
pub use trace::{Event, Trace, trace};
