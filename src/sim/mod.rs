//! One run: plans, providers, recipients and their random numbers, simulated on a virtual clock into tallies.

mod admission;
mod atoms;
mod batch;
mod collected;
mod contended;
mod context;
mod fast_plan;
mod group_tally;
mod independent;
mod ledger;
mod model;
mod pairs;
mod pending;
mod progress;
mod recipient;
mod recorder;
mod sender;
mod simulate;
mod step_buffers;
mod tally;
mod tally_recorder;
mod timeline;
mod versus;

pub use admission::{Admission, AdmissionDecision, AdmissionRequest, RoutedAttempt, Unlimited};
pub use atoms::scales;
pub use contended::{
    ClassTally, Decisions, PlanRunTally, course_hashes, decisions, is_feed_forward, simulate_contended,
};
pub use context::RecipientContext;
pub use fast_plan::fast_plans;
pub use group_tally::GroupTally;
pub use independent::{
    ExecutionMode, RunContext, SECTIONS, sections_of, simulate_blocks, simulate_independent, simulate_sections,
};
pub use ledger::{GroupLedger, LEDGER_SCHEMA, Ledger, LedgerError, Mean, ModeLedger, PlanLedger, ReplicationCounts};
pub use model::{CompiledPlan, Model, TrafficClass, TrafficStream};
pub use pairs::Pairs;
pub use pending::{Pending, PendingReports, ReportQueue};
pub use progress::{Interrupted, Progress};
pub use recipient::{Recipient, RecipientId};
pub use recorder::Recorder;
pub use simulate::simulate_recipient;
pub use tally::{
    ByProvider, Ending, FIRST, PairTally, PlanSeries, PlanTally, ProviderSeries, ProviderTally, QueueTally, StepTally,
    Tally,
};
pub use timeline::{Timeline, round_width};
pub use versus::{Versus, simulate_pair};

/// The revision of the simulation: it increases whenever the results of some scenario change, so that results kept from an earlier
/// build are not taken for results of this one. A test compares it with digests of results.
pub const REVISION: u32 = 9;
