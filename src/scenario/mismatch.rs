//! A value of a type that does not belong where it stands.

use super::diagnostic::Fault;
use super::grammar::Kind;
use toml::de::DeValue;

/// `raw` is not even of the right type.
pub(super) fn wrong(kind: &Kind, raw: &DeValue<'_>, help: impl Into<String>) -> Fault {
    Fault::new(format!("{} stands here", name(raw)), kind.expected(), help)
}

/// What a value is called.
fn name(raw: &DeValue<'_>) -> &'static str {
    match raw {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
