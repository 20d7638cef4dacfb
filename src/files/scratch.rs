//! Temporary files that are removed however the program ends, unless they are moved into place.
//!
//! A signal may end the program at any moment. All such folders are therefore registered in one place, from which [`clean_up`]
//! removes them; a move in progress is completed first.

use std::fs;
use std::io::{Error, Result, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The number of attempts to remove a folder in which another thread may still create files.
const TRIES: usize = 100;

/// The files that would be left behind if the program ended now.
struct Left {
    paths: Vec<PathBuf>,
    /// Whether the program is about to end, so that nothing more may be created or moved.
    is_over: bool,
    /// Whether a folder of files has been moved into place.
    is_committed: bool,
}

static LEFT: Mutex<Left> = Mutex::new(Left { paths: Vec::new(), is_over: false, is_committed: false });

fn left() -> MutexGuard<'static, Left> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Left {
    fn goes_on(&self) -> Result<()> {
        if self.is_over { Err(Error::other("the program is about to end")) } else { Ok(()) }
    }
}

/// A temporary folder, removed on drop unless it has been moved away.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Creates a new folder in `home`, closed to others.
    ///
    /// # Errors
    /// When it cannot be created.
    pub(crate) fn folder_in(home: &Path) -> Result<Self> {
        let mut left = left();
        left.goes_on()?;
        let path = tempfile::Builder::new().prefix(".failsim-").tempdir_in(home)?.keep();
        left.paths.push(path.clone());
        Ok(Self(path))
    }

    /// The path of the folder.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Moves the folder or its content into place; `moving` runs to completion even if a signal arrives meanwhile.
    ///
    /// # Errors
    /// The errors of `moving`; also when the program is about to end.
    pub(crate) fn commit(&self, moving: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let mut left = left();
        left.goes_on()?;
        moving(&self.0)?;
        left.is_committed = true;
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(&self.0);
        left().paths.retain(|path| *path != self.0);
    }
}

fn remove(path: &Path) {
    for _ in 0..TRIES {
        if path.symlink_metadata().is_err() {
            return;
        }
        // Failure is ignored: a file that cannot be removed stays.
        let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
}

/// Writes the file `path` atomically.
///
/// # Errors
/// When it cannot be written; an existing file then stays unchanged.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    let home = path.parent().filter(|home| !home.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let scratch = Scratch::folder_in(home)?;
    let fresh = scratch.path().join("file");
    let mut file = fs::File::create_new(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_data()?;
    let left = left();
    left.goes_on()?;
    fs::rename(&fresh, path)
}

/// Removes all files that would be left behind, since the program is about to end; after this nothing more can be created or moved.
/// Returns whether a report has already been moved into place.
pub(crate) fn clean_up() -> bool {
    let mut left = left();
    left.is_over = true;
    left.paths.drain(..).for_each(|path| remove(&path));
    left.is_committed
}
