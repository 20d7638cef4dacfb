//! Builds prices.

use crate::provider::Price;
use crate::scenario::record::Record;
use crate::units::Money;

/// Builds the price of a provider.
pub(super) fn price(record: &Record) -> Option<Price> {
    let free = Price::default();
    let delivered = record.get_or("delivered", Money::ZERO)?;
    Some(Price {
        submitted: record.get_or("submitted", Money::ZERO)?,
        parts: u32::try_from(record.get_or("parts", 1_u64)?).ok()?,
        delivered,
        delivered_late: record.get_or("delivered_late", delivered)?,
        per_minute: record.get_or("per_minute", Money::ZERO)?,
        increment: record.get_or("increment", free.increment)?,
    })
}
