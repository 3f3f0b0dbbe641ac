//! A cache by the number of a value: each number has one slot, and takes it from whichever had it.

use crate::keys::Value;

/// What was worked out for the values of one field, as far as it is kept.
///
/// Direct-mapped, because values that come often come early and so have small numbers of their own slot; a look-up is one index and
/// one compare. A wrong slot costs working out again, never a wrong result; memory stays bounded however many values there are. If the
/// owner of a slot were not compared, a row would get the name of another; `a_row_is_named_alike_whether_its_digests_are_cached_or_not`
/// tests that. What it is worth: docs/performance.md, "What each trick is worth".
#[derive(Clone)]
pub(super) struct DirectMappedCache<T> {
    /// The number of the value, and what was worked out for it.
    slots: Vec<Option<(u32, T)>>,
}

impl<T> DirectMappedCache<T> {
    /// Some megabytes at most.
    pub(super) const SLOTS: usize = 1 << 16;

    pub(super) fn empty() -> Self {
        Self { slots: Vec::new() }
    }

    /// What `work_out` makes of the value, kept or made anew.
    pub(super) fn get(&mut self, value: Value<'_>, work_out: impl FnOnce(&[u8]) -> T) -> &T {
        let place = value.number as usize % Self::SLOTS;
        if place >= self.slots.len() {
            self.slots.resize_with(place + 1, || None);
        }
        let slot = &mut self.slots[place];
        slot.take_if(|(owner, _)| *owner != value.number);
        &slot
            .get_or_insert_with(|| (value.number, work_out(value.text)))
            .1
    }
}
