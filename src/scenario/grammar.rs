//! What a grammar of tables is made of. `format` holds the tables themselves; the structural check
//! (`structure`) and the JSON Schema (`schema`) both follow them.

use super::quantity::{A_DURATION, A_RATE};
use super::suggest::one_of;

/// A kind of table: its keys, and which of them go together.
#[derive(Debug)]
pub(super) struct Table {
    /// Its name in the schema, unique.
    pub(super) id: &'static str,
    /// What it is called in messages, with its article.
    pub(super) what: &'static str,
    /// What one of its keys is called in messages.
    pub(super) key: &'static str,
    /// How it looks, for hints.
    pub(super) example: &'static str,
    /// What it says, in one line.
    pub(super) doc: &'static str,
    /// Its keys.
    pub(super) fields: &'static [Field],
    /// Alternatives: the keys of exactly one of these must be there, all of them. Empty when there is no choice.
    pub(super) forms: &'static [&'static [&'static str]],
}

/// A key of a table.
#[derive(Debug)]
pub(super) struct Field {
    /// The key.
    pub(super) name: &'static str,
    /// What its value is.
    pub(super) kind: Kind,
    /// Whether it must be there.
    pub(super) need: Need,
    /// What must be there beside it.
    pub(super) with: With,
    /// What it means, in one line.
    pub(super) doc: &'static str,
    /// What holds where it is left out: a value as it would stand in the file, or words; empty where there is nothing to say.
    pub(super) default: &'static str,
}

/// Whether a key must be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Need {
    /// It must.
    Required,
    /// It may.
    Optional,
}

/// What must stand beside a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum With {
    /// Nothing.
    Nothing,
    /// This key.
    Key(&'static str),
    /// This key with one of these words.
    Word(&'static str, &'static [&'static str]),
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Kind {
    /// One line of text, not empty.
    Text,
    /// A lower-case word.
    Channel,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Count {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
    },
    /// A finite number.
    Number(Range),
    /// A number from 0 to 1.
    Share,
    /// An amount of money.
    Money,
    /// A duration.
    Duration {
        /// Whether it may be 0.
        zero: bool,
    },
    /// A duration above 0, or `"none"` for no limit.
    Limit,
    /// A rate above 0.
    Rate,
    /// A rate, or one rate that becomes another.
    Ramp,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words, none of them twice.
    Words(&'static [&'static str]),
    /// A list of names, none of them twice, at least one.
    Names,
    /// A table of numbers whose keys are names, at least one.
    Numbers(Range),
    /// A name, or a table.
    NameOr(&'static Table),
    /// A table, or a list of them, at least one.
    OneOrMore {
        /// Of this kind.
        of: &'static Table,
        /// At most so many.
        max: usize,
    },
    /// A table.
    Table(&'static Table),
    /// A list of tables.
    List {
        /// Of this kind.
        of: &'static Table,
        /// At least so many.
        min: usize,
        /// At most so many.
        max: usize,
    },
    /// A table of tables whose keys are names, at least one.
    Named(&'static Table),
}

/// A range of numbers, with its greatest but perhaps without its least.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Range {
    /// The least.
    pub(super) min: f64,
    /// Whether the least itself is out.
    pub(super) open: bool,
    /// The greatest.
    pub(super) max: f64,
}

/// The most that a message can cost, in units of the currency.
pub(super) const MAX_MONEY: f64 = 1e5;

impl Range {
    /// Any finite number.
    pub(super) const ALL: Self = Self { min: f64::NEG_INFINITY, open: true, max: f64::INFINITY };

    /// From `min` to `max`.
    pub(super) const fn of(min: f64, max: f64) -> Self {
        Self { min, open: false, max }
    }

    /// Above zero, at most `max`.
    pub(super) const fn above_zero(max: f64) -> Self {
        Self { min: 0.0, open: true, max }
    }

    /// Whether `number` is in the range.
    pub(super) fn contains(self, number: f64) -> bool {
        number.is_finite() && number <= self.max && (number > self.min || number == self.min && !self.open)
    }

    /// "a number from 0 to 1".
    fn expected(self) -> String {
        match (self.open, self.max.is_finite()) {
            (_, false) => "a number".to_owned(),
            (true, true) => format!("a number above {} and at most {}", self.min, self.max),
            (false, true) => format!("a number from {} to {}", self.min, self.max),
        }
    }
}

impl Table {
    /// The names of its keys.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.fields.iter().map(|f| f.name)
    }

    /// The field with this name.
    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|f| f.name == name)
    }
}

impl Field {
    /// A key that must be there.
    pub(super) const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, need: Need::Required, with: With::Nothing, doc, default: "" }
    }

    /// A key that may be there.
    pub(super) const fn optional(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, need: Need::Optional, with: With::Nothing, doc, default: "" }
    }

    /// The same key, with what holds where it is left out.
    pub(super) const fn or(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    /// What it means, with default and unit, in one line.
    pub(super) fn description(&self) -> String {
        let default = if self.default.is_empty() { String::new() } else { format!("; default: {}", self.default) };
        let unit = self.kind.unit().map_or_else(String::new, |unit| format!(" [{unit}]"));
        format!("{}{default}{unit}", self.doc)
    }

    /// The table that its value is, or is made of.
    pub(super) const fn table(&self) -> Option<&'static Table> {
        match self.kind {
            Kind::Table(of)
            | Kind::List { of, .. }
            | Kind::Named(of)
            | Kind::NameOr(of)
            | Kind::OneOrMore { of, .. } => Some(of),
            _ => None,
        }
    }

    /// The same key, only beside another.
    pub(super) const fn with_key(mut self, key: &'static str) -> Self {
        self.with = With::Key(key);
        self
    }

    /// The same key, only beside another that says one of `words`.
    pub(super) const fn with_word(mut self, key: &'static str, words: &'static [&'static str]) -> Self {
        self.with = With::Word(key, words);
        self
    }
}

