//! Scenario files: TOML in, checked values out, and everything that is wrong in between.
//!
//! A file goes through four hands: `syntax` parses it, `structure` holds it to the grammar of `format` key by key,
//! `build` makes the model and checks what no grammar can say, and `render` shows what was wrong. All of them note
//! what is wrong and go on, so that a file's errors are reported together. Editors know the same grammar, through
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

pub use axis::{Axis, AxisUnit};
pub use change::{Change, Path, Refusal};
pub use diagnostic::{Diagnostic, Diagnostics, LoadError, Severity};
pub(crate) use load::hexadecimal;
pub use load::{load, load_changed, parse, parse_changed};
pub use metric::{Metric, Unit};
pub use model::{Bound, Check, Plan, Scenario, Stream, used_by};
pub use overrides::Override;
pub use quantity::duration_of as duration;
pub use reference::format_reference;
pub use schema::schema;
#[cfg(feature = "cli")]
pub(crate) use suggest::nearest;
pub use tolerance::{BaselineRules, Tolerance, Unclear};
