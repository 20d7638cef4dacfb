//! File handling: safe reading of foreign files, atomic writes, and locks on folders.

#[cfg(feature = "report")]
mod lock;
mod reading;
#[cfg(feature = "report")]
#[cfg_attr(
    not(feature = "cli"),
    expect(dead_code, reason = "only the program handles signals and writes single files")
)]
mod scratch;

#[cfg(feature = "report")]
pub(crate) use lock::FolderLock;
pub(crate) use reading::open;
#[cfg(feature = "report")]
pub(crate) use reading::{read, special_kind};
#[cfg(feature = "report")]
pub(crate) use scratch::Scratch;
#[cfg(feature = "cli")]
pub(crate) use scratch::{clean_up, write};
