//! The glossary names things that exist.

use std::fs;
use std::path::Path;

const GLOSSARY: &str = include_str!("../../docs/GLOSSARY.md");

/// All of `src`, as one text.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let text = |path: std::path::PathBuf| {
        if path.is_dir() { sources(&path) } else { fs::read_to_string(path).unwrap_or_default() }
    };
    entries.map(text).collect()
}

/// What stands between backticks.
fn names() -> impl Iterator<Item = &'static str> {
    GLOSSARY.split('`').skip(1).step_by(2)
}

#[test]
fn every_name_in_the_glossary_exists() {
    let src = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let is_defined = |name: &str| {
        let kinds = ["pub struct", "pub enum", "pub trait", "pub fn", "pub const fn", "pub const", "pub type"];
        let defines = |kind: &&str| {
            let start = format!("{kind} {name}");
            src.match_indices(&start).any(|(at, _)| {
                let next = src[at + start.len()..].chars().next();
                next.is_some_and(|c| !c.is_alphanumeric() && c != '_')
            })
        };
        // A variant stands at the beginning of its line.
        let is_variant = || [" {", ",", "("].iter().any(|end| src.contains(&format!("\n    {name}{end}")));
        kinds.iter().any(defines) || is_variant()
    };
    let code: Vec<_> = names().filter(|name| name.contains("::")).collect();
    assert!(code.len() > 40, "{code:?}");
    let unknown: Vec<_> = code.iter().filter(|name| !is_defined(name.rsplit("::").next().unwrap_or(name))).collect();
    assert!(unknown.is_empty(), "not in src: {unknown:?}");
}

/// Each term once.
#[test]
fn every_term_has_one_meaning() {
    let rows = GLOSSARY
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| term") && !line.starts_with("| ---"));
    let mut terms: Vec<_> = rows.filter_map(|row| row.split('|').nth(1)).map(str::trim).collect();
    let all = terms.len();
    terms.sort_unstable();
    terms.dedup();
    assert_eq!(terms.len(), all);
}
