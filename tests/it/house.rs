//! The house rules: imports only point to lower layers, and every file starts with its purpose.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The layers from the bottom up. A module may use modules of lower layers; modules of one layer do not use each other.
const LAYERS: [&[&str]; 9] = [
    &["units", "rng", "text", "files"],
    &["status", "dist", "stats", "calendar"],
    &["engine", "provider", "traffic"],
    &["scenario"],
    &["sim"],
    &["study"],
    &["report"],
    &["cli"],
    &["main"],
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Returns the top-level module that a file belongs to.
fn module(path: &Path) -> String {
    let inside = path.strip_prefix(root()).expect("it is one of ours");
    let first = inside.components().next().expect("it has a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

fn layer(module: &str) -> usize {
    let found = LAYERS.iter().position(|layer| layer.contains(&module));
    found.unwrap_or_else(|| panic!("module {module} has no layer: give it one in LAYERS"))
}

/// Returns the top-level modules that a text refers to with `crate::`, outside of comments.
fn named(text: &str) -> Vec<(usize, String)> {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or(""));
    let mut found = Vec::new();
    for (number, line) in code.enumerate() {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            let inner = rest.strip_prefix('{').unwrap_or(rest);
            for word in inner.split(',') {
                let name: String = word.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                found.push((number + 1, name));
                if !rest.starts_with('{') {
                    break;
                }
            }
        }
    }
    found
}

#[test]
fn imports_point_down_only() {
    let mut wrong = Vec::new();
    for path in sources(&root()) {
        let ours = module(&path);
        if ours == "lib" || ours == "main" {
            continue;
        }
        let text = fs::read_to_string(&path).expect("it can be read");
        for (line, theirs) in named(&text) {
            if theirs != ours && layer(&theirs) >= layer(&ours) {
                wrong.push(format!("{}:{line}: {ours} uses {theirs}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "imports that point up or sideways:\n{}", wrong.join("\n"));
}

/// Returns the paths in a text after `prefix`: `a::b` of `prefix::a::b::C`, and each of `prefix::{a::B, c}`.
fn paths(text: &str, prefix: &str) -> Vec<Vec<String>> {
    let code: String = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    let code = code.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
    let mut found = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let is_whole = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        let rest = &code[at + prefix.len()..];
        let group = rest.strip_prefix('{').map(|inner| inner.split('}').next().unwrap_or_default());
        let items = group.map_or_else(|| vec![rest], |inner| inner.split(',').collect());
        for item in items.into_iter().filter(|_| is_whole).map(str::trim_start) {
            let end = item.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(item.len());
            found.push(item[..end].split("::").map(str::to_owned).filter(|word| !word.is_empty()).collect());
        }
    }
    found
}

/// Returns the file that a module path leads to from `folder`, except a folder's root module.
fn file_of(folder: &Path, path: &[String]) -> Option<PathBuf> {
    let (first, rest) = path.split_first()?;
    let deeper = folder.join(first);
    let file = folder.join(format!("{first}.rs"));
    let inner = if deeper.is_dir() { file_of(&deeper, rest) } else { None };
    inner.or_else(|| file.is_file().then_some(file))
}

/// Returns the files that a file imports from by name.
fn imports(path: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(path).expect("it can be read");
    let above = path.parent().expect("a file is in a folder");
    let near = paths(&text, "super::").into_iter().filter_map(|words| match words.first()?.as_str() {
        "super" => file_of(above.parent()?, &words[1..]),
        _ => file_of(above, &words),
    });
    let far = paths(&text, "crate::").into_iter().filter_map(|words| file_of(&root(), &words));
    let all: BTreeSet<_> = near.chain(far).filter(|theirs| theirs != path).collect();
    all.into_iter().collect()
}

/// No files import from each other in a cycle. Root modules of folders, which only re-export, are exempt.
#[test]
fn no_files_import_from_each_other_in_a_circle() {
    let files: Vec<_> = sources(&root()).into_iter().filter(|path| !path.ends_with("mod.rs")).collect();
    let edges: BTreeMap<_, _> = files.iter().map(|path| (path.clone(), imports(path))).collect();
    assert!(edges.values().map(Vec::len).sum::<usize>() > 300, "the test sees imports");
    // A file without remaining imports is not in a cycle.
    let mut left: BTreeSet<_> = files.iter().cloned().collect();
    loop {
        let is_done = |path: &&PathBuf| edges[*path].iter().all(|theirs| !left.contains(theirs));
        let done: Vec<_> = left.iter().filter(is_done).cloned().collect();
        if done.is_empty() {
            break;
        }
        left.retain(|path| !done.contains(path));
    }
    let named = |path: &PathBuf| {
        let theirs: Vec<_> = edges[path].iter().filter(|theirs| left.contains(*theirs)).collect();
        format!("{} -> {theirs:?}", path.display())
    };
    assert!(left.is_empty(), "in a circle, or above one:\n{}", left.iter().map(named).collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_layer_test_sees_what_it_is_to_see() {
    assert_eq!(named("use crate::units::{Span, Time}; // crate::sim"), [(1, "units".to_owned())]);
    assert_eq!(named("use crate::{report, study};"), [(1, "report".to_owned()), (1, "study".to_owned())]);
    assert!(layer("sim") > layer("engine"));
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let silent = |path: &PathBuf| !fs::read_to_string(path).is_ok_and(|text| text.starts_with("//!"));
    let silent: Vec<_> = sources(&root()).into_iter().filter(silent).collect();
    assert!(silent.is_empty(), "{silent:?}");
}

/// The layers that also drive real providers do no input or output.
#[test]
fn the_core_does_no_input_or_output() {
    for path in sources(&root()) {
        if ["engine", "provider", "status", "units", "rng", "text", "dist", "stats", "sim"]
            .contains(&module(&path).as_str())
        {
            let text = fs::read_to_string(&path).expect("it can be read");
            for word in ["std::fs", "std::io", "std::net", "std::env", "println!", "eprintln!"] {
                assert!(!text.contains(word), "{} names {word}", path.display());
            }
        }
    }
}
