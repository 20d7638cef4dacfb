//! The part of the structural check that looks at the keys of a table together: missing keys, conflicting keys, and keys
//! that require another key.

use super::diagnostic::{Diagnostic, Fault};
use super::grammar::{Need, Table, With};
use super::record::Record;
use super::structure::Structure;
use super::suggest::one_of;

impl Structure<'_> {
    /// Checks keys that require another key.
    pub(super) fn company(&mut self, table: &Table, record: &Record) {
        for entry in &record.entries {
            let with = table.field(&entry.key).map_or(With::Nothing, |f| f.with);
            if let Some(beside) = lacking(with, record) {
                let fault = Fault::new(
                    format!("`{}` has no meaning here", entry.key),
                    format!("only beside {beside}"),
                    format!("remove `{}`, or write {beside}", entry.key),
                );
                self.found.push(Diagnostic::at(entry.key_place.clone(), fault));
            }
        }
    }

    /// Reports required keys that are missing, unless a misspelt one has been found.
    pub(super) fn missing(&mut self, table: &Table, record: &Record, meant: &[&str]) {
        let required = table.fields.iter().filter(|f| f.need == Need::Required);
        for field in required.filter(|f| !record.has(f.name) && !meant.contains(&f.name)) {
            let message = format!("`{}` is missing in {}", field.name, table.what);
            let fault = Fault::new(message, field.kind.expected(), format!("add `{}`: {}", field.name, field.doc));
            self.found.push(Diagnostic::at(record.place.clone(), fault));
        }
    }

    /// Checks alternatives: exactly one must be present, and complete. With `unknown`, an unknown key may have been meant as one.
    pub(super) fn form(&mut self, table: &Table, record: &Record, meant: &[&str], unknown: bool) {
        let present: Vec<_> = table.forms.iter().filter(|keys| keys.iter().any(|k| record.has(k))).collect();
        match present.as_slice() {
            [] if table.forms.is_empty() || unknown => {}
            [] => self.no_form(table, record),
            [form] => self.incomplete(form, record, meant),
            [first, second, ..] => self.exclusive(first, second, record),
        }
    }

    /// Reports that none of the alternatives is present.
    fn no_form(&mut self, table: &Table, record: &Record) {
        let choices: Vec<String> = table.forms.iter().map(|form| form.join("` with `")).collect();
        let message = format!("{} {}", table.what, lack(table));
        let fault = Fault::new(
            message,
            format!("expected {}", one_of(choices.iter().map(String::as_str))),
            format!("write {}", table.example),
        );
        self.found.push(Diagnostic::at(record.place.clone(), fault));
    }

    /// Checks that the one alternative present is complete.
    fn incomplete(&mut self, form: &[&str], record: &Record, meant: &[&str]) {
        let there = form.iter().find(|k| record.has(k)).copied().unwrap_or_default();
        for key in form.iter().filter(|k| !record.has(k) && !meant.contains(*k)) {
            let fault = Fault::new(
                format!("`{key}` is missing"),
                format!("`{there}` needs `{key}` beside it"),
                format!("add `{key}`"),
            );
            self.found.push(Diagnostic::at(record.place_of_key(there), fault));
        }
    }

    /// Reports that two alternatives are present.
    fn exclusive(&mut self, first: &[&str], second: &[&str], record: &Record) {
        let there = |form: &[&str]| record.entries.iter().find(|e| form.contains(&e.key.as_str())).cloned();
        let (Some(one), Some(other)) = (there(first), there(second)) else { return };
        let (one, other) = if one.place.start <= other.place.start { (one, other) } else { (other, one) };
        let message = format!("`{}` and `{}` exclude each other", one.key, other.key);
        let fault = Fault::new(
            message,
            format!("not beside `{}`", one.key),
            format!("keep one of them, `{}` or `{}`", one.key, other.key),
        );
        self.found.push(Diagnostic::at(other.key_place, fault).beside(one.key_place, "the first of them"));
    }
}

/// Describes a table that has none of its alternatives.
fn lack(table: &Table) -> String {
    let is_plain = table.forms.len() == table.keys().count();
    if is_plain { format!("names no {}", table.key) } else { "lacks what matters most".to_owned() }
}

/// Returns what the condition `with` requires beside a key and is missing.
fn lacking(with: With, record: &Record) -> Option<String> {
    match with {
        With::Nothing => None,
        With::Key(key) => (!record.has(key)).then(|| format!("`{key}`")),
        With::Word(key, words) => {
            let other = record.get::<&str>(key).is_some_and(|word| !words.contains(&word));
            let choices: Vec<_> = words.iter().map(|word| format!("{key} = \"{word}\"")).collect();
            other.then(|| choices.join(" or "))
        }
    }
}
