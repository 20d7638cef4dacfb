//! Locks on folders: programs that write into the same folder do so one after the other.

use std::fs::File;
use std::path::Path;

/// An exclusive, advisory lock on a folder, held until this value is dropped or the program ends.
pub(crate) struct FolderLock {
    /// Locked as long as it is open. `None` where the system does not support locks: then nothing waits.
    _locked: Option<File>,
}

impl FolderLock {
    /// Locks `folder`, which must exist; waits while another program holds the lock. The folder itself is locked, so no lock file
    /// is needed and none is left behind.
    #[cfg(unix)]
    pub(crate) fn acquire(folder: &Path) -> Self {
        Self { _locked: File::open(folder).ok().and_then(locked) }
    }

    /// Locks `folder`, which must exist; waits while another program holds the lock. Folders cannot be opened as files here, so a
    /// file named after the folder in the system's temporary folder is locked in its place.
    #[cfg(not(unix))]
    pub(crate) fn acquire(folder: &Path) -> Self {
        use sha2::{Digest as _, Sha256};
        let path = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let digest = Sha256::digest(path.to_string_lossy().as_bytes());
        let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let file = std::env::temp_dir().join(format!("failsim-{name}.lock"));
        let opened = File::options().create(true).truncate(false).write(true).open(file);
        Self { _locked: opened.ok().and_then(locked) }
    }
}

fn locked(file: File) -> Option<File> {
    file.lock().ok().map(|()| file)
}
