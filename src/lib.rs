//! failsim plays message failover plans against simulated channel providers on a virtual clock, and compares them.

pub mod dist;
pub mod engine;
pub mod provider;
pub mod scenario;
pub mod traffic;
pub mod units;
pub mod vocabulary;
