//! The building blocks of the grammar. `format` holds the tables themselves; the structural check (`structure`) and the JSON
//! Schema (`schema`) both follow them.

use super::quantity::{A_DURATION, A_MOMENT, A_RATE};
use super::suggest::one_of;

/// A kind of table: its keys and their alternatives.
#[derive(Debug)]
pub(super) struct Table {
    /// The name in the schema, unique.
    pub(super) id: &'static str,
    /// The name in messages, with its article.
    pub(super) what: &'static str,
    /// The word for one of its keys in messages.
    pub(super) key: &'static str,
    /// An example, for hints.
    pub(super) example: &'static str,
    /// The description, in one line.
    pub(super) doc: &'static str,
    /// The keys.
    pub(super) fields: &'static [Field],
    /// Alternatives: all keys of exactly one of these must be present. Empty when there is no choice.
    pub(super) forms: &'static [&'static [&'static str]],
}

/// A key of a table.
#[derive(Debug)]
pub(super) struct Field {
    /// The key.
    pub(super) name: &'static str,
    /// The kind of its value.
    pub(super) kind: Kind,
    /// Whether it is required.
    pub(super) need: Need,
    /// What it requires.
    pub(super) with: With,
    /// The meaning, in one line.
    pub(super) doc: &'static str,
    /// The default: a value as the file would write it, or a description; empty for none.
    pub(super) default: &'static str,
}

/// Whether a key is required.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Need {
    /// The key is required.
    Required,
    /// The key is optional.
    Optional,
}

/// What a key requires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum With {
    /// Nothing.
    Nothing,
    /// Another key.
    Key(&'static str),
    /// Another key with one of these words.
    Word(&'static str, &'static [&'static str]),
}

/// The kind of a value.
#[derive(Debug)]
pub(super) enum Kind {
    /// A single line of text, not empty.
    Text,
    /// A lowercase word.
    Channel,
    /// `true` or `false`.
    Flag,
    /// An integer.
    Count {
        /// The minimum.
        min: u64,
        /// The maximum.
        max: u64,
    },
    /// A finite number.
    Number(Range),
    /// A number from 0 to 1.
    Share,
    /// A number from 0 to 1, or `"rest"` for what the others of its list leave.
    ShareOrRest,
    /// An amount of money.
    Money,
    /// A duration.
    Duration {
        /// Whether zero is allowed.
        zero: bool,
    },
    /// A duration above 0, or `"none"` for no limit.
    Limit,
    /// A moment of the calendar.
    Moment,
    /// A time of the run: a duration since its start or, with `starts_at`, a clock time.
    When,
    /// A rate above 0.
    Rate,
    /// A rate, or a change from one rate to another.
    Ramp,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of some of these words, without duplicates.
    Words(&'static [&'static str]),
    /// A list of names, at least one, without duplicates.
    Names,
    /// A table of numbers whose keys are names, at least one.
    Numbers(Range),
    /// A table of names whose keys are names, at least one.
    NameByName,
    /// A name, or a table.
    NameOr(&'static Table),
    /// A table, or a list of tables, at least one.
    OneOrMore {
        /// The kind of table.
        of: &'static Table,
        /// The maximum number of tables.
        max: usize,
    },
    /// A table.
    Table(&'static Table),
    /// A list of tables.
    List {
        /// The kind of table.
        of: &'static Table,
        /// The minimum number of tables.
        min: usize,
        /// The maximum number of tables.
        max: usize,
    },
    /// A table of tables whose keys are names, at least one.
    Named(&'static Table),
}

/// A range of numbers. The maximum is included; the minimum is included unless the range is open.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Range {
    /// The minimum.
    pub(super) min: f64,
    /// Whether the minimum itself is excluded.
    pub(super) open: bool,
    /// The maximum.
    pub(super) max: f64,
}

/// The maximum price of a message, in units of the currency.
pub(super) const MAX_MONEY: f64 = 1e5;

impl Range {
    /// Any finite number.
    pub(super) const ALL: Self = Self { min: f64::NEG_INFINITY, open: true, max: f64::INFINITY };

    /// The range from `min` to `max`, both included.
    pub(super) const fn of(min: f64, max: f64) -> Self {
        Self { min, open: false, max }
    }

    /// The range above zero up to `max`.
    pub(super) const fn above_zero(max: f64) -> Self {
        Self { min: 0.0, open: true, max }
    }

    /// Whether `number` is in the range.
    pub(super) fn contains(self, number: f64) -> bool {
        number.is_finite() && number <= self.max && (number > self.min || number == self.min && !self.open)
    }

    /// Describes the range: "a number from 0 to 1".
    fn expected(self) -> String {
        match (self.open, self.max.is_finite()) {
            (_, false) => "a number".to_owned(),
            (true, true) => format!("a number above {} and at most {}", self.min, self.max),
            (false, true) => format!("a number from {} to {}", self.min, self.max),
        }
    }
}

impl Table {
    /// Returns the names of the keys.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.fields.iter().map(|f| f.name)
    }

    /// Returns the field with this name.
    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|f| f.name == name)
    }
}

