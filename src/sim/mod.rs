//! One world: plans, providers, recipients and their luck, played on a virtual clock into tallies.

mod alone;
mod batch;
mod cast;
mod counting;
mod lanes;
mod life;
mod tally;
mod timeline;

pub use alone::{Interrupted, Progress, SECTIONS, SectionQuantiles, Way, World, play_alone, quantiles};
pub use cast::{Cast, Part};
pub use lanes::short_ways;
pub use life::{Life, Witness, play};
pub use tally::{Ending, PairTally, PlanTally, StepTally, Tally};
pub use timeline::Timeline;
