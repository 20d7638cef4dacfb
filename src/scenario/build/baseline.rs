//! Builds the rules for comparison with a baseline.

use super::Builder;
use crate::scenario::metric::{COMPARED_NAMES, Metric};
use crate::scenario::record::Record;
use crate::scenario::tolerance::{BaselineRules, Tolerance, Unclear};

impl Builder<'_> {
    /// Builds `[baseline]`, if present.
    pub(super) fn baseline(&mut self, scenario: &Record) -> Option<BaselineRules> {
        let Some(record) = super::optional::<&Record>(scenario, "baseline")? else {
            return Some(BaselineRules::default());
        };
        let keys = super::optional::<&[&str]>(record, "measures")?.unwrap_or_default();
        if record.has("measures") && keys.is_empty() {
            let help = "add a measure, or remove `measures` to compare all of them";
            return self.reject(
                record.place_of_key("measures"),
                "`measures` is empty",
                "expected at least one measure",
                help,
            );
        }
        let metrics: Vec<_> = keys.iter().filter_map(|key| Metric::named(key)).collect();
        let tolerances = super::optional::<&Record>(record, "tolerances")?;
        let tolerances = tolerances.map_or_else(|| Some(Vec::new()), |record| self.tolerances(record, &metrics));
        Some(BaselineRules { tolerances: tolerances?, metrics })
    }

    /// Builds the tolerances. Each must belong to a measure that is compared.
    fn tolerances(&mut self, record: &Record, compared: &[Metric]) -> Option<Vec<(Metric, Tolerance)>> {
        let named = COMPARED_NAMES.into_iter().filter(|key| record.has(key));
        let one = |key: &'static str| {
            let metric = Metric::named(key)?;
            if !compared.is_empty() && !compared.contains(&metric) {
                let message = format!("`{key}` is not in `measures`, so it is not compared");
                let help = format!("add \"{key}\" to `measures`, or remove it here");
                return self.reject(record.place_of_key(key), message, "expected a measure that is compared", help);
            }
            match Tolerance::parse(metric, record.get::<&str>(key)?) {
                Ok(tolerance) => Some((metric, tolerance)),
                Err(Unclear { what, help }) => self.reject(record.place_of(key), what, "expected a tolerance", help),
            }
        };
        super::all(named.map(one).collect())
    }
}
