//! Shared code of the benches of whole runs: shipped scenarios and thread pools.

use failsim::scenario::{self, Scenario};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::path::Path;

/// Loads a shipped scenario, with fewer recipients when the benches are only tested.
pub(crate) fn load(file: &str, recipients: u64) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(file);
    let mut scenario = scenario::load(&path).expect("the scenario is shipped");
    scenario.set_recipients(if testing() { 50_000 } else { recipients }).expect("its arrivals are drawn");
    scenario
}

/// Whether the benches are only tested, not timed, by criterion's own rule.
pub(crate) fn testing() -> bool {
    let given = |flag: &str| std::env::args().any(|arg| arg == flag);
    given("--test") || !given("--bench")
}

/// Returns a pool of one thread and, where there are more, one of all threads.
pub(crate) fn pools() -> Vec<(String, ThreadPool)> {
    let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
    let (one, all) = (pool(1), pool(0));
    let threads = all.current_num_threads();
    let mut pools = vec![("1 thread".to_owned(), one)];
    if threads > 1 {
        pools.push((format!("{threads} threads"), all));
    }
    pools
}
