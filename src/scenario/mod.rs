//! Scenario files: from TOML to checked values, with all errors reported together.
//!
//! A file passes through four modules: `syntax` parses it, `structure` checks it against the grammar in `format` key by key,
//! `build` builds the model and checks what the grammar cannot express, and `render` shows the errors. Each of them records
//! an error and continues, so that all errors of a file are reported together. Editors use the same grammar, through
//! [`schema()`].

mod axis;
mod build;
mod change;
mod completeness;
mod diagnostic;
mod format;
mod grammar;
mod load;
mod metric;
mod mismatch;
mod model;
mod numbers;
mod quantity;
mod record;
mod reference;
mod render;
mod scalar;
mod schema;
mod structure;
mod suggest;
mod syntax;
mod tolerance;

mod overrides;

pub use axis::{Axis, AxisUnit, spans};
pub use change::{Change, Path, Rejection};
pub use diagnostic::{Diagnostic, Diagnostics, LoadError, Severity};
pub(crate) use load::hexadecimal;
pub use load::{load, load_changed, parse, parse_changed};
pub use metric::{Metric, Unit};
pub use model::{Bound, BySegment, Check, People, Plan, Scenario, Stream, used_by};
pub use overrides::Override;
pub use quantity::duration_of as duration;
pub use reference::format_reference;
pub use schema::schema;
#[cfg(feature = "cli")]
pub(crate) use suggest::nearest;
pub use tolerance::{BaselineRules, Tolerance, Unclear};
