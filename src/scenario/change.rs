//! Changes one value of a scenario by its path, such as `providers.sms.capacity.rate`. Sweeps vary values this way.
//!
//! A path uses the keys of the file. Plans and streams of traffic are addressed by name, members of other lists by number,
//! counted from 1: `plans.viber-first.steps.2.ttl`.

use super::diagnostic::{Diagnostic, Fault, shown};
use super::format::SCENARIO;
use super::grammar::{Kind, Table};
use super::record::{Entry, Record, Value};
use super::scalar::scalar;
use super::structure::Structure;
use super::suggest::{help, nearest, one_of};
use std::fmt;
use toml::de::DeTable;

/// A change of one value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The path to the value.
    pub path: Path,
    /// The new value as the file would write it, without quotes.
    pub value: String,
}

/// The path to a value in a scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    words: Vec<String>,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_bare = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let word = |word: &String| match is_bare(word) && !word.is_empty() {
            true => word.clone(),
            false => quoted(word),
        };
        f.write_str(&self.words.iter().map(word).collect::<Vec<_>>().join("."))
    }
}

/// Quotes a key as TOML reads it.
fn quoted(word: &str) -> String {
    let mut text = String::from("\"");
    for letter in word.chars() {
        match letter {
            '"' | '\\' => text.extend(['\\', letter]),
            _ if letter.is_control() => text += &format!("\\u{:04X}", u32::from(letter)),
            _ => text.push(letter),
        }
    }
    text + "\""
}

/// Why a string is not a valid path or axis: a message for the user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection(String);

impl From<String> for Rejection {
    fn from(reason: String) -> Self {
        Self(reason)
    }
}

