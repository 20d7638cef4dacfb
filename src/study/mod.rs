//! Questions that need many flows: what each plan comes to, and how plans compare.

mod results;

pub use results::{
    Callbacks, Comparison, Cost, Count, Difference, Findings, Interval, Latency, OutageWindow, Pictures, PlanPicture,
    PlanResult, ProviderResult, Results, SCHEMA, ScenarioFacts, Share, StepResult,
};
