//! Builds prices and fees.

use crate::provider::{Fees, Price};
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

/// Builds the fees of a provider.
pub(super) fn fees(record: &Record) -> Option<Fees> {
    let amount = |key| record.get_or(key, Money::ZERO);
    Some(Fees { per_month: amount("per_month")?, per_rate: amount("per_rate")?, per_line: amount("per_line")? })
}
