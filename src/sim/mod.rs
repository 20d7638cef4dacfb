//! One world: plans, providers, recipients and their luck, played on a virtual clock into tallies.

mod alone;
mod atoms;
mod batch;
mod cast;
mod counting;
mod handing;
mod lanes;
mod life;
mod pairs;
mod progress;
mod room;
mod stage;
mod tally;
mod timeline;
mod together;
mod versus;
mod witness;

pub use alone::{Alone, SECTIONS, Way, World, play_alone};
pub use atoms::scales;
pub use cast::{Carrier, Cast, Part, Role};
pub use handing::{Handed, Open, Usher, Verdict};
pub use lanes::short_ways;
pub use life::{Life, play};
pub use pairs::Pairs;
pub use progress::{Interrupted, Progress};
pub use stage::Stage;
pub use tally::{ByProvider, Ending, FIRST, PairTally, PlanTally, ProviderTally, QueueTally, StepTally, Tally};
pub use timeline::Timeline;
pub use together::{WorldTally, flows_one_way, lives, play_together, verdicts};
pub use versus::{Versus, play_versus};
pub use witness::Witness;

/// Which revision of the simulation this is: it rises whenever some scenario comes to something else than before, so that what was
/// kept of an earlier build is not taken for what this one would find. A test holds it to digests of results.
pub const REVISION: u32 = 2;
