//! The structural check: compares a parsed file with the grammar, key by key, and collects everything that is wrong.

use super::diagnostic::{Diagnostic, Fault, shown};
use super::grammar::{Field, Kind, Table};
use super::mismatch::wrong_type;
use super::numbers::number;
use super::record::{Entry, Record, Value};
use super::scalar::{one_line, scalar, word};
use super::suggest::{nearest, one_of};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// The maximum number of diagnostics; with more, the file is probably not a scenario at all.
const MAX_FOUND: usize = 1000;

/// The maximum number of named tables.
const MAX_NAMED: usize = 1000;

/// The maximum number of words of a list that are checked; the grammar has fewer.
const MAX_WORDS: usize = 100;

/// Checks parsed tables against the grammar.
pub(super) struct Structure<'t> {
    /// The text of the file.
    pub(super) text: &'t str,
    /// Whether the whole file was parsed. Only then are missing keys reported.
    pub(super) whole: bool,
    /// The errors found.
    pub(super) found: Vec<Diagnostic>,
}

/// A key of a parsed table, and its value.
type RawEntry<'r, 't> = (&'r Spanned<DeString<'t>>, &'r Spanned<DeValue<'t>>);

impl Structure<'_> {
    /// Checks `raw`, located at `place`, as a table of the kind `table`.
    pub(super) fn table(&mut self, table: &'static Table, raw: &DeTable<'_>, place: Range<usize>) -> Record {
        let (mut record, mut meant) = (Record { place, entries: Vec::new() }, Vec::new());
        for (key, value) in in_order(raw) {
            if self.found.len() > MAX_FOUND {
                break;
            }
            match table.field(key.get_ref()) {
                Some(field) => record.entries.push(self.entry(field, key, value)),
                None => meant.extend(self.unknown(table, key)),
            }
        }
        self.dependencies(table, &record);
        if self.whole {
            self.missing(table, &record, &meant);
            let unknown = raw.len() > record.entries.len();
            self.form(table, &record, &meant, unknown);
        }
        record
    }

    /// Checks one known key.
    fn entry(&mut self, field: &'static Field, key: &Spanned<DeString<'_>>, raw: &Spanned<DeValue<'_>>) -> Entry {
        let value = self.value(&field.kind, field.name, raw);
        Entry { key: field.name.to_owned(), key_place: key.span(), place: raw.span(), value }
    }

    /// Reports an unknown key. Returns the key that was probably meant.
    fn unknown(&mut self, table: &'static Table, key: &Spanned<DeString<'_>>) -> Option<&'static str> {
        let near = nearest(key.get_ref(), table.keys());
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if table.fields.is_empty() => "remove it; this table has no keys".to_owned(),
            None => format!("write {}, or remove it", one_of(table.keys())),
        };
        let message = format!("unknown {} `{}`", table.key, shown(key.get_ref()));
        self.found
            .push(Diagnostic::at(key.span(), Fault::new(message, format!("not allowed in {}", table.what), help)));
        near
    }

    /// Checks the value of the key `name`.
    fn value(&mut self, kind: &'static Kind, name: &str, raw: &Spanned<DeValue<'_>>) -> Value {
        let value = match (kind, raw.get_ref()) {
            (Kind::Table(of) | Kind::NameOr(of) | Kind::OneOrMore { of, .. }, DeValue::Table(table)) => {
                Ok(Value::Table(self.table(of, table, raw.span())))
            }
            (Kind::OneOrMore { of, max }, DeValue::Array(items)) => self.list(of, items, 1, *max, kind),
            (Kind::Names, DeValue::Array(items)) => self.names(name, items),
            (Kind::NameByName, DeValue::Table(table)) => {
                self.by_name(kind, "add a name and its value", table, raw.span(), |value, source| {
                    scalar(&Kind::Text, value, source)
                })
            }
            (Kind::Numbers(range), DeValue::Table(table)) => {
                self.by_name(kind, "add a name and a number", table, raw.span(), |value, source| {
                    number(&Kind::Number(*range), value, source, *range).map(Value::Number)
                })
            }
            (Kind::Named(of), DeValue::Table(table)) => self.named(kind, of, table, raw.span()),
            (Kind::List { of, min, max }, DeValue::Array(items)) => self.list(of, items, *min, *max, kind),
            (Kind::Words(words), DeValue::Array(items)) => self.words(name, words, items),
            (_, other) => scalar(kind, other, self.text.get(raw.span()).unwrap_or_default()),
        };
        value.unwrap_or_else(|fault| self.bad(raw.span(), name, fault))
    }

    /// Reports that the value of the key `name` is wrong.
    fn bad(&mut self, place: Range<usize>, name: &str, fault: Fault) -> Value {
        let message = format!("`{name}`: {}", fault.message);
        self.found.push(Diagnostic::at(place, Fault { message, ..fault }));
        Value::Bad
    }

    /// Checks tables whose keys are names.
    fn named(
        &mut self,
        kind: &Kind,
        of: &'static Table,
        raw: &DeTable<'_>,
        place: Range<usize>,
    ) -> Result<Value, Fault> {
        if raw.is_empty() && self.whole {
            return Err(Fault::new("the table is empty", kind.expected(), format!("write {}", of.example)));
        }
        if raw.len() > MAX_NAMED {
            let message = format!("the table has {} entries", raw.len());
            let (expected, help) = (format!("expected at most {MAX_NAMED}"), format!("keep {MAX_NAMED} of them"));
            return Err(Fault::new(message, expected, help));
        }
        let entries = in_order(raw).into_iter().map(|(key, value)| self.name_and_table(kind, of, key, value)).collect();
        Ok(Value::Table(Record { place, entries }))
    }

    /// Checks one named table.
    fn name_and_table(
        &mut self,
        kind: &Kind,
        of: &'static Table,
        key: &Spanned<DeString<'_>>,
        raw: &Spanned<DeValue<'_>>,
    ) -> Entry {
        let name = key.get_ref().as_ref();
        if let Err(fault) = one_line(name) {
            self.found.push(Diagnostic::at(key.span(), fault));
        }
        let value = match raw.get_ref() {
            DeValue::Table(table) => Value::Table(self.table(of, table, raw.span())),
            other => self.bad(raw.span(), &shown(name), wrong_type(kind, other, format!("write {}", of.example))),
        };
        Entry { key: name.to_owned(), key_place: key.span(), place: raw.span(), value }
    }

    /// Checks a list of `min` to `max` tables.
    fn list(
        &mut self,
        of: &'static Table,
        items: &[Spanned<DeValue<'_>>],
        min: usize,
        max: usize,
        kind: &Kind,
    ) -> Result<Value, Fault> {
        match items.len() {
            none if none < min && self.whole => Err(Fault::new(
                "the list is empty",
                kind.expected(),
                format!("add {}, such as {}", of.what, of.example),
            )),
            many if many > max => Err(Fault::new(
                format!("the list has {many} entries"),
                format!("expected at most {max}"),
                format!("keep {max} of them"),
            )),
            _ => Ok(Value::List(items.iter().filter_map(|item| self.item(of, item)).collect())),
        }
    }

    /// Checks a list of some of `words`, without duplicates.
    fn words(
        &mut self,
        name: &str,
        words: &'static [&'static str],
        items: &[Spanned<DeValue<'_>>],
    ) -> Result<Value, Fault> {
        let (kind, mut chosen) = (Kind::Word(words), Vec::new());
        for item in items.iter().take(MAX_WORDS) {
            match word(&kind, item.get_ref(), "one of them", words).and_then(|w| new_word(w, &chosen)) {
                Ok(word) => chosen.push(word),
                Err(fault) => _ = self.bad(item.span(), name, fault),
            }
        }
        // When every word is wrong the value is unknown: an empty list is not what was meant.
        Ok(if chosen.is_empty() && !items.is_empty() { Value::Bad } else { Value::Words(chosen) })
    }

    /// Checks a list of names, without duplicates.
    fn names(&mut self, name: &str, items: &[Spanned<DeValue<'_>>]) -> Result<Value, Fault> {
        if items.is_empty() && self.whole {
            return Err(Fault::new("the list is empty", Kind::Names.expected(), "add a name"));
        }
        let mut names: Vec<(String, Range<usize>)> = Vec::new();
        for item in items.iter().take(MAX_NAMED) {
            let source = self.text.get(item.span()).unwrap_or_default();
            let text = scalar(&Kind::Text, item.get_ref(), source);
            let is_known = |text: &str| names.iter().any(|(known, _)| known == text);
            match text {
                Ok(Value::Text(text)) if is_known(&text) => {
                    let message = format!("duplicate entry `{}`", shown(&text));
                    _ = self.bad(
                        item.span(),
                        name,
                        Fault::new(message, "expected each name once", "remove one of them"),
                    );
                }
                Ok(Value::Text(text)) => names.push((text, item.span())),
                Ok(_) => {}
                Err(fault) => _ = self.bad(item.span(), name, fault),
            }
        }
        Ok(Value::Names(names))
    }

    /// Checks values whose keys are names; `read` reads one of them, given its source.
    fn by_name(
        &mut self,
        kind: &Kind,
        help_if_empty: &'static str,
        raw: &DeTable<'_>,
        place: Range<usize>,
        read: impl Fn(&DeValue<'_>, &str) -> Result<Value, Fault>,
    ) -> Result<Value, Fault> {
        if raw.is_empty() && self.whole {
            return Err(Fault::new("the table is empty", kind.expected(), help_if_empty));
        }
        let mut entries = Vec::new();
        for (key, value) in in_order(raw).into_iter().take(MAX_NAMED) {
            let name = key.get_ref().as_ref();
            let source = self.text.get(value.span()).unwrap_or_default();
            let read = read(value.get_ref(), source);
            let read = read.unwrap_or_else(|fault| self.bad(value.span(), &shown(name), fault));
            entries.push(Entry { key: name.to_owned(), key_place: key.span(), place: value.span(), value: read });
        }
        Ok(Value::Table(Record { place, entries }))
    }

    /// Checks one table of a list.
    fn item(&mut self, of: &'static Table, item: &Spanned<DeValue<'_>>) -> Option<Record> {
        let DeValue::Table(table) = item.get_ref() else {
            self.bad(item.span(), of.id, wrong_type(&Kind::Table(of), item.get_ref(), format!("write {}", of.example)));
            return None;
        };
        Some(self.table(of, table, item.span()))
    }
}

/// Returns `word`, unless it is already among `chosen`.
fn new_word(word: &'static str, chosen: &[&str]) -> Result<&'static str, Fault> {
    match chosen.contains(&word) {
        true => Err(Fault::new(
            format!("duplicate entry `{word}`"),
            "expected each value once",
            format!("remove the second `{word}`"),
        )),
        false => Ok(word),
    }
}

/// Returns the entries of a table in the order of the file.
fn in_order<'r, 't>(raw: &'r DeTable<'t>) -> Vec<RawEntry<'r, 't>> {
    let mut entries: Vec<_> = raw.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}
