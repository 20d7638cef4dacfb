//! How much memory is free.

use sysinfo::System;

/// The amount (bytes) that always counts as free, so that a need below it is never rejected.
const ALWAYS: u64 = 1 << 28;

/// The free memory (bytes): the least of what the machine, the container and the process limits allow. `None` where it cannot be
/// determined.
pub(super) fn free() -> Option<u64> {
    let mut system = System::new();
    system.refresh_memory();
    let of_machine = Some(system.available_memory()).filter(|&free| free > 0);
    // A container's file cache counts as used there, though it is released when memory is needed.
    let of_container = system.cgroup_limits().map(|limits| limits.total_memory.saturating_sub(limits.rss));
    [of_machine, of_container, of_process()].into_iter().flatten().min().map(|free| free.max(ALWAYS))
}

/// The total memory that this process may use.
#[cfg(unix)]
fn of_process() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::As).current
}

#[cfg(not(unix))]
const fn of_process() -> Option<u64> {
    None
}
