//! Loads a scenario from a file or a string.

use super::build::{Builder, FileInfo};
use super::change::Change;
use super::diagnostic::{Diagnostic, Diagnostics, Fault, LoadError};
use super::format::SCENARIO;
use super::model::Scenario;
use super::structure::Structure;
use super::syntax::{Parsed, parse as parse_toml, without_lines};
use crate::text;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use toml::de::DeTable;

/// The maximum size of a scenario file [bytes]. Real ones have a few thousand; measured columns belong in CSV files.
const MAX_BYTES: u64 = 4 << 20;

/// Reads and checks the scenario file at `path`.
///
/// # Errors
///
/// When the file cannot be read or is not a valid scenario; the error then lists everything that is wrong in it.
pub fn load(path: &Path) -> Result<Scenario, LoadError> {
    load_changed(path, &[])
}

/// Reads and checks the scenario file at `path`, with `changes` applied before it is built.
///
/// # Errors
///
/// As [`load`]; also when a change does not fit the file.
pub fn load_changed(path: &Path, changes: &[Change]) -> Result<Scenario, LoadError> {
    let name = path.to_string_lossy();
    let bytes = read(path).map_err(|source| LoadError::Io { path: path.to_owned(), source })?;
    let text = bytes.map_err(|fault| Diagnostics::of_file(&name, fault)).and_then(|b| decode(&name, b));
    let folder = path.parent().unwrap_or(Path::new(""));
    text.and_then(|text| parse_changed(&text, &name, folder, changes)).map_err(LoadError::Invalid)
}

/// Parses and checks a scenario from text. `file` is its name in messages; `folder` is the base of the paths of its CSV
/// files.
///
/// # Errors
///
/// When it is not a valid scenario; the error lists everything that is wrong in it.
pub fn parse(text: &str, file: &str, folder: &Path) -> Result<Scenario, Diagnostics> {
    parse_changed(text, file, folder, &[])
}

/// Parses and checks a scenario from text, with `changes` applied before it is built.
///
/// # Errors
///
/// As [`parse`]; also when a change does not fit the scenario.
pub fn parse_changed(text: &str, file: &str, folder: &Path, changes: &[Change]) -> Result<Scenario, Diagnostics> {
    let checked = match parse_toml(text) {
        Parsed::Whole(table) => build(text, &table, (file, folder), changes),
        Parsed::Broken(faults) => Err(with_valid_lines(text, faults)),
    };
    checked.map_err(|found| Diagnostics::new(file, text, found))
}

/// Builds the scenario from `table`.
fn build(
    toml: &str,
    table: &DeTable<'_>,
    (file, folder): (&str, &Path),
    changes: &[Change],
) -> Result<Scenario, Vec<Diagnostic>> {
    let mut structure = Structure { text: toml, whole: true, found: Vec::new() };
    let mut record = structure.table(&SCENARIO, table, 0..0);
    changes.iter().for_each(|change| structure.change(&mut record, change));
    let mut builder = Builder {
        text: toml,
        folder,
        segments: Vec::new(),
        segments_are_known: true,
        starts_at: None,
        starts_at_is_wrong: false,
        notes: Vec::new(),
        found: structure.found,
        warnings: Vec::new(),
    };
    let stem = Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
    let scenario = builder.scenario(&record, FileInfo { title: text::line(&stem).trim(), digest: digest(toml) });
    match scenario {
        Some(scenario) if builder.found.is_empty() => {
            Ok(Scenario { warnings: Diagnostics::warnings(file, toml, builder.warnings), ..scenario })
        }
        _ => Err(builder.found),
    }
}

/// Returns the syntax errors `faults`, plus the errors in the keys of the lines that do parse.
fn with_valid_lines(text: &str, mut faults: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let Some(rest) = without_lines(text, &faults) else { return faults };
    if let Parsed::Whole(table) = parse_toml(&rest) {
        let mut structure = Structure { text, whole: false, found: Vec::new() };
        structure.table(&SCENARIO, &table, 0..0);
        faults.append(&mut structure.found);
    }
    faults
}

/// Returns the SHA-256 of `text` in hexadecimal.
fn digest(text: &str) -> String {
    hexadecimal(&Sha256::digest(text.as_bytes()))
}

/// Formats bytes in hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a file; a folder or a file that is too large is a fault.
fn read(path: &Path) -> io::Result<Result<Vec<u8>, Fault>> {
    let about = std::fs::metadata(path)?;
    if about.is_dir() {
        return Ok(Err(Fault::new(
            "this is a folder, not a file",
            "",
            "name a scenario file in it, such as bank-pin.toml",
        )));
    }
    let mut bytes = Vec::new();
    if about.len() <= MAX_BYTES {
        File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    }
    match bytes.len() as u64 > MAX_BYTES || about.len() > MAX_BYTES {
        true => Ok(Err(too_large())),
        false => Ok(Ok(bytes)),
    }
}

/// The error for a file that is too large to be a scenario.
fn too_large() -> Fault {
    let message = format!("the file is too large for a scenario: more than {} MiB", MAX_BYTES >> 20);
    Fault::new(message, "", "name a scenario file; arrival times and measured latencies belong in CSV files")
}

/// Decodes `bytes` as text.
fn decode(name: &str, bytes: Vec<u8>) -> Result<String, Diagnostics> {
    String::from_utf8(bytes).map_err(|error| {
        let start = error.utf8_error().valid_up_to();
        let byte = error.as_bytes().get(start).copied().unwrap_or_default();
        let text = String::from_utf8_lossy(error.as_bytes());
        let message = format!("not UTF-8: byte {start} is 0x{byte:02x}");
        let fault = Fault::new(message, "expected text in UTF-8", "save the file as UTF-8 in your editor");
        Diagnostics::new(name, &text, vec![Diagnostic::at(start..start + 1, fault)])
    })
}
