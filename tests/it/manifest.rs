//! The promises of `Cargo.toml`: the crates that the library needs without its features, and the minimum compiler version.

use std::collections::BTreeSet;
use std::env;
use std::process::Command;

/// The crates behind the features `cli` and `report`.
const OPTIONAL: [&str; 15] = [
    "anstream",
    "clap",
    "clap_complete",
    "comfy-table",
    "ctrlc",
    "indicatif",
    "minijinja",
    "plotters",
    "quick-xml",
    "rustix",
    "signal-hook",
    "sysinfo",
    "tempfile",
    "terminal_size",
    "textwrap",
];

/// Runs cargo offline and returns its output; the tests were built, so everything needed is on this machine.
fn cargo(words: &[&str]) -> String {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(words).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let output = output.expect("cargo starts");
    assert!(output.status.success(), "cargo {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints text")
}

/// Returns the names of all crates that the library is linked with, given these flags.
fn crates(flags: &[&str]) -> BTreeSet<String> {
    let tree = ["tree", "--offline", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let lines = cargo(&[&tree, flags].concat());
    lines.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn the_library_without_features_needs_no_terminal_and_no_figures() {
    let lean = crates(&["--no-default-features"]);
    let found: Vec<_> = OPTIONAL.into_iter().filter(|name| lean.contains(*name)).collect();
    assert!(found.is_empty(), "without features the library depends on {found:?}");
    assert!(lean.contains("toml") && crates(&[]).contains("clap"), "the test sees dependencies: {lean:?}");
}

/// Parses the major and minor version of a compiler.
fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map(|number| number.parse().expect("a version has numbers"));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Crates for other systems are not on this machine.
#[test]
fn no_dependency_needs_a_later_compiler() {
    let about = cargo(&["--version", "--verbose"]);
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo says what it runs on");
    let words = ["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", host];
    let metadata: serde_json::Value = serde_json::from_str(&cargo(&words)).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    let ours = version(env!("CARGO_PKG_RUST_VERSION"));
    let needs = packages.iter().filter_map(|package| Some((&package["name"], package["rust_version"].as_str()?)));
    let later: Vec<_> = needs.clone().filter(|(_, needed)| version(needed) > ours).collect();
    assert!(later.is_empty(), "rust-version is {ours:?}, but {later:?}");
    assert!(needs.count() > 50, "the test sees versions");
}
