//! Builds what is so for a recipient whichever channel is used.

use super::{Builder, optional};
use crate::scenario::model::People;
use crate::scenario::record::Record;
use crate::traffic::PhoneOff;

impl Builder<'_> {
    /// Builds the people of the scenario.
    pub(super) fn people(&mut self, scenario: &Record) -> Option<People> {
        let Some(record) = optional::<&Record>(scenario, "people")? else {
            return Some(People { segments: self.segments.clone(), phone_off: None });
        };
        let phone_off = optional::<&Record>(record, "phone_off").and_then(|off| self.phone_off(off));
        Some(People { segments: self.segments.clone(), phone_off: phone_off? })
    }

    /// Builds the phones that are off, if any.
    fn phone_off(&mut self, record: Option<&Record>) -> Option<Option<PhoneOff>> {
        let Some(record) = record else { return Some(None) };
        let back_after = self.optional_dist(record, "back_after");
        Some(Some(PhoneOff { share: record.get("share")?, back_after: back_after? }))
    }
}
