//! The arena of active recipients, each in its own slot.

use super::active_recipient::ActiveRecipient;
use std::collections::VecDeque;
use std::ops::{Index, IndexMut};

/// The number of active recipients in a block: when the arena grows, none of them is copied.
const BLOCK: usize = 4096;

/// Active recipients by slot. Free slots are reused, the one that has been free longest first, so that recipients who arrive together
/// are stored together.
#[derive(Default)]
pub(super) struct RecipientArena {
    blocks: Vec<Vec<ActiveRecipient>>,
    free: VecDeque<u32>,
}

impl RecipientArena {
    /// Stores `active`, and returns its slot.
    pub(super) fn enter(&mut self, active: ActiveRecipient) -> usize {
        if let Some(slot) = self.free.pop_front() {
            self[slot as usize] = active;
            return slot as usize;
        }
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let last = self.blocks.len() - 1;
        self.blocks[last].push(active);
        last * BLOCK + self.blocks[last].len() - 1
    }

    /// Frees the slot of a recipient that has finished.
    pub(super) fn leave(&mut self, slot: usize) {
        self.free.push_back(slot as u32);
    }
}

impl Index<usize> for RecipientArena {
    type Output = ActiveRecipient;

    #[inline]
    fn index(&self, slot: usize) -> &ActiveRecipient {
        &self.blocks[slot / BLOCK][slot % BLOCK]
    }
}

impl IndexMut<usize> for RecipientArena {
    #[inline]
    fn index_mut(&mut self, slot: usize) -> &mut ActiveRecipient {
        &mut self.blocks[slot / BLOCK][slot % BLOCK]
    }
}
