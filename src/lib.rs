//! failsim plays message failover plans against simulated channel providers on a virtual clock, and compares them.
//!
//! The program is a thin shell around [`scenario::load`], [`study::compare`] and [`report::write()`]:
//!
//! ```
//! use failsim::{report, scenario, sim, study};
//! use std::path::Path;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut scenario = scenario::load(Path::new("scenarios/bank-pin.toml"))?;
//! scenario.set_recipients(10_000).expect("its arrivals are not from a file");
//! let findings = study::compare(&scenario, 1, &sim::Progress::default()).expect("nobody stops it");
//! println!("{}", report::finding(&findings.results));
//! assert!(findings.results.plans[0].in_time.share > 0.98);
//! # Ok(())
//! # }
//! ```
//!
//! The failover engine, [`engine::Flow`], stands alone: it does no I/O and can drive real providers.

pub mod cli;
pub mod dist;
pub mod engine;
mod files;
pub mod provider;
pub mod report;
pub mod rng;
pub mod scenario;
pub mod sim;
pub mod stats;
pub mod study;
mod text;
pub mod traffic;
pub mod units;
pub mod vocabulary;
