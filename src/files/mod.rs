//! Files as such: reading what others wrote, writing so that nothing half written is left, and taking turns.

mod reading;
mod scratch;
mod turn;

pub(crate) use reading::{odd_kind, open, read};
pub(crate) use scratch::{Scratch, abandon, write};
pub(crate) use turn::Turn;