impl Field {
    /// Creates a required key.
    pub(super) const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, need: Need::Required, with: With::Nothing, doc, default: "" }
    }

    /// Creates an optional key.
    pub(super) const fn optional(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, need: Need::Optional, with: With::Nothing, doc, default: "" }
    }

    /// Sets the default.
    pub(super) const fn or(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    /// Describes the key in one line, with default and unit.
    pub(super) fn description(&self) -> String {
        let default = if self.default.is_empty() { String::new() } else { format!("; default: {}", self.default) };
        let unit = self.kind.unit().map_or_else(String::new, |unit| format!(" [{unit}]"));
        format!("{}{default}{unit}", self.doc)
    }

    /// Returns the table that its value is, or consists of.
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

    /// Requires another key.
    pub(super) const fn with_key(mut self, key: &'static str) -> Self {
        self.with = With::Key(key);
        self
    }

    /// Requires another key with one of `words` as its value.
    pub(super) const fn with_word(mut self, key: &'static str, words: &'static [&'static str]) -> Self {
        self.with = With::Word(key, words);
        self
    }
}

impl Kind {
    /// Returns the unit of its values, where it is not obvious.
    const fn unit(&self) -> Option<&'static str> {
        match self {
            Self::Duration { .. } | Self::Limit | Self::When => Some("duration"),
            Self::Rate | Self::Ramp => Some("rate"),
            Self::Money => Some("currency"),
            _ => None,
        }
    }

    /// Names the type of its values, for the message of a type mismatch.
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::Text | Self::Channel | Self::Word(_) => "a string",
            Self::Flag => "a boolean",
            Self::Count { .. } => "an integer",
            Self::Number(_) | Self::Share | Self::ShareOrRest | Self::Money => "a number",
            Self::Duration { .. } | Self::Limit | Self::When => "a duration",
            Self::Moment => "a date and a time",
            Self::Rate | Self::Ramp => "a rate",
            Self::Words(_) | Self::Names => "a list",
            Self::Numbers(_) | Self::NameByName | Self::Table(_) | Self::Named(_) => "a table",
            Self::NameOr(_) => "a string or a table",
            Self::List { .. } => "a list of tables",
            Self::OneOrMore { .. } => "a table or a list of tables",
        }
    }

    /// Describes the expected value, for the label of a diagnostic.
    pub(super) fn expected(&self) -> String {
        match self {
            Self::Text => "expected a string in quotes".to_owned(),
            Self::Channel => "expected a lowercase word such as \"sms\", \"viber\" or \"voice\"".to_owned(),
            Self::Flag => "expected `true` or `false`".to_owned(),
            Self::Count { min, max } => format!("expected an integer from {min} to {max}"),
            Self::Number(range) => format!("expected {}", range.expected()),
            Self::Share => "expected a share from 0 to 1".to_owned(),
            Self::ShareOrRest => "expected a share from 0 to 1, or \"rest\"".to_owned(),
            Self::Money => format!("expected an amount of money from 0 to {MAX_MONEY}"),
            Self::Duration { zero: true } => A_DURATION.to_owned(),
            Self::Duration { zero: false } => format!("{A_DURATION}, above zero"),
            Self::Limit => format!("{A_DURATION}, above zero, or \"none\""),
            Self::Moment => A_MOMENT.to_owned(),
            Self::When => format!("{A_DURATION}, or a clock time such as \"08:30\" or \"2026-11-27T08:30\""),
            Self::Rate => format!("{A_RATE}, above zero"),
            Self::Ramp => format!("{A_RATE}, or a change such as \"50/s..800/s\""),
            Self::Word(words) => format!("expected {}", one_of(words.iter().copied())),
            Self::Words(words) => format!("expected a list of any of {}", words.join(", ")),
            Self::Names => "expected a list of names, such as [\"sms-a\", \"sms-b\"]".to_owned(),
            Self::Numbers(_) => "expected a table of numbers by name, such as { sms-a = 0.7, sms-b = 0.3 }".to_owned(),
            Self::NameByName => {
                "expected a table of names by name, such as { gr = \"viber-first\", bg = \"sms-first\" }".to_owned()
            }
            Self::NameOr(of) => format!("expected a name in quotes, or {}: a table such as {}", of.what, of.example),
            Self::OneOrMore { of, .. } => format!("expected a table [{0}], or a list of tables [[{0}]]", of.id),
            Self::Table(of) => format!("expected {}: a table such as {}", of.what, of.example),
            Self::List { of, .. } => format!("expected a list of tables such as [{}]", of.example),
            Self::Named(of) => format!("expected named tables, such as {}", of.example),
        }
    }
}
