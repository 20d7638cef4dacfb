//! Command lines as text: the one that was typed, and others to type.

use super::args::Check;
use crate::text::is_hidden;
use std::path::Path;

/// The command line as it was typed, for the report.
pub(super) fn typed() -> String {
    let words = std::env::args_os().skip(1).map(|word| quoted(&word.to_string_lossy()));
    std::iter::once("failsim".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// `word` quoted for a shell.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+%".contains(c);
    if word.contains(is_hidden) {
        format!("$'{}'", word.chars().map(escape).collect::<String>())
    } else if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A character of a word in `$'...'`, where shells understand escapes for hidden characters.
fn escape(c: char) -> String {
    match c {
        '\'' | '\\' => format!("\\{c}"),
        _ if !is_hidden(c) => c.to_string(),
        _ if c.is_ascii() => format!("\\x{:02x}", u32::from(c)),
        _ => format!("\\U{:08x}", u32::from(c)),
    }
}

/// The command that makes a new baseline in this file for a check, or the whole report anew that the file is part of. It has all plans, as
/// a check of some of them can use it too.
pub(super) fn new_baseline(check: &Check, file: &Path) -> String {
    let input = &check.input;
    let mut words = vec!["failsim".to_owned(), "run".to_owned(), quoted(&input.scenario.to_string_lossy())];
    let numbers = [
        ("--recipients", input.recipients),
        ("--seed", input.seed),
        ("--replications", check.repeat.replications.map(u64::from)),
    ];
    for (flag, number) in numbers {
        words.extend(number.into_iter().flat_map(|number| [flag.to_owned(), number.to_string()]));
    }
    let folder = file.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    let is_of_report = |folder: &&Path| file.ends_with("results.json") && folder.join("run.json").is_file();
    match folder.filter(is_of_report) {
        Some(folder) => words.extend(["--out".to_owned(), quoted(&folder.to_string_lossy())]),
        None => {
            words.extend(["--format", "json", "--no-report", ">"].map(str::to_owned));
            words.push(quoted(&file.to_string_lossy()));
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_as_shells_read_them() {
        assert_eq!(quoted("in_time=0.1pp"), "in_time=0.1pp");
        assert_eq!(quoted("a b's"), "'a b'\\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("it's\u{1b}[31m\u{202e}"), "$'it\\'s\\x1b[31m\\U0000202e'");
    }
}
