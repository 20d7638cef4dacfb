//! Compares texts with files of the repository. After an intended change, `FAILSIM_SNAPSHOTS=write cargo test` rewrites them.

use std::fs;
use std::path::Path;

/// Whether snapshots are being rewritten.
pub(crate) fn are_written() -> bool {
    std::env::var_os("FAILSIM_SNAPSHOTS").is_some_and(|wish| wish == "write")
}

/// Asserts that `text` equals the file at `path`, relative to the repository.
#[track_caller]
pub(crate) fn is_that_of(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if are_written() {
        fs::write(&file, text).expect("a snapshot can be written");
    }
    let snapshot = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert!(
        text == snapshot,
        "{path} is another; FAILSIM_SNAPSHOTS=write cargo test writes it anew. This is it now:\n{text}"
    );
}
