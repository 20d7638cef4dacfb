//! Texts that are held to files of the repository. Where a change is meant, `FAILSIM_SNAPSHOTS=write cargo test` writes them anew.

use std::fs;
use std::path::Path;

/// Whether they are being written.
pub(crate) fn are_written() -> bool {
    std::env::var_os("FAILSIM_SNAPSHOTS").is_some_and(|wish| wish == "write")
}

/// `text` is what the file at `path`, relative to the repository, has.
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
