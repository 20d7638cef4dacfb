//! failsim plays message failover plans against simulated channel providers on a virtual clock, and compares them.
//!
//! The program is a thin shell around [`scenario::load`], [`study::compare`] and `report::write`:
//!
//! ```
//! # #[cfg(feature = "report")]
//! use failsim::report;
//! use failsim::{scenario, sim, study};
//! use std::path::Path;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut scenario = scenario::load(Path::new("scenarios/bank-pin.toml"))?;
//! scenario.set_recipients(10_000).expect("its arrivals are not from a file");
//! let findings = study::compare(&scenario, 1, &sim::Progress::default()).expect("nobody stops it");
//! # #[cfg(feature = "report")]
//! println!("{}", report::finding(&findings.results));
//! assert!(findings.results.plans[0].in_time.share > 0.98);
//! # Ok(())
//! # }
//! ```
//!
//! The failover engine, [`engine::Flow`], stands alone: it does no I/O and can drive real providers.
//!
//! # Features
//!
//! Both are on by default. Without them the library loads scenarios, runs them and returns results as data.
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `report` | the module `report`: tables, JSON, CSV, figures, report folders |
//! | `cli` | the module `cli` and the program; includes `report` |

#[cfg(feature = "cli")]
pub mod cli;
pub mod dist;
pub mod engine;
mod files;
pub mod provider;
#[cfg(feature = "report")]
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