impl Kind {
    /// What its values are measured in, where that is not plain.
    const fn unit(&self) -> Option<&'static str> {
        match self {
            Self::Duration { .. } | Self::Limit => Some("duration"),
            Self::Rate | Self::Ramp => Some("rate"),
            Self::Money => Some("currency"),
            _ => None,
        }
    }

    /// What was expected, for the label of a diagnostic.
    pub(super) fn expected(&self) -> String {
        match self {
            Self::Text => "expected a text in quotes".to_owned(),
            Self::Channel => "expected a lower-case word such as \"sms\", \"viber\" or \"voice\"".to_owned(),
            Self::Flag => "expected `true` or `false`".to_owned(),
            Self::Count { min, max } => format!("expected a whole number from {min} to {max}"),
            Self::Number(range) => format!("expected {}", range.expected()),
            Self::Share => "expected a share from 0 to 1".to_owned(),
            Self::Money => format!("expected an amount of money from 0 to {MAX_MONEY}"),
            Self::Duration { zero: true } => A_DURATION.to_owned(),
            Self::Duration { zero: false } => format!("{A_DURATION}, above zero"),
            Self::Limit => format!("{A_DURATION}, above zero, or \"none\""),
            Self::Rate => format!("{A_RATE}, above zero"),
            Self::Ramp => format!("{A_RATE}, or a change such as \"50/s..800/s\""),
            Self::Word(words) => format!("expected {}", one_of(words.iter().copied())),
            Self::Words(words) => format!("expected a list of words out of {}", words.join(", ")),
            Self::Names => "expected a list of names, such as [\"sms-a\", \"sms-b\"]".to_owned(),
            Self::Numbers(_) => "expected a table of numbers by name, such as { sms-a = 0.7, sms-b = 0.3 }".to_owned(),
            Self::NameOr(of) => format!("expected a name in quotes, or {}: a table such as {}", of.what, of.example),
            Self::OneOrMore { of, .. } => format!("expected {0}, or a list of them: [{1}] or [[{1}]]", of.what, of.id),
            Self::Table(of) => format!("expected {}: a table such as {}", of.what, of.example),
            Self::List { of, .. } => format!("expected a list of tables such as [{}]", of.example),
            Self::Named(of) => format!("expected tables with names, such as {}", of.example),
        }
    }
}
