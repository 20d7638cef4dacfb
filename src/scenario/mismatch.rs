//! Errors for values of the wrong type.

use super::diagnostic::Fault;
use super::grammar::Kind;
use toml::de::DeValue;

/// Reports that `raw` has the wrong type.
pub(super) fn wrong(kind: &Kind, raw: &DeValue<'_>, help: impl Into<String>) -> Fault {
    Fault::new(format!("{} stands here", name(raw)), kind.expected(), help)
}

/// Names the type of a value.
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
