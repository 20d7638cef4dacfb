//! Files as such: reading what others wrote, writing so that nothing half written is left, and locking folders.

mod lock;
mod reading;
mod scratch;

pub(crate) use lock::FolderLock;
pub(crate) use reading::{open, read, special_kind};
pub(crate) use scratch::{Scratch, clean_up, write};
