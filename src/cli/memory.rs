//! How much memory is free.

use sysinfo::System;

/// Nothing is held against less (bytes): it is always there.
const ALWAYS: u64 = 1 << 28;

/// How much memory (bytes) is free: of the machine, of the container that this runs in, of what the process may have. `None` where
/// nobody can tell.
pub(super) fn free() -> Option<u64> {
    let mut system = System::new();
    system.refresh_memory();
    let of_machine = Some(system.available_memory()).filter(|&free| free > 0);
    // What a container holds of files counts as used there, though it is given back when it is needed.
    let of_container = system.cgroup_limits().map(|limits| limits.total_memory.saturating_sub(limits.rss));
    [of_machine, of_container, of_process()].into_iter().flatten().min().map(|free| free.max(ALWAYS))
}

/// How much this process may have in all.
#[cfg(unix)]
fn of_process() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::As).current
}

#[cfg(not(unix))]
const fn of_process() -> Option<u64> {
    None
}
