//! One world: plans, providers, recipients and their luck, played on a virtual clock into tallies.

mod admission;
mod alone;
mod atoms;
mod batch;
mod cast;
mod context;
mod lanes;
mod ledger;
mod pairs;
mod progress;
mod recipient;
mod recorder;
mod room;
mod simulate;
mod tally;
mod tally_recorder;
mod timeline;
mod together;
mod versus;

pub use admission::{Admission, AdmissionDecision, Comer, RoutedAttempt, Unlimited};
pub use alone::{Alone, SECTIONS, Way, World, play_alone, play_sections, sections_of};
pub use atoms::scales;
pub use cast::{Cast, Part, Role};
pub use context::RecipientContext;
pub use lanes::short_ways;
pub use ledger::{Account, GroupLedger, LEDGER_SCHEMA, Ledger, LedgerError, Mean, PlanLedger, ReplicationCounts};
pub use pairs::Pairs;
pub use progress::{Interrupted, Progress};
pub use recipient::{Recipient, RecipientId};
pub use recorder::Recorder;
pub use simulate::{PendingReports, simulate_recipient};
pub use tally::{ByProvider, Ending, FIRST, PairTally, PlanTally, ProviderTally, QueueTally, StepTally, Tally};
pub use timeline::Timeline;
pub use together::{WorldTally, decisions, flows_one_way, lives, play_together};
pub use versus::{Versus, play_versus};

/// Which revision of the simulation this is: it rises whenever some scenario comes to something else than before, so that what was
/// kept of an earlier build is not taken for what this one would find. A test holds it to digests of results.
pub const REVISION: u32 = 3;
