//! An index from hashes to positions in a list that its owner keeps: open addressing, linear probing.
//!
//! A slot holds a hash in its upper half and a position in its lower half, so that most probes and every growth are decided
//! here, without a look at the owner's keys, which would be a wait for memory each. At most three slots in four are taken. A hash is only
//! ever a hint: equal hashes still ask the owner, so a wrong one costs time, or a key twice if one key had two. What this is worth:
//! docs/performance.md, "What each trick is worth". Knows neither keys nor how they hash.

/// Maps hashes to positions 0, 1, 2, … in the order in which they were added.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// A power of two of them, or none yet. [`FREE`] or what [`pack`] makes.
    slots: Vec<u64>,
    taken: usize,
}

/// New memory is zero, and so free as it comes.
const FREE: u64 = 0;
const FEWEST_SLOTS: usize = 1 << 10;

impl Index {
    /// The position of a key that hashes to `hash` and for which `is_key` holds, or the position it is added at: the number
    /// of keys before it.
    pub(super) fn find_or_add(&mut self, hash: u32, mut is_key: impl FnMut(u32) -> bool) -> u32 {
        if self.slots.len() * 3 <= self.taken * 4 {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot == FREE {
                let position = u32::try_from(self.taken)
                    .ok()
                    .filter(|&position| position < u32::MAX)
                    .expect("four thousand million keys do not fit in memory");
                self.slots[at] = pack(hash, position);
                self.taken += 1;
                return position;
            }
            let (slot_hash, position) = unpack(slot);
            if slot_hash == hash && is_key(position) {
                return position;
            }
            at = (at + 1) & mask;
        }
    }

    /// The position in the first slot for `hash`, if the hashes agree: most likely the key's, if there is one.
    pub(super) fn guess(&self, hash: u32) -> Option<u32> {
        let slot = *self
            .slots
            .get(hash as usize & self.slots.len().wrapping_sub(1))?;
        let (slot_hash, position) = unpack(slot);
        (slot != FREE && slot_hash == hash).then_some(position)
    }

    fn grow(&mut self) {
        let doubled = (self.slots.len() * 2).max(FEWEST_SLOTS);
        let slots = std::mem::replace(&mut self.slots, vec![FREE; doubled]);
        let mask = doubled - 1;
        for slot in slots.into_iter().filter(|&slot| slot != FREE) {
            let mut at = unpack(slot).0 as usize & mask;
            while self.slots[at] != FREE {
                at = (at + 1) & mask;
            }
            self.slots[at] = slot;
        }
    }
}

/// A taken slot. Its positions count from one, so that none is [`FREE`].
fn pack(hash: u32, position: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(position + 1)
}

fn unpack(slot: u64) -> (u32, u32) {
    ((slot >> 32) as u32, (slot as u32).wrapping_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Hashes collide on purpose: the position must follow the key, not the hash.
        #[test]
        fn a_key_keeps_the_position_it_was_added_at(keys in proptest::collection::vec(0u32..3_000, 1..4_000), spread in 1u32..2_000) {
            let mut index = Index::default();
            let mut list: Vec<u32> = Vec::new();
            let mut positions = HashMap::new();
            for key in keys {
                let position = index.find_or_add(key % spread, |position| list[position as usize] == key);
                prop_assert_eq!(position, *positions.entry(key).or_insert(list.len() as u32));
                if position as usize == list.len() {
                    list.push(key);
                }

                let slots = index.slots.len();
                prop_assert!(list.len() * 4 <= slots * 3, "at most three slots in four are taken");
                prop_assert!(slots == FEWEST_SLOTS || list.len() * 4 >= slots / 2 * 3, "half of them would not do");
            }
        }
    }

    #[test]
    fn a_guess_is_right_where_the_hashes_agree_and_none_where_they_do_not() {
        let mut index = Index::default();
        assert_eq!(index.guess(5), None);
        index.find_or_add(5, |_| false);
        let slots = FEWEST_SLOTS as u32;
        for (hash, guess) in [(5, Some(0)), (0, None), (6, None), (5 + slots, None)] {
            assert_eq!(index.guess(hash), guess, "{hash}");
        }
    }
}