impl From<&str> for Rejection {
    fn from(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Rejection {}

impl Path {
    /// Parses a path written in TOML key syntax.
    ///
    /// # Errors
    /// A message for the user, when `text` is not a path, or no scenario has a value there that can be varied.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let snippet = format!("{text} = 0");
        let parsed = DeTable::parse(&snippet)
            .map_err(|_| format!("{text:?} is not a path such as plans.sms-first.steps.1.ttl"))?;
        let (mut words, mut table) = (Vec::new(), parsed.into_inner());
        while let Some((key, value)) = table.into_iter().next() {
            words.push(key.get_ref().to_string());
            match value.into_inner() {
                toml::de::DeValue::Table(inner) => table = inner,
                _ => break,
            }
        }
        let path = Self { words };
        path.kind()?;
        Ok(path)
    }

    /// Returns the key of the value: the last word.
    #[must_use]
    pub fn key(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    /// Returns the top-level key: the first word.
    #[must_use]
    pub fn table(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// Returns the second word: for a value in one of several tables, the name or number of that table.
    #[must_use]
    pub fn member(&self) -> Option<&str> {
        self.words.get(1).map(String::as_str)
    }

    /// Returns the kind of the value at the path.
    pub(super) fn kind(&self) -> Result<&'static Kind, Rejection> {
        let mut place = Place::Table(&SCENARIO);
        for (depth, word) in self.words.iter().enumerate() {
            let so_far = || self.words[..depth].join(".");
            place = match place {
                Place::Table(table) => match table.field(word) {
                    Some(field) => Place::of(&field.kind),
                    None => return Err(unknown(word, &so_far(), table).into()),
                },
                Place::OneOrMore(table) => match table.field(word) {
                    Some(field) => Place::of(&field.kind),
                    None => Place::Table(table),
                },
                Place::Named(table) | Place::Member(table) => Place::Table(table),
                Place::Value(_) => return Err(format!("{} is a value, not a table", so_far()).into()),
            };
        }
        match place {
            Place::Value(kind) => Ok(kind),
            Place::Table(table) => Err(format!("{self} is a table, not a value: add {}", one_of(table.keys())).into()),
            Place::Named(_) | Place::Member(_) | Place::OneOrMore(_) => {
                Err(format!("{self} contains tables: add the name or number of one, and one of its keys").into())
            }
        }
    }
}

/// Where a path has led so far.
enum Place {
    Table(&'static Table),
    /// Tables by name.
    Named(&'static Table),
    /// Tables in a list.
    Member(&'static Table),
    /// One table, or several in a list.
    OneOrMore(&'static Table),
    Value(&'static Kind),
}

impl Place {
    const fn of(kind: &'static Kind) -> Self {
        match kind {
            Kind::Table(of) => Self::Table(of),
            Kind::Named(of) => Self::Named(of),
            Kind::List { of, .. } => Self::Member(of),
            Kind::OneOrMore { of, .. } => Self::OneOrMore(of),
            _ => Self::Value(kind),
        }
    }
}

fn unknown(word: &str, so_far: &str, table: &Table) -> String {
    let whole = if so_far.is_empty() { "a scenario".to_owned() } else { so_far.to_owned() };
    let help = nearest(word, table.keys())
        .map_or_else(|| format!("expected {}", one_of(table.keys())), |near| format!("did you mean {near:?}?"));
    format!("{whole} has no key {word:?}; {help}")
}

impl Structure<'_> {
    /// Applies the change to the record of a whole file, and checks the changed tables against the grammar again.
    pub(super) fn change(&mut self, record: &mut Record, change: &Change) {
        if let Err(fault) = self.change_in(&SCENARIO, record, &change.path.words, &change.value) {
            let message = format!("{}: {}", change.path, fault.message);
            self.found.push(Diagnostic::whole(Fault { message, ..fault }));
        }
    }

    fn change_in(
        &mut self,
        table: &'static Table,
        record: &mut Record,
        words: &[String],
        value: &str,
    ) -> Result<(), Fault> {
        let [word, rest @ ..] = words else { return Ok(()) };
        let Some(field) = table.field(word) else { return Ok(()) };
        let place = record.place.clone();
        if !record.has(field.name) {
            let value = if matches!(Place::of(&field.kind), Place::Value(_)) {
                Value::Bad
            } else {
                Value::Table(Record::at(&place))
            };
            let (key, place) = (field.name.to_owned(), place.clone());
            record.entries.push(Entry { key, key_place: place.clone(), place, value });
        }
        let Some(entry) = record.entries.iter_mut().find(|entry| entry.key == field.name) else { return Ok(()) };
        match (&field.kind, &mut entry.value) {
            (Kind::Table(of) | Kind::NameOr(of), Value::Table(inner)) if !rest.is_empty() => {
                self.change_in(of, inner, rest, value)?;
            }
            (Kind::OneOrMore { of, .. }, Value::Table(inner)) => {
                // With only one table of its kind, its name or number may be omitted.
                let rest = if of.field(&rest[0]).is_some() { rest } else { &rest[1..] };
                self.change_in(of, inner, rest, value)?;
            }
            (Kind::Named(of), Value::Table(inner)) => {
                let names: Vec<String> = inner.entries.iter().map(|entry| entry.key.clone()).collect();
                let member = inner.entries.iter_mut().find(|entry| entry.key == rest[0]);
                match member.map(|entry| &mut entry.value) {
                    Some(Value::Table(member)) => self.change_in(of, member, &rest[1..], value)?,
                    _ => return Err(no_member(&rest[0], &names)),
                }
            }
            (Kind::List { of, .. } | Kind::OneOrMore { of, .. }, Value::List(members)) => {
                self.change_in(of, member(members, &rest[0])?, &rest[1..], value)?;
            }
            (kind, _) => entry.value = read(kind, value)?,
        }
        self.dependencies(table, record);
        self.missing(table, record, &[]);
        self.form(table, record, &[], false);
        Ok(())
    }
}

/// Returns the member of a list with this name or number.
fn member<'a>(members: &'a mut [Record], word: &str) -> Result<&'a mut Record, Fault> {
    let name = |member: &Record| member.get::<&str>("name").map(str::to_owned);
    let names: Vec<String> = members.iter().filter_map(name).collect();
    let by_name = members.iter().position(|member| name(member).as_deref() == Some(word));
    let by_number = word.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let index = by_name.or(by_number).filter(|&index| index < members.len());
    let count = members.len();
    index.map(|index| &mut members[index]).ok_or_else(|| match names.is_empty() {
        true => Fault::new(
            format!("index {} is out of range", shown(word)),
            "",
            format!("write a number from 1 to {count}"),
        ),
        false => no_member(word, &names),
    })
}

fn no_member(word: &str, names: &[String]) -> Fault {
    let help = help(word, names.iter().map(String::as_str));
    Fault::new(format!("no entry named `{}`", shown(word)), "", help)
}

/// Parses `word` as a value of this kind.
fn read(kind: &'static Kind, word: &str) -> Result<Value, Fault> {
    let bare = matches!(
        kind,
        Kind::Flag | Kind::Count { .. } | Kind::Number(_) | Kind::Share | Kind::ShareOrRest | Kind::Money
    );
    let text = if bare { word.to_owned() } else { format!("{word:?}") };
    let snippet = format!("value = {text}");
    let unreadable = || Fault::new(format!("invalid value `{}`", shown(word)), "", kind.expected());
    let parsed = DeTable::parse(&snippet).map_err(|_| unreadable())?;
    let value = parsed.get_ref().get("value").ok_or_else(unreadable)?;
    scalar(kind, value.get_ref(), &text)
        .map_err(|fault| Fault { help: format!("{}; {}", fault.label, fault.help), ..fault })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_toml_writes_keys() {
        let path = Path::parse("plans.\"viber first\".steps.2.ttl").expect("a path");
        assert_eq!(path.words, ["plans", "viber first", "steps", "2", "ttl"]);
        assert_eq!(path.to_string(), "plans.\"viber first\".steps.2.ttl");
        assert!(matches!(path.kind(), Ok(Kind::Limit)));
    }

    #[test]
    fn a_path_is_read_as_it_is_written() {
        for name in ["viber", "a b", "", "a\\b", "a\"b", "a.b", "é", "a\u{7}b"] {
            let path = Path { words: ["plans", name, "steps", "2", "ttl"].map(str::to_owned).to_vec() };
            assert_eq!(Path::parse(&path.to_string()), Ok(path));
        }
    }

    #[test]
    fn an_invalid_path_is_rejected_with_a_hint() {
        let cases = [
            ("providers.sms.capacity.rat", "did you mean \"rate\"?"),
            ("providers.sms.capacity", "is a table, not a value"),
            ("provider.sms.capacity.rate", "did you mean \"providers\"?"),
            ("plans.viber-first", "is a table, not a value"),
            ("plans", "contains tables"),
            ("seed.x", "seed is a value"),
            ("plans viber", "is not a path"),
            ("", "is not a path"),
        ];
        for (text, part) in cases {
            let error = Path::parse(text).expect_err("invalid").to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
