//! failsim compares message failover plans: a real failover engine drives simulated channel providers on a virtual clock.
//!
//! A bank sends a PIN by Viber and, if it is not delivered in time, by SMS, then by voice. Which order, which waits, how much
//! capacity? A [`scenario`] says who is to be reached, what the providers do and which plans are tried; every plan meets the same
//! recipients with common random numbers; the answers have intervals.
//!
//! # A first comparison
//!
//! ```
//! use failsim::{scenario, sim, study};
//! use std::path::Path;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut scenario = scenario::load(Path::new("scenarios/bank-pin.toml"))?;
//! scenario.set_recipients(10_000).expect("its arrivals are not from a file");
//! let progress = sim::Progress::default();
//! let mut experiment = study::Experiment::new(&scenario, 1, &progress)?;
//! experiment.run(&progress)?;
//! let results = experiment.results(&progress)?;
//! assert!(results.plans[0].in_time.share > 0.98);
//! # Ok(())
//! # }
//! ```
//!
//! # A tour
//!
//! From the ground up; each module knows only those above it in this list.
//!
//! | module | what it has | where to begin |
//! | --- | --- | --- |
//! | [`units`], [`status`] | points and spans of time, money, rates, probabilities; statuses | [`units::Time`], [`status::Status`] |
//! | [`rng`], [`dist`], [`stats`] | draws that are pure functions of who draws and what for; latency distributions; counts and intervals | [`rng::RngKey`], [`dist::Dist`] |
//! | [`engine`] | all that a production failover service decides, without I/O or a clock | [`engine::Delivery`] |
//! | [`provider`] | simulated channel providers: outcomes, prices, limits, outages | [`provider::Provider::submit`] |
//! | [`traffic`] | when recipients arrive | [`traffic::Timetable`] |
//! | [`scenario`] | TOML files into checked values; diagnostics with places | [`scenario::load`], [`scenario::parse`] |
//! | [`sim`] | plans, providers and recipients on one clock, into a ledger of integers | [`sim::Ledger`] |
//! | [`study`] | questions that need many runs: comparing, checking, sizing, tracing one recipient | [`study::Experiment`] |
//! | `report`, `cli` | tables, JSON, CSV, figures, pages; the program | `report::write` |
//!
//! One message goes from [`traffic`] to [`engine`], to [`provider`] and back to [`engine`]; what became of it is counted in [`sim`]. One run
//! goes from [`study::Experiment`] to [`sim`], whose ledger the estimates are made from.
//!
//! # What it promises
//!
//! - Equal scenarios give equal bytes, for any number of threads; parts of a run add up to the whole in any order ([`sim::Ledger`]).
//! - What a plan comes to does not depend on which others are compared with it.
//! - An interval is printed only where it is known to hold.
//! - Nothing panics on what a user has written: it is refused with the place and a remedy.
//!
//! # The engine by itself
//!
//! [`engine::Delivery`] takes reports, rejections and timers in and gives submissions out; it can drive real providers. `examples/` has a
//! driver on tokio (`tokio_driver`), one without a clock (`embed_engine`), and a comparison of two plans (`compare_plans`).
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
pub mod status;
pub mod study;
mod text;
pub mod traffic;
pub mod units;
