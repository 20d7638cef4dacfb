//! failsim compares message failover plans. It runs a failover engine, which can also drive real channel providers, against simulated
//! ones on a virtual clock.
//!
//! A bank sends a PIN by Viber; if Viber reports a failure, or nothing within the step's ttl, by SMS; then by voice. Which order, how long
//! to wait, how much capacity? A [`scenario`] says who is to be reached, what the providers do and which plans are compared. Every plan is
//! simulated on the same recipients with common random numbers; results have confidence intervals.
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
//! let replications: u32 = 1;
//! let mut experiment = study::Experiment::new(&scenario, replications, &progress)?;
//! experiment.run(&progress)?;
//! let results = experiment.results(&progress)?;
//! assert!(results.plans[0].in_time.share > 0.98);
//! # Ok(())
//! # }
//! ```
//!
//! # A tour
//!
//! Lowest layer first: each module depends only on modules listed before it.
//!
//! | module | what it has | where to begin |
//! | --- | --- | --- |
//! | [`units`], [`status`] | instants, durations, money, rates, probabilities; statuses | [`units::Time`], [`status::Status`] |
//! | [`rng`] | counter-based random numbers, keyed by recipient, provider and purpose | [`rng::RngKey`] |
//! | [`dist`], [`stats`] | latency distributions; counts and intervals | [`dist::Dist`], [`stats::Latencies`] |
//! | [`engine`] | all decisions of a production failover service, without I/O or a clock | [`engine::Flow`], then [`engine::Delivery`] |
//! | [`provider`] | simulated channel providers: outcomes, prices, limits, outages | [`provider::Provider::submit`] |
//! | [`traffic`] | when recipients arrive | [`traffic::Timetable`] |
//! | [`scenario`] | parses TOML into validated values, with diagnostics | [`scenario::load`], [`scenario::parse`] |
//! | [`sim`] | simulates plans, providers and recipients on one clock; counts into an integer ledger | [`sim::Ledger`] |
//! | [`study`] | questions that need many runs: comparing, checking, finding capacities; tracing one recipient | [`study::Experiment`] |
//! | `report`, `cli` | tables, JSON, CSV, figures, pages; the program | `report::write` |
//!
//! One message goes from [`traffic`] to [`engine`], to [`provider`] and back to [`engine`]; its result is counted in [`sim`]. One run goes
//! from [`study::Experiment`] to [`sim`], and estimates are computed from the ledger.
//!
//! # What it promises
//!
//! - The same scenario gives byte-identical results for any number of threads; tallies merge in any order ([`sim::Ledger`]).
//! - A plan's counts do not depend on which other plans are compared. Its intervals can: if recipients share capacity, circuit breakers or
//!   random outages under any plan, the intervals of all plans come from replications.
//! - Shares, cost per recipient, mean and percentiles of latency, and differences between plans have intervals; where no valid interval can
//!   be computed, none is given, and the reason is stated. Other measures have no intervals.
//! - Invalid input never causes a panic; the error gives its location and a hint.
//!
//! # The engine by itself
//!
//! [`engine::Flow`] is the state machine of one recipient: steps, attempts, statuses. [`engine::Delivery`] wraps it for drivers of real
//! providers: it takes reports, rejections and timers, and returns submissions. The simulator drives [`engine::Flow`],
//! [`engine::Routing`] and [`engine::Breakers`] directly. `examples/` has a driver on tokio (`tokio_driver`), one without a clock
//! (`embed_engine`), and a comparison of two plans (`compare_plans`).
//!
//! # Features
//!
//! Both are on by default. Without them the library loads scenarios, runs them and returns results as data.
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `report` | the module `report`: tables, JSON, CSV, figures, report folders |
//! | `cli` | the module `cli` and the program; includes `report` |

pub mod calendar;
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
