//! Questions that need many flows: the results of each plan, how plans compare, and whether they meet their bounds.

mod baseline;
mod candidates;
mod check;
mod classes;
mod compare;
mod counted;
mod downsample;
mod estimates;
mod exact;
mod experiment;
mod exposure;
mod figure_data;
mod footprint;
mod gate;
mod groups;
mod horizon;
mod independence;
mod matching;
mod measure;
mod optimize;
mod over_time;
mod plan_checks;
mod precision;
mod preferred;
mod ready;
mod results;
mod rounds;
mod samples;
mod series;
mod sizing;
mod sweep;
mod totals;
mod trace;
mod unknown;
mod versus;

pub use baseline::{Incomparable, against_baseline, comparable, new_plans, other_draws, others};
pub use check::{CheckOutcome, check, judge};
pub use counted::is_mean_over_recipients;
pub use estimates::is_shared_out;
pub use exact::{Obstacle, Solution, SolvedStep, Solver, solve};
pub use experiment::{Experiment, ResumeError, compare, simulate};
pub use footprint::footprint;
pub use gate::{Counted, Differing, GATE_SCHEMA, Gate, Kind, Outcome, Row};
pub use measure::{Measured, measure};
pub use optimize::{Found, Optimum, Race, Raced, Search, SearchError, SegmentOptima, Tried};
pub use plan_checks::PlansError;
pub use precision::{Precision, Replications, StoppingRule};
pub use results::{
    BestChannel, Callbacks, Comparison, Cost, Count, Difference, Exact, GroupKind, GroupResult, Interval, Intervals,
    Latency, Method, PlanResult, ProviderResult, Results, RunOutput, SCHEMA, ScenarioFacts, Share, StepResult,
};
pub use series::{
    FigureData, InTimeData, OutageWindow, OverTime, PlanFigureData, PlanOverTime, ProviderOverTime, QueueOverTime,
};
pub use sizing::{
    Cheapest, Frontier, Goal, Headroom, LOOKS, Limit, MOST_GROWTH, Pair, Priced, Question, Sizing, Trial, cheapest,
    fees, frontier, grown, headroom, size,
};
pub use sweep::{Point, Sweep, key, points};

pub use totals::LEAST_REPLICATIONS;
pub use trace::{Event, Trace, TraceTarget, recipients_in, trace};
pub use versus::{ScenarioPair, Unmatched, Versus};
