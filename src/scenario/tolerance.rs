//! Tolerances: by how much a measure may be worse than in another run, such as `0.1pp`, `0.5%rel`, `500ms` or `0.001`.

use super::metric::{Metric, Unit};
use super::quantity::duration_of;

/// By how much a measure may be worse than in another run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Tolerance {
    /// An absolute tolerance in the measure's own unit (a share for shares).
    Absolute(f64),
    /// A tolerance relative to the other run's value.
    Relative(f64),
}

impl Tolerance {
    /// No tolerance.
    pub const NONE: Self = Self::Absolute(0.0);

    /// Returns the tolerance in the measure's own unit, given the other run's value.
    #[must_use]
    pub fn of(self, value: f64) -> f64 {
        match self {
            Self::Absolute(amount) => amount,
            Self::Relative(share) => share * value.abs(),
        }
    }

    /// Parses a tolerance for this measure.
    ///
    /// # Errors
    /// What is wrong, and what would be accepted. A percentage of a share could also mean percentage points: it must say `%rel`.
    pub fn parse(metric: Metric, text: &str) -> Result<Self, Unclear> {
        let text = text.trim();
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|x| x.is_finite() && *x >= 0.0);
        let (unit, bare) = (metric.unit(), text.strip_suffix('%'));
        if let Some(percent) = bare.filter(|_| unit == Unit::Share) {
            return Err(Unclear {
                what: format!("{text:?} is ambiguous for a share: percentage points or a relative change"),
                help: format!("write {0}pp or {0}%rel", percent.trim()),
            });
        }
        let amount = if let Some(percent) = text.strip_suffix("%rel").or(bare) {
            number(percent).map(|percent| Self::Relative(percent / 100.0))
        } else {
            match unit {
                Unit::Share => text.strip_suffix("pp").and_then(number).map(|points| Self::Absolute(points / 100.0)),
                Unit::Seconds => duration_of(text).map(|span| Self::Absolute(span.as_secs_f64())),
                Unit::Money | Unit::Count => number(text).map(Self::Absolute),
            }
        };
        amount.ok_or_else(|| Unclear {
            what: format!("invalid tolerance {text:?} for {metric}"),
            help: format!("write {}", forms(unit)),
        })
    }
}

/// Why a string is not a tolerance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unclear {
    /// What is wrong with it.
    pub what: String,
    /// What would be accepted.
    pub help: String,
}

/// The rules for comparison with another run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct BaselineRules {
    /// The tolerances of these measures; the others have none.
    pub tolerances: Vec<(Metric, Tolerance)>,
    /// The measures that are compared, from [`Metric::COMPARED`]; all of them when empty.
    pub metrics: Vec<Metric>,
}

impl BaselineRules {
    /// Returns the measures that are compared.
    #[must_use]
    pub fn compared(&self) -> &[Metric] {
        if self.metrics.is_empty() { &Metric::COMPARED } else { &self.metrics }
    }

    /// Returns the tolerance of a measure.
    #[must_use]
    pub fn tolerance(&self, metric: Metric) -> Tolerance {
        let named = self.tolerances.iter().rev().find(|(known, _)| *known == metric);
        named.map_or(Tolerance::NONE, |(_, tolerance)| *tolerance)
    }
}

/// Shows how an amount in this unit is written.
const fn forms(unit: Unit) -> &'static str {
    match unit {
        Unit::Share => "percentage points such as 0.1pp, or a percentage of the other run's value such as 2%rel",
        Unit::Seconds => "a duration such as 500ms, or a percentage of the other run's value such as 2%rel",
        Unit::Money | Unit::Count => "an amount such as 0.001, or a percentage of the other run's value such as 2%rel",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_come_in_the_measures_unit_or_relative() {
        for (metric, text, tolerance) in [
            ("in_time", "0.5pp", Tolerance::Absolute(0.005)),
            ("in_time", "2%rel", Tolerance::Relative(0.02)),
            ("cost.per_recipient", "2%", Tolerance::Relative(0.02)),
            ("cost.per_recipient", "0.5 %rel", Tolerance::Relative(0.005)),
            ("cost.per_recipient", "0.001", Tolerance::Absolute(0.001)),
            ("latency_s.p95", "500ms", Tolerance::Absolute(0.5)),
        ] {
            assert_eq!(
                Tolerance::parse(Metric::named(metric).expect("a measure"), text),
                Ok(tolerance),
                "{metric} {text}"
            );
        }
        assert_eq!((Tolerance::Absolute(0.1).of(5.0), Tolerance::Relative(0.1).of(-5.0)), (0.1, 0.5));
    }

    #[test]
    fn an_invalid_tolerance_is_rejected_with_a_hint() {
        for (metric, text, help) in [
            ("in_time", "1%", "write 1pp or 1%rel"),
            ("in_time", "0.1", "0.1pp"),
            ("in_time", "-1pp", "0.1pp"),
            ("cost.per_recipient", "NaN", "0.001"),
            ("latency_s.p95", "1pp", "500ms"),
            ("latency_s.p95", "5", "500ms"),
            ("cost.per_recipient", "", "0.001"),
        ] {
            let error = Tolerance::parse(Metric::named(metric).expect("a measure"), text).expect_err(text);
            assert!(error.help.contains(help), "{metric} {text}: {error:?}");
        }
    }
}
