//! failsim plays message failover plans against simulated channel providers on a virtual clock, and compares them.

pub mod cli;
pub mod dist;
pub mod engine;
pub mod provider;
pub mod report;
pub mod rng;
pub mod scenario;
pub mod sim;
pub mod stats;
pub mod study;
pub mod traffic;
pub mod units;
pub mod vocabulary;
