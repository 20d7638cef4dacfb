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
        let present = |form: &[&str]| record.entries.iter().find(|e| form.contains(&e.key.as_str())).cloned();
        let (Some(one), Some(other)) = (present(first), present(second)) else { return };
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
