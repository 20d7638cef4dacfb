//! Scenario files: TOML in, checked values out.

mod model;

pub use model::{Bound, Carrier, Check, METRICS, Plan, Scenario};
