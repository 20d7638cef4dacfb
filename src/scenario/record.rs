//! A file that follows the grammar: tables of typed values with their locations.

use crate::calendar::Moment;
use crate::units::{Money, Probability, Rate, Span};
use std::ops::Range;

/// A table of the file.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Record {
    /// The location: its header, or the whole table when it is inline.
    pub(super) place: Range<usize>,
    /// Its entries, in the order of the file.
    pub(super) entries: Vec<Entry>,
}

/// A key and its value.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Entry {
    /// The key.
    pub(super) key: String,
    /// The location of the key.
    pub(super) key_place: Range<usize>,
    /// The location of the value.
    pub(super) place: Range<usize>,
    /// The value.
    pub(super) value: Value,
}

/// A value of one of the grammar's kinds.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    /// The value is wrong, and that has been reported.
    Bad,
    Text(String),
    Word(&'static str),
    Words(Vec<&'static str>),
    /// Names with their locations.
    Names(Vec<(String, Range<usize>)>),
    Flag(bool),
    Count(u64),
    Number(f64),
    Share(Probability),
    /// The share that the others leave.
    Rest,
    Money(Money),
    Duration(Span),
    Moment(Moment),
    /// A time of day, since midnight.
    TimeOfDay(Span),
    Rate(Rate),
    Ramp(f64, f64),
    Table(Record),
    List(Vec<Record>),
}

impl Record {
    /// Creates an empty table at this location.
    pub(super) fn at(place: &Range<usize>) -> Self {
        Self { place: place.clone(), entries: Vec::new() }
    }

    /// Returns the entry with this key.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.key == key)
    }

    /// Whether the key is present, valid or not.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Returns the value of `key`; `None` when it is missing or wrong.
    pub(super) fn get<'a, T: Read<'a>>(&'a self, key: &str) -> Option<T> {
        self.entry(key).and_then(|e| T::read(&e.value))
    }

    /// Returns the value of `key`, or `default` when it is missing; `None` when it is wrong.
    pub(super) fn get_or<'a, T: Read<'a>>(&'a self, key: &str, default: T) -> Option<T> {
        match self.entry(key) {
            Some(entry) => T::read(&entry.value),
            None => Some(default),
        }
    }

    /// Returns the location of the value of `key`; that of the table when the key is missing.
    pub(super) fn place_of(&self, key: &str) -> Range<usize> {
        self.entry(key).map_or_else(|| self.place.clone(), |e| e.place.clone())
    }

    /// Returns the location of `key`; that of the table when the key is missing.
    pub(super) fn place_of_key(&self, key: &str) -> Range<usize> {
        self.entry(key).map_or_else(|| self.place.clone(), |e| e.key_place.clone())
    }
}

/// A type that a value can be read as.
pub(super) trait Read<'a>: Sized {
    /// Returns the value when it is of this type.
    fn read(value: &'a Value) -> Option<Self>;
}

/// Implements [`Read`] for types, each from one kind of value.
macro_rules! read {
    ($($pattern:pat => $type:ty = $result:expr;)*) => {$(
        impl<'a> Read<'a> for $type {
            fn read(value: &'a Value) -> Option<Self> {
                match value {
                    $pattern => Some($result),
                    _ => None,
                }
            }
        }
    )*};
}

read! {
    Value::Words(words) => &'a [&'static str] = words;
    Value::Names(names) => &'a [(String, Range<usize>)] = names;
    Value::Flag(flag) => bool = *flag;
    Value::Count(count) => u64 = *count;
    Value::Number(number) => f64 = *number;
    Value::Rate(rate) => Rate = *rate;
    Value::Share(share) => Probability = *share;
    Value::Money(money) => Money = *money;
    Value::Duration(span) => Span = *span;
    Value::Moment(moment) => Moment = *moment;
    Value::Ramp(from, to) => (f64, f64) = (*from, *to);
    Value::Table(record) => &'a Record = record;
    Value::List(records) => &'a [Record] = records;
}

impl<'a> Read<'a> for &'a str {
    fn read(value: &'a Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            Value::Word(word) => Some(word),
            _ => None,
        }
    }
}
