//! One run: plans, providers, recipients and their random numbers, simulated on a virtual clock into tallies.

mod admission;
mod atoms;
mod batch;
mod contended;
mod context;
mod fast_plan;
mod independent;
mod ledger;
mod model;
mod pairs;
mod progress;
mod recipient;
mod recorder;
mod simulate;
mod step_buffers;
mod tally;
mod tally_recorder;
mod timeline;
mod versus;

pub use admission::{Admission, AdmissionDecision, AdmissionRequest, RoutedAttempt, Unlimited};
pub use atoms::scales;
pub use contended::{PlanRunTally, decisions, is_feed_forward, lives, play_contended};
pub use context::RecipientContext;
pub use fast_plan::fast_plans;
pub use independent::{ExecutionMode, RunContext, SECTIONS, StreamTally, play_independent, play_sections, sections_of};
pub use ledger::{Account, GroupLedger, LEDGER_SCHEMA, Ledger, LedgerError, Mean, PlanLedger, ReplicationCounts};
pub use model::{CompiledPlan, Model, TrafficClass};
pub use pairs::Pairs;
pub use progress::{Interrupted, Progress};
pub use recipient::{Recipient, RecipientId};
pub use recorder::Recorder;
pub use simulate::{PendingReports, simulate_recipient};
pub use tally::{ByProvider, Ending, FIRST, PairTally, PlanTally, ProviderTally, QueueTally, StepTally, Tally};
pub use timeline::Timeline;
pub use versus::{Versus, play_versus};

/// The revision of the simulation: it increases whenever the results of some scenario change, so that results kept from an earlier
/// build are not taken for results of this one. A test compares it with digests of results.
pub const REVISION: u32 = 4;
