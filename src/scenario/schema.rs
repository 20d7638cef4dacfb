//! Renders the grammar as a JSON Schema, so that editors can complete and explain scenario files.

use super::format::SCENARIO;
use super::grammar::{Field, Kind, MAX_MONEY, Need, Range, Table, With};
use serde_json::{Map, Value, json};

/// The pattern of a number in a duration or in a rate.
const NUMBER: &str = r"[0-9]+(_[0-9]+)*(\.[0-9]+(_[0-9]+)*)?";

/// Returns the JSON Schema (draft 2020-12) of scenario files.
///
/// It covers what the grammar covers. Other rules, such as that names are defined and that shares add up to at most 1, are
/// only checked by [`super::load()`].
#[must_use]
pub fn schema() -> Value {
    let mut tables = Map::new();
    collect(&SCENARIO, &mut tables);
    let mut root = tables.remove(SCENARIO.id).unwrap_or_default();
    if let Some(root) = root.as_object_mut() {
        root.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
        root.insert("title".into(), "failsim scenario".into());
        root.insert("$defs".into(), tables.into());
    }
    root
}

/// Adds `table` and all tables that it refers to to `tables`.
fn collect(table: &'static Table, tables: &mut Map<String, Value>) {
    if tables.contains_key(table.id) {
        return;
    }
    tables.insert(table.id.into(), object(table));
    table.fields.iter().filter_map(Field::table).for_each(|t| collect(t, tables));
}

/// Returns the schema of one table.
fn object(table: &Table) -> Value {
    let known = || table.fields.iter();
    let required: Vec<_> = known().filter(|f| f.need == Need::Required).map(|f| f.name).collect();
    let mut object = json!({
        "description": table.doc,
        "type": "object",
        "properties": known().map(|f| (f.name.to_owned(), property(f))).collect::<Map<_, _>>(),
        "required": required,
        "additionalProperties": false,
    });
    insert_unless_empty(&mut object, "oneOf", table.forms.iter().map(|form| alternative(table, form)).collect());
    insert_unless_empty(&mut object, "allOf", known().filter_map(dependency).collect());
    object
}

/// Adds a list of rules, unless it is empty.
fn insert_unless_empty(object: &mut Value, key: &str, rules: Vec<Value>) {
    if !rules.is_empty() {
        object[key] = rules.into();
    }
}

/// Requires the keys of `form`, and forbids those of the other forms.
fn alternative(table: &Table, form: &[&str]) -> Value {
    let others = table.forms.iter().copied().flatten().filter(|k| !form.contains(k));
    let absent: Map<_, _> = others.map(|k| ((*k).to_owned(), false.into())).collect();
    json!({ "required": form, "properties": absent })
}

/// Returns the rule for what a field requires.
fn dependency(field: &Field) -> Option<Value> {
    let name = field.name;
    match field.with {
        With::Nothing => None,
        With::Key(key) => Some(json!({ "dependentRequired": { name: [key] } })),
        With::Word(key, words) => {
            Some(json!({ "dependentSchemas": { name: { "properties": { key: { "enum": words } } } } }))
        }
    }
}

/// Returns the schema of a key, with its description.
fn property(field: &Field) -> Value {
    let mut property = value(&field.kind);
    property["description"] = field.description().into();
    property
}

/// Returns the schema of a value of this kind.
fn value(kind: &Kind) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string", "pattern": r"^\S(.*\S)?$" }),
        Kind::Channel => json!({ "type": "string", "pattern": "^[a-z][a-z0-9_-]*$" }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Count { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Number(range) => number(*range),
        Kind::Share => number(Range::of(0.0, 1.0)),
        Kind::ShareOrRest => json!({ "anyOf": [number(Range::of(0.0, 1.0)), { "const": "rest" }] }),
        Kind::Money => number(Range::of(0.0, MAX_MONEY)),
        Kind::Duration { zero } => json!({ "type": "string", "pattern": duration(*zero) }),
        Kind::Moment => json!({ "type": "string", "pattern": MOMENT }),
        Kind::When => json!({ "type": "string", "pattern": format!("{}|^{CLOCK}$|{MOMENT}", duration(true)) }),
        Kind::Limit => json!({ "type": "string", "pattern": format!("{}|^none$", duration(false)) }),
        Kind::Rate => json!({ "type": "string", "pattern": format!("^(?=.*[1-9]){}$", rate()) }),
        Kind::Ramp => json!({ "type": "string", "pattern": format!(r"^{0}(\.\.{0})?$", rate()) }),
        Kind::Word(words) => json!({ "type": "string", "enum": words }),
        Kind::Words(words) => json!({ "type": "array", "items": { "enum": words }, "uniqueItems": true }),
        Kind::Names => {
            json!({ "type": "array", "items": value(&Kind::Text), "minItems": 1, "uniqueItems": true })
        }
        Kind::NameByName => {
            json!({ "type": "object", "additionalProperties": value(&Kind::Text), "minProperties": 1 })
        }
        Kind::Numbers(range) => {
            json!({ "type": "object", "additionalProperties": number(*range), "minProperties": 1 })
        }
        Kind::NameOr(of) => json!({ "anyOf": [value(&Kind::Text), reference(of)] }),
        Kind::OneOrMore { of, max } => {
            let list = json!({ "type": "array", "items": reference(of), "minItems": 1, "maxItems": max });
            json!({ "anyOf": [reference(of), list] })
        }
        Kind::Table(of) => reference(of),
        Kind::List { of, min, max } => {
            json!({ "type": "array", "items": reference(of), "minItems": min, "maxItems": max })
        }
        Kind::Named(of) => json!({ "type": "object", "additionalProperties": reference(of), "minProperties": 1 }),
    }
}

/// A time of day, and a moment of the calendar.
const CLOCK: &str = r"[0-2]\d:[0-5]\d(:[0-5]\d(\.\d+)?)?";
const MOMENT: &str = r"^\d{4}-\d{2}-\d{2}[T ][0-2]\d:[0-5]\d(:[0-5]\d(\.\d+)?)?$";

/// Returns a reference to another table.
fn reference(table: &Table) -> Value {
    json!({ "$ref": format!("#/$defs/{}", table.id) })
}

/// Returns the schema of a number in a range.
fn number(range: Range) -> Value {
    let mut number = json!({ "type": "number" });
    if range.min.is_finite() {
        number[if range.open { "exclusiveMinimum" } else { "minimum" }] = range.min.into();
    }
    if range.max.is_finite() {
        number["maximum"] = range.max.into();
    }
    number
}

/// Returns the pattern of durations.
fn duration(zero: bool) -> String {
    let units: String =
        ["d", "h", "(m|min)", "s", "ms", "us"].iter().map(|unit| format!("({NUMBER}{unit})?")).collect();
    format!("^(?=.*[{}-9]){units}$", u8::from(!zero))
}

/// Returns the pattern of one rate.
fn rate() -> String {
    format!("{NUMBER}/(d|h|m|min|s|ms|us)")
}
