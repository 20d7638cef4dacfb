//! Errors for values of the wrong type.

use super::diagnostic::Fault;
use super::grammar::Kind;
use toml::de::DeValue;

/// Reports that `raw` has the wrong type.
pub(super) fn wrong_type(kind: &Kind, raw: &DeValue<'_>, help: impl Into<String>) -> Fault {
    Fault::new(format!("expected {}, found {}", kind.type_name(), type_of(raw)), kind.expected(), help)
}

/// Names the type of a value.
fn type_of(raw: &DeValue<'_>) -> &'static str {
    match raw {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
