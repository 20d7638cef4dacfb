//! The part of the structural check that looks at the keys of a table together: missing keys, conflicting keys, and keys
//! that require another key.

use super::diagnostic::{Diagnostic, Fault};
use super::grammar::{Need, Table, With};
use super::record::Record;
use super::structure::Structure;
use super::suggest::one_of;

impl Structure<'_> {
    /// Checks keys that require another key.
    pub(super) fn dependencies(&mut self, table: &Table, record: &Record) {
        for entry in &record.entries {
            let with = table.field(&entry.key).map_or(With::Nothing, |f| f.with);
            if let Some(required) = missing_dependency(with, record) {
                let fault = Fault::new(
                    format!("`{}` does not apply here", entry.key),
                    format!("only allowed with {required}"),
                    format!("remove `{}`, or write {required}", entry.key),
                );
                self.found.push(Diagnostic::at(entry.key_place.clone(), fault));
            }
        }
    }

    /// Reports required keys that are missing, unless a misspelt one has been found.
    pub(super) fn missing(&mut self, table: &Table, record: &Record, meant: &[&str]) {
        let required = table.fields.iter().filter(|f| f.need == Need::Required);
        for field in required.filter(|f| !record.has(f.name) && !meant.contains(&f.name)) {
            let message = format!("missing `{}` in {}", field.name, table.what);
            let fault = Fault::new(message, field.kind.expected(), format!("add `{}`: {}", field.name, field.doc));
            self.found.push(Diagnostic::at(record.place.clone(), fault));
        }
    }

    /// Checks alternatives: exactly one must be present, and complete. With `unknown`, an unknown key may have been meant as one. A key of
    /// several alternatives chooses none of them.
    pub(super) fn form(&mut self, table: &Table, record: &Record, meant: &[&str], unknown: bool) {
        let is_shared = |key: &str| table.forms.iter().filter(|form| form.contains(&key)).count() > 1;
        let has = |form: &&&[&str]| form.iter().any(|key| record.has(key));
        let chosen: Vec<_> =
            table.forms.iter().filter(|form| form.iter().any(|key| record.has(key) && !is_shared(key))).collect();
        match chosen.as_slice() {
            [] => match table.forms.iter().filter(has).collect::<Vec<_>>().as_slice() {
                [] if table.forms.is_empty() || unknown => {}
                [] => self.no_form(table, record),
                begun => self.open(begun, record, meant),
            },
            [form] => match table.forms.iter().find(|other| other.iter().any(|k| record.has(k) && !form.contains(k))) {
                Some(other) => self.exclusive(form, other, record),
                None => self.incomplete(form, record, meant),
            },
            [first, second, ..] => self.exclusive(first, second, record),
        }
    }

    /// Reports that of these alternatives only keys are present that they share.
    fn open(&mut self, begun: &[&&[&str]], record: &Record, meant: &[&str]) {
        let mut missing = begun.iter().copied().copied().flatten().copied().filter(|key| !record.has(key)).peekable();
        if missing.clone().any(|key| meant.contains(&key)) || missing.peek().is_none() {
            return;
        }
        let present = begun[0].iter().find(|key| record.has(key)).copied().unwrap_or_default();
        let choices = one_of(missing);
        let fault = Fault::new(
            format!("missing {choices}"),
            format!("`{present}` requires {choices}"),
            format!("add {choices}"),
        );
        self.found.push(Diagnostic::at(record.place_of_key(present), fault));
    }

    /// Reports that none of the alternatives is present.
    fn no_form(&mut self, table: &Table, record: &Record) {
        let choices: Vec<String> = table.forms.iter().map(|form| form.join("` with `")).collect();
        let choices = one_of(choices.iter().map(String::as_str));
        let message = match table.key {
            "key" | "parameter" => format!("{} needs {choices}", table.what),
            alternative => format!("no {alternative} given"),
        };
        let fault = Fault::new(message, format!("expected {choices}"), format!("write {}", table.example));
        self.found.push(Diagnostic::at(record.place.clone(), fault));
    }

    /// Checks that the one alternative present is complete.
    fn incomplete(&mut self, form: &[&str], record: &Record, meant: &[&str]) {
        let present = form.iter().find(|k| record.has(k)).copied().unwrap_or_default();
        for key in form.iter().filter(|k| !record.has(k) && !meant.contains(*k)) {
            let fault =
                Fault::new(format!("missing `{key}`"), format!("`{present}` requires `{key}`"), format!("add `{key}`"));
            self.found.push(Diagnostic::at(record.place_of_key(present), fault));
        }
    }

    /// Reports that two alternatives are present.
    fn exclusive(&mut self, first: &[&str], second: &[&str], record: &Record) {
        let present = |form: &[&str], without: &[&str]| {
            let is_own = |key: &str| form.contains(&key) && !without.contains(&key);
            record.entries.iter().find(|entry| is_own(&entry.key)).cloned()
        };
        let (Some(one), Some(other)) = (present(first, second), present(second, first)) else { return };
        let (one, other) = if one.place.start <= other.place.start { (one, other) } else { (other, one) };
        let message = format!("`{}` and `{}` are mutually exclusive", one.key, other.key);
        let fault = Fault::new(
            message,
            format!("not allowed with `{}`", one.key),
            format!("keep one of them, `{}` or `{}`", one.key, other.key),
        );
        self.found.push(Diagnostic::at(other.key_place, fault).with_related(one.key_place, "conflicts with this key"));
    }
}

/// Returns what the condition `with` requires and is missing.
fn missing_dependency(with: With, record: &Record) -> Option<String> {
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
