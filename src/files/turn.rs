//! Taking turns: two programs that write into one folder do so one after the other.

use std::fs::File;
use std::path::Path;

/// The right to write into a folder, until it is dropped or the program ends.
pub(crate) struct Turn {
    /// Locked for as long as it is open. None where the system cannot lock: then nobody waits.
    _lock: Option<File>,
}

impl Turn {
    /// Waits until nobody else has the right to write into `folder`, which is there, and takes it. The folder itself is locked, so that no
    /// other file is needed for that and none is left behind.
    #[cfg(unix)]
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { _lock: File::open(folder).ok().and_then(locked) }
    }

    /// Waits until nobody else has the right to write into `folder`, which is there, and takes it. Where a folder cannot be opened as a file,
    /// one among the system's temporary files is locked, which is named for it.
    #[cfg(not(unix))]
    pub(crate) fn in_folder(folder: &Path) -> Self {
        use sha2::{Digest as _, Sha256};
        let path = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let digest = Sha256::digest(path.to_string_lossy().as_bytes());
        let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let file = std::env::temp_dir().join(format!("failsim-{name}.lock"));
        let opened = File::options().create(true).truncate(false).write(true).open(file);
        Self { _lock: opened.ok().and_then(locked) }
    }
}

fn locked(file: File) -> Option<File> {
    file.lock().ok().map(|()| file)
}
